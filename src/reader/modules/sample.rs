//! Samples one grey for each module, and decides which modules are dark.
//!
//! Thresholds are computed among the modules, not among the pixels. Blur is removed there too:
//! a few thousand modules cost microseconds, and a picture's pixels cost milliseconds.

use super::boxes::{box_sums, counts};
use super::deblur::{deconvolved, sharpened};
use super::equalise::Equaliser;
use super::modules::Modules;
use super::quartiles::dark_by_quartiles;
use crate::picture::luma::{GREY_UNITS, Luma};
use crate::picture::point::Point;
use crate::picture::polarity::Polarity;
use crate::plane::geometry::Homography;
use crate::plane::layout::Version;
use crate::plane::mesh::Mesh;

/// The distance of the outer taps from a module's middle, in modules.
///
/// Chosen on the till set. Larger: taps see the neighbouring modules. Smaller: they see the middle's own pixels.
const TAP: f32 = 0.22;
/// The same where blur is removed: it mixes the modules already, and wide taps mix them once more.
const TAP_BLURRED: f32 = 0.16;
/// Pixels in a module from which on five taps are sampled, and nine.
///
/// Larger: noisy large codes are read from single pixels. Smaller: more taps that see the same pixels cost time.
const FIVE_TAPS: f32 = 2.2;
const NINE_TAPS: f32 = 4.0;
/// Modules to each side whose greys make a threshold, in codes below `FIRST_LARGE` modules a side and in larger ones.
///
/// Chosen on the till set.
/// Larger: shadows and reflections are averaged away. Smaller: a finder's core fills the window.
const REACH_SMALL: usize = 4;
const REACH: usize = 5;
const FIRST_LARGE: usize = 30;

/// The greys of signed modules: around this grey, and this far from it in the mean. Few are beyond black and white.
const MIDDLE_GREY: f32 = 128.0;
const MEAN_OFF: f32 = 60.0;

/// How blur is removed.
#[derive(Clone, Copy)]
pub(crate) enum Deblur {
    /// Sharpening: adds this multiple of a module's difference from its neighbours' mean.
    Sharpen(f32),
    /// Deconvolution of a Gaussian blur with this weight one module off its middle.
    ///
    /// 0.25 is a standard deviation of 0.6 modules, and 0.54 one of 0.9.
    Deconvolve(f32),
}

/// The grey of each module. Those of inverted codes are complemented, so that dark modules have low values.
pub(crate) struct Greys {
    side: usize,
    polarity: Polarity,
    values: Vec<f32>,
}

impl Greys {
    /// Samples the picture at the middle of each module: on a plane, and off it as the mesh says.
    pub(crate) fn sample(
        luma: &Luma<'_>,
        plane: &Homography,
        mesh: Option<&Mesh>,
        version: Version,
        polarity: Polarity,
    ) -> Self {
        let module = pixels_of_module(plane, version);
        Self::sample_taps(luma, plane, mesh, version, polarity, (module, TAP))
    }

    /// The same on a plane where blur is to be removed.
    pub(crate) fn sample_blurred(
        luma: &Luma<'_>,
        plane: &Homography,
        version: Version,
        polarity: Polarity,
    ) -> Self {
        let module = pixels_of_module(plane, version);
        Self::sample_taps(luma, plane, None, version, polarity, (module, TAP_BLURRED))
    }

    /// Samples the middle pixels of each module alone. `None` where modules are so small that nothing differs.
    pub(crate) fn sample_cores(
        luma: &Luma<'_>,
        plane: &Homography,
        mesh: Option<&Mesh>,
        version: Version,
        polarity: Polarity,
    ) -> Option<Self> {
        let differs = pixels_of_module(plane, version) > FIVE_TAPS;
        differs.then(|| Self::sample_taps(luma, plane, mesh, version, polarity, (1.0, TAP)))
    }

