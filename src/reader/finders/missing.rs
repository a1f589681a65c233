//! Searches the grey picture for finders that no threshold shows: the third beside a pair, or two beside a single one.
//!
//! A reflection or motion blur may hide one of three finders from the scan.
//! The rings of the others say where it must be, to a few modules; the greys there are correlated with a finder's.

use super::likeness::{Axes, HALF, likeness, likeness_at, module_greys};
use super::order::order;
use super::triples::{Finder, Triple};
use crate::picture::luma::Luma;
use crate::picture::point::Point;
use crate::picture::polarity::Polarity;

/// Modules between the middles of two finders: version 1 has 14, version 14 has 66, and a slant changes both.
///
/// Larger codes are left out, because no wallet shows one.
const LEG: std::ops::RangeInclusive<f32> = 12.0..=70.0;
/// The largest ratio of two finders' module sizes within a pair.
///
/// Chosen on the till set. Larger: more pairs are chance. Smaller: strongly tilted codes have no pair.
const MAX_SIZES: f32 = 1.6;
/// The largest cost of a pair: its slant off a side or a diagonal, plus its difference in size.
///
/// Chosen on the till set. Larger: more time for chance pairs. Smaller: tilted codes have no pair.
const MAX_COST: f32 = 0.4;
/// The contrast that core and light ring must show on both sides together, in shades.
///
/// Larger: dim codes are not searched. Smaller: noise is correlated at every place, which costs time.
const MIN_STEP: f32 = 5.0;
/// The largest offset of a side's end from its axis, as a part of its length.
///
/// A diagonal must differ from 45 degrees by less than `DIAGONAL_SLACK` times as much.
const MAX_BESIDE: f32 = 0.3;
const DIAGONAL_SLACK: f32 = 1.5;
/// The pairs that are completed, and the single finders that are; the likeliest first. More cost time.
const MAX_PAIRS: usize = 4;
const MAX_SINGLES: usize = 4;
/// How far from its expected place a third finder is searched, in modules.
/// It is a constant plus a part of the leg, but at most `MAX_REACH`.
///
/// Chosen on the till set. Larger: more time, and more chance finds. Smaller: tilted codes are missed.
const REACH: f32 = 1.2;
const REACH_PART: f32 = 0.1;
const MAX_REACH: f32 = 5.0;
/// The least likeness of a single finder's partner, and of its first rough place and of a third finder.
///
/// A pair says where the third one is, so that a finder which a reflection has nearly hidden is enough there.
/// Chosen on the till set. Larger: blurred finders are missed. Smaller: more chance triples are tried.
const MIN_LIKENESS: f32 = 0.55;
const MIN_LIKENESS_ROUGH: f32 = 0.4;
/// The longest distance at which a single finder's partner is searched, in modules: version 9 has 46.
///
/// Larger: time grows with its square. Smaller: larger codes need two finders.
const MAX_STRIP: i32 = 50;
/// The strip in which the partner is searched widens by one module over this many modules.
///
/// Larger: rotated rings lead past the partner. Smaller: more time.
const STRIP_SLOPE: i32 = 12;
/// Modules outside the picture at which a partner's middle may lie: half a finder and its separator.
const OUTSIDE: f32 = 4.0;
/// How far around its rough place a single finder's partner is searched again, in modules.
const PARTNER_REACH: f32 = 1.0;
/// Search positions per module in the first search.
const PER_MODULE: i32 = 2;
/// The steps of the search around the best position, in modules.
const FINE_STEPS: [f32; 2] = [0.25, 0.12];

/// An expected place of a finder: a point, the axes there, and the search radius in modules.
struct Guess {
    at: Point,
    axes: Axes,
    reach: f32,
    /// The index of the triple's corner among the pair's first finder, its second one, and this place.
    corner: usize,
}

/// The triples that pairs of these finders make with a third one that no scan has found.
pub(crate) fn complete_pairs(luma: &Luma<'_>, finders: &[Finder]) -> Vec<Triple> {
    let mut pairs = Vec::new();
    for (at, first) in finders.iter().enumerate() {
        for second in &finders[at + 1..] {
            if let Some((cost, guesses)) = guesses(first, second) {
                pairs.push((cost, [*first, *second], guesses));
            }
        }
    }
    let likeliest = order(pairs.iter().map(|(cost, ..)| *cost));
    let mut triples = Vec::new();
    for at in likeliest.into_iter().take(MAX_PAIRS) {
        let (_, pair, guesses) = &pairs[at];
        triples.extend(best(luma, pair, guesses));
    }
    triples
}

