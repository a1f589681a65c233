//! Reads pictures one after another: plans the passes of each one, and remembers what helps with the next.

use crate::found::Found;
use crate::hint::{Hint, Hints, Miss};
use crate::picture::bits::Bits;
use crate::picture::level::Level;
use crate::picture::luma::Luma;
use crate::picture::point::Point;
use crate::picture::polarity::Polarity;
use crate::picture::pyramid::{ENLARGE_BY, ENLARGE_MARGIN, Grey, enlarge, halve, halves, sharpen};
use crate::picture::stretch::{Axis, stretch};
use crate::picture::threshold::Blocks;
use crate::region::Region;
use crate::search::{FINDERS, Search};
use crate::sum::Sums;

/// How much work a picture is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// One camera frame of many, with little work.
    ///
    /// The first frame gets every pass. After that, every second frame gets the expensive ones, or each frame after one
    /// with unread finders.
    Live,
    /// The only picture of its code, for example a photo: every pass.
    Still,
}

/// The shortest side of a picture that can hold a code, in pixels: version 1 has 21 modules.
const MIN_SIDE: usize = 21;
/// The longest side that a live frame is read at, in pixels, and that of a square still picture. Others have its area.
/// A larger picture is halved first.
///
/// Larger: a photo of twelve megapixels takes half a second. Smaller: small codes in large photos are lost.
const MAX_LONG: usize = 2600;
/// A still picture whose long side is more than this many short ones is cut into windows of that length.
///
/// They overlap by one short side, and no code is wider. So each code is whole in a window.
/// Larger: long pictures share the bounds of one. Smaller: more of the picture is searched twice.
const WINDOW: usize = 4;
/// Finder candidates of a pass whose rings are measured: at full size, and on all smaller levels.
///
/// A code has three; at full size a large code's data modules add dozens.
/// Larger: more time on textured pictures. Smaller: a code's own finders are left out.
const MAX_CANDIDATES_FULL: usize = 64;
const MAX_CANDIDATES: usize = 24;
/// How many times these bounds, and those of the scan and the pool, a still picture may use.
///
/// With it, the 180 finders of 60 codes are kept. Larger: more time on textured photos. Smaller: fewer codes in one photo.
const MANY: usize = 8;
/// Sharpening: a quarter of this times the difference to pixels that are `SHARPEN_REACH` away at full size.
///
/// Chosen on the till set. Larger: noise makes finders. Smaller: defocus closes the finders' light rings.
const SHARPEN: i16 = 5;
const SHARPEN_REACH: usize = 4;
/// The largest reach by which gaps are closed, in pixels: on the smallest level, and on others.
///
/// Between dots of 0.6 modules fit squares of 0.58 modules, and into a finder's light ring those of a module.
/// So a square of 2 reach + 1 pixels closes the gaps of modules of 1 to 1.7 times its side, and that of the next reach,
/// or of the next level, those of larger ones. Larger: more time. Smaller: large modules keep their gaps.
const MOST_CLOSED: usize = 4;
const CLOSED: usize = 2;
/// Of so many live frames, one is searched with its gaps closed. The first frame is.
///
/// Larger: a code all of dots waits longer, 0.13 s at most with 30 frames a second. Smaller: more time.
const GAPS_EVERY: usize = 4;
/// The longest side of a picture that is enlarged if nothing else reads it, in pixels.
///
/// The largest code, of 177 modules with its margin, is no larger when it is drawn at a pixel a module.
const MAX_ENLARGED: usize = 200;
/// Rows from one scanned row to the next: at full size, at half size, and in the second round.
///
/// The core of the smallest readable finder is nine rows high at full size.
/// Larger: finders are missed. Smaller: more time.
const STEP_FULL: usize = 4;
const STEP_HALF: usize = 2;
const STEP_AGAIN: usize = 3;
/// The narrowest finder core in pixels: at full size, at half size, and on smaller levels.
///
/// Narrower ones are easier to see on the level above. Larger: small codes are lost. Smaller: texture costs time.
const MIN_CORE_FULL: i32 = 2;
const MIN_CORE_HALF: i32 = 3;
const MIN_CORE_SMALL: i32 = 4;
/// Codes of earlier live frames that do not end the search of a frame.
///
/// A counter shows a handful. Larger: nothing is gained. Smaller: of many stickers, one hides the customer's code.
const MAX_KNOWN: usize = 8;
/// Levels that get the mid-range threshold too: full and half size. Codes on smaller levels need no second threshold.
const MIDRANGE_LEVELS: usize = 2;

