//! Every shape that JavaScript sees, its TypeScript beside it, and the conversions from and to core.
//!
//! Answers are plain objects in camelCase, with `null` for what is not there. Nothing here acts.

pub mod code;
pub mod error;
pub mod event;
pub mod options;
pub mod read;
pub mod sale;
pub mod write;

pub use write::to_js;
