//! Scans the binarised picture for finder patterns: squares within squares, 1:1:3:1:1 on every line through the middle.
//!
//! One scan of the rows finds the patterns of dark codes and of inverted ones.
//! Each row hit must be confirmed along a column, along the row through the middle, and along one diagonal.

use super::order::order;
use super::runs::{DIAGONAL, Runs, STRAIGHT, WalkLimits, crosses_a_finder, walk, walk_diagonal};
use crate::picture::bits::Bits;
use crate::picture::lines::{ColumnLines, Line};
use crate::picture::point::Point;
use crate::picture::polarity::Polarity;
use crate::work::spend;

/// A finder pattern as the scan of one level sees it, in pixels of that level. Its ring is not measured yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FinderCandidate {
    pub(crate) center: Point,
    /// Pixels in a module.
    pub(crate) module: f32,
    pub(crate) polarity: Polarity,
    /// Scanned rows that crossed it.
    pub(crate) rows: u32,
    /// Its height divided by its width.
    pub(crate) stretch: f32,
}

impl FinderCandidate {
    /// Whether it is higher than wide, or the reverse, by this ratio or more.
    pub(crate) fn is_side_view(&self, ratio: f32) -> bool {
        self.stretch >= ratio || self.stretch * ratio <= 1.0
    }

    /// The scanned rows that crossed it, divided by those that cross a finder's core of this size. At most `MAX_SHARE`.
    fn share(&self, step: usize) -> f32 {
        (self.rows as f32 * step as f32 / (self.module * CORE_MODULES)).min(MAX_SHARE)
    }

    /// By what candidates are ranked. One row of noise may have any share; two or three rows seldom agree by chance.
    fn likelihood(&self, step: usize) -> f32 {
        self.share(step) * self.rows.min(SURE_ROWS) as f32
    }
}

/// Modules of a finder's core and of a whole finder, along a line through the middle (ISO/IEC 18004, finder pattern).
const CORE_MODULES: f32 = 3.0;
const FINDER_MODULES: f32 = 7.0;
/// Candidates that a scan holds at once.
///
/// Larger: text and lattices slow the scan down, because each new candidate is compared with all of them.
/// Smaller: a finder among text is dropped.
const MAX_CANDIDATES: usize = 160;
/// Candidates that a scan returns, the likeliest first.
///
/// A code has three; the others are chance. Larger: more rings to measure. Smaller: textured backgrounds hide a finder.
const MAX_KEPT: usize = 64;
/// The bound on the pixels that a scan's walks may take together.
///
/// Measured: white noise from a camera of 1280 x 720 needs no more, and no picture of a counter needs as much.
/// Larger: hostile pictures take longer. Smaller: noisy frames are not scanned to their end.
const MAX_WALKED: usize = 480_000;
/// The fixed cost of a walk, in pixels, which counts towards that bound.
const MIN_WALK: usize = 8;
/// A candidate with a smaller share than this is dropped.
///
/// Chosen on the till set. Larger: rotated and blurred finders are lost. Smaller: more candidates are chance.
const MIN_SHARE: f32 = 0.3;
/// The largest share. Rotated finders are crossed by more rows than their core has, and must not outrank others.
const MAX_SHARE: f32 = 1.2;
/// Rows from which on a candidate is no likelier for one more.
///
/// On the till set 2 to 4 read the same. Larger: large objects outrank small finders. Smaller: noise outranks them.
const SURE_ROWS: u32 = 3;
/// When there are too many candidates, those of a single row are dropped if they lie this many pixels above the scan.
///
/// Larger: less room for new ones. Smaller: large finders are dropped before their second row.
const STALE_ROWS: f32 = 40.0;
/// Half the width, in modules, of the strip in which a row hit belongs to a known candidate: half a core.
const SAME_ACROSS: f32 = 1.5;
/// The end of that strip below the middle, in modules: half a core and some room for rotation.
const SAME_BELOW: f32 = 1.8;
/// Two candidates whose middles are closer than this, in modules, are one finder.
///
/// Larger: neighbouring patterns melt together. Smaller: a slanted finder counts twice.
const SAME_FINDER: f32 = 2.0;
/// The largest ratio of a finder's height to its width, or the reverse, when it is seen at a slant.
///
/// Chosen on the till set. Larger: letters pass. Smaller: strongly tilted codes fail.
const MAX_STRETCH: i32 = 4;
/// The largest ratio of the row through the middle to the row hit that led there. Larger: other objects pass.
const MAX_GROWTH: i32 = 2;
/// The bound on each half of a walk, in tenths of the row hit's length: in the column, and in the row after it.
///
/// The last two are pixels that are added, for small finders: to a half, and to its part within the core.
/// Chosen on the till set. Larger: walks over other objects cost time. Smaller: slanted finders are lost.
const FIRST_HALF_TENTHS: i32 = 15;
const SECOND_HALF_TENTHS: i32 = 12;
const ROOM_HALF: i32 = 4;
const ROOM_CORE: i32 = 2;

