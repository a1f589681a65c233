//! Removes a blur by measuring it on the code itself: defocus, motion, or anything that mixes neighbouring modules.
//!
//! Each round has two steps.
//! First a least squares fit gives the blur kernel: the weights with which the modules around are mixed into each grey.
//! Then each module becomes dark or light, whichever explains the greys best under that kernel.
//! Light adds up linearly, so greys are first converted back from the camera's gamma to light.
//!
//! In radio receivers this is called decision-directed equalisation.

use super::boxes::means;
use super::modules::Modules;
use crate::picture::polarity::Polarity;
use crate::plane::layout::Version;
use crate::work::spend;

/// Modules to each side that the kernel covers. Larger: time grows with the fourth power, and codes that are blurred so
/// widely are not readable anyway. Smaller: defocused codes are lost.
const REACH: usize = 2;
const WIDTH: usize = 2 * REACH + 1;
const WEIGHTS: usize = WIDTH * WIDTH;
/// The unknowns of the fit: the kernel's weights, and a constant for ambient light.
const UNKNOWNS: usize = WEIGHTS + 1;
/// Sweeps over all modules in a round. The first lets each be any grey; the last makes it dark or light.
///
/// More sweeps cost time. With fewer, some modules become dark or light before their neighbours are known.
/// On the till set 8 read two defocused codes in a hundred more than 6, and 12 read no more.
const SWEEPS: usize = 8;
/// The push towards dark or light at the last sweep, as a part of the kernel's energy, which resists it.
///
/// At 1 the step below would divide by zero. Smaller: modules stay grey and are rounded.
const MAX_PUSH: f32 = 0.9;
/// The weight of a module whose surroundings are all known, compared with that of one among guesses.
///
/// Chosen on the till set, where 16 to 100 give the same reads. Smaller: a wrong first guess makes the kernel too narrow.
const KNOWN: f32 = 32.0;
/// The guessed modules to which the kernel is fitted. More of them cost time and give the same kernel.
const MAX_EQUATIONS: usize = 450;
/// The largest part of the variance that the kernel may leave unexplained. Beyond it, no blur hides the modules.
///
/// The first guess of a heavily blurred code leaves much, though its kernel is right: a motion by two modules, a quarter.
/// Chosen on the till set. Larger: time is spent on noise. Smaller: such codes are given up after one round.
const MAX_UNEXPLAINED: f32 = 0.3;
/// The largest part of its weight that a kernel may have in the middle. Beyond it, the code is sharp already.
const MAX_OWN: f32 = 0.7;
/// The ridge of the fit, which pulls each weight towards 0, per equation. It keeps the equations solvable.
///
/// Larger: the kernel is underestimated. Smaller: noise decides the outer weights.
const RIDGE: f64 = 1e-3;
/// The weight of the equations that make opposite weights equal: a blur is symmetric, unless the plane is slightly off.
///
/// Larger: a plane that is off can't be corrected. Smaller: noise makes the kernel lopsided.
const SYMMETRY: f64 = 50.0;
/// Modules to each side over which ambient light is averaged.
/// Larger: shadows count as noise. Smaller: modules count as ambient light.
const SHADE_REACH: usize = 4;
/// A gamma of 2.2, about that of sRGB (IEC 61966-2-1), as a mixture of the powers 2 and 2.5.
///
/// The square root of that mixture is one instruction; `powf` is a function of many bytes.
const GAMMA: [f32; 2] = [0.6, 0.4];
/// The least energy of a kernel, and the least pivot of the fit. Below them the equations have no solution.
const MIN_ENERGY: f32 = 1e-9;
const MIN_PIVOT: f64 = 1e-12;

/// The state of the equalisation: the light that was seen, and the present guess of the modules.
pub(crate) struct Equaliser {
    side: usize,
    stride: usize,
    /// The light of each module as it was sampled.
    observed: Vec<f32>,
    /// Modules of function patterns, which are known.
    fixed: Vec<bool>,
    /// Modules within whose reach all modules are known. Beyond the code is its light margin.
    known: Vec<bool>,
    /// The guess: 1 for light, 0 for dark. It has a margin of light modules.
    modules: Vec<f32>,
    /// The observed light minus the blurred guess, with the same margin.
    residual: Vec<f32>,
    /// The part of the observed variance that the kernel does not explain.
    unexplained: f32,
}

