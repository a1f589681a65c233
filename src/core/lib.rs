//! The rules of Kaunter, for the backend, the page and the tests alike.
//!
//! - [`money`], [`sale`], [`registration`]: amounts, what a sale owes, and what closes it.
//! - [`review`]: who may give, confirm and correct a person's verdict.
//! - [`trade`]: the state machine of a trade, which the backend drives. It decides everything about money.
//! - [`desk`], [`admission`], [`authority`]: a terminal's calls, the start of a trade, the rights of a token.
//! - [`practice`]: the references of practice sales, which a backend refuses.
//! - [`audit`], [`limits`], [`text`]: what the audit trail records, what a person may do, and how names are written.
//! - [`terminal`]: which tokens are valid for a terminal, and which device acts for it.
//! - [`till`]: the state machine of a charge at the counter, which the page drives.
//! - [`list`], [`record`]: what lists of trades and a sale's record show to whom.
//! - [`owner`], [`server_key`]: whose store it is, and the keys of the shop's servers.
//! - [`sign_in`], [`lockout`]: people who sign in at the backend, and wrong secrets.
//! - [`calendar`]: the text of a time, and the days of a shop.
//! - [`code`], [`wallet`], [`emv`]: payment codes and how they are recognised.
//! - [`token_life`], [`void_window`]: when a payment or a void may leave for the gateway.
//! - [`gate`]: which code of a live picture is taken, and when its reading is believed.
//! - [`report`]: what a report of the gateway says, and what it may settle.
//! - [`policy`], [`error`], [`wire`]: durations, error codes, and the JSON between page and backend.
//!
//! Nothing here touches a browser, a clock, the network or randomness: time and answers are arguments.

pub mod admission;
pub mod audit;
pub mod authority;
pub mod calendar;
pub mod code;
pub mod desk;
pub mod emv;
pub mod error;
pub mod gate;
pub mod giving_up;
pub mod limits;
pub mod list;
pub mod load;
pub mod lockout;
pub mod money;
pub mod owner;
pub mod policy;
pub mod practice;
mod problem;
mod rank;
pub mod record;
pub mod registration;
pub mod report;
pub mod review;
pub mod sale;
#[cfg(test)]
mod sample;
pub mod server_key;
pub mod sign_in;
pub mod terminal;
pub mod text;
pub mod till;
pub mod token_life;
pub mod trade;
pub mod void_window;
pub mod wallet;
pub mod wire;
