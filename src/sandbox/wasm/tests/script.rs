//! Each amount ends as the sandbox server ends it, and each fault does what its name says.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test says where it stopped")]

mod common;

use common::{Desk, START_MS};
use kaunter_sandbox_wasm::{Approval, EntryKind, Fault, Settings};
use serde_json::{Value, json};

/// A trade of this amount with a code, and the first answer about it.
fn charged(desk: &mut Desk, minor: u64) -> (String, Value) {
    let trade = desk.begin(&format!("S-{minor}-{}", desk.now), minor);
    let id = trade["trade_id"].as_str().unwrap().to_owned();
    let answer = desk.hand_over(&id, "a code");
    (id, answer)
}

/// How often money was charged and given back.
fn moved(desk: &Desk) -> (usize, usize) {
    let ledger = desk.counter.ledger();
    let count = |kind| ledger.iter().filter(|entry| entry.kind == kind).count();
    (count(EntryKind::Charge), count(EntryKind::Refund))
}

#[test]
fn zero_is_paid_at_once() {
    let mut desk = Desk::new();
    let (_, answer) = charged(&mut desk, 1_200);
    assert_eq!(answer["status"], "paid");
    assert_eq!(moved(&desk), (1, 0));
}

#[test]
fn one_is_declined_by_the_customer() {
    let mut desk = Desk::new();
    let (id, answer) = charged(&mut desk, 1_201);
    assert_eq!(answer["status"], "pending");
    assert_eq!(desk.polled(&id, 2)["status"], "declined");
    assert_eq!(moved(&desk), (0, 0));
}

#[test]
fn two_is_paid_after_six_seconds() {
    let mut desk = Desk::new();
    let (id, answer) = charged(&mut desk, 1_202);
    assert_eq!(answer["status"], "pending");
    assert_eq!(desk.polled(&id, 4)["status"], "pending");
    assert_eq!(desk.polled(&id, 4)["status"], "paid");
    assert_eq!(moved(&desk), (1, 0));
}

#[test]
fn three_loses_the_answer_and_is_paid() {
    let mut desk = Desk::new();
    let (id, answer) = charged(&mut desk, 1_203);
    assert_eq!(answer["status"], "unknown");
    assert_eq!(
        moved(&desk),
        (1, 0),
        "the money is taken although nobody knows"
    );
    assert_eq!(desk.polled(&id, 2)["status"], "paid");
    assert_eq!(moved(&desk), (1, 0));
}

#[test]
fn four_is_never_answered_and_closed_by_the_deadline() {
    let mut desk = Desk::new();
    let (id, _) = charged(&mut desk, 1_204);
    assert_eq!(desk.polled(&id, 88)["status"], "pending");
    let ended = desk.polled(&id, 20);
    assert_eq!(
        (&ended["status"], &ended["reason"], &ended["cancelled_by"]),
        (&json!("cancelled"), &json!("deadline"), &json!("system"))
    );
    assert_eq!(moved(&desk), (0, 0));
}

#[test]
fn five_loses_the_answer_while_the_gateway_is_down_for_twenty_seconds() {
    let mut desk = Desk::new();
    let (id, answer) = charged(&mut desk, 1_205);
    assert_eq!(answer["status"], "unknown");
    assert_eq!(desk.polled(&id, 18)["status"], "unknown");
    assert_eq!(desk.polled(&id, 6)["status"], "paid");
    assert_eq!(moved(&desk), (1, 0));
}

#[test]
fn six_and_seven_are_refused_with_the_gateways_words() {
    for (minor, reason, code, message) in [
        (1_206, "insufficient_funds", "4001", "insufficient funds"),
        (1_207, "code_expired", "4002", "code expired"),
    ] {
        let mut desk = Desk::new();
        let (_, answer) = charged(&mut desk, minor);
        assert_eq!(answer["status"], "declined");
        assert_eq!(answer["reason"], reason);
        let words = json!({"code": code, "message": message});
        assert_eq!(answer["gateway_answer"], words);
        assert_eq!(moved(&desk), (0, 0));
    }
}

#[test]
fn eight_is_paid_after_it_was_cancelled() {
    let mut desk = Desk::new();
    let (id, _) = charged(&mut desk, 1_208);
    desk.now += 16_000;
    let cancelled = desk.ok("POST", &format!("/v1/trades/{id}/cancel"), &json!(null));
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(moved(&desk), (0, 0));
    assert_eq!(desk.polled(&id, 60)["status"], "late_success");
    assert_eq!(moved(&desk), (1, 0));
    let void = json!({"reason": "the customer paid too late"});
    let voided = desk.ok("POST", &format!("/v1/trades/{id}/void"), &void);
    assert_eq!(
        (&voided["status"], &voided["late"]),
        (&json!("voided"), &json!(true))
    );
    assert_eq!(moved(&desk), (1, 1));
}

#[test]
fn nine_is_paid_and_its_first_void_fails() {
    let mut desk = Desk::new();
    let (id, _) = charged(&mut desk, 1_209);
    let (path, void) = (
        format!("/v1/trades/{id}/void"),
        json!({"reason": "wrong item"}),
    );
    let refused = desk.ok("POST", &path, &void);
    assert_eq!(refused["status"], "paid");
    assert_eq!(refused["void_refused"]["message"], "the void failed");
    assert_eq!(moved(&desk), (1, 0));
    let voided = desk.ok("POST", &path, &void);
    assert_eq!(voided["status"], "voided");
    assert!(voided["void_gateway_ref"].is_string());
    assert_eq!(moved(&desk), (1, 1));
}

