//! A reload in each state: what was stored goes on, and nothing is sent again.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test says where it stopped")]

mod common;

use common::Desk;
use kaunter_sandbox_wasm::{Counter, Fault, Settings};
use serde_json::json;

fn reload(desk: &mut Desk) {
    let state = desk.counter.state();
    assert!(!state.contains("my phone's code"), "a code is in the state");
    desk.counter = Counter::restore(Settings::default(), &state).unwrap();
}

#[test]
fn a_trade_in_each_state_goes_on_after_a_reload() {
    // The amount, the seconds before the reload and after it, the states then, and how often money was charged.
    for (minor, before_s, then, after_s, ended, charges) in [
        (1_200, 0, "paid", 0, "paid", 1),
        (1_201, 0, "pending", 4, "declined", 0),
        (1_202, 2, "pending", 8, "paid", 1),
        (1_203, 0, "unknown", 2, "paid", 1),
        (1_204, 10, "pending", 110, "cancelled", 0),
        (1_205, 4, "unknown", 24, "paid", 1),
        (1_206, 0, "declined", 0, "declined", 0),
        (1_208, 110, "cancelled", 60, "late_success", 1),
    ] {
        let mut desk = Desk::new();
        let trade = desk.begin("S-1", minor);
        let id = trade["trade_id"].as_str().unwrap().to_owned();
        desk.hand_over(&id, "my phone's code");
        assert_eq!(desk.polled(&id, before_s)["status"], then, "{minor}");
        reload(&mut desk);
        assert_eq!(desk.polled(&id, after_s)["status"], ended, "{minor}");
        assert_eq!(desk.counter.ledger().len(), charges, "{minor}");
    }
}

#[test]
fn a_trade_that_awaits_its_code_takes_it_after_a_reload() {
    let mut desk = Desk::new();
    let trade = desk.begin("S-1", 1_200);
    let id = trade["trade_id"].as_str().unwrap().to_owned();
    reload(&mut desk);
    let session = desk.ok("POST", "/v1/sessions", &json!(null));
    assert_eq!(session["open_trades"][0]["trade_id"], json!(id));
    assert_eq!(desk.hand_over(&id, "my phone's code")["status"], "paid");
    // The same key is the same trade, and the same code is no second payment.
    reload(&mut desk);
    assert_eq!(desk.hand_over(&id, "my phone's code")["status"], "paid");
    assert_eq!(desk.counter.ledger().len(), 1);
}

#[test]
fn everything_else_survives_a_reload() {
    let mut desk = Desk::new();
    desk.token = Some("sandbox");
    let asked = json!({
        "ref": "B-1",
        "amount": {"minor": 1_200, "currency": "MYR"},
        "metadata": {"table": "7"},
    });
    desk.ok("PUT", "/v1/sales", &asked);
    desk.token = Some(common::TILL);
    let new = desk.new_trade("S-1", 1_200, "merchant_presented");
    let shown = desk.ok("POST", "/v1/trades", &new);
    desk.ok("POST", "/v1/sign-out", &json!(null));
    desk.counter.set_fault(Fault::NeverAnswers, true);
    reload(&mut desk);
    assert_eq!(
        desk.ok("POST", "/v1/trades", &new)["trade_id"],
        shown["trade_id"]
    );
    let payload = shown["shown_code"]["payload"].as_str().unwrap();
    assert!(desk.counter.scan(desk.now, payload));
    let id = shown["trade_id"].as_str().unwrap().to_owned();
    assert_eq!(
        desk.polled(&id, 60)["status"],
        "pending",
        "the fault is still on"
    );
    let out = desk.ok("POST", "/v1/sign-out", &json!(null));
    assert_eq!(out["generation"], 2);
    desk.token = Some("sandbox");
    let record = desk.ok("GET", "/v1/sales?ref=B-1", &json!(null));
    assert_eq!(
        (&record["registered"], &record["metadata"]["table"]),
        (&json!(true), &json!("7"))
    );
    desk.token = Some(common::TILL);
    desk.device = Some("ffffffffffffffffffffffffffffffff");
    let session = desk.ok("POST", "/v1/sessions", &json!(null));
    assert_eq!(session["terminal_taken"], true);
    let other = desk.begin_id("S-2");
    assert_ne!(other, id);
}

#[test]
fn a_text_that_is_no_state_is_an_error() {
    let mut desk = Desk::new();
    desk.begin("S-1", 1_200);
    let state = desk.counter.state();
    let restored = |text: &str| Counter::restore(Settings::default(), text).map(|_| ());
    assert!(restored(&state).is_ok());
    let cut = &state[..state.len() / 2];
    let version = state.replacen("\"version\":1", "\"version\":2", 1);
    let fewer = state.replacen("\"trades\":[", "\"trades\":[],\"more\":[", 1);
    for text in ["", "null", "{}", "[]", cut, &version, &fewer] {
        let error = restored(text).unwrap_err();
        assert!(error.to_string().contains("reset"), "{text}");
    }
}
