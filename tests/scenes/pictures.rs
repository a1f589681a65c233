//! Draws codes that other programs have styled: dots upon a picture, and pale modules beside strong ones.
//!
//! A code is drawn as a file, each module with the same number of pixels, or before a near camera.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::camera::{SIZES, Shot};
use crate::code::{Code, Screen, text};
use crate::{Category, Scene};

/// How a code is styled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Style {
    /// Dots of a third of a module, upon a picture in black and white.
    DotsOnBlackAndWhite,
    /// The same upon a dithered picture: black and white pixels of a third of a module.
    DotsOnDither,
    /// The same upon a picture of even patches of many greys, as of colours.
    DotsOnPatches,
    /// The same upon a picture with soft shades and grain, as of a photo.
    DotsOnPhoto,
    /// Pale data modules, with strong finder patterns.
    PaleStrongFinders,
    /// The same with a strong logo, and pale finder patterns.
    PaleStrongLogo,
    /// The same with strong timing patterns.
    PaleStrongTiming,
}

/// All styles.
pub const STYLES: [Style; 7] = [
    Style::DotsOnBlackAndWhite,
    Style::DotsOnDither,
    Style::DotsOnPatches,
    Style::DotsOnPhoto,
    Style::PaleStrongFinders,
    Style::PaleStrongLogo,
    Style::PaleStrongTiming,
];

impl Style {
    fn is_dotted(self) -> bool {
        match self {
            Self::DotsOnBlackAndWhite
            | Self::DotsOnDither
            | Self::DotsOnPatches
            | Self::DotsOnPhoto => true,
            Self::PaleStrongFinders | Self::PaleStrongLogo | Self::PaleStrongTiming => false,
        }
    }
}

/// Pixels of a module in a file.
const MODULE: std::ops::Range<usize> = 6..16;
/// Modules of light around a code in a file.
const MARGIN: usize = 4;
/// Rays along a pixel's side in a file.
const RAYS: usize = 3;
/// The greys of pale modules: #ccc, #ddd and #eee.
const PALE: [f32; 3] = [0.8, 0.867, 0.933];
/// The greys of strong modules: black, and dark red.
const STRONG: [f32; 2] = [0.03, 0.16];
const BLACK: f32 = 0.03;
const WHITE: f32 = 0.97;
/// Half the width of a dot, in modules.
const DOT: f32 = 1.0 / 6.0;

/// Draws the code of this number in its style: one frame.
///
/// Even numbers are files, of any size. Odd ones are before a camera of 640 x 480 or 1280 x 720, as near as they fit.
#[must_use]
pub fn styled(seed: u64, style: Style, number: u64) -> Scene {
    let mut dice = ChaCha8Rng::seed_from_u64(seed ^ 0x7374_796c_6564_2121);
    dice.set_stream(style as u64 * 1_000_003 + number);
    let text = text(&mut dice);
    let is_strong =
        style.is_dotted() && dice.random_range(0..2) == 0 || style == Style::PaleStrongLogo;
    let category = if is_strong {
        Category::Logo
    } else {
        Category::Nominal
    };
    let code = StyledCode::new(Code::draw(&text, category, &mut dice), style, &mut dice);
    let (width, height, pixels) = if number.is_multiple_of(2) {
        code.file(dice.random_range(MODULE))
    } else {
        let (width, height) = SIZES[(number / 2 % 2) as usize];
        let plan = Shot::plan(Category::Nominal, code.side(), (width, height), &mut dice);
        (width, height, plan.near().frame(&code, &mut dice))
    };
    Scene {
        text,
        width,
        height,
        frames: vec![pixels],
    }
}

/// A code and what its style needs.
struct StyledCode {
    code: Code,
    style: Style,
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

impl StyledCode {
    fn new(code: Code, style: Style, dice: &mut ChaCha8Rng) -> Self {
        let wave = |dice: &mut ChaCha8Rng| {
            let (across, along) = (dice.random_range(-0.6..0.6), dice.random_range(-0.6..0.6));
            (across, along, dice.random_range(0.0..6.3))
        };
        Self {
            code: if style.is_dotted() {
                code.without_mark()
            } else {
                code
            },
            style,
            has_round_dots: dice.random(),
            has_dotted_timing: dice.random(),
            pale: PALE[dice.random_range(0..PALE.len())],
            strong: STRONG[dice.random_range(0..STRONG.len())],
            waves: std::array::from_fn(|_| wave(dice)),
            grain: dice.random(),
        }
    }

    fn side(&self) -> f32 {
        self.code.side()
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

    /// The grey of a module of a pale code, or of a logo upon it.
    fn pale_light(&self, light: f32, x: f32, y: f32) -> f32 {
        let (column, row) = (x as usize, y as usize);
        let in_finder = self.code.in_finder(column, row);
        let is_strong = match self.style {
            Style::PaleStrongTiming => !in_finder && (column == 6 || row == 6),
            Style::PaleStrongLogo => self.code.in_mark(x, y),
            _ => in_finder,
        };
        if is_strong && (light < 0.5 || self.style == Style::PaleStrongLogo) {
            self.strong
        } else if light < 0.5 {
            self.pale
        } else {
            1.0
        }
    }

    /// The grey of a point of a code of dots.
    fn dotted_light(&self, light: f32, x: f32, y: f32) -> f32 {
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
        self.ground(x, y)
    }

    /// The grey of the picture under the dots.
    fn ground(&self, x: f32, y: f32) -> f32 {
        let waves = self.waves.iter();
        let shade: f32 = waves
            .map(|(across, along, phase)| (x * across + y * along + phase).sin())
            .sum();
        let soft = (0.5 + shade * 0.2).clamp(0.0, 1.0);
        let black_or_white = |is_light: bool| if is_light { WHITE } else { BLACK };
        match self.style {
            Style::DotsOnDither => black_or_white(soft > self.chance(x, y)),
            Style::DotsOnPatches => 0.1 + (soft * 5.0).floor() * 0.16,
            Style::DotsOnPhoto => soft * 0.7 + self.chance(x, y) * 0.3,
            _ => black_or_white(soft > 0.5),
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

impl Screen for StyledCode {
    fn light(&self, x: f32, y: f32) -> Option<f32> {
        let light = self.code.light(x, y)?;
        let inside = 0.0..self.side();
        if !inside.contains(&x) || !inside.contains(&y) {
            return Some(if self.style.is_dotted() { WHITE } else { 1.0 });
        }
        Some(if self.style.is_dotted() {
            self.dotted_light(light, x, y)
        } else {
            self.pale_light(light, x, y)
        })
    }
}