/// The triples that single finders make: a second one is searched along the sides of its ring, then the third.
pub(crate) fn complete_singles(luma: &Luma<'_>, finders: &[Finder]) -> Vec<Triple> {
    let likeliest = order(finders.iter().map(|finder| -finder.crossed_modules()));
    let likeliest = likeliest.into_iter().take(MAX_SINGLES);
    let triples = likeliest.filter_map(|at| {
        let first = finders[at];
        let second = partner(luma, &first)?;
        let (_, guesses) = guesses(&first, &second)?;
        best(luma, &[first, second], &guesses)
    });
    triples.collect()
}

/// The likeliest finder on one of a finder's own axes: to the right, to the left, above or below.
fn partner(luma: &Luma<'_>, first: &Finder) -> Option<Finder> {
    let axes = Axes::of(&first.corners);
    let mut best = (MIN_LIKENESS_ROUGH, first.center);
    for along in *LEG.start() as i32..=MAX_STRIP {
        let width = 1 + along / STRIP_SLOPE;
        for off in -width..=width {
            let (along, off) = (along as f32, off as f32);
            for (x, y) in [(along, off), (-along, off), (off, along), (off, -along)] {
                let place = first.center + axes.vector(x, y);
                if !luma.holds(place, first.module * OUTSIDE)
                    || !alternates(luma, place, axes, first.polarity)
                {
                    continue;
                }
                let likeness = likeness_at(luma, place, axes, first.polarity);
                if likeness > best.0 {
                    best = (likeness, place);
                }
            }
        }
    }
    if best.1 == first.center {
        return None;
    }
    let (likeness, center) = search(luma, best.1, axes, PARTNER_REACH, first.polarity);
    (likeness >= MIN_LIKENESS).then(|| first.sibling_at(center, axes.right, axes.down))
}

/// Whether core, light ring and dark ring alternate in each of four directions. A cheap test before the correlation.
#[inline]
fn alternates(luma: &Luma<'_>, at: Point, axes: Axes, polarity: Polarity) -> bool {
    let core = luma.pixel_at(at);
    let inverted = polarity.is_inverted();
    let directions = [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)];
    directions.iter().all(|(x, y)| {
        let light = luma.pixel_at(at + axes.vector(x * 2.0, y * 2.0));
        let dark = luma.pixel_at(at + axes.vector(x * 3.0, y * 3.0));
        (light > core) != inverted && (light > dark) != inverted
    })
}

/// The places where the third finder of a pair may be, and the pair's cost; `None` if the two can't be of one code.
fn guesses(first: &Finder, second: &Finder) -> Option<(f32, Vec<Guess>)> {
    let sizes = first.module / second.module;
    let sizes = sizes.max(sizes.recip());
    if first.polarity != second.polarity || sizes > MAX_SIZES {
        return None;
    }
    let between = second.center - first.center;
    let near = Axes::of(&first.corners);
    let far = Axes::of(&second.corners).aligned_with(near);
    let (near_x, near_y) = near.modules(between)?;
    let (far_x, far_y) = far.modules(between)?;
    let (x, y) = ((near_x + far_x) * 0.5, (near_y + far_y) * 0.5);
    let (short, long) = (x.abs().min(y.abs()), x.abs().max(y.abs()));
    if !LEG.contains(&long) {
        return None;
    }
    let reach = (REACH + long * REACH_PART).min(MAX_REACH);
    let guess = |at: Point, axes: Axes, corner: usize| Guess {
        at,
        axes,
        reach,
        corner,
    };
    let axes = near.mean(far);
    let mut guesses = Vec::with_capacity(4);
    let slant = if short < long * MAX_BESIDE {
        // The two lie on one side of the code: the third is beside either of them, on either hand.
        for side in [-long, long] {
            let (from_first, from_second) = if x.abs() > y.abs() {
                (near.vector(0.0, side), far.vector(0.0, side))
            } else {
                (near.vector(side, 0.0), far.vector(side, 0.0))
            };
            guesses.push(guess(first.center + from_first, near, 0));
            guesses.push(guess(second.center + from_second, far, 1));
        }
        short / long
    } else if short > long * (1.0 - DIAGONAL_SLACK * MAX_BESIDE) {
        // The two lie on the diagonal: the third is at one of the other two corners of their square.
        let right = near.vector(near_x, 0.0);
        let down = near.vector(0.0, near_y);
        let to_right = first.center + right + second.center - far.vector(0.0, far_y);
        let to_down = first.center + down + second.center - far.vector(far_x, 0.0);
        guesses.push(guess(to_right.times(0.5), axes, 2));
        guesses.push(guess(to_down.times(0.5), axes, 2));
        1.0 - short / long
    } else {
        return None;
    };
    let cost = slant + (sizes - 1.0);
    (cost <= MAX_COST).then_some((cost, guesses))
}

