//! Follows a code that is bent or crumpled, by the edges of its own modules.
//!
//! A plane is right for flat paper only, and small codes have one alignment pattern or none.
//! But modules meet on the lines of the grid. Where the grid is right, the area of each module has one colour,
//! and its mean is far from the threshold; half a module beside it, the means of many areas are near the threshold.
//! So each point of a mesh moves to where the modules around it differ most from the threshold.
//!
//! The mesh grows from the finders. The point that fits best comes first, so that torn places come last,
//! when the points around them are known.

use super::geometry::Homography;
use super::layout::Version;
use super::mesh::{Mesh, expected};
use crate::picture::luma::Luma;
use crate::picture::point::Point;
use crate::picture::polarity::Polarity;
use crate::work::spend;

/// Modules between two lines of the mesh, about.
///
/// Chosen on drawn codes on cylinders and crumpled paper. Larger: creases are lost. Smaller: chance moves the points.
const GAP: f32 = 5.5;
/// The most lines. More cost time, by their square.
const MAX_LINES: usize = 9;
/// Modules from the code's side to the first line and to the last.
const BORDER: f32 = 2.5;
/// Modules to each side of a point that are compared.
///
/// Chosen like `GAP`. Larger: creases are lost, and more time. Smaller: chance moves the points.
const WINDOW: i32 = 4;
/// Samples in a module, along each axis. More cost time; fewer leave a point beside its best place.
const PER_MODULE: i32 = 3;
/// How far a point is searched from the place that its neighbours predict, in samples.
///
/// The grid repeats after a module: at more than half of it, a point slips to the next one.
/// Chosen like `GAP`. Smaller: bends are not followed.
const REACH: i32 = 1;
/// Sweeps over all points after the mesh has grown. More cost time; fewer leave points beside their best places.
const SWEEPS: usize = 2;
/// What a distance of a module from the predicted place costs, as a part of the contrast.
///
/// Chosen like `GAP`. Larger: bends are not followed. Smaller: chance moves the points.
const COST: f32 = 0.12;
/// Samples from the middle of a patch to its side, and all along a side.
const HALF: i32 = WINDOW * PER_MODULE + PER_MODULE / 2 + REACH;
const SIDE: i32 = 2 * HALF + 1;
/// The places of a module's middle along a side of a patch: a sample from both ends at least.
const MEANS: i32 = SIDE - 2;
/// The inverse of the samples in a module.
const AREA_INVERSE: f32 = 1.0 / (PER_MODULE * PER_MODULE) as f32;

/// The mesh on which the modules differ most from their thresholds.
pub(crate) fn relaxed(
    luma: &Luma<'_>,
    plane: &Homography,
    version: Version,
    polarity: Polarity,
) -> Mesh {
    let mut relaxing = Relaxing::new(luma, plane, version, polarity);
    let order = relaxing.grow();
    for at in order.repeat(SWEEPS) {
        let predicted = relaxing.between(at);
        relaxing.mesh.offs[at] = relaxing.best(at, predicted).off;
    }
    relaxing.mesh
}

/// A mesh whose points are moved.
struct Relaxing<'a> {
    luma: &'a Luma<'a>,
    plane: &'a Homography,
    polarity: Polarity,
    /// Modules on a side.
    side: i32,
    /// For each module 1 if it is known to be light, -1 if dark, and 0 for data.
    signs: Vec<f32>,
    /// Lines of the mesh.
    count: usize,
    mesh: Mesh,
}

/// A place of a point: pixels off the plane, and how well the modules around fit there.
#[derive(Clone, Copy)]
struct Offer {
    score: f32,
    off: Point,
}

impl<'a> Relaxing<'a> {
    fn new(
        luma: &'a Luma<'a>,
        plane: &'a Homography,
        version: Version,
        polarity: Polarity,
    ) -> Self {
        let side = version.side();
        let mut signs = vec![0.0; side * side];
        for known in version.function_modules() {
            signs[known.y * side + known.x] = if known.dark { -1.0 } else { 1.0 };
        }
        let span = side as f32 - 2.0 * BORDER;
        let gaps = ((span / GAP).round() as usize).clamp(2, MAX_LINES - 1);
        let count = gaps + 1;
        // On the middles of modules.
        let line = |at: usize| (BORDER + span * at as f32 / gaps as f32).floor() + 0.5;
        Self {
            luma,
            plane,
            polarity,
            side: side as i32,
            signs,
            count,
            mesh: Mesh {
                lines: (0..count).map(line).collect(),
                offs: vec![ZERO; count * count],
            },
        }
    }

