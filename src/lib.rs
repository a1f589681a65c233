//! The Wasm module.
