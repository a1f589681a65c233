//! Stage 2: the finder patterns in a picture, their rings, and the three that belong to one code.

pub(crate) mod ellipse;
pub(crate) mod finder;
pub(crate) mod likeness;
pub(crate) mod missing;
pub(crate) mod order;
pub(crate) mod ring;
pub(crate) mod runs;
pub(crate) mod triples;
