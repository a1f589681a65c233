//! The reader: from grey pixels to the codes in them. Pure: pictures come in, codes go out.
//!
//! ```text
//! RGBA or Y plane -> Luma -> passes (half size, as it is, inverted) -> binarise -> decode (rqrr) -> gate
//! ```
//!
//! [`Reader::read`] looks at one picture. `Live` is for a camera: bounded work a frame, and what one frame doesn't try
//! the next one does. `Still` is for a photo: every pass. [`Gate`] decides when a reading of a live picture is to be
//! believed.

mod binarise;
mod decode;
mod gate;
mod luma;

pub use gate::Gate;
pub use luma::{Luma, LumaError, luma_from_rgba};

use std::fmt;

/// A point in the picture, in its pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// From the left.
    pub x: f32,
    /// From the top.
    pub y: f32,
}

/// A code in a picture. Its `Debug` tells a length only: a code is money.
#[derive(Clone, PartialEq)]
pub struct Found {
    /// The truth.
    pub bytes: Vec<u8>,
    /// A reading of it: UTF-8, or one character a byte.
    pub text: String,
    /// Top left, top right, bottom right, bottom left of the code itself.
    pub corners: [Point; 4],
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Found({} bytes)", self.bytes.len())
    }
}

/// How hard to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// A frame among many: bounded work, the passes take turns.
    Live,
    /// The only picture there is: every pass.
    Still,
}

/// One way to look at a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pass {
    /// Each side is divided by this.
    shrink: usize,
    /// Light is dark: a code in dark mode.
    inverted: bool,
}

const PLAIN: Pass = Pass {
    shrink: 1,
    inverted: false,
};
const HALF: Pass = Pass {
    shrink: 2,
    inverted: false,
};
const DARK: Pass = Pass {
    shrink: 1,
    inverted: true,
};
const HALF_DARK: Pass = Pass {
    shrink: 2,
    inverted: true,
};

/// Half size first: a code that fills the picture is found in a quarter of the time, and noise is averaged away.
const STILL: [Pass; 4] = [HALF, PLAIN, HALF_DARK, DARK];
/// Dark on light in one frame, light on dark in the next.
const TURNS: [[Pass; 2]; 2] = [[HALF, PLAIN], [HALF_DARK, DARK]];
/// A picture of so few pixels on its short side is not halved: its modules would be gone.
const LEAST_HALVED: usize = 240;
/// No picture is so large that its half is not large enough: a photo of twelve megapixels costs seconds.
const MOST_WHOLE: usize = 1600;

/// Reads pictures, and remembers which pass is next.
#[derive(Debug, Default)]
pub struct Reader {
    frame: usize,
}

impl Reader {
    /// A reader that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets what earlier pictures taught.
    pub fn reset(&mut self) {
        self.frame = 0;
    }

    /// At most `max` codes of a picture, each once, in the order of their finding.
    pub fn read(&mut self, luma: &Luma<'_>, effort: Effort, max: usize) -> Vec<Found> {
        let passes: &[Pass] = match effort {
            Effort::Live => &TURNS[self.frame % TURNS.len()],
            Effort::Still => &STILL,
        };
        self.frame = self.frame.wrapping_add(1);
        let mut found: Vec<Found> = Vec::new();
        for pass in passes {
            for code in look(luma, *pass) {
                if found.len() < max && found.iter().all(|known| known.bytes != code.bytes) {
                    found.push(code);
                }
            }
            let enough = effort == Effort::Live && !found.is_empty();
            if enough || found.len() >= max {
                break;
            }
        }
        found
    }
}

fn look(luma: &Luma<'_>, pass: Pass) -> Vec<Found> {
    let mut shrink = pass.shrink;
    if luma.short_side() < LEAST_HALVED {
        if shrink > 1 {
            return Vec::new();
        }
    } else {
        while luma.long_side() / shrink > MOST_WHOLE {
            shrink *= 2;
        }
    }
    let small = luma.shrunk(shrink);
    decode::codes(&small.luma(), pass.inverted, shrink)
}