#[test]
fn another_amount_is_paid_after_three_seconds() {
    let mut desk = Desk::new();
    let (id, answer) = charged(&mut desk, 1_250);
    assert_eq!(answer["status"], "pending");
    assert_eq!(desk.polled(&id, 4)["status"], "paid");
}

#[test]
fn a_customer_scans_the_tills_code_once() {
    let mut desk = Desk::new();
    let new = desk.new_trade("S-1", 1_200, "merchant_presented");
    let shown = desk.ok("POST", "/v1/trades", &new);
    assert_eq!(shown["status"], "awaiting_payer");
    let payload = shown["shown_code"]["payload"].as_str().unwrap();
    assert!(kaunter_core::emv::merchant(payload).is_some(), "{payload}");
    assert!(!desk.counter.scan(desk.now, "another code"));
    assert!(desk.counter.scan(desk.now, payload));
    assert!(!desk.counter.scan(desk.now, payload), "a code works once");
    let id = shown["trade_id"].as_str().unwrap();
    assert_eq!(desk.polled(id, 4)["status"], "paid");
    assert_eq!(moved(&desk), (1, 0));
}

#[test]
fn manual_approval_waits_for_the_customer() {
    let settings = Settings {
        approval: Approval::Manual,
        ..Settings::default()
    };
    for (yes, status, charges) in [(true, "paid", 1), (false, "declined", 0)] {
        let mut desk = Desk::with(settings);
        let (id, answer) = charged(&mut desk, 1_201);
        assert_eq!(answer["status"], "pending");
        assert_eq!(desk.polled(&id, 30)["status"], "pending");
        let waiting = desk.counter.waiting();
        assert_eq!(waiting.len(), 1);
        assert_eq!(
            (&*waiting[0].trade_id, waiting[0].amount.minor),
            (&*id, 1_201)
        );
        assert!(desk.counter.answer(desk.now, yes));
        assert!(desk.counter.waiting().is_empty());
        assert!(!desk.counter.answer(desk.now, yes), "nothing waits");
        assert_eq!(desk.polled(&id, 4)["status"], status);
        assert_eq!(moved(&desk), (charges, 0));
    }
}

#[test]
fn answer_lost_is_paid_after_a_question() {
    let mut desk = Desk::new();
    desk.counter.set_fault(Fault::AnswerLost, true);
    let (id, answer) = charged(&mut desk, 1_200);
    assert_eq!(answer["status"], "unknown");
    assert_eq!(desk.polled(&id, 2)["status"], "paid");
    desk.counter.set_fault(Fault::AnswerLost, false);
    assert_eq!(charged(&mut desk, 1_300).1["status"], "paid");
    assert_eq!(moved(&desk), (2, 0));
}

#[test]
fn never_answers_and_pays_after_cancel_play_their_amounts() {
    let mut desk = Desk::new();
    desk.counter.set_fault(Fault::NeverAnswers, true);
    let (id, _) = charged(&mut desk, 1_200);
    assert_eq!(desk.polled(&id, 110)["status"], "cancelled");
    desk.counter.set_fault(Fault::NeverAnswers, false);
    desk.counter.set_fault(Fault::PaysAfterCancel, true);
    let (id, _) = charged(&mut desk, 1_200);
    assert_eq!(desk.polled(&id, 110)["status"], "cancelled");
    assert_eq!(desk.polled(&id, 60)["status"], "late_success");
    assert_eq!(moved(&desk), (1, 0));
}

#[test]
fn a_gateway_that_is_down_begins_nothing_and_comes_back() {
    let mut desk = Desk::new();
    let (id, _) = charged(&mut desk, 1_202);
    desk.counter.set_fault(Fault::GatewayDown, true);
    let new = desk.begin("S-2", 1_200);
    assert_ne!(new["status"], "awaiting_code");
    assert_eq!(desk.polled(&id, 20)["status"], "pending");
    desk.counter.set_fault(Fault::GatewayDown, false);
    assert_eq!(desk.polled(&id, 4)["status"], "paid");
    assert_eq!(moved(&desk), (1, 0));
}

#[test]
fn faults_have_the_names_of_the_interface() {
    let names = Fault::ALL.map(Fault::name);
    let known = [
        "answer_lost",
        "never_answers",
        "pays_after_cancel",
        "gateway_down",
    ];
    assert_eq!(names, known);
    for fault in Fault::ALL {
        assert_eq!(Fault::of(fault.name()), Some(fault));
    }
    assert_eq!(Fault::of("network_cut"), None, "it is the page's");
}

#[test]
fn a_phone_has_a_fresh_code_of_its_wallet() {
    let mut desk = Desk::new();
    let first = desk.counter.phone_code(None).unwrap();
    assert!(first.text.starts_with("GPC"));
    assert_ne!(
        desk.counter.phone_code(Some("21")).unwrap().text,
        first.text
    );
    let wechat = desk.counter.phone_code(Some("33")).unwrap();
    assert!(wechat.text.starts_with("13") && wechat.text.len() == 18);
    assert_eq!(wechat.modules.len(), wechat.size * wechat.size);
    assert!(wechat.modules.iter().all(|module| *module <= 1));
    assert!(wechat.svg().starts_with("<svg "));
    assert!(desk.counter.phone_code(Some("no wallet")).is_none());
    assert!(!format!("{wechat:?}").contains(&wechat.text));
}

#[test]
fn the_same_seed_gives_the_same_ids() {
    let id = |seed| {
        let mut desk = Desk::with(Settings {
            seed,
            ..Settings::default()
        });
        desk.begin("S", START_MS % 1_000 + 100)["trade_id"].clone()
    };
    assert_eq!(id(7.0), id(7.0));
    assert_ne!(id(7.0), id(8.0));
}