    /// Places all points, from the three finders on, and returns their order.
    fn grow(&mut self) -> Vec<usize> {
        let (count, last) = (self.count, self.count - 1);
        let mut seen: Vec<Option<Point>> = vec![None; count * count];
        let mut offers: Vec<Option<Offer>> = vec![None; count * count];
        let mut next = vec![0, last, last * count];
        for at in &next {
            offers[*at] = Some(self.best(*at, ZERO));
        }
        let mut order = Vec::with_capacity(count * count);
        while !next.is_empty() {
            for at in &next {
                if offers[*at].is_none() {
                    let predicted = expected(&seen, count, *at % count, *at / count);
                    for near in around(count, *at).filter(|near| seen[*near].is_none()) {
                        self.mesh.offs[near] = predicted;
                    }
                    offers[*at] = Some(self.best(*at, predicted));
                }
            }
            let offered = |at: usize| offers[at].unwrap_or(NO_OFFER);
            let best = (0..next.len())
                .max_by(|a, b| offered(next[*a]).score.total_cmp(&offered(next[*b]).score));
            let at = next.swap_remove(best.unwrap_or(0));
            let off = offered(at).off;
            order.push(at);
            seen[at] = Some(off);
            self.mesh.offs[at] = off;
            let beside = |near: &usize| near % count == at % count || near / count == at / count;
            for near in around(count, at)
                .filter(beside)
                .filter(|near| seen[*near].is_none())
            {
                offers[near] = None;
                if !next.contains(&near) {
                    next.push(near);
                }
            }
        }
        order
    }

    /// The mean of the predictions of opposite neighbours. At a side, the next two points inwards predict.
    fn between(&self, at: usize) -> Point {
        let (count, offs) = (self.count, &self.mesh.offs);
        let along = |place: usize, step: usize| {
            if place == 0 {
                offs[at + step].times(2.0) - offs[at + 2 * step]
            } else if place + 1 == count {
                offs[at - step].times(2.0) - offs[at - 2 * step]
            } else {
                (offs[at - step] + offs[at + step]).times(0.5)
            }
        };
        (along(at % count, 1) + along(at / count, count)).times(0.5)
    }

    /// The best place of a point within reach.
    fn best(&self, at: usize, predicted: Point) -> Offer {
        let lines = &self.mesh.lines;
        let middle = Point::new(lines[at % self.count], lines[at / self.count]);
        let modules = self.modules_around(middle);
        let patch = self.patch(middle);
        let greys: Vec<f32> = modules.iter().map(|(at, _)| patch.mean(*at)).collect();
        let Some((threshold, contrast)) = threshold(&greys) else {
            return Offer {
                score: 0.0,
                off: predicted,
            };
        };
        let (_, right, down) = self.plane.map_with_steps(middle);
        let module = (right.length() + down.length()) * 0.5;
        let mut best = NO_OFFER;
        for (y, x) in (-REACH..=REACH).flat_map(|y| (-REACH..=REACH).map(move |x| (y, x))) {
            let step = y * MEANS + x;
            let clear = modules.iter().map(|(at, sign)| {
                let off = patch.mean(at + step) - threshold;
                if *sign == 0.0 { off.abs() } else { off * sign }
            });
            let clear = clear.sum::<f32>() / (modules.len() as f32 * contrast);
            let by = right.times(x as f32) + down.times(y as f32);
            let off = self.mesh.offs[at] + by.times(1.0 / PER_MODULE as f32);
            let score = clear - COST * (off - predicted).length() / module;
            if score > best.score {
                best = Offer { score, off };
            }
        }
        best
    }

    /// The modules around a point: their places in its patch, and their signs.
    fn modules_around(&self, middle: Point) -> Vec<(i32, f32)> {
        let (column, row) = (middle.x as i32, middle.y as i32);
        let inside = |at: i32| (at - WINDOW).max(0)..(at + WINDOW + 1).min(self.side);
        inside(row)
            .flat_map(|y| inside(column).map(move |x| (x, y)))
            .map(|(x, y)| {
                let sign = self.signs[(y * self.side + x) as usize];
                let (x, y) = ((x - column) * PER_MODULE, (y - row) * PER_MODULE);
                ((y + MEANS / 2) * MEANS + x + MEANS / 2, sign)
            })
            .collect()
    }

