//! The sandbox's Wasm module: plays a whole counter in a page, a backend and a gateway in memory.
//!
//! `kaunter/sandbox` loads it, and only that: the till talks to it as to a backend, by calls with JSON bodies.
//! [`Counter`] is the counter; [`RawSandbox`] carries it over to JavaScript.
//! The trades, the desk and the gateway's ledger are `kaunter_core` and `kaunter_model`: no rule is here.
//!
//! It is as pure as they are. Time is an argument, nothing is random but what follows from the seed, and whatever must
//! survive a reload is in one text.

mod answer;
mod calls;
mod counter;
mod dice;
mod ending;
mod faults;
mod gateway;
mod phone;
mod problem;
#[cfg(test)]
mod random;
mod raw;
mod request;
mod saved;
mod settings;

pub use answer::Answer;
pub use counter::Counter;
pub use ending::Ending;
pub use faults::Fault;
pub use gateway::EntryKind;
pub use phone::{LedgerEntry, PhoneCode, Waiting};
pub use raw::RawSandbox;
pub use request::Request;
pub use saved::Unreadable;
pub use settings::{Approval, CURRENCY, SHOP, Settings};

/// A page downloads it, and it allocates little.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
