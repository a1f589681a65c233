//! The QR reader: takes grey pixels, returns the codes in them.
//!
//! It knows no money, no browser, no clock, no network and no randomness, and no other crate of this workspace. It does
//! not judge what it reads: whether a reading is believed is decided by `kaunter_core::gate`.
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
//! [`Reader::read`] reads one picture. [`Effort::Live`] is for a camera: what one frame does not try, the next one
//! does. [`Effort::Still`] is for a photo and takes every pass. [`Reader::hint`] says what the customer could do where
//! nothing is read. Work is bounded by operations (sightings, triples, grids), never by a clock: the same picture gives
//! the same codes on any machine.
//!
//! Each folder is a stage, and imports only the stages before it: `picture`, `finders`, `plane`, `modules`, `code`.
//!
//! ```text
//! picture   RGBA or Y plane -> Luma -> pyramid -> threshold -> bits            for each copy, coarse to fine
//! finders   bits -> finder -> ring (likeness); those of all copies -> triples
//! plane     triples -> locate (align, climb, mesh)
//! modules   locate -> sample -> modules
//! code      modules -> codewords (is it a code at all?) -> decode (rqrr)
//! where that is no code:    sharpen -> equalise (a blur, measured on the code) -> codewords in doubt taken for unknown
//! where no triple is one:   missing (finders that no threshold shows), and again
//! ```

mod clamp;
mod code;
mod finders;
mod found;
mod hint;
mod modules;
mod picture;
mod plane;
mod reader;
mod region;
mod search;
#[doc(hidden)]
pub mod steps;
mod work;

pub use found::Found;
pub use hint::Hint;
pub use picture::luma::{Luma, LumaError, luma_from_rgba};
pub use picture::point::Point;
pub use reader::{Effort, Reader};
