//! Takes a blur out of the modules' greys that is measured on them: whatever a lens out of focus or a moving hand has
//! mixed, the modules that every code of a version shares say how.
//!
//! In turns: the weights with which the modules around are mixed into each one's grey, by least squares; then the dark
//! and light modules whose mixture is nearest to what is seen, one after another. Light adds up as light, so greys are
//! turned back into what they were before the camera's gamma.

use super::modules::Modules;
use super::sums::means;
use crate::plane::layout::Version;
use crate::work::spend;

/// Modules to each side that are mixed in: a blur that reaches further leaves nothing to read.
const REACH: usize = 2;
const WIDTH: usize = 2 * REACH + 1;
const WEIGHTS: usize = WIDTH * WIDTH;
/// The weights, and the light that is everywhere.
const UNKNOWNS: usize = WEIGHTS + 1;
/// Sweeps over all modules in a turn. The first takes them as grey as they come; the last makes each dark or light.
const SWEEPS: usize = 5;
/// What a module gains at the last sweep by being clear, as a part of what its own weights resist.
const MOST_WISH: f32 = 0.9;
/// Modules whose greys say the weights: more say the same.
const MOST_EQUATIONS: usize = 450;
/// What no mixture explains to this part is not blurred; nor is what keeps so much of its light in its own module.
const MOST_UNEXPLAINED: f32 = 0.13;
const MOST_OWN: f32 = 0.7;
/// What holds each weight to nothing: as much as a part of the modules would.
const RIDGE: f64 = 1e-3;
/// What holds opposite weights to each other: blur is the same in both directions, but for a plane that lies a little off.
const EVEN: f64 = 50.0;
/// Modules to each side over which the light that is everywhere may differ.
const SHADE: usize = 4;

/// The modules of a code behind its blur, as far as they are known.
pub(crate) struct Equaliser {
    side: usize,
    stride: usize,
    seen: Vec<f32>,
    /// Modules that every code of this version shares.
    fixed: Vec<bool>,
    /// 1 for a light module, 0 for a dark one; with a margin of light.
    lit: Vec<f32>,
    /// What is seen less what is mixed.
    off: Vec<f32>,
    /// The part of what is seen that no mixture explains.
    unexplained: f32,
}

struct Mixture {
    weights: [f32; WEIGHTS],
    everywhere: f32,
}

impl Equaliser {
    /// Greys as they were sampled, light codes' turned round; and a guess of the modules.
    pub(crate) fn new(greys: &[f32], inverted: bool, version: Version, guess: &Modules) -> Self {
        let side = version.side();
        let stride = side + 2 * REACH;
        let mut new = Self {
            side,
            stride,
            seen: greys.iter().map(|grey| light(*grey, inverted)).collect(),
            fixed: vec![false; side * side],
            lit: vec![1.0; stride * stride],
            off: vec![0.0; stride * stride],
            unexplained: 0.0,
        };
        for place in 0..side * side {
            if guess.is_dark(place % side, place / side) {
                let at = new.at(place);
                new.lit[at] = 0.0;
            }
        }
        for known in version.known() {
            let place = known.y * side + known.x;
            new.fixed[place] = true;
            let at = new.at(place);
            new.lit[at] = if known.dark { 0.0 } else { 1.0 };
        }
        new
    }

    /// One turn; none where it changes nothing, or where it is no blur that hides the modules.
    pub(crate) fn turn(&mut self) -> Option<Modules> {
        let before = self.lit.clone();
        let mixture = self.mixture()?;
        self.measure(&mixture);
        let all: f32 = mixture.weights.iter().sum();
        if self.unexplained > MOST_UNEXPLAINED || mixture.weights[WEIGHTS / 2] > all * MOST_OWN {
            return None;
        }
        self.unmix(&mixture);
        if self.lit == before {
            return None;
        }
        let dark = (0..self.side * self.side).map(|place| self.lit[self.at(place)] < 0.5);
        Some(Modules::new(self.side, dark.collect()))
    }

    /// A module's place in the field with its margin.
    #[inline]
    fn at(&self, place: usize) -> usize {
        (place / self.side + REACH) * self.stride + place % self.side + REACH
    }

