//! Pools the finders of all passes over a picture, and chooses three that may be the corners of one code.
//!
//! A *module* is one cell of the code, and a *ring* the outer square of a finder pattern (`ring.rs`). A *level* is a
//! smaller copy of the picture, and a *pass* one search of a level. The *till set* is `docs/reader.md`'s.

use super::ellipse::Ellipse;
use super::finder::FinderCandidate;
use super::ring::{Ring, corners_of};
use crate::picture::point::Point;
use crate::picture::polarity::Polarity;
use crate::work::spend;

/// A finder pattern with a measured ring, in pixels of the picture.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Finder {
    pub(crate) center: Point,
    /// Pixels in a module.
    pub(crate) module: f32,
    pub(crate) polarity: Polarity,
    /// The corners of the ring's mid-line, a square of six modules, in the order of a walk around it.
    pub(crate) corners: [Point; 4],
    /// The directions of two neighbouring sides, as unit vectors.
    sides: [Point; 2],
    /// The mid-line of a ring without corners.
    round: Option<Ellipse>,
    /// The height of the part that scanned lines have crossed, in pixels of the picture.
    crossed: f32,
    /// Pixels of the picture in one pixel of the level in which it was found.
    scale: f32,
}

impl Finder {
    /// A candidate with its ring. `scale` is that of the level, and `step` the rows from one scanned row to the next.
    pub(crate) fn new(candidate: &FinderCandidate, ring: &Ring, scale: f32, step: usize) -> Self {
        Self {
            center: ring.center.times(scale),
            module: ring.module * scale,
            polarity: candidate.polarity,
            corners: ring.corners.map(|corner| corner.times(scale)),
            sides: directions(&ring.corners),
            round: ring.round.map(|round| round.times(scale)),
            crossed: crossed(candidate, scale, step),
            scale,
        }
    }

    /// The height of the part that scanned lines have crossed, in modules; at most three, a finder's core.
    pub(crate) fn crossed_modules(&self) -> f32 {
        (self.crossed / self.module).min(CORE_MODULES)
    }

    /// A finder of the same code that no scan found, from its middle and the steps of a module to the right and down.
    pub(crate) fn sibling_at(&self, center: Point, right: Point, down: Point) -> Self {
        let corners = corners_of(center, right, down);
        Self {
            center,
            module: (right.length() + down.length()) * 0.5,
            corners,
            sides: directions(&corners),
            round: None,
            ..*self
        }
    }

    /// The same finder. If it is round, its corners are chosen so that its sides run along these directions.
    fn along(&self, right: Point, down: Point) -> Self {
        self.round.map_or(*self, |round| {
            self.sibling_at(self.center, round.module(right), round.module(down))
        })
    }

    /// One minus the cosine of the angle between a unit vector and the nearest axis of the ring; 0 if they are parallel.
    ///
    /// A round ring has an axis in every direction.
    pub(crate) fn slant(&self, direction: Point) -> f32 {
        if self.round.is_some() {
            return 0.0;
        }
        let [one, other] = self.sides.map(|side| side.dot(direction).abs());
        1.0 - if one > other { one } else { other }
    }
}

/// The directions of two neighbouring sides. Sides shorter than a thousandth of a pixel have no direction.
fn directions([a, b, c, _]: &[Point; 4]) -> [Point; 2] {
    [*b - *a, *c - *b].map(|side| side.times(side.length().max(1e-3).recip()))
}

/// The height of the part of a candidate that scanned lines have crossed, in pixels of the picture.
fn crossed(candidate: &FinderCandidate, scale: f32, step: usize) -> f32 {
    candidate.rows as f32 * step as f32 * scale
}

