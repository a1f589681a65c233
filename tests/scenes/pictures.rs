//! Draws codes of unusual ink: dots upon a picture, and pale modules beside strong ones.
//!
//! A code is drawn as a file, each module with the same number of pixels, or before a near camera.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::camera::{SIZES, Shot};
use crate::code::{Code, Screen, text};
use crate::{Category, Scene, dice};

/// What the modules of a code are drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ink {
    /// Dots of a third of a module, dark and light, upon a picture.
    Dots(Ground),
    /// A pale grey, with some strong parts.
    Pale(Strong),
}

/// The picture under the dots of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ground {
    /// Large black and white shapes.
    BlackAndWhite,
    /// Black and white specks of a third of a module.
    Dither,
    /// Even patches of many greys, as of colours.
    Patches,
    /// Soft shades and grain, as of a photo.
    Photo,
}

/// What is dark in a pale code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strong {
    /// The finder patterns.
    Finders,
    /// A logo in the middle.
    Logo,
    /// The timing patterns.
    Timing,
}

/// All inks.
pub const INKS: [Ink; 7] = [
    Ink::Dots(Ground::BlackAndWhite),
    Ink::Dots(Ground::Dither),
    Ink::Dots(Ground::Patches),
    Ink::Dots(Ground::Photo),
    Ink::Pale(Strong::Finders),
    Ink::Pale(Strong::Logo),
    Ink::Pale(Strong::Timing),
];

impl Ink {
    fn number(self) -> u64 {
        match self {
            Self::Dots(ground) => ground as u64,
            Self::Pale(strong) => 8 + strong as u64,
        }
    }
}

/// Pixels of a module in a file.
const MODULE: std::ops::Range<usize> = 6..16;
/// Modules of light around a code in a file.
const MARGIN: usize = 4;
/// Rays along a pixel's side in a file.
const RAYS: usize = 2;
/// The greys of pale modules: #ccc, #ddd and #eee.
const PALE: [f32; 3] = [0.8, 0.867, 0.933];
/// The greys of strong modules: black, and dark red.
const STRONG: [f32; 2] = [0.03, 0.16];
const BLACK: f32 = 0.03;
const WHITE: f32 = 1.0;
/// Half the width of a dot, in modules.
const DOT: f32 = 1.0 / 6.0;

/// Draws the code of this number with its ink: one frame.
///
/// Even numbers are files, of any size. Odd ones are before a camera of 640 x 480 or 1280 x 720, as near as they fit.
#[must_use]
pub fn inked(seed: u64, ink: Ink, number: u64) -> Scene {
    let mut dice = dice(seed ^ 0x696e_6b65_6421_2121, ink.number(), number);
    let text = text(&mut dice);
    let category = match ink {
        Ink::Pale(Strong::Logo) => Category::Logo,
        Ink::Pale(_) | Ink::Dots(_) => Category::Nominal,
    };
    let code = InkedCode::new(Code::draw(&text, category, &mut dice), ink, &mut dice);
    let (width, height, pixels) = if number.is_multiple_of(2) {
        code.file(dice.random_range(MODULE))
    } else {
        let (width, height) = SIZES[(number / 2 % 2) as usize];
        let mut shot = Shot::plan(Category::Nominal, code.side(), (width, height), &mut dice);
        shot.hold_at(f32::INFINITY, &mut dice);
        (width, height, shot.frame(&code, &mut dice))
    };
    Scene {
        text,
        width,
        height,
        frames: vec![pixels],
    }
}

/// A code and what its ink needs.
struct InkedCode {
    code: Code,
    ink: Ink,
    /// Whether dots are round, and whether timing and alignment patterns are dots too.
    has_round_dots: bool,
    has_dotted_timing: bool,
    /// The greys of pale and strong modules.
    pale: f32,
    strong: f32,
    /// The picture's waves: their lengths across and along in modules, and their phases.
    waves: [(f32, f32, f32); 5],
    grain: u32,
}

impl InkedCode {
    fn new(code: Code, ink: Ink, dice: &mut ChaCha8Rng) -> Self {
        let wave = |dice: &mut ChaCha8Rng| {
            let (across, along) = (dice.random_range(-0.6..0.6), dice.random_range(-0.6..0.6));
            (across, along, dice.random_range(0.0..6.3))
        };
        Self {
            code,
            ink,
            has_round_dots: dice.random(),
            has_dotted_timing: dice.random(),
            pale: PALE[dice.random_range(0..PALE.len())],
            strong: STRONG[dice.random_range(0..STRONG.len())],
            waves: std::array::from_fn(|_| wave(dice)),
            grain: dice.random(),
        }
    }

