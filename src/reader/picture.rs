//! The picture: its greys, smaller copies of it, and which of its pixels are dark.

pub(crate) mod bits;
pub(crate) mod busy;
pub(crate) mod lines;
pub(crate) mod luma;
pub(crate) mod point;
pub(crate) mod pyramid;
pub(crate) mod threshold;
