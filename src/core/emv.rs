//! emv.