/// The best finder candidates of a binarised level.
///
/// Every `step`th row is scanned, and cores narrower than `min_core` pixels are ignored.
/// The scan's bounds are those of a search for one code, `many` times.
pub(crate) fn find(bits: &Bits, step: usize, min_core: i32, many: usize) -> Vec<FinderCandidate> {
    let mut scan = Scan {
        bits,
        columns: ColumnLines::of(bits),
        found: Vec::new(),
        active: Vec::new(),
        walked: 0,
        many,
    };
    let mut row = Row {
        min_core,
        ..Row::default()
    };
    for y in (step / 2..bits.height()).step_by(step) {
        row.read(bits, y);
        if !scan.scan_row(&row, y as i32) {
            break;
        }
    }
    let mut found = scan.found;
    found.retain(|candidate| candidate.share(step) >= MIN_SHARE);
    let best = order(found.iter().map(|candidate| -candidate.likelihood(step)));
    best.into_iter()
        .take(MAX_KEPT * many)
        .map(|at| found[at])
        .collect()
}

/// The edges of one row, and the places where five runs have a finder's proportions.
#[derive(Default)]
struct Row {
    first_is_dark: bool,
    edges: Vec<i32>,
    lengths: Vec<i32>,
    likely: Vec<u8>,
    min_core: i32,
}

impl Row {
    /// Reads row `y`.
    fn read(&mut self, bits: &Bits, y: usize) {
        let edges = bits.edges(y, &mut self.edges);
        self.first_is_dark = bits.is_dark(0, y);
        self.lengths.clear();
        let pairs = edges.iter().zip(edges.iter().skip(1));
        self.lengths.extend(pairs.map(|(from, to)| to - from));
        self.mark();
    }

    /// Tests every five neighbouring runs. Slices of equal length let the compiler vectorise the test.
    fn mark(&mut self) {
        let count = self.lengths.len().saturating_sub(4);
        self.likely.clear();
        self.likely.resize(count, 0);
        let runs: [&[i32]; 5] =
            std::array::from_fn(|at| self.lengths.get(at..at + count).unwrap_or_default());
        let [a, b, c, d, e] = runs;
        if e.len() < count {
            return;
        }
        for (at, likely) in self.likely.iter_mut().enumerate() {
            let runs = [a[at], b[at], c[at], d[at], e[at]];
            *likely = u8::from(crosses_a_finder(runs, STRAIGHT) & (c[at] >= self.min_core));
        }
    }

    /// The hits of the row. The flags are looked at eight at a time.
    fn windows(&self) -> impl Iterator<Item = Window> + '_ {
        let (eights, rest) = self.likely.as_chunks::<8>();
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        let words = eights.iter().copied().chain([last]).enumerate();
        let words = words.map(|(block, eight)| (block * 8, u64::from_le_bytes(eight)));
        words
            .filter(|(_, word)| *word != 0)
            .flat_map(|(first, mut word)| {
                std::iter::from_fn(move || {
                    let at = word.trailing_zeros() as usize / 8;
                    word &= word.wrapping_sub(1);
                    (at < 8).then_some(first + at)
                })
            })
            .map(|at| self.window(at))
    }

    fn window(&self, at: usize) -> Window {
        let edge = |more: usize| self.edges.get(at + more).copied().unwrap_or_default();
        let starts_dark = at.is_multiple_of(2) == self.first_is_dark;
        Window {
            core: (edge(2), edge(3)),
            length: edge(5) - edge(0),
            polarity: if starts_dark {
                Polarity::DarkOnLight
            } else {
                Polarity::LightOnDark
            },
        }
    }
}

/// Five runs of a row with a finder's proportions.
struct Window {
    /// The first pixel of the middle run, and the one after its last.
    core: (i32, i32),
    length: i32,
    polarity: Polarity,
}

/// The strip in which hits of later rows belong to a known candidate.
struct ActiveCandidate {
    /// The candidate's index among all.
    at: usize,
    polarity: Polarity,
    left: f32,
    right: f32,
    bottom: f32,
}