    /// Samples with as many taps as modules of `module` pixels need, `tap` modules off the middle.
    fn sample_taps(
        luma: &Luma<'_>,
        plane: &Homography,
        mesh: Option<&Mesh>,
        version: Version,
        polarity: Polarity,
        (module, tap): (f32, f32),
    ) -> Self {
        let side = version.side();
        // Pairs of taps on both sides of the middle.
        let pairs = match module {
            module if module > NINE_TAPS => 4,
            module if module > FIVE_TAPS => 2,
            _ => 0,
        };
        // Then so is every tap. A mesh may lead out of the corners.
        let inside = mesh.is_none() && luma.holds_inside(&plane.corners(side as f32));
        let mut values = Vec::with_capacity(side * side);
        for y in 0..side {
            for x in 0..side {
                let at = Point::new(x as f32 + 0.5, y as f32 + 0.5);
                let (pixel, right, down) = plane.map_with_steps(at);
                let pixel = mesh.map_or(pixel, |mesh| pixel + mesh.off(at));
                let (right, down) = (right.times(tap), down.times(tap));
                let offs = [right, down, right + down, right - down];
                let offs = &offs[..pairs];
                let grey = if inside {
                    mean_of_taps(|at| luma.grey_inside(at) as f32, pixel, offs) / GREY_UNITS
                } else {
                    mean_of_taps(|at| luma.grey_at(at), pixel, offs)
                };
                values.push(polarity.upright(grey));
            }
        }
        Self {
            side,
            polarity,
            values,
        }
    }

    /// The grey of the first module. Benches use it to keep a sampling from being optimised away.
    #[cfg(feature = "steps")]
    pub(crate) fn first(&self) -> f32 {
        self.values.first().copied().unwrap_or_default()
    }

    /// The same greys with some blur removed.
    pub(crate) fn deblurred(&self, how: Deblur) -> Self {
        let values = match how {
            Deblur::Sharpen(amount) => sharpened(&self.values, self.side, amount),
            Deblur::Deconvolve(near) => deconvolved(&self.values, self.side, near),
        };
        Self {
            side: self.side,
            polarity: self.polarity,
            values,
        }
    }

    /// Modules on a side.
    pub(crate) fn side(&self) -> usize {
        self.side
    }

    pub(crate) fn polarity(&self) -> Polarity {
        self.polarity
    }

    /// The greys, row by row.
    pub(crate) fn values(&self) -> impl Iterator<Item = f32> {
        self.values.iter().copied()
    }

    /// The same modules with another value for each grey.
    pub(crate) fn mapped(&self, value: impl Fn(f32) -> f32) -> Self {
        Self {
            values: self.values().map(value).collect(),
            ..*self
        }
    }

    /// An equaliser for these greys, starting from a first guess of the modules.
    pub(crate) fn equaliser(&self, version: Version, guess: &Modules) -> Equaliser {
        Equaliser::new(&self.values, self.polarity, version, guess)
    }

    /// Decides which modules are dark: those below their threshold.
    pub(crate) fn modules(&self) -> Modules {
        let pairs = self.values.iter().zip(self.thresholds());
        let dark = pairs.map(|(grey, threshold)| *grey < threshold);
        Modules::new(self.side, dark.collect())
    }

    /// The same where some modules are much darker or lighter than the others: see [`dark_by_quartiles`].
    pub(crate) fn modules_by_quartiles(&self) -> Modules {
        Modules::new(self.side, dark_by_quartiles(&self.values, self.side))
    }

    /// The distance of each grey from its threshold: small where glare has washed the modules out.
    pub(crate) fn confidence(&self) -> Vec<f32> {
        let pairs = self.values.iter().zip(self.thresholds());
        pairs
            .map(|(grey, threshold)| (grey - threshold).abs())
            .collect()
    }

    /// The distance of each grey from its threshold, negative for dark modules. The mean distance is 1.
    ///
    /// Modules that glare has washed out are near 0, whatever their grey is.
    pub(crate) fn signed(&self) -> Vec<f32> {
        let pairs = self.values.iter().zip(self.thresholds());
        let mut signed: Vec<f32> = pairs.map(|(grey, threshold)| grey - threshold).collect();
        scale_to(1.0, &mut signed);
        signed
    }

    /// The same code with greys that differ from a middle grey as these signed modules differ from 0.
    pub(crate) fn with_signed(&self, signed: &[f32]) -> Self {
        let mut values = signed.to_vec();
        scale_to(MEAN_OFF, &mut values);
        values.iter_mut().for_each(|grey| *grey += MIDDLE_GREY);
        Self {
            side: self.side,
            polarity: self.polarity,
            values,
        }
    }