    /// Width, height and greys of a file with this many pixels in a module.
    fn file(&self, module: usize) -> (usize, usize, Vec<u8>) {
        let side = (self.side() as usize + 2 * MARGIN) * module;
        let grey = |at: usize| {
            let ray = |ray: usize, pixel: usize| {
                (pixel as f32 + (ray as f32 + 0.5) / RAYS as f32) / module as f32 - MARGIN as f32
            };
            let rays = 0..RAYS * RAYS;
            let light = rays.map(|at_ray| {
                let (x, y) = (ray(at_ray % RAYS, at % side), ray(at_ray / RAYS, at / side));
                self.light(x, y).unwrap_or(WHITE)
            });
            (light.sum::<f32>() / (RAYS * RAYS) as f32 * 255.0) as u8
        };
        (side, side, (0..side * side).map(grey).collect())
    }

    /// The grey of a point of a pale code. `light` is what a code of black and white has there.
    fn pale_light(&self, strong: Strong, light: f32, x: f32, y: f32) -> f32 {
        let (column, row) = (x as usize, y as usize);
        let in_finder = self.code.in_finder(column, row);
        let is_strong = match strong {
            Strong::Finders => light < 0.5 && in_finder,
            Strong::Timing => light < 0.5 && !in_finder && (column == 6 || row == 6),
            Strong::Logo => self.code.in_mark(x, y),
        };
        if is_strong {
            self.strong
        } else if light < 0.5 {
            self.pale
        } else {
            WHITE
        }
    }

    /// The grey of a point of a code of dots.
    fn dotted_light(&self, ground: Ground, light: f32, x: f32, y: f32) -> f32 {
        let (column, row) = (x as usize, y as usize);
        let side = self.side() as usize;
        let from_end = |at: usize| side - 1 - at.min(side - 1);
        // A finder pattern keeps its light frame.
        let near = |at: usize| at < 8;
        let in_finder = (near(column) && (near(row) || near(from_end(row))))
            || (near(from_end(column)) && near(row));
        let last = 4..9;
        let in_alignment = last.contains(&from_end(column)) && last.contains(&from_end(row));
        let in_timing = column == 6 || row == 6 || in_alignment;
        let (dx, dy) = (x - column as f32 - 0.5, y - row as f32 - 0.5);
        let in_dot = if self.has_round_dots {
            dx * dx + dy * dy < DOT * DOT * 1.4
        } else {
            dx.abs().max(dy.abs()) < DOT
        };
        if in_finder || in_dot || (in_timing && !self.has_dotted_timing) {
            return if light < 0.5 { BLACK } else { WHITE };
        }
        self.ground(ground, x, y)
    }

    /// The grey of the picture under the dots.
    fn ground(&self, ground: Ground, x: f32, y: f32) -> f32 {
        let waves = self.waves.iter();
        let shade: f32 = waves
            .map(|(across, along, phase)| (x * across + y * along + phase).sin())
            .sum();
        let soft = (0.5 + shade * 0.2).clamp(0.0, 1.0);
        let black_or_white = |is_light: bool| if is_light { WHITE } else { BLACK };
        match ground {
            Ground::BlackAndWhite => black_or_white(soft > 0.5),
            Ground::Dither => black_or_white(soft > self.chance(x, y)),
            Ground::Patches => 0.1 + (soft * 5.0).floor() * 0.16,
            Ground::Photo => soft * 0.7 + self.chance(x, y) * 0.3,
        }
    }

    /// A number from 0 to 1 for each third of a module, the same at each call.
    fn chance(&self, x: f32, y: f32) -> f32 {
        let (column, row) = ((x * 3.0) as u32, (y * 3.0) as u32);
        let mut hash =
            self.grain ^ column.wrapping_mul(0x9e37_79b9) ^ row.wrapping_mul(0x85eb_ca6b);
        hash = (hash ^ hash >> 15).wrapping_mul(0x2c1b_3c6d);
        hash = (hash ^ hash >> 12).wrapping_mul(0x297a_2d39);
        ((hash ^ hash >> 15) & 0xffff) as f32 / 65_536.0
    }
}

impl Screen for InkedCode {
    fn side(&self) -> f32 {
        self.code.side()
    }

    fn light(&self, x: f32, y: f32) -> Option<f32> {
        let light = self.code.light(x, y)?;
        let inside = 0.0..self.side();
        if !inside.contains(&x) || !inside.contains(&y) {
            return Some(WHITE);
        }
        Some(match self.ink {
            Ink::Dots(ground) => self.dotted_light(ground, light, x, y),
            Ink::Pale(strong) => self.pale_light(strong, light, x, y),
        })
    }
}
