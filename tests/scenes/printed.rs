//! Codes of square modules in other colours, with logos, specks and fat ink.

use qrcode::{Color, EcLevel, QrCode};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::code::Screen;
use crate::wreck;

/// Specks for each module. A speck changes half a module, or hides within one of its colour.
const SPECKS: f32 = 0.03;

/// A code on paper or on a screen.
pub(crate) struct Printed {
    dark: Vec<bool>,
    side: usize,
    /// The ink's light at the first corner, and how much it gains up to the last one.
    ink: (f32, f32),
    paper: f32,
    /// The ink of each finder pattern, if it has one of its own.
    finders: [Option<f32>; 3],
    /// What lies behind the code's margin.
    ground: Ground,
    /// Modules of paper around the code.
    margin: f32,
    logo: Option<Logo>,
    specks: Vec<Speck>,
    /// How far ink reaches over a module's edge, in modules; negative if it stays behind.
    spread: f32,
}

#[derive(Clone, Copy)]
enum Ground {
    Even(f32),
    /// Stripes of this many modules.
    Striped(f32),
}

#[derive(Clone, Copy)]
struct Logo {
    /// Half its side in modules.
    reach: f32,
    is_round: bool,
    /// The width of its rings in modules, if it has rings as a target does.
    ring: Option<f32>,
}

/// A round spot, in modules.
struct Speck {
    x: f32,
    y: f32,
    reach: f32,
    light: f32,
}

impl Printed {
    /// Black on white with a full margin.
    pub(crate) fn new(text: &str, level: EcLevel) -> Self {
        let code =
            QrCode::with_error_correction_level(text, level).expect("the text fits in a code");
        Self {
            dark: code.to_colors().iter().map(|c| *c == Color::Dark).collect(),
            side: code.width(),
            ink: (0.05, 0.0),
            paper: 0.96,
            finders: [None; 3],
            ground: Ground::Even(0.96),
            margin: 4.0,
            logo: None,
            specks: Vec::new(),
            spread: 0.0,
        }
    }

    pub(crate) fn coloured(mut self, dice: &mut ChaCha8Rng) -> Self {
        let ink = dice.random_range(0.05..0.5);
        self.ink = (ink, 0.0);
        self.paper = (ink + dice.random_range(0.3_f32..0.6)).min(1.0);
        self.ground = Ground::Even(self.paper);
        if dice.random() {
            self.finders = [(); 3].map(|()| Some(dice.random_range(0.02..ink + 0.08)));
        }
        self
    }

    pub(crate) fn with_gradient(mut self, dice: &mut ChaCha8Rng) -> Self {
        self.ink = (dice.random_range(0.02..0.15), dice.random_range(0.25..0.45));
        self.paper = dice.random_range(0.85..1.0);
        self.ground = Ground::Even(self.paper);
        self
    }

    pub(crate) fn with_logo(mut self, dice: &mut ChaCha8Rng) -> Self {
        let ring = dice.random_range(0.9..1.6);
        self.logo = Some(Logo {
            reach: self.side() * dice.random_range(0.09..0.15),
            is_round: dice.random(),
            ring: if dice.random() { Some(ring) } else { None },
        });
        self
    }

    pub(crate) fn with_narrow_margin(mut self, dice: &mut ChaCha8Rng) -> Self {
        self.margin = dice.random_range(1.0..2.5);
        self.ground = if dice.random() {
            Ground::Even(dice.random_range(0.02..0.4))
        } else {
            Ground::Striped(dice.random_range(0.8..3.0))
        };
        self
    }

    pub(crate) fn inverted(mut self, dice: &mut ChaCha8Rng) -> Self {
        self.ink = (dice.random_range(0.7..1.0), 0.0);
        self.paper = dice.random_range(0.03..0.25);
        self.margin = dice.random_range(1.0..4.0);
        self.ground = Ground::Even(self.paper + dice.random_range(0.0..0.1));
        self
    }

