//! Each step of the reader by itself, for the benches.
//!
//! This module exists only with the feature `steps`, which the reader's own benches turn on. It may change at any time.
//! Each step gets the results of the steps before it, so that its time is its own.

use crate::code::codewords::prove;
use crate::code::decode::decode;
use crate::finders::finder::{FinderCandidate, find};
use crate::finders::ring::Rays;
use crate::finders::triples::{Finder, Pool, Triple};
use crate::modules::modules::Modules;
use crate::modules::sample::{Deblur, Greys};
use crate::picture::bits::Bits;
use crate::picture::luma::Luma;
use crate::picture::pyramid::{halves, sharpen};
use crate::picture::threshold::{Blocks, Thresholds};
use crate::plane::geometry::Homography;
use crate::plane::locate::{Hypothesis, locate};

/// A step of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Halves the picture to all levels.
    Pyramid,
    /// Sharpens the picture, as a pass does with its half.
    Sharpen,
    /// Computes block statistics.
    Blocks,
    /// Computes mean thresholds.
    Means,
    /// Computes mid-range thresholds.
    Middles,
    /// Binarises the picture.
    Bits,
    /// Scans every fourth row for finder candidates.
    Finders,
    /// Measures the rings of the candidates.
    Rings,
    /// Ranks the triples of finders.
    Triples,
    /// Finds version and planes of the first triple.
    Locate,
    /// Improves a plane by hill climbing.
    Climb,
    /// Samples the modules' greys.
    Sample,
    /// Deconvolves the greys.
    Unblur,
    /// Decides which modules are dark.
    Modules,
    /// Proves the code: format information and error correction.
    Prove,
    /// Proves it and runs rqrr's decoder.
    Decode,
}

/// All steps, in their order.
pub const STEPS: [Step; 16] = [
    Step::Pyramid,
    Step::Sharpen,
    Step::Blocks,
    Step::Means,
    Step::Middles,
    Step::Bits,
    Step::Finders,
    Step::Rings,
    Step::Triples,
    Step::Locate,
    Step::Climb,
    Step::Sample,
    Step::Unblur,
    Step::Modules,
    Step::Prove,
    Step::Decode,
];

/// The scan of the picture at full size, as in `reader.rs`.
const ROWS: usize = 4;
const MIN_CORE: i32 = 2;
/// A blur of 0.6 modules.
const BLUR: f32 = 0.25;

/// A picture, and the result of each step on it.
#[allow(missing_debug_implementations)]
pub struct Steps<'a> {
    picture: Luma<'a>,
    blocks: Blocks,
    thresholds: Thresholds,
    bits: Bits,
    candidates: Vec<FinderCandidate>,
    rays: Rays,
    pool: Pool,
    code: Option<Code>,
}

/// The results of the steps from a triple on.
struct Code {
    triple: Triple,
    hypothesis: Hypothesis,
    plane: Homography,
    greys: Greys,
    modules: Modules,
}

impl<'a> Steps<'a> {
    /// Runs every step once.
    #[must_use]
    pub fn of(picture: Luma<'a>) -> Self {
        let blocks = Blocks::of(&picture);
        let thresholds = blocks.mean_thresholds();
        let bits = Bits::of(&picture, &thresholds);
        let candidates = find(&bits, ROWS, MIN_CORE, 1);
        let mut steps = Self {
            picture,
            blocks,
            thresholds,
            bits,
            candidates,
            rays: Rays::new(),
            pool: Pool::new(1),
            code: None,
        };
        let finders: Vec<Finder> = steps.finders().collect();
        steps.pool.add(finders);
        steps.code = steps.code();
        steps
    }

    fn finders(&self) -> impl Iterator<Item = Finder> {
        self.candidates.iter().filter_map(|candidate| {
            let ring = self.rays.ring(&self.picture, &self.bits, candidate)?;
            Some(Finder::new(candidate, &ring, 1.0, ROWS))
        })
    }

    fn code(&self) -> Option<Code> {
        let triple = self.pool.triples().into_iter().next()?;
        let mut hypothesis = locate(&self.picture, &triple).into_iter().next()?;
        let plane = hypothesis.planes.pop()?;
        let (version, polarity) = (hypothesis.pattern.version(), hypothesis.pattern.polarity());
        let greys = Greys::sample(&self.picture, &plane, None, version, polarity);
        let modules = greys.modules();
        Some(Code {
            triple,
            hypothesis,
            plane,
            greys,
            modules,
        })
    }

    /// Whether the picture has what a step needs: without a code there are no modules to sample.
    #[must_use]
    pub fn leads_to(&self, step: Step) -> bool {
        match step {
            Step::Pyramid
            | Step::Sharpen
            | Step::Blocks
            | Step::Means
            | Step::Middles
            | Step::Bits
            | Step::Finders
            | Step::Rings
            | Step::Triples => true,
            Step::Locate
            | Step::Climb
            | Step::Sample
            | Step::Unblur
            | Step::Modules
            | Step::Prove
            | Step::Decode => self.code.is_some(),
        }
    }

    /// Runs one step again. The result depends on all of its work, so that the compiler can remove no part of it.
    #[must_use]
    pub fn take(&self, step: Step) -> usize {
        match step {
            Step::Pyramid => halves(&self.picture).len(),
            Step::Sharpen => usize::from(sharpen(&self.picture, 2, 5).luma().row(0)[0]),
            Step::Blocks => usize::from(Blocks::of(&self.picture).light()),
            Step::Means => self.blocks.mean_thresholds().values.len(),
            Step::Middles => self.blocks.midrange_thresholds().values.len(),
            Step::Bits => Bits::of(&self.picture, &self.thresholds).width(),
            Step::Finders => find(&self.bits, ROWS, MIN_CORE, 1).len(),
            Step::Rings => self.finders().count(),
            Step::Triples => self.pool.triples().len(),
            Step::Locate
            | Step::Climb
            | Step::Sample
            | Step::Unblur
            | Step::Modules
            | Step::Prove
            | Step::Decode => self
                .code
                .as_ref()
                .map_or(0, |code| self.take_on(step, code)),
        }
    }

    fn take_on(&self, step: Step, code: &Code) -> usize {
        let pattern = &code.hypothesis.pattern;
        match step {
            Step::Locate => locate(&self.picture, &code.triple).len(),
            Step::Climb => {
                let climbed = pattern.climb(&self.picture, &code.plane);
                climbed.corners(1.0)[2].x.to_bits() as usize
            }
            Step::Sample => {
                let greys = Greys::sample(
                    &self.picture,
                    &code.plane,
                    None,
                    pattern.version(),
                    pattern.polarity(),
                );
                greys.first().to_bits() as usize
            }
            Step::Unblur => code
                .greys
                .deblurred(Deblur::Deconvolve(BLUR))
                .first()
                .to_bits() as usize,
            Step::Modules => code.greys.modules().side(),
            Step::Prove => usize::from(prove(&code.modules).is_some()),
            Step::Decode => usize::from(decode(&code.modules).is_some()),
            Step::Pyramid
            | Step::Sharpen
            | Step::Blocks
            | Step::Means
            | Step::Middles
            | Step::Bits
            | Step::Finders
            | Step::Rings
            | Step::Triples => 0,
        }
    }
}