impl ActiveCandidate {
    fn new(at: usize, known: &FinderCandidate) -> Self {
        let Point { x, y } = known.center;
        Self {
            at,
            polarity: known.polarity,
            left: x - SAME_ACROSS * known.module,
            right: x + SAME_ACROSS * known.module,
            bottom: y + SAME_BELOW * known.module,
        }
    }
}

/// A scan of one level.
struct Scan<'a> {
    bits: &'a Bits,
    columns: ColumnLines<'a>,
    found: Vec<FinderCandidate>,
    /// The candidates that the present row may still cross.
    active: Vec<ActiveCandidate>,
    /// Pixels that the walks of this scan have taken.
    walked: usize,
    many: usize,
}

impl Scan<'_> {
    /// Confirms the hits of a row. False if the scan has reached one of its bounds and must end.
    fn scan_row(&mut self, row: &Row, y: i32) -> bool {
        self.active.retain(|near| near.bottom >= y as f32);
        for window in row.windows() {
            spend(1 + self.active.len());
            if self.is_known(&window, y) {
                continue;
            }
            self.walked += MIN_WALK + window.length as usize;
            if self.walked > MAX_WALKED * self.many {
                return false;
            }
            let Some(candidate) = self.confirm(&window, y) else {
                continue;
            };
            self.add(candidate);
            if self.found.len() > MAX_CANDIDATES * self.many && !self.make_room(y) {
                return false;
            }
        }
        true
    }

    /// Whether the hit belongs to a known candidate, which then counts this row.
    fn is_known(&mut self, window: &Window, y: i32) -> bool {
        let (x, y) = ((window.core.0 + window.core.1) as f32 * 0.5, y as f32 + 0.5);
        let here = |near: &&ActiveCandidate| {
            near.polarity == window.polarity && near.left < x && x < near.right && y < near.bottom
        };
        let Some(near) = self.active.iter().rev().find(here) else {
            return false;
        };
        self.found[near.at].rows += 1;
        true
    }

    /// Walks the column through a hit's middle, the row through that column's middle, and the diagonals.
    fn confirm(&mut self, window: &Window, y: i32) -> Option<FinderCandidate> {
        let bits = self.bits;
        let core = window.core.1 - window.core.0;
        let x = (window.core.0 + window.core.1) >> 1;
        let limits = WalkLimits {
            core: 2 * core + ROOM_CORE,
            half: window.length * FIRST_HALF_TENTHS / 10 + ROOM_HALF,
        };
        let down = walk(self.columns.line(x as usize), y, limits)
            .filter(|walk| crosses_a_finder(walk.runs, STRAIGHT))?;
        let center_y = y as f32 + 0.5 + down.offset;
        let middle_y = (center_y as i32).clamp(0, bits.height() as i32 - 1);
        // This walk leads nearly through the middle, so it needs less room.
        let limits = WalkLimits {
            core: core + ROOM_CORE,
            half: window.length * SECOND_HALF_TENTHS / 10 + ROOM_HALF,
        };
        let across = walk(Line::row(bits, middle_y as usize), x, limits)
            .filter(|walk| crosses_a_finder(walk.runs, STRAIGHT))?;
        let (height, width) = (length(&down.runs), length(&across.runs));
        let stretched = height > MAX_STRETCH * width || width > MAX_STRETCH * height;
        if stretched || width > MAX_GROWTH * window.length {
            return None;
        }
        let center = Point::new(x as f32 + 0.5 + across.offset, center_y);
        let middle_x = (center.x as i32).clamp(0, bits.width() as i32 - 1);
        let diagonal = |right: i32| {
            walk_diagonal(bits, (middle_x, middle_y), right, limits)
                .is_some_and(|walk| crosses_a_finder(walk.runs, DIAGONAL))
        };
        // One diagonal is enough: the other may run along the stretched side of a slanted finder.
        (diagonal(1) || diagonal(-1)).then_some(FinderCandidate {
            center,
            module: (height + width) as f32 / (2.0 * FINDER_MODULES),
            polarity: window.polarity,
            rows: 1,
            stretch: height as f32 / width as f32,
        })
    }

    /// Adds a candidate, or counts a row for the known one at the same place.
    fn add(&mut self, candidate: FinderCandidate) {
        spend(self.found.len());
        let same = |known: &&mut FinderCandidate| {
            let (off, reach) = (known.center - candidate.center, known.module * SAME_FINDER);
            known.polarity == candidate.polarity && off.dot(off) < reach * reach
        };
        if let Some(known) = self.found.iter_mut().find(same) {
            known.rows += 1;
        } else {
            self.active
                .push(ActiveCandidate::new(self.found.len(), &candidate));
            self.found.push(candidate);
        }
    }

    /// Drops the least likely candidates. False if all of them are likely and there is no room.
    fn make_room(&mut self, y: i32) -> bool {
        let fresh_from = y as f32 - STALE_ROWS;
        self.found
            .retain(|known| known.rows > 1 || known.center.y > fresh_from);
        if self.found.len() > MAX_CANDIDATES * self.many {
            self.found.retain(|known| known.rows > 2);
        }
        self.active.clear();
        let known = self.found.iter().enumerate();
        let near = known.map(|(at, known)| ActiveCandidate::new(at, known));
        self.active
            .extend(near.filter(|near| near.bottom >= y as f32));
        self.found.len() <= MAX_CANDIDATES * self.many
    }
}

