//! Draws the kind set: codes as strangers make them, one kind of look after another.
//!
//! Every second picture is a file, as a program exports it. The others are one frame of a till's camera.
//! A colour is drawn as the grey that a camera's Y plane has of it.

use qrcode::EcLevel;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::camera::{SIZES, Shot};
use crate::code;
use crate::picture::{Picture, Surface, exported};
use crate::printed::Printed;

/// What is special about the look of a code, or about its picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Two colours of any contrast that people can see, and sometimes another colour for each finder pattern.
    Coloured,
    /// The ink's colour runs from one corner to the other.
    Gradient,
    /// A logo covers the middle. Some logos have rings, as a finder pattern has.
    Logo,
    /// One or two modules of margin before a dark or patterned ground.
    Margin,
    /// Light modules on a dark ground, with a narrow margin.
    Inverted,
    /// Specks and scratches.
    Specks,
    /// The print's ink ran or dried: dark modules are fatter or thinner than light ones.
    Ink,
    /// One to two pixels in a module of a file, or a small code in a large frame.
    Small,
    /// Versions 10 to 25.
    Dense,
    /// The picture is mirrored, as some cameras deliver it.
    Mirrored,
}

/// All kinds, in the order of the tables in docs/reader.md.
pub const KINDS: [Kind; 10] = [
    Kind::Coloured,
    Kind::Gradient,
    Kind::Logo,
    Kind::Margin,
    Kind::Inverted,
    Kind::Specks,
    Kind::Ink,
    Kind::Small,
    Kind::Dense,
    Kind::Mirrored,
];

/// Draws the picture of this number of its kind. Even numbers are files, odd ones are camera frames.
#[must_use]
pub fn kind_scene(seed: u64, kind: Kind, number: u64) -> Picture {
    let mut dice = ChaCha8Rng::seed_from_u64(seed ^ 0x6b69_6e64_735f_6f66);
    dice.set_stream(kind as u64 * 1_000_003 + number);
    let dice = &mut dice;
    let text = if kind == Kind::Dense {
        code::letters(dice, 200..700)
    } else {
        code::text(dice)
    };
    let mut picture = printed(kind, &text, number, dice);
    if kind == Kind::Mirrored {
        let width = picture.width;
        picture
            .pixels
            .chunks_exact_mut(width)
            .for_each(<[u8]>::reverse);
    }
    picture
}

fn printed(kind: Kind, text: &str, number: u64, dice: &mut ChaCha8Rng) -> Picture {
    let black = |level| Printed::new(text, level);
    let surface = match kind {
        Kind::Coloured => black(EcLevel::M).coloured(dice),
        Kind::Gradient => black(EcLevel::M).with_gradient(dice),
        Kind::Logo => black(EcLevel::H).with_logo(dice),
        Kind::Margin => black(EcLevel::M).with_narrow_margin(dice),
        Kind::Inverted => black(EcLevel::M).inverted(dice),
        Kind::Specks => black(EcLevel::Q).with_specks(dice),
        Kind::Ink => black(EcLevel::M).with_spread(dice),
        Kind::Small | Kind::Mirrored => black(EcLevel::M),
        Kind::Dense => black(EcLevel::L),
    };
    let is_file = number.is_multiple_of(2);
    let module = dice.random_range(match (is_file, kind == Kind::Small, kind == Kind::Dense) {
        (true, true, _) => 1.3..2.0,
        (false, true, _) => 1.8..2.6,
        (_, _, true) => 2.6..3.4,
        (true, ..) => 2.5..9.0,
        (false, ..) => 3.0..6.0,
    });
    if is_file {
        exported(&surface, text, module, surface.margin())
    } else {
        let is_large = matches!(kind, Kind::Dense | Kind::Small);
        photographed(&surface, text, module, SIZES[usize::from(is_large)], dice)
    }
}

/// One frame of a till's camera, in good light and in focus.
pub(crate) fn photographed(
    surface: &impl Surface,
    text: &str,
    module: f32,
    (width, height): (usize, usize),
    dice: &mut ChaCha8Rng,
) -> Picture {
    let shot = Shot::good(surface.side(), module, (width, height), dice);
    Picture {
        texts: vec![text.to_owned()],
        width,
        height,
        pixels: shot.frame(surface, dice),
    }
}
