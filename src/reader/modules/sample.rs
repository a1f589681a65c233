//! One grey for each module, and from greys to dark and light.
//!
//! The threshold is found among the modules, not the pixels: a two-class mean over the modules around. And blur is
//! taken out there: a few thousand modules cost microseconds where a picture costs milliseconds.

use super::equalise::Equaliser;
use super::modules::Modules;
use super::sums::Sums;
use super::unblur::{sharpened, unblurred};
use crate::picture::luma::Luma;
use crate::picture::point::Point;
use crate::plane::geometry::Homography;
use crate::plane::layout::Version;
use crate::plane::mesh::Mesh;

/// Taps lie this part of a module off its middle: nearer and they say the same, further and they see the neighbours.
const TAP: f32 = 0.22;
/// Pixels of a module from which five taps see more than one, and nine more than five.
const FIVE_TAPS: f32 = 2.2;
const NINE_TAPS: f32 = 4.0;
/// Modules to each side whose greys make a threshold, in small codes and in larger ones.
const REACH_SMALL: usize = 4;
const REACH: usize = 5;
const LEAST_LARGE: usize = 30;

/// How blur is taken out.
#[derive(Clone, Copy)]
pub(crate) enum Unblur {
    /// By so much of a module's distance from its neighbours' mean.
    Sharpen(f32),
    /// By the search for what a bell has blurred that weighs so much a module off its middle: 0.25 is a sigma of 0.6
    /// modules, 0.54 one of 0.9.
    Solve(f32),
}

/// The grey of each module, dark codes' as they are, light ones' turned round.
pub(crate) struct Greys {
    side: usize,
    inverted: bool,
    values: Vec<f32>,
}

impl Greys {
    /// Samples the picture at the middle of each module.
    pub(crate) fn sample(
        luma: &Luma<'_>,
        plane: &Homography,
        mesh: Option<&Mesh>,
        version: Version,
        inverted: bool,
    ) -> Self {
        let side = version.side();
        let middle = side as f32 * 0.5;
        let (_, right, _) = plane.map_with_steps(Point::new(middle, middle));
        let module = right.length();
        let mut values = Vec::with_capacity(side * side);
        for y in 0..side {
            for x in 0..side {
                let at = Point::new(x as f32 + 0.5, y as f32 + 0.5);
                let (pixel, right, down) = plane.map_with_steps(at);
                let pixel = mesh.map_or(pixel, |mesh| pixel + mesh.off(at));
                let grey = if module > NINE_TAPS {
                    nine_taps(luma, pixel, right, down)
                } else if module > FIVE_TAPS {
                    five_taps(luma, pixel, right, down) / 6.0
                } else {
                    luma.grey_at(pixel)
                };
                values.push(if inverted { 255.0 - grey } else { grey });
            }
        }
        Self {
            side,
            inverted,
            values,
        }
    }

    /// The grey of the first module.
    pub(crate) fn first(&self) -> f32 {
        self.values.first().copied().unwrap_or_default()
    }

    /// The same with some blur taken out.
    pub(crate) fn clearer(&self, how: Unblur) -> Self {
        let values = match how {
            Unblur::Sharpen(amount) => sharpened(&self.values, self.side, amount),
            Unblur::Solve(near) => unblurred(&self.values, self.side, near),
        };
        Self {
            side: self.side,
            inverted: self.inverted,
            values,
        }
    }

    /// The modules before whatever has mixed them, from a first guess.
    pub(crate) fn equaliser(&self, version: Version, guess: &Modules) -> Equaliser {
        Equaliser::new(&self.values, self.inverted, version, guess)
    }

    /// Dark are the modules below half way between the means of the dark and the light ones around.
    pub(crate) fn modules(&self) -> Modules {
        let pairs = self.values.iter().zip(self.thresholds());
        let dark = pairs.map(|(grey, threshold)| *grey < threshold);
        Modules::new(self.side, dark.collect())
    }

    /// How far each grey is from its threshold: where light has washed the modules out that is little.
    pub(crate) fn certain(&self) -> Vec<f32> {
        let pairs = self.values.iter().zip(self.thresholds());
        pairs
            .map(|(grey, threshold)| (grey - threshold).abs())
            .collect()
    }

