//! Registered sales, lists, verdicts, and what else a till and a shop's server call.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test says where it stopped")]

mod common;

use common::{Desk, TILL};
use kaunter_sandbox_wasm::Fault;
use serde_json::{Value, json};

const SERVER: &str = "sandbox";

fn registration(reference: &str, minor: u64) -> Value {
    json!({ "ref": reference, "amount": { "minor": minor, "currency": "MYR" } })
}

fn register(desk: &mut Desk, reference: &str, minor: u64) -> Value {
    desk.token = Some(SERVER);
    let record = desk.ok("PUT", "/v1/sales", &registration(reference, minor));
    desk.token = Some(TILL);
    record
}

/// A trade of a sale that is paid.
fn paid(desk: &mut Desk, reference: &str) -> String {
    let trade = desk.begin(reference, 1_200);
    let id = trade["trade_id"].as_str().unwrap().to_owned();
    assert_eq!(desk.hand_over(&id, "a code")["status"], "paid");
    id
}

#[test]
fn a_registered_sale_is_charged_without_an_amount_and_closes_its_bill() {
    let mut desk = Desk::new();
    let record = register(&mut desk, "B-1", 1_200);
    assert_eq!(record["registered"], true);
    let mut new = desk.new_trade("B-1", 1_200, "consumer_presented");
    new["sale"] = json!({ "ref": "B-1" });
    let trade = desk.ok("POST", "/v1/trades", &new);
    assert_eq!(trade["sale"]["amount"]["minor"], 1_200);
    assert_eq!(
        desk.ok("POST", "/v1/trades", &new)["trade_id"],
        trade["trade_id"]
    );
    desk.hand_over(trade["trade_id"].as_str().unwrap(), "a code");
    let bill = "/v1/sales?ref=B-1&minor=1200&currency=MYR";
    assert_eq!(desk.ok("GET", bill, &json!(null))["closes_bill"], true);
    let other = "/v1/sales?ref=B-1&minor=1300&currency=MYR";
    let record = desk.ok("GET", other, &json!(null));
    assert_eq!(record["closes_bill"], false);
    assert_eq!(record["missing_amount"]["minor"], 100);
    desk.token = Some(SERVER);
    let (code, problem) = desk.problem("PUT", "/v1/sales", &registration("B-1", 1_300));
    assert_eq!(code, "sale_paid");
    assert!(problem["detail"].as_str().unwrap().contains("1.00"));
    assert_eq!(problem["trade"]["trade_id"], trade["trade_id"]);
}

#[test]
fn only_the_server_registers_and_only_what_is_registered_needs_no_amount() {
    let mut desk = Desk::new();
    let asked = registration("B-1", 1_200);
    assert_eq!(
        desk.problem("PUT", "/v1/sales", &asked).0,
        "server_key_invalid"
    );
    let mut new = desk.new_trade("B-2", 1_200, "consumer_presented");
    new["sale"] = json!({ "ref": "B-2" });
    let (code, problem) = desk.problem("POST", "/v1/trades", &new);
    assert_eq!(code, "sale_not_registered");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("send its amount")
    );
    register(&mut desk, "B-2", 1_300);
    let other = desk.new_trade("B-2", 1_200, "consumer_presented");
    assert_eq!(
        desk.problem("POST", "/v1/trades", &other).0,
        "sale_amount_mismatch"
    );
    desk.token = Some(SERVER);
    let notes =
        json!({ "ref": "B-2", "amount": other["sale"]["amount"], "metadata": {"table": "7"} });
    assert_eq!(
        desk.ok("PUT", "/v1/sales", &notes)["metadata"]["table"],
        "7"
    );
    assert_eq!(
        desk.problem("POST", "/v1/sessions", &json!(null)).0,
        "token_invalid"
    );
}

#[test]
fn a_second_trade_of_a_sale_is_refused_with_the_first() {
    let mut desk = Desk::new();
    let id = paid(&mut desk, "S-1");
    let again = desk.new_trade("S-1", 1_200, "consumer_presented");
    let (code, problem) = desk.problem("POST", "/v1/trades", &again);
    assert_eq!(
        (&*code, &problem["trade"]["trade_id"]),
        ("sale_paid", &json!(id))
    );
    let (first, second) = (desk.begin("S-2", 1_200), desk.begin("S-2", 1_200));
    let path = format!("/v1/trades/{}", first["trade_id"].as_str().unwrap());
    let first = desk.ok("GET", &path, &json!(null));
    assert_eq!(
        (&first["status"], &first["reason"]),
        (&json!("cancelled"), &json!("superseded"))
    );
    assert_eq!(second["attempt"], 2);
}

