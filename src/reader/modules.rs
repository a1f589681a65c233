//! Stage 4: the greys of a code's modules, their blur removed, and which modules are dark.

pub(crate) mod boxes;
pub(crate) mod deblur;
pub(crate) mod equalise;
pub(crate) mod glare;
#[allow(
    clippy::module_inception,
    reason = "the folder is the stage, the file is its type"
)]
pub(crate) mod modules;
mod quartiles;
pub(crate) mod sample;