    /// The five rows around a module of the field.
    fn around(&self, field: &[f32], at: usize) -> [f32; WEIGHTS] {
        let mut around = [0.0; WEIGHTS];
        let first = at - REACH * self.stride - REACH;
        for (row, out) in around.as_chunks_mut::<WIDTH>().0.iter_mut().enumerate() {
            out.copy_from_slice(&field[first + row * self.stride..][..WIDTH]);
        }
        around
    }

    /// The weights that suit what is seen best, if these are the modules.
    fn mixture(&self) -> Option<Mixture> {
        let mut sums = [[0.0_f32; UNKNOWNS + 1]; UNKNOWNS];
        let every = self.seen.len().div_ceil(MOST_EQUATIONS);
        let equations = self.seen.iter().enumerate().step_by(every);
        let count = equations.len();
        for (place, seen) in equations {
            let mut terms = [1.0_f32; UNKNOWNS + 1];
            terms[..WEIGHTS].copy_from_slice(&self.around(&self.lit, self.at(place)));
            terms[UNKNOWNS] = *seen;
            for (row, sums) in sums.iter_mut().enumerate() {
                let factor = terms[row];
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
                equation[row] += EVEN;
                equation[WEIGHTS - 1 - row] -= EVEN;
            }
        }
        let solved = solve(&mut equations)?;
        Some(Mixture {
            weights: std::array::from_fn(|at| solved[at] as f32),
            everywhere: solved[WEIGHTS] as f32,
        })
    }

    /// Moves the modules that are not known until their mixture is nearest to what is seen, and each is dark or light.
    fn unmix(&mut self, mixture: &Mixture) {
        let weights = &mixture.weights;
        let mut opposite = *weights;
        opposite.reverse();
        let own: f32 = weights.iter().map(|weight| weight * weight).sum();
        if own < 1e-9 {
            return;
        }
        for sweep in 0..SWEEPS {
            let wish = own * MOST_WISH * sweep as f32 / (SWEEPS - 1) as f32;
            for place in 0..self.fixed.len() {
                if self.fixed[place] {
                    continue;
                }
                let at = self.at(place);
                // Where this module is mixed in, it is so by the weight of the opposite way.
                let pull = dot(&self.around(&self.off, at), &opposite);
                let now = self.lit[at];
                let next = (now + (pull + wish * (now - 0.5)) / (own - wish)).clamp(0.0, 1.0);
                if next == now {
                    continue;
                }
                self.lit[at] = next;
                let first = at - REACH * self.stride - REACH;
                let (rows, _) = opposite.as_chunks::<WIDTH>();
                for (row, weights) in rows.iter().enumerate() {
                    let off = &mut self.off[first + row * self.stride..][..WIDTH];
                    for (off, weight) in off.iter_mut().zip(weights) {
                        *off -= weight * (next - now);
                    }
                }
            }
            spend(self.fixed.len() * WEIGHTS);
            self.clear_margin();
        }
        for lit in &mut self.lit {
            *lit = if *lit < 0.5 { 0.0 } else { 1.0 };
        }
    }

    /// What is seen less what is mixed, and less the light around that no module explains.
    fn measure(&mut self, mixture: &Mixture) {
        let side = self.side;
        let offs = self.seen.iter().enumerate().map(|(place, seen)| {
            let around = self.around(&self.lit, self.at(place));
            seen - mixture.everywhere - dot(&around, &mixture.weights)
        });
        let offs: Vec<f32> = offs.collect();
        let shades = means(side, &offs, SHADE);
        let mean = self.seen.iter().sum::<f32>() / self.seen.len() as f32;
        let all: f32 = self
            .seen
            .iter()
            .map(|seen| (seen - mean) * (seen - mean))
            .sum();
        let left = offs
            .iter()
            .zip(&shades)
            .map(|(off, shade)| (off - shade) * (off - shade));
        self.unexplained = left.sum::<f32>() / all.max(1e-6);
        self.off.fill(0.0);
        for (place, (off, shade)) in offs.iter().zip(shades).enumerate() {
            let at = self.at(place);
            self.off[at] = off - shade;
        }
    }

    /// Nothing was seen in the margin.
    fn clear_margin(&mut self) {
        let inside = REACH..self.side + REACH;
        for (y, row) in self.off.chunks_exact_mut(self.stride).enumerate() {
            if inside.contains(&y) {
                row[..REACH].fill(0.0);
                row[self.side + REACH..].fill(0.0);
            } else {
                row.fill(0.0);
            }
        }
    }
}

