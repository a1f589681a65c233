//! Removes a blur by measuring it on the code itself: defocus, motion, or anything that mixes neighbouring modules.
//!
//! Each round has two steps.
//! First a least squares fit gives the weights with which the greys around tell whether a module is dark.
//! It learns them from the function patterns, which are known, and from the last guess of the other modules.
//! Then the weights give the next guess, and how sure it is.
//! From the second round on, the last guess of the modules around counts too: what they add to a grey is known then.
//! Light adds up linearly, so greys are first converted back from the camera's gamma to light.
//!
//! In radio receivers this is called a decision-feedback equaliser.
//! It was chosen over a fit of the blur itself: see `docs/decisions/0066-greys-around-tell-a-module.md`.

use super::boxes::means;
use super::modules::Modules;
use crate::clamp::within;
use crate::picture::polarity::Polarity;
use crate::plane::layout::Version;
use crate::work::spend;

/// Modules to each side whose greys and guesses count.
///
/// Larger: time grows with the fourth power, and small codes have too few modules to learn from.
/// Smaller: defocused codes are lost.
const REACH: usize = 2;
const WIDTH: usize = 2 * REACH + 1;
const WINDOW: usize = WIDTH * WIDTH;
/// The unknowns of the fit: the weights of the greys and of the guesses. That of the module's own guess stays 0.
const UNKNOWNS: usize = 2 * WINDOW;
/// The modules that the weights are learned from. More of them cost time.
const MAX_EQUATIONS: usize = 450;
/// The ridge of the fit, which pulls each weight towards 0, per equation. It keeps the equations solvable.
///
/// On the till set, a fifth and four times of it read as many. Larger: blur stays. Smaller: noise decides.
const RIDGE: f32 = 5e-4;
/// Modules to each side over which ambient light is averaged.
/// Larger: shadows and reflections count as noise. Smaller: modules count as ambient light.
const SHADE_REACH: usize = 3;
/// A gamma of 2.2, about that of sRGB (IEC 61966-2-1), as a mixture of the powers 2 and 2.5.
///
/// The square root of that mixture is one instruction; `powf` is a function of many bytes.
const GAMMA: [f32; 2] = [0.6, 0.4];
/// The least pivot of the fit. Below it the equations have no solution.
const MIN_PIVOT: f32 = 1e-9;

/// The state of the equalisation: the light that was seen, and the present guess of the modules.
pub(crate) struct Equaliser {
    side: usize,
    stride: usize,
    /// The light of each module without ambient light, with a margin of nothing. The mean distance from 0 is 1.
    seen: Vec<f32>,
    /// The guess with the same margin: from -1, dark, to 1, light. Beyond the code is its light margin.
    guess: Vec<f32>,
    /// The same as far as it counts for the modules around. The first round knows the greys alone.
    around: Vec<f32>,
    /// Modules of function patterns, which are known.
    fixed: Vec<bool>,
}

impl Equaliser {
    /// Starts from sampled greys (inverted codes' complemented) and a first guess of the modules.
    pub(crate) fn new(
        greys: &[f32],
        polarity: Polarity,
        version: Version,
        guess: &Modules,
    ) -> Self {
        let side = version.side();
        let stride = side + 2 * REACH;
        let mut new = Self {
            side,
            stride,
            seen: vec![0.0; stride * stride],
            guess: vec![1.0; stride * stride],
            around: vec![0.0; stride * stride],
            fixed: vec![false; side * side],
        };
        let light: Vec<f32> = greys.iter().map(|grey| light(*grey, polarity)).collect();
        let shades = means(side, &light, SHADE_REACH);
        let offs = light
            .iter()
            .zip(&shades)
            .map(|(light, shade)| light - shade);
        let offs: Vec<f32> = offs.collect();
        let mean = offs.iter().map(|off| off.abs()).sum::<f32>() / offs.len() as f32;
        let scale = mean.max(1e-6).recip();
        for (place, off) in offs.iter().enumerate() {
            let at = new.at(place);
            new.seen[at] = off * scale;
            if guess.is_dark(place % side, place / side) {
                new.guess[at] = -1.0;
            }
        }
        for known in version.function_modules() {
            let place = known.y * side + known.x;
            new.fixed[place] = true;
            let at = new.at(place);
            new.guess[at] = if known.dark { -1.0 } else { 1.0 };
        }
        new
    }

