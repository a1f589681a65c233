//! Reads pictures one after another: chooses the passes of each, and remembers what helps with the next.

use super::found::Found;
use super::hint::{Hint, Hints, Miss};
use super::region::Region;
use super::search::{Copy, Search};
use crate::picture::luma::Luma;
use crate::picture::point::Point;
use crate::picture::pyramid::{Grey, MARGIN, TIMES, enlarge, halve, halves, sharpen};
use crate::picture::threshold::Blocks;

/// How hard to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// A frame among many: bounded work. The first gets every pass; after that those that find little take turns.
    Live,
    /// The only picture there is: every pass.
    Still,
}

/// No code is smaller: 21 modules of a pixel.
const LEAST_SIDE: usize = 21;
/// Longer pictures are halved first: a photo of twelve megapixels costs half a second, and its half is sharp enough.
const MOST_LONG: usize = 2600;
/// Sightings of a pass that are looked at: three finders a code, and some that are none. At full size a large code's
/// modules look like finders by the dozen.
const MOST_SEEN: usize = 24;
const MOST_SEEN_FINE: usize = 64;
/// How much a blurred picture's half is sharpened, and against pixels how far away.
const SHARPEN: i16 = 5;
const SHARPEN_REACH: usize = 2;
/// A code of 177 modules, drawn at a pixel a module with its margin, is no larger.
const MOST_ENLARGED: usize = 200;
/// Rows from one that is scanned to the next, at full size, at half, and at half when the second threshold looks for
/// what the first has missed. A finder that can be read at all is nine rows high at full size, by its middle alone.
const STEP: usize = 4;
const STEP_HALF: usize = 2;
const STEP_HALF_AGAIN: usize = 3;
/// Pixels of a finder's middle, across, from so many on; in a half and in smaller copies, where what is narrower shows
/// better in the copy that they were made of.
const LEAST_CORE: i32 = 2;
const LEAST_CORE_HALF: i32 = 3;
const LEAST_CORE_SMALL: i32 = 4;

/// Reads pictures, and remembers what helps with the next.
///
/// Live, a code's region is looked at first in the frame after the one that showed it, and only then: the second reading
/// of a code is cheap, and another code beside it is seen a frame later. Finders that made no code bring the next frame
/// every pass.
#[derive(Debug, Default)]
pub struct Reader {
    frame: usize,
    region: Option<Region>,
    saw_finders: bool,
    work: u64,
    hints: Hints,
}

impl Reader {
    /// A reader that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets what earlier pictures taught.
    pub fn reset(&mut self) {
        *self = Self::new();
    }

    /// What the last picture cost, in operations and not in time: pixels that were told dark from light, and modules
    /// that were sampled.
    #[must_use]
    pub fn work(&self) -> u64 {
        self.work
    }

    /// What the customer could do, where the last live pictures held no code that could be read and agree upon it.
    ///
    /// None after a reading, before three misses, and where nothing looks like a code in a hand.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        self.hints.said()
    }

    /// At most `max` codes of a picture, each once, in the order of their finding.
    pub fn read(&mut self, luma: &Luma<'_>, effort: Effort, max: usize) -> Vec<Found> {
        self.work = 0;
        if luma.short_side() < LEAST_SIDE || max == 0 {
            return Vec::new();
        }
        let mut found = match effort {
            Effort::Live => self.read_region(luma, max),
            Effort::Still => Vec::new(),
        };
        if found.is_empty() {
            found = self.read_all(luma, effort, max);
            self.region = Region::around(&found, luma);
        }
        if !found.is_empty() {
            self.hints = Hints::default();
        }
        found
    }

    /// The codes where the last frame had some. A region is used once.
    fn read_region(&mut self, luma: &Luma<'_>, max: usize) -> Vec<Found> {
        let Some((region, window)) = self
            .region
            .take()
            .and_then(|region| Some((region, region.of(luma)?)))
        else {
            return Vec::new();
        };
        let mut found = self.look(window, Passes::First, max, false);
        for corner in found.iter_mut().flat_map(|found| &mut found.corners) {
            *corner = *corner + region.origin();
        }
        found
    }

    fn read_all(&mut self, luma: &Luma<'_>, effort: Effort, max: usize) -> Vec<Found> {
        let mut small: Option<Grey> = None;
        let mut scale = 1.0;
        while small.as_ref().map_or(*luma, Grey::luma).long_side() > MOST_LONG {
            small = Some(halve(&small.as_ref().map_or(*luma, Grey::luma)));
            scale *= 2.0;
        }
        let frame = self.frame;
        self.frame = self.frame.wrapping_add(1);
        let passes = match effort {
            Effort::Still => Passes::All,
            Effort::Live if self.saw_finders || frame.is_multiple_of(2) => Passes::AllToFirst,
            Effort::Live => Passes::First,
        };
        let picture = small.as_ref().map_or(*luma, Grey::luma);
        let mut found = self.look(picture, passes, max, effort == Effort::Live);
        if found.is_empty() && effort == Effort::Still && luma.long_side() <= MOST_ENLARGED {
            found = self.look_enlarged(luma, max);
        }
        for corner in found.iter_mut().flat_map(|found| &mut found.corners) {
            *corner = corner.times(scale);
        }
        found
    }

    /// At a picture of which each pixel may be a module.
    fn look_enlarged(&mut self, luma: &Luma<'_>, max: usize) -> Vec<Found> {
        let large = enlarge(luma);
        let mut found = self.look(large.luma(), Passes::All, max, false);
        let margin = Point::new(MARGIN as f32, MARGIN as f32);
        for corner in found.iter_mut().flat_map(|found| &mut found.corners) {
            *corner = (*corner - margin).times(1.0 / TIMES as f32);
        }
        found
    }

    /// `counts`: a picture without a code is a miss. A region's is none, for the whole is looked at next.
    fn look(&mut self, picture: Luma<'_>, passes: Passes, max: usize, counts: bool) -> Vec<Found> {
        let mut search = Search::new(picture, max);
        let hints = counts.then_some(&mut self.hints);
        look(&mut search, picture, passes, hints);
        self.saw_finders = search.sees_finders();
        self.work += search.work();
        search.found
    }
}

