//! Takes blur out of the modules' greys: a step away from the mean of the neighbours, or a search for the picture of
//! which this is the blur. A few thousand modules cost microseconds where a picture's pixels cost milliseconds.

use crate::clamp::within;

/// Rounds of the search. Each brings the blur of what is assumed nearer to what is seen.
const ROUNDS: usize = 12;
/// Of the greys, these parts are as dark and as light as the code is: the finders' cores, the margins.
const DARKEST: f32 = 0.03;
const LIGHTEST: f32 = 0.97;

/// Each module moves away from the mean of its four neighbours by `amount` times its distance.
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

/// The modules, of 0 to 1, whose blur is nearest to what is seen: by a bell whose weight a module away is `near` of that
/// at its middle.
///
/// Van Cittert's iteration, held between dark and light: no module is darker than dark, and that is what makes a
/// hopeless blur solvable.
pub(crate) fn unblurred(values: &[f32], side: usize, near: f32) -> Vec<f32> {
    let seen = levelled(values);
    let kernel = bell(near);
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

/// Greys from 0, dark, to 1, light.
fn levelled(values: &[f32]) -> Vec<f32> {
    let (dark, light) = (quantile(values, DARKEST), quantile(values, LIGHTEST));
    let scale = (light - dark).max(1.0).recip();
    values.iter().map(|grey| (grey - dark) * scale).collect()
}

/// The grey that this part of the modules is below, to a quarter.
fn quantile(values: &[f32], part: f32) -> f32 {
    let mut counts = [0_u32; 1024];
    for value in values {
        // What is too dark or too light for a place counts at the end.
        counts[((value * 4.0) as usize).min(1023)] += 1;
    }
    let (mut below, wanted) = (0, (values.len() as f32 * part) as u32);
    let place = counts.iter().position(|count| {
        below += count;
        below > wanted
    });
    place.unwrap_or(1023) as f32 * 0.25
}

/// Weights of the module itself, of its neighbours and of theirs.
fn bell(near: f32) -> [f32; 3] {
    // Twice as far is a weight to the fourth power.
    let weights = [1.0, near, near * near * near * near];
    let sum = weights[0] + 2.0 * (weights[1] + weights[2]);
    weights.map(|weight| weight / sum)
}

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

    /// Modules of 60 and 180 in no order, with a margin of light.
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
        blur_rows(values, SIDE, bell(near), &mut half);
        blur_columns(&half, SIDE, bell(near), &mut out);
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
            let found = unblurred(&seen, SIDE, near);
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
