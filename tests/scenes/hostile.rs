//! Draws pictures that keep a reader busy: they look like a code everywhere and hold no code.

use qrcode::{Color, EcLevel, QrCode, Version};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What fills a hostile picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hostile {
    /// Each pixel is black or white by chance.
    Snow,
    /// Each pixel has a random grey.
    Noise,
    /// A chessboard with squares of this many pixels.
    Chess(usize),
    /// Stripes in a finder's proportions, with this many pixels in a module. Every row is full of them.
    Stripes(usize),
    /// Finder patterns side by side, with this many pixels in a module.
    Finders(usize),
    /// Finder patterns at random places, one over the other.
    Strewn(usize),
    /// Concentric rings: a finder's proportions in all directions, around every point of a lattice.
    Rings(usize),
    /// Codes of this version in which three in ten data modules are wrong.
    ///
    /// Their function patterns are right, so that every step succeeds until the error correction.
    Broken(i16),
    /// Broken codes, each second one mirrored and inverted.
    BrokenBothWays(i16),
}

/// All kinds, at the sizes that kept our reader busy longest.
pub const HOSTILE: [Hostile; 20] = [
    Hostile::Snow,
    Hostile::Noise,
    Hostile::Chess(1),
    Hostile::Chess(3),
    Hostile::Chess(8),
    Hostile::Stripes(1),
    Hostile::Stripes(2),
    Hostile::Stripes(5),
    Hostile::Finders(1),
    Hostile::Finders(2),
    Hostile::Finders(4),
    Hostile::Finders(9),
    Hostile::Strewn(2),
    Hostile::Strewn(4),
    Hostile::Rings(3),
    Hostile::Broken(1),
    Hostile::Broken(6),
    Hostile::Broken(14),
    Hostile::Broken(25),
    Hostile::BrokenBothWays(3),
];

/// Draws a picture that is full of this kind: its greys, row by row.
#[must_use]
pub fn hostile(kind: Hostile, width: usize, height: usize, seed: u64) -> Vec<u8> {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let draw = |dark: &mut dyn FnMut(usize, usize) -> bool| -> Vec<u8> {
        let at = 0..width * height;
        at.map(|at| {
            if dark(at % width, at / width) {
                20
            } else {
                235
            }
        })
        .collect()
    };
    match kind {
        Hostile::Snow => draw(&mut |_, _| dice.random()),
        Hostile::Noise => (0..width * height).map(|_| dice.random()).collect(),
        Hostile::Chess(side) => draw(&mut |x, y| (x / side + y / side).is_multiple_of(2)),
        Hostile::Stripes(module) => draw(&mut |x, _| matches!(x / module % 8, 0 | 2..=4 | 6)),
        Hostile::Finders(module) => draw(&mut |x, y| finder(x / module % 8, y / module % 8)),
        Hostile::Rings(module) => draw(&mut |x, y| {
            let far = |at: usize| (at / module % 24).abs_diff(12);
            matches!(far(x).max(far(y)), 0 | 1 | 3 | 5 | 7 | 9 | 11)
        }),
        Hostile::Strewn(module) => strewn(module, width, height, &mut dice),
        Hostile::Broken(version) => broken(version, width, height, false, &mut dice),
        Hostile::BrokenBothWays(version) => broken(version, width, height, true, &mut dice),
    }
}

/// Whether a module of a finder pattern is dark.
fn finder(x: usize, y: usize) -> bool {
    x < 7 && y < 7 && x.abs_diff(3).max(y.abs_diff(3)) != 2
}

fn strewn(module: usize, width: usize, height: usize, dice: &mut ChaCha8Rng) -> Vec<u8> {
    let mut pixels = vec![235; width * height];
    let side = 9 * module;
    let count = 2 * width * height / (side * side);
    for _ in 0..count {
        let (left, top) = (dice.random_range(0..width), dice.random_range(0..height));
        for at in 0..side * side {
            let (x, y) = (at % side, at / side);
            let (u, v) = ((x / module).wrapping_sub(1), (y / module).wrapping_sub(1));
            if left + x < width && top + y < height {
                let dark = u < 7 && v < 7 && finder(u, v);
                pixels[(top + y) * width + left + x] = if dark { 20 } else { 235 };
            }
        }
    }
    pixels
}

/// Rows of broken codes, with three pixels in a module.
fn broken(
    version: i16,
    width: usize,
    height: usize,
    both_ways: bool,
    dice: &mut ChaCha8Rng,
) -> Vec<u8> {
    let code = QrCode::with_version("BROKEN", Version::Normal(version), EcLevel::L)
        .expect("six letters fit in any version");
    let side = code.width();
    let function = |x: usize, y: usize| {
        let near = |a: usize, b: usize| a < 9 && b < 9;
        let alignment = version > 1 && x + 9 >= side && y + 9 >= side;
        near(x, y)
            || near(side - 1 - x, y)
            || near(x, side - 1 - y)
            || x == 6
            || y == 6
            || alignment
    };
    let colors = code.to_colors();
    let mut dark: Vec<bool> = colors.iter().map(|color| *color == Color::Dark).collect();
    for (at, dark) in dark.iter_mut().enumerate() {
        if !function(at % side, at / side) && dice.random_range(0..10) < 3 {
            *dark = !*dark;
        }
    }
    let cell = side + 4;
    let module = 3;
    let pixel = |at: usize| {
        let (x, y) = (at % width / module, at / width / module);
        let odd = both_ways && (x / cell + y / cell) % 2 == 1;
        let (u, v) = ((x % cell).wrapping_sub(2), (y % cell).wrapping_sub(2));
        let (u, v) = if odd { (v, u) } else { (u, v) };
        let is_dark = u < side && v < side && dark[v * side + u];
        if is_dark != odd { 20 } else { 235 }
    };
    (0..width * height).map(pixel).collect()
}