/// Which passes a picture gets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Passes {
    /// Those of the first threshold; the others only where these have seen finders. Ends with the first code.
    First,
    /// All. Ends with the first code.
    AllToFirst,
    /// All, for as many codes as are asked for.
    All,
}

/// Coarse to fine with the first threshold; then, for what is left, half and full size with the second. A picture
/// without a code is a miss, for the hints.
fn look(search: &mut Search<'_>, picture: Luma<'_>, passes: Passes, hints: Option<&mut Hints>) {
    let levels = halves(&picture);
    let over = |search: &Search<'_>| {
        search.is_over() || (passes != Passes::All && !search.found.is_empty())
    };
    let copies = copies(picture, &levels);
    let mut blocks = Vec::with_capacity(copies.len());
    for copy in &copies {
        let measured = Blocks::of(&copy.luma);
        search.pass(copy, &measured.means());
        if over(search) {
            return;
        }
        blocks.push(measured);
    }
    if passes == Passes::First && !search.sees_finders() {
        if let Some(hints) = hints {
            hints.miss(&Miss::new(search.finders(), &copies, &blocks));
        }
        return;
    }
    let finest = copies.len().saturating_sub(2);
    for (copy, blocks) in copies.iter().zip(&blocks).skip(finest) {
        let mut copy = Copy {
            most: MOST_SEEN,
            ..*copy
        };
        if copy.scale > 1.0 {
            copy.step = STEP_HALF_AGAIN;
        }
        search.pass(&copy, &blocks.middles());
        if over(search) {
            return;
        }
    }
    // Blur closes a finder's light ring before it hides the modules: for that, the half is sharpened.
    if let Some(half) = levels.first() {
        let sharp = sharpen(&half.luma(), SHARPEN_REACH, SHARPEN);
        let copy = Copy {
            luma: sharp.luma(),
            scale: 2.0,
            step: STEP_HALF_AGAIN,
            least_core: LEAST_CORE_HALF,
            most: MOST_SEEN,
        };
        search.pass(&copy, &Blocks::of(&copy.luma).means());
    }
    if search.found.is_empty() {
        search.try_harder();
    }
    if search.found.is_empty() {
        search.complete();
    }
    if search.found.is_empty() {
        search.try_harder();
    }
    if let Some(hints) = hints.filter(|_| search.found.is_empty()) {
        hints.miss(&Miss::new(search.finders(), &copies, &blocks));
    }
}

/// The picture and its halves, the smallest first. Small copies are scanned row by row.
fn copies<'a>(picture: Luma<'a>, levels: &'a [Grey]) -> Vec<Copy<'a>> {
    let mut copies = vec![Copy {
        luma: picture,
        scale: 1.0,
        step: if levels.is_empty() { 1 } else { STEP },
        least_core: LEAST_CORE,
        most: MOST_SEEN_FINE,
    }];
    let mut scale = 1.0;
    for (at, level) in levels.iter().enumerate() {
        scale *= 2.0;
        copies.push(Copy {
            luma: level.luma(),
            scale,
            step: if at == 0 { STEP_HALF } else { 1 },
            least_core: if at == 0 {
                LEAST_CORE_HALF
            } else {
                LEAST_CORE_SMALL
            },
            most: MOST_SEEN,
        });
    }
    copies.reverse();
    copies
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::cell::Cell;

    use kaunter_scenes::{HOSTILE, hostile};

    use super::super::work::counted::DONE;
    use super::*;

    /// Steps that any picture may cost, whatever its size; each takes some three nanoseconds.
    const MOST: usize = 15_000_000;
    const SIZES: [(usize, usize); 4] = [(640, 480), (1280, 720), (1920, 1080), (2600, 1950)];

    fn spent(pixels: &[u8], width: usize, height: usize, effort: Effort) -> usize {
        let luma = Luma::new(pixels, width, height, width).unwrap();
        let mut reader = Reader::new();
        // The first live frame takes every pass; the second begins where the first had a code, or goes by its finders.
        let frames = (0..2).map(|_| {
            DONE.with(|done| done.set(0));
            reader.read(&luma, effort, 4);
            DONE.with(Cell::take)
        });
        frames.max().unwrap_or_default()
    }

    #[test]
    fn a_hostile_frame_is_bounded_in_its_steps() {
        let mut worst = Vec::new();
        for kind in HOSTILE {
            for (width, height) in SIZES {
                let pixels = hostile(kind, width, height, 1);
                let steps = spent(&pixels, width, height, Effort::Live);
                println!("{steps:>9} {width}x{height} {kind:?}");
                if steps > MOST {
                    worst.push((kind, width, steps));
                }
            }
        }
        assert!(worst.is_empty(), "unbounded: {worst:?}");
    }
}
