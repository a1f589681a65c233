//! The reader: from grey pixels to the codes in them. Pure: pictures come in, codes go out.
//!
//! ```text
//! RGBA or Y plane -> Luma -> pyramid -> threshold -> bits -> finder -> ring (likeness)     for each copy, coarse to fine
//!                    the finders of all copies -> triples -> locate (align, climb, mesh) -> sample -> modules
//!                    -> codewords (is it a code at all?) -> decode (rqrr)
//! where that is no code: sharpened -> equalise (a blur, measured on the code) -> codewords in doubt taken for unknown
//! where no triple is one: missing (the finders that no threshold shows), and again
//! ```
//!
//! [`Reader::read`] looks at one picture. `Live` is for a camera: what one frame doesn't try the next one does. `Still`
//! is for a photo: every pass. Work is bounded by operations (sightings, triples, grids), never by a clock: the same
//! picture has the same codes on any machine. [`crate::gate`] decides when a reading of a live picture is to be believed,
//! and [`Reader::hint`] says what would help where nothing is read.

mod align;
mod bits;
mod busy;
mod clamp;
mod climb;
mod codewords;
mod decode;
mod equalise;
mod finder;
mod found;
mod geometry;
mod hint;
mod layout;
mod likeness;
mod lines;
mod locate;
mod luma;
mod mesh;
mod missing;
mod modules;
mod order;
mod point;
mod pyramid;
mod reader;
mod reed_solomon;
mod region;
mod ring;
mod runs;
mod sample;
mod search;
mod segments;
#[doc(hidden)]
pub mod steps;
mod sums;
mod threshold;
mod triples;
mod unblur;
mod work;

pub use found::Found;
pub use hint::Hint;
pub use luma::{Luma, LumaError, luma_from_rgba};
pub use point::Point;
pub use reader::{Effort, Reader};