    fn thresholds(&self) -> Vec<f32> {
        let reach = if self.side < LEAST_LARGE {
            REACH_SMALL
        } else {
            REACH
        };
        let all = Sums::of(self.side, self.values.iter().copied());
        let ats = || (0..self.values.len()).map(|at| (at % self.side, at / self.side));
        let pairs = self.values.iter().zip(ats());
        let rough = pairs.map(|(grey, (x, y))| {
            let (sum, count) = all.window(x, y, reach);
            *grey < sum / count
        });
        let rough: Vec<bool> = rough.collect();
        let pick = |(grey, dark): (&f32, &bool)| if *dark { *grey } else { 0.0 };
        let dark = Sums::of(self.side, self.values.iter().zip(&rough).map(pick));
        let count = |dark: &bool| f32::from(u8::from(*dark));
        let darks = Sums::of(self.side, rough.iter().map(count));
        let threshold = |(x, y)| {
            let (sum, count) = all.window(x, y, reach);
            let (dark_sum, _) = dark.window(x, y, reach);
            let (dark_count, _) = darks.window(x, y, reach);
            let light_count = count - dark_count;
            if dark_count < 0.5 || light_count < 0.5 {
                return sum / count;
            }
            (dark_sum / dark_count + (sum - dark_sum) / light_count) * 0.5
        };
        ats().map(threshold).collect()
    }
}

/// The middle counts twice.
#[inline]
fn five_taps(luma: &Luma<'_>, middle: Point, right: Point, down: Point) -> f32 {
    let (right, down) = (right.times(TAP), down.times(TAP));
    luma.grey_at(middle) * 2.0
        + luma.grey_at(middle + right)
        + luma.grey_at(middle - right)
        + luma.grey_at(middle + down)
        + luma.grey_at(middle - down)
}

#[inline]
fn nine_taps(luma: &Luma<'_>, middle: Point, right: Point, down: Point) -> f32 {
    let (falling, rising) = ((right + down).times(TAP), (right - down).times(TAP));
    let corners = luma.grey_at(middle + falling)
        + luma.grey_at(middle - falling)
        + luma.grey_at(middle + rising)
        + luma.grey_at(middle - rising);
    (five_taps(luma, middle, right, down) + corners) * 0.1
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn dark_at(x: usize, y: usize) -> bool {
        (x * 5 + y * 3 + x * y) % 7 < 3
    }

    /// Modules of 5 pixels, darker to the right.
    fn greys(inverted: bool) -> Greys {
        let pixels: Vec<u8> = (0..105 * 105)
            .map(|at| {
                let dark = dark_at(at % 105 / 5, at / 105 / 5) != inverted;
                let shade = (at % 105) as u8 / 2;
                if dark { 70 - shade } else { 170 - shade }
            })
            .collect();
        let luma = Luma::new(&pixels, 105, 105, 105).unwrap();
        let corners = [(0.0, 0.0), (105.0, 0.0), (105.0, 105.0), (0.0, 105.0)];
        let corners = corners.map(|(x, y)| Point::new(x, y));
        let plane = Homography::from_corners(&corners, 21.0).unwrap();
        Greys::sample(&luma, &plane, None, Version::new(1).unwrap(), inverted)
    }

    #[test]
    fn modules_are_read_across_a_shade_dark_or_light() {
        for inverted in [false, true] {
            let modules = greys(inverted).modules();
            for at in 0..21 * 21 {
                let (x, y) = (at % 21, at / 21);
                assert_eq!(modules.is_dark(x, y), dark_at(x, y), "{x} {y} {inverted}");
            }
        }
    }

    #[test]
    fn sharpening_undoes_a_blur() {
        let sharp = greys(false);
        let blurred = sharp.clearer(Unblur::Sharpen(-0.5));
        let wrong = |greys: &Greys| {
            let modules = greys.modules();
            let all = (0..21 * 21).map(|at| (at % 21, at / 21));
            all.filter(|(x, y)| modules.is_dark(*x, *y) != dark_at(*x, *y))
                .count()
        };
        let restored = wrong(&blurred.clearer(Unblur::Sharpen(1.6)));
        assert!(
            wrong(&blurred) > 2 * restored,
            "{} {restored}",
            wrong(&blurred)
        );
    }
}
