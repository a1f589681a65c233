//! Stage 1: the grey picture, its smaller levels, and which of its pixels are dark.

pub(crate) mod bits;
pub(crate) mod busy;
pub(crate) mod level;
pub(crate) mod lines;
pub(crate) mod luma;
pub(crate) mod point;
pub(crate) mod polarity;
pub(crate) mod pyramid;
pub(crate) mod rgba;
pub(crate) mod stretch;
pub(crate) mod threshold;
