//! The till set: a phone's payment code before a till's camera, drawn with everything that goes wrong there.
//!
//! A scene is drawn as a camera sees it: the code's plane is turned and moved, each pixel of the sensor asks the plane
//! for its light, then come the lens (blur, motion), the counter's lamp (glare), the sensor (gain, noise) and eight
//! bits. The same seed and number are the same scene on any machine. No picture is stored.

mod camera;
mod code;
mod hostile;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub use camera::{FRAMES, SIZES, TROUBLES, Trouble};
pub use hostile::{HOSTILE, Hostile, hostile};

/// What goes wrong in a scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// Nothing much.
    Nominal,
    /// Modules of two to three pixels.
    Small,
    /// Modules below two pixels.
    Tiny,
    /// Held at a slant.
    Perspective,
    /// Held at any angle.
    Rotation,
    /// The lens has not focused yet.
    Defocus,
    /// The hand moves.
    Motion,
    /// A lamp is mirrored in the screen.
    Glare,
    /// The screen's brightness is down.
    Dim,
    /// A bright screen before a dark counter: light bleeds over dark.
    Bloom,
    /// A cheap sensor.
    Noise,
    /// Light modules on dark.
    Dark,
    /// Dark mode with grey modules, and some bloom.
    DarkSoft,
    /// A wallet's mark in the middle.
    Logo,
    /// Modules drawn as dots.
    Dots,
    /// The screen's own lattice beats with the sensor's.
    Moire,
    /// Several at once.
    Combined,
}

/// Every category, in the order of a table.
pub const CATEGORIES: [Category; 17] = [
    Category::Nominal,
    Category::Small,
    Category::Tiny,
    Category::Perspective,
    Category::Rotation,
    Category::Defocus,
    Category::Motion,
    Category::Glare,
    Category::Dim,
    Category::Bloom,
    Category::Noise,
    Category::Dark,
    Category::DarkSoft,
    Category::Logo,
    Category::Dots,
    Category::Moire,
    Category::Combined,
];

/// A scene: its code, and what a camera sees of it.
#[derive(Debug)]
pub struct Scene {
    /// What the code says.
    pub text: String,
    /// Pixels of a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Greys row by row, of each frame: the hand trembles between them.
    pub frames: Vec<Vec<u8>>,
}

/// The scene of this number in its category. Even numbers are 640 x 480, odd ones 1280 x 720.
#[must_use]
pub fn scene(seed: u64, category: Category, number: u64) -> Scene {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    dice.set_stream(category as u64 * 1_000_003 + number);
    let (width, height) = SIZES[(number % 2) as usize];
    let text = code::text(&mut dice);
    let drawn = code::Code::draw(&text, category, &mut dice);
    let shot = camera::Shot::plan(category, drawn.side(), (width, height), &mut dice);
    let frames = (0..FRAMES).map(|_| shot.frame(&drawn, &mut dice)).collect();
    Scene {
        text,
        width,
        height,
        frames,
    }
}

/// A phone that comes before a lens out of focus: each of so many frames is sharper than the last, then [`FRAMES`] are
/// sharp. Numbers and sizes as in [`scene`].
#[must_use]
pub fn focusing(seed: u64, number: u64, blurred: usize) -> Scene {
    let mut dice = ChaCha8Rng::seed_from_u64(seed ^ 0x666f_6375_7369_6e67);
    dice.set_stream(number);
    let (width, height) = SIZES[(number % 2) as usize];
    let text = code::text(&mut dice);
    let drawn = code::Code::draw(&text, Category::Nominal, &mut dice);
    let shot = camera::Shot::plan(Category::Nominal, drawn.side(), (width, height), &mut dice);
    let frames = (0..blurred + FRAMES)
        .map(|at| {
            let left = blurred.saturating_sub(at) as f32 / blurred.max(1) as f32;
            shot.out_of_focus(left).frame(&drawn, &mut dice)
        })
        .collect();
    Scene {
        text,
        width,
        height,
        frames,
    }
}

/// A scene that hardly any reader reads, for one reason. Numbers are as those of [`scene`].
#[must_use]
pub fn spoilt(seed: u64, trouble: Trouble, number: u64) -> Scene {
    let mut dice = ChaCha8Rng::seed_from_u64(seed ^ 0x7370_6f69_6c74_2121);
    dice.set_stream(trouble as u64 * 1_000_003 + number);
    let (width, height) = SIZES[(number % 2) as usize];
    let text = code::text(&mut dice);
    let drawn = code::Code::draw(&text, trouble.category(), &mut dice);
    let mut shot = camera::Shot::plan(trouble.category(), drawn.side(), (width, height), &mut dice);
    shot.spoil(trouble, &mut dice);
    let frames = (0..FRAMES).map(|_| shot.frame(&drawn, &mut dice)).collect();
    Scene {
        text,
        width,
        height,
        frames,
    }
}

/// What a counter without a phone looks like: shades, edges and print, and no code.
#[must_use]
pub fn nothing(seed: u64, number: u64) -> Scene {
    let mut dice = ChaCha8Rng::seed_from_u64(seed ^ 0x6e6f_7468_696e_6721);
    dice.set_stream(number);
    let (width, height) = SIZES[(number % 2) as usize];
    let mut pixels = vec![0; width * height];
    let stripes: Vec<(f32, f32, f32)> = (0..6)
        .map(|_| {
            (
                dice.random_range(-0.3..0.3),
                dice.random_range(-0.3..0.3),
                dice.random_range(4.0..30.0),
            )
        })
        .collect();
    for (at, pixel) in pixels.iter_mut().enumerate() {
        let (x, y) = ((at % width) as f32, (at / width) as f32);
        let waves = stripes
            .iter()
            .map(|(dx, dy, strength)| (x * dx + y * dy).sin().signum() * strength);
        let grey = 128.0 + waves.sum::<f32>() + dice.random_range(-6.0..6.0);
        *pixel = grey.clamp(0.0, 255.0) as u8;
    }
    Scene {
        text: String::new(),
        width,
        height,
        frames: vec![pixels],
    }
}
