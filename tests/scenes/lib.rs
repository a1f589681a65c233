//! Draws the till set: pictures of a phone's payment code before a till's camera, with all that goes wrong there.
//! Draws the kind set too: codes of any look, as files and as camera frames.
//!
//! A scene is rendered by ray casting: the plane of the screen is turned and moved, and each pixel takes its light.
//! After that come the lens (blur, motion), the counter's lamp (glare), the sensor (gain, noise) and eight bits.
//! The same seed and number give the same scene on any machine, so no picture is stored.

mod camera;
mod canvas;
mod code;
mod file;
mod hostile;
mod kinds;
mod lookalike;
mod many;
mod pictures;
mod printed;
mod sets;
mod styled;
mod wreck;

use code::Screen as _;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub use camera::{FRAMES, SIZES, TROUBLES, Trouble};
pub use hostile::{HOSTILE, Hostile, hostile};
pub use kinds::{KINDS, Kind, kind_scene};
pub use lookalike::{LOOKALIKES, Lookalike, lookalike};
pub use many::{MANY, Many, many_scene};
pub use pictures::{Ground, INKS, Ink, Strong, inked};
pub use sets::{write_kind_set, write_lookalikes, write_till_set, write_wrecks};
pub use styled::{LOOKS, Look, styled, styled_file};
pub use wreck::wreck;

/// What is difficult about a scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// Nothing in particular.
    Nominal,
    /// Modules have two to three pixels.
    Small,
    /// Modules have less than two pixels.
    Tiny,
    /// The phone is tilted.
    Perspective,
    /// The phone is rotated by any angle.
    Rotation,
    /// The lens has not focused yet.
    Defocus,
    /// The hand moves.
    Motion,
    /// The screen reflects a lamp.
    Glare,
    /// The screen is turned down.
    Dim,
    /// The screen is bright before a dark counter: its light bleeds into dark modules.
    Bloom,
    /// The sensor is noisy.
    Noise,
    /// The code is inverted: light modules on dark.
    Dark,
    /// The code is inverted, with grey modules and some bleeding.
    DarkSoft,
    /// A wallet's logo covers the middle.
    Logo,
    /// Modules are drawn as dots.
    Dots,
    /// The pixels of the screen and of the sensor interfere: a moire pattern.
    Moire,
    /// Several of these at once.
    Combined,
}

/// All categories, in the order of the tables in docs/reader.md.
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

/// A code, and some camera frames of it.
#[derive(Debug)]
pub struct Scene {
    /// The code's text; empty if there is no code.
    pub text: String,
    /// Pixels in a row.
    pub width: usize,
    /// The number of rows.
    pub height: usize,
    /// The greys of each frame, row by row. The hand trembles from frame to frame.
    pub frames: Vec<Vec<u8>>,
}

/// A picture, and the texts of the codes in it.
#[derive(Debug)]
pub struct Picture {
    /// The codes' texts. A text that is drawn twice is here twice. Empty if there is no code.
    pub texts: Vec<String>,
    /// Pixels in a row.
    pub width: usize,
    /// The number of rows.
    pub height: usize,
    /// The greys, row by row.
    pub pixels: Vec<u8>,
}

impl From<Scene> for Picture {
    /// The first frame of a scene.
    fn from(mut scene: Scene) -> Self {
        let text = Some(scene.text).filter(|text| !text.is_empty());
        Self {
            texts: text.into_iter().collect(),
            width: scene.width,
            height: scene.height,
            pixels: scene.frames.swap_remove(0),
        }
    }
}

/// The dice of a scene, from its seed, its kind's index and its number.
fn dice(seed: u64, kind: u64, number: u64) -> ChaCha8Rng {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    dice.set_stream(kind * 1_000_003 + number);
    dice
}

/// Draws the scene of this number in its category. Even numbers have 640 x 480 pixels, odd ones 1280 x 720.
#[must_use]
pub fn scene(seed: u64, category: Category, number: u64) -> Scene {
    let mut dice = dice(seed, category as u64, number);
    let (width, height) = SIZES[(number % 2) as usize];
    let text = code::text(&mut dice);
    let drawn = code::Code::draw(&text, category, &mut dice);
    let shot = camera::Shot::plan(category, drawn.side(), (width, height), &mut dice);
    filmed(text, (width, height), &shot, &drawn, &mut dice)
}

/// Draws a phone before a focusing camera: `blurred` frames, each sharper than the last, then [`FRAMES`] sharp ones.
///
/// Numbers and sizes are as in [`scene`].
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

/// Draws a scene that hardly any reader reads, for one reason. Numbers and sizes are as in [`scene`].
#[must_use]
pub fn spoilt(seed: u64, trouble: Trouble, number: u64) -> Scene {
    let mut dice = dice(seed ^ 0x7370_6f69_6c74_2121, trouble as u64, number);
    let (width, height) = SIZES[(number % 2) as usize];
    let text = code::text(&mut dice);
    let drawn = code::Code::draw(&text, trouble.category(), &mut dice);
    let mut shot = camera::Shot::plan(trouble.category(), drawn.side(), (width, height), &mut dice);
    shot.spoil(trouble, &mut dice);
    filmed(text, (width, height), &shot, &drawn, &mut dice)
}

/// The scene of a shot: some frames of one code.
fn filmed(
    text: String,
    (width, height): (usize, usize),
    shot: &camera::Shot,
    drawn: &impl code::Screen,
    dice: &mut ChaCha8Rng,
) -> Scene {
    let frames = (0..FRAMES).map(|_| shot.frame(drawn, dice)).collect();
    Scene {
        text,
        width,
        height,
        frames,
    }
}

/// Draws a counter without a phone: shades, edges and stripes, but no code. Numbers and sizes are as in [`scene`].
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
