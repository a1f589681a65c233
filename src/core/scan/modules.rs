//! A code as it is drawn: a square of dark and light modules.

/// Dark and light modules, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Modules {
    side: usize,
    dark: Vec<bool>,
}

impl Modules {
    /// `dark` holds `side` rows of `side` modules.
    pub(super) fn new(side: usize, mut dark: Vec<bool>) -> Self {
        dark.resize(side * side, false);
        Self { side, dark }
    }

    pub(super) fn side(&self) -> usize {
        self.side
    }

    /// Outside, all is light.
    pub(super) fn is_dark(&self, x: usize, y: usize) -> bool {
        x < self.side && self.dark.get(y * self.side + x).copied().unwrap_or(false)
    }

    pub(super) fn set(&mut self, x: usize, y: usize, dark: bool) {
        if let Some(module) = self.dark.get_mut(y * self.side + x) {
            *module = dark;
        }
    }

    /// The code as a mirror shows it: rows are columns.
    pub(super) fn mirrored(&self) -> Self {
        let side = self.side;
        let dark = (0..side * side).map(|at| self.is_dark(at / side, at % side));
        Self {
            side,
            dark: dark.collect(),
        }
    }
}
