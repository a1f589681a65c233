//! Finders that no threshold shows: where two were seen, or one, the others are looked for in grey.
//!
//! A lamp's mirror image, or the blur of a hand, may hide one finder of three from every row that is scanned. The rings
//! that were seen say where it must be, to a few modules; what is there is compared with what a finder looks like.

use super::likeness::{Axes, HALF, alike, alike_at, modules};
use super::order::order;
use super::triples::{Finder, Triple};
use crate::picture::luma::Luma;
use crate::picture::point::Point;

/// Modules between the middles of two finders, of codes up to version 14; larger ones are of no wallet.
const LEG: std::ops::RangeInclusive<f32> = 12.0..=70.0;
/// One finder's module is larger than the other's by this at most.
const MOST_SIZES: f32 = 1.6;
/// Pairs that look so little like two of one code are none.
const MOST_COST: f32 = 0.4;
/// Shades of both sides together by which a light ring is lighter than the core.
const LEAST_STEP: f32 = 5.0;
/// Of the way along a leg, so much may lead beside it.
const MOST_BESIDE: f32 = 0.3;
/// Pairs of which the third is looked for, and single finders of which the second is; the likeliest first.
const MOST_PAIRS: usize = 4;
const MOST_SINGLES: usize = 4;
/// How far off the third is looked for, in modules: so many, and this part of the leg.
const REACH: f32 = 1.2;
const REACH_PART: f32 = 0.1;
const MOST_REACH: f32 = 5.0;
/// What looks less like a finder is none.
const LEAST_ALIKE: f32 = 0.55;
const LEAST_ALIKE_ROUGH: f32 = 0.4;
/// Along the sides of a single finder, the furthest place of a second one.
const MOST_STRIP: i32 = 50;
/// The first search looks at every half module.
const PER_MODULE: i32 = 2;

/// A place for a finder: near a pixel, with these axes, at most so many modules off.
struct Guess {
    at: Point,
    axes: Axes,
    reach: f32,
    /// The corner of the triple is the first finder, the second, or this place.
    corner: usize,
}

/// What these finders may be three of, with those that were not seen.
pub(crate) fn completed(luma: &Luma<'_>, finders: &[Finder]) -> Vec<Triple> {
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
    for at in likeliest.into_iter().take(MOST_PAIRS) {
        let (_, pair, guesses) = &pairs[at];
        triples.extend(best(luma, pair, guesses));
    }
    triples
}

/// What a single finder may be one of: a second is looked for along the sides of its ring, then the third.
pub(crate) fn completed_alone(luma: &Luma<'_>, finders: &[Finder]) -> Vec<Triple> {
    let likeliest = order(finders.iter().map(|finder| -finder.seen_part()));
    let likeliest = likeliest.into_iter().take(MOST_SINGLES);
    let triples = likeliest.filter_map(|at| {
        let first = finders[at];
        let second = beside(luma, &first)?;
        let (_, guesses) = guesses(&first, &second)?;
        best(luma, &[first, second], &guesses)
    });
    triples.collect()
}

/// The likeliest finder straight to the right, to the left, below or above another.
fn beside(luma: &Luma<'_>, first: &Finder) -> Option<Finder> {
    let axes = Axes::of(&first.corners);
    let mut best = (LEAST_ALIKE_ROUGH, first.center);
    for along in *LEG.start() as i32..=MOST_STRIP {
        let width = 1 + along / 12;
        for off in -width..=width {
            let (along, off) = (along as f32, off as f32);
            for (x, y) in [(along, off), (-along, off), (off, along), (off, -along)] {
                let place = first.center + axes.way(x, y);
                if !luma.holds(place, first.module * 4.0)
                    || !surely(luma, place, axes, first.inverted)
                {
                    continue;
                }
                let alike = alike_at(luma, place, axes, first.inverted);
                if alike > best.0 {
                    best = (alike, place);
                }
            }
        }
    }
    if best.1 == first.center {
        return None;
    }
    let (alike, center) = seek(luma, best.1, axes, 1.0, first.inverted);
    (alike >= LEAST_ALIKE).then(|| first.standing_in(center, axes.right, axes.down))
}

