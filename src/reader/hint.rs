//! Hints: what the person who holds the phone could do, when no code is read.
//!
//! A hint comes from figures that a miss has computed anyway: its finders and its block statistics.
//! It is a guess and decides nothing. If two things are wrong, it names the one to put right first.

use crate::finders::order::order;
use crate::finders::triples::Finder;
use crate::picture::busy::Busy;
use crate::picture::level::Level;
use crate::picture::luma::Luma;
use crate::picture::point::Point;
use crate::picture::threshold::{BLOCK, Blocks};

/// What a customer could do, so that one of the next frames is read.
///
/// Ask [`Reader::hint`](crate::Reader::hint) after each live frame. It answers once three frames agree.
///
/// ```
/// use kaunter_reader::{Effort, Hint, Luma, Reader};
///
/// // A lens cap: every frame is black.
/// let (width, height) = (640, 480);
/// let black = vec![12; width * height];
/// let luma = Luma::new(&black, width, height, width)?;
///
/// let mut reader = Reader::new();
/// for frame in 1..=3 {
///     assert!(reader.read(&luma, Effort::Live, 1).is_empty());
///     let expected = if frame < 3 { None } else { Some(Hint::Dark) };
///     assert_eq!(reader.hint(), expected);
/// }
///
/// // A reset, as at the start of the next scan, forgets the hint.
/// reader.reset();
/// assert_eq!(reader.hint(), None);
/// # Ok::<(), kaunter_reader::LumaError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hint {
    /// The code is too small in the picture: hold the phone closer.
    Closer,
    /// The code does not fit into the picture: hold the phone farther away.
    Farther,
    /// A lamp is reflected by the screen: tilt the phone.
    Glare,
    /// The screen, or the place, is too dark.
    Dark,
    /// The picture is blurred, by a hand or by a lens that is still focusing; or a code is there and may be read soon.
    HoldStill,
}

// The numbers below were chosen on the spoilt scenes of src/reader/tests/hints.rs, unless they say otherwise.

/// The longest side of the level that is measured, in pixels: about what a camera of 640 x 480 gives.
///
/// Larger: noise looks like texture. Smaller: small codes have no block of their own.
const MAX_MEASURED: usize = 800;
/// The brightness below which nearly all of a picture is black: a finger on the lens, or no light at all.
///
/// Larger: dim pictures of a counter get a hint. Smaller: a finger that lets some light through gets no hint.
const BLACK: u8 = 40;
/// The brightness below which the light modules of a code are those of a screen that is turned down.
///
/// Larger: dark mode gets the hint too. Smaller: screens that are too dark get another hint.
const DIM: u8 = 90;
/// The part of blocks with edges above which a picture shows shelves, text or noise.
///
/// Larger: a shop's background gets a hint. Smaller: near codes get no hint.
const CROWDED: f32 = 0.55;
/// In a crowded picture, the part of the contrast (a quarter) that counts as noise and is taken off its brightness.
const NOISE_OF_CONTRAST: u8 = 4;
/// The part of blocks with edges from which a code may be larger than the picture.
///
/// Modules that are larger than a block leave blocks without an edge. Larger: near codes get no hint.
/// Smaller: codes that fit get it.
const FILLED: f32 = 0.35;
/// The steepness of edges below which a picture is blurred, as a part of the contrast.
///
/// Measured on drawn codes: blurred ones have 0.36 at most, sharp ones 0.8 at least.
const BLURRED: f32 = 0.5;
/// The least contrast at which steepness means anything. Below it, noise decides how steep an edge is.
const MIN_CLEAR: u8 = 40;
/// The change of busy blocks from frame to frame, in shades, above which a hand holds them.
///
/// Measured: sensor noise changes them by a half. Larger: steady hands get no hint. Smaller: posters get one.
const MOVES: f32 = 1.5;
/// A block is washed out if its darkest pixel reaches the first shade, and its lightest pixel the second.
const WASHED_OUT: (u8, u8) = (200, 250);
/// A reflection washes out at most half of a code's blocks. If more are, the screen itself is too bright.
const REFLECTION_OF: usize = 2;
/// Modules along the side of a block that is never all light, unless it is washed out.
const MODULES_OF_BLOCK: f32 = 3.0;
/// Pixels of a module below which only some frames are read.
///
/// Larger: readable codes get the hint. Smaller: codes that are rarely read get no hint.
const SMALL_MODULE: f32 = 2.2;
/// Pixels of a patch of edges, including the screen around the code, below which no module is large enough.
const SMALL_PATCH: f32 = 100.0;
/// Modules of the smallest code (21) and some of its margin.
const MIN_MODULES: f32 = 27.0;
/// The largest slant of two rings against the leg between them, as [`Finder::slant`], for the leg to be a code's side.
const MAX_SLANT: f32 = 0.12;
/// Modules from a finder's middle to its ring's mid-line: around it there is contrast if the finder is real.
const RING: f32 = 3.0;
/// A finder is real if its surroundings have more than this part of the picture's contrast (a half).
const REAL_OF_CONTRAST: u8 = 2;
/// A code's threshold between dark and light, as a part of the brightness of its light modules (a half).
const DARK_OF_LIGHT: u8 = 2;
/// Frames that must agree before a hint is given. Nobody can follow advice that changes thirty times a second.
const AGREED: u8 = 3;
/// Agreeing frames that are counted. Larger: an outdated hint stays longer.
const MAX_AGREED: u8 = 5;

