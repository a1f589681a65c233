//! Draws codes as code designers do: round finder patterns, rounded modules, gaps between modules, colours and logos.

use qrcode::{Color, EcLevel, QrCode};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::Scene;
use crate::camera::{SIZES, Shot};
use crate::code::{Code, Screen, text};
use crate::{Category, dice};

/// What is unusual about a code's drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Look {
    /// Finder patterns with round corners, up to circles, around plain modules or dots.
    Round,
    /// As the generators in wide use draw a code: rounded modules, any finder pattern, colours, a logo, dark mode.
    Styled,
    /// All modules are squares with gaps between them, those of the finder patterns too.
    Gaps,
    /// All modules are dots, those of the finder patterns too.
    AllDots,
}

/// All looks.
pub const LOOKS: [Look; 4] = [Look::Round, Look::Styled, Look::Gaps, Look::AllDots];

/// How a dark module is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Cells {
    /// A square of this side.
    Squares(f32),
    /// A disc of this diameter.
    Dots(f32),
    /// A square whose corners are round, except beside another dark module.
    Rounded,
    /// The same, but only the top left and the bottom right corner.
    Classy,
}

/// How finder patterns are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Finders {
    /// As shapes. Corner radii of ring and core, from 0 for squares to 1 for circles.
    Shapes { ring: f32, core: f32 },
    /// Module by module, like the rest of the code.
    Cells,
}

/// How a code is drawn.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Style {
    cells: Cells,
    finders: Finders,
    /// Light of the dark modules at the top left and at the bottom right, and of the ground. Inverted codes swap them.
    shades: (f32, f32, f32),
    /// Half the side of the logo in the middle, in modules.
    mark: f32,
}

/// Ends of a finder's core and light ring, and of its dark ring: modules from its middle.
const CORE: f32 = 1.5;
const HOLE: f32 = 2.5;
const RING: f32 = 3.5;
/// The part of a logo of a side. With error correction H the code is still read.
const MARK: f32 = 0.11;

impl Style {
    fn draw(look: Look, dice: &mut ChaCha8Rng) -> Self {
        let gap = dice.random_range(0.7..1.0);
        let (cells, finders) = match look {
            Look::Round => (Cells::draw(dice, &[0, 0, 1]), Finders::draw(dice, 0.5)),
            Look::Styled => (Cells::draw(dice, &[0, 1, 2, 3]), Finders::draw(dice, 0.0)),
            Look::Gaps => (Cells::Squares(gap), Finders::Cells),
            Look::AllDots => (Cells::Dots(gap), Finders::Cells),
        };
        let mut style = Self {
            cells,
            finders,
            shades: (0.05, 0.05, 0.95),
            mark: 0.0,
        };
        let inverted = dice.random_range(0..4) == 0;
        if look == Look::Styled {
            let mut dark = || dice.random_range(0.03..0.42);
            style.shades = (dark(), dark(), dice.random_range(0.85..1.0));
            if dice.random_range(0..3) == 0 {
                style.mark = MARK;
            }
        }
        if inverted {
            let (from, to, ground) = style.shades;
            style.shades = (1.0 - from, 1.0 - to, 1.0 - ground);
        }
        style
    }

    /// The light of the dark modules, and of the ground.
    pub(crate) fn shades(&self) -> (f32, f32) {
        (self.shades.0, self.shades.2)
    }

    fn level(&self) -> EcLevel {
        if self.mark > 0.0 {
            EcLevel::H
        } else {
            EcLevel::M
        }
    }

    /// The light at a point, in modules from the corner of a code of `side` modules. `is_dark` tells its modules.
    pub(crate) fn light(
        &self,
        (x, y): (f32, f32),
        side: usize,
        is_dark: impl Fn(i32, i32) -> bool,
    ) -> f32 {
        let (from, to, ground) = self.shades;
        let whole = side as f32;
        let middle = whole * 0.5;
        if (x - middle).abs().max((y - middle).abs()) < self.mark * whole {
            return (to + 2.0 * ground) / 3.0;
        }
        let part = ((x + y) / (2.0 * whole)).clamp(0.0, 1.0);
        let near = |at: f32| if at < middle { RING } else { whole - RING };
        let (u, v) = ((x - near(x)).abs(), (y - near(y)).abs());
        let in_finder = u.max(v) < RING + 0.5 && x.min(y) < middle;
        let ink = match self.finders {
            Finders::Shapes { ring, core } if in_finder => {
                in_square(u, v, RING, ring * RING) && !in_square(u, v, HOLE, ring * HOLE)
                    || in_square(u, v, CORE, core * CORE)
            }
            Finders::Shapes { .. } | Finders::Cells => self.cells.hold((x, y), is_dark),
        };
        if ink {
            from + (to - from) * part
        } else {
            ground
        }
    }
}

