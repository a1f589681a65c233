//! Question: does each rule begin and end exactly where it says, to the millisecond and to the last field?
//!
//! These tests catch planted mistakes (`cargo xtask mutants`) that the tests of the rules did not notice.
#![allow(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    missing_docs,
    reason = "a test says where it stopped"
)]

use kaunter_core::policy::{Ms, Policy};
use kaunter_core::trade::{
    CancelAnswer, Carried, CodeMark, CreateAnswer, Event, GatewayStatus, PayAnswer, State,
    StatusAnswer, Step, Trade, VoidAnswer,
};
use kaunter_core::wire::{By, CodeMode, Reason};
use kaunter_model::harness::{TradeHarness, created, mark};
use kaunter_model::sample::facts;
use serde_json::Value;

/// A new trade whose gateway can cancel.
fn creating(trade_id: &str) -> TradeHarness {
    let policy = TradeHarness::open().policy;
    let mut desk = TradeHarness::of(facts(trade_id, CodeMode::ConsumerPresented), policy, 0);
    desk.tell(Event::Tick);
    desk
}

fn paying(trade_id: &str) -> TradeHarness {
    creating(trade_id).after([created(), Event::Code(mark("one"))])
}

/// Ticks whenever the machine asks for it, and answers each query with this status, until `until` or until it is done.
fn run(desk: &mut TradeHarness, status: GatewayStatus, until: Ms) {
    while let Step::Wait(at) = desk.trade.next(&desk.policy) {
        if at > until {
            return;
        }
        let asked = desk.queries();
        desk.at(at.max(desk.now));
        if desk.queries() > asked {
            desk.status(status);
        }
    }
}

