//! Draws the kind set: codes as strangers make them, one kind of look after another.
//!
//! Every second picture is a file, as a program exports it. The others are one frame of a till's camera.
//! Pictures of many codes, codes at a border and strips are files only.
//! A colour is drawn as the grey that a camera's Y plane has of it.

use std::ops::Range;

use qrcode::EcLevel;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::camera::{SIZES, Shot};
use crate::code::{self, Screen};
use crate::file::exported;
use crate::many::{Many, many_scene};
use crate::pictures::{Ground, Ink, Strong, inked};
use crate::printed::Printed;
use crate::styled::{self, Look};
use crate::{Picture, dice};

/// What is special about the look of a code, or about its picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Finder patterns with round corners, up to circles.
    Round,
    /// As code designers draw a code: rounded modules, any finder pattern, colours, a logo, dark mode.
    Styled,
    /// All modules are squares with gaps between them, those of the finder patterns too.
    Gaps,
    /// All modules are dots, those of the finder patterns too.
    AllDots,
    /// Dots of a third of a module upon a picture.
    PictureDots,
    /// Pale modules beside strong ones.
    Pale,
    /// A sheet of many small codes.
    Sheet,
    /// Several codes of any size and angle.
    Mixed,
    /// Two or three dense codes, one below the other, up to the picture's border.
    Stacked,
    /// One code that fills the picture up to its border.
    Border,
    /// A screenshot that is many times longer than wide.
    Strip,
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
    /// Versions 10 to 20.
    Dense,
    /// The picture is mirrored, as some cameras deliver it.
    Mirrored,
}

/// All kinds, in the order of the tables in docs/reader.md.
pub const KINDS: [Kind; 21] = [
    Kind::Round,
    Kind::Styled,
    Kind::Gaps,
    Kind::AllDots,
    Kind::PictureDots,
    Kind::Pale,
    Kind::Sheet,
    Kind::Mixed,
    Kind::Stacked,
    Kind::Border,
    Kind::Strip,
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
    let mut dice = dice(seed ^ 0x6b69_6e64_735f_6f66, kind as u64, number);
    let dice = &mut dice;
    let take = Take {
        is_file: number.is_multiple_of(2),
        size: SIZES[0],
        pixels: (2.5..9.0, 3.0..6.0),
    };
    let large = |pixels| Take {
        size: SIZES[1],
        pixels,
        ..take.clone()
    };
    let near = Take {
        pixels: (3.0..12.0, 3.0..8.0),
        ..take.clone()
    };
    // Files and frames take turns, and so do the variants of a kind.
    let nth = (number / 2) as usize;
    match kind {
        Kind::Round => near.of_style(Look::Round, dice),
        Kind::Styled => near.of_style(Look::Styled, dice),
        Kind::Gaps => near.of_style(Look::Gaps, dice),
        Kind::AllDots => near.of_style(Look::AllDots, dice),
        Kind::PictureDots => {
            let grounds = [
                Ground::BlackAndWhite,
                Ground::Dither,
                Ground::Patches,
                Ground::Photo,
            ];
            inked(seed, Ink::Dots(grounds[nth % 4]), number).into()
        }
        Kind::Pale => {
            let strong = [Strong::Finders, Strong::Logo, Strong::Timing];
            inked(seed, Ink::Pale(strong[nth % 3]), number).into()
        }
        Kind::Sheet => many_scene(seed, Many::Sheet, number),
        Kind::Mixed => many_scene(seed, Many::Mixed, number),
        Kind::Stacked => many_scene(seed, Many::Dense, number),
        Kind::Border => many_scene(seed, Many::Cut, number),
        Kind::Strip => many_scene(seed, Many::Strip, number),
        Kind::Coloured => take.of(EcLevel::M, Printed::coloured, dice),
        Kind::Gradient => take.of(EcLevel::M, Printed::with_gradient, dice),
        Kind::Logo => take.of(EcLevel::H, Printed::with_logo, dice),
        Kind::Margin => take.of(EcLevel::M, Printed::with_narrow_margin, dice),
        Kind::Inverted => take.of(EcLevel::M, Printed::inverted, dice),
        Kind::Specks => take.of(EcLevel::Q, Printed::with_specks, dice),
        Kind::Ink => take.of(EcLevel::M, Printed::with_spread, dice),
        Kind::Small => large((1.3..2.0, 1.8..2.6)).of(EcLevel::M, |printed, _| printed, dice),
        Kind::Dense => {
            let text = code::letters(dice, 200..700);
            let printed = Printed::new(&text, EcLevel::L);
            large((2.6..3.4, 2.6..3.4)).picture(&printed, &text, printed.margin(), dice)
        }
        Kind::Mirrored => {
            let mut picture = take.of(EcLevel::M, |printed, _| printed, dice);
            let rows = picture.pixels.chunks_exact_mut(picture.width);
            rows.for_each(<[u8]>::reverse);
            picture
        }
    }
}

/// How a picture is made: as a file, or by a camera of this size.
#[derive(Clone)]
struct Take {
    is_file: bool,
    size: (usize, usize),
    /// Pixels in a module of a file, and of a camera's frame.
    pixels: (Range<f32>, Range<f32>),
}

impl Take {
    fn picture(
        &self,
        screen: &impl Screen,
        text: &str,
        margin: f32,
        dice: &mut ChaCha8Rng,
    ) -> Picture {
        let (file, frame) = self.pixels.clone();
        let module = dice.random_range(if self.is_file { file } else { frame });
        if self.is_file {
            exported(screen, text, module, margin)
        } else {
            photographed(screen, text, module, self.size, dice)
        }
    }

    fn of(
        &self,
        level: EcLevel,
        change: fn(Printed, &mut ChaCha8Rng) -> Printed,
        dice: &mut ChaCha8Rng,
    ) -> Picture {
        let text = code::text(dice);
        let printed = change(Printed::new(&text, level), dice);
        self.picture(&printed, &text, printed.margin(), dice)
    }

    fn of_style(&self, look: Look, dice: &mut ChaCha8Rng) -> Picture {
        let (text, code) = styled::code(look, dice);
        self.picture(&code, &text, 4.0, dice)
    }
}

/// One frame of a till's camera, in good light and in focus.
pub(crate) fn photographed(
    screen: &impl Screen,
    text: &str,
    module: f32,
    (width, height): (usize, usize),
    dice: &mut ChaCha8Rng,
) -> Picture {
    let shot = Shot::good(screen.side(), module, (width, height), dice);
    Picture {
        texts: vec![text.to_owned()],
        width,
        height,
        pixels: shot.frame(screen, dice),
    }
}