/// Whether core, light ring and dark ring take turns on each of four ways from the middle.
#[inline]
fn surely(luma: &Luma<'_>, at: Point, axes: Axes, inverted: bool) -> bool {
    let core = luma.pixel_at(at);
    let ways = [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)];
    ways.iter().all(|(x, y)| {
        let light = luma.pixel_at(at + axes.way(x * 2.0, y * 2.0));
        let dark = luma.pixel_at(at + axes.way(x * 3.0, y * 3.0));
        (light > core) != inverted && (light > dark) != inverted
    })
}

/// Where the third finder of two may be, and how little they look like two of one code.
fn guesses(first: &Finder, second: &Finder) -> Option<(f32, Vec<Guess>)> {
    let sizes = first.module / second.module;
    let sizes = sizes.max(sizes.recip());
    if first.inverted != second.inverted || sizes > MOST_SIZES {
        return None;
    }
    let way = second.center - first.center;
    let near = Axes::of(&first.corners);
    let far = Axes::of(&second.corners).turned_to(near);
    let (near_x, near_y) = near.modules(way)?;
    let (far_x, far_y) = far.modules(way)?;
    let (x, y) = ((near_x + far_x) * 0.5, (near_y + far_y) * 0.5);
    let (short, long) = (x.abs().min(y.abs()), x.abs().max(y.abs()));
    if !LEG.contains(&long) {
        return None;
    }
    let reach = (REACH + long * REACH_PART).min(MOST_REACH);
    let guess = |at: Point, axes: Axes, corner: usize| Guess {
        at,
        axes,
        reach,
        corner,
    };
    let axes = near.mean(far);
    let mut guesses = Vec::with_capacity(4);
    let beside = if short < long * MOST_BESIDE {
        for side in [-long, long] {
            let (near_way, far_way) = if x.abs() > y.abs() {
                (near.way(0.0, side), far.way(0.0, side))
            } else {
                (near.way(side, 0.0), far.way(side, 0.0))
            };
            guesses.push(guess(first.center + near_way, near, 0));
            guesses.push(guess(second.center + far_way, far, 1));
        }
        short / long
    } else if short > long * (1.0 - 1.5 * MOST_BESIDE) {
        let to_right = first.center + near.way(near_x, 0.0) + second.center - far.way(0.0, far_y);
        let to_down = first.center + near.way(0.0, near_y) + second.center - far.way(far_x, 0.0);
        guesses.push(guess(to_right.times(0.5), axes, 2));
        guesses.push(guess(to_down.times(0.5), axes, 2));
        1.0 - short / long
    } else {
        return None;
    };
    let cost = beside + (sizes - 1.0);
    (cost <= MOST_COST).then_some((cost, guesses))
}

/// The guess at which a finder is most likely seen, as a triple.
fn best(luma: &Luma<'_>, pair: &[Finder; 2], guesses: &[Guess]) -> Option<Triple> {
    let inverted = pair[0].inverted;
    let seen = guesses.iter().map(|guess| {
        (
            seek(luma, guess.at, guess.axes, guess.reach, inverted),
            guess,
        )
    });
    let ((alike, center), guess) = seen.max_by(|a, b| a.0.0.total_cmp(&b.0.0))?;
    if alike < LEAST_ALIKE {
        return None;
    }
    let third = pair[0].standing_in(center, guess.axes.right, guess.axes.down);
    let all = [pair[0], pair[1], third];
    let corner = guess.corner;
    let others = [(corner + 1) % 3, (corner + 2) % 3];
    Some(Triple::of(all[corner], all[others[0]], all[others[1]]))
}

/// Where within reach a finder is most likely, and how much it looks like one, from -1 to 1.
fn seek(luma: &Luma<'_>, at: Point, axes: Axes, reach: f32, inverted: bool) -> (f32, Point) {
    let patch = Patch::new(luma, at, axes, (reach * PER_MODULE as f32).ceil() as i32);
    let mut best = (-1.0, at);
    for y in -patch.reach..=patch.reach {
        for x in -patch.reach..=patch.reach {
            if patch.is_likely(x, y, inverted) {
                let greys = modules(|i, j| patch.grey(x + i * PER_MODULE, y + j * PER_MODULE));
                let alike = alike(&greys, inverted);
                if alike > best.0 {
                    let per_module = PER_MODULE as f32;
                    best = (
                        alike,
                        at + axes.way(x as f32 / per_module, y as f32 / per_module),
                    );
                }
            }
        }
    }
    for step in [0.25, 0.12] {
        let start = best.1;
        for (x, y) in [(-1.0, 0.0), (1.0, 0.0), (0.0, -1.0), (0.0, 1.0)] {
            let place = start + axes.way(x * step, y * step);
            let alike = alike_at(luma, place, axes, inverted);
            if alike > best.0 {
                best = (alike, place);
            }
        }
    }
    best
}