    /// One round: the modules, and how sure each one is. `None` if nothing is to be learned.
    pub(crate) fn round(&mut self) -> Option<(Modules, Vec<f32>)> {
        let weights = self.fit()?;
        let mut next = self.guess.clone();
        let mut confidence = vec![f32::MAX; self.fixed.len()];
        for (place, fixed) in self.fixed.iter().enumerate() {
            if *fixed {
                continue;
            }
            let at = self.at(place);
            let terms = self.terms(at);
            let pairs = weights.iter().zip(&terms);
            let light: f32 = pairs.map(|(weight, term)| weight * term).sum();
            confidence[place] = light.abs();
            next[at] = within(light, -1.0, 1.0);
        }
        spend(self.fixed.len() * UNKNOWNS);
        self.around.clone_from(&next);
        let dark = (0..self.fixed.len()).map(|place| next[self.at(place)] < 0.0);
        let modules = Modules::new(self.side, dark.collect());
        for guess in &mut next {
            *guess = if *guess < 0.0 { -1.0 } else { 1.0 };
        }
        self.guess = next;
        Some((modules, confidence))
    }

    /// A module's index in a field with a margin.
    #[inline]
    fn at(&self, place: usize) -> usize {
        (place / self.side + REACH) * self.stride + place % self.side + REACH
    }

    /// What is known around a module: the greys, then the guesses without its own.
    fn terms(&self, at: usize) -> [f32; UNKNOWNS] {
        let mut terms = [0.0; UNKNOWNS];
        let first = at - REACH * self.stride - REACH;
        let (rows, _) = terms.as_chunks_mut::<WIDTH>();
        for (row, out) in rows.iter_mut().enumerate() {
            let field = if row < WIDTH {
                &self.seen
            } else {
                &self.around
            };
            out.copy_from_slice(&field[first + row % WIDTH * self.stride..][..WIDTH]);
        }
        terms[WINDOW + WINDOW / 2] = 0.0;
        terms
    }

    /// The weights that give the present guess best.
    fn fit(&self) -> Option<[f32; UNKNOWNS]> {
        let mut sums = [[0.0_f32; UNKNOWNS + 1]; UNKNOWNS];
        let every = self.fixed.len().div_ceil(MAX_EQUATIONS);
        let count = self.fixed.len() / every;
        for place in (0..self.fixed.len()).step_by(every) {
            let at = self.at(place);
            let mut equation = [0.0; UNKNOWNS + 1];
            equation[..UNKNOWNS].copy_from_slice(&self.terms(at));
            equation[UNKNOWNS] = self.guess[at];
            for (row, sums) in sums.iter_mut().enumerate() {
                let factor = equation[row];
                if factor == 0.0 {
                    continue;
                }
                for (sum, term) in sums.iter_mut().zip(equation) {
                    *sum += factor * term;
                }
            }
        }
        spend(count * UNKNOWNS);
        for (row, sums) in sums.iter_mut().enumerate() {
            sums[row] += RIDGE * count as f32;
        }
        solve(&mut sums)
    }
}

/// The light that made a grey, from 0 to 1. For inverted codes it is the negative of the light that was shown.
fn light(grey: f32, polarity: Polarity) -> f32 {
    let part = (polarity.upright(grey) / 255.0).max(0.0);
    let light = part * part * (GAMMA[0] + GAMMA[1] * part.sqrt());
    polarity.signed(light)
}