    pub(crate) fn with_specks(mut self, dice: &mut ChaCha8Rng) -> Self {
        let side = self.side();
        let count = (side * side * SPECKS) as usize;
        let speck = |_| Speck {
            x: dice.random_range(0.0..side),
            y: dice.random_range(0.0..side),
            reach: dice.random_range(0.2..0.7),
            light: if dice.random() {
                self.paper
            } else {
                self.ink.0
            },
        };
        self.specks = (0..count).map(speck).collect();
        self
    }

    pub(crate) fn with_spread(mut self, dice: &mut ChaCha8Rng) -> Self {
        let far = dice.random_range(0.12..0.28);
        self.spread = if dice.random() { far } else { -far };
        self
    }

    pub(crate) fn wrecked(mut self, dice: &mut ChaCha8Rng) -> Self {
        wreck::damage(&mut self.dark, self.side, dice);
        self
    }

    /// Modules between the code and the end of its file.
    pub(crate) fn margin(&self) -> f32 {
        match self.ground {
            Ground::Striped(_) => self.margin + 4.0,
            Ground::Even(light) if (light - self.paper).abs() > 0.2 => self.margin + 4.0,
            Ground::Even(_) => self.margin,
        }
    }

    fn is_dark(&self, x: f32, y: f32) -> bool {
        let inside = (0.0..self.side()).contains(&x) && (0.0..self.side()).contains(&y);
        inside && self.dark[y as usize * self.side + x as usize]
    }

    /// Whether ink reaches this point from its own module or from a neighbour.
    fn is_inked(&self, x: f32, y: f32) -> bool {
        let far = self.spread.abs();
        let near = [(-far, -far), (far, -far), (-far, far), (far, far)];
        let mut around = near.iter().map(|(dx, dy)| self.is_dark(x + dx, y + dy));
        if self.spread < 0.0 {
            around.all(|dark| dark)
        } else {
            around.any(|dark| dark)
        }
    }

    fn ink(&self, x: f32, y: f32) -> f32 {
        let far = self.side() - 7.0;
        let finder = match (x < 7.0, y < 7.0) {
            (true, true) => self.finders[0],
            (false, true) if x >= far => self.finders[1],
            (true, false) if y >= far => self.finders[2],
            _ => None,
        };
        finder.unwrap_or(self.ink.0 + self.ink.1 * (x + y) / (2.0 * self.side()))
    }

    fn ground(&self, x: f32, y: f32) -> f32 {
        match self.ground {
            Ground::Even(light) => light,
            Ground::Striped(width) => {
                let odd = ((x + 0.4 * y) / width).floor() as i32 & 1 == 1;
                if odd { 0.1 } else { 0.75 }
            }
        }
    }
}

impl Logo {
    /// The light of a point, by its distance from the code's middle; `None` outside the logo.
    fn light(self, dx: f32, dy: f32) -> Option<f32> {
        let far = if self.is_round {
            dx.hypot(dy)
        } else {
            dx.abs().max(dy.abs())
        };
        if far >= self.reach {
            return None;
        }
        let is_rim = far > self.reach - 0.7;
        Some(match self.ring {
            _ if is_rim => 0.96,
            Some(ring) => [0.1, 0.9][(far / ring) as usize % 2],
            None => 0.45,
        })
    }
}

impl Screen for Printed {
    fn side(&self) -> f32 {
        self.side as f32
    }

    fn light(&self, x: f32, y: f32) -> Option<f32> {
        let side = self.side();
        let beyond = |by: f32| x < -by || y < -by || x >= side + by || y >= side + by;
        if beyond(self.margin + 6.0) {
            return None;
        }
        if beyond(self.margin) {
            return Some(self.ground(x, y));
        }
        let on = |speck: &&Speck| (x - speck.x).hypot(y - speck.y) < speck.reach;
        if let Some(speck) = self.specks.iter().find(on) {
            return Some(speck.light);
        }
        let logo = self
            .logo
            .and_then(|logo| logo.light(x - side * 0.5, y - side * 0.5));
        Some(logo.unwrap_or_else(|| {
            if self.is_inked(x, y) {
                self.ink(x, y)
            } else {
                self.paper
            }
        }))
    }
}