impl Cells {
    fn draw(dice: &mut ChaCha8Rng, kinds: &[u8]) -> Self {
        let size = dice.random_range(0.75..1.0);
        match kinds[dice.random_range(0..kinds.len())] {
            0 => Self::Squares(1.0),
            1 => Self::Dots(size),
            2 => Self::Rounded,
            _ => Self::Classy,
        }
    }

    /// Whether a point is within the drawing of a dark module.
    fn hold(self, (x, y): (f32, f32), is_dark: impl Fn(i32, i32) -> bool) -> bool {
        let (column, row) = (x.floor(), y.floor());
        let (dx, dy) = (x - column - 0.5, y - row - 0.5);
        let (column, row) = (column as i32, row as i32);
        if !is_dark(column, row) {
            return false;
        }
        let rounded = |rounds: bool| {
            let alone = !is_dark(column + dx.signum() as i32, row)
                && !is_dark(column, row + dy.signum() as i32);
            !(rounds && alone) || dx.hypot(dy) < 0.5
        };
        match self {
            Self::Squares(size) => dx.abs().max(dy.abs()) < size * 0.5,
            Self::Dots(size) => dx.hypot(dy) < size * 0.5,
            Self::Rounded => rounded(true),
            Self::Classy => rounded((dx < 0.0) == (dy < 0.0)),
        }
    }
}

impl Finders {
    /// Draws radii; that of the ring is `least` or more.
    fn draw(dice: &mut ChaCha8Rng, least: f32) -> Self {
        // One in three is a circle, as the designers' presets are.
        let ring = match dice.random_range(0..3) {
            0 => 1.0,
            _ => dice.random_range(least..1.0),
        };
        let core = match dice.random_range(0..3) {
            0 => 0.0,
            1 => 1.0,
            _ => ring,
        };
        Self::Shapes { ring, core }
    }
}

/// Whether an offset from the middle of a square is within it. Both are positive, and the corners have a radius.
fn in_square(u: f32, v: f32, half: f32, radius: f32) -> bool {
    let (over, beside) = (u - (half - radius), v - (half - radius));
    u.max(v) < half && (over.min(beside) < 0.0 || over.hypot(beside) < radius)
}

/// Draws a phone with a styled code before a till's camera, at 3 to 8 pixels a module.
///
/// Numbers and sizes are as in [`scene`](crate::scene).
#[must_use]
pub fn styled(seed: u64, look: Look, number: u64) -> Scene {
    let mut dice = dice(seed ^ 0x7374_796c_6564_2121, look as u64, number);
    let (width, height) = SIZES[(number % 2) as usize];
    let (text, code) = code(look, &mut dice);
    let mut shot = Shot::plan(Category::Nominal, code.side(), (width, height), &mut dice);
    let module = dice.random_range(3.0..8.0);
    shot.hold_at(module, &mut dice);
    crate::filmed(text, (width, height), &shot, &code, &mut dice)
}

/// Draws a styled code as a sharp picture file: 3 to 12 pixels a module, with a quiet zone of four modules.
#[must_use]
pub fn styled_file(seed: u64, look: Look, number: u64) -> Scene {
    /// Rays along a pixel's side.
    const RAYS: usize = 4;
    let mut dice = dice(seed ^ 0x7374_796c_6564_2020, look as u64, number);
    let (text, code) = code(look, &mut dice);
    let module: f32 = dice.random_range(3.0..12.0);
    let size = ((code.side() + 8.0) * module) as usize;
    let mut pixels = Vec::with_capacity(size * size);
    for at in 0..size * size {
        let light = |ray: usize| {
            let place = |at: usize, ray: usize| {
                (at as f32 + (ray as f32 + 0.5) / RAYS as f32) / module - 4.0
            };
            let (x, y) = (place(at % size, ray % RAYS), place(at / size, ray / RAYS));
            code.light(x, y).unwrap_or_default()
        };
        let sum: f32 = (0..RAYS * RAYS).map(light).sum();
        pixels.push((sum / (RAYS * RAYS) as f32 * 255.0) as u8);
    }
    Scene {
        text,
        width: size,
        height: size,
        frames: vec![pixels],
    }
}

/// Draws a payment code in a style.
pub(crate) fn code(look: Look, dice: &mut ChaCha8Rng) -> (String, Code) {
    let text = text(dice);
    let style = Style::draw(look, dice);
    let code = QrCode::with_error_correction_level(&text, style.level())
        .expect("a payment code fits in any code");
    let dark = code.to_colors().iter().map(|c| *c == Color::Dark).collect();
    (text, Code::styled(dark, code.width(), style))
}
