//! Finders of all passes over a picture, and which three of them could be the corners of one code.

use super::finder::Sighting;
use super::ring::Ring;
use crate::picture::point::Point;
use crate::work::spend;

/// A finder pattern with its ring, in the pixels of the picture that was given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Finder {
    pub(crate) center: Point,
    /// Pixels of a module.
    pub(crate) module: f32,
    pub(crate) inverted: bool,
    /// The corners of the ring's mid-line: a square of six modules, in the order of a walk around it.
    pub(crate) corners: [Point; 4],
    /// The directions of two neighbouring sides, of length 1.
    sides: [Point; 2],
    /// Pixels of its height that were seen.
    seen: f32,
    /// Pixels of the picture for one of the copy in which it was found.
    scale: f32,
}

impl Finder {
    /// A sighting in a copy whose pixels are `scale` pixels wide; `step` is from row to row of its scan.
    pub(crate) fn new(sighting: &Sighting, ring: &Ring, scale: f32, step: usize) -> Self {
        Self {
            center: ring.center.times(scale),
            module: ring.module * scale,
            inverted: sighting.inverted,
            corners: ring.corners.map(|corner| corner.times(scale)),
            sides: directions(&ring.corners),
            seen: seen(sighting, scale, step),
            scale,
        }
    }

    /// The modules of its height that were seen: three are a finder's core.
    pub(crate) fn seen_part(&self) -> f32 {
        (self.seen / self.module).min(3.0)
    }

    /// A finder of this one's code that was not seen: its middle, and how far a module's step leads to the right and down.
    pub(crate) fn standing_in(&self, center: Point, right: Point, down: Point) -> Self {
        let corner = |x: f32, y: f32| center + right.times(x) + down.times(y);
        let corners = [
            corner(-3.0, -3.0),
            corner(3.0, -3.0),
            corner(3.0, 3.0),
            corner(-3.0, 3.0),
        ];
        Self {
            center,
            module: (right.length() + down.length()) * 0.5,
            corners,
            sides: directions(&corners),
            ..*self
        }
    }

    /// 1 - cos of the angle between a direction (of length 1) and the nearer side of the ring.
    pub(crate) fn slant(&self, direction: Point) -> f32 {
        let [one, other] = self.sides.map(|side| side.dot(direction).abs());
        1.0 - if one > other { one } else { other }
    }
}

fn directions([a, b, c, _]: &[Point; 4]) -> [Point; 2] {
    [*b - *a, *c - *b].map(|side| side.times(side.length().max(1e-3).recip()))
}

fn seen(sighting: &Sighting, scale: f32, step: usize) -> f32 {
    sighting.rows as f32 * step as f32 * scale
}

/// Finders that a picture may have: three of each of many codes, and some that are none.
const MOST_FINDERS: usize = 64;
/// Modules from a finder's middle within which a sighting is the same finder's.
const MOST_OFF: f32 = 0.8;
/// Triples that a pass tries, the likeliest first.
const MOST_TRIPLES: usize = 4;
/// One finder's module is larger than another's by this at most: the depth of a slanted code.
const MOST_SIZES: f32 = 2.2;
/// One leg is longer than the other by this at most.
const MOST_LEGS: f32 = 2.2;
/// Both legs meet at a right angle, seen at a slant: its cosine.
const MOST_COSINE: f32 = 0.6;
/// Rings lie along the legs.
const MOST_SLANT: f32 = 0.6;
/// Modules between the middles of two finders: 14 to 170, as measured at a slant.
const LEG: std::ops::RangeInclusive<f32> = 11.0..=220.0;

/// The finders of a picture so far.
#[derive(Default)]
pub(crate) struct Pool {
    finders: Vec<Finder>,
    fresh: Vec<bool>,
}

/// Three finders that could be a code's: the one at the corner, the one clockwise of it, and the other.
#[derive(Clone, Copy)]
pub(crate) struct Triple {
    pub(crate) corner: Finder,
    pub(crate) right: Finder,
    pub(crate) down: Finder,
}

