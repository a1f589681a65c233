//! What would help where nothing was read: a hint for the hand that holds the phone.
//!
//! Said from what a miss has measured anyway, its finders and the statistics of its blocks, and from the steps of a few
//! of these. It is a guess and decides nothing; where two things are wrong it names the one to put right first.

use super::search::Copy;
use crate::finders::order::order;
use crate::finders::triples::Finder;
use crate::picture::busy::Busy;
use crate::picture::luma::Luma;
use crate::picture::point::Point;
use crate::picture::threshold::{BLOCK, Blocks};

/// What a customer could do, so that the next frame is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hint {
    /// The code is too small in the picture.
    Closer,
    /// The code does not fit in the picture.
    Farther,
    /// A lamp is mirrored in the screen: tilt it.
    Glare,
    /// The screen, or the place, is too dark.
    Dark,
    /// The picture is blurred by a hand, or by a lens that still looks for its focus; or the code is there, and the
    /// next frames will tell.
    HoldStill,
}

/// The finest copy whose long side is no longer is measured: as a camera of 640 x 480 sees it.
const MOST_MEASURED: usize = 800;
/// Below this nearly all of a picture is black: a finger, or no light at all.
const BLACK: u8 = 40;
/// A code whose light parts are no lighter is a screen turned down.
const DIM: u8 = 90;
/// Of a picture of shelves, letters or noise more is full of edges.
const CROWDED: f32 = 0.55;
/// Of a code that is larger than the picture, with modules larger than blocks, so much is; and large modules make
/// finders of their own, but none that outgrows the picture.
const FILLED: f32 = 0.35;
/// Steps of blurred edges are flatter, as a part of the contrast. Drawn codes: 0.36 at most blurred, 0.8 at least sharp.
const BLURRED: f32 = 0.5;
/// Without so much contrast noise decides how steep a step is.
const LEAST_CLEAR: u8 = 40;
/// Blocks of the busy parts change by so many shades from frame to frame where a hand holds them; sensors' noise
/// changes them by a half.
const MOVES: f32 = 1.5;
/// A block is washed out where its darkest pixel is lighter than the first, and its lightest as light as can be.
const WASHED: (u8, u8) = (200, 250);
/// A mirrored lamp is a spot. Where more of a code's blocks are washed out, its own screen is too bright. One in so many.
const SPOT: usize = 2;
/// A block of so many modules to a side is never all light in a code that is not washed out.
const MODULES_OF_BLOCK: f32 = 3.0;
/// Pixels of a module that one frame in two can't do without.
const SMALL_MODULE: f32 = 2.2;
/// Pixels of a patch of edges in which no module is large enough, screen and all.
const SMALL_PATCH: f32 = 100.0;
/// Modules of the smallest code and its margin.
const LEAST_MODULES: f32 = 27.0;
/// A ring whose side runs along the leg to another finder: 1 - cos of the angle is smaller.
const ALONG: f32 = 0.12;

/// What a miss has seen.
pub(crate) struct Miss<'a> {
    finders: &'a [Finder],
    copies: &'a [Copy<'a>],
    blocks: &'a [Blocks],
}

