//! From three finders to the code's version and plane.
//!
//! The timing patterns run straight from ring corner to ring corner: which version's alternations are seen on them
//! decides, before any plane is fitted. Then the rings' corners give a plane, and alignment patterns a better one.

use super::align::{find_alignment, find_alignments};
use super::climb::Pattern;
use super::geometry::{Homography, Sight};
use super::layout::{FINDER, Version};
use crate::clamp::within;
use crate::finders::order::order;
use crate::finders::triples::{Finder, Triple};
use crate::picture::luma::Luma;
use crate::picture::point::Point;

/// A version, and planes on which the code may lie.
pub(crate) struct Place {
    pub(crate) version: Version,
    /// The code says its version itself: a large one, or a chance of one in hundreds.
    pub(crate) said: bool,
    pub(crate) inverted: bool,
    pub(crate) planes: Vec<Homography>,
}

/// So far a code's timing patterns must alternate; what is none does as often wrong as right.
const LEAST_TIMING: f32 = 0.1;
/// A version off the one that the distances say must show so much more of its timing.
const OFF_VERSION: f32 = 0.06;
/// Rings whose plane suits the known modules less are no code's of this version: of codes that are read it is twice as
/// much, and nine chances in ten have half. To look for alignment patterns costs more than all before.
const LEAST_RINGS: f32 = 0.25;
/// Versions of three finders that are tried.
const MOST_VERSIONS: usize = 2;
/// Shades of grey below which a step from module to module is no alternation.
const LEAST_STEP: f32 = 1.0;
/// Below this version two off is a quarter off, and no distance is measured so badly.
const LEAST_TWO_OFF: usize = 8;
/// Codes from this version on say their version.
const LEAST_SAID: usize = 7;
/// Further from what the distances say, it is not their version that was read.
const MOST_OFF_SAID: usize = 8;
/// What divides every version's 18 bits; they differ in 8 at least.
const VERSION_GENERATOR: u32 = 0x1f25;
/// The one copy must be so clean, or both together: noise has some version too.
const MOST_VERSION_ERRORS: u32 = 1;
const MOST_ERRORS_OF_BOTH: u32 = 5;
/// Middle of a finder, in modules from the code's corner.
const MIDDLE: f32 = FINDER as f32 / 2.0;

/// A finder whose ring's corners are named: top left, top right, bottom right, bottom left.
struct Named {
    center: Point,
    corners: [Point; 4],
}

/// Where the code of these three finders may lie, the likeliest version first; none where no version's timing pattern
/// runs between them.
pub(crate) fn locate(luma: &Luma<'_>, triple: &Triple) -> Vec<Place> {
    let Triple {
        corner,
        right,
        down,
    } = triple;
    let across = right.center - corner.center;
    let along = down.center - corner.center;
    let name = |finder: &Finder| {
        name_corners(
            finder,
            across.times(across.length().recip()),
            along.times(along.length().recip()),
        )
    };
    let named = [name(corner), name(right), name(down)];
    let versions = versions(luma, &named, corner.inverted);
    let places = versions.into_iter().filter_map(|(version, said)| {
        let rings = plane_of_rings(&named, version)?;
        if !said && Pattern::new(version, corner.inverted).correlation(luma, &rings) < LEAST_RINGS {
            return None;
        }
        let mut place = Place {
            version,
            said,
            inverted: corner.inverted,
            planes: Vec::with_capacity(3),
        };
        add_planes_of_alignments(luma, &named, &rings, &mut place);
        place.planes.push(rings);
        Some(place)
    });
    places.collect()
}

/// Turns the walk around a ring until its corners point where they should.
fn name_corners(finder: &Finder, right: Point, down: Point) -> Named {
    let mut corners = finder.corners;
    let [a, b, c, _] = corners;
    if (b - a).cross(c - b) < 0.0 {
        corners.reverse();
    }
    let toward = [
        Point::new(0.0, 0.0) - right - down,
        right - down,
        right + down,
        down - right,
    ];
    let fit = |turn: usize| -> f32 {
        let pairs = toward.iter().enumerate();
        pairs
            .map(|(at, way)| way.dot(corners[(at + turn) % 4] - finder.center))
            .sum()
    };
    let turn = (0..4).max_by(|a, b| fit(*a).total_cmp(&fit(*b)));
    corners.rotate_left(turn.unwrap_or(0));
    Named {
        center: finder.center,
        corners,
    }
}

impl Named {
    /// Pixels of a module along the top and the bottom.
    fn width(&self) -> f32 {
        let [a, b, c, d] = self.corners;
        ((b - a).length() + (c - d).length()) / 12.0
    }