/// Modules of a finder's core (ISO/IEC 18004, finder pattern).
const CORE_MODULES: f32 = 3.0;
/// Finders in the pool of a search for one code, and the most of which all triples are compared.
///
/// Larger: textured pictures cost more, by the third power. Smaller: they hide a code's finders.
const MAX_FINDERS: usize = 64;
/// The legs of a finder that [`Pool::neighbours`] compares, the shortest first.
///
/// Larger: more time. Smaller: a code with finders of others beside it, or of its own data modules, is left out.
const MAX_NEAR: usize = 16;
/// What each module of a triple's legs adds to its cost in [`Pool::neighbours`].
///
/// Rows of equal codes make triples across codes that look as good as a code's own, and have longer legs.
/// Larger: large codes rank below chance triples of their data. Smaller: such triples are tried first.
const NEAR_WEIGHT: f32 = 0.02;
/// A candidate is a known finder if their middles are closer than this, in modules.
///
/// Larger: another finder's better ring is not measured. Smaller: the same ring is measured again.
const KNOWN_WITHIN: f32 = 0.8;
/// Two measured finders are one if their middles are closer than this, in modules.
const SAME_WITHIN: f32 = 1.2;
/// Triples that a pass tries, the likeliest first. More cost time: each is located and sampled.
const MAX_TRIPLES: usize = 4;
/// The largest ratio of two finders' module sizes within a triple, which comes from the depth of a tilted code.
///
/// This and the next three were chosen on the till set. Larger: more chance triples. Smaller: tilted codes are lost.
const MAX_SIZES: f32 = 2.2;
/// The largest ratio of the two legs.
const MAX_LEGS: f32 = 2.2;
/// The largest cosine of the angle between the legs, which is 0 without a tilt.
const MAX_COSINE: f32 = 0.6;
/// The largest sum of slants ([`Finder::slant`]) against a leg: of the two rings at its ends, and then of all three rings
/// against the first leg. The second leg is nearly perpendicular to it, so its slants are nearly the same.
///
/// Two square rings reach 0.586 at most (45 degrees each), so two alone exceed it only if they are sheared.
const MAX_SLANT: f32 = 0.6;
/// Modules between the middles of two finders: 14 (version 1) to 170 (version 40), with room for a tilt.
const LEG: std::ops::RangeInclusive<f32> = 11.0..=220.0;
/// The shortest leg between two finders that is kept, in parts of the shortest of `LEG`.
///
/// A small third finder lowers the mean module of a triple, and so makes its legs longer in modules.
/// Chosen on the till set. Larger: such triples are lost. Smaller: more legs to compare.
const SHORT_LEG: f32 = 0.86;
/// Weights in the cost of a triple: cosine + `LEGS_WEIGHT` (ratio of legs - 1) + (ratio of sizes - 1)
/// + `SLANT_WEIGHT` slant - `CROSSED_WEIGHT` crossed modules. Cosine and sizes weigh 1.
///
/// Chosen on the till set. Larger: tilted codes rank below chance triples that are seen from the front.
const LEGS_WEIGHT: f32 = 0.7;
const SLANT_WEIGHT: f32 = 1.5;
/// What each module of the least crossed finder takes off the cost.
///
/// Chosen on the till set. Larger: large printed letters that look like finders rank before small real ones.
const CROSSED_WEIGHT: f32 = 0.2;

/// All finders of a picture that belong to no code yet.
pub(crate) struct Pool {
    finders: Vec<Finder>,
    fresh: Vec<bool>,
    max: usize,
}

/// Three finders that may be a code's: at the corner between the legs, clockwise of it, and the other one.
#[derive(Clone, Copy)]
pub(crate) struct Triple {
    pub(crate) corner: Finder,
    pub(crate) right: Finder,
    pub(crate) down: Finder,
}

impl Triple {
    /// Names the two finders beside the corner, which come in any order.
    pub(crate) fn of(corner: Finder, first: Finder, second: Finder) -> Self {
        let clockwise = (first.center - corner.center).cross(second.center - corner.center) >= 0.0;
        let (right, down) = if clockwise {
            (first, second)
        } else {
            (second, first)
        };
        let (across, along) = (right.center - corner.center, down.center - corner.center);
        let [corner, right, down] = [corner, right, down].map(|finder| finder.along(across, along));
        Self {
            corner,
            right,
            down,
        }
    }
}

/// A leg of a triple: a neighbour of the corner finder.
struct Leg {
    to: usize,
    vector: Point,
    length: f32,
    slant: f32,
}

impl Pool {
    /// An empty pool. It holds `many` times the finders of a search for one code.
    pub(crate) fn new(many: usize) -> Self {
        Self {
            finders: Vec::new(),
            fresh: Vec::new(),
            max: MAX_FINDERS * many,
        }
    }

