//! The Wasm module.
pub mod page;
pub mod types;