    /// The 18 bits of the version's block near this finder, whose modules are counted from the finder's corner.
    fn word(&self, luma: &Luma<'_>, inverted: bool, place: impl Fn(i32) -> (i32, i32)) -> u32 {
        let [a, b, c, d] = self.corners;
        let right = ((b - a) + (c - d)).times(1.0 / 12.0);
        let down = ((d - a) + (c - b)).times(1.0 / 12.0);
        let grey = |x: f32, y: f32| luma.grey_at(self.center + right.times(x) + down.times(y));
        let light = [(2.0, 0.0), (-2.0, 0.0), (0.0, 2.0), (0.0, -2.0)];
        let light: f32 = light.iter().map(|(x, y)| grey(*x, *y)).sum();
        let threshold = (light * 0.25 + grey(0.0, 0.0)) * 0.5;
        (0..18).fold(0, |word, at| {
            let (x, y) = place(at);
            let dark = (grey((x - 3) as f32, (y - 3) as f32) < threshold) != inverted;
            word | u32::from(dark) << at
        })
    }

    /// Pixels of a module along the left and the right.
    fn height(&self) -> f32 {
        let [a, b, c, d] = self.corners;
        ((d - a).length() + (c - b).length()) / 12.0
    }
}

/// The version as the code says it, else those whose timing patterns are seen best, near what the distances say.
fn versions(luma: &Luma<'_>, named: &[Named; 3], inverted: bool) -> Vec<(Version, bool)> {
    let [corner, right, down] = named;
    let modules = |to: &Named, size: f32| (to.center - corner.center).length() / size;
    let across = modules(right, (corner.width() + right.width()) * 0.5);
    let along = modules(down, (corner.height() + down.height()) * 0.5);
    let side = (across + along) * 0.5 + FINDER as f32;
    let guess = ((side - 17.0) / 4.0).round();
    if !(0.0..=43.0).contains(&guess) {
        return Vec::new();
    }
    let guess = guess as usize;
    if guess + 2 >= LEAST_SAID
        && let Some(said) = said_version(luma, right, down, inverted)
        && said.number().abs_diff(guess) <= MOST_OFF_SAID
    {
        return vec![(said, true)];
    }
    // Depth shows in a module's length along the track by its square, and across it as it is; the mean of both is less
    // noise than either.
    let nearness = |along: f32, across: f32| (along.max(1e-3).sqrt() + across) * 0.5;
    let tracks = [
        Track {
            from: corner.corners[2],
            way: right.corners[3] - corner.corners[2],
            nearness: nearness(
                right.width() / corner.width(),
                right.height() / corner.height(),
            ),
            sign: if inverted { -1.0 } else { 1.0 },
        },
        Track {
            from: corner.corners[2],
            way: down.corners[1] - corner.corners[2],
            nearness: nearness(
                down.height() / corner.height(),
                down.width() / corner.width(),
            ),
            sign: if inverted { -1.0 } else { 1.0 },
        },
    ];
    let reach = if guess < LEAST_TWO_OFF { 1 } else { 2 };
    let candidates = guess.saturating_sub(reach)..=guess + reach;
    let scored = candidates.filter_map(Version::new).map(|version| {
        let steps = version.side() - 13;
        let seen: f32 = tracks.iter().map(|track| track.timing(luma, steps)).sum();
        let off = version.number().abs_diff(guess) as f32;
        (seen * 0.5 - OFF_VERSION * off, version)
    });
    let scored: Vec<(f32, Version)> = scored.filter(|(score, _)| *score >= LEAST_TIMING).collect();
    let likeliest = order(scored.iter().map(|(score, _)| -score));
    let likeliest = likeliest.into_iter().take(MOST_VERSIONS);
    let mut versions: Vec<Version> = likeliest.map(|at| scored[at].1).collect();
    // Where blur has taken the timing patterns the distances alone may be right.
    if let Some(measured) = Version::new(guess).filter(|measured| !versions.contains(measured)) {
        versions.push(measured);
    }
    versions
        .into_iter()
        .map(|version| (version, false))
        .collect()
}

/// The version as the code says it, beside either finder.
fn said_version(luma: &Luma<'_>, right: &Named, down: &Named, inverted: bool) -> Option<Version> {
    let beside_right = right.word(luma, inverted, |at| (at % 3 - 4, at / 3));
    let above_down = down.word(luma, inverted, |at| (at / 3, at % 3 - 4));
    let words = [beside_right, above_down];
    let errors = |number: u32| {
        let each = words.map(|word| (word ^ version_word(number)).count_ones());
        (each[0].min(each[1]), each[0] + each[1])
    };
    let ((least, sum), number) = (LEAST_SAID as u32..=40)
        .map(|number| (errors(number), number))
        .min()?;
    (least <= MOST_VERSION_ERRORS || sum <= MOST_ERRORS_OF_BOTH)
        .then(|| Version::new(number as usize))
        .flatten()
}