    /// Samples the picture around a point, as the mesh has it now.
    fn patch(&self, middle: Point) -> Patch {
        spend((SIDE * SIDE) as usize);
        let places = |at: f32| (-HALF..=HALF).map(move |off| at + off as f32 / PER_MODULE as f32);
        let columns: Vec<_> = places(middle.x)
            .map(|x| (x, self.mesh.between(x)))
            .collect();
        let side = SIDE as usize;
        let mut greys = Vec::with_capacity(side * side);
        for y in places(middle.y) {
            let below = self.mesh.between(y);
            greys.extend(columns.iter().map(|(x, beside)| {
                let off = self.mesh.mixed(*beside, below);
                let pixel = self.plane.map(Point::new(*x, y)) + off;
                self.polarity.upright(self.luma.grey_at(pixel))
            }));
        }
        // Sums of three along rows, then along columns: loops that the compiler vectorises.
        let wide: Vec<f32> = greys
            .iter()
            .zip(&greys[1..])
            .zip(&greys[2..])
            .map(|((a, b), c)| a + b + c)
            .collect();
        let means = MEANS as usize;
        let mut patch = Vec::with_capacity(means * means);
        for y in 0..means {
            let [above, here, below] = [0, 1, 2].map(|off| &wide[(y + off) * side..][..means]);
            let sums = above.iter().zip(here).zip(below);
            patch.extend(sums.map(|((a, b), c)| (a + b + c) * AREA_INVERSE));
        }
        Patch(patch)
    }
}

const ZERO: Point = Point::new(0.0, 0.0);
const NO_OFFER: Offer = Offer {
    score: f32::MIN,
    off: ZERO,
};

/// The point and those around it.
fn around(count: usize, at: usize) -> impl Iterator<Item = usize> {
    let range = move |at: usize| at.saturating_sub(1)..(at + 2).min(count);
    range(at / count).flat_map(move |y| range(at % count).map(move |x| y * count + x))
}

/// Halfway between the mean of the darker greys and that of the lighter ones, and half their difference.
fn threshold(greys: &[f32]) -> Option<(f32, f32)> {
    let mean = greys.iter().sum::<f32>() / greys.len() as f32;
    let class = |light: bool| {
        let own = greys.iter().filter(|grey| (**grey >= mean) == light);
        let (sum, count) = own.fold((0.0, 0.0), |(sum, count), grey| (sum + grey, count + 1.0));
        sum / count
    };
    let (dark, light) = (class(false), class(true));
    (light - dark >= 1.0).then_some(((dark + light) * 0.5, (light - dark) * 0.5))
}

/// Around a point, the mean of the module whose middle would be at each sample.
struct Patch(Vec<f32>);

impl Patch {
    fn mean(&self, at: i32) -> f32 {
        self.0.get(at as usize).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SIDE: usize = 200;
    const LEFT: f32 = 40.0;
    const MODULE: f32 = 5.0;

    /// How far the paper's rows are moved to the right, in modules: most in the middle.
    fn bend(y: f32, most: f32) -> f32 {
        let part = y / 21.0;
        4.0 * part * (1.0 - part) * most
    }

    /// A code of version 1, whose rows are bent by up to `most` modules.
    fn picture(most: f32) -> Vec<u8> {
        let code = qrcode::QrCode::with_version(
            b"BENT PAPER",
            qrcode::Version::Normal(1),
            qrcode::EcLevel::M,
        );
        let colors = code.unwrap().to_colors();
        let pixel = |at: usize| {
            let y = ((at / SIDE) as f32 + 0.5 - LEFT) / MODULE;
            let x = ((at % SIDE) as f32 + 0.5 - LEFT) / MODULE - bend(y, most);
            let inside = (0.0..21.0).contains(&x) && (0.0..21.0).contains(&y);
            let dark = inside && colors[y as usize * 21 + x as usize] == qrcode::Color::Dark;
            if dark { 40 } else { 210 }
        };
        (0..SIDE * SIDE).map(pixel).collect()
    }

    fn mesh(most: f32) -> Mesh {
        let far = LEFT + 21.0 * MODULE;
        let corners = [(LEFT, LEFT), (far, LEFT), (far, far), (LEFT, far)];
        let corners = corners.map(|(x, y)| Point::new(x, y));
        let plane = Homography::from_corners(&corners, 21.0).unwrap();
        let pixels = picture(most);
        let luma = Luma::new(&pixels, SIDE, SIDE, SIDE).unwrap();
        let version = Version::new(1).unwrap();
        relaxed(&luma, &plane, version, Polarity::DarkOnLight)
    }

    #[test]
    fn a_bent_code_without_an_alignment_pattern_is_followed_to_a_third_of_a_module() {
        let mesh = mesh(1.2);
        for (x, y) in [
            (2.5, 2.5),
            (10.5, 10.5),
            (18.5, 2.5),
            (18.5, 10.5),
            (18.5, 18.5),
        ] {
            let off = mesh.off(Point::new(x, y)).times(1.0 / MODULE);
            assert!(
                (off.x - bend(y, 1.2)).abs() < 0.34 && off.y.abs() < 0.34,
                "{x} {y}: {off:?}"
            );
        }
    }

    #[test]
    fn a_flat_code_stays_flat() {
        let mesh = mesh(0.0);
        let most = mesh.offs.iter().map(|off| off.length()).fold(0.0, f32::max);
        assert!(most < 0.34 * MODULE, "{most}");
    }
}
