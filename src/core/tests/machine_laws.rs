//! Question: do both machines keep their laws over long runs, odd clocks and every kind of late answer?
//!
//! `rules.rs` tests one rule at a time, and the walk visits every order of a few events.
//! Here are long stories of hundreds of turns. Answers come late, twice, in another order or never.
//! Timers are throttled, laptops sleep, and a driver that crashed finds its clock a day off.
//! A failing story is shortened, printed and kept in `proptest-regressions`.
#![allow(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    missing_docs,
    reason = "a test says where it stopped"
)]

#[path = "machine_laws/charge.rs"]
mod charge;
#[path = "machine_laws/trade.rs"]
mod trade;