/// The triple with the guess at which a finder is most likely; `None` if no place looks like one.
fn best(luma: &Luma<'_>, pair: &[Finder; 2], guesses: &[Guess]) -> Option<Triple> {
    let polarity = pair[0].polarity;
    let searched = guesses.iter().map(|guess| {
        (
            search(luma, guess.at, guess.axes, guess.reach, polarity),
            guess,
        )
    });
    let ((likeness, center), guess) = searched.max_by(|a, b| a.0.0.total_cmp(&b.0.0))?;
    if likeness < MIN_LIKENESS_ROUGH {
        return None;
    }
    let third = pair[0].sibling_at(center, guess.axes.right, guess.axes.down);
    let all = [pair[0], pair[1], third];
    let corner = guess.corner;
    let others = [(corner + 1) % 3, (corner + 2) % 3];
    Some(Triple::of(all[corner], all[others[0]], all[others[1]]))
}

/// The place within reach that looks most like a finder, and its likeness from -1 to 1.
fn search(luma: &Luma<'_>, at: Point, axes: Axes, reach: f32, polarity: Polarity) -> (f32, Point) {
    let patch = FinderPatch::new(luma, at, axes, (reach * PER_MODULE as f32).ceil() as i32);
    let mut best = (-1.0, at);
    for y in -patch.reach..=patch.reach {
        for x in -patch.reach..=patch.reach {
            if patch.is_likely(x, y, polarity) {
                let grey = |i, j| patch.grey(x + i * PER_MODULE, y + j * PER_MODULE);
                let likeness = likeness(&module_greys(grey), polarity);
                if likeness > best.0 {
                    let per_module = PER_MODULE as f32;
                    best = (
                        likeness,
                        at + axes.vector(x as f32 / per_module, y as f32 / per_module),
                    );
                }
            }
        }
    }
    for step in FINE_STEPS {
        let start = best.1;
        for (x, y) in [(-1.0, 0.0), (1.0, 0.0), (0.0, -1.0), (0.0, 1.0)] {
            let place = start + axes.vector(x * step, y * step);
            let likeness = likeness_at(luma, place, axes, polarity);
            if likeness > best.0 {
                best = (likeness, place);
            }
        }
    }
    best
}

/// Greys at every half module around a place, fetched once: neighbouring positions share most of them.
struct FinderPatch {
    greys: Vec<f32>,
    side: i32,
    reach: i32,
}

impl FinderPatch {
    fn new(luma: &Luma<'_>, at: Point, axes: Axes, reach: i32) -> Self {
        let most = reach + HALF * PER_MODULE;
        let side = 2 * most + 1;
        let mut greys = Vec::with_capacity((side * side) as usize);
        for y in -most..=most {
            for x in -most..=most {
                let (x, y) = (x as f32 / PER_MODULE as f32, y as f32 / PER_MODULE as f32);
                greys.push(luma.pixel_at(at + axes.vector(x, y)));
            }
        }
        Self { greys, side, reach }
    }

    /// The grey at a position, in half modules from the middle.
    #[inline]
    fn grey(&self, x: i32, y: i32) -> f32 {
        let most = self.side / 2;
        let at = (y + most) * self.side + x + most;
        self.greys.get(at as usize).copied().unwrap_or_default()
    }