    /// Adds the finders of a pass. A known finder becomes fresh again if the new one comes from a finer level.
    pub(crate) fn add(&mut self, finders: impl IntoIterator<Item = Finder>) {
        self.fresh.clear();
        self.fresh.resize(self.finders.len(), false);
        for finder in finders {
            let same = |known: &Finder| {
                known.polarity == finder.polarity
                    && (known.center - finder.center).length() < known.module * SAME_WITHIN
            };
            if let Some(at) = self.finders.iter().position(same) {
                let known = &mut self.finders[at];
                let crossed = known.crossed.max(finder.crossed);
                if finder.scale < known.scale {
                    *known = finder;
                    self.fresh[at] = true;
                }
                known.crossed = crossed;
            } else if self.finders.len() < self.max {
                self.finders.push(finder);
                self.fresh.push(true);
            }
        }
    }

    /// Whether a candidate is a finder that was measured on as fine a level: its ring would tell nothing new.
    pub(crate) fn knows(&mut self, candidate: &FinderCandidate, scale: f32, step: usize) -> bool {
        let center = candidate.center.times(scale);
        let same = |known: &&mut Finder| {
            let (off, reach) = (known.center - center, known.module * KNOWN_WITHIN);
            known.scale <= scale
                && known.polarity == candidate.polarity
                && off.dot(off) < reach * reach
        };
        let Some(known) = self.finders.iter_mut().find(same) else {
            return false;
        };
        known.crossed = known.crossed.max(crossed(candidate, scale, step));
        true
    }

    /// Whether there are no finders.
    pub(crate) fn is_empty(&self) -> bool {
        self.finders.is_empty()
    }

    /// The finders that belong to no code yet.
    pub(crate) fn finders(&self) -> &[Finder] {
        &self.finders
    }

    /// Removes the finders inside these corners, which belong to a code that was read.
    pub(crate) fn forget_inside(&mut self, corners: &[Point; 4]) {
        let keep: Vec<bool> = self
            .finders
            .iter()
            .map(|finder| !is_inside(corners, finder.center))
            .collect();
        let mut kept = keep.iter();
        self.finders
            .retain(|_| kept.next().copied().unwrap_or(true));
        let mut kept = keep.iter();
        self.fresh.retain(|_| kept.next().copied().unwrap_or(true));
    }

    /// The likeliest triples that have at least one fresh finder.
    ///
    /// Empty if there are more finders than a search for one code holds: see [`Self::neighbours`].
    pub(crate) fn triples(&self) -> Vec<Triple> {
        if !self.fresh.contains(&true) || self.finders.len() > MAX_FINDERS {
            return Vec::new();
        }
        // Sorted by cost; among equals, the one that was seen first comes first.
        let mut ranked: Vec<(f32, [usize; 3])> = Vec::with_capacity(MAX_TRIPLES + 1);
        for corner in 0..self.finders.len() {
            let legs = self.legs(corner);
            for (nth, first) in legs.iter().enumerate() {
                for second in &legs[nth + 1..] {
                    self.rank(&mut ranked, corner, [first, second], 0.0);
                }
            }
        }
        ranked.iter().map(|(_, ats)| self.triple(*ats)).collect()
    }

    /// For each finder, the likeliest triples with those near it: where many codes are, each has its own corner.
    ///
    /// Every triple has at least one fresh finder.
    pub(crate) fn neighbours(&self) -> Vec<Triple> {
        let mut triples = Vec::new();
        for corner in 0..self.finders.len() {
            let mut near: Vec<Leg> = Vec::with_capacity(MAX_NEAR + 1);
            for leg in self.legs(corner) {
                let at = near.partition_point(|known| known.length <= leg.length);
                near.insert(at, leg);
                near.truncate(MAX_NEAR);
            }
            let mut ranked: Vec<(f32, [usize; 3])> = Vec::with_capacity(MAX_TRIPLES + 1);
            for (nth, first) in near.iter().enumerate() {
                for second in &near[nth + 1..] {
                    self.rank(&mut ranked, corner, [first, second], NEAR_WEIGHT);
                }
            }
            triples.extend(ranked.iter().map(|(_, ats)| self.triple(*ats)));
        }
        triples
    }