/// Gauss-Jordan elimination without pivoting: the ridge keeps the diagonal away from 0.
fn solve(equations: &mut [[f32; UNKNOWNS + 1]; UNKNOWNS]) -> Option<[f32; UNKNOWNS]> {
    for at in 0..UNKNOWNS {
        let lead = equations[at];
        if lead[at].is_nan() || lead[at].abs() < MIN_PIVOT {
            return None;
        }
        for (row, equation) in equations.iter_mut().enumerate() {
            let factor = equation[at] / lead[at];
            if row == at || factor == 0.0 {
                continue;
            }
            for (value, lead) in equation.iter_mut().zip(lead).skip(at) {
                *value -= factor * lead;
            }
        }
    }
    Some(std::array::from_fn(|at| {
        equations[at][UNKNOWNS] / equations[at][at]
    }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::deblur::deconvolved;
    use super::super::modules::tests::drawn;
    use super::*;

    const TEXT: &str = "134503098230927349";

    /// The greys of a code whose light is mixed by these weights, with a margin of light; and a first guess.
    fn seen(code: &Modules, weights: &[f32; WINDOW], polarity: Polarity) -> (Vec<f32>, Modules) {
        let (side, reach) = (code.side(), REACH as isize);
        let sum: f32 = weights.iter().sum();
        let lit = |x: isize, y: isize| {
            let inside = 0..side as isize;
            let dark =
                inside.contains(&x) && inside.contains(&y) && code.is_dark(x as usize, y as usize);
            if dark == polarity.is_inverted() {
                0.8
            } else {
                0.05
            }
        };
        let grey = |at: usize| {
            let (x, y) = ((at % side) as isize, (at / side) as isize);
            let ways = (-reach..=reach).flat_map(|v| (-reach..=reach).map(move |u| (u, v)));
            let mixed = ways
                .zip(weights)
                .map(|((u, v), weight)| weight * lit(x + u, y + v));
            let grey = 255.0 * (mixed.sum::<f32>() / sum).powf(1.0 / 2.2);
            polarity.upright(grey)
        };
        let greys: Vec<f32> = (0..side * side).map(grey).collect();
        let dark = deconvolved(&greys, side, 0.54)
            .iter()
            .map(|grey| *grey < 0.5)
            .collect();
        (greys, Modules::new(side, dark))
    }

    fn wrong(a: &Modules, b: &Modules) -> usize {
        let side = a.side();
        let ats = (0..side * side).map(|at| (at % side, at / side));
        ats.filter(|(x, y)| a.is_dark(*x, *y) != b.is_dark(*x, *y))
            .count()
    }

    /// A Gaussian kernel with these standard deviations, in modules, to the right and down.
    fn bell(along: f32, across: f32) -> [f32; WINDOW] {
        std::array::from_fn(|at| {
            let off = |at: usize, sigma: f32| (at as f32 - REACH as f32) / sigma;
            let (x, y) = (off(at % WIDTH, along), off(at / WIDTH, across));
            (-0.5 * (x * x + y * y)).exp()
        })
    }

    /// The wrong modules of the first guess, and those after the last of eight rounds.
    fn wrongs(version: i16, weights: &[f32; WINDOW], polarity: Polarity) -> [usize; 2] {
        let code = drawn(TEXT, version, qrcode::EcLevel::M);
        let (greys, guess) = seen(&code, weights, polarity);
        let version = Version::of_side(code.side()).unwrap();
        let mut equaliser = Equaliser::new(&greys, polarity, version, &guess);
        let rounds = std::iter::from_fn(|| equaliser.round()).take(8);
        let last = rounds.map(|(modules, _)| modules).last();
        let last = last.unwrap_or_else(|| guess.clone());
        [wrong(&guess, &code), wrong(&last, &code)]
    }

    #[test]
    fn what_is_known_shows_the_blur_where_the_first_guess_is_mostly_wrong() {
        let [first, last] = wrongs(7, &bell(0.9, 0.9), Polarity::DarkOnLight);
        assert!(2 * first > 3 * last, "{first} {last}");
    }

    #[test]
    fn what_a_lens_has_mixed_is_told_apart() {
        let (dark, light) = (Polarity::DarkOnLight, Polarity::LightOnDark);
        for (version, along, across, polarity) in [
            (1, 0.8, 0.8, dark),
            (4, 0.75, 0.75, dark),
            (4, 0.75, 0.75, light),
            (4, 0.8, 0.6, dark),
        ] {
            let wrongs = wrongs(version, &bell(along, across), polarity);
            // Half as many as the parity of version 4 corrects.
            assert!(
                wrongs[0] > wrongs[1] && wrongs[1] < 9,
                "{version:?} {along}: {wrongs:?}"
            );
        }
    }

    #[test]
    fn what_no_blur_hides_stays_as_it_is_and_nothing_comes_of_nothing() {
        let code = drawn(TEXT, 2, qrcode::EcLevel::M);
        let version = Version::of_side(code.side()).unwrap();
        let polarity = Polarity::DarkOnLight;
        let (sharp, guess) = seen(&code, &bell(0.2, 0.2), polarity);
        let first_round = |greys: &[f32]| Equaliser::new(greys, polarity, version, &guess).round();
        let (modules, confidence) = first_round(&sharp).unwrap();
        assert_eq!(wrong(&modules, &code), 0);
        assert!(confidence.iter().all(|sure| *sure > 0.3));
        let flat = vec![90.0; sharp.len()];
        let (_, confidence) = first_round(&flat).unwrap();
        let unknown = confidence.iter().filter(|sure| **sure < f32::MAX);
        assert!(unknown.clone().count() > 300);
        assert!(
            unknown.into_iter().all(|sure| *sure < 0.1),
            "{:?}",
            confidence
        );
    }
}
