//! Removes blur from the modules' greys: by sharpening, or by deconvolution of a Gaussian kernel.

use crate::clamp::within;

/// Iterations of the deconvolution. More cost time and amplify noise; fewer leave some of the blur.
const ROUNDS: usize = 12;
/// The parts of the modules that are darker than black and lighter than white, as outliers.
///
/// Finder cores and margins make more than 3 % of either colour. Larger: contrast is overestimated.
/// Smaller: a speck or a reflection decides.
const DARKEST: f32 = 0.03;
const LIGHTEST: f32 = 0.97;
/// Steps per shade of the histogram that finds them, and its number of steps: 0 to 255 and three quarters.
const PER_SHADE: f32 = 4.0;
const SHADES: usize = 1024;

/// Adds to each module `amount` times its difference from the mean of its four neighbours.
pub(crate) fn sharpened(values: &[f32], side: usize, amount: f32) -> Vec<f32> {
    let mut sharp = Vec::with_capacity(values.len());
    let row = |y: usize| &values[y * side..][..side];
    for y in 0..side {
        let (above, below) = (row(y.saturating_sub(1)), row((y + 1).min(side - 1)));
        let here = row(y);
        for (x, grey) in here.iter().enumerate() {
            let (left, right) = (here[x.saturating_sub(1)], here[(x + 1).min(side - 1)]);
            let mean = (left + right + above[x] + below[x]) * 0.25;
            sharp.push(grey + amount * (grey - mean));
        }
    }
    sharp
}

/// The modules, from 0 to 1, whose blur is nearest to the greys.
///
/// The kernel is a Gaussian with the weight `near`, relative to its middle, one module away.
/// The method is Van Cittert's iteration (1931), clamped: no module is darker than dark or lighter than light.
/// Without the clamp a heavy blur has no stable solution.
pub(crate) fn deconvolved(values: &[f32], side: usize, near: f32) -> Vec<f32> {
    let seen = levelled(values);
    let kernel = gaussian(near);
    let mut assumed = seen.clone();
    let (mut half, mut blurred) = (vec![0.0; seen.len()], vec![0.0; seen.len()]);
    for _ in 0..ROUNDS {
        blur_rows(&assumed, side, kernel, &mut half);
        blur_columns(&half, side, kernel, &mut blurred);
        for ((assumed, seen), blurred) in assumed.iter_mut().zip(&seen).zip(&blurred) {
            *assumed = within(*assumed + seen - blurred, 0.0, 1.0);
        }
    }
    assumed
}

/// The greys on a scale from 0, dark, to 1, light.
fn levelled(values: &[f32]) -> Vec<f32> {
    let (dark, light) = (quantile(values, DARKEST), quantile(values, LIGHTEST));
    let scale = (light - dark).max(1.0).recip();
    values.iter().map(|grey| (grey - dark) * scale).collect()
}

/// The grey that this part of the modules stays below, to a quarter of a shade.
fn quantile(values: &[f32], part: f32) -> f32 {
    let mut counts = [0_u32; SHADES];
    for value in values {
        // Values outside the histogram count in its first or last step.
        counts[((value * PER_SHADE) as usize).min(SHADES - 1)] += 1;
    }
    let (mut below, wanted) = (0, (values.len() as f32 * part) as u32);
    let place = counts.iter().position(|count| {
        below += count;
        below > wanted
    });
    place.unwrap_or(SHADES - 1) as f32 / PER_SHADE
}

/// The weights of a module, of its neighbours, and of the modules two away.
fn gaussian(near: f32) -> [f32; 3] {
    // A Gaussian at twice the distance is the fourth power.
    let weights = [1.0, near, near * near * near * near];
    let sum = weights[0] + 2.0 * (weights[1] + weights[2]);
    weights.map(|weight| weight / sum)
}

/// Blurs along rows.
fn blur_rows(values: &[f32], side: usize, kernel: [f32; 3], out: &mut [f32]) {
    for (row, out) in values.chunks_exact(side).zip(out.chunks_exact_mut(side)) {
        for (x, out) in out.iter_mut().enumerate() {
            let at = |x: usize| row[x.min(side - 1)];
            let near = at(x.saturating_sub(1)) + at(x + 1);
            let far = at(x.saturating_sub(2)) + at(x + 2);
            *out = kernel[0] * row[x] + kernel[1] * near + kernel[2] * far;
        }
    }
}

/// Blurs along columns.
fn blur_columns(values: &[f32], side: usize, kernel: [f32; 3], out: &mut [f32]) {
    let row = |y: usize| &values[y.min(side - 1) * side..][..side];
    for (y, out) in out.chunks_exact_mut(side).enumerate() {
        let rows = [y.saturating_sub(2), y.saturating_sub(1), y, y + 1, y + 2].map(row);
        for (x, out) in out.iter_mut().enumerate() {
            let near = rows[1][x] + rows[3][x];
            let far = rows[0][x] + rows[4][x];
            *out = kernel[0] * rows[2][x] + kernel[1] * near + kernel[2] * far;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE: usize = 25;

    /// Modules of 60 and 180 in pseudo-random order, with a light margin.
    fn code() -> Vec<f32> {
        let inside = |at: usize| (2..SIDE - 2).contains(&at);
        let mut state = 7_u32;
        let modules = (0..SIDE * SIDE).map(|at| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let dark = inside(at % SIDE) && inside(at / SIDE) && state >> 16 & 1 == 1;
            if dark { 60.0 } else { 180.0 }
        });
        modules.collect()
    }

    fn blurred(values: &[f32], near: f32) -> Vec<f32> {
        let (mut half, mut out) = (vec![0.0; values.len()], vec![0.0; values.len()]);
        blur_rows(values, SIDE, gaussian(near), &mut half);
        blur_columns(&half, SIDE, gaussian(near), &mut out);
        out
    }

    /// Modules on the wrong side of the threshold.
    fn wrong(values: &[f32], threshold: f32) -> usize {
        let pairs = values.iter().zip(code());
        pairs
            .filter(|(value, known)| (**value < threshold) != (*known < 120.0))
            .count()
    }

    #[test]
    fn a_search_undoes_a_blur_and_halves_what_a_heavy_one_hides() {
        for (near, hidden, left) in [(0.25, 10, 0), (0.54, 100, 50)] {
            let seen = blurred(&code(), near);
            let found = deconvolved(&seen, SIDE, near);
            let wrongs = [wrong(&seen, 120.0), wrong(&found, 0.5)];
            assert!(found.iter().all(|value| (0.0..=1.0).contains(value)));
            assert!(
                wrongs[0] > hidden && wrongs[1] <= left,
                "{near}: {wrongs:?}"
            );
        }
    }

    #[test]
    fn sharpening_moves_a_module_away_from_its_neighbours() {
        let values = [10.0, 10.0, 10.0, 10.0, 20.0, 10.0, 10.0, 10.0, 10.0];
        let sharp = sharpened(&values, 3, 0.5);
        assert_eq!(sharp[4], 25.0);
        assert_eq!(sharp[0], 10.0);
        assert_eq!(sharp[1], 8.75);
    }

    #[test]
    fn a_quantile_is_the_grey_that_a_part_is_below() {
        let values: Vec<f32> = (0..100).map(|at| at as f32).collect();
        assert_eq!(quantile(&values, 0.03), 3.0);
        assert_eq!(quantile(&values, 0.97), 97.0);
        assert_eq!(quantile(&[-5.0, 400.0], 0.9), 255.75);
    }
}
