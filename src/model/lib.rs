//! A counter in memory, for everything that runs the machines of core without a gateway, a database or a browser.
//!
//! It has the parts around the machines: the account of a trade at the gateway, with a ledger of what was done, and the
//! store of the backend. The judge compares the two.
//! The harnesses run one machine alone.
//! It calls the rules of core, and has no copy of them.
//! It has no clock, no network and no randomness: the time, and how the gateway responds, are arguments.
//!
//! The walk, the tests of core and the simulated sales are built on it.

pub mod gateway;
pub mod harness;
pub mod judge;
pub mod sample;
pub mod store;