#[test]
fn a_practice_sale_is_a_sale_like_any_other() {
    let mut desk = Desk::new();
    paid(&mut desk, "PRACTICE-1");
    register(&mut desk, "PRACTICE-2", 1_200);
    paid(&mut desk, "PRACTICE-2");
    assert_eq!(desk.counter.ledger().len(), 2);
}

#[test]
fn a_code_serves_two_sales_unless_the_memory_is_on() {
    let mut desk = Desk::new();
    paid(&mut desk, "S-1");
    paid(&mut desk, "S-2");
    let mut desk = Desk::with(kaunter_sandbox_wasm::Settings {
        code_memory_s: 600,
        ..Default::default()
    });
    paid(&mut desk, "S-1");
    let second = desk.begin("S-2", 1_200);
    let path = format!("/v1/trades/{}/code", second["trade_id"].as_str().unwrap());
    let code = json!({ "code": "a code" });
    assert_eq!(desk.problem("POST", &path, &code).0, "code_reused");
}

#[test]
fn a_sale_is_given_up_before_and_during_a_payment() {
    let mut desk = Desk::new();
    let ask = |reference: &str| json!({ "ref": reference, "tender": "cash" });
    let path = "/v1/sales/give-up";
    assert_eq!(desk.problem("POST", path, &ask("S-1")).0, "trade_not_found");
    desk.begin("S-1", 1_200);
    let record = desk.ok("POST", path, &ask("S-1"));
    assert_eq!(record["given_up"]["by"], "Aina");
    assert_eq!(record["trades"][0]["status"], "cancelled");
    let again = desk.new_trade("S-1", 1_200, "consumer_presented");
    assert_eq!(
        desk.problem("POST", "/v1/trades", &again).0,
        "sale_given_up"
    );
    // The customer does not answer: the gateway is asked, and says that nothing is paid.
    let trade = desk.begin("S-2", 1_204);
    desk.hand_over(trade["trade_id"].as_str().unwrap(), "a code");
    assert_eq!(
        desk.ok("POST", path, &ask("S-2"))["given_up"]["tender"],
        "cash"
    );
    paid(&mut desk, "S-3");
    assert_eq!(desk.problem("POST", path, &ask("S-3")).0, "sale_paid");
    // An answer that does not come does not say paid, either. Money that comes later is given back.
    let trade = desk.begin("S-4", 1_202);
    desk.hand_over(trade["trade_id"].as_str().unwrap(), "a code");
    desk.counter.set_fault(Fault::GatewayDown, true);
    desk.ok("POST", path, &ask("S-4"));
    desk.counter.set_fault(Fault::GatewayDown, false);
    let trade = desk.polled(trade["trade_id"].as_str().unwrap(), 90);
    assert_eq!(trade["status"], "voided");
}

#[test]
fn a_void_needs_a_reason_and_a_verdict_two_names() {
    let mut desk = Desk::new();
    let id = paid(&mut desk, "S-1");
    let path = format!("/v1/trades/{id}");
    let (code, problem) = desk.problem("POST", &format!("{path}/void"), &json!({"reason": " "}));
    assert_eq!(
        (&*code, &problem["param"]),
        ("bad_request", &json!("reason"))
    );
    desk.ok(
        "POST",
        &format!("{path}/void"),
        &json!({"reason": "a wrong item"}),
    );
    assert_eq!(
        desk.ok("GET", &format!("{path}/void"), &json!(null))["status"],
        "voided"
    );
    // Nobody can cancel at a gateway that is down, so a person decides.
    let trade = desk.begin("S-2", 1_204);
    let id = trade["trade_id"].as_str().unwrap().to_owned();
    desk.hand_over(&id, "a code");
    desk.counter.set_fault(Fault::GatewayDown, true);
    assert_eq!(desk.polled(&id, 300)["status"], "needs_review");
    let path = format!("/v1/trades/{id}/verdict");
    let verdict = json!({"outcome": "declined", "evidence": "the portal has no payment"});
    assert!(
        desk.ok("POST", &path, &verdict)["proposal"].is_object(),
        "it was Aina's sale"
    );
    desk.token = Some("sandbox|till-1|Beng");
    let decided = desk.ok("POST", &path, &verdict);
    assert_eq!(
        (&decided["status"], &decided["decided_by"]),
        (&json!("declined"), &json!("person"))
    );
    desk.token = Some("sandbox|till-1|till-1");
    assert_eq!(desk.problem("POST", &path, &verdict).0, "token_forbidden");
}

