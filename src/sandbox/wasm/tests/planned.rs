//! A test plans how the payment of one sale ends.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test says where it stopped")]

mod common;

use common::Desk;
use kaunter_sandbox_wasm::Ending;
use serde_json::{Value, json};

/// An amount that the script declines.
const DECLINED_MINOR: u64 = 1_201;
/// Longer than any deadline of a payment.
const LONG_MS: u64 = 60 * 60_000;

/// A payment that is planned to end so: its trade at once, and long after.
fn pay(desk: &mut Desk, reference: &str, ending: &str) -> (Value, Value) {
    desk.counter.plan(reference, Ending::of(ending).unwrap());
    let trade = desk.begin(reference, DECLINED_MINOR);
    let id = trade["trade_id"].as_str().unwrap().to_owned();
    let at_once = desk.hand_over(&id, &format!("a code for {reference}"));
    desk.now += LONG_MS;
    let later = desk.ok("GET", &format!("/v1/trades/{id}"), &json!(null));
    (at_once, later)
}

#[test]
fn a_plan_decides_before_the_amount_does() {
    let mut desk = Desk::new();
    let (paid, _) = pay(&mut desk, "S-1", "paid");
    assert_eq!(paid["status"], "paid");
    let reasons = [
        "code_expired",
        "code_used",
        "insufficient_funds",
        "limit",
        "wrong_wallet",
        "other",
    ];
    for reason in reasons {
        let (declined, later) = pay(&mut desk, reason, reason);
        assert_eq!(declined["status"], "declined", "{declined}");
        assert_eq!(declined["reason"], reason);
        assert_eq!(later["status"], "declined");
    }
    assert_eq!(desk.counter.ledger().len(), 1);
}

#[test]
fn a_customer_who_is_planned_to_ignore_it_is_cancelled_at_the_deadline() {
    let mut desk = Desk::new();
    let (pending, later) = pay(&mut desk, "S-1", "cancelled");
    assert_eq!(pending["status"], "pending");
    assert_eq!(later["status"], "cancelled");
    assert_eq!(later["reason"], "deadline");
    assert!(desk.counter.ledger().is_empty());
}

#[test]
fn a_gateway_that_is_planned_to_be_silent_leaves_one_trade_open() {
    let mut desk = Desk::new();
    let (_, later) = pay(&mut desk, "S-1", "unconfirmed");
    assert_eq!(later["status"], "needs_review");
    let (other, _) = pay(&mut desk, "S-2", "paid");
    assert_eq!(other["status"], "paid", "the gateway answers others");
}

#[test]
fn a_name_that_no_payment_ends_with_is_no_plan() {
    for name in ["voided", "declined", "deadline", ""] {
        assert_eq!(Ending::of(name), None, "{name}");
    }
}
