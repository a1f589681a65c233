//! The counter by its calls: JSON in, JSON out.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test says where it stopped")]

mod common;

use common::{Desk, TILL};
use serde_json::json;

#[test]
fn a_session_has_the_wallets_and_says_that_it_is_a_sandbox() {
    let mut desk = Desk::new();
    let session = desk.ok("POST", "/v1/sessions", &json!(null));
    assert_eq!(session["sandbox"], true);
    assert_eq!(session["terminal"], "till-1");
    assert_eq!(session["cashier"], "Aina");
    assert_eq!(session["policy"]["poll_ms"], 2_000);
    assert_eq!(session["max_amount"]["currency"], "MYR");
    let wallets = session["wallets"].as_array().unwrap();
    let name = |name: &str| {
        wallets
            .iter()
            .find(|wallet| wallet["name"] == name)
            .unwrap()
    };
    for scanned in ["GrabPay", "Touch 'n Go", "Boost"] {
        let modes = &name(scanned)["modes"];
        assert_eq!(*modes, json!(["consumer_presented", "merchant_presented"]));
    }
    assert_eq!(name("Alipay")["modes"], json!(["consumer_presented"]));
    assert_eq!(name("Test Wallet")["test"], true);
    let typed: kaunter_core::wire::Session = serde_json::from_value(session).unwrap();
    assert!(typed.open_trades.is_empty());
}

#[test]
fn a_sale_is_paid_with_any_code() {
    let mut desk = Desk::new();
    let trade = desk.begin("S-1", 1_200);
    assert_eq!(trade["status"], "awaiting_code");
    let id = trade["trade_id"].as_str().unwrap().to_owned();
    let paid = desk.hand_over(&id, "whatever a camera reads");
    assert_eq!(paid["status"], "paid");
    assert_eq!(paid["decided_by"], "gateway");
    assert_eq!(
        paid["gateway_answer"],
        json!({"code": "200", "message": "OK"})
    );
    assert_eq!(desk.counter.ledger().len(), 1);
    let again = desk.ok("GET", &format!("/v1/trades/{id}"), &json!(null));
    assert_eq!(again["status"], "paid");
}

#[test]
fn a_call_that_is_wrong_has_the_code_of_the_error_table() {
    let mut desk = Desk::new();
    let null = json!(null);
    let code = |desk: &mut Desk, method, path, body| desk.problem(method, path, body).0;
    assert_eq!(
        code(&mut desk, "GET", "/v1/nowhere", &null),
        "route_not_found"
    );
    assert_eq!(
        code(&mut desk, "PUT", "/v1/trades", &null),
        "method_not_allowed"
    );
    assert_eq!(code(&mut desk, "POST", "/v1/trades", &null), "bad_request");
    assert_eq!(
        code(&mut desk, "GET", "/v1/trades/K1", &null),
        "trade_not_found"
    );
    desk.token = None;
    assert_eq!(
        code(&mut desk, "POST", "/v1/sessions", &null),
        "token_missing"
    );
    desk.token = Some("eyJ.a.b");
    assert_eq!(
        code(&mut desk, "POST", "/v1/sessions", &null),
        "token_invalid"
    );
    desk.token = Some(TILL);
    desk.device = Some("no device");
    assert_eq!(
        code(&mut desk, "POST", "/v1/sessions", &null),
        "bad_request"
    );
}
