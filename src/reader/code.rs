//! Stage 5: the codewords of a code, their error correction, and the segments that they hold.

pub(crate) mod charset;
pub(crate) mod codewords;
pub(crate) mod decode;
pub(crate) mod reed_solomon;
pub(crate) mod segments;