/// A blur kernel, and the ambient light that is added everywhere.
struct Kernel {
    weights: [f32; WEIGHTS],
    ambient: f32,
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
            observed: greys.iter().map(|grey| light(*grey, polarity)).collect(),
            fixed: vec![false; side * side],
            known: Vec::new(),
            modules: vec![1.0; stride * stride],
            residual: vec![0.0; stride * stride],
            unexplained: 0.0,
        };
        for place in 0..side * side {
            if guess.is_dark(place % side, place / side) {
                let at = new.at(place);
                new.modules[at] = 0.0;
            }
        }
        for known in version.function_modules() {
            let place = known.y * side + known.x;
            new.fixed[place] = true;
            let at = new.at(place);
            new.modules[at] = if known.dark { 0.0 } else { 1.0 };
        }
        let ends = |at: usize| at.saturating_sub(REACH)..(at + REACH + 1).min(side);
        let is_fixed = |x: usize, y: usize| new.fixed[y * side + x];
        let is_known = |place: usize| {
            let (x, y) = (place % side, place / side);
            ends(y).all(|y| ends(x).all(|x| is_fixed(x, y)))
        };
        new.known = (0..side * side).map(is_known).collect();
        new
    }

    /// One round. `None` if it changes nothing, or if no blur hides the modules.
    pub(crate) fn round(&mut self) -> Option<Modules> {
        let before = self.modules.clone();
        let kernel = self.fit_kernel()?;
        self.measure(&kernel);
        let all: f32 = kernel.weights.iter().sum();
        if self.unexplained > MAX_UNEXPLAINED || kernel.weights[WEIGHTS / 2] > all * MAX_OWN {
            return None;
        }
        self.estimate_modules(&kernel);
        if self.modules == before {
            return None;
        }
        let dark = (0..self.side * self.side).map(|place| self.modules[self.at(place)] < 0.5);
        Some(Modules::new(self.side, dark.collect()))
    }

    /// A module's index in a field with a margin.
    #[inline]
    fn at(&self, place: usize) -> usize {
        (place / self.side + REACH) * self.stride + place % self.side + REACH
    }

    /// The five rows of a field around a module.
    fn around(&self, field: &[f32], at: usize) -> [f32; WEIGHTS] {
        let mut around = [0.0; WEIGHTS];
        let first = at - REACH * self.stride - REACH;
        for (row, out) in around.as_chunks_mut::<WIDTH>().0.iter_mut().enumerate() {
            out.copy_from_slice(&field[first + row * self.stride..][..WIDTH]);
        }
        around
    }

    /// The kernel that explains the observed light best, if the guess is right. Where nothing is guessed counts most.
    fn fit_kernel(&self) -> Option<Kernel> {
        let mut sums = [[0.0_f32; UNKNOWNS + 1]; UNKNOWNS];
        let every = self.observed.len().div_ceil(MAX_EQUATIONS);
        let mut count = 0;
        for (place, observed) in self.observed.iter().enumerate() {
            let weight = match self.known[place] {
                true => KNOWN,
                false if place.is_multiple_of(every) => 1.0,
                false => continue,
            };
            count += 1;
            let mut terms = [1.0_f32; UNKNOWNS + 1];
            terms[..WEIGHTS].copy_from_slice(&self.around(&self.modules, self.at(place)));
            terms[UNKNOWNS] = *observed;
            for (row, sums) in sums.iter_mut().enumerate() {
                let factor = terms[row] * weight;
                if factor == 0.0 {
                    continue;
                }
                for (sum, term) in sums.iter_mut().zip(terms) {
                    *sum += factor * term;
                }
            }
        }
        spend(count * UNKNOWNS);
        let mut equations = sums.map(|row| row.map(f64::from));
        for (row, equation) in equations.iter_mut().enumerate() {
            equation[row] += RIDGE * count as f64;
            if row < WEIGHTS {
                equation[row] += SYMMETRY;
                equation[WEIGHTS - 1 - row] -= SYMMETRY;
            }
        }
        let solved = solve(&mut equations)?;
        Some(Kernel {
            weights: std::array::from_fn(|at| solved[at] as f32),
            ambient: solved[WEIGHTS] as f32,
        })
    }

    /// Moves the unknown modules by coordinate descent until the blurred guess is nearest to the observed light.
    fn estimate_modules(&mut self, kernel: &Kernel) {
        let weights = &kernel.weights;
        let mut opposite = *weights;
        opposite.reverse();
        let own: f32 = weights.iter().map(|weight| weight * weight).sum();
        if own < MIN_ENERGY {
            return;
        }
        for sweep in 0..SWEEPS {
            let push = own * MAX_PUSH * sweep as f32 / (SWEEPS - 1) as f32;
            for place in 0..self.fixed.len() {
                if self.fixed[place] {
                    continue;
                }
                let at = self.at(place);
                // A module contributes to its neighbours by the opposite weights.
                let pull = dot(&self.around(&self.residual, at), &opposite);
                let now = self.modules[at];
                let next = (now + (pull + push * (now - 0.5)) / (own - push)).clamp(0.0, 1.0);
                if next == now {
                    continue;
                }
                self.modules[at] = next;
                let first = at - REACH * self.stride - REACH;
                let (rows, _) = opposite.as_chunks::<WIDTH>();
                for (row, weights) in rows.iter().enumerate() {
                    let residual = &mut self.residual[first + row * self.stride..][..WIDTH];
                    for (residual, weight) in residual.iter_mut().zip(weights) {
                        *residual -= weight * (next - now);
                    }
                }
            }
            spend(self.fixed.len() * WEIGHTS);
            self.clear_margin();
        }
        for module in &mut self.modules {
            *module = if *module < 0.5 { 0.0 } else { 1.0 };
        }
    }

    /// Computes the residual without its local mean, which is ambient light, and the part that stays unexplained.
    fn measure(&mut self, kernel: &Kernel) {
        let side = self.side;
        let offs = self.observed.iter().enumerate().map(|(place, observed)| {
            let around = self.around(&self.modules, self.at(place));
            observed - kernel.ambient - dot(&around, &kernel.weights)
        });
        let offs: Vec<f32> = offs.collect();
        let shades = means(side, &offs, SHADE_REACH);
        let mean = self.observed.iter().sum::<f32>() / self.observed.len() as f32;
        let all: f32 = self
            .observed
            .iter()
            .map(|observed| (observed - mean) * (observed - mean))
            .sum();
        let left = offs
            .iter()
            .zip(&shades)
            .map(|(off, shade)| (off - shade) * (off - shade));
        self.unexplained = left.sum::<f32>() / all.max(1e-6);
        self.residual.fill(0.0);
        for (place, (off, shade)) in offs.iter().zip(shades).enumerate() {
            let at = self.at(place);
            self.residual[at] = off - shade;
        }
    }

    /// Sets the residual of the margin to 0: nothing was observed there.
    fn clear_margin(&mut self) {
        let inside = REACH..self.side + REACH;
        for (y, row) in self.residual.chunks_exact_mut(self.stride).enumerate() {
            if inside.contains(&y) {
                row[..REACH].fill(0.0);
                row[self.side + REACH..].fill(0.0);
            } else {
                row.fill(0.0);
            }
        }
    }
}