/// Reads pictures, and remembers what helps with the next one.
///
/// A live reader searches the region of the last frame's code first, so that a second reading is cheap.
/// It does so once: if a code is read there, the frame after that is searched as a whole, for other codes.
/// Then it goes on behind a code that an earlier frame had: a shop's large sticker does not hide a phone.
///
/// ```
/// use kaunter_reader::{Effort, Luma, Reader};
///
/// // A camera frame: a code of 4 pixels a module on light ground, with its corner at (200, 100).
/// let (width, height) = (640, 480);
/// let mut pixels = vec![230; width * height];
/// let code = qrcode::QrCode::new("TNG-7Q2M")?;
/// for (at, color) in code.to_colors().into_iter().enumerate() {
///     let (left, top) = (200 + at % code.width() * 4, 100 + at / code.width() * 4);
///     for row in pixels.chunks_mut(width).skip(top).take(4) {
///         row[left..left + 4].fill(if color == qrcode::Color::Dark { 30 } else { 230 });
///     }
/// }
///
/// let luma = Luma::new(&pixels, width, height, width)?;
/// let mut reader = Reader::new();
/// let codes = reader.read(&luma, Effort::Live, 1);
/// assert_eq!(codes[0].text, "TNG-7Q2M");
/// assert!((codes[0].corners[0].x - 200.0).abs() < 2.0);
///
/// // The next frame is searched near that code first, for less than half of the work.
/// let whole = reader.work();
/// assert_eq!(reader.read(&luma, Effort::Live, 1).len(), 1);
/// assert!(reader.work() * 2 < whole);
///
/// // The next scan knows nothing of this one.
/// reader.reset();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct Reader {
    frame: usize,
    region: Option<Region>,
    saw_finders: bool,
    /// The axis along which the last picture shows codes too narrow.
    narrow: Option<Axis>,
    work: u64,
    hints: Hints,
    sums: Sums,
    /// The codes of earlier live frames. They do not end the search: another code may be beside them.
    known: Vec<Vec<u8>>,
}

impl Reader {
    /// A reader that has seen no picture.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets all earlier pictures.
    pub fn reset(&mut self) {
        *self = Self::new();
    }

    /// The cost of the last picture in operations: pixels that were binarised, plus modules that were sampled.
    #[must_use]
    pub fn work(&self) -> u64 {
        self.work
    }

