//! The three finder patterns of a code: where they are, how they look, and which three belong together.

pub(crate) mod finder;
pub(crate) mod likeness;
pub(crate) mod missing;
pub(crate) mod order;
pub(crate) mod ring;
pub(crate) mod runs;
pub(crate) mod triples;