fn dot(a: &[f32; WEIGHTS], b: &[f32; WEIGHTS]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The light that made a grey; what is missing of it where a light code's grey was turned round.
fn light(grey: f32, inverted: bool) -> f32 {
    let shown = if inverted { 255.0 - grey } else { grey };
    let part = (shown / 255.0).max(0.0);
    // Nearly the power of 2.2, from those of 2 and of 2.5.
    let light = part * part * (0.6 + 0.4 * part.sqrt());
    if inverted { -light } else { light }
}

/// Gauss and Jordan; the ridge keeps the pivots.
fn solve(equations: &mut [[f64; UNKNOWNS + 1]; UNKNOWNS]) -> Option<[f64; UNKNOWNS]> {
    for at in 0..UNKNOWNS {
        let lead = equations[at];
        if lead[at].is_nan() || lead[at].abs() < 1e-12 {
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
    use super::super::modules::tests::drawn;
    use super::super::unblur::unblurred;
    use super::*;

    const TEXT: &str = "134503098230927349";

    /// Greys of a code whose light is mixed by these weights, with a margin of light; and a first guess.
    fn seen(code: &Modules, weights: &[f32; WEIGHTS], inverted: bool) -> (Vec<f32>, Modules) {
        let (side, reach) = (code.side(), REACH as isize);
        let sum: f32 = weights.iter().sum();
        let lit = |x: isize, y: isize| {
            let inside = 0..side as isize;
            let dark =
                inside.contains(&x) && inside.contains(&y) && code.is_dark(x as usize, y as usize);
            if dark == inverted { 0.8 } else { 0.05 }
        };
        let grey = |at: usize| {
            let (x, y) = ((at % side) as isize, (at / side) as isize);
            let ways = (-reach..=reach).flat_map(|v| (-reach..=reach).map(move |u| (u, v)));
            let mixed = ways
                .zip(weights)
                .map(|((u, v), weight)| weight * lit(x + u, y + v));
            let grey = 255.0 * (mixed.sum::<f32>() / sum).powf(1.0 / 2.2);
            if inverted { 255.0 - grey } else { grey }
        };
        let greys: Vec<f32> = (0..side * side).map(grey).collect();
        let dark = unblurred(&greys, side, 0.54)
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

    /// A bell of this sigma, in modules, and of another across.
    fn bell(along: f32, across: f32) -> [f32; WEIGHTS] {
        std::array::from_fn(|at| {
            let off = |at: usize, sigma: f32| (at as f32 - REACH as f32) / sigma;
            let (x, y) = (off(at % WIDTH, along), off(at / WIDTH, across));
            (-0.5 * (x * x + y * y)).exp()
        })
    }

    #[test]
    fn what_a_lens_has_mixed_is_told_apart() {
        for (version, along, across, inverted) in [
            (1, 0.8, 0.8, false),
            (4, 0.75, 0.75, false),
            (4, 0.75, 0.75, true),
            (4, 0.8, 0.6, false),
        ] {
            let code = drawn(TEXT, version, qrcode::EcLevel::M);
            let (greys, guess) = seen(&code, &bell(along, across), inverted);
            let version = Version::of_side(code.side()).unwrap();
            let mut equaliser = Equaliser::new(&greys, inverted, version, &guess);
            let mut last = guess.clone();
            for _ in 0..8 {
                let Some(modules) = equaliser.turn() else {
                    break;
                };
                last = modules;
            }
            let wrongs = [wrong(&guess, &code), wrong(&last, &code)];
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
        let (sharp, guess) = seen(&code, &bell(0.2, 0.2), false);
        assert!(
            Equaliser::new(&sharp, false, version, &guess)
                .turn()
                .is_none()
        );
        let noise: Vec<f32> = (0..sharp.len()).map(|at| (at * at % 251) as f32).collect();
        assert!(
            Equaliser::new(&noise, false, version, &guess)
                .turn()
                .is_none()
        );
        let flat = vec![90.0; sharp.len()];
        assert!(
            Equaliser::new(&flat, false, version, &guess)
                .turn()
                .is_none()
        );
    }
}
