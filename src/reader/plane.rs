//! Stage 3: the version of a code, and the plane on which its modules lie in the picture.

pub(crate) mod align;
pub(crate) mod climb;
pub(crate) mod geometry;
pub(crate) mod layout;
pub(crate) mod locate;
pub(crate) mod mesh;
pub(crate) mod relax;