impl Triple {
    /// The two beside the corner in either order.
    pub(crate) fn of(corner: Finder, first: Finder, second: Finder) -> Self {
        let clockwise = (first.center - corner.center).cross(second.center - corner.center) >= 0.0;
        let (right, down) = if clockwise {
            (first, second)
        } else {
            (second, first)
        };
        Self {
            corner,
            right,
            down,
        }
    }
}

/// A neighbour of a finder, as a leg of a triple.
struct Leg {
    to: usize,
    way: Point,
    length: f32,
    slant: f32,
}

impl Pool {
    /// Adds a pass's finders. A finder that is known is fresh again when it was now seen in a sharper copy.
    pub(crate) fn add(&mut self, finders: impl IntoIterator<Item = Finder>) {
        self.fresh.clear();
        self.fresh.resize(self.finders.len(), false);
        for finder in finders {
            let same = |known: &Finder| {
                known.inverted == finder.inverted
                    && (known.center - finder.center).length() < known.module * 1.2
            };
            if let Some(at) = self.finders.iter().position(same) {
                let known = &mut self.finders[at];
                let seen = known.seen.max(finder.seen);
                if finder.scale < known.scale {
                    *known = finder;
                    self.fresh[at] = true;
                }
                known.seen = seen;
            } else if self.finders.len() < MOST_FINDERS {
                self.finders.push(finder);
                self.fresh.push(true);
            }
        }
    }

    /// Whether a sighting is a finder that is known from as sharp a copy: its ring would tell nothing new.
    pub(crate) fn knows(&mut self, sighting: &Sighting, scale: f32, step: usize) -> bool {
        let center = sighting.center.times(scale);
        let same = |known: &&mut Finder| {
            let (off, reach) = (known.center - center, known.module * MOST_OFF);
            known.scale <= scale
                && known.inverted == sighting.inverted
                && off.dot(off) < reach * reach
        };
        let Some(known) = self.finders.iter_mut().find(same) else {
            return false;
        };
        known.seen = known.seen.max(seen(sighting, scale, step));
        true
    }

    /// Whether any finder was seen.
    pub(crate) fn is_empty(&self) -> bool {
        self.finders.is_empty()
    }

    /// Those that belong to no code so far.
    pub(crate) fn finders(&self) -> &[Finder] {
        &self.finders
    }

    /// Forgets the finders that lie inside these corners: they are a code's that was read.
    pub(crate) fn forget_inside(&mut self, corners: &[Point; 4]) {
        let inside = |at: Point| {
            (0..4).all(|from| {
                let side = corners[(from + 1) % 4] - corners[from];
                side.cross(at - corners[from]) >= 0.0
            })
        };
        let keep: Vec<bool> = self
            .finders
            .iter()
            .map(|finder| !inside(finder.center))
            .collect();
        let mut kept = keep.iter();
        self.finders
            .retain(|_| kept.next().copied().unwrap_or(true));
        let mut kept = keep.iter();
        self.fresh.retain(|_| kept.next().copied().unwrap_or(true));
    }

    /// The likeliest triples with a fresh finder in them.
    pub(crate) fn triples(&self) -> Vec<Triple> {
        if !self.fresh.contains(&true) {
            return Vec::new();
        }
        // The likeliest so far, in order; of equal ones the first seen is the likelier.
        let mut ranked: Vec<(f32, [usize; 3])> = Vec::with_capacity(MOST_TRIPLES + 1);
        for corner in 0..self.finders.len() {
            let legs = self.legs(corner);
            for (at, first) in legs.iter().enumerate() {
                for second in &legs[at + 1..] {
                    let any_fresh =
                        self.fresh[corner] || self.fresh[first.to] || self.fresh[second.to];
                    if let Some(cost) = any_fresh
                        .then(|| self.cost(corner, first, second))
                        .flatten()
                    {
                        let at = ranked.partition_point(|known| known.0 <= cost);
                        ranked.insert(at, (cost, [corner, first.to, second.to]));
                        ranked.truncate(MOST_TRIPLES);
                    }
                }
            }
        }
        ranked.iter().map(|(_, ats)| self.triple(*ats)).collect()
    }

    fn triple(&self, [corner, first, second]: [usize; 3]) -> Triple {
        let [corner, first, second] = [corner, first, second].map(|at| self.finders[at]);
        Triple::of(corner, first, second)
    }

