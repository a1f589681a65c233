//! Sums and means over square windows of modules, cut off at the code's sides.
//!
//! Rows of neighbours are added to rows: a loop that the compiler vectorises, unlike a summed-area table.

/// The mean of the window around each value.
pub(crate) fn means(side: usize, values: &[f32], reach: usize) -> Vec<f32> {
    let mut means = box_sums(side, values, reach);
    for (sum, count) in means.iter_mut().zip(counts(side, reach)) {
        *sum /= count;
    }
    means
}

/// The sum of the window around each value, of `side` rows of `side` values.
#[inline(never)]
pub(crate) fn box_sums(side: usize, values: &[f32], reach: usize) -> Vec<f32> {
    let mut wide = values.to_vec();
    for (sums, row) in wide.chunks_exact_mut(side).zip(values.chunks_exact(side)) {
        add_neighbours(sums, row, 1, reach);
    }
    let mut sums = wide.clone();
    add_neighbours(&mut sums, &wide, side, reach);
    sums
}

/// Adds to each sum the values up to `reach` times `step` places before and after it.
#[inline(never)]
fn add_neighbours(sums: &mut [f32], values: &[f32], step: usize, reach: usize) {
    for off in (1..=reach).map(|at| (at * step).min(values.len())) {
        for (sum, after) in sums.iter_mut().zip(&values[off..]) {
            *sum += after;
        }
        for (sum, before) in sums[off..].iter_mut().zip(values) {
            *sum += before;
        }
    }
}

/// The number of values in the window around each value.
pub(crate) fn counts(side: usize, reach: usize) -> Vec<f32> {
    let span = |at: usize| ((at + reach + 1).min(side) - at.saturating_sub(reach)) as f32;
    let spans: Vec<f32> = (0..side).map(span).collect();
    let rows = spans.iter();
    rows.flat_map(|down| spans.iter().map(move |across| down * across))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_summed_and_cut_off_at_the_sides() {
        // Four rows of four values: 0 to 15.
        let values: Vec<f32> = (0..16).map(|at| at as f32).collect();
        let sums = box_sums(4, &values, 1);
        assert_eq!(sums[0], 0.0 + 1.0 + 4.0 + 5.0);
        assert_eq!(sums[5], 9.0 * 5.0);
        assert_eq!(sums[15], 10.0 + 11.0 + 14.0 + 15.0);
        assert_eq!(counts(4, 1)[..5], [4.0, 6.0, 6.0, 4.0, 6.0]);
        assert_eq!(means(4, &values, 1)[5], 5.0);
        // A window may be larger than the code.
        assert_eq!(box_sums(4, &values, 9), [120.0; 16]);
    }
}
