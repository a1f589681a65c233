//! What a code says: its codewords, corrected, and the segments in them.

pub(crate) mod codewords;
pub(crate) mod decode;
pub(crate) mod reed_solomon;
pub(crate) mod segments;