    /// What the customer could do, if the last live frames agree on it. See [`Hint`].
    ///
    /// `None` after a reading, before three frames without one, and where nothing looks like a code in a hand.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        self.hints.agreed()
    }

    /// Reads at most `max` codes in the order in which they are found. Equal codes at two places are two.
    ///
    /// The same reader, with the same pictures in the same order, gives the same codes on every machine.
    pub fn read(&mut self, luma: &Luma<'_>, effort: Effort, max: usize) -> Vec<Found> {
        self.work = 0;
        if luma.short_side() < MIN_SIDE || max == 0 {
            return Vec::new();
        }
        let mut found = match effort {
            Effort::Live => self.read_region(luma, max),
            Effort::Still => Vec::new(),
        };
        if found.is_empty() {
            found = self.read_whole(luma, effort, max);
            self.region = Region::around(&found, luma);
        }
        if !found.is_empty() {
            self.hints = Hints::default();
        }
        if effort == Effort::Live {
            for code in &found {
                if self.known.len() < MAX_KNOWN && !self.known.contains(&code.bytes) {
                    self.known.push(code.bytes.clone());
                }
            }
        }
        found
    }

    /// Reads the region of the last frame's codes, if it had any. A region is used once.
    fn read_region(&mut self, luma: &Luma<'_>, max: usize) -> Vec<Found> {
        let Some((region, window)) = self
            .region
            .take()
            .and_then(|region| Some((region, region.of(luma)?)))
        else {
            return Vec::new();
        };
        let mut found = self.search(window, Passes::First, Vec::new(), max, Misses::Ignored);
        move_all(&mut found, region.origin());
        found
    }

    /// Reads the whole picture.
    fn read_whole(&mut self, luma: &Luma<'_>, effort: Effort, max: usize) -> Vec<Found> {
        let mut small: Option<Grey> = None;
        let mut scale = 1.0;
        let mut picture = *luma;
        while is_too_large(&picture, effort) {
            let half = halve(&picture);
            // A long and narrow picture may have no room for a code then.
            if half.luma().short_side() < MIN_SIDE {
                return Vec::new();
            }
            picture = small.insert(half).luma();
            scale *= 2.0;
        }
        let frame = self.frame;
        self.frame = self.frame.wrapping_add(1);
        let passes = match effort {
            Effort::Still => Passes::All,
            Effort::Live if frame.is_multiple_of(GAPS_EVERY) => Passes::AllToFirstOfDots,
            Effort::Live if self.saw_finders || frame.is_multiple_of(2) => Passes::AllToFirst,
            Effort::Live => Passes::First,
        };
        let misses = match effort {
            Effort::Live => Misses::Counted,
            Effort::Still => Misses::Ignored,
        };
        let mut found = match effort {
            Effort::Live => self.search(picture, passes, Vec::new(), max, misses),
            Effort::Still => self.read_windows(&picture, max),
        };
        if found.is_empty()
            && effort == Effort::Still
            && let Some(axis) = self.narrow
        {
            found = self.read_stretched(&picture, axis, max);
        }
        if found.is_empty() && effort == Effort::Still && luma.long_side() <= MAX_ENLARGED {
            found = self.read_enlarged(luma, max);
        }
        for corner in found.iter_mut().flat_map(|found| &mut found.corners) {
            *corner = corner.times(scale);
        }
        found
    }

    /// Reads a still picture window by window. A code in two windows is read once.
    fn read_windows(&mut self, picture: &Luma<'_>, max: usize) -> Vec<Found> {
        let mut found = Vec::new();
        for (left, top, width, height) in windows(picture) {
            if found.len() >= max {
                break;
            }
            let Some(window) = picture.window(left, top, width, height) else {
                continue;
            };
            let origin = Point::new(left as f32, top as f32);
            move_all(&mut found, Point::new(0.0, 0.0) - origin);
            found = self.search(window, Passes::All, found, max, Misses::Ignored);
            move_all(&mut found, origin);
        }
        found
    }

    /// Reads a picture of a code that is seen from the side.
    fn read_stretched(&mut self, luma: &Luma<'_>, axis: Axis, max: usize) -> Vec<Found> {
        let mut large = stretch(luma, axis);
        let mut scale = 1.0;
        while large.luma().long_side() > MAX_LONG {
            large = halve(&large.luma());
            scale *= 2.0;
        }
        let passes = Passes::AllOfFinders;
        let mut found = self.search(large.luma(), passes, Vec::new(), max, Misses::Ignored);
        let (across, down) = axis.factors();
        for corner in found.iter_mut().flat_map(|found| &mut found.corners) {
            *corner = Point::new(
                corner.x * scale / across as f32,
                corner.y * scale / down as f32,
            );
        }
        found
    }

    /// Reads a small picture enlarged: a module may be a single pixel of it.
    fn read_enlarged(&mut self, luma: &Luma<'_>, max: usize) -> Vec<Found> {
        let large = enlarge(luma);
        let mut found = self.search(large.luma(), Passes::All, Vec::new(), max, Misses::Ignored);
        let margin = Point::new(ENLARGE_MARGIN as f32, ENLARGE_MARGIN as f32);
        for corner in found.iter_mut().flat_map(|found| &mut found.corners) {
            *corner = (*corner - margin).times(1.0 / ENLARGE_BY as f32);
        }
        found
    }

    /// Runs the passes over a picture, and keeps what they tell about the next one. Codes that are known are skipped.
    fn search(
        &mut self,
        picture: Luma<'_>,
        passes: Passes,
        known: Vec<Found>,
        max: usize,
        misses: Misses,
    ) -> Vec<Found> {
        let many = if passes.are_all() && max > 1 { MANY } else { 1 };
        let mut search = Search::new(picture, max, many);
        search.found = known;
        if passes.are_all() {
            search.allow_bent();
        }
        let hints = match misses {
            Misses::Counted => Some(&mut self.hints),
            Misses::Ignored => None,
        };
        let known = match (passes, misses) {
            (Passes::All | Passes::AllOfFinders, _) | (_, Misses::Ignored) => &[],
            _ => &*self.known,
        };
        run_passes(&mut search, picture, passes, known, hints);
        if misses == Misses::Counted && search.found.is_empty() {
            search.read_sums(&mut self.sums);
        }
        self.saw_finders = search.sees_finders();
        self.narrow = search.narrow();
        self.work += search.work();
        search.found
    }
}

