//! Draws codes with so much damage that hardly any can be read. Whatever is read must be what was drawn.

use qrcode::EcLevel;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::camera::SIZES;
use crate::file::exported;
use crate::kinds::photographed;
use crate::printed::Printed;
use crate::{Picture, code, dice};

const LEVELS: [EcLevel; 4] = [EcLevel::L, EcLevel::M, EcLevel::Q, EcLevel::H];

/// Draws the wreck of this number: every fourth one a camera frame, the others files.
#[must_use]
pub fn wreck(seed: u64, number: u64) -> Picture {
    let mut dice = dice(seed ^ 0x7772_6563_6b65_6421, 0, number);
    let dice = &mut dice;
    let text = code::text(dice);
    let level = LEVELS[dice.random_range(0..LEVELS.len())];
    let printed = Printed::new(&text, level).wrecked(dice);
    let module = dice.random_range(2.5..5.0);
    if number.is_multiple_of(4) {
        photographed(&printed, &text, module, SIZES[0], dice)
    } else {
        exported(&printed, &text, module, printed.margin())
    }
}

/// Changes modules of a code of this side. Finder and timing patterns stay, so that every step before the error
/// correction succeeds.
pub(crate) fn damage(dark: &mut [bool], side: usize, dice: &mut ChaCha8Rng) {
    let is_function = |x: usize, y: usize| {
        let near = |a: usize, b: usize| a < 9 && b < 9;
        let corner = near(x, y) || near(side - 1 - x, y) || near(x, side - 1 - y);
        corner || x == 6 || y == 6
    };
    // Single modules that are wrong, and a rectangle that hides others.
    let share = dice.random_range(0.0..0.22);
    let mut stretch = || {
        let long = dice.random_range(0.2..0.8) * side as f32;
        let from = dice.random_range(0.0..side as f32 - long) as usize;
        from..from + long as usize
    };
    let (columns, rows) = (stretch(), stretch());
    let cover: Option<bool> = dice.random::<bool>().then(|| dice.random());
    for (at, dark) in dark.iter_mut().enumerate() {
        let (x, y) = (at % side, at / side);
        if is_function(x, y) {
            continue;
        }
        *dark ^= dice.random_range(0.0..1.0) < share;
        if let Some(cover) = cover.filter(|_| columns.contains(&x) && rows.contains(&y)) {
            *dark = cover;
        }
    }
}
