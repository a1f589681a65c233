//! The modules of a code: their greys, with blur taken out, and which of them are dark.

pub(crate) mod equalise;
#[allow(
    clippy::module_inception,
    reason = "the folder is the stage, the file is its type"
)]
pub(crate) mod modules;
pub(crate) mod sample;
pub(crate) mod sums;
pub(crate) mod unblur;