/// Whether a picture is halved before it is read.
fn is_too_large(picture: &Luma<'_>, effort: Effort) -> bool {
    match effort {
        Effort::Live => picture.long_side() > MAX_LONG,
        Effort::Still => picture.width() * picture.height() > MAX_LONG * MAX_LONG,
    }
}

/// Left, top, width and height of each part of a picture that is searched by itself: most pictures are one part.
fn windows(picture: &Luma<'_>) -> impl Iterator<Item = (usize, usize, usize, usize)> + use<> {
    let (width, height) = (picture.width(), picture.height());
    let (short, long) = (picture.short_side(), picture.long_side());
    let (most, step) = if long > MAX_LONG {
        (WINDOW * short, (WINDOW - 1) * short)
    } else {
        (long, long)
    };
    // The last window begins where the one before it leaves a rest.
    let begins = (0..long.saturating_sub(short).max(1)).step_by(step);
    begins.map(move |at| {
        let length = most.min(long - at);
        if width > height {
            (at, 0, length, height)
        } else {
            (0, at, width, length)
        }
    })
}

/// Moves the corners of codes.
fn move_all(found: &mut [Found], by: Point) {
    for corner in found.iter_mut().flat_map(|found| &mut found.corners) {
        *corner = *corner + by;
    }
}

/// Which passes a picture gets. A code that an earlier frame had does not end them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Passes {
    /// Those with the mean threshold. If they show finders without a code, the others too. Ends with the first code.
    First,
    /// All but the closing of gaps. Ends with the first code.
    AllToFirst,
    /// All. Ends with the first code.
    AllToFirstOfDots,
    /// All, until as many codes are found as are asked for.
    All,
    /// The same for a stretched picture. It ends after those with the mean threshold if they do not show three finders.
    AllOfFinders,
}

impl Passes {
    /// Whether the search goes on behind the first code.
    fn are_all(self) -> bool {
        matches!(self, Self::All | Self::AllOfFinders)
    }
}

/// Whether a picture without a code counts for the hints. A region's does not: the whole picture is searched next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Misses {
    Counted,
    Ignored,
}

/// Runs the passes in their order, and tells `hints` if the picture has no code.
///
/// First all levels from the smallest to full size, with the mean threshold. Then half and full size with the mid-range
/// threshold, then the half sharpened. At last the searches that cost most: deblurring, and missing finders.
fn run_passes(
    search: &mut Search<'_>,
    picture: Luma<'_>,
    passes: Passes,
    known: &[Vec<u8>],
    hints: Option<&mut Hints>,
) {
    let smaller = halves(&picture);
    let has_news = |search: &Search<'_>| {
        let mut found = search.found.iter();
        found.any(|found| !known.contains(&found.bytes))
    };
    let is_over = |search: &Search<'_>| search.is_over() || (!passes.are_all() && has_news(search));
    let levels = levels(picture, &smaller);
    let mut blocks = Vec::with_capacity(levels.len());
    for level in &levels {
        let measured = Blocks::of(&level.luma);
        search.pass(level, &measured.mean_thresholds());
        if is_over(search) {
            return;
        }
        blocks.push(measured);
    }
    let [is_texture, ..] = search.sees_texture();
    let is_hopeless = match passes {
        Passes::First => !search.sees_finders(),
        Passes::AllOfFinders => search.found.is_empty() && search.finders().len() < FINDERS,
        Passes::AllToFirst | Passes::AllToFirstOfDots | Passes::All => false,
    };
    if !is_texture && !is_hopeless {
        run_later_passes(search, passes, &levels, &smaller, &blocks, &is_over);
    }
    if let Some(hints) = hints.filter(|_| search.found.is_empty()) {
        hints.miss(&Miss::new(search.finders(), &levels, &blocks));
    }
}

