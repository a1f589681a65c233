//! Adds up the grids of a code that no single frame shows well enough.
//!
//! Noise, motion and reflections differ from frame to frame, and the modules do not.
//! A grid that fits a code's function patterns, but was not decoded, is added to the grids of the frames before.
//! See `docs/decisions/0054-frames-add-up.md`.

use crate::modules::sample::Greys;
use crate::picture::point::Point;
use crate::picture::polarity::Polarity;
use crate::plane::geometry::Homography;
use crate::plane::layout::Version;

/// The sums that are kept: for several guesses at the version of one code, or for two codes.
///
/// Larger: more time in frames without a reading. Smaller: a wrong guess takes the place of the right one.
const MAX_SUMS: usize = 3;
/// The part of a sum that is kept when a frame is added. At 0.8, about five frames count.
///
/// Larger: frames with a wrong plane spoil the sum for longer. Smaller: noise averages out less.
const KEPT: f32 = 0.8;
/// Frames in which a code may be unseen before its sum is forgotten.
///
/// Larger: another code may be added to the sum. Smaller: a shaken code loses its sum.
const MAX_UNSEEN: usize = 3;
/// How far a code's corners may move from frame to frame, as a part of its side.
///
/// Larger: another code is taken for it. Smaller: a moving code loses its sum.
const MOVE: f32 = 0.25;
/// The least correlation of a frame's grid with its sum. Unequal codes have about 0, and frames of one code above 0.9.
///
/// Larger: noisy frames start a new sum. Smaller: a code that takes another one's place is added to it.
const MIN_LIKENESS: f32 = 0.3;

/// A grid that a frame shows, and that was not decoded.
pub(crate) struct Sighting {
    pub(crate) version: Version,
    pub(crate) polarity: Polarity,
    pub(crate) plane: Homography,
    pub(crate) greys: Greys,
}

impl Sighting {
    fn corners(&self) -> [Point; 4] {
        self.plane.corners(self.version.side() as f32)
    }
}

/// The sums of a scan.
#[derive(Debug, Default)]
pub(crate) struct Sums(Vec<Sum>);

#[derive(Debug)]
struct Sum {
    version: Version,
    polarity: Polarity,
    /// Where the last frame showed the code.
    corners: [Point; 4],
    /// Signed modules: see [`Greys::signed`].
    modules: Vec<f32>,
    /// Frames since the code was seen; 0 in the present one.
    unseen: usize,
}

impl Sums {
    /// Begins the next frame.
    pub(crate) fn next_frame(&mut self) {
        for sum in &mut self.0 {
            sum.unseen += 1;
        }
        self.0.retain(|sum| sum.unseen <= MAX_UNSEEN);
    }

    /// Adds a grid. Returns the sum's greys if it has grids of earlier frames too.
    pub(crate) fn add(&mut self, seen: &Sighting) -> Option<Greys> {
        let modules = seen.greys.signed();
        let Some(sum) = self.0.iter_mut().find(|sum| sum.is_of(seen)) else {
            self.0.insert(0, Sum::of(seen, modules));
            self.0.truncate(MAX_SUMS);
            return None;
        };
        if correlation(&sum.modules, &modules) < MIN_LIKENESS {
            *sum = Sum::of(seen, modules);
            return None;
        }
        for (sum, module) in sum.modules.iter_mut().zip(modules) {
            *sum = *sum * KEPT + module;
        }
        (sum.corners, sum.unseen) = (seen.corners(), 0);
        Some(seen.greys.with_signed(&sum.modules))
    }
}

impl Sum {
    fn of(seen: &Sighting, modules: Vec<f32>) -> Self {
        Self {
            version: seen.version,
            polarity: seen.polarity,
            corners: seen.corners(),
            modules,
            unseen: 0,
        }
    }

    /// Whether a grid may be this code in the next frame. Two grids of one frame are not added up.
    fn is_of(&self, seen: &Sighting) -> bool {
        let corners = seen.corners();
        let side = (corners[1] - corners[0]).length();
        let near = |(a, b): (&Point, &Point)| (*a - *b).length() < side * MOVE;
        self.unseen > 0
            && (self.version, self.polarity) == (seen.version, seen.polarity)
            && self.corners.iter().zip(&corners).all(near)
    }
}

/// The correlation of two grids of signed modules, whose means are near 0.
fn correlation(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| -> f32 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt().max(1e-6)
}
