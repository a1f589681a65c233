//! Finds the version and the plane of the code that three finders belong to.
//!
//! The timing patterns run straight from ring corner to ring corner.
//! The version whose alternations are seen on them is chosen before any plane is fitted.
//! Then the rings' corners give a plane, and alignment patterns a better one.

use super::align::{find_alignment, find_alignments};
use super::climb::Pattern;
use super::geometry::{Correspondence, Homography};
use super::layout::{FINDER, FIRST_WITH_VERSION, Version};
use crate::clamp::within;
use crate::finders::order::order;
use crate::finders::triples::{Finder, Triple};
use crate::picture::luma::Luma;
use crate::picture::point::Point;
use crate::picture::polarity::Polarity;

/// A guess at a code: its version and polarity, as function patterns, and the planes on which it may lie.
pub(crate) struct Hypothesis {
    pub(crate) pattern: Pattern,
    /// Whether the version was read from the code's version information. Noise is rarely read as a version.
    pub(crate) is_version_read: bool,
    pub(crate) planes: Vec<Homography>,
}

/// The least score of a timing pattern. Chance scores 0, and a perfect alternation 1.
///
/// Chosen on the till set. Larger: blurred codes are lost. Smaller: wrong versions are tried.
const MIN_TIMING: f32 = 0.1;
/// What a version's score loses for each version between it and the measured one.
///
/// Chosen on the till set. Larger: bent codes keep a wrong version. Smaller: noise on the timing patterns decides.
const OFF_VERSION: f32 = 0.06;
/// The least correlation of the function patterns on the plane of the rings.
///
/// Measured on the till set: codes that are read have twice as much, and nine chance triples in ten have half as much.
/// Larger: codes are lost. Smaller: alignment patterns are searched in vain, which costs more than all before.
const MIN_RINGS: f32 = 0.25;
/// Versions that are tried for three finders. More cost time.
const MAX_VERSIONS: usize = 2;
/// The least step from module to module on a timing pattern, in shades. Below it, all is flat.
const MIN_STEP: f32 = 1.0;
/// From this version on, versions that are two off the measured one are tried too.
///
/// Below it, two versions are a quarter of the side, and no measurement is so wrong.
const FIRST_TWO_OFF: usize = 8;
/// The largest difference between the version information and the measured version.
///
/// Larger: noise that looks like version information is believed. Smaller: bent codes lose theirs.
const MAX_OFF_READ: usize = 8;
/// The versions that a measured side may round to: 1 to 40, with room for errors of measurement.
const GUESSES: std::ops::RangeInclusive<f32> = 0.0..=43.0;
/// Generator of the version information's BCH code (18, 6): words differ in at least 8 bits (ISO/IEC 18004, annex D).
const VERSION_GENERATOR: u32 = 0x1f25;
/// The errors that the better copy of the version information may have, or else both copies together.
///
/// The code corrects three. Larger: noise has a version too. Smaller: dirty codes lose theirs.
const MAX_VERSION_ERRORS: u32 = 1;
const MAX_ERRORS_OF_BOTH: u32 = 5;
/// The middle of a finder, in modules from the code's corner.
const MIDDLE: f32 = FINDER as f32 / 2.0;
/// Modules along two sides of a ring's mid-line.
const TWO_SIDES: f32 = 12.0;
/// Modules of a code's side outside its timing track, which runs between mid-lines, each 6.5 modules from the side.
const OFF_TRACK: usize = 13;
/// The bounds on the ratio of depth that is applied along a timing pattern.
///
/// Wider: a badly measured ring spreads the modules wrongly. Narrower: strongly tilted codes get a wrong version.
const NEARNESS: (f32, f32) = (0.7, 1.43);
/// Pixels by which a timing pattern may leave the picture.
const OUTSIDE: f32 = 2.0;
/// Weights in the plane of the rings. A middle is the mean of many points, a corner the intersection of two lines.
const RING_MIDDLE_WEIGHT: f32 = 1.0;
const RING_CORNER_WEIGHT: f32 = 0.5;
/// The weights in the plane of the alignment pattern at the fourth corner, which alone fixes that corner.
const FINDER_WEIGHT: f32 = 2.0;
const FOURTH_WEIGHT: f32 = 3.0;
/// How far the fourth pattern is searched, in modules: a constant and a part of the side, but at most `MAX_REACH`.
///
/// Chosen on the till set: the plane of the rings is off by more in codes of more modules.
/// Larger: more time, and data modules are taken for the pattern. Smaller: tilted codes are missed.
const REACH: f32 = 1.5;
const REACH_PART: f32 = 0.035;
const MAX_REACH: f32 = 5.0;