    /// For each module, the middle between the mean of the dark modules around and that of the light ones.
    ///
    /// Modules below the mean of all count as dark: one step of the iteration of Ridler and Calvard (1978).
    fn thresholds(&self) -> Vec<f32> {
        let reach = if self.side < FIRST_LARGE {
            REACH_SMALL
        } else {
            REACH
        };
        let counts = counts(self.side, reach);
        let all = box_sums(self.side, &self.values, reach);
        let is_dark = self.values.iter().zip(all.iter().zip(&counts));
        let is_dark = is_dark.map(|(grey, (sum, count))| *grey * count < *sum);
        let is_dark: Vec<bool> = is_dark.collect();
        let pick = |(grey, dark): (&f32, &bool)| if *dark { *grey } else { 0.0 };
        let dark: Vec<f32> = self.values.iter().zip(&is_dark).map(pick).collect();
        let count = |dark: &bool| f32::from(u8::from(*dark));
        let darks: Vec<f32> = is_dark.iter().map(count).collect();
        let dark = box_sums(self.side, &dark, reach);
        let darks = box_sums(self.side, &darks, reach);
        let boxes = all.iter().zip(&counts).zip(dark.iter().zip(&darks));
        let threshold = |((sum, count), (dark_sum, dark_count)): ((&f32, &f32), (&f32, &f32))| {
            let light_count = count - dark_count;
            // A window of one colour has no second mean.
            if *dark_count < 0.5 || light_count < 0.5 {
                return sum / count;
            }
            (dark_sum / dark_count + (sum - dark_sum) / light_count) * 0.5
        };
        boxes.map(threshold).collect()
    }
}

/// Scales values so that their mean distance from 0 is `mean`.
fn scale_to(mean: f32, values: &mut [f32]) {
    let sum: f32 = values.iter().map(|value| value.abs()).sum();
    if sum > 0.0 {
        let scale = mean * values.len() as f32 / sum;
        values.iter_mut().for_each(|value| *value *= scale);
    }
}

/// The pixels of a module in the middle of the code.
fn pixels_of_module(plane: &Homography, version: Version) -> f32 {
    let middle = version.side() as f32 * 0.5;
    let (_, right, _) = plane.map_with_steps(Point::new(middle, middle));
    right.length()
}

/// The mean grey of the first taps, from their offsets from the middle. The middle tap counts twice among several.
///
/// A loop, so that the greys' code is inlined only once.
#[inline(always)]
fn mean_of_taps(grey: impl Fn(Point) -> f32, middle: Point, offs: &[Point]) -> f32 {
    let first = grey(middle);
    let sum = offs.iter().fold(first + first, |sum, off| {
        sum + grey(middle + *off) + grey(middle - *off)
    });
    sum / (2 + 2 * offs.len()) as f32
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn dark_at(x: usize, y: usize) -> bool {
        (x * 5 + y * 3 + x * y) % 7 < 3
    }

    /// The greys of modules of 5 pixels on ground that darkens to the right.
    fn greys(polarity: Polarity) -> Greys {
        let pixels: Vec<u8> = (0..105 * 105)
            .map(|at| {
                let dark = dark_at(at % 105 / 5, at / 105 / 5) != polarity.is_inverted();
                let shade = (at % 105) as u8 / 2;
                if dark { 70 - shade } else { 170 - shade }
            })
            .collect();
        let luma = Luma::new(&pixels, 105, 105, 105).unwrap();
        let corners = [(0.0, 0.0), (105.0, 0.0), (105.0, 105.0), (0.0, 105.0)];
        let corners = corners.map(|(x, y)| Point::new(x, y));
        let plane = Homography::from_corners(&corners, 21.0).unwrap();
        Greys::sample(&luma, &plane, None, Version::new(1).unwrap(), polarity)
    }

    #[test]
    fn modules_are_read_across_a_shade_dark_or_light() {
        for polarity in [Polarity::DarkOnLight, Polarity::LightOnDark] {
            let modules = greys(polarity).modules();
            for at in 0..21 * 21 {
                let (x, y) = (at % 21, at / 21);
                assert_eq!(modules.is_dark(x, y), dark_at(x, y), "{x} {y} {polarity:?}");
            }
        }
    }

    #[test]
    fn sharpening_undoes_a_blur() {
        let sharp = greys(Polarity::DarkOnLight);
        let blurred = sharp.deblurred(Deblur::Sharpen(-0.5));
        let wrong = |greys: &Greys| {
            let modules = greys.modules();
            let all = (0..21 * 21).map(|at| (at % 21, at / 21));
            all.filter(|(x, y)| modules.is_dark(*x, *y) != dark_at(*x, *y))
                .count()
        };
        let restored = wrong(&blurred.deblurred(Deblur::Sharpen(1.6)));
        assert!(
            wrong(&blurred) > 2 * restored,
            "{} {restored}",
            wrong(&blurred)
        );
    }
}