/// Greys at every half module around a place: neighbouring places share most of theirs.
struct Patch {
    greys: Vec<f32>,
    side: i32,
    reach: i32,
}

impl Patch {
    fn new(luma: &Luma<'_>, at: Point, axes: Axes, reach: i32) -> Self {
        let most = reach + HALF * PER_MODULE;
        let side = 2 * most + 1;
        let mut greys = Vec::with_capacity((side * side) as usize);
        for y in -most..=most {
            for x in -most..=most {
                let (x, y) = (x as f32 / PER_MODULE as f32, y as f32 / PER_MODULE as f32);
                greys.push(luma.pixel_at(at + axes.way(x, y)));
            }
        }
        Self { greys, side, reach }
    }

    #[inline]
    fn grey(&self, x: i32, y: i32) -> f32 {
        let most = self.side / 2;
        let at = (y + most) * self.side + x + most;
        self.greys.get(at as usize).copied().unwrap_or_default()
    }

    /// Whether the light ring is lighter than the core, on both sides of each axis together.
    #[inline]
    fn is_likely(&self, x: i32, y: i32, inverted: bool) -> bool {
        let ring = 2 * PER_MODULE;
        let core = self.grey(x, y);
        let across = self.grey(x + ring, y) + self.grey(x - ring, y);
        let along = self.grey(x, y + ring) + self.grey(x, y - ring);
        let (across, along) = (across - 2.0 * core, along - 2.0 * core);
        if inverted {
            across.max(along) < -LEAST_STEP
        } else {
            across.min(along) > LEAST_STEP
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::finder::Sighting;
    use super::super::ring::Ring;
    use super::*;

    const SIDE: usize = 200;
    const MODULE: f32 = 4.0;
    /// The middles of the finders of a code of version 2 whose corner is at (40, 50).
    const MIDDLES: [Point; 3] = [
        Point::new(54.0, 64.0),
        Point::new(126.0, 64.0),
        Point::new(54.0, 136.0),
    ];

    fn picture(inverted: bool) -> Vec<u8> {
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

    fn finder(center: Point, inverted: bool) -> Finder {
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
        };
        let sighting = Sighting {
            center,
            module: MODULE,
            inverted,
            rows: 3,
        };
        Finder::new(&sighting, &ring, 1.0, 4)
    }

    fn is_the_code(triple: &Triple) -> bool {
        let seen = [triple.corner, triple.right, triple.down].map(|finder| finder.center);
        seen.iter()
            .zip(MIDDLES)
            .all(|(seen, middle)| (*seen - middle).length() < 1.5)
    }

    #[test]
    fn the_third_of_two_is_found_whichever_it_is() {
        for inverted in [false, true] {
            let pixels = picture(inverted);
            let luma = Luma::new(&pixels, SIDE, SIDE, SIDE).unwrap();
            for missing in 0..3 {
                let seen = (0..3).filter(|at| *at != missing);
                let seen: Vec<Finder> = seen.map(|at| finder(MIDDLES[at], inverted)).collect();
                let triples = completed(&luma, &seen);
                assert!(triples.iter().any(is_the_code), "{missing} {inverted}");
            }
        }
    }

    #[test]
    fn the_others_of_one_are_found_whichever_it_is() {
        let pixels = picture(false);
        let luma = Luma::new(&pixels, SIDE, SIDE, SIDE).unwrap();
        for middle in MIDDLES {
            let triples = completed_alone(&luma, &[finder(middle, false)]);
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
            let two = [finder(MIDDLES[0], false), finder(MIDDLES[1], false)];
            assert!(completed(&luma, &two).is_empty());
            assert!(completed_alone(&luma, &two[..1]).is_empty());
        }
    }

    #[test]
    fn finders_that_are_no_pair_have_no_third() {
        let pixels = picture(false);
        let luma = Luma::new(&pixels, SIDE, SIDE, SIDE).unwrap();
        let skew = finder(Point::new(90.0, 84.0), false);
        assert!(completed(&luma, &[finder(MIDDLES[0], false), skew]).is_empty());
        let light = finder(MIDDLES[1], true);
        assert!(completed(&luma, &[finder(MIDDLES[0], false), light]).is_empty());
    }
}