/// A finder with its ring's corners in order: top left, top right, bottom right, bottom left.
struct OrientedFinder {
    center: Point,
    corners: [Point; 4],
}

/// The codes that these three finders may belong to, the likeliest version first.
///
/// Empty if the distances fit no version.
pub(crate) fn locate(luma: &Luma<'_>, triple: &Triple) -> Vec<Hypothesis> {
    let finders = oriented(triple);
    let polarity = triple.corner.polarity;
    let versions = versions(luma, &finders, polarity);
    let hypotheses = versions
        .into_iter()
        .filter_map(|(version, is_version_read)| {
            let rings = plane_of_rings(&finders, version)?;
            let pattern = Pattern::new(version, polarity);
            if !is_version_read && pattern.correlation(luma, &rings) < MIN_RINGS {
                return None;
            }
            let mut hypothesis = Hypothesis {
                pattern,
                is_version_read,
                planes: Vec::with_capacity(3),
            };
            add_planes_of_alignments(luma, &finders, &rings, &mut hypothesis);
            hypothesis.planes.push(rings);
            Some(hypothesis)
        });
    hypotheses.collect()
}

/// How well the timing patterns of these three finders are seen, from -1 to 1. A cheap test before all others.
pub(crate) fn timing(luma: &Luma<'_>, triple: &Triple) -> f32 {
    let finders = oriented(triple);
    let Some(guess) = guess(&finders) else {
        return -1.0;
    };
    let scored = scored(luma, &finders, triple.corner.polarity, guess);
    scored.map(|(score, _)| score).fold(-1.0, f32::max)
}

/// The three finders with their rings' corners sorted by the code's directions.
fn oriented(triple: &Triple) -> [OrientedFinder; 3] {
    let Triple {
        corner,
        right,
        down,
    } = triple;
    let across = right.center - corner.center;
    let along = down.center - corner.center;
    let (across, along) = (
        across.times(across.length().recip()),
        along.times(along.length().recip()),
    );
    [corner, right, down].map(|finder| orient(finder, across, along))
}

/// Sorts a ring's corners by the code's directions.
fn orient(finder: &Finder, right: Point, down: Point) -> OrientedFinder {
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
            .map(|(at, direction)| direction.dot(corners[(at + turn) % 4] - finder.center))
            .sum()
    };
    let turn = (0..4).max_by(|a, b| fit(*a).total_cmp(&fit(*b)));
    corners.rotate_left(turn.unwrap_or(0));
    OrientedFinder {
        center: finder.center,
        corners,
    }
}

impl OrientedFinder {
    /// Pixels in a module along the top and the bottom.
    fn width(&self) -> f32 {
        let [a, b, c, d] = self.corners;
        ((b - a).length() + (c - d).length()) / TWO_SIDES
    }

    /// The 18 bits of the version information beside this finder.
    ///
    /// `place` gives each bit's column and row, counted from the finder's corner.
    fn version_bits(
        &self,
        luma: &Luma<'_>,
        polarity: Polarity,
        place: impl Fn(i32) -> (i32, i32),
    ) -> u32 {
        let [a, b, c, d] = self.corners;
        let right = ((b - a) + (c - d)).times(1.0 / TWO_SIDES);
        let down = ((d - a) + (c - b)).times(1.0 / TWO_SIDES);
        let grey = |x: f32, y: f32| luma.grey_at(self.center + right.times(x) + down.times(y));
        // The threshold is halfway between the core and the mean of the light ring.
        let light = [(2.0, 0.0), (-2.0, 0.0), (0.0, 2.0), (0.0, -2.0)];
        let light: f32 = light.iter().map(|(x, y)| grey(*x, *y)).sum();
        let threshold = (light * 0.25 + grey(0.0, 0.0)) * 0.5;
        (0..18).fold(0, |word, at| {
            let (x, y) = place(at);
            let darker = grey((x - 3) as f32, (y - 3) as f32) < threshold;
            let dark = darker != polarity.is_inverted();
            word | u32::from(dark) << at
        })
    }

    /// Pixels in a module along the left and the right.
    fn height(&self) -> f32 {
        let [a, b, c, d] = self.corners;
        ((d - a).length() + (c - b).length()) / TWO_SIDES
    }
}