fn pauses(times: &[Ms]) -> Vec<Ms> {
    times.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

#[test]
fn an_answer_is_lost_after_connecting_reading_and_a_grace_and_not_before() {
    let mut creating = creating("T");
    assert_eq!(creating.at(9_999), State::Creating);
    assert_eq!(creating.at(10_000), State::Abandoned);
    assert_eq!(creating.trade.reason(), Some(Reason::GatewayUnavailable));

    let mut paying = TradeHarness::paying();
    assert_eq!(paying.at(34_999), State::Paying);
    assert_eq!(paying.at(35_000), State::Unknown);

    let mut voiding = TradeHarness::paid();
    voiding.tell(Event::Void);
    assert_eq!(voiding.at(34_999), State::Voiding);
    assert_eq!(voiding.at(35_000), State::VoidUnknown);
    assert_eq!(voiding.at(89_999), State::VoidUnknown);
    assert_eq!(voiding.at(90_000), State::VoidReview);

    let mut cancelling = TradeHarness::paying();
    cancelling.tell(Event::PayAnswered(PayAnswer::Unclear));
    cancelling.at(20_000);
    assert_eq!(cancelling.tell(Event::Cancel), State::Cancelling);
    assert_eq!(cancelling.at(29_999), State::Cancelling);
    assert_eq!(cancelling.at(30_000), State::CancelUnknown);
    assert_eq!(cancelling.at(109_999), State::CancelUnknown);
    assert_eq!(cancelling.at(110_000), State::NeedsReview);
}

#[test]
fn rule_11_a_query_is_lost_after_ten_seconds_and_the_next_leaves_then() {
    let mut desk = TradeHarness::paying();
    desk.tell(Event::PayAnswered(
        PayAnswer::Processing(Carried::default()),
    ));
    for second in 0..=12 {
        desk.at(second * 1_000);
        assert_eq!(desk.trade.is_asking(), second >= 2);
    }
    assert_eq!(desk.asked_at(), [2_000, 12_000]);
    desk.status(GatewayStatus::Pending);
    assert!(!desk.trade.is_asking());
}

#[test]
fn rule_11_queries_leave_every_two_seconds_ten_per_cent_either_way_and_each_trade_has_its_own_pace()
{
    let paces: Vec<Vec<Ms>> = ["A", "B"]
        .iter()
        .map(|name| {
            let mut desk = paying(name);
            desk.tell(Event::PayAnswered(
                PayAnswer::Processing(Carried::default()),
            ));
            run(&mut desk, GatewayStatus::Pending, 80_000);
            pauses(&desk.asked_at())
        })
        .collect();
    for pace in &paces {
        assert!(pace.len() > 30, "{pace:?}");
        assert!(
            pace.iter().all(|ms| (1_800..=2_200).contains(ms)),
            "{pace:?}"
        );
        let (least, most) = (pace.iter().min().unwrap(), pace.iter().max().unwrap());
        assert!(most - least > 200, "no jitter: {pace:?}");
    }
    assert_ne!(paces[0], paces[1]);
}

#[test]
fn a_review_is_asked_about_at_growing_pauses_of_at_most_five_minutes() {
    let mut desk = TradeHarness::paying();
    desk.policy.can_cancel = false;
    desk.tell(Event::PayAnswered(PayAnswer::Unclear));
    assert_eq!(desk.at(90_000), State::NeedsReview);
    desk.sent.clear();
    run(&mut desk, GatewayStatus::Unclear, 2_000_000);
    let times = desk.asked_at();
    assert_eq!(times[0], 120_000, "{times:?}");
    let expected = [30_000, 60_000, 120_000, 240_000, 300_000, 300_000];
    assert_eq!(pauses(&times)[..6], expected);
}

#[test]
fn rule_23_a_closed_trade_is_asked_about_for_a_day_and_then_no_more() {
    let mut desk = TradeHarness::paying();
    desk.tell(Event::PayAnswered(PayAnswer::Refused(Reason::Other)));
    desk.sent.clear();
    run(
        &mut desk,
        GatewayStatus::Failed(Reason::Other),
        40 * 3_600_000,
    );
    let times = desk.asked_at();
    assert_eq!(times[0], 30_000);
    assert!(
        pauses(&times).windows(2).all(|pair| pair[1] == 2 * pair[0]),
        "{times:?}"
    );
    // The last pause is the longest of at most 26 hours. All pauses together outlast the gateway's settlement.
    let last = *times.last().unwrap();
    assert!((26 * 3_600_000..=52 * 3_600_000).contains(&last), "{last}");
    assert_eq!(desk.trade.next(&desk.policy), Step::Done);
}

#[test]
fn a_terminals_call_is_stored_at_most_twice_per_heartbeat() {
    let mut desk = creating("T");
    desk.tell(Event::Created(CreateAnswer::Made {
        gateway_ref: "G".to_owned(),
        payload: None,
    }));
    let version = desk.trade.version();
    desk.now = 14_999;
    desk.tell(Event::TerminalSeen);
    assert_eq!(
        (desk.trade.version(), desk.trade.terminal_seen_ms()),
        (version, 0)
    );
    desk.now = 15_000;
    desk.tell(Event::TerminalSeen);
    assert_eq!(
        (desk.trade.version(), desk.trade.terminal_seen_ms()),
        (version + 1, 15_000)
    );
}

#[test]
fn who_closed_it_is_told() {
    let mut left = creating("T");
    left.tell(Event::Cancel);
    assert_eq!(
        (left.trade.state(), left.trade.by()),
        (State::Abandoned, Some(By::Cashier))
    );

    let close = |requested: bool, at: Ms| {
        let mut desk = TradeHarness::paying();
        desk.tell(Event::PayAnswered(PayAnswer::Unclear));
        desk.at(at);
        if requested {
            desk.tell(Event::Cancel);
        }
        if desk.trade.state() == State::Cancelling {
            desk.tell(Event::CancelAnswered(CancelAnswer::Closed));
        }
        (desk.status(GatewayStatus::Closed), desk.trade.by())
    };
    assert_eq!(close(true, 20_000), (State::Cancelled, Some(By::Cashier)));
    assert_eq!(close(false, 20_000), (State::Cancelled, Some(By::Customer)));
    assert_eq!(close(false, 90_000), (State::Expired, Some(By::System)));
    assert_eq!(TradeHarness::paid().trade.by(), None);
}

#[test]
fn rule_5_an_unpaid_trade_is_too_old_only_when_every_processes_clock_says_so() {
    // How long after the gateway's own end of the trade the next query leaves, by the clock that set the trade's start.
    let ends = |after_ms: Ms| {
        let mut desk = TradeHarness::paying();
        desk.policy.can_cancel = false;
        desk.policy.unpaid_final_after_ms = Some(Ms::MAX / 2);
        desk.tell(Event::Restarted);
        desk.tell(Event::PayAnswered(PayAnswer::Unclear));
        run(&mut desk, GatewayStatus::Unclear, 599_000);
        let Step::Wait(due) = desk.trade.next(&desk.policy) else {
            panic!("a review asks on");
        };
        desk.policy.unpaid_final_after_ms = Some(due - after_ms);
        desk.sent.clear();
        desk.at(due);
        assert_eq!(desk.asked_at(), [due]);
        desk.status(GatewayStatus::Unpaid)
    };
    assert_eq!(ends(1_999), State::NeedsReview);
    assert_eq!(ends(2_000), State::Expired);
}

#[test]
fn rule_25_a_review_takes_no_proof_of_payment_while_a_cancel_is_out() {
    let mut desk = TradeHarness::paying();
    desk.tell(Event::PayAnswered(PayAnswer::Unclear));
    desk.at(20_000);
    desk.tell(Event::Cancel);
    let another = Carried {
        incomplete: true,
        ..Carried::default()
    };
    let answer = StatusAnswer {
        status: GatewayStatus::Paid,
        carried: another,
    };
    let version = desk.trade.version();
    assert_eq!(
        desk.tell(Event::Status(version, answer)),
        State::NeedsReview
    );
    // The cancel may still refund a payment. Ten seconds later it can't.
    desk.now = 29_999;
    assert_eq!(desk.status(GatewayStatus::Paid), State::NeedsReview);
    desk.now = 30_000;
    assert_eq!(desk.status(GatewayStatus::Paid), State::Paid);
}

#[test]
fn a_row_returns_what_it_stores() {
    let born = Trade::new(facts("T", CodeMode::ConsumerPresented), 7);
    assert_eq!(
        (born.created_ms(), born.since_ms(), born.terminal_seen_ms()),
        (7, 7, 7)
    );
    let mut desk = TradeHarness::paying();
    desk.now = 500;
    assert_eq!(desk.trade.facts().trade_id, "T");
    assert_eq!(desk.trade.gateway_ref(), Some("G"));
    assert_eq!(desk.trade.code().map(|mark| mark.0.as_str()), Some("one"));
    assert_eq!(desk.trade.deadline_ms(), Some(90_000));
    assert!(desk.trade.payment_left() && desk.trade.holds_sale());
    desk.tell(Event::PayAnswered(PayAnswer::Paid(Carried::default())));
    assert_eq!((desk.trade.created_ms(), desk.trade.since_ms()), (0, 500));
    assert_eq!(desk.trade.deadline_ms(), None);
    let moves = desk.trade.take_moves();
    assert_eq!(moves.last().map(|done| done.to), Some(State::Paid));
    assert_eq!(desk.trade.take_moves(), []);
    desk.tell(Event::Void);
    desk.tell(Event::VoidAnswered(VoidAnswer::Done(Some("V".to_owned()))));
    assert_eq!(desk.trade.void_gateway_ref(), Some("V"));
    assert!(!desk.trade.holds_sale() && !creating("T").trade.payment_left());
}

fn durations(policy: &Policy) -> Vec<(String, u64)> {
    let Value::Object(fields) = serde_json::to_value(policy).unwrap() else {
        panic!("a policy is an object");
    };
    let numbers = fields.into_iter();
    numbers
        .filter(|(name, _)| name != "questions_per_second")
        .filter_map(|(name, value)| Some((name, value.as_u64()?)))
        .collect()
}

#[test]
fn a_policy_is_scaled_in_each_of_its_durations_and_in_nothing_else() {
    let policy = Policy {
        can_cancel: true,
        unpaid_final_after_ms: Some(600_000),
        // An offset may be negative, so it is not one of the `durations`.
        day_offset_ms: -3_600_000,
        ..Policy::default()
    };
    for permille in [10, 250, 1_000, 3_000] {
        let scaled = policy.scaled(permille);
        assert!(scaled.can_cancel);
        assert_eq!(scaled.day_offset_ms, policy.day_offset_ms);
        assert_eq!(scaled.questions_per_second, policy.questions_per_second);
        let pairs = durations(&policy).into_iter().zip(durations(&scaled));
        for ((name, ms), (_, scaled_ms)) in pairs {
            assert_eq!(scaled_ms, ms * permille / 1_000, "{name} by {permille}");
        }
    }
    let least = policy.scaled(0);
    assert!(durations(&least).iter().all(|(_, ms)| *ms == 1));
    assert_eq!(policy.scaled(1_000), policy);
}

#[test]
fn the_page_gets_its_part_of_the_policy() {
    let policy = Policy {
        poll_ms: 1,
        deadline_ms: 2,
        heartbeat_ms: 3,
        call_timeout_ms: 4,
        last_word_ms: 5,
        ..Policy::default()
    };
    let page = policy.page();
    let told = [
        page.poll_ms,
        page.deadline_ms,
        page.heartbeat_ms,
        page.call_timeout_ms,
        page.last_word_ms,
    ];
    assert_eq!(told, [1, 2, 3, 4, 5]);
}

/// Sets the clock a second after the payment's answer was lost. Gives the row before, after, and after a second event.
fn set_by(by: i64, age: Ms) -> [Value; 3] {
    let mut desk = creating("T");
    desk.now = 100_000_000;
    desk.trade = Trade::new(facts("T", CodeMode::ConsumerPresented), desk.now);
    desk.tell(Event::Created(CreateAnswer::Made {
        gateway_ref: "G".to_owned(),
        payload: None,
    }));
    desk.tell(Event::Code(CodeMark("one".to_owned())));
    desk.tell(Event::PayAnswered(PayAnswer::Unclear));
    let before = serde_json::to_value(&desk.trade).unwrap();
    desk.now = (desk.now + age).saturating_add_signed(by);
    let version = desk.trade.version();
    assert_eq!(desk.tell(Event::ClockSet(by)), State::Unknown);
    assert_eq!(desk.trade.version(), version + 1, "it is to be stored");
    assert_eq!(desk.asked_at().last(), Some(&desk.now), "asked at once");
    let after = serde_json::to_value(&desk.trade).unwrap();
    desk.tell(Event::ClockSet(by));
    [before, after, serde_json::to_value(&desk.trade).unwrap()]
}

#[test]
fn rule_27_a_clock_that_is_set_moves_every_time_of_an_open_row_and_moves_it_once() {
    let ms = |row: &Value, name: &str| row[name].as_i64();
    for by in [3_600_000, -3_600_000] {
        let [before, after, again] = set_by(by, 1_000);
        for name in ["since_ms", "heard_ms", "sent_ms", "deadline_ms"] {
            let moved = ms(&before, name).map(|was| was + by);
            assert_eq!(
                (ms(&after, name), ms(&again, name)),
                (moved, moved),
                "{name}"
            );
        }
        assert_eq!(ms(&after, "created_ms"), ms(&before, "created_ms"));
    }
}

#[test]
fn rule_27_a_row_of_the_moment_of_a_jump_belongs_to_the_old_clock() {
    for by in [6_000, -6_000] {
        let [before, after, _] = set_by(by, 0);
        let since = |row: &Value| row["since_ms"].as_i64().unwrap();
        assert_eq!(since(&after), since(&before) + by);
    }
}