/// The figures of a frame in which no code was read.
pub(crate) struct Miss<'a> {
    finders: &'a [Finder],
    levels: &'a [Level<'a>],
    blocks: &'a [Blocks],
}

impl<'a> Miss<'a> {
    /// Finders in the picture's pixels, and its levels, the smallest first, with the block statistics of each.
    pub(crate) fn new(
        finders: &'a [Finder],
        levels: &'a [Level<'a>],
        blocks: &'a [Blocks],
    ) -> Self {
        Self {
            finders,
            levels,
            blocks,
        }
    }

    /// The finest level that is not too large to be measured.
    fn measured(&self) -> Option<(&Level<'_>, &Blocks)> {
        let mut fine_first = self.levels.iter().zip(self.blocks).rev();
        fine_first.find(|(level, _)| level.luma.long_side() <= MAX_MEASURED)
    }

    /// What would help, if that can be told. `before` has the means of the last frame's blocks.
    fn hint(&self, level: &Level<'_>, blocks: &Blocks, before: &[u8]) -> Option<Hint> {
        if blocks.light() < BLACK {
            return Some(Hint::Dark);
        }
        let busy = Busy::of(&level.luma, blocks)?;
        if busy.part > CROWDED {
            // Either the noise of a dim picture, whose light pixels are noise too, or the shop's background.
            let light = blocks
                .light()
                .saturating_sub(busy.contrast / NOISE_OF_CONTRAST);
            return (light < DIM).then_some(Hint::Dark);
        }
        let is_real = |finder: &&Finder| {
            let Point { x, y } = finder.center.times(level.scale.recip());
            let range = blocks.range_near(x, y, finder.module * RING / level.scale);
            range > busy.contrast / REAL_OF_CONTRAST
        };
        let finders: Vec<&Finder> = self.finders.iter().filter(is_real).collect();
        // Something that never moves is not in a hand: it belongs to the shop.
        if busy.change(blocks, before) < MOVES {
            return None;
        }
        if busy.light < DIM {
            return Some(Hint::Dark);
        }
        let picture = self.levels.last()?.luma;
        let short = level.luma.short_side();
        let fills = busy.part > FILLED && (finders.len() < 3 || busy.side > short);
        if !finders.is_empty() && (fills || is_cut_off(&picture, &finders)) {
            return Some(Hint::Farther);
        }
        if busy.contrast >= MIN_CLEAR && busy.steepness < BLURRED {
            return Some(Hint::HoldStill);
        }
        let module = median_module(&finders);
        if finders.len() > 1 && self.is_washed_out(&finders, module?, busy.light / DARK_OF_LIGHT) {
            return Some(Hint::Glare);
        }
        let patch = busy.side as f32 * level.scale;
        match (module, finders.len()) {
            (Some(module), _) if module < SMALL_MODULE => Some(Hint::Closer),
            (_, 2..) => Some(Hint::HoldStill),
            (_, 0 | 1) => (patch > 0.0 && patch < SMALL_PATCH).then_some(Hint::Closer),
        }
    }

    /// Whether a reflection washes out a part of these finders' code. `threshold` separates its dark from its light.
    ///
    /// It looks at a level whose blocks are some modules wide, so that each block of a code has dark and light pixels.
    fn is_washed_out(&self, finders: &[&Finder], module: f32, threshold: u8) -> bool {
        let small = |level: &Level<'_>| module / level.scale * MODULES_OF_BLOCK <= BLOCK as f32;
        let mut fine_first = self.levels.iter().zip(self.blocks).rev();
        let Some((level, blocks)) = fine_first.find(|(level, _)| small(level)) else {
            return false;
        };
        // Blocks with pixels on both sides of the threshold.
        let mixed = |ends| {
            let lit = blocks.count_lit(ends, (0, threshold)).0;
            lit - blocks.count_lit(ends, (threshold, threshold)).0
        };
        // If a lamp hides the third finder, the code lies on the side of the other two that has more edges.
        let across = across(finders).unwrap_or(Point::new(0.0, 0.0));
        let sides = [across, across.times(-1.0)].map(|by| ends(finders, by, level.scale));
        let [one, other] = sides.map(mixed);
        let (washed, all) = blocks.count_lit(sides[usize::from(other > one)], WASHED_OUT);
        washed > 0 && washed * REFLECTION_OF <= all
    }
}

