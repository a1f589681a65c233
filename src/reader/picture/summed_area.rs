//! Sums and means over square windows of modules, by a summed-area table.
//!
//! See F. Crow, Summed-Area Tables for Texture Mapping, 1984: <https://doi.org/10.1145/800031.808600>.

/// The mean of the window around each value.
pub(crate) fn means(side: usize, values: &[f32], reach: usize) -> Vec<f32> {
    let sums = SummedArea::of(side, values.iter().copied());
    let mean = |at: usize| {
        let (sum, count) = sums.window(at % side, at / side, reach);
        sum / count
    };
    (0..values.len()).map(mean).collect()
}

/// A table in which the sum over any window takes four look-ups.
pub(crate) struct SummedArea {
    side: usize,
    sums: Vec<f32>,
}

impl SummedArea {
    /// The table of `side` rows of `side` values.
    pub(crate) fn of(side: usize, mut values: impl Iterator<Item = f32>) -> Self {
        let width = side + 1;
        let mut sums = vec![0.0; width * width];
        for y in 1..width {
            let mut row = 0.0;
            for x in 1..width {
                row += values.next().unwrap_or_default();
                sums[y * width + x] = sums[(y - 1) * width + x] + row;
            }
        }
        Self { side, sums }
    }

    /// The sum of the window around a module, and the number of its modules. The window is cut off at the sides.
    #[inline]
    pub(crate) fn window(&self, x: usize, y: usize, reach: usize) -> (f32, f32) {
        let (left, right) = (x.saturating_sub(reach), (x + reach + 1).min(self.side));
        let (top, bottom) = (y.saturating_sub(reach), (y + reach + 1).min(self.side));
        let at = |x: usize, y: usize| self.sums[y * (self.side + 1) + x];
        let sum = at(right, bottom) - at(left, bottom) - at(right, top) + at(left, top);
        (sum, ((right - left) * (bottom - top)) as f32)
    }
}
