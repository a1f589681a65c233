//! Each step of the reader by itself, for the benches: no part of reading, and no promise to anybody.
//!
//! A step is given what the steps before it have made of the picture, so its time is its own.

use crate::code::codewords::prove;
use crate::code::decode::decode;
use crate::finders::finder::{Sighting, find};
use crate::finders::ring::Rays;
use crate::finders::triples::{Finder, Pool, Triple};
use crate::modules::modules::Modules;
use crate::modules::sample::{Greys, Unblur};
use crate::picture::bits::Bits;
use crate::picture::luma::Luma;
use crate::picture::pyramid::{halves, sharpen};
use crate::picture::threshold::{Blocks, Thresholds};
use crate::plane::climb::Pattern;
use crate::plane::geometry::Homography;
use crate::plane::locate::{Place, locate};

/// A step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Halves of the picture.
    Pyramid,
    /// The picture sharpened, as its half is where blur closes the rings.
    Sharpen,
    /// Statistics of its blocks.
    Blocks,
    /// Thresholds from the blocks' means.
    Means,
    /// Thresholds from their darkest and lightest.
    Middles,
    /// Dark and light pixels.
    Bits,
    /// Finders, in every fourth row.
    Finders,
    /// The rings of those.
    Rings,
    /// The likeliest triples of them.
    Triples,
    /// Version and plane of the first triple.
    Locate,
    /// A better plane by its known modules.
    Climb,
    /// The greys of its modules.
    Sample,
    /// A blur taken out of these by search.
    Unblur,
    /// Dark and light modules.
    Modules,
    /// Format, and Reed and Solomon's correction.
    Prove,
    /// The same and rqrr's decoder.
    Decode,
}

/// Every step, in their order.
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

const ROWS: usize = 4;
const LEAST_CORE: i32 = 2;

/// A picture, and what each step has made of it.
#[allow(missing_debug_implementations)]
pub struct Steps<'a> {
    picture: Luma<'a>,
    blocks: Blocks,
    thresholds: Thresholds,
    bits: Bits,
    sightings: Vec<Sighting>,
    rays: Rays,
    pool: Pool,
    code: Option<Code>,
}

/// What the steps from a triple on work with.
struct Code {
    triple: Triple,
    place: Place,
    plane: Homography,
    pattern: Pattern,
    greys: Greys,
    modules: Modules,
}

impl<'a> Steps<'a> {
    /// Takes every step once.
    #[must_use]
    pub fn of(picture: Luma<'a>) -> Self {
        let blocks = Blocks::of(&picture);
        let thresholds = blocks.means();
        let bits = Bits::of(&picture, &thresholds);
        let sightings = find(&bits, ROWS, LEAST_CORE);
        let mut steps = Self {
            picture,
            blocks,
            thresholds,
            bits,
            sightings,
            rays: Rays::new(),
            pool: Pool::default(),
            code: None,
        };
        let finders: Vec<Finder> = steps.finders().collect();
        steps.pool.add(finders);
        steps.code = steps.code();
        steps
    }

    fn finders(&self) -> impl Iterator<Item = Finder> {
        self.sightings.iter().filter_map(|sighting| {
            let ring = self.rays.ring(&self.picture, &self.bits, sighting)?;
            Some(Finder::new(sighting, &ring, 1.0, ROWS))
        })
    }

    fn code(&self) -> Option<Code> {
        let triple = self.pool.triples().into_iter().next()?;
        let mut place = locate(&self.picture, &triple).into_iter().next()?;
        let plane = place.planes.pop()?;
        let pattern = Pattern::new(place.version, place.inverted);
        let greys = Greys::sample(&self.picture, &plane, None, place.version, place.inverted);
        let modules = greys.modules();
        Some(Code {
            triple,
            place,
            plane,
            pattern,
            greys,
            modules,
        })
    }

    /// Whether the picture leads to a step: without a finder there is no code to sample.
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

    /// Takes one step again; a number that depends on all of it, so that none of it is left out.
    #[must_use]
    pub fn take(&self, step: Step) -> usize {
        match step {
            Step::Pyramid => halves(&self.picture).len(),
            Step::Sharpen => usize::from(sharpen(&self.picture, 2, 5).luma().row(0)[0]),
            Step::Blocks => usize::from(Blocks::of(&self.picture).light()),
            Step::Means => self.blocks.means().values.len(),
            Step::Middles => self.blocks.middles().values.len(),
            Step::Bits => Bits::of(&self.picture, &self.thresholds).width(),
            Step::Finders => find(&self.bits, ROWS, LEAST_CORE).len(),
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
        let Place {
            version, inverted, ..
        } = code.place;
        match step {
            Step::Locate => locate(&self.picture, &code.triple).len(),
            Step::Climb => {
                let climbed = code.pattern.climb(&self.picture, &code.plane);
                climbed.corners(1.0)[2].x.to_bits() as usize
            }
            Step::Sample => {
                let greys = Greys::sample(&self.picture, &code.plane, None, version, inverted);
                greys.first().to_bits() as usize
            }
            Step::Unblur => code.greys.clearer(Unblur::Solve(0.25)).first().to_bits() as usize,
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
