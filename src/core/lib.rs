//! What is true in Kaunter, whoever runs it: [`money`], the machine of an attempt ([`trade`]), the
//! counter's machine ([`till`]), what a code is ([`code`], [`wallet`], [`emv`]) and whether
//! its reading is believed ([`gate`]), and the JSON that page and backend exchange ([`wire`]).
//!
//! Nothing here touches a browser, a clock, the network or randomness: time and answers come in as
//! arguments.

pub mod admission;
pub mod authority;
pub mod code;
pub mod emv;
pub mod error;
pub mod gate;
pub mod money;
pub mod policy;
pub mod sale;
pub mod till;
pub mod trade;
pub mod wallet;
pub mod wire;
