//! A counter in memory. It runs the machines of core without a gateway, a database or a browser.
//!
//! It has the parts around the machines: a trade's account at the gateway with its ledger, and the backend's store.
//! The judge compares the two. Each harness runs one machine alone.
//! It calls the rules of core and has no copy of them.
//! It has no clock, no network and no randomness: the time and the gateway's responses are arguments.
//!
//! The walk, the tests of core and the simulated sales use it, and the sandbox in a page.
//! The amounts that script a payment, the wallets and the codes are the sandbox server's, too.

pub mod devices;
pub mod gateway;
pub mod harness;
pub mod judge;
pub mod merchant_code;
pub mod sample;
pub mod script;
pub mod store;
pub mod wallets;