/// Pixels of all five runs.
fn length(runs: &Runs) -> i32 {
    runs.iter().sum()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::picture::luma::Luma;
    use crate::picture::threshold::{BLOCK, Thresholds};

    const SIDE: usize = 128;

    /// A light picture with finders of `module` pixels at these corners.
    fn finders(module: usize, corners: &[(usize, usize)], polarity: Polarity) -> Bits {
        let inverted = polarity == Polarity::LightOnDark;
        let dark = |x: usize, y: usize| {
            corners.iter().any(|(left, top)| {
                let (u, v) = (
                    x.wrapping_sub(*left) / module,
                    y.wrapping_sub(*top) / module,
                );
                u < 7 && v < 7 && u.abs_diff(3).max(v.abs_diff(3)) != 2
            })
        };
        let pixels: Vec<u8> = (0..SIDE * SIDE)
            .map(|at| 40 + 100 * u8::from(dark(at % SIDE, at / SIDE) == inverted))
            .collect();
        let thresholds = Thresholds {
            across: SIDE / BLOCK,
            values: vec![90; SIDE / BLOCK * SIDE / BLOCK],
        };
        Bits::of(&Luma::new(&pixels, SIDE, SIDE, SIDE).unwrap(), &thresholds)
    }

    #[test]
    fn finders_are_found_dark_and_light_small_and_large_once_each() {
        for (module, polarity) in [
            (2, Polarity::DarkOnLight),
            (3, Polarity::LightOnDark),
            (6, Polarity::DarkOnLight),
            (6, Polarity::LightOnDark),
        ] {
            let corners = [(9, 9), (75, 12), (20, 80)];
            let found = find(&finders(module, &corners, polarity), 1, 2, 1);
            assert_eq!(found.len(), 3, "{module} {polarity:?}: {found:?}");
            for (left, top) in corners {
                let half = 3.5 * module as f32;
                let middle = Point::new(left as f32 + half, top as f32 + half);
                let near = |seen: &FinderCandidate| (seen.center - middle).length() < 1.0;
                let seen = found.iter().find(|seen| near(seen)).unwrap();
                assert_eq!(seen.polarity, polarity);
                assert!((seen.module - module as f32).abs() < 0.3);
            }
        }
    }

    #[test]
    fn every_fourth_row_is_enough_for_a_finder_of_three_pixels_a_module() {
        let bits = finders(3, &[(50, 51)], Polarity::DarkOnLight);
        assert_eq!(find(&bits, 4, 2, 1).len(), 1);
    }

    #[test]
    fn a_small_finder_that_rows_agree_on_outranks_noise_in_a_single_row() {
        let seen = |module: f32, rows: u32| FinderCandidate {
            center: Point::new(0.0, 0.0),
            module,
            polarity: Polarity::DarkOnLight,
            rows,
            stretch: 1.0,
        };
        // Every third row is scanned. Noise has a module of a pixel, and all of its core is one scanned row.
        let (noise, finder) = (seen(1.0, 1), seen(2.4, 2));
        assert!(noise.share(3) > finder.share(3));
        assert!(finder.likelihood(3) > noise.likelihood(3));
    }

    #[test]
    fn a_lattice_is_bounded() {
        let corners: Vec<_> = (0..15 * 15).map(|at| (at % 15 * 8, at / 15 * 8)).collect();
        let bits = finders(1, &corners, Polarity::DarkOnLight);
        assert!(find(&bits, 1, 2, 1).len() <= MAX_KEPT);
    }
}
