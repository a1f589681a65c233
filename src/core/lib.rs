//! The rules of Kaunter, for the backend, the page and the tests alike.
//!
//! - [`money`], [`sale`]: amounts, what a sale owes, and what closes it.
//! - [`trade`]: the state machine of a trade, which the backend drives. It decides everything about money.
//! - [`desk`], [`admission`], [`authority`]: a terminal's calls, the start of a trade, the rights of a token.
//! - [`till`]: the state machine of a charge at the counter, which the page drives.
//! - [`code`], [`wallet`], [`emv`]: payment codes and how they are recognised.
//! - [`token_life`], [`void_window`]: when a payment or a void may leave for the gateway.
//! - [`gate`]: when a reading of a code is believed.
//! - [`policy`], [`error`], [`wire`]: durations, error codes, and the JSON between page and backend.
//!
//! Nothing here touches a browser, a clock, the network or randomness: time and answers are arguments.

pub mod admission;
pub mod authority;
pub mod code;
pub mod desk;
pub mod emv;
pub mod error;
pub mod gate;
pub mod money;
pub mod policy;
pub mod sale;
pub mod till;
pub mod token_life;
pub mod trade;
pub mod void_window;
pub mod wallet;
pub mod wire;