#[test]
fn lists_go_page_by_page_by_day_and_by_sale() {
    let mut desk = Desk::new();
    let ids: Vec<String> = (0..5)
        .map(|at| {
            desk.now += 1_000;
            paid(&mut desk, &format!("S-{at}"))
        })
        .collect();
    let mut listed = Vec::new();
    let mut path = "/v1/trades?limit=2".to_owned();
    loop {
        let page = desk.ok("GET", &path, &json!(null));
        assert!(page["from"].is_string(), "it is today's list");
        let trades = page["trades"].as_array().unwrap();
        listed.extend(
            trades
                .iter()
                .map(|trade| trade["trade_id"].as_str().unwrap().to_owned()),
        );
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/v1/trades?limit=2&cursor={cursor}"),
            None => break,
        }
    }
    listed.reverse();
    assert_eq!(listed, ids);
    let count = |desk: &mut Desk, query: &str| {
        let list = desk.ok("GET", &format!("/v1/trades?{query}"), &json!(null));
        list["trades"].as_array().unwrap().len()
    };
    assert_eq!(count(&mut desk, "ref=S-1"), 1);
    assert_eq!(count(&mut desk, "day=2001-01-01"), 0);
    assert_eq!(count(&mut desk, "open=true"), 0);
    assert_eq!(count(&mut desk, "terminal=till-2"), 0);
    desk.begin("S 9/ü", 1_200);
    assert_eq!(count(&mut desk, "open=true"), 1);
    assert_eq!(count(&mut desk, "ref=S+9%2F%C3%BC"), 1);
    for (query, param) in [
        ("limit=0", json!("limit")),
        ("day=today", json!("day")),
        ("cursor=x", json!("cursor")),
        ("limit=1&limit=2", json!(null)),
        ("unknown=1", json!(null)),
    ] {
        let (code, problem) = desk.problem("GET", &format!("/v1/trades?{query}"), &json!(null));
        assert_eq!(
            (&*code, &problem["param"]),
            ("bad_request", &param),
            "{query}"
        );
    }
}

#[test]
fn one_device_acts_until_another_takes_over() {
    let mut desk = Desk::new();
    desk.begin("S-1", 1_200);
    desk.device = Some("ffffffffffffffffffffffffffffffff");
    let session = desk.ok("POST", "/v1/sessions", &json!(null));
    assert_eq!(session["terminal_taken"], true);
    assert_eq!(session["open_trades"].as_array().unwrap().len(), 1);
    let new = desk.new_trade("S-2", 1_200, "consumer_presented");
    assert_eq!(desk.problem("POST", "/v1/trades", &new).0, "terminal_taken");
    let path = "/v1/terminals/take-over";
    assert_eq!(
        desk.problem("POST", path, &json!({"reason": ""})).0,
        "bad_request"
    );
    desk.ok("POST", path, &json!({"reason": "the other one broke"}));
    desk.ok("POST", "/v1/trades", &new);
    let out = desk.ok("POST", "/v1/sign-out", &json!(null));
    assert_eq!(
        (&out["terminal"], &out["generation"]),
        (&json!("till-1"), &json!(1))
    );
}

#[test]
fn a_till_that_is_silent_loses_its_trade_and_time_passes_without_calls() {
    let mut desk = Desk::new();
    let trade = desk.begin("S-1", 1_200);
    let id = trade["trade_id"].as_str().unwrap();
    let wake = desk.counter.wakes_at().unwrap();
    assert!(wake > desk.now && wake <= desk.now + 180_000);
    desk.now += 1_000_000;
    desk.counter.tick(desk.now);
    let trade = desk.ok("GET", &format!("/v1/trades/{id}"), &json!(null));
    assert_eq!(
        (&trade["status"], &trade["reason"]),
        (&json!("cancelled"), &json!("terminal_silent"))
    );
    // It ended at its own time, not when the page came back.
    let since = trade["since"].as_str().unwrap();
    assert_eq!(since, kaunter_core::calendar::rfc3339(wake));
    assert_eq!(desk.counter.wakes_at(), None);
}

#[test]
fn a_clock_that_is_set_back_delays_nothing() {
    let mut desk = Desk::new();
    let trade = desk.begin("S-1", 1_202);
    let id = trade["trade_id"].as_str().unwrap().to_owned();
    desk.hand_over(&id, "a code");
    desk.now -= 24 * 3_600_000;
    assert_eq!(desk.polled(&id, 4)["status"], "pending");
    assert_eq!(desk.polled(&id, 4)["status"], "paid");
}

#[test]
fn healthz_needs_no_token() {
    let mut desk = Desk::new();
    desk.token = None;
    let answer = desk.answer("GET", "/healthz", &json!(null));
    assert_eq!((answer.status, &*answer.body), (200, "ok\n"));
}
