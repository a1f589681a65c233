//! Draws pictures that look like a code in part and hold no code: seals, clocks, coins, other symbologies, text.

mod shapes;
mod symbology;

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::camera::{bell, blur};
use crate::canvas::Canvas;
use crate::{Picture, dice};
use shapes::{barcode, button, clock, coin, finder, seal, target, text, three};
use symbology::Symbology;

/// What a picture without a code shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookalike {
    /// Round seals with rings, rays and a star.
    Seals,
    /// Clock faces.
    Clocks,
    /// Buttons with two or four holes.
    Buttons,
    /// Coins that lie over each other.
    Coins,
    /// Targets: many rings.
    Targets,
    /// The doors of washing machines, side by side.
    Doors,
    /// Three round targets where a code has its finder patterns, with a texture between them.
    ThreeTargets,
    /// Three square finder patterns where a code has them, and modules by chance, in a grid that no code has.
    ThreeFinders,
    /// Logos that look like one finder pattern.
    Logos,
    /// A checkerboard.
    Checkerboard,
    /// Rows of letters.
    Text,
    /// Barcodes.
    Barcodes,
    /// Squares like Micro QR: one finder pattern, timing along two sides, and modules by chance.
    MicroQr,
    /// Squares like Data Matrix: two solid sides, two dashed ones, and modules by chance.
    DataMatrix,
    /// Squares like Aztec: rings in the middle, and modules by chance.
    Aztec,
}

/// All of them.
pub const LOOKALIKES: [Lookalike; 15] = [
    Lookalike::Seals,
    Lookalike::Clocks,
    Lookalike::Buttons,
    Lookalike::Coins,
    Lookalike::Targets,
    Lookalike::Doors,
    Lookalike::ThreeTargets,
    Lookalike::ThreeFinders,
    Lookalike::Logos,
    Lookalike::Checkerboard,
    Lookalike::Text,
    Lookalike::Barcodes,
    Lookalike::MicroQr,
    Lookalike::DataMatrix,
    Lookalike::Aztec,
];

/// The sizes of the pictures.
const SIZES: [(usize, usize); 3] = [(320, 240), (480, 480), (640, 480)];

/// Draws the picture of this number. Its `texts` are empty.
#[must_use]
pub fn lookalike(seed: u64, kind: Lookalike, number: u64) -> Picture {
    let mut dice = dice(seed ^ 0x6c6f_6f6b_616c_696b, kind as u64, number);
    let dice = &mut dice;
    let (width, height) = SIZES[dice.random_range(0..SIZES.len())];
    let mut canvas = Canvas::new(width, height, dice.random_range(0.5..1.0));
    let count = match kind {
        Lookalike::ThreeTargets | Lookalike::ThreeFinders => 1,
        Lookalike::Checkerboard | Lookalike::Text => 1,
        Lookalike::Barcodes | Lookalike::Doors => 3,
        Lookalike::Seals
        | Lookalike::Clocks
        | Lookalike::Buttons
        | Lookalike::Coins
        | Lookalike::Targets
        | Lookalike::Logos
        | Lookalike::MicroQr
        | Lookalike::DataMatrix
        | Lookalike::Aztec => dice.random_range(1..9),
    };
    for nth in 0..count {
        one(kind, nth, &mut canvas, dice);
    }
    finished(canvas, dice)
}

/// Blurs the picture as a lens does, and adds a sensor's noise.
fn finished(canvas: Canvas, dice: &mut ChaCha8Rng) -> Picture {
    let Canvas {
        width,
        height,
        mut light,
    } = canvas;
    blur(&mut light, width, dice.random_range(0.3..1.2));
    let noise = dice.random_range(0.0..0.03);
    let pixels = light
        .iter()
        .map(|light| ((light + bell(dice) * noise) * 255.0).clamp(0.0, 255.0) as u8);
    Picture {
        texts: Vec::new(),
        width,
        height,
        pixels: pixels.collect(),
    }
}

fn one(kind: Lookalike, nth: usize, canvas: &mut Canvas, dice: &mut ChaCha8Rng) {
    let (width, height) = (canvas.width as f32, canvas.height as f32);
    let reach = dice.random_range(0.05..0.22) * height;
    let (x, y) = (
        dice.random_range(0.0..width),
        dice.random_range(0.0..height),
    );
    match kind {
        Lookalike::Seals => seal(canvas, (x, y), reach, dice),
        Lookalike::Clocks => clock(canvas, (x, y), reach * 1.5, dice),
        Lookalike::Buttons => button(canvas, (x, y), reach, dice),
        Lookalike::Coins => coin(canvas, (x, y), reach, dice),
        Lookalike::Targets => target(canvas, (x, y), reach, dice),
        Lookalike::Doors => {
            let step = width / 3.0;
            let place = (step * (nth as f32 + 0.5), height * 0.5);
            finder(canvas, place, step * 0.42, 1.0, dice);
        }
        Lookalike::ThreeTargets => three(canvas, true, dice),
        Lookalike::ThreeFinders => three(canvas, false, dice),
        Lookalike::Logos => {
            let corner = dice.random_range(0.0..1.0);
            finder(canvas, (x, y), reach, corner, dice);
        }
        Lookalike::Checkerboard => {
            let cell = dice.random_range(2.0..40.0);
            let (turn, skew) = (
                dice.random_range(-0.4_f32..0.4),
                dice.random_range(-0.2..0.2),
            );
            canvas.each(|x, y| {
                let (u, v) = (
                    x * turn.cos() + y * turn.sin(),
                    y * turn.cos() - x * (turn.sin() + skew),
                );
                let odd = ((u / cell).floor() + (v / cell).floor()).rem_euclid(2.0) > 0.5;
                Some(if odd { 0.1 } else { 0.9 })
            });
        }
        Lookalike::Text => text(canvas, dice),
        Lookalike::Barcodes => barcode(canvas, (x * 0.6, y * 0.8), dice),
        Lookalike::MicroQr => square(Symbology::MicroQr, canvas, (x, y), dice),
        Lookalike::DataMatrix => square(Symbology::DataMatrix, canvas, (x, y), dice),
        Lookalike::Aztec => square(Symbology::Aztec, canvas, (x, y), dice),
    }
}

fn square(symbology: Symbology, canvas: &mut Canvas, (x, y): (f32, f32), dice: &mut ChaCha8Rng) {
    let module = dice.random_range(2.0..6.0);
    symbology.draw(canvas, (x * 0.8, y * 0.8), module, dice);
}