/// Whether a code reaches beyond the picture.
///
/// Either its modules are so large, or two finders form a side of it and there is no room for the third on either side.
fn is_cut_off(picture: &Luma<'_>, finders: &[&Finder]) -> bool {
    let largest = finders
        .iter()
        .fold(0.0, |largest, finder| finder.module.max(largest));
    if largest * MIN_MODULES > picture.short_side() as f32 {
        return true;
    }
    let has_room = |by: Point| {
        let mut finders = finders.iter();
        finders.all(|finder| picture.holds(finder.center + by, -finder.module))
    };
    across(finders).is_some_and(|by| !has_room(by) && !has_room(by.times(-1.0)))
}

/// The vector across a code from one side to the opposite one, if exactly two finders form a side.
#[inline(never)] // once in the module, for its size
fn across(finders: &[&Finder]) -> Option<Point> {
    let [first, second] = finders else {
        return None;
    };
    let leg = second.center - first.center;
    let direction = leg.times(leg.length().max(1.0).recip());
    let slant = first.slant(direction).max(second.slant(direction));
    (slant <= MAX_SLANT).then(|| Point::new(-leg.y, leg.x))
}

/// The bounding box (left, top, right, bottom) of these finders and of the same moved by `by`, in pixels of a level.
#[inline(never)] // once in the module, for its size
fn ends(finders: &[&Finder], by: Point, scale: f32) -> [f32; 4] {
    let start = [f32::MAX, f32::MAX, 0.0, 0.0];
    let ends = finders.iter().fold(start, |ends, finder| {
        let (at, reach) = (finder.center, finder.module * RING);
        let to = at + by;
        [
            ends[0].min(at.x.min(to.x) - reach),
            ends[1].min(at.y.min(to.y) - reach),
            ends[2].max(at.x.max(to.x) + reach),
            ends[3].max(at.y.max(to.y) + reach),
        ]
    });
    ends.map(|end| end / scale)
}

/// The median of the finders' module sizes, in pixels.
fn median_module(finders: &[&Finder]) -> Option<f32> {
    let places = order(finders.iter().map(|finder| finder.module));
    let middle = places.get(places.len() / 2)?;
    Some(finders[*middle].module)
}

/// The hint on which the last misses agree.
#[derive(Debug, Default)]
pub(crate) struct Hints {
    hint: Option<Hint>,
    times: u8,
    /// The means of the last miss's blocks.
    before: Vec<u8>,
}

impl Hints {
    /// Counts a frame in which no code was read.
    pub(crate) fn miss(&mut self, miss: &Miss<'_>) {
        let Some((level, blocks)) = miss.measured() else {
            return;
        };
        let hint = miss.hint(level, blocks, &self.before);
        self.before.clear();
        self.before.extend_from_slice(blocks.means());
        self.count(hint);
    }

    /// Counts one more frame with this hint. Another hint takes over only when the old one's count has run down.
    fn count(&mut self, hint: Option<Hint>) {
        if hint == self.hint {
            self.times = (self.times + 1).min(MAX_AGREED);
        } else if self.times > 1 {
            self.times -= 1;
        } else {
            (self.hint, self.times) = (hint, 1);
        }
    }

    /// The hint, if enough misses agree.
    pub(crate) fn agreed(&self) -> Option<Hint> {
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
            assert_eq!(hints.agreed(), None);
        }
        for hint in [Some(Hint::Closer), Some(Hint::Closer), None] {
            hints.count(hint);
            assert_eq!(hints.agreed(), Some(Hint::Closer));
        }
        for _ in 0..6 {
            hints.count(None);
        }
        assert_eq!(hints.agreed(), None);
    }
}