/// The scalar product.
fn dot(a: &[f32; WEIGHTS], b: &[f32; WEIGHTS]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The light that made a grey, from 0 to 1. For inverted codes it is the negative of the light that was shown.
fn light(grey: f32, polarity: Polarity) -> f32 {
    let part = (polarity.upright(grey) / 255.0).max(0.0);
    let light = part * part * (GAMMA[0] + GAMMA[1] * part.sqrt());
    polarity.signed(light)
}

/// Gauss-Jordan elimination without pivoting: the ridge keeps the diagonal away from 0.
fn solve(equations: &mut [[f64; UNKNOWNS + 1]; UNKNOWNS]) -> Option<[f64; UNKNOWNS]> {
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
    fn seen(code: &Modules, weights: &[f32; WEIGHTS], polarity: Polarity) -> (Vec<f32>, Modules) {
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
    fn bell(along: f32, across: f32) -> [f32; WEIGHTS] {
        std::array::from_fn(|at| {
            let off = |at: usize, sigma: f32| (at as f32 - REACH as f32) / sigma;
            let (x, y) = (off(at % WIDTH, along), off(at / WIDTH, across));
            (-0.5 * (x * x + y * y)).exp()
        })
    }

    /// The wrong modules of the first guess, and those after the last of eight rounds.
    fn wrongs(version: i16, weights: &[f32; WEIGHTS], polarity: Polarity) -> [usize; 2] {
        let code = drawn(TEXT, version, qrcode::EcLevel::M);
        let (greys, guess) = seen(&code, weights, polarity);
        let version = Version::of_side(code.side()).unwrap();
        let mut equaliser = Equaliser::new(&greys, polarity, version, &guess);
        let rounds = std::iter::from_fn(|| equaliser.round()).take(8);
        let last = rounds.last().unwrap_or_else(|| guess.clone());
        [wrong(&guess, &code), wrong(&last, &code)]
    }

    #[test]
    fn what_is_known_shows_the_blur_where_the_first_guess_is_mostly_wrong() {
        let [first, last] = wrongs(7, &bell(0.9, 0.9), Polarity::DarkOnLight);
        assert!(first > 2 * last, "{first} {last}");
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
            assert!(
                wrongs[0] > 4 * wrongs[1] + 3,
                "{version:?} {along}: {wrongs:?}"
            );
        }
    }

    #[test]
    fn what_no_blur_hides_is_left_alone() {
        let code = drawn(TEXT, 2, qrcode::EcLevel::M);
        let version = Version::of_side(code.side()).unwrap();
        let polarity = Polarity::DarkOnLight;
        let (sharp, guess) = seen(&code, &bell(0.2, 0.2), polarity);
        let first_round = |greys: &[f32]| Equaliser::new(greys, polarity, version, &guess).round();
        assert!(first_round(&sharp).is_none());
        let noise: Vec<f32> = (0..sharp.len()).map(|at| (at * at % 251) as f32).collect();
        assert!(first_round(&noise).is_none());
        let flat = vec![90.0; sharp.len()];
        assert!(first_round(&flat).is_none());
    }
}