/// The measured version, which is 0 to 43; `None` if the distances are no code's.
fn guess(finders: &[OrientedFinder; 3]) -> Option<usize> {
    let [corner, right, down] = finders;
    let modules = |to: &OrientedFinder, size: f32| (to.center - corner.center).length() / size;
    let across = modules(right, (corner.width() + right.width()) * 0.5);
    let along = modules(down, (corner.height() + down.height()) * 0.5);
    let side = (across + along) * 0.5 + FINDER as f32;
    // A version has 17 + 4 * version modules on a side (ISO/IEC 18004).
    let guess = ((side - 17.0) / 4.0).round();
    GUESSES.contains(&guess).then_some(guess as usize)
}

/// The versions near the measured one, with the scores of their timing patterns.
fn scored(
    luma: &Luma<'_>,
    finders: &[OrientedFinder; 3],
    polarity: Polarity,
    guess: usize,
) -> impl Iterator<Item = (f32, Version)> {
    let [corner, right, down] = finders;
    // Depth changes a module's length along the track by its square, and across the track linearly.
    // The mean of both estimates has less noise than either.
    let nearness = |along: f32, across: f32| (along.max(1e-3).sqrt() + across) * 0.5;
    let tracks = [
        Track {
            from: corner.corners[2],
            vector: right.corners[3] - corner.corners[2],
            nearness: nearness(
                right.width() / corner.width(),
                right.height() / corner.height(),
            ),
            polarity,
        },
        Track {
            from: corner.corners[2],
            vector: down.corners[1] - corner.corners[2],
            nearness: nearness(
                down.height() / corner.height(),
                down.width() / corner.width(),
            ),
            polarity,
        },
    ];
    let reach = if guess < FIRST_TWO_OFF { 1 } else { 2 };
    let candidates = guess.saturating_sub(reach)..=guess + reach;
    candidates.filter_map(Version::new).map(move |version| {
        let steps = version.side() - OFF_TRACK;
        let seen: f32 = tracks.iter().map(|track| track.timing(luma, steps)).sum();
        let off = version.number().abs_diff(guess) as f32;
        (seen * 0.5 - OFF_VERSION * off, version)
    })
}

/// The version that the code holds, or else those near the measured side whose timing patterns are seen best.
///
/// The second value is true for a version that was read from the code.
fn versions(
    luma: &Luma<'_>,
    finders: &[OrientedFinder; 3],
    polarity: Polarity,
) -> Vec<(Version, bool)> {
    let Some(guess) = guess(finders) else {
        return Vec::new();
    };
    let [_, right, down] = finders;
    if guess + 2 >= FIRST_WITH_VERSION
        && let Some(read) = read_version(luma, right, down, polarity)
        && read.number().abs_diff(guess) <= MAX_OFF_READ
    {
        return vec![(read, true)];
    }
    let scored = scored(luma, finders, polarity, guess);
    let scored: Vec<(f32, Version)> = scored.filter(|(score, _)| *score >= MIN_TIMING).collect();
    let likeliest = order(scored.iter().map(|(score, _)| -score));
    let likeliest = likeliest.into_iter().take(MAX_VERSIONS);
    let mut versions: Vec<Version> = likeliest.map(|at| scored[at].1).collect();
    // Blur may hide the timing patterns; then the measured version alone may be right.
    if let Some(measured) = Version::new(guess).filter(|measured| !versions.contains(measured)) {
        versions.push(measured);
    }
    versions
        .into_iter()
        .map(|version| (version, false))
        .collect()
}

/// The version from the code's version information beside two finders; `None` if it has too many errors.
fn read_version(
    luma: &Luma<'_>,
    right: &OrientedFinder,
    down: &OrientedFinder,
    polarity: Polarity,
) -> Option<Version> {
    let beside_right = right.version_bits(luma, polarity, |at| (at % 3 - 4, at / 3));
    let above_down = down.version_bits(luma, polarity, |at| (at / 3, at % 3 - 4));
    let words = [beside_right, above_down];
    let errors = |number: u32| {
        let each = words.map(|word| (word ^ version_word(number)).count_ones());
        (each[0].min(each[1]), each[0] + each[1])
    };
    let ((least, sum), number) = (FIRST_WITH_VERSION as u32..=40)
        .map(|number| (errors(number), number))
        .min()?;
    (least <= MAX_VERSION_ERRORS || sum <= MAX_ERRORS_OF_BOTH)
        .then(|| Version::new(number as usize))
        .flatten()
}

