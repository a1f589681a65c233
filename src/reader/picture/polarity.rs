//! The polarity of a code: dark modules on a light ground, or inverted, as in a phone's dark mode.

/// Which of a code's two colours is the darker one in the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Polarity {
    /// As the standard draws it: dark modules are darker.
    DarkOnLight,
    /// Inverted: dark modules are lighter.
    LightOnDark,
}

impl Polarity {
    /// Whether dark modules are lighter than light ones.
    #[inline(always)]
    pub(crate) fn is_inverted(self) -> bool {
        match self {
            Self::DarkOnLight => false,
            Self::LightOnDark => true,
        }
    }

    /// A difference that is positive for a light module minus a dark one: negated for inverted codes.
    #[inline(always)]
    pub(crate) fn signed(self, value: f32) -> f32 {
        if self.is_inverted() { -value } else { value }
    }

    /// A grey as a code with dark modules shows it: its complement for inverted codes.
    #[inline(always)]
    pub(crate) fn upright(self, grey: f32) -> f32 {
        if self.is_inverted() {
            255.0 - grey
        } else {
            grey
        }
    }
}
