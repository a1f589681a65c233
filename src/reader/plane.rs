//! The plane of a code seen at a slant: which version it is, and where each of its modules lies in the picture.

pub(crate) mod align;
pub(crate) mod climb;
pub(crate) mod geometry;
pub(crate) mod layout;
pub(crate) mod locate;
pub(crate) mod mesh;