    /// Whether the light ring is lighter than the core along both axes. A cheap test before the correlation.
    #[inline]
    fn is_likely(&self, x: i32, y: i32, polarity: Polarity) -> bool {
        let ring = 2 * PER_MODULE;
        let core = self.grey(x, y);
        let across = self.grey(x + ring, y) + self.grey(x - ring, y);
        let along = self.grey(x, y + ring) + self.grey(x, y - ring);
        let (across, along) = (across - 2.0 * core, along - 2.0 * core);
        if polarity.is_inverted() {
            across.max(along) < -MIN_STEP
        } else {
            across.min(along) > MIN_STEP
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::finder::FinderCandidate;
    use super::super::ring::Ring;
    use super::*;

    const SIDE: usize = 200;
    const MODULE: f32 = 4.0;
    /// The middles of the finders of a version 2 code whose top left corner is at (40, 50).
    const MIDDLES: [Point; 3] = [
        Point::new(54.0, 64.0),
        Point::new(126.0, 64.0),
        Point::new(54.0, 136.0),
    ];

    fn picture(polarity: Polarity) -> Vec<u8> {
        let inverted = polarity.is_inverted();
        let text = "134503098230927349";
        let size = qrcode::Version::Normal(2);
        let code = qrcode::QrCode::with_version(text, size, qrcode::EcLevel::M).unwrap();
        let inside = |x: usize, y: usize| x < code.width() && y < code.width();
        let is_dark = |x, y| inside(x, y) && code[(x, y)] == qrcode::Color::Dark;
        let pixel = |at: usize| {
            let (x, y) = (at % SIDE, at / SIDE);
            let dark = x >= 40 && y >= 50 && is_dark((x - 40) / 4, (y - 50) / 4);
            if dark != inverted { 60 } else { 180 }
        };
        (0..SIDE * SIDE).map(pixel).collect()
    }

    fn finder(center: Point, polarity: Polarity) -> Finder {
        let corner = |x: f32, y: f32| center + Point::new(x, y).times(3.0 * MODULE);
        let ring = Ring {
            center,
            module: MODULE,
            corners: [
                corner(1.0, 1.0),
                corner(-1.0, 1.0),
                corner(-1.0, -1.0),
                corner(1.0, -1.0),
            ],
            round: None,
        };
        let candidate = FinderCandidate {
            center,
            module: MODULE,
            polarity,
            rows: 3,
            stretch: 1.0,
        };
        Finder::new(&candidate, &ring, 1.0, 4)
    }

    fn is_the_code(triple: &Triple) -> bool {
        let seen = [triple.corner, triple.right, triple.down].map(|finder| finder.center);
        seen.iter()
            .zip(MIDDLES)
            .all(|(seen, middle)| (*seen - middle).length() < 1.5)
    }

    #[test]
    fn the_third_of_two_is_found_whichever_it_is() {
        for polarity in [Polarity::DarkOnLight, Polarity::LightOnDark] {
            let pixels = picture(polarity);
            let luma = Luma::new(&pixels, SIDE, SIDE, SIDE).unwrap();
            for missing in 0..3 {
                let seen = (0..3).filter(|at| *at != missing);
                let seen: Vec<Finder> = seen.map(|at| finder(MIDDLES[at], polarity)).collect();
                let triples = complete_pairs(&luma, &seen);
                assert!(triples.iter().any(is_the_code), "{missing} {polarity:?}");
            }
        }
    }

    #[test]
    fn the_others_of_one_are_found_whichever_it_is() {
        let pixels = picture(Polarity::DarkOnLight);
        let luma = Luma::new(&pixels, SIDE, SIDE, SIDE).unwrap();
        for middle in MIDDLES {
            let triples = complete_singles(&luma, &[finder(middle, Polarity::DarkOnLight)]);
            assert!(triples.iter().any(is_the_code), "{middle:?}");
        }
    }

    #[test]
    fn where_nothing_looks_like_a_finder_none_is_found() {
        let noise: Vec<u8> = (0..SIDE * SIDE)
            .map(|at| (at * at / 7 % 251) as u8)
            .collect();
        for pixels in [noise, vec![120; SIDE * SIDE]] {
            let luma = Luma::new(&pixels, SIDE, SIDE, SIDE).unwrap();
            let two = [MIDDLES[0], MIDDLES[1]].map(|at| finder(at, Polarity::DarkOnLight));
            assert!(complete_pairs(&luma, &two).is_empty());
            assert!(complete_singles(&luma, &two[..1]).is_empty());
        }
    }

    #[test]
    fn finders_that_are_no_pair_have_no_third() {
        let pixels = picture(Polarity::DarkOnLight);
        let luma = Luma::new(&pixels, SIDE, SIDE, SIDE).unwrap();
        let first = finder(MIDDLES[0], Polarity::DarkOnLight);
        let skew = finder(Point::new(90.0, 84.0), Polarity::DarkOnLight);
        assert!(complete_pairs(&luma, &[first, skew]).is_empty());
        let light = finder(MIDDLES[1], Polarity::LightOnDark);
        assert!(complete_pairs(&luma, &[first, light]).is_empty());
    }
}
