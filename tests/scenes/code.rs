//! The phone's screen: the code's text, and the light of any point of its plane.

use qrcode::{Color, EcLevel, QrCode};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::Category;
use crate::styled::Style;

/// Modules of the quiet zone around a code (ISO/IEC 18004).
const QUIET: f32 = 4.0;
/// The lengths of wallets' numeric codes.
const DIGITS: std::ops::Range<usize> = 16..25;
/// The lengths of EMVCo consumer codes, in base64. A third of the scenes show one.
const EMV_CHARACTERS: std::ops::Range<usize> = 60..180;
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Draws a text: digits as most wallets show them, or random base64 that begins like an EMVCo consumer code.
pub(crate) fn text(dice: &mut ChaCha8Rng) -> String {
    if dice.random_range(0..3) > 0 {
        let count = dice.random_range(DIGITS);
        return (0..count)
            .map(|_| char::from(b'0' + dice.random_range(0..10)))
            .collect();
    }
    letters(dice, EMV_CHARACTERS)
}

/// Draws random base64 of any of these lengths that begins like an EMVCo consumer code.
pub(crate) fn letters(dice: &mut ChaCha8Rng, lengths: std::ops::Range<usize>) -> String {
    let count = dice.random_range(lengths) / 4 * 4;
    let rest = (5..count).map(|_| char::from(BASE64[dice.random_range(0..BASE64.len())]));
    "hQVDU".chars().chain(rest).collect()
}

/// What a camera sees: a plane with a code on it.
pub(crate) trait Screen {
    /// Modules in a side of the code.
    fn side(&self) -> f32;

    /// The light of a point, in modules from the code's corner; `None` outside the screen.
    fn light(&self, x: f32, y: f32) -> Option<f32>;
}

/// A code as it is drawn.
pub(crate) struct Code {
    dark: Vec<bool>,
    side: usize,
    /// Light of the dark parts and of the light ones, from 0 to 1.
    shades: (f32, f32),
    dots: bool,
    /// Half the side of the logo in the middle, in modules.
    mark: f32,
    /// Decides the light of the code itself, if it is styled.
    style: Option<Style>,
}

impl Code {
    pub(crate) fn draw(text: &str, category: Category, dice: &mut ChaCha8Rng) -> Self {
        let logo = category == Category::Logo;
        let level = if logo { EcLevel::H } else { EcLevel::M };
        let code = QrCode::with_error_correction_level(text, level)
            .expect("a payment code fits in any code");
        let shades = match category {
            Category::Dark => (0.92, 0.06),
            Category::DarkSoft => (dice.random_range(0.45..0.7), 0.12),
            Category::Dim => (0.02, dice.random_range(0.12..0.3)),
            Category::Combined if dice.random_range(0..3) == 0 => (0.9, 0.1),
            Category::Nominal
            | Category::Small
            | Category::Tiny
            | Category::Perspective
            | Category::Rotation
            | Category::Defocus
            | Category::Motion
            | Category::Glare
            | Category::Bloom
            | Category::Noise
            | Category::Logo
            | Category::Dots
            | Category::Moire
            | Category::Combined => (0.05, 0.95),
        };
        let side = code.width();
        Self {
            dark: code.to_colors().iter().map(|c| *c == Color::Dark).collect(),
            side,
            shades,
            dots: category == Category::Dots,
            mark: if logo { side as f32 * 0.11 } else { 0.0 },
            style: None,
        }
    }

    /// A code in a style, with the ground's light around it.
    pub(crate) fn styled(dark: Vec<bool>, side: usize, style: Style) -> Self {
        Self {
            dark,
            side,
            shades: style.shades(),
            dots: false,
            mark: 0.0,
            style: Some(style),
        }
    }

    /// Whether a module is dark. Beside the code, all is light.
    fn is_dark(&self, column: i32, row: i32) -> bool {
        let inside = |at: i32| usize::try_from(at).ok().filter(|at| *at < self.side);
        let (column, row) = (inside(column), inside(row));
        column
            .zip(row)
            .is_some_and(|(column, row)| self.dark[row * self.side + column])
    }

    /// Whether the logo covers a point.
    pub(crate) fn in_mark(&self, x: f32, y: f32) -> bool {
        let middle = self.side() * 0.5;
        (x - middle).abs().max((y - middle).abs()) < self.mark
    }

    /// Whether a module belongs to a finder pattern.
    pub(crate) fn in_finder(&self, column: usize, row: usize) -> bool {
        let near = |at: usize| at < 7;
        let far = |at: usize| at + 7 >= self.side;
        (near(column) && (near(row) || far(row))) || (far(column) && near(row))
    }
}

impl Screen for Code {
    fn side(&self) -> f32 {
        self.side as f32
    }

    fn light(&self, x: f32, y: f32) -> Option<f32> {
        let (dark, light) = self.shades;
        let side = self.side();
        let screen = -2.5 * QUIET..side + 2.5 * QUIET;
        if !screen.contains(&x) || !(-4.0 * QUIET..side + 4.0 * QUIET).contains(&y) {
            return None;
        }
        if self.in_mark(x, y) {
            return Some((dark + 2.0 * light) / 3.0);
        }
        if x < 0.0 || y < 0.0 || x >= side || y >= side {
            return Some(light);
        }
        if let Some(style) = &self.style {
            return Some(style.light((x, y), self.side, |column, row| self.is_dark(column, row)));
        }
        let (column, row) = (x as usize, y as usize);
        let is_dark = self.dark[row * self.side + column];
        let in_dot = !self.dots || self.in_finder(column, row) || {
            let (dx, dy) = (x - column as f32 - 0.5, y - row as f32 - 0.5);
            dx * dx + dy * dy < 0.42 * 0.42
        };
        Some(if is_dark && in_dot { dark } else { light })
    }
}
