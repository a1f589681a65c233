//! Shots that can't be read, each for one reason. The hints are tested on them.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::Shot;
use crate::Category;

/// Why a shot can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The phone is too far away: a module has about one pixel.
    Far,
    /// The phone is too near: the code is larger than the picture.
    Near,
    /// The screen reflects a lamp, over much of the code.
    Lamp,
    /// The screen is turned down until the sensor's noise is as strong as its light.
    Dimmed,
    /// Hardly any light reaches the sensor.
    Black,
    /// The lens is far from its focus.
    Defocused,
    /// The hand moves several modules during a frame.
    Shaken,
}

/// All reasons.
pub const TROUBLES: [Trouble; 7] = [
    Trouble::Far,
    Trouble::Near,
    Trouble::Lamp,
    Trouble::Dimmed,
    Trouble::Black,
    Trouble::Defocused,
    Trouble::Shaken,
];

impl Trouble {
    /// The category that the scene would have without it.
    pub(crate) fn category(self) -> Category {
        match self {
            Self::Dimmed => Category::Dim,
            Self::Lamp => Category::Glare,
            Self::Far | Self::Near | Self::Black | Self::Defocused | Self::Shaken => {
                Category::Nominal
            }
        }
    }
}

impl Shot {
    pub(crate) fn spoil(&mut self, trouble: Trouble, dice: &mut ChaCha8Rng) {
        let mut between = |from: f32, to: f32| dice.random_range(from..to);
        match trouble {
            Trouble::Far => self.module = between(0.7, 1.15),
            Trouble::Near => {
                let size = self.height as f32 * between(1.1, 1.4);
                self.module = size / self.side;
                // The code's first corner is in the picture; that determines the middle.
                let corner = (-0.44 * self.width as f32, -0.42 * self.height as f32);
                self.middle = (corner.0 + size * 0.5, corner.1 + size * 0.5);
            }
            Trouble::Lamp => {
                let (place, size) = (self.lamp.1, self.lamp.2);
                self.lamp = (between(1.0, 1.3), place, size * between(1.6, 1.9));
            }
            Trouble::Dimmed => {
                self.gain *= 0.5;
                self.noise = between(0.06, 0.075);
            }
            Trouble::Black => {
                self.gain = between(0.005, 0.015);
                self.ambient = 0.01;
            }
            Trouble::Defocused => self.blur = between(1.4, 2.0) * self.module,
            Trouble::Shaken => {
                let (way, length) = (between(0.0, 3.1), between(3.5, 5.0) * self.module);
                self.motion = (way.cos() * length, way.sin() * length);
            }
        }
    }
}