    /// Ranks a triple if it has a fresh finder and may be a code's. Each module of its legs costs `per_module`.
    fn rank(
        &self,
        ranked: &mut Vec<(f32, [usize; 3])>,
        corner: usize,
        [first, second]: [&Leg; 2],
        per_module: f32,
    ) {
        let ats = [corner, first.to, second.to];
        if !ats.iter().any(|at| self.fresh[*at]) {
            return;
        }
        if let Some(cost) = self.cost(corner, first, second) {
            let modules = (first.length + second.length) / self.finders[corner].module;
            let cost = cost + per_module * modules;
            let at = ranked.partition_point(|known| known.0 <= cost);
            ranked.insert(at, (cost, ats));
            ranked.truncate(MAX_TRIPLES);
        }
    }

    /// Names the finders with these indices.
    fn triple(&self, [corner, first, second]: [usize; 3]) -> Triple {
        let [corner, first, second] = [corner, first, second].map(|at| self.finders[at]);
        Triple::of(corner, first, second)
    }

    /// The neighbours that may form a leg with this finder.
    fn legs(&self, corner: usize) -> Vec<Leg> {
        let from = &self.finders[corner];
        let mut legs = Vec::new();
        for (to, other) in self.finders.iter().enumerate() {
            if to == corner || other.polarity != from.polarity {
                continue;
            }
            let (small, large) = minmax(from.module, other.module);
            let vector = other.center - from.center;
            let length = vector.length();
            let modules = length * 2.0 / (small + large);
            let too_short = modules < LEG.start() * SHORT_LEG;
            if large > small * MAX_SIZES || too_short || modules > *LEG.end() {
                continue;
            }
            let direction = vector.times(length.recip());
            legs.push(Leg {
                to,
                vector,
                length,
                slant: from.slant(direction) + other.slant(direction),
            });
        }
        legs
    }

    /// The cost of a triple: the lower, the more it looks like a code. `None` if it can't be one.
    fn cost(&self, corner: usize, first: &Leg, second: &Leg) -> Option<f32> {
        spend(1);
        let (short, long) = minmax(first.length, second.length);
        let ratio = long / short;
        let product = first.vector.dot(second.vector);
        let cosine = (product / (first.length * second.length)).abs();
        if first.slant > MAX_SLANT || ratio > MAX_LEGS || cosine > MAX_COSINE {
            return None;
        }
        let finders = [corner, first.to, second.to].map(|at| &self.finders[at]);
        let [a, b, c] = finders.map(|finder| finder.module);
        let ((least, most), module) = (minmax(a, b), (a + b + c) / 3.0);
        let (small, large) = (minmax(least, c).0, minmax(most, c).1);
        if large > small * MAX_SIZES || short < module * LEG.start() || long > module * LEG.end() {
            return None;
        }
        let slant = first.slant + finders[2].slant(first.vector.times(first.length.recip()));
        if slant > MAX_SLANT {
            return None;
        }
        let [a, b, c] = finders.map(|finder| finder.crossed);
        let crossed = minmax(minmax(minmax(a, b).0, c).0 / module, CORE_MODULES).0;
        Some(
            cosine + (ratio - 1.0) * LEGS_WEIGHT + (large / small - 1.0) + slant * SLANT_WEIGHT
                - crossed * CROSSED_WEIGHT,
        )
    }
}

/// Whether a point lies inside a code with these corners, which may be mirrored.
pub(crate) fn is_inside(corners: &[Point; 4], at: Point) -> bool {
    let turns = |from: usize| {
        let side = corners[(from + 1) % 4] - corners[from];
        side.cross(at - corners[from])
    };
    (0..4).all(|from| turns(from) >= 0.0) || (0..4).all(|from| turns(from) <= 0.0)
}