/// The 18 bits of version information: the version's number, and the remainder that corrects it.
fn version_word(number: u32) -> u32 {
    let mut rest = number << 12;
    for bit in (12..18).rev() {
        if rest >> bit & 1 == 1 {
            rest ^= VERSION_GENERATOR << (bit - 12);
        }
    }
    number << 12 | rest
}

/// A timing pattern: the line from the inner corner of one ring to that of the other.
struct Track {
    from: Point,
    vector: Point,
    /// The depth at the start divided by that at the end. Nearer modules are longer.
    nearness: f32,
    polarity: Polarity,
}

impl Track {
    /// The score of `steps` modules that should alternate, dark ones at even places: from -1 to 1.
    ///
    /// Each module is compared with the mean of its two neighbours. Blur shrinks that difference and keeps its sign.
    fn timing(&self, luma: &Luma<'_>, steps: usize) -> f32 {
        let nearness = within(self.nearness, NEARNESS.0, NEARNESS.1);
        let (mut before, mut last) = (0.0, 0.0);
        let (mut right, mut all) = (0.0, 0.0);
        for at in 0..=steps {
            let part = at as f32 / steps as f32;
            let seen = part / (part + nearness * (1.0 - part));
            let pixel = self.from + self.vector.times(seen);
            if !luma.holds(pixel, OUTSIDE) {
                return 0.0;
            }
            let grey = self.polarity.signed(luma.grey_at(pixel));
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
        if all < MIN_STEP * steps as f32 {
            return 0.0;
        }
        right / all
    }
}

/// The middles of the three finders, in modules.
fn middles(version: Version) -> [Point; 3] {
    let far = version.side() as f32 - MIDDLE;
    [
        Point::new(MIDDLE, MIDDLE),
        Point::new(far, MIDDLE),
        Point::new(MIDDLE, far),
    ]
}

/// The plane of three middles and twelve corners. It needs no alignment pattern.
fn plane_of_rings(finders: &[OrientedFinder; 3], version: Version) -> Option<Homography> {
    let mut points = Vec::with_capacity(15);
    for (finder, middle) in finders.iter().zip(middles(version)) {
        points.push(Correspondence::new(
            middle,
            finder.center,
            RING_MIDDLE_WEIGHT,
        ));
        let corners = [(-3.0, -3.0), (3.0, -3.0), (3.0, 3.0), (-3.0, 3.0)];
        for (pixel, (x, y)) in finder.corners.iter().zip(corners) {
            let corner = middle + Point::new(x, y);
            points.push(Correspondence::new(corner, *pixel, RING_CORNER_WEIGHT));
        }
    }
    let side = version.side() as f32;
    Homography::fit(&points, side).or_else(|| {
        // The rings are too rough for a plane. Assume that the code faces the camera: a parallelogram.
        let [a, b, c] = [0, 1, 2].map(|at: usize| finders[at].center);
        let [corner, right, down] = middles(version);
        let points = [
            Correspondence::new(corner, a, 1.0),
            Correspondence::new(right, b, 1.0),
            Correspondence::new(down, c, 1.0),
            Correspondence::new(right + down - corner, b + c - a, 1.0),
        ];
        Homography::fit(&points, side)
    })
}

/// Adds the plane through the alignment pattern at the fourth corner, and the one through all alignment patterns.
fn add_planes_of_alignments(
    luma: &Luma<'_>,
    finders: &[OrientedFinder; 3],
    rings: &Homography,
    hypothesis: &mut Hypothesis,
) {
    let (version, polarity) = (hypothesis.pattern.version(), hypothesis.pattern.polarity());
    // Version 1 has no alignment pattern.
    if version.number() < 2 {
        return;
    }
    let side = version.side() as f32;
    let fourth = Point::new(side - 6.5, side - 6.5);
    let reach = (REACH + side * REACH_PART).min(MAX_REACH);
    let Some(pixel) = find_alignment(luma, rings, fourth, reach, polarity) else {
        return;
    };
    let mut points: Vec<Correspondence> = middles(version)
        .into_iter()
        .zip(finders)
        .map(|(middle, finder)| Correspondence::new(middle, finder.center, FINDER_WEIGHT))
        .collect();
    points.push(Correspondence::new(fourth, pixel, FOURTH_WEIGHT));
    let Some(plane) = Homography::fit(&points, side) else {
        return;
    };
    // From version 7 on there are more alignment patterns than the one at the fourth corner.
    if version.number() >= FIRST_WITH_VERSION {
        points.extend(find_alignments(luma, &plane, version, polarity));
        hypothesis.planes.extend(Homography::fit(&points, side));
    }
    hypothesis.planes.push(plane);
}