    fn legs(&self, corner: usize) -> Vec<Leg> {
        let from = &self.finders[corner];
        let mut legs = Vec::new();
        for (to, other) in self.finders.iter().enumerate() {
            if to == corner || other.inverted != from.inverted {
                continue;
            }
            let (small, large) = minmax(from.module, other.module);
            let way = other.center - from.center;
            let length = way.length();
            let modules = length * 2.0 / (small + large);
            if large > small * MOST_SIZES || modules < LEG.start() * 0.86 || modules > *LEG.end() {
                continue;
            }
            let direction = way.times(length.recip());
            legs.push(Leg {
                to,
                way,
                length,
                slant: from.slant(direction) + other.slant(direction),
            });
        }
        legs
    }

    /// How little three finders look like a code's corners; none where they can't be.
    fn cost(&self, corner: usize, first: &Leg, second: &Leg) -> Option<f32> {
        spend(1);
        let (short, long) = minmax(first.length, second.length);
        let legs = long / short;
        let cosine = (first.way.dot(second.way) / (first.length * second.length)).abs();
        if first.slant > MOST_SLANT || legs > MOST_LEGS || cosine > MOST_COSINE {
            return None;
        }
        let finders = [corner, first.to, second.to].map(|at| &self.finders[at]);
        let [a, b, c] = finders.map(|finder| finder.module);
        let ((least, most), module) = (minmax(a, b), (a + b + c) / 3.0);
        let (small, large) = (minmax(least, c).0, minmax(most, c).1);
        if large > small * MOST_SIZES || short < module * LEG.start() || long > module * LEG.end() {
            return None;
        }
        let slant = first.slant + finders[2].slant(first.way.times(first.length.recip()));
        if slant > MOST_SLANT {
            return None;
        }
        let [a, b, c] = finders.map(|finder| finder.seen);
        // A finder is seen over three modules of its height.
        let seen = minmax(minmax(minmax(a, b).0, c).0 / module, 3.0).0;
        Some(cosine + (legs - 1.0) * 0.7 + (large / small - 1.0) + slant * 1.5 - seen * 0.2)
    }
}

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
            inverted: false,
            corners,
            sides: directions(&corners),
            seen: module * 3.0,
            scale: 1.0,
        }
    }

    /// The corners of a code whose finders' middles are `leg` modules of 4 pixels apart.
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
        let mut pool = Pool::default();
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
        let mut pool = Pool::default();
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
        let mut pool = Pool::default();
        pool.add([finder(50.0, 60.0, 4.0)]);
        let sighting = |x: f32, inverted| Sighting {
            center: Point::new(x, 30.0),
            module: 2.0,
            inverted,
            rows: 9,
        };
        assert!(pool.knows(&sighting(26.0, false), 2.0, 1));
        assert_eq!(pool.finders[0].seen, 18.0);
        assert!(!pool.knows(&sighting(26.0, true), 2.0, 1));
        assert!(!pool.knows(&sighting(28.0, false), 2.0, 1));
        let sharper = Sighting {
            center: Point::new(100.0, 120.0),
            ..sighting(0.0, false)
        };
        assert!(!pool.knows(&sharper, 0.5, 1));
    }

    #[test]
    fn what_an_earlier_pass_has_tried_is_not_tried_again() {
        let mut pool = Pool::default();
        pool.add(code(50.0, 60.0, 18.0));
        pool.add(code(50.5, 60.5, 18.0));
        assert!(pool.triples().is_empty());
    }

    #[test]
    fn three_corners_may_come_from_three_passes() {
        let mut pool = Pool::default();
        for finder in code(50.0, 60.0, 18.0) {
            pool.add([finder]);
        }
        assert_eq!(pool.triples().len(), 1);
    }

    #[test]
    fn a_code_that_was_read_makes_room_for_the_next() {
        let mut pool = Pool::default();
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
        let mut pool = Pool::default();
        pool.add((0..400).map(|at| finder((at % 20) as f32 * 60.0, (at / 20) as f32 * 60.0, 4.0)));
        assert_eq!(pool.finders.len(), MOST_FINDERS);
        assert_eq!(pool.triples().len(), MOST_TRIPLES);
    }
}
