//! The QR reader: takes grey pixels and returns the codes in them.
//!
//! It imports no other crate of this workspace, and touches no browser, clock, network or randomness.
//! It reports what it reads. Whether a reading is believed is decided by `kaunter_core::gate`.
//!
//! [`Reader::read`] reads one picture, at one of two efforts.
//! [`Effort::Live`] is for a camera: work that one frame leaves out, the next one does.
//! [`Effort::Still`] is for a photo and runs every pass.
//! [`Reader::hint`] says what the customer could do if nothing is read.
//!
//! ```
//! use kaunter_reader::{Effort, Luma, Reader};
//!
//! let (width, height) = (640, 480);
//! let grey = vec![200; width * height];
//! let luma = Luma::new(&grey, width, height, width)?;
//! let codes = Reader::new().read(&luma, Effort::Still, 1);
//! assert!(codes.is_empty());
//! # Ok::<(), kaunter_reader::LumaError>(())
//! ```
//!
//! # Stages
//! Each folder is a stage, and imports only the stages before it.
//!
//! ```text
//! picture   RGBA or Y plane -> Luma -> pyramid -> thresholds -> bits       for each level, coarse to fine
//! finders   bits -> finder -> ring -> likeness; the pool of all levels -> triples
//! plane     triple -> locate (align) -> climb, mesh or relax
//! modules   plane -> sample -> modules
//! code      modules -> codewords (a cheap proof) -> decode (rqrr)
//! ```
//!
//! If a code is seen but not decoded: `modules::equalise` removes a measured blur, then `code` decodes with erasures,
//! then `plane::relax` follows a bent code in a still picture.
//! If no triple is a code: `finders::missing` searches for finders that no threshold shows.
//! `search` drives the stages over one picture, and `reader` from picture to picture.
//!
//! # Bounds
//! Work is bounded in operations (candidates, triples, grids), never by a clock.
//! The same pictures give the same codes on any machine. `work` counts operations in tests.
//!
//! # Numbers
//! Every number that decides what is read is a constant with a comment: its source, and what a larger or a smaller
//! number does.
//! "Chosen on the till set" means that, of the values tried, this one read the scenes of `kaunter-scenes` best.
//! `src/reader/tests/till_set.rs` keeps how many must be read, and `docs/reader.md` has the measurements.

mod clamp;
mod code;
#[cfg(test)]
mod costs;
mod finders;
mod found;
mod hint;
mod modules;
mod picture;
mod plane;
mod reader;
mod region;
mod search;
#[cfg(feature = "steps")]
pub mod steps;
mod sum;
mod work;

pub use code::charset::{Decode, Part, Text};
pub use found::Found;
pub use hint::Hint;
pub use picture::luma::{Luma, LumaError};
pub use picture::point::Point;
pub use picture::rgba::{add_luma_from_rgba, luma_from_rgba};
pub use reader::{Effort, Reader};