/// A version's 18 bits: its number, and the rest that corrects it.
fn version_word(number: u32) -> u32 {
    let mut rest = number << 12;
    for bit in (12..18).rev() {
        if rest >> bit & 1 == 1 {
            rest ^= VERSION_GENERATOR << (bit - 12);
        }
    }
    number << 12 | rest
}

/// A timing pattern: from the inner corner of one ring straight to that of the other.
struct Track {
    from: Point,
    way: Point,
    /// How much nearer the far end is, which spreads its modules.
    nearness: f32,
    sign: f32,
}

impl Track {
    /// From -1 to 1, how far the modules of `steps` alternate as they should, dark ones at even places: by how much each
    /// is darker or lighter than the mean of its neighbours, for blur leaves little of a step, but its side.
    fn timing(&self, luma: &Luma<'_>, steps: usize) -> f32 {
        let nearness = within(self.nearness, 0.7, 1.43);
        let (mut before, mut last) = (0.0, 0.0);
        let (mut right, mut all) = (0.0, 0.0);
        for at in 0..=steps {
            let part = at as f32 / steps as f32;
            let seen = part / (part + nearness * (1.0 - part));
            let pixel = self.from + self.way.times(seen);
            if !luma.holds(pixel, 2.0) {
                return 0.0;
            }
            let grey = luma.grey_at(pixel) * self.sign;
            if at >= 2 {
                let lighter = last - (before + grey) * 0.5;
                right += if at.is_multiple_of(2) {
                    lighter
                } else {
                    -lighter
                };
                all += lighter.abs();
            }
            (before, last) = (last, grey);
        }
        if all < LEAST_STEP * steps as f32 {
            return 0.0;
        }
        right / all
    }
}

/// Middles of the three finders, in modules.
fn middles(version: Version) -> [Point; 3] {
    let far = version.side() as f32 - MIDDLE;
    [
        Point::new(MIDDLE, MIDDLE),
        Point::new(far, MIDDLE),
        Point::new(MIDDLE, far),
    ]
}

/// Three middles and twelve corners: a plane that needs no alignment pattern.
fn plane_of_rings(named: &[Named; 3], version: Version) -> Option<Homography> {
    let mut sights = Vec::with_capacity(15);
    for (finder, middle) in named.iter().zip(middles(version)) {
        sights.push(Sight::new(middle, finder.center, 1.0));
        let corners = [(-3.0, -3.0), (3.0, -3.0), (3.0, 3.0), (-3.0, 3.0)];
        for (pixel, (x, y)) in finder.corners.iter().zip(corners) {
            sights.push(Sight::new(middle + Point::new(x, y), *pixel, 0.5));
        }
    }
    let side = version.side() as f32;
    Homography::fit(&sights, side).or_else(|| {
        // Rings too rough for a plane: the code faces the camera, or is lost.
        let [a, b, c] = [0, 1, 2].map(|at: usize| named[at].center);
        let [corner, right, down] = middles(version);
        let sights = [
            Sight::new(corner, a, 1.0),
            Sight::new(right, b, 1.0),
            Sight::new(down, c, 1.0),
            Sight::new(right + down - corner, b + c - a, 1.0),
        ];
        Homography::fit(&sights, side)
    })
}

/// Adds the plane of the alignment pattern at the fourth corner, and of all of them, where they are seen.
fn add_planes_of_alignments(
    luma: &Luma<'_>,
    named: &[Named; 3],
    rings: &Homography,
    place: &mut Place,
) {
    let version = place.version;
    if version.number() < 2 {
        return;
    }
    let side = version.side() as f32;
    let fourth = Point::new(side - 6.5, side - 6.5);
    // Rings say where it is to a few modules: the further, the fewer pixels a module has.
    let reach = (1.5 + side * 0.035).min(5.0);
    let Some(pixel) = find_alignment(luma, rings, fourth, reach, place.inverted) else {
        return;
    };
    let mut sights: Vec<Sight> = middles(version)
        .into_iter()
        .zip(named)
        .map(|(middle, finder)| Sight::new(middle, finder.center, 2.0))
        .collect();
    sights.push(Sight::new(fourth, pixel, 3.0));
    let Some(plane) = Homography::fit(&sights, side) else {
        return;
    };
    if version.number() >= 7 {
        sights.extend(find_alignments(luma, &plane, version, place.inverted));
        place.planes.extend(Homography::fit(&sights, side));
    }
    place.planes.push(plane);
}