/// The smaller value and the larger one.
fn minmax(a: f32, b: f32) -> (f32, f32) {
    if a < b { (a, b) } else { (b, a) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finder(x: f32, y: f32, module: f32) -> Finder {
        let corner = |dx: f32, dy: f32| Point::new(x + dx * module * 3.0, y + dy * module * 3.0);
        let corners = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)];
        let corners = corners.map(|(dx, dy)| corner(dx, dy));
        Finder {
            center: Point::new(x, y),
            module,
            polarity: Polarity::DarkOnLight,
            corners,
            sides: directions(&corners),
            round: None,
            crossed: module * 3.0,
            scale: 1.0,
        }
    }

    /// The finders of a code, with `leg` modules of 4 pixels between their middles.
    fn code(x: f32, y: f32, leg: f32) -> [Finder; 3] {
        let far = leg * 4.0;
        [
            finder(x, y, 4.0),
            finder(x + far, y, 4.0),
            finder(x, y + far, 4.0),
        ]
    }

    #[test]
    fn the_three_corners_are_named_clockwise() {
        let mut pool = Pool::new(1);
        pool.add(code(50.0, 60.0, 18.0));
        let triples = pool.triples();
        assert_eq!(triples.len(), 1);
        let Triple {
            corner,
            right,
            down,
        } = triples[0];
        assert_eq!(corner.center, Point::new(50.0, 60.0));
        assert_eq!(right.center, Point::new(122.0, 60.0));
        assert_eq!(down.center, Point::new(50.0, 132.0));
    }

    #[test]
    fn finders_of_other_sizes_or_in_a_line_are_no_triple() {
        let mut pool = Pool::new(1);
        pool.add([
            finder(50.0, 50.0, 4.0),
            finder(122.0, 50.0, 4.0),
            finder(194.0, 50.0, 4.0),
            finder(50.0, 122.0, 11.0),
        ]);
        assert!(pool.triples().is_empty());
    }

    #[test]
    fn a_sighting_of_a_known_finder_is_known_unless_it_is_sharper_or_of_the_other_colour() {
        let mut pool = Pool::new(1);
        pool.add([finder(50.0, 60.0, 4.0)]);
        let candidate = |x: f32, polarity| FinderCandidate {
            center: Point::new(x, 30.0),
            module: 2.0,
            polarity,
            rows: 9,
            stretch: 1.0,
        };
        let (dark, light) = (Polarity::DarkOnLight, Polarity::LightOnDark);
        assert!(pool.knows(&candidate(26.0, dark), 2.0, 1));
        assert_eq!(pool.finders[0].crossed, 18.0);
        assert!(!pool.knows(&candidate(26.0, light), 2.0, 1));
        assert!(!pool.knows(&candidate(28.0, dark), 2.0, 1));
        let sharper = FinderCandidate {
            center: Point::new(100.0, 120.0),
            ..candidate(0.0, dark)
        };
        assert!(!pool.knows(&sharper, 0.5, 1));
    }

    #[test]
    fn what_an_earlier_pass_has_tried_is_not_tried_again() {
        let mut pool = Pool::new(1);
        pool.add(code(50.0, 60.0, 18.0));
        pool.add(code(50.5, 60.5, 18.0));
        assert!(pool.triples().is_empty());
    }

    #[test]
    fn three_corners_may_come_from_three_passes() {
        let mut pool = Pool::new(1);
        for finder in code(50.0, 60.0, 18.0) {
            pool.add([finder]);
        }
        assert_eq!(pool.triples().len(), 1);
    }

    #[test]
    fn a_code_that_was_read_makes_room_for_the_next() {
        let mut pool = Pool::new(1);
        pool.add(
            code(50.0, 60.0, 18.0)
                .into_iter()
                .chain(code(250.0, 60.0, 18.0)),
        );
        let square = [(30.0, 40.0), (142.0, 40.0), (142.0, 152.0), (30.0, 152.0)];
        pool.forget_inside(&square.map(|(x, y)| Point::new(x, y)));
        assert_eq!(pool.finders.len(), 3);
        assert_eq!(pool.fresh.len(), 3);
        assert_eq!(pool.triples().len(), 1);
    }

    #[test]
    fn a_lattice_of_finders_is_bounded() {
        let mut pool = Pool::new(1);
        pool.add((0..400).map(|at| finder((at % 20) as f32 * 60.0, (at / 20) as f32 * 60.0, 4.0)));
        assert_eq!(pool.finders.len(), MAX_FINDERS);
        assert_eq!(pool.triples().len(), MAX_TRIPLES);
    }
}
