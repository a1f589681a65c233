//! Finder patterns: squares in squares, whose every cut through the middle shows 1:1:3:1:1.
//!
//! One scan of the rows finds those of dark codes and of light ones. What a row suggests, a column, the row through the
//! middle and a diagonal must confirm.

use super::order::order;
use super::runs::{DIAGONAL, Most, Runs, STRAIGHT, cross_a_finder, walk, walk_diagonal};
use crate::picture::bits::Bits;
use crate::picture::lines::{Columns, Line};
use crate::picture::point::Point;
use crate::work::spend;

/// A finder pattern in one binary picture, in that picture's pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sighting {
    pub(crate) center: Point,
    /// Pixels of a module.
    pub(crate) module: f32,
    /// Light where a code is dark.
    pub(crate) inverted: bool,
    /// Scanned rows that crossed it.
    pub(crate) rows: u32,
}

impl Sighting {
    /// The part of the middle's rows that were seen, somewhat more than 1 at most: a finder shows itself in all of them.
    fn share(&self, step: usize) -> f32 {
        (self.rows as f32 * step as f32 / (self.module * 3.0)).min(1.2)
    }
}

/// Sightings that a scan holds at once: a picture of text and lattices must not slow the rest down.
const MOST_SIGHTINGS: usize = 160;
/// Sightings that a scan hands on, the most seen first: a picture has three finders a code, and some that are none.
const MOST_KEPT: usize = 64;
/// Pixels of walks that a scan may take, and what each takes at least: snow as a camera of 1280 x 720 shows it takes no
/// more, and what does is no counter.
const MOST_WALKED: usize = 480_000;
const LEAST_WALK: usize = 8;
/// A finder that was seen in a smaller part of its rows is a chance.
const LEAST_SHARE: f32 = 0.3;
/// Rows above the present one, in pixels, whose sightings of one row may be forgotten when there are too many.
const STALE_ROWS: f32 = 40.0;

/// The best finders of a picture, of which every `step`th row is scanned.
pub(crate) fn find(bits: &Bits, step: usize, least_core: i32) -> Vec<Sighting> {
    let mut scan = Scan {
        bits,
        columns: Columns::of(bits),
        found: Vec::new(),
        active: Vec::new(),
        walked: 0,
    };
    let mut row = Row {
        least_core,
        ..Row::default()
    };
    for y in (step / 2..bits.height()).step_by(step) {
        row.read(bits, y);
        if !scan.look_at(&row, y as i32) {
            break;
        }
    }
    let mut found = scan.found;
    found.retain(|sighting| sighting.share(step) >= LEAST_SHARE);
    let best = order(found.iter().map(|sighting| -sighting.share(step)));
    best.into_iter()
        .take(MOST_KEPT)
        .map(|at| found[at])
        .collect()
}

/// A row's edges, and where five runs look like a finder's.
#[derive(Default)]
struct Row {
    first_is_dark: bool,
    edges: Vec<i32>,
    lengths: Vec<i32>,
    likely: Vec<u8>,
    least_core: i32,
}

impl Row {
    fn read(&mut self, bits: &Bits, y: usize) {
        bits.edges(y, &mut self.edges);
        self.first_is_dark = bits.is_dark(0, y);
        self.lengths.clear();
        let pairs = self.edges.iter().zip(self.edges.iter().skip(1));
        self.lengths.extend(pairs.map(|(from, to)| to - from));
        self.mark();
    }

    /// Five slices of one length, so that the compiler makes vectors of the test.
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
            *likely = u8::from(cross_a_finder(runs, STRAIGHT) & (c[at] >= self.least_core));
        }
    }

    /// The windows that look like a finder's, eight flags at a time.
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
        Window {
            core: (edge(2), edge(3)),
            length: edge(5) - edge(0),
            inverted: at.is_multiple_of(2) != self.first_is_dark,
        }
    }
}

/// Five runs of a row.
struct Window {
    /// First pixel of the middle run, and the one after its last.
    core: (i32, i32),
    length: i32,
    inverted: bool,
}

/// Where a row's window is one of a finder that is known.
struct Near {
    /// The finder's place among all.
    at: usize,
    inverted: bool,
    left: f32,
    right: f32,
    bottom: f32,
}

impl Near {
    fn new(at: usize, known: &Sighting) -> Self {
        let Point { x, y } = known.center;
        Self {
            at,
            inverted: known.inverted,
            left: x - 1.5 * known.module,
            right: x + 1.5 * known.module,
            bottom: y + 1.8 * known.module,
        }
    }
}

struct Scan<'a> {
    bits: &'a Bits,
    columns: Columns<'a>,
    found: Vec<Sighting>,
    /// Those that the present row may still cross.
    active: Vec<Near>,
    /// Pixels of walks through windows.
    walked: usize,
}