impl<'a> Miss<'a> {
    /// Finders in the picture's pixels; the picture's copies, the smallest first, with the blocks of each.
    pub(crate) fn new(finders: &'a [Finder], copies: &'a [Copy<'a>], blocks: &'a [Blocks]) -> Self {
        Self {
            finders,
            copies,
            blocks,
        }
    }

    /// The copy that is measured.
    fn measured(&self) -> Option<(&Copy<'_>, &Blocks)> {
        let mut fine_first = self.copies.iter().zip(self.blocks).rev();
        fine_first.find(|(copy, _)| copy.luma.long_side() <= MOST_MEASURED)
    }

    /// What would help, where that can be said. `before`: the blocks' means in the last frame.
    fn hint(&self, copy: &Copy<'_>, blocks: &Blocks, before: &[u8]) -> Option<Hint> {
        if blocks.light() < BLACK {
            return Some(Hint::Dark);
        }
        let busy = Busy::of(&copy.luma, blocks)?;
        if busy.part > CROWDED {
            // Full of a dim picture's noise, which makes light pixels of its own, or of the shop.
            return (blocks.light().saturating_sub(busy.contrast / 4) < DIM).then_some(Hint::Dark);
        }
        let is_real = |finder: &&Finder| {
            let Point { x, y } = finder.center.times(copy.scale.recip());
            blocks.range_near(x, y, finder.module * 3.0 / copy.scale) > busy.contrast / 2
        };
        let finders: Vec<&Finder> = self.finders.iter().filter(is_real).collect();
        // What never stirs is in no hand: it is the shop's.
        if busy.change(blocks, before) < MOVES {
            return None;
        }
        if busy.light < DIM {
            return Some(Hint::Dark);
        }
        let picture = self.copies.last()?.luma;
        let short = copy.luma.short_side();
        let fills = busy.part > FILLED && (finders.len() < 3 || busy.side > short);
        if !finders.is_empty() && (fills || is_cut_off(&picture, &finders)) {
            return Some(Hint::Farther);
        }
        if busy.contrast >= LEAST_CLEAR && busy.steepness < BLURRED {
            return Some(Hint::HoldStill);
        }
        let module = median_module(&finders);
        if finders.len() > 1 && self.is_washed_out(&finders, module?, busy.light / 2) {
            return Some(Hint::Glare);
        }
        let patch = busy.side as f32 * copy.scale;
        match (module, finders.len()) {
            (Some(module), _) if module < SMALL_MODULE => Some(Hint::Closer),
            (_, 2..) => Some(Hint::HoldStill),
            (_, 0 | 1) => (patch > 0.0 && patch < SMALL_PATCH).then_some(Hint::Closer),
        }
    }

    /// Whether a spot of the code of these finders is washed out, in a copy whose blocks are some modules wide. What is
    /// busy straddles the level.
    fn is_washed_out(&self, finders: &[&Finder], module: f32, level: u8) -> bool {
        let small = |copy: &Copy<'_>| module / copy.scale * MODULES_OF_BLOCK <= BLOCK as f32;
        let mut fine_first = self.copies.iter().zip(self.blocks).rev();
        let Some((copy, blocks)) = fine_first.find(|(copy, _)| small(copy)) else {
            return false;
        };
        let busy = |ends| {
            let lit = blocks.washed(ends, (0, level)).0;
            lit - blocks.washed(ends, (level, level)).0
        };
        // Where a lamp hides the third finder, the code is to the busier hand of the other two.
        let way = across(finders).unwrap_or(Point::new(0.0, 0.0));
        let hands = [way, way.times(-1.0)].map(|way| ends(finders, way, copy.scale));
        let [left, right] = hands.map(busy);
        let (washed, all) = blocks.washed(hands[usize::from(right > left)], WASHED);
        washed > 0 && washed * SPOT <= all
    }
}

/// Whether a code leaves the picture: its modules are so large, or two finders are a side of it and a third has no room
/// to either hand.
fn is_cut_off(picture: &Luma<'_>, finders: &[&Finder]) -> bool {
    let largest = finders
        .iter()
        .fold(0.0, |most, finder| finder.module.max(most));
    if largest * LEAST_MODULES > picture.short_side() as f32 {
        return true;
    }
    let has_room = |way: Point| {
        let mut finders = finders.iter();
        finders.all(|finder| picture.holds(finder.center + way, -finder.module))
    };
    across(finders).is_some_and(|way| !has_room(way) && !has_room(way.times(-1.0)))
}

/// The way across a side of a code, and as long, where two finders are one.
#[inline(never)] // once in the module, for its size
fn across(finders: &[&Finder]) -> Option<Point> {
    let [first, second] = finders else {
        return None;
    };
    let leg = second.center - first.center;
    let direction = leg.times(leg.length().max(1.0).recip());
    let slant = first.slant(direction).max(second.slant(direction));
    (slant <= ALONG).then(|| Point::new(-leg.y, leg.x))
}

/// Left, top, right and bottom of these finders and of their places that far away, in a copy of this scale.
#[inline(never)] // once in the module, for its size
fn ends(finders: &[&Finder], way: Point, scale: f32) -> [f32; 4] {
    let start = [f32::MAX, f32::MAX, 0.0, 0.0];
    let ends = finders.iter().fold(start, |ends, finder| {
        let (at, reach) = (finder.center, finder.module * 3.0);
        let to = at + way;
        [
            ends[0].min(at.x.min(to.x) - reach),
            ends[1].min(at.y.min(to.y) - reach),
            ends[2].max(at.x.max(to.x) + reach),
            ends[3].max(at.y.max(to.y) + reach),
        ]
    });
    ends.map(|end| end / scale)
}

/// Pixels of a module, by the finders that are neither the largest nor the smallest.
fn median_module(finders: &[&Finder]) -> Option<f32> {
    let places = order(finders.iter().map(|finder| finder.module));
    let middle = places.get(places.len() / 2)?;
    Some(finders[*middle].module)
}

/// Misses that must agree before their hint is said: nobody can follow what changes thirty times a second.
const AGREED: u8 = 3;
/// Misses that are remembered.
const MOST_AGREED: u8 = 5;

/// What the last misses agree upon.
#[derive(Debug, Default)]
pub(crate) struct Hints {
    hint: Option<Hint>,
    times: u8,
    /// The means of the last miss's blocks.
    before: Vec<u8>,
}

impl Hints {
    /// A frame in which nothing was read.
    pub(crate) fn miss(&mut self, miss: &Miss<'_>) {
        let Some((copy, blocks)) = miss.measured() else {
            return;
        };
        let hint = miss.hint(copy, blocks, &self.before);
        self.before.clear();
        self.before.extend_from_slice(blocks.each_mean());
        self.count(hint);
    }

    fn count(&mut self, hint: Option<Hint>) {
        if hint == self.hint {
            self.times = (self.times + 1).min(MOST_AGREED);
        } else if self.times > 1 {
            self.times -= 1;
        } else {
            (self.hint, self.times) = (hint, 1);
        }
    }

    /// What the last misses agree upon, where they do.
    pub(crate) fn said(&self) -> Option<Hint> {
        self.hint.filter(|_| self.times >= AGREED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_is_said_when_misses_agree_and_outlives_one_that_does_not() {
        let mut hints = Hints::default();
        for _ in 0..2 {
            hints.count(Some(Hint::Closer));
            assert_eq!(hints.said(), None);
        }
        for hint in [Some(Hint::Closer), Some(Hint::Closer), None] {
            hints.count(hint);
            assert_eq!(hints.said(), Some(Hint::Closer));
        }
        for _ in 0..6 {
            hints.count(None);
        }
        assert_eq!(hints.said(), None);
    }
}