/// Runs those that follow the first passes over all levels.
fn run_later_passes(
    search: &mut Search<'_>,
    passes: Passes,
    levels: &[Level<'_>],
    smaller: &[Grey],
    blocks: &[Blocks],
    is_over: &dyn Fn(&Search<'_>) -> bool,
) {
    let Some(full) = levels.last() else {
        return;
    };
    let picture = full.luma;
    let finest = levels.len().saturating_sub(MIDRANGE_LEVELS);
    for (level, blocks) in levels.iter().zip(blocks).skip(finest) {
        let mut level = Level {
            max_candidates: MAX_CANDIDATES,
            ..*level
        };
        if level.scale > 1.0 {
            level.step = STEP_AGAIN;
        }
        search.pass(&level, &blocks.midrange_thresholds());
        if is_over(search) {
            return;
        }
    }
    // Where many codes are, they are small: the smallest finders lie between two scanned rows.
    if passes.are_all()
        && let Some(blocks) = blocks.last()
        && search.found.len() > 1
        && search.sees_finders()
    {
        let level = Level { step: 1, ..*full };
        search.pass(&level, &blocks.mean_thresholds());
        if is_over(search) {
            return;
        }
    }
    let [_, is_texture, has_no_dots] = search.sees_texture();
    if !is_texture {
        let half = smaller.first().map(Grey::luma);
        sharpened(search, picture, half, passes);
        if is_over(search) {
            return;
        }
    }
    search.retry_deblurred();
    if !is_over(search) {
        search.complete_finders();
        search.retry_deblurred();
    }
    let closes = passes.are_all() || passes == Passes::AllToFirstOfDots;
    if closes && search.found.is_empty() && !has_no_dots {
        close_gaps(search, levels, blocks);
    }
}

/// Searches the half size sharpened. Blur closes a finder's light ring before it hides the data modules, and sharpening
/// opens the ring again. A still picture is sharpened at full size too: the half is too coarse for small modules.
/// That costs most where noise becomes finders, so it is left out where all candidates so far are chance.
fn sharpened(search: &mut Search<'_>, picture: Luma<'_>, half: Option<Luma<'_>>, passes: Passes) {
    let is_still = passes == Passes::All;
    let full = is_still.then_some(picture);
    let step = if is_still { STEP_HALF } else { STEP_AGAIN };
    let levels = [
        (half, 2, step, MAX_CANDIDATES),
        (full, 1, STEP_AGAIN, MAX_CANDIDATES_FULL),
    ];
    for (luma, scale, step, max_candidates) in levels {
        if search.is_over() || scale == 1 && search.sees_chance() {
            return;
        }
        let Some(luma) = luma else {
            continue;
        };
        let sharp = sharpen(&luma, SHARPEN_REACH / scale, SHARPEN);
        let level = Level {
            luma: sharp.luma(),
            scale: scale as f32,
            step,
            min_core: MIN_CORE_HALF,
            max_candidates,
        };
        search.pass(&level, &Blocks::of(&level.luma).mean_thresholds());
    }
}

/// Searches levels whose gaps are closed: all of a code's modules may be dots, or squares with gaps, its finders' too.
///
/// A large picture begins at half size: most of the time is for its full size, and few codes need it.
/// Finders that earlier passes saw may be parts of these, so they are put aside.
fn close_gaps(search: &mut Search<'_>, levels: &[Level<'_>], blocks: &[Blocks]) {
    let seen = search.put_finders_aside();
    let first = usize::from(levels.len() > 1);
    for (at, level) in levels.iter().enumerate().rev().skip(first) {
        let bits = Bits::of(&level.luma, &blocks[at].mean_thresholds());
        for reach in 1..=if at == 0 { MOST_CLOSED } else { CLOSED } {
            let level = Level {
                step: 2 * reach + 1,
                min_core: 2 * (2 * reach + 1) as i32,
                max_candidates: MAX_CANDIDATES,
                ..*level
            };
            for polarity in [Polarity::DarkOnLight, Polarity::LightOnDark] {
                search.scan(&level, &bits.closed(reach, polarity));
                if !search.found.is_empty() {
                    return;
                }
            }
        }
    }
    search.pool = seen;
}

/// The picture and its halves as levels, the smallest first. Small levels are scanned row by row.
fn levels<'a>(picture: Luma<'a>, smaller: &'a [Grey]) -> Vec<Level<'a>> {
    let mut levels = vec![Level {
        luma: picture,
        scale: 1.0,
        step: if smaller.is_empty() { 1 } else { STEP_FULL },
        min_core: MIN_CORE_FULL,
        max_candidates: MAX_CANDIDATES_FULL,
    }];
    let mut scale = 1.0;
    for (at, grey) in smaller.iter().enumerate() {
        scale *= 2.0;
        levels.push(Level {
            luma: grey.luma(),
            scale,
            step: if at == 0 { STEP_HALF } else { 1 },
            min_core: if at == 0 {
                MIN_CORE_HALF
            } else {
                MIN_CORE_SMALL
            },
            max_candidates: MAX_CANDIDATES,
        });
    }
    levels.reverse();
    levels
}