impl Scan<'_> {
    /// Whether there is a point in going on.
    fn look_at(&mut self, row: &Row, y: i32) -> bool {
        self.active.retain(|near| near.bottom >= y as f32);
        for window in row.windows() {
            spend(1 + self.active.len());
            if self.seen_above(&window, y) {
                continue;
            }
            self.walked += LEAST_WALK + window.length as usize;
            if self.walked > MOST_WALKED {
                return false;
            }
            let Some(sighting) = self.confirm(&window, y) else {
                continue;
            };
            self.add(sighting);
            if self.found.len() > MOST_SIGHTINGS && !self.make_room(y) {
                return false;
            }
        }
        true
    }

    /// Counts this row for the finder that a row above has found here.
    fn seen_above(&mut self, window: &Window, y: i32) -> bool {
        let (x, y) = ((window.core.0 + window.core.1) as f32 * 0.5, y as f32 + 0.5);
        let here = |near: &&Near| {
            near.inverted == window.inverted && near.left < x && x < near.right && y < near.bottom
        };
        let Some(near) = self.active.iter().rev().find(here) else {
            return false;
        };
        self.found[near.at].rows += 1;
        true
    }

    /// The column through the middle of a row's window, the row through the middle of that column, and one diagonal.
    fn confirm(&mut self, window: &Window, y: i32) -> Option<Sighting> {
        let bits = self.bits;
        let core = window.core.1 - window.core.0;
        let x = (window.core.0 + window.core.1) >> 1;
        let most = Most {
            core: 2 * core + 2,
            half: window.length * 3 / 2 + 4,
        };
        let down = walk(self.columns.line(x as usize), y, most)
            .filter(|walk| cross_a_finder(walk.runs, STRAIGHT))?;
        let center_y = y as f32 + 0.5 + down.offset;
        let middle_y = (center_y as i32).clamp(0, bits.height() as i32 - 1);
        let most = Most {
            core: core + 2,
            half: window.length * 6 / 5 + 4,
        };
        let across = walk(Line::row(bits, middle_y as usize), x, most)
            .filter(|walk| cross_a_finder(walk.runs, STRAIGHT))?;
        let (height, width) = (length(&down.runs), length(&across.runs));
        if height > 3 * width || width > 3 * height || width > 2 * window.length {
            return None;
        }
        let center = Point::new(x as f32 + 0.5 + across.offset, center_y);
        let middle_x = (center.x as i32).clamp(0, bits.width() as i32 - 1);
        let diagonal = |right: i32| {
            walk_diagonal(bits, (middle_x, middle_y), right, most)
                .is_some_and(|walk| cross_a_finder(walk.runs, DIAGONAL))
        };
        // One is enough: the other may run along a slanted finder's stretched side.
        (diagonal(1) || diagonal(-1)).then_some(Sighting {
            center,
            module: (height + width) as f32 / 14.0,
            inverted: window.inverted,
            rows: 1,
        })
    }

    fn add(&mut self, sighting: Sighting) {
        spend(self.found.len());
        let same = |known: &&mut Sighting| {
            let (off, reach) = (known.center - sighting.center, known.module * 2.0);
            known.inverted == sighting.inverted && off.dot(off) < reach * reach
        };
        if let Some(known) = self.found.iter_mut().find(same) {
            known.rows += 1;
        } else {
            self.active.push(Near::new(self.found.len(), &sighting));
            self.found.push(sighting);
        }
    }

    /// Forgets the least likely; false where all are likely.
    fn make_room(&mut self, y: i32) -> bool {
        let fresh_from = y as f32 - STALE_ROWS;
        self.found
            .retain(|known| known.rows > 1 || known.center.y > fresh_from);
        if self.found.len() > MOST_SIGHTINGS {
            self.found.retain(|known| known.rows > 2);
        }
        self.active.clear();
        let known = self.found.iter().enumerate();
        let near = known.map(|(at, known)| Near::new(at, known));
        self.active
            .extend(near.filter(|near| near.bottom >= y as f32));
        self.found.len() <= MOST_SIGHTINGS
    }
}

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

    /// A picture of light, and of finders of `module` pixels at these corners.
    fn finders(module: usize, corners: &[(usize, usize)], inverted: bool) -> Bits {
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
        for (module, inverted) in [(2, false), (3, true), (6, false), (6, true)] {
            let corners = [(9, 9), (75, 12), (20, 80)];
            let found = find(&finders(module, &corners, inverted), 1, 2);
            assert_eq!(found.len(), 3, "{module} {inverted}: {found:?}");
            for (left, top) in corners {
                let half = 3.5 * module as f32;
                let middle = Point::new(left as f32 + half, top as f32 + half);
                let near = |seen: &Sighting| (seen.center - middle).length() < 1.0;
                let seen = found.iter().find(|seen| near(seen)).unwrap();
                assert_eq!(seen.inverted, inverted);
                assert!((seen.module - module as f32).abs() < 0.3);
            }
        }
    }

    #[test]
    fn every_fourth_row_is_enough_for_a_finder_of_three_pixels_a_module() {
        assert_eq!(find(&finders(3, &[(50, 51)], false), 4, 2).len(), 1);
    }

    #[test]
    fn a_lattice_is_bounded() {
        let corners: Vec<_> = (0..15 * 15).map(|at| (at % 15 * 8, at / 15 * 8)).collect();
        assert!(find(&finders(1, &corners, false), 1, 2).len() <= MOST_KEPT);
    }
}
