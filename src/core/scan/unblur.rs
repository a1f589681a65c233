//! Takes blur out of the modules' greys: a step away from the mean of the neighbours, or a search for the picture of
//! which this is the blur. A few thousand modules cost microseconds where a picture's pixels cost milliseconds.

/// Rounds of the search. Each brings the blur of what is assumed nearer to what is seen.
const ROUNDS: usize = 12;
/// Of the greys, these parts are as dark and as light as the code is: the finders' cores, the margins.
const DARKEST: f32 = 0.03;
const LIGHTEST: f32 = 0.97;

/// Each module moves away from the mean of its four neighbours by `amount` times its distance.
pub(super) fn sharpened(values: &[f32], side: usize, amount: f32) -> Vec<f32> {
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

/// The modules, of 0 to 1, whose blur by a bell of this width (its sigma, in modules) is nearest to what is seen.
///
/// Van Cittert's iteration, held between dark and light: no module is darker than dark, and that is what makes a
/// hopeless blur solvable.
pub(super) fn unblurred(values: &[f32], side: usize, sigma: f32) -> Vec<f32> {
    let seen = levelled(values);
    let kernel = bell(sigma);
    let mut assumed = seen.clone();
    let (mut half, mut blurred) = (vec![0.0; seen.len()], vec![0.0; seen.len()]);
    for _ in 0..ROUNDS {
        blur_rows(&assumed, side, kernel, &mut half);
        blur_columns(&half, side, kernel, &mut blurred);
        for ((assumed, seen), blurred) in assumed.iter_mut().zip(&seen).zip(&blurred) {
            *assumed = (*assumed + seen - blurred).clamp(0.0, 1.0);
        }
    }
    assumed
}

/// Greys from 0, dark, to 1, light.
fn levelled(values: &[f32]) -> Vec<f32> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    let at = |part: f32| sorted[((sorted.len() - 1) as f32 * part) as usize];
    let (dark, light) = (at(DARKEST), at(LIGHTEST));
    let scale = (light - dark).max(1.0).recip();
    values.iter().map(|grey| (grey - dark) * scale).collect()
}

/// Weights of the module itself, of its neighbours and of theirs.
fn bell(sigma: f32) -> [f32; 3] {
    let weights = [0.0_f32, 1.0, 4.0].map(|square| (-square / (2.0 * sigma * sigma)).exp());
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
