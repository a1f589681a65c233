//! Squares of modules with the frames of other symbologies.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::canvas::Canvas;

#[derive(Clone, Copy)]
pub(super) enum Symbology {
    MicroQr,
    DataMatrix,
    Aztec,
}

impl Symbology {
    /// Draws a square of this symbology. What its frame leaves free has modules by chance.
    pub(super) fn draw(
        self,
        canvas: &mut Canvas,
        (left, top): (f32, f32),
        module: f32,
        dice: &mut ChaCha8Rng,
    ) {
        let side: i32 = match self {
            Self::MicroQr => 11 + 2 * dice.random_range(0..4),
            Self::DataMatrix | Self::Aztec => dice.random_range(12..33) | 1,
        };
        let corner = (left - 2.0 * module, top - 2.0 * module);
        canvas.square(corner, (side + 4) as f32 * module, 0.95);
        for row in 0..side {
            for column in 0..side {
                let by_chance = dice.random();
                if self.frame(column, row, side).unwrap_or(by_chance) {
                    let place = (left + column as f32 * module, top + row as f32 * module);
                    canvas.square(place, module, 0.08);
                }
            }
        }
    }

    /// Whether a module of the frame is dark; `None` for the others.
    fn frame(self, column: i32, row: i32, side: i32) -> Option<bool> {
        let dashed = (row + column) % 2 == 0;
        let from = |middle: i32| (row - middle).abs().max((column - middle).abs());
        match self {
            Self::MicroQr if row < 8 && column < 8 => Some(from(3) < 2 || from(3) == 3),
            Self::MicroQr if row == 0 || column == 0 => Some(dashed),
            Self::DataMatrix if column == 0 || row == side - 1 => Some(true),
            Self::DataMatrix if row == 0 || column == side - 1 => Some(dashed),
            Self::Aztec if from(side / 2) < 7 => Some(from(side / 2) % 2 == 0),
            Self::MicroQr | Self::DataMatrix | Self::Aztec => None,
        }
    }
}
