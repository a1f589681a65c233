//! The modules of a code: a square of dark and light ones.

/// Dark and light modules, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Modules {
    side: usize,
    dark: Vec<bool>,
}

impl Modules {
    /// `dark` holds `side` rows of `side` modules. Missing modules are light, and surplus ones are dropped.
    pub(crate) fn new(side: usize, mut dark: Vec<bool>) -> Self {
        dark.resize(side * side, false);
        Self { side, dark }
    }

    /// Modules on a side.
    pub(crate) fn side(&self) -> usize {
        self.side
    }

    /// Whether a module is dark. Outside the code all are light.
    pub(crate) fn is_dark(&self, x: usize, y: usize) -> bool {
        x < self.side && self.dark.get(y * self.side + x).copied().unwrap_or(false)
    }

    /// Sets a module. Outside the code it does nothing.
    pub(crate) fn set(&mut self, x: usize, y: usize, dark: bool) {
        if x >= self.side {
            return;
        }
        if let Some(module) = self.dark.get_mut(y * self.side + x) {
            *module = dark;
        }
    }

    /// The code as a mirror shows it: rows and columns exchanged.
    pub(crate) fn mirrored(&self) -> Self {
        let side = self.side;
        let dark = (0..side * side).map(|at| self.is_dark(at / side, at % side));
        Self {
            side,
            dark: dark.collect(),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// A drawn code.
    pub(crate) fn drawn(text: &str, version: i16, level: qrcode::EcLevel) -> Modules {
        let size = qrcode::Version::Normal(version);
        let code = qrcode::QrCode::with_version(text, size, level).unwrap();
        let dark = code.to_colors();
        let dark = dark.iter().map(|color| *color == qrcode::Color::Dark);
        Modules::new(code.width(), dark.collect())
    }

    /// Dark where the column's number is a multiple of 3 and the row's is odd.
    fn stripes(side: usize) -> Modules {
        let dark = (0..side * side).map(|at| (at % side).is_multiple_of(3) && at / side % 2 == 1);
        Modules::new(side, dark.collect())
    }

    #[test]
    fn rows_come_one_after_another_and_outside_is_light() {
        let modules = stripes(7);
        assert!(modules.is_dark(3, 1) && modules.is_dark(6, 5));
        assert!(!modules.is_dark(1, 3) && !modules.is_dark(3, 2));
        // Column 7 of row 0 is no column 0 of row 1, which is dark.
        assert!(modules.is_dark(0, 1) && !modules.is_dark(7, 0) && !modules.is_dark(0, 7));
    }

    #[test]
    fn too_few_modules_are_filled_up_with_light_ones_and_too_many_cut_off() {
        let few = Modules::new(3, vec![true; 4]);
        assert!(few.is_dark(0, 1) && !few.is_dark(1, 1) && !few.is_dark(2, 2));
        assert_eq!(
            Modules::new(3, vec![true; 20]),
            Modules::new(3, vec![true; 9])
        );
    }

    #[test]
    fn one_module_is_set_and_outside_none() {
        let mut modules = stripes(7);
        modules.set(4, 2, true);
        assert!(modules.is_dark(4, 2) && !modules.is_dark(2, 4));
        modules.set(4, 2, false);
        for (x, y) in [(7, 0), (8, 1), (0, 7), (usize::MAX / 8, 0)] {
            modules.set(x, y, true);
        }
        assert_eq!(modules, stripes(7));
    }

    #[test]
    fn a_mirror_turns_rows_into_columns_and_back() {
        let mirrored = stripes(7).mirrored();
        assert!(mirrored.is_dark(1, 3) && !mirrored.is_dark(3, 1));
        assert_eq!(mirrored.mirrored(), stripes(7));
    }
}
