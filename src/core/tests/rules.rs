//! Question: does a trade keep the rules of `docs/rules.md`?
//!
//! These are the tests with a rule's number, on the machine alone.
//! Where a rule says "never", proptest tries many orders.
//! The walk (`walk`) tests page, backend and gateway together.
#![allow(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    missing_docs,
    reason = "a test says where it stopped"
)]

use kaunter_core::money::Money;
use kaunter_core::sale::Standing;
use kaunter_core::trade::{
    CancelAnswer, Carried, Context, CreateAnswer, Event, GatewayRequest, GatewayStatus, GiveUp,
    PayAnswer, Refusal, Risk, SaleHold, State, StatusAnswer, Step, Trade, VoidAnswer,
};
use kaunter_core::wire::{
    By, CodeMode, DecidedBy, GatewayAnswer, Payload, Reason, Status, Tender, VerdictOutcome,
};
use kaunter_model::harness::{TradeHarness, created, mark};
use kaunter_model::sample::{CASHIER, facts, verdict, verdict_by};
use proptest::prelude::*;

#[test]
fn rule_1_one_trade_of_a_sale_may_hold_money() {
    for hold in [SaleHold::Held, SaleHold::Late] {
        let mut desk = TradeHarness::open();
        desk.held_by_others = hold;
        assert_eq!(
            desk.handle(Event::Code(mark("one"))),
            Err(Refusal::SaleBusy)
        );
        assert_eq!((desk.state(), desk.payments()), (State::AwaitingCode, 0));
    }
    for desk in [
        TradeHarness::paying(),
        TradeHarness::paid(),
        TradeHarness::shown(),
    ] {
        assert!(desk.trade.holds_sale());
    }
    // A late success is an exception: proof of payment is stored in any state of the other trades.
    let mut desk = TradeHarness::declined();
    desk.status(GatewayStatus::Paid);
    assert_eq!(desk.state(), State::LateSuccess);
    assert!(!desk.trade.holds_sale());
    assert_eq!(desk.trade.sale_hold(), SaleHold::Late);
}

#[test]
fn rule_2_a_payment_that_got_no_answer_is_never_sent_again() {
    let mut desk = TradeHarness::paying();
    desk.tell(Event::PayAnswered(PayAnswer::Unclear));
    assert_eq!(desk.state(), State::Unknown);
    for now in (0..400_000).step_by(500) {
        desk.at(now);
    }
    assert_eq!(desk.payments(), 1);
}

#[test]
fn rule_2_a_void_is_repeated_only_after_a_definite_failure() {
    let mut desk = TradeHarness::paid();
    desk.tell(Event::Void);
    desk.tell(Event::VoidAnswered(VoidAnswer::Unclear));
    assert_eq!(
        (desk.state(), desk.handle(Event::Void)),
        (State::VoidUnknown, Ok(()))
    );
    assert_eq!(desk.voids(), 1, "asked about, not repeated");
    desk.tell(Event::VoidAnswered(VoidAnswer::Failed));
    assert_eq!(desk.state(), State::Paid);
    desk.tell(Event::Void);
    assert_eq!(desk.voids(), 2);
}

#[test]
fn rule_3_what_has_an_effect_waits_in_the_row_until_it_is_drained() {
    let mut desk = TradeHarness::open();
    let context = Context {
        now: 0,
        policy: &desk.policy.clone(),
        held_by_others: SaleHold::None,
        gateway_answer: None,
        code_reused: false,
    };
    let before = desk.trade.version();
    desk.trade
        .handle(Event::Code(mark("one")), &context)
        .unwrap();
    // Here the driver stores the row: its version grew, and nothing has left.
    assert_eq!(
        (desk.trade.version(), desk.payments(), desk.trade.state()),
        (before + 1, 0, State::Paying)
    );
    desk.drain();
    assert_eq!(desk.payments(), 1);
}

#[test]
fn rule_4_no_answer_ends_paid_but_that_the_money_went_back() {
    for word in [
        GatewayStatus::Failed(Reason::Other),
        GatewayStatus::Closed,
        GatewayStatus::Pending,
        GatewayStatus::Unpaid,
        GatewayStatus::Unlisted,
        GatewayStatus::Unclear,
    ] {
        let mut desk = TradeHarness::paid();
        desk.status(word);
        let _ = desk.handle(Event::Cancel);
        let _ = desk.handle(Event::CancelAnswered(CancelAnswer::Closed));
        let _ = desk.handle(Event::PayAnswered(PayAnswer::Refused(Reason::Other)));
        desk.at(10_000_000);
        assert_eq!(desk.state(), State::Paid, "{word:?}");
    }
}

const WORDS: [GatewayStatus; 8] = [
    GatewayStatus::Paid,
    GatewayStatus::Pending,
    GatewayStatus::Unpaid,
    GatewayStatus::Failed(Reason::Other),
    GatewayStatus::Closed,
    GatewayStatus::Voided,
    GatewayStatus::Unlisted,
    GatewayStatus::Unclear,
];

fn wish() -> GiveUp {
    GiveUp {
        by: "aminah".to_owned(),
        tender: Tender::Cash,
        at_ms: 1_000,
    }
}

/// A trade in each state in which the shop may stop collecting, at a gateway without a cancel.
fn hanging() -> Vec<TradeHarness> {
    let paying = || {
        let mut desk = TradeHarness::paying();
        desk.policy.can_cancel = false;
        desk
    };
    let pending = PayAnswer::Processing(Carried::default());
    let unknown = || paying().after([Event::PayAnswered(PayAnswer::Unclear)]);
    let mut review = unknown();
    review.at(200_000);
    let mut shown = TradeHarness::shown();
    shown.policy.can_cancel = false;
    vec![
        shown,
        paying().after([Event::PayAnswered(pending)]),
        unknown(),
        review,
    ]
}

/// The same trade, given up.
fn given_up(mut desk: TradeHarness) -> TradeHarness {
    desk.tell(Event::GiveUp(wish()));
    desk.status(GatewayStatus::Unpaid);
    assert_eq!(desk.state(), State::GivenUp);
    desk
}

#[test]
fn rule_35_a_sale_is_given_up_once_a_fresh_answer_does_not_say_paid() {
    let due = facts("T", CodeMode::ConsumerPresented).sale.amount;
    for word in WORDS {
        for mut desk in hanging() {
            let was = desk.state();
            // An answer that was on its way before the wish decides nothing.
            let old = desk.trade.version();
            desk.tell(Event::GiveUp(wish()));
            assert_eq!((desk.state(), desk.trade.given_up()), (was, None));
            let unpaid = StatusAnswer {
                status: GatewayStatus::Unpaid,
                carried: Carried::default(),
            };
            desk.tell(Event::Status(old, unpaid));
            assert_eq!(desk.trade.given_up(), None, "an old answer gave {was:?} up");
            desk.now += 100;
            desk.tell(Event::Tick);
            let last = desk.asked_at().last().copied();
            assert!(last.is_some(), "{was:?} asks");
            desk.status(word);
            let standing = Standing::of([&desk.trade]);
            if word == GatewayStatus::Paid {
                assert_eq!((desk.state(), desk.trade.given_up()), (State::Paid, None));
                assert_eq!(
                    desk.handle(Event::GiveUp(wish())),
                    Err(Refusal::SalePaid),
                    "the gateway said paid first"
                );
                continue;
            }
            assert!(desk.trade.given_up().is_some(), "{was:?} on {word:?}");
            assert_eq!(standing.paid_amount, None);
            assert!(!standing.closes_bill(&due, None));
            match word {
                GatewayStatus::Failed(_) => assert_eq!(desk.state(), State::Declined),
                GatewayStatus::Closed => assert_eq!(desk.state(), State::Cancelled),
                GatewayStatus::Voided if was == State::NeedsReview => {
                    assert_eq!(desk.state(), State::Voided);
                }
                _ => {
                    assert_eq!(desk.state(), State::GivenUp, "{was:?} on {word:?}");
                    assert!(desk.trade.holds_sale() && standing.open);
                    assert_eq!(desk.state().risk(), Risk::Possible);
                }
            }
        }
    }
}

#[test]
fn rule_35_what_moves_money_now_is_not_left() {
    let cancelling = TradeHarness::paying().after([
        Event::PayAnswered(PayAnswer::Unclear),
        Event::Tick,
        Event::Cancel,
    ]);
    let mut out = cancelling;
    out.at(20_000);
    assert_eq!(out.state(), State::Cancelling);
    let mut late = TradeHarness::declined();
    late.status(GatewayStatus::Paid);
    let mut reversed = TradeHarness::paid();
    reversed.status(GatewayStatus::Voided);
    for (mut desk, refusal) in [
        (TradeHarness::paying(), Refusal::SaleBusy),
        (out, Refusal::SaleBusy),
        (TradeHarness::paid(), Refusal::SalePaid),
        (TradeHarness::paid().after([Event::Void]), Refusal::SaleBusy),
        (late, Refusal::SaleBusy),
        (reversed, Refusal::SaleBusy),
    ] {
        let state = desk.state();
        assert_eq!(
            desk.handle(Event::GiveUp(wish())),
            Err(refusal),
            "{state:?}"
        );
        assert_eq!((desk.state(), desk.trade.given_up()), (state, None));
    }
    // Nothing was presented, so nothing is asked.
    let open = TradeHarness::open().after([Event::GiveUp(wish())]);
    assert_eq!((open.state(), open.queries()), (State::Abandoned, 0));
    assert!(open.trade.given_up().is_some());
}

#[test]
fn rule_35_wallet_money_that_comes_later_is_given_back_once() {
    for desk in hanging() {
        let mut desk = given_up(desk);
        for now in (desk.now..desk.now + 2_000_000).step_by(1_000) {
            desk.at(now);
            desk.status(GatewayStatus::Pending);
        }
        assert_eq!(desk.state(), State::GivenUp, "time and silence end nothing");
        desk.status(GatewayStatus::Paid);
        assert_eq!(
            (desk.state(), desk.voids()),
            (State::Voiding, 1),
            "late wallet money is kept"
        );
        let moves = desk.trade.take_moves();
        assert!(
            moves.iter().any(|step| step.to == State::LateSuccess),
            "it raises the alarm"
        );
        desk.tell(Event::VoidAnswered(VoidAnswer::Failed));
        desk.at(desk.now + 10_000_000);
        assert_eq!((desk.state(), desk.voids()), (State::LateSuccess, 1));
        assert_eq!(
            desk.handle(verdict(VerdictOutcome::Paid)),
            Err(Refusal::SaleBusy),
            "the customer has paid in another way"
        );
        desk.tell(Event::Void);
        desk.tell(Event::VoidAnswered(VoidAnswer::Done(None)));
        assert_eq!(desk.state(), State::Voided);
    }
    // A person who sees the money in the portal starts the same void.
    let by_person = given_up(TradeHarness::shown()).after([verdict(VerdictOutcome::Paid)]);
    assert_eq!((by_person.state(), by_person.voids()), (State::Voiding, 1));
    // So does money for a trade that had ended before the sale was given up.
    let mut ended = TradeHarness::declined().after([Event::GiveUp(wish())]);
    assert_eq!(ended.state(), State::Declined);
    ended.status(GatewayStatus::Paid);
    assert_eq!((ended.state(), ended.voids()), (State::Voiding, 1));
}

#[test]
fn rule_34_only_the_gateways_clear_word_reverses_a_payment() {
    let due = facts("T", CodeMode::ConsumerPresented).sale.amount;
    for word in WORDS {
        let mut desk = TradeHarness::paid();
        let answer = StatusAnswer {
            status: word,
            carried: Carried::default(),
        };
        let contradicted = desk.trade.is_contradicted_by(&answer);
        desk.status(word);
        let standing = Standing::of([&desk.trade]);
        let believed = matches!(
            word,
            GatewayStatus::Paid | GatewayStatus::Voided | GatewayStatus::Unclear
        );
        assert_eq!(contradicted, !believed, "{word:?} raises an alarm");
        if word == GatewayStatus::Voided {
            assert_eq!(desk.state(), State::Reversed);
            assert!(desk.trade.holds_sale(), "a new trade needs a person");
            assert_eq!((standing.paid_amount.clone(), standing.open), (None, true));
            assert!(!standing.closes_bill(&due, None));
        } else {
            assert_eq!(desk.state(), State::Paid, "reversed on {word:?}");
            assert!(standing.closes_bill(&due, None));
        }
    }
    // An answer about another amount is not about this trade.
    let mut desk = TradeHarness::paid();
    let carried = Carried {
        incomplete: true,
        ..Carried::default()
    };
    let answer = StatusAnswer {
        status: GatewayStatus::Voided,
        carried: carried.clone(),
    };
    assert!(desk.trade.is_contradicted_by(&answer));
    desk.tell(desk.status_answer(GatewayStatus::Voided, carried));
    assert_eq!(desk.state(), State::Paid);
}

#[test]
fn rule_34_a_void_of_ours_is_never_taken_for_a_reversal() {
    let in_flight = || TradeHarness::paid().after([Event::Void]);
    let unknown = || in_flight().after([Event::VoidAnswered(VoidAnswer::Unclear)]);
    let review = || {
        let mut desk = unknown();
        desk.at(200_000);
        desk
    };
    let decided = || review().after([verdict(VerdictOutcome::Paid)]);
    for (desk, was) in [
        (in_flight(), State::Voiding),
        (unknown(), State::VoidUnknown),
        (review(), State::VoidReview),
        (decided(), State::Paid),
    ] {
        let mut desk = desk;
        assert_eq!(desk.state(), was);
        assert_eq!(
            desk.status(GatewayStatus::Voided),
            State::Voided,
            "from {was:?}"
        );
    }
    // After a void that was refused, the money may have been given back in the gateway's portal: it asks at once.
    let mut desk = in_flight();
    let asked = desk.queries();
    desk.tell(Event::VoidAnswered(VoidAnswer::Failed));
    assert_eq!((desk.state(), desk.queries()), (State::Paid, asked + 1));
    assert_eq!(desk.status(GatewayStatus::Voided), State::Reversed);
    assert_eq!(desk.voids(), 1);
}

#[test]
fn rule_34_only_a_person_frees_the_sale_of_a_reversed_trade() {
    let reversed = || {
        let mut desk = TradeHarness::paid();
        desk.status(GatewayStatus::Voided);
        desk
    };
    for word in WORDS {
        let mut desk = reversed();
        desk.status(word);
        let _ = desk.handle(Event::Cancel);
        let _ = desk.handle(Event::Superseded);
        desk.at(100 * 24 * 3_600_000);
        assert_eq!(desk.state(), State::Reversed, "moved by {word:?}");
    }
    let mut desk = reversed();
    assert_eq!(desk.handle(Event::Void), Err(Refusal::NotVoidable));
    assert_eq!(
        desk.handle(verdict(VerdictOutcome::Declined)),
        Err(Refusal::NotReviewable)
    );
    assert_eq!(desk.voids(), 0);
    for (outcome, to, holds) in [
        (VerdictOutcome::Voided, State::Voided, false),
        (VerdictOutcome::Paid, State::Paid, true),
    ] {
        let desk = reversed().after([verdict(outcome)]);
        assert_eq!((desk.state(), desk.trade.holds_sale()), (to, holds));
        assert_eq!(desk.trade.decided_by(), Some(DecidedBy::Person));
    }
}

#[test]
fn rule_34_a_payment_is_checked_after_a_minute_in_the_evening_and_the_next_morning() {
    const HOUR: u64 = 3_600_000;
    let mut desk = TradeHarness::paid();
    desk.policy.day_offset_ms = 8 * 3_600_000;
    let paid_ms = desk.now;
    while let Some(at) = desk.wakes() {
        desk.at(at);
        desk.status(GatewayStatus::Paid);
    }
    let asked = desk.asked_at();
    assert_eq!(asked.len(), 3, "{asked:?}");
    assert_eq!(asked[0], paid_ms + desk.policy.paid_check_first_ms);
    assert!((16 * HOUR..=17 * HOUR).contains(&asked[1]), "{asked:?}");
    assert!((24 * HOUR..=25 * HOUR).contains(&asked[2]), "{asked:?}");
    assert_eq!(desk.trade.paid_ms(), Some(paid_ms));

    // A process that was down asks once for all that it has missed.
    let mut desk = TradeHarness::paid();
    desk.at(100 * HOUR);
    desk.status(GatewayStatus::Paid);
    assert_eq!((desk.queries(), desk.wakes()), (1, None));
    // A check whose answer was lost with its process is repeated.
    let mut desk = TradeHarness::paid();
    desk.at(100 * HOUR);
    assert_eq!(desk.trade.paid_check_ms(), desk.wakes());
    desk.at(101 * HOUR);
    assert_eq!(desk.queries(), 2);
}

#[test]
fn rule_34_a_refresh_asks_once_in_its_pause_and_moves_no_schedule() {
    let mut desk = TradeHarness::paid();
    let wakes = desk.wakes();
    desk.tell(Event::Refresh);
    assert_eq!(desk.queries(), 1);
    desk.status(GatewayStatus::Paid);
    assert_eq!(desk.wakes(), wakes);
    for now in (0..desk.policy.refresh_pause_ms).step_by(500) {
        desk.now = now;
        desk.tell(Event::Refresh);
    }
    assert_eq!(desk.queries(), 1, "a page that asks every 500 ms");
    desk.now = desk.policy.refresh_pause_ms;
    desk.tell(Event::Refresh);
    assert_eq!(desk.queries(), 2);
    for mut nothing in [
        TradeHarness::open(),
        TradeHarness::open().after([Event::Cancel]),
    ] {
        nothing.tell(Event::Refresh);
        assert_eq!(nothing.queries(), 0, "{:?}", nothing.state());
    }
}

#[test]
fn rule_5_silence_unpaid_and_rubbish_close_nothing() {
    for can_cancel in [true, false] {
        for word in [GatewayStatus::Unclear, GatewayStatus::Unpaid] {
            for mut desk in [TradeHarness::paying(), TradeHarness::shown()] {
                desk.policy.can_cancel = can_cancel;
                for now in (0..2_000_000).step_by(1_000) {
                    desk.at(now);
                    desk.status(word);
                    assert_eq!(
                        desk.state().risk(),
                        Risk::Possible,
                        "{word:?} at {now} ms: {:?}",
                        desk.state()
                    );
                }
                assert_eq!(desk.state(), State::NeedsReview);
            }
        }
    }
}

#[test]
fn rule_5_an_old_unpaid_is_the_last_word_only_if_the_query_left_after_that_age() {
    let mut desk = TradeHarness::open();
    desk.policy.can_cancel = false;
    desk.policy.unpaid_final_after_ms = Some(1_000_000);
    desk.tell(Event::Code(mark("one")));
    let sent = desk.now;
    let until_asked = |desk: &mut TradeHarness| {
        let asked = desk.queries();
        while desk.queries() == asked {
            let next = desk.now + 100;
            desk.at(next);
        }
    };
    while desk.state() != State::NeedsReview {
        until_asked(&mut desk);
        desk.status(GatewayStatus::Unclear);
    }
    until_asked(&mut desk);
    desk.policy.unpaid_final_after_ms = Some(desk.now + 50 - sent);
    // Said before the age, heard after it: in between the customer may have paid.
    desk.now += 100;
    desk.status(GatewayStatus::Unpaid);
    assert_eq!(desk.state(), State::NeedsReview);
    until_asked(&mut desk);
    desk.status(GatewayStatus::Unpaid);
    assert_eq!(desk.state(), State::Expired);
}

#[test]
fn rule_6_an_answer_that_contradicts_the_trade_needs_a_person() {
    let text = |text: &str| Some(text.to_owned());
    let amount = |minor, currency: &str| {
        Some(Money {
            minor,
            currency: currency.to_owned(),
        })
    };
    let good = Carried {
        gateway_ref: text("G"),
        trade_id: text("T"),
        amount: amount(1250, "MYR"),
        currency: text("myr"),
        wallet_id: text("21"),
        incomplete: false,
    };
    let bad = [
        Carried {
            gateway_ref: text("H"),
            ..good.clone()
        },
        Carried {
            trade_id: text("U"),
            ..good.clone()
        },
        Carried {
            amount: amount(1249, "MYR"),
            ..good.clone()
        },
        Carried {
            amount: amount(1250, "SGD"),
            ..good.clone()
        },
        Carried {
            currency: text("SGD"),
            ..good.clone()
        },
        Carried {
            wallet_id: text("22"),
            ..good.clone()
        },
        Carried {
            incomplete: true,
            ..good.clone()
        },
    ];
    for carried in bad {
        let mut desk = TradeHarness::paying();
        desk.tell(Event::PayAnswered(PayAnswer::Paid(carried.clone())));
        assert_eq!(desk.state(), State::NeedsReview, "payment: {carried:?}");
        let mut desk = TradeHarness::paying();
        desk.tell(desk.status_answer(GatewayStatus::Paid, carried.clone()));
        assert_eq!(desk.state(), State::NeedsReview, "status: {carried:?}");
        let mut desk = TradeHarness::shown();
        desk.tell(desk.status_answer(GatewayStatus::Paid, carried.clone()));
        assert_eq!(desk.state(), State::NeedsReview, "our code: {carried:?}");
    }
    let mut desk = TradeHarness::paying();
    desk.tell(Event::PayAnswered(PayAnswer::Paid(good)));
    assert_eq!(desk.state(), State::Paid);
}

#[test]
fn rule_16_a_code_that_another_sale_had_is_refused_and_the_trade_goes_on() {
    let mut desk = TradeHarness::open();
    desk.code_reused = true;
    assert_eq!(
        desk.handle(Event::Code(mark("one"))),
        Err(Refusal::CodeReused),
        "one code paid two sales"
    );
    assert_eq!(
        (desk.state(), desk.trade.code()),
        (State::AwaitingCode, None)
    );
    desk.code_reused = false;
    desk.tell(Event::Code(mark("two")));
    desk.code_reused = true;
    assert_eq!(
        desk.handle(Event::Code(mark("two"))),
        Ok(()),
        "its own code again"
    );
}

#[test]
fn rule_17_a_trade_that_gets_another_trades_id_is_never_presented() {
    for way in [CodeMode::ConsumerPresented, CodeMode::MerchantPresented] {
        let mut desk = TradeHarness::new(way);
        desk.tell(Event::Created(CreateAnswer::Repeated));
        assert_eq!(
            (desk.state(), desk.trade.gateway_ref()),
            (State::Abandoned, None)
        );
        assert_eq!(
            desk.handle(Event::Code(mark("one"))),
            Err(Refusal::TradeClosed)
        );
    }
}

#[test]
fn rule_18_only_the_amount_of_a_paid_sale_closes_its_bill() {
    let ringgit = |minor| Money {
        minor,
        currency: "MYR".to_owned(),
    };
    let mut desk = TradeHarness::paid();
    let standing = Standing::of([&desk.trade]);
    assert_eq!(standing.decided_by, Some(DecidedBy::Gateway));
    assert!(standing.closes_bill(&ringgit(1250), None));
    assert!(
        !standing.closes_bill(&ringgit(1251), None),
        "another amount closes the bill"
    );
    desk.tell(Event::Void);
    let standing = Standing::of([&desk.trade]);
    assert!(standing.open && !standing.closes_bill(&ringgit(1250), None));
    desk.tell(Event::VoidAnswered(VoidAnswer::Done(None)));
    let standing = Standing::of([&desk.trade]);
    assert_eq!((standing.paid_amount, standing.open), (None, false));
    let mut late = TradeHarness::declined();
    late.at(late.now + late.policy.late_check_first_ms);
    late.status(GatewayStatus::Paid);
    let standing = Standing::of([&late.trade]);
    assert_eq!(standing.late_amount, Some(ringgit(1250)));
    assert!(standing.open && !standing.closes_bill(&ringgit(1250), None));
}

fn gateway_answer(code: &str) -> Option<GatewayAnswer> {
    Some(GatewayAnswer {
        code: Some(code.to_owned()),
        message: "its sentence".to_owned(),
    })
}

#[test]
fn rule_20_a_refused_void_is_reported_until_the_next_one_leaves() {
    for answer in [VoidAnswer::Failed, VoidAnswer::Unsent] {
        let mut desk = TradeHarness::paid();
        desk.tell(Event::Void);
        assert_eq!(desk.trade.void_refused(), None);
        desk.gateway_answer = gateway_answer("7");
        desk.tell(Event::VoidAnswered(answer));
        assert_eq!(desk.state(), State::Paid);
        assert_eq!(
            desk.trade.void_refused(),
            gateway_answer("7").as_ref(),
            "a refused void was hidden"
        );
        desk.gateway_answer = None;
        desk.tell(Event::Void);
        assert_eq!(desk.trade.void_refused(), None);
        desk.tell(Event::VoidAnswered(VoidAnswer::Failed));
        assert_eq!(
            desk.trade.void_refused(),
            Some(&GatewayAnswer::default()),
            "without words too"
        );
    }
}

#[test]
fn rule_21_the_gateways_words_stay_with_the_move_that_they_caused() {
    let mut desk = TradeHarness::paying();
    desk.gateway_answer = gateway_answer("P");
    desk.tell(Event::PayAnswered(
        PayAnswer::Processing(Carried::default()),
    ));
    assert_eq!(desk.trade.gateway_answer(), gateway_answer("P").as_ref());
    desk.gateway_answer = gateway_answer("N");
    desk.tell(desk.status_answer(GatewayStatus::Unclear, Carried::default()));
    assert_eq!(
        desk.trade.gateway_answer(),
        gateway_answer("P").as_ref(),
        "words without a move are not stored"
    );
    desk.at(desk.policy.deadline_ms * 2);
    assert_eq!(
        (desk.state(), desk.trade.gateway_answer()),
        (State::Cancelling, None),
        "time is not the gateway"
    );
}

#[test]
fn rule_7_one_code_serves_one_trade() {
    let mut desk = TradeHarness::paying();
    assert_eq!(
        desk.handle(Event::Code(mark("one"))),
        Ok(()),
        "the same code again repeats the hand-over"
    );
    assert_eq!(
        desk.handle(Event::Code(mark("two"))),
        Err(Refusal::CodeTaken)
    );
    assert_eq!(desk.payments(), 1);
    let mut desk = TradeHarness::new(CodeMode::ConsumerPresented);
    assert_eq!(
        desk.handle(Event::Code(mark("one"))),
        Err(Refusal::TradeClosed),
        "not created yet"
    );
}

#[test]
fn rule_8_an_older_answer_moves_nothing() {
    let mut desk = TradeHarness::paying();
    let old = desk.trade.version();
    desk.tell(Event::PayAnswered(
        PayAnswer::Processing(Carried::default()),
    ));
    let failed = StatusAnswer {
        status: GatewayStatus::Failed(Reason::Other),
        carried: Carried::default(),
    };
    desk.tell(Event::Status(old, failed.clone()));
    assert_eq!(desk.state(), State::Pending);
    desk.tell(Event::Status(desk.trade.version(), failed));
    assert_eq!(desk.state(), State::Declined);
}

#[test]
fn rule_8_old_proof_of_payment_is_asked_for_again_at_once() {
    let mut desk = TradeHarness::paying();
    let old = desk.trade.version();
    desk.tell(Event::PayAnswered(
        PayAnswer::Processing(Carried::default()),
    ));
    let queries = desk.queries();
    desk.now = 1;
    let paid = StatusAnswer {
        status: GatewayStatus::Paid,
        carried: Carried::default(),
    };
    desk.tell(Event::Status(old, paid));
    assert!(desk.queries() > queries);
}

#[test]
fn rule_10_a_row_that_is_read_back_asks_and_sends_nothing_else() {
    for desk in [
        TradeHarness::open(),
        TradeHarness::shown(),
        TradeHarness::paying(),
        TradeHarness::paid(),
    ] {
        let row = serde_json::to_string(&desk.trade).unwrap();
        let again: Trade = serde_json::from_str(&row).unwrap();
        let mut desk = TradeHarness {
            trade: again,
            sent: Vec::new(),
            ..desk
        };
        desk.drain();
        assert_eq!(desk.sent, []);
        desk.tell(Event::Restarted);
        assert_eq!(desk.sent.len(), desk.queries());
    }
}

#[test]
fn rule_11_one_query_at_a_time_two_seconds_after_the_last_one_started() {
    let mut desk = TradeHarness::paying();
    desk.at(1_999);
    assert_eq!(desk.queries(), 0);
    desk.at(2_000);
    assert_eq!(desk.queries(), 1);
    // Its answer takes a second; many askers in between make no second query.
    for now in [2_001, 2_500, 3_000] {
        desk.at(now);
    }
    desk.status(GatewayStatus::Unclear);
    desk.at(3_500);
    assert_eq!(desk.queries(), 1);
    desk.at(4_200);
    assert_eq!(
        desk.queries(),
        2,
        "2 s after the start, ten per cent either way"
    );
    // An answer that never comes: the next query waits until the first counts as lost.
    desk.at(6_500);
    assert_eq!(desk.queries(), 2);
    desk.at(15_000);
    assert_eq!(desk.queries(), 3);
}

#[test]
fn rule_11_a_query_that_is_out_is_waited_for_after_a_payment_that_never_left() {
    let mut desk = TradeHarness::paying();
    desk.at(2_000);
    assert_eq!(desk.queries(), 1);
    desk.tell(Event::PayAnswered(PayAnswer::Unsent));
    assert_eq!(desk.state(), State::AwaitingCode);
    desk.tell(Event::Code(mark("again")));
    desk.at(4_100);
    assert_eq!(desk.queries(), 1, "the first one is still out");
    desk.at(12_000);
    assert_eq!(desk.queries(), 2, "now it counts as lost");
}

#[test]
fn rule_24_a_trade_of_a_silent_terminal_is_abandoned_after_three_minutes() {
    let mut desk = TradeHarness::open();
    desk.at(170_000);
    desk.tell(Event::TerminalSeen);
    desk.at(349_999);
    assert_eq!(desk.state(), State::AwaitingCode);
    desk.at(350_000);
    assert_eq!(
        (desk.state(), desk.trade.reason()),
        (State::Abandoned, Some(Reason::TerminalSilent))
    );
    assert_eq!(
        desk.handle(Event::Code(mark("late"))),
        Err(Refusal::TradeClosed)
    );
}

#[test]
fn rule_25_a_cancel_waits_until_the_payment_is_fifteen_seconds_old() {
    let mut desk = TradeHarness::paying();
    desk.tell(Event::PayAnswered(
        PayAnswer::Processing(Carried::default()),
    ));
    desk.tell(Event::Cancel);
    assert_eq!(desk.state(), State::Pending);
    desk.at(14_999);
    assert_eq!(desk.count(|send| *send == GatewayRequest::Cancel), 0);
    desk.at(15_000);
    assert_eq!(
        (
            desk.state(),
            desk.count(|send| *send == GatewayRequest::Cancel)
        ),
        (State::Cancelling, 1)
    );
}

#[test]
fn rule_25_a_cancel_that_lost_shows_paid_and_one_that_refunded_shows_voided() {
    for (said, word, end) in [
        (CancelAnswer::TooLate, GatewayStatus::Paid, State::Paid),
        (CancelAnswer::Refunded, GatewayStatus::Voided, State::Voided),
        (
            CancelAnswer::Closed,
            GatewayStatus::Closed,
            State::Cancelled,
        ),
    ] {
        let mut desk = TradeHarness::paying();
        desk.tell(Event::PayAnswered(
            PayAnswer::Processing(Carried::default()),
        ));
        desk.tell(Event::Cancel);
        desk.at(15_000);
        let queries = desk.queries();
        desk.tell(Event::CancelAnswered(said));
        assert_eq!(
            desk.state(),
            State::Cancelling,
            "{said:?} is checked by one more query"
        );
        assert!(desk.queries() > queries);
        desk.status(word);
        assert_eq!(desk.state(), end, "{said:?}");
    }
}

#[test]
fn rule_22_without_a_cancel_the_deadline_calls_a_person_who_settles_it() {
    for (outcome, end) in [
        (VerdictOutcome::Paid, State::Paid),
        (VerdictOutcome::Declined, State::Declined),
        (VerdictOutcome::Voided, State::Voided),
    ] {
        let mut desk = TradeHarness::paying();
        desk.policy.can_cancel = false;
        assert_eq!(desk.handle(Event::Cancel), Err(Refusal::NotCancellable));
        desk.at(60_000);
        assert_eq!(desk.handle(verdict(outcome)), Err(Refusal::NotReviewable));
        for now in (60_000..100_000).step_by(1_000) {
            desk.at(now);
            desk.status(GatewayStatus::Unclear);
        }
        assert_eq!(desk.state(), State::NeedsReview);
        assert!(!desk.trade.decided_by_person());
        desk.tell(verdict(outcome));
        assert_eq!(desk.state(), end);
        assert!(
            desk.trade.decided_by_person(),
            "a person said so, and that is kept"
        );
    }
}

#[test]
fn rule_23_a_late_success_is_given_back_once_where_another_trade_holds_the_sale() {
    let mut desk = TradeHarness::declined();
    desk.held_by_others = SaleHold::Held;
    desk.status(GatewayStatus::Paid);
    assert_eq!((desk.state(), desk.voids()), (State::Voiding, 1));
    desk.tell(Event::VoidAnswered(VoidAnswer::Done(Some("V".to_owned()))));
    assert_eq!(
        (desk.state(), desk.trade.void_gateway_ref()),
        (State::Voided, Some("V"))
    );

    let mut alone = TradeHarness::declined();
    alone.status(GatewayStatus::Paid);
    assert_eq!((alone.state(), alone.voids()), (State::LateSuccess, 0));
    assert!(alone.trade.was_late() && !alone.trade.decided_by_person());
    alone.tell(verdict(VerdictOutcome::Paid));
    assert_eq!(alone.state(), State::Paid);
    assert!(alone.trade.was_late() && alone.trade.decided_by_person());
    // What follows is the gateway's answer again.
    alone.tell(Event::Void);
    alone.tell(Event::VoidAnswered(VoidAnswer::Done(None)));
    assert!(alone.trade.was_late() && !alone.trade.decided_by_person());
}

/// A trade under review: the gateway has no cancel, and time is up.
fn under_review() -> TradeHarness {
    let mut desk = TradeHarness::paying();
    desk.policy.can_cancel = false;
    desk.tell(Event::PayAnswered(PayAnswer::Unclear));
    assert_eq!(desk.at(91_000), State::NeedsReview);
    desk
}

#[test]
fn rule_43_an_own_charge_waits_for_a_second_name() {
    let mut desk = under_review();
    desk.tell(verdict_by(CASHIER, VerdictOutcome::Paid));
    assert_eq!(
        desk.state(),
        State::NeedsReview,
        "an own charge was decided alone"
    );
    let proposal = desk.trade.proposal().unwrap().clone();
    assert_eq!((proposal.by.as_str(), proposal.at_ms), (CASHIER, 91_000));
    assert!(desk.trade.holds_sale(), "a proposal frees nothing");
    // The same person repeats, and nothing changes. A person without a name is refused.
    let version = desk.trade.version();
    desk.tell(verdict_by(CASHIER, VerdictOutcome::Paid));
    assert_eq!(desk.trade.version(), version);
    let nameless = desk.handle(verdict_by(" ", VerdictOutcome::Paid));
    assert_eq!(nameless, Err(Refusal::Nameless));
    // Another outcome replaces the proposal, and two people who disagree decide nothing.
    desk.tell(verdict_by("manager", VerdictOutcome::Declined));
    assert_eq!(desk.trade.proposal().unwrap().by, "manager");
    assert_eq!(desk.state(), State::NeedsReview);
    desk.tell(verdict_by(CASHIER, VerdictOutcome::Declined));
    assert_eq!(desk.state(), State::Declined);
    assert_eq!(desk.trade.decided_by_names(), ["manager", CASHIER]);
    assert!(desk.trade.proposal().is_none() && !desk.trade.decided_alone());
    // The gateway's own answer ends a review, and with it the proposal.
    let mut answered = under_review();
    answered.tell(verdict_by(CASHIER, VerdictOutcome::Declined));
    answered.at(130_000);
    assert_eq!(answered.status(GatewayStatus::Paid), State::Paid);
    assert!(answered.trade.proposal().is_none() && !answered.trade.decided_by_person());
}

#[test]
fn rule_43_a_large_amount_and_an_old_row_need_a_second_name() {
    let mut desk = under_review();
    desk.policy.review.confirm_above_minor = Some(1_249);
    desk.tell(verdict(VerdictOutcome::Paid));
    assert_eq!(
        desk.state(),
        State::NeedsReview,
        "RM 12.50 is above RM 12.49"
    );
    desk.tell(verdict_by("boss", VerdictOutcome::Paid));
    assert_eq!(desk.state(), State::Paid);

    let mut row = serde_json::to_value(&under_review().trade).unwrap();
    let facts = row["facts"].as_object_mut().unwrap();
    assert!(facts.remove("cashier").is_some());
    let mut old = under_review();
    old.trade = serde_json::from_value(row).unwrap();
    old.tell(verdict(VerdictOutcome::Paid));
    assert_eq!(
        old.state(),
        State::NeedsReview,
        "nobody knows who charged it"
    );
    old.tell(verdict_by("boss", VerdictOutcome::Paid));
    assert_eq!(old.state(), State::Paid);
}

#[test]
fn rule_43_a_single_person_confirms_after_half_an_hour_and_is_marked() {
    let mut desk = under_review();
    desk.policy.review.single_person = true;
    desk.tell(verdict_by(CASHIER, VerdictOutcome::Paid));
    desk.now = 91_000 + 30 * 60_000 - 1;
    desk.tell(verdict_by(CASHIER, VerdictOutcome::Paid));
    assert_eq!(desk.state(), State::NeedsReview);
    desk.now += 1;
    desk.tell(verdict_by(CASHIER, VerdictOutcome::Paid));
    assert_eq!(desk.state(), State::Paid);
    assert!(desk.trade.decided_alone());
    let view = desk.trade.view(0, |_| String::new());
    assert!(view.single_person, "the record is marked");
}

/// A trade that a person has called paid, and the answer of the gateway to a fresh question about its correction.
fn corrected(status: GatewayStatus) -> TradeHarness {
    let mut desk = under_review();
    desk.tell(verdict(VerdictOutcome::Paid));
    desk.now += 1_000;
    desk.tell(verdict_by("boss", VerdictOutcome::Declined));
    assert_eq!(
        desk.state(),
        State::Paid,
        "the sale was freed without a question"
    );
    assert!(desk.trade.holds_sale());
    desk.status(status);
    desk
}

#[test]
fn rule_44_a_correction_frees_the_sale_only_after_a_fresh_answer() {
    let mut desk = corrected(GatewayStatus::Failed(Reason::Other));
    assert_eq!(
        (desk.state(), desk.trade.holds_sale()),
        (State::Declined, false)
    );
    assert_eq!(desk.trade.decided_by_names(), ["boss"]);
    assert_eq!(desk.trade.reason(), Some(Reason::Other));
    // The gateway's Paid stays, now by the gateway's word, and no person corrects it any more.
    desk = corrected(GatewayStatus::Paid);
    assert_eq!(desk.trade.decided_by(), Some(DecidedBy::Gateway));
    assert!(desk.trade.proposal().is_none());
    let again = desk.handle(verdict_by("boss", VerdictOutcome::Declined));
    assert_eq!(
        (again, desk.state()),
        (Err(Refusal::NotReviewable), State::Paid)
    );
    // Silence is no answer: the question is repeated, and the trade stays paid until then.
    desk = corrected(GatewayStatus::Unclear);
    let asked = desk.queries();
    assert_eq!(
        (desk.state(), desk.trade.proposal().is_some()),
        (State::Paid, true)
    );
    desk.at(desk.wakes().unwrap());
    assert_eq!(desk.queries(), asked + 1);
    assert_eq!(desk.status(GatewayStatus::Unpaid), State::Declined);
}

#[test]
fn rule_44_only_an_answer_to_a_question_after_the_request_counts() {
    let mut desk = under_review();
    desk.tell(verdict(VerdictOutcome::Paid));
    desk.at(desk.wakes().unwrap());
    let before = desk.status_answer(GatewayStatus::Closed, Carried::default());
    desk.tell(verdict_by("boss", VerdictOutcome::Voided));
    desk.tell(before);
    assert_eq!(
        desk.state(),
        State::Paid,
        "the question left before the request"
    );
    assert_eq!(desk.status(GatewayStatus::Closed), State::Voided);
    // Somebody repeats what stands: a correction that is only proposed falls, and no answer frees the sale.
    for name in ["manager", "boss"] {
        let mut desk = under_review();
        desk.tell(verdict(VerdictOutcome::Paid));
        desk.tell(verdict(VerdictOutcome::Voided));
        assert!(desk.trade.proposal().is_some() && !desk.trade.awaits_answer());
        desk.tell(verdict_by(name, VerdictOutcome::Paid));
        assert!(desk.trade.proposal().is_none());
        desk.at(desk.wakes().unwrap());
        assert_eq!(desk.status(GatewayStatus::Closed), State::Paid);
    }
}

#[test]
fn rule_44_no_persons_word_stops_a_correction_that_waits_for_the_gateway() {
    let mut waits = under_review();
    waits.tell(verdict_by(CASHIER, VerdictOutcome::Paid));
    waits.tell(verdict(VerdictOutcome::Paid));
    waits.tell(verdict_by("dewi", VerdictOutcome::Declined));
    assert!(waits.trade.awaits_answer(), "its third name corrects it");
    let held = waits.trade.clone();
    for name in [CASHIER, "manager", "dewi", "eka"] {
        for outcome in [VerdictOutcome::Paid, VerdictOutcome::Voided] {
            let refused = waits.handle(verdict_by(name, outcome));
            assert_eq!(
                refused,
                Err(Refusal::NotReviewable),
                "one person's word: {name}"
            );
        }
        waits.tell(verdict_by(name, VerdictOutcome::Declined));
    }
    assert_eq!(
        waits.trade, held,
        "the correction fell at one person's word"
    );
    assert_eq!(waits.status(GatewayStatus::Unpaid), State::Declined);
    assert_eq!(waits.trade.decided_by_names(), ["dewi"]);
    // Once the gateway has answered, the correction is a verdict like any other.
    waits.tell(verdict_by("eka", VerdictOutcome::Paid));
    assert_eq!(waits.state(), State::Paid);
}

#[test]
fn rule_44_a_void_on_its_way_keeps_the_word_a_persons() {
    let mut desk = TradeHarness::paid();
    desk.tell(Event::Void);
    desk.tell(Event::VoidAnswered(VoidAnswer::Unclear));
    assert_eq!(desk.at(200_000), State::VoidReview);
    desk.tell(verdict(VerdictOutcome::Paid));
    desk.tell(verdict_by("boss", VerdictOutcome::Voided));
    desk.status(GatewayStatus::Paid);
    assert_eq!(desk.state(), State::Paid);
    assert_eq!(
        desk.trade.decided_by(),
        Some(DecidedBy::Person),
        "the void may still arrive"
    );
    assert!(desk.trade.proposal().is_none() && desk.trade.checks_verdict());
}

#[test]
fn rule_44_nobody_corrects_an_own_verdict_alone_and_no_gateways_word() {
    let mut desk = under_review();
    desk.tell(verdict(VerdictOutcome::Declined));
    desk.tell(verdict(VerdictOutcome::Paid));
    assert_eq!(desk.state(), State::Declined);
    desk.tell(verdict_by("boss", VerdictOutcome::Paid));
    assert_eq!(desk.state(), State::Paid);
    assert_eq!(desk.trade.decided_by_names(), ["manager", "boss"]);
    for mut desk in [TradeHarness::paid(), TradeHarness::declined()] {
        for outcome in [
            VerdictOutcome::Paid,
            VerdictOutcome::Declined,
            VerdictOutcome::Voided,
        ] {
            let refused = desk.handle(verdict_by("boss", outcome));
            assert_eq!(refused, Err(Refusal::NotReviewable), "the gateway's word");
        }
    }
}

#[test]
fn rule_44_a_correction_to_paid_beside_another_trade_is_a_late_success() {
    for outcome in [VerdictOutcome::Declined, VerdictOutcome::Voided] {
        let mut desk = under_review();
        desk.tell(verdict(outcome));
        desk.held_by_others = SaleHold::Held;
        desk.tell(verdict_by("boss", VerdictOutcome::Paid));
        assert_eq!(
            (desk.state(), desk.voids()),
            (State::LateSuccess, 0),
            "{outcome:?}"
        );
        assert!(!desk.trade.holds_sale() && desk.trade.was_late());
    }
}

#[test]
fn rule_44_the_gateways_word_that_money_went_back_counts_until_a_person_has_decided_about_it() {
    let mut desk = under_review();
    desk.tell(verdict(VerdictOutcome::Paid));
    desk.at(desk.wakes().unwrap());
    assert_eq!(desk.status(GatewayStatus::Voided), State::Reversed);
    assert!(desk.trade.verdict_contradicted() && desk.trade.holds_sale());
    // An own charge needs a second name here, too.
    desk.tell(verdict_by(CASHIER, VerdictOutcome::Paid));
    assert_eq!(desk.state(), State::Reversed);
    desk.tell(verdict(VerdictOutcome::Paid));
    assert_eq!(desk.state(), State::Paid);
    desk.at(desk.wakes().unwrap());
    assert_eq!(desk.status(GatewayStatus::Voided), State::Paid);
    assert!(desk.trade.verdict_contradicted());
    // Somebody wants to give the money back after all, and the gateway refuses.
    desk.tell(Event::Void);
    desk.tell(Event::VoidAnswered(VoidAnswer::Failed));
    assert_eq!(desk.state(), State::Paid);
    desk.at(desk.wakes().unwrap());
    assert_eq!(desk.status(GatewayStatus::Voided), State::Reversed);
    desk.tell(verdict(VerdictOutcome::Paid));
    desk.at(desk.wakes().unwrap());
    assert_eq!(
        desk.status(GatewayStatus::Voided),
        State::Paid,
        "the next verdict knows the word again"
    );
}

#[test]
fn rule_44_a_correction_to_paid_of_a_sale_that_was_given_up_gives_the_money_back() {
    let mut desk = given_up(TradeHarness::shown());
    desk.tell(verdict_by(CASHIER, VerdictOutcome::Declined));
    assert_eq!(
        desk.state(),
        State::GivenUp,
        "an own charge was decided alone"
    );
    desk.tell(verdict(VerdictOutcome::Declined));
    assert_eq!(desk.state(), State::Declined);
    desk.tell(verdict_by("boss", VerdictOutcome::Paid));
    assert_eq!((desk.state(), desk.voids()), (State::Voiding, 1));
}

#[test]
fn rule_44_the_gateway_is_asked_after_a_verdict_and_a_contradiction_moves_nothing() {
    for (outcome, against, end) in [
        (
            VerdictOutcome::Paid,
            GatewayStatus::Failed(Reason::Other),
            State::Paid,
        ),
        (VerdictOutcome::Paid, GatewayStatus::Unpaid, State::Paid),
        (VerdictOutcome::Voided, GatewayStatus::Paid, State::Voided),
        (
            VerdictOutcome::Declined,
            GatewayStatus::Paid,
            State::LateSuccess,
        ),
    ] {
        let mut desk = under_review();
        desk.tell(verdict(outcome));
        let asked = desk.queries();
        assert!(desk.trade.checks_verdict());
        desk.at(desk.wakes().unwrap());
        assert_eq!(desk.queries(), asked + 1, "{outcome:?} is not asked about");
        desk.status(against);
        assert_eq!(desk.state(), end);
        assert!(
            desk.trade.verdict_contradicted(),
            "{outcome:?}, {against:?}"
        );
        assert_eq!(desk.voids(), 0);
    }
    // An answer that agrees raises nothing, and the questions end within two days.
    let mut desk = under_review();
    desk.tell(verdict(VerdictOutcome::Paid));
    while let Some(at) = desk.wakes() {
        desk.at(at);
        desk.status(GatewayStatus::Paid);
    }
    assert!(desk.now > 26 * 3_600_000 && desk.now < 3 * 86_400_000);
    assert!(!desk.trade.verdict_contradicted() && !desk.trade.checks_verdict());
    assert_eq!(desk.trade.decided_by(), Some(DecidedBy::Person));
}

#[test]
fn a_row_from_before_verdicts_is_read() {
    let mut row = serde_json::to_value(&TradeHarness::paying().trade).unwrap();
    for new in ["was_late", "settled"] {
        assert!(row.as_object_mut().unwrap().remove(new).is_some());
    }
    let trade: Trade = serde_json::from_value(row).unwrap();
    assert!(!trade.was_late() && !trade.decided_by_person());
}

#[test]
fn rule_1_a_code_is_not_shown_where_another_trade_took_the_sale_meanwhile() {
    for hold in [SaleHold::Held, SaleHold::Late] {
        let mut desk = TradeHarness::new(CodeMode::MerchantPresented);
        desk.held_by_others = hold;
        desk.tell(created());
        assert_eq!(
            (desk.state(), desk.trade.reason(), desk.trade.by()),
            (State::Abandoned, Some(Reason::SaleBusy), Some(By::System))
        );
        assert_eq!(
            (desk.trade.payload(), desk.trade.holds_sale()),
            (None, false)
        );
        assert!(!desk.trade.payment_left());
        desk.at(10_000_000);
        desk.tell(Event::Restarted);
        assert_eq!(
            desk.queries(),
            0,
            "nobody saw the code, so nobody can pay it"
        );
    }
}

#[test]
fn rule_26_a_code_on_display_holds_the_sale_takes_no_other_and_sends_no_payment() {
    let mut desk = TradeHarness::shown();
    assert_eq!(desk.state().status(), Status::AwaitingPayer);
    assert_eq!(desk.trade.payload(), Some(&Payload("scan me".to_owned())));
    assert_eq!(desk.trade.deadline_ms(), Some(90_000));
    assert!(desk.trade.payment_left(), "somebody may be paying by now");
    assert_eq!(
        desk.handle(Event::Code(mark("one"))),
        Err(Refusal::TradeClosed)
    );
    assert_eq!(desk.handle(Event::Superseded), Err(Refusal::SaleBusy));
    assert_eq!(desk.handle(Event::Void), Err(Refusal::NotVoidable));
    assert_eq!(desk.state(), State::AwaitingPayer);
    assert_eq!(
        (desk.sent.len(), desk.payments()),
        (1, 0),
        "{:?}",
        desk.sent
    );
}

#[test]
fn rule_11_a_payer_is_asked_about_every_two_seconds_from_the_start() {
    let mut desk = TradeHarness::shown();
    desk.at(1_999);
    assert_eq!(desk.queries(), 0);
    for nth in 1..=10 {
        desk.at(nth * 2_300);
        desk.status(GatewayStatus::Unpaid);
    }
    assert_eq!((desk.state(), desk.queries()), (State::AwaitingPayer, 10));
    let mut desk = TradeHarness::shown();
    desk.at(5_000);
    desk.tell(Event::Restarted);
    let asked = desk.queries();
    assert!(asked >= 1, "asked at once after a restart");
    desk.status(GatewayStatus::Unclear);
    assert_eq!(desk.trade.payload(), Some(&Payload("scan me".to_owned())));
}

#[test]
fn the_gateways_answer_ends_a_display() {
    for (word, end) in [
        (GatewayStatus::Paid, State::Paid),
        (GatewayStatus::Failed(Reason::Other), State::Declined),
        (GatewayStatus::Closed, State::Cancelled),
        (GatewayStatus::Voided, State::NeedsReview),
    ] {
        let mut desk = TradeHarness::shown();
        desk.at(2_000);
        desk.status(word);
        assert_eq!(
            (desk.state(), desk.trade.payload()),
            (end, None),
            "{word:?}"
        );
    }
}

#[test]
fn a_customer_who_scanned_at_the_last_moment_gets_the_whole_time() {
    let mut desk = TradeHarness::shown();
    for now in [30_000, 60_000, 89_000] {
        desk.at(now);
        desk.status(GatewayStatus::Unpaid);
    }
    desk.at(89_500);
    desk.status(GatewayStatus::Pending);
    assert_eq!(
        (desk.state(), desk.trade.payload(), desk.trade.deadline_ms()),
        (State::Pending, None, Some(179_500))
    );
    desk.at(179_499);
    desk.status(GatewayStatus::Pending);
    assert_eq!(
        (desk.state(), desk.trade.deadline_ms()),
        (State::Pending, Some(179_500))
    );
    desk.at(179_500);
    assert_eq!(desk.state(), State::Cancelling);
}

#[test]
fn rule_25_a_code_is_taken_down_at_once_where_the_gateway_cancels() {
    let mut desk = TradeHarness::shown();
    desk.at(1);
    desk.tell(Event::Cancel);
    assert_eq!(
        (
            desk.state(),
            desk.count(|send| *send == GatewayRequest::Cancel)
        ),
        (State::Cancelling, 1),
        "no payment of ours is on its way, so the cancel needs no minimum age"
    );
    desk.tell(Event::CancelAnswered(CancelAnswer::Closed));
    desk.status(GatewayStatus::Closed);
    assert_eq!(
        (desk.state(), desk.trade.by()),
        (State::Cancelled, Some(By::Cashier))
    );

    let mut scanned = TradeHarness::shown();
    scanned.at(2_000);
    scanned.status(GatewayStatus::Pending);
    scanned.tell(Event::Cancel);
    assert_eq!(
        scanned.state(),
        State::Cancelling,
        "the same holds once somebody has scanned"
    );
    scanned.tell(Event::CancelAnswered(CancelAnswer::TooLate));
    scanned.status(GatewayStatus::Paid);
    assert_eq!(scanned.state(), State::Paid);

    let mut stuck = TradeHarness::shown();
    stuck.policy.can_cancel = false;
    assert_eq!(stuck.handle(Event::Cancel), Err(Refusal::NotCancellable));
    assert_eq!(stuck.state(), State::AwaitingPayer);
}

#[test]
fn a_display_ends_at_its_deadline() {
    let mut desk = TradeHarness::shown();
    desk.at(89_999);
    assert_eq!(desk.state(), State::AwaitingPayer);
    desk.at(90_000);
    assert_eq!(desk.state(), State::Cancelling);
    desk.tell(Event::CancelAnswered(CancelAnswer::Closed));
    desk.status(GatewayStatus::Closed);
    assert_eq!(
        (desk.state(), desk.trade.by()),
        (State::Expired, Some(By::System))
    );

    let mut stuck = TradeHarness::shown();
    stuck.policy.can_cancel = false;
    stuck.at(89_999);
    assert_eq!(stuck.state(), State::AwaitingPayer);
    stuck.at(90_000);
    assert_eq!(stuck.state(), State::NeedsReview);
}

#[test]
fn the_machine_says_when_a_display_needs_it_next() {
    for can_cancel in [true, false] {
        let mut desk = TradeHarness::shown();
        desk.policy.can_cancel = can_cancel;
        desk.at(88_000);
        let Step::Wait(lost) = desk.trade.next(&desk.policy) else {
            panic!("it waits");
        };
        assert!(lost <= 90_000, "{lost}");
        desk.policy.poll_ms = 1_000_000;
        let mut alone = TradeHarness::new(CodeMode::MerchantPresented);
        alone.policy.poll_ms = 1_000_000;
        alone.policy.can_cancel = can_cancel;
        alone.tell(created());
        assert_eq!(alone.trade.next(&alone.policy), Step::Wait(90_000));
    }
}

#[test]
fn rule_26_without_anything_to_show_the_trade_is_abandoned() {
    let nothing = CreateAnswer::Made {
        gateway_ref: "G".to_owned(),
        payload: None,
    };
    for answer in [nothing, CreateAnswer::Unclear] {
        let mut desk = TradeHarness::new(CodeMode::MerchantPresented);
        desk.tell(Event::Created(answer.clone()));
        assert_eq!(
            (desk.state(), desk.trade.reason()),
            (State::Abandoned, Some(Reason::GatewayUnavailable)),
            "{answer:?}"
        );
    }
    let mut cancelled = TradeHarness::new(CodeMode::MerchantPresented);
    cancelled.tell(Event::Cancel);
    assert_eq!(cancelled.state(), State::Abandoned);
    cancelled.tell(created());
    assert_eq!(
        (cancelled.state(), cancelled.trade.payload()),
        (State::Abandoned, None),
        "the answer comes too late, so the code is not shown"
    );
    let mut silent = TradeHarness::new(CodeMode::MerchantPresented);
    silent.at(10_000);
    assert_eq!(silent.state(), State::Abandoned);
}

#[test]
fn rule_23_a_display_that_was_closed_is_asked_about_again_and_late_money_raises_the_alarm() {
    let mut desk = TradeHarness::shown();
    desk.at(2_000);
    desk.status(GatewayStatus::Closed);
    let asked = desk.queries();
    desk.at(40_000);
    assert!(desk.queries() > asked);
    desk.held_by_others = SaleHold::Held;
    desk.status(GatewayStatus::Paid);
    assert_eq!((desk.state(), desk.voids()), (State::Voiding, 1));
}

#[test]
fn rule_5_an_old_unscanned_code_expires_only_by_the_gateways_own_rule() {
    let mut desk = TradeHarness::new(CodeMode::MerchantPresented);
    desk.policy.can_cancel = false;
    desk.policy.unpaid_final_after_ms = Some(600_000);
    desk.tell(created());
    while desk.state() != State::Expired {
        let next = desk.now + 1_000;
        let asked = desk.queries();
        desk.at(next);
        if desk.queries() > asked {
            desk.status(GatewayStatus::Unpaid);
        }
        assert!(desk.now < 2_000_000, "{:?}", desk.state());
    }
    assert!(desk.now >= 600_000, "{}", desk.now);
}

#[test]
fn a_row_without_a_mode_is_consumer_presented() {
    let mut row = serde_json::to_value(&TradeHarness::paying().trade).unwrap();
    assert!(row.get("payload").is_none());
    row["facts"]
        .as_object_mut()
        .unwrap()
        .remove("mode")
        .unwrap();
    let trade: Trade = serde_json::from_value(row).unwrap();
    let mut paying = TradeHarness::paying().trade;
    paying.take_moves();
    assert_eq!(trade, paying);
}

#[test]
fn rule_12_a_code_that_we_show_reaches_no_log() {
    let told = format!("{:?} {:?}", TradeHarness::shown().trade, created());
    assert!(!told.contains("scan me"), "{told}");
}

#[test]
fn rule_27_a_clock_that_was_set_back_stretches_no_deadline() {
    let mut desk = TradeHarness::of(
        facts("T", CodeMode::ConsumerPresented),
        TradeHarness::open().policy,
        1_000_000_000,
    );
    desk.tell(created());
    desk.tell(Event::Code(mark("one")));
    desk.now = 1_000;
    desk.tell(Event::Restarted);
    assert!(
        desk.trade
            .deadline_ms()
            .is_some_and(|deadline| deadline <= 1_000 + desk.policy.deadline_ms),
        "{:?}",
        desk.trade.deadline_ms()
    );
}

/// Any answer that any gateway may give, at any time.
fn any_event() -> impl Strategy<Value = Event> {
    let carried = || {
        prop_oneof![
            9 => Just(Carried::default()),
            1 => Just(Carried { gateway_ref: Some("other".to_owned()), ..Carried::default() }),
        ]
    };
    let word = prop_oneof![
        Just(GatewayStatus::Paid),
        Just(GatewayStatus::Pending),
        Just(GatewayStatus::Unpaid),
        Just(GatewayStatus::Failed(Reason::Other)),
        Just(GatewayStatus::Closed),
        Just(GatewayStatus::Voided),
        Just(GatewayStatus::Unlisted),
        Just(GatewayStatus::Unclear),
    ];
    prop_oneof![
        4 => Just(Event::Tick),
        1 => Just(Event::Restarted),
        1 => Just(Event::TerminalSeen),
        1 => Just(Event::Refresh),
        1 => Just(Event::Superseded),
        1 => Just(Event::AmountChanged),
        3 => prop_oneof![Just(Event::Code(mark("one"))), Just(Event::Code(mark("two")))],
        1 => Just(Event::Cancel),
        1 => Just(Event::Void),
        1 => Just(Event::GiveUp(wish())),
        1 => prop_oneof![Just(VerdictOutcome::Paid), Just(VerdictOutcome::Declined), Just(VerdictOutcome::Voided)].prop_flat_map(|outcome| prop_oneof![Just(CASHIER), Just("manager"), Just("boss")].prop_map(move |name| verdict_by(name, outcome))),
        2 => prop_oneof![Just(created()), Just(Event::Created(CreateAnswer::Refused(Reason::Other))), Just(Event::Created(CreateAnswer::Unclear))],
        3 => prop_oneof![
            carried().prop_map(PayAnswer::Paid),
            carried().prop_map(PayAnswer::Processing),
            Just(PayAnswer::Refused(Reason::Other)),
            Just(PayAnswer::Unclear),
        ].prop_map(Event::PayAnswered),
        // The version is put in when the event happens: mostly the newest, sometimes an old one.
        6 => (0..3_u64, word, carried()).prop_map(|(age, status, carried)| Event::Status(age, StatusAnswer { status, carried })),
        1 => prop_oneof![Just(CancelAnswer::Closed), Just(CancelAnswer::Refunded), Just(CancelAnswer::TooLate), Just(CancelAnswer::Unclear)].prop_map(Event::CancelAnswered),
        1 => prop_oneof![Just(VoidAnswer::Done(None)), Just(VoidAnswer::Unclear)].prop_map(Event::VoidAnswered),
    ]
}

proptest! {
    /// Rules 2, 4, 5, 8 and 10, for any events in any order.
    #[test]
    fn laws_hold_in_any_order_of_events(
        steps in prop::collection::vec((any_event(), prop_oneof![Just(0), Just(1), 100..3_000_u64, 10_000..200_000_u64]), 1..60),
        can_cancel in any::<bool>(),
        we_present in any::<bool>(),
    ) {
        let mut desk = if we_present { TradeHarness::new(CodeMode::MerchantPresented) } else { TradeHarness::new(CodeMode::ConsumerPresented) };
        desk.policy.can_cancel = can_cancel;
        for (event, later) in steps {
            desk.now += later;
            let event = match event {
                Event::Status(age, answer) => Event::Status(desk.trade.version().saturating_sub(age), answer),
                other => other,
            };
            let before = desk.trade.clone();
            let told = event.clone();
            let _ = desk.handle(event);
            desk.trade.take_moves();
            let (from, to) = (before.state(), desk.state());

            prop_assert!(!we_present || desk.payments() == 0, "our code is paid by the customer");
            prop_assert_eq!(desk.trade.payload().is_some(), to == State::AwaitingPayer);
            prop_assert!(desk.payments() <= 1, "rule 2: paid {} times", desk.payments());
            prop_assert!(desk.voids() <= 1, "rule 2: voided {} times without a failure", desk.voids());
            prop_assert!(desk.trade.version() >= before.version());
            prop_assert_eq!(desk.trade.version() > before.version(), desk.trade != before, "a version per change");
            let is_fresh_answer = matches!(&told, Event::Status(version, answer) if *version == before.version()
                && !matches!(answer.status, GatewayStatus::Paid | GatewayStatus::Unclear));
            if from == State::Paid {
                let given_back = matches!(&told, Event::Status(_, answer) if answer.status == GatewayStatus::Voided);
                let corrected = before.decided_by_person() && before.proposal().is_some() && is_fresh_answer;
                let may = matches!(to, State::Paid | State::Voiding) || (given_back && matches!(to, State::Reversed | State::Voided)) || corrected;
                prop_assert!(may, "rule 4: {:?} on {:?}", to, told);
            }
            if desk.trade.decided_by_person() && desk.trade.decided_by_names() != before.decided_by_names() {
                let names = desk.trade.decided_by_names();
                prop_assert!(names != [CASHIER], "rule 43: an own charge was decided alone");
            }
            if from.risk() == Risk::Possible && to.risk() == Risk::Closed {
                let word = matches!(&told, Event::Verdict(_) | Event::PayAnswered(PayAnswer::Refused(_)))
                    || matches!(&told, Event::Status(version, answer) if *version == before.version()
                        && matches!(answer.status, GatewayStatus::Failed(_) | GatewayStatus::Closed | GatewayStatus::Voided));
                prop_assert!(word, "rule 5: {:?} to {:?} on {:?}", from, to, told);
            }
            let row: Trade = serde_json::from_str(&serde_json::to_string(&desk.trade).unwrap()).unwrap();
            prop_assert_eq!(&row, &desk.trade, "rule 10: a row that is read back is the same");
        }
    }

    /// Once the gateway answers again, no trade stays open.
    #[test]
    fn rule_13_a_trade_settles_once_faults_stop(
        steps in prop::collection::vec((any_event(), 0..20_000_u64), 1..40),
        can_cancel in any::<bool>(),
        paid in any::<bool>(),
        we_present in any::<bool>(),
    ) {
        let mut desk = if we_present { TradeHarness::new(CodeMode::MerchantPresented) } else { TradeHarness::new(CodeMode::ConsumerPresented) };
        desk.policy.can_cancel = can_cancel;
        for (event, later) in steps {
            desk.now += later;
            let event = match event {
                Event::Status(age, answer) => Event::Status(desk.trade.version().saturating_sub(age), answer),
                other => other,
            };
            let _ = desk.handle(event);
        }
        let budget = desk.now + desk.policy.terminal_silent_ms + 2 * desk.policy.deadline_ms + desk.policy.cancel_deadline_ms + desk.policy.void_deadline_ms + desk.policy.review_check_max_ms;
        while desk.now < budget {
            let asked = desk.queries();
            desk.now += 500;
            let _ = desk.handle(Event::Tick);
            if desk.queries() > asked {
                let word = match desk.state() {
                    State::Voiding | State::VoidUnknown | State::VoidReview => GatewayStatus::Voided,
                    _ if paid => GatewayStatus::Paid,
                    _ => GatewayStatus::Failed(Reason::Other),
                };
                desk.status(word);
            }
            if desk.count(|send| *send == GatewayRequest::Cancel) > 0 && desk.state() == State::Cancelling {
                desk.tell(Event::CancelAnswered(if paid { CancelAnswer::TooLate } else { CancelAnswer::Closed }));
            }
        }
        prop_assert!(
            matches!(desk.state(), State::Paid | State::Declined | State::Cancelled | State::Expired | State::Abandoned | State::Voided | State::LateSuccess | State::Reversed),
            "open for ever: {:?}", desk.state()
        );
    }
}

#[test]
fn rule_50_a_question_that_waits_for_its_turn_has_not_begun_and_delays_no_deadline() {
    for mut desk in [TradeHarness::paying(), TradeHarness::shown()] {
        desk.in_turn = true;
        let deadline = desk.trade.deadline_ms().unwrap();
        let due = desk.trade.query_due_ms(&desk.policy).unwrap();
        assert_eq!(desk.wakes(), Some(due), "the query is due first");
        let stored = desk.trade.clone();
        for event in [Event::Tick, Event::TerminalSeen] {
            desk.now = due;
            desk.tell(event);
            assert_eq!(desk.trade, stored, "nothing to store, and nothing begun");
        }
        desk.tell(Event::Turn);
        assert_eq!(desk.queries(), 1);
        assert!(desk.trade.differs_only_in_queries(&stored));

        // No answer comes, and no turn: the deadline comes all the same.
        desk.policy.can_cancel = false;
        while desk.state().risk() == Risk::Possible && desk.state() != State::NeedsReview {
            let moves = desk.trade.move_due_ms(&desk.policy).unwrap();
            assert!(moves <= deadline.max(desk.now), "{:?}", desk.state());
            desk.at(moves);
        }
        assert_eq!(desk.state(), State::NeedsReview);
        assert_eq!(desk.queries(), 1);
        assert!(!desk.trade.differs_only_in_queries(&stored));
    }
}

#[test]
fn rule_50_an_answer_begins_no_question_and_a_person_waits_for_no_turn() {
    let mut desk = TradeHarness::paying();
    desk.in_turn = true;
    desk.now = desk.trade.query_due_ms(&desk.policy).unwrap();
    desk.tell(Event::Turn);
    // The answer takes longer than the pause between questions.
    desk.now += 2 * desk.policy.poll_ms;
    desk.status(GatewayStatus::Pending);
    assert_eq!(desk.queries(), 1);
    assert!(desk.trade.query_due_ms(&desk.policy) <= Some(desk.now));
    desk.tell(Event::Turn);
    assert_eq!(desk.queries(), 2);
    desk.status(GatewayStatus::Pending);

    desk.now += 2 * desk.policy.poll_ms;
    desk.tell(Event::Refresh);
    assert_eq!(desk.queries(), 3);

    let mut restarted = TradeHarness::paying();
    restarted.in_turn = true;
    restarted.tell(Event::Restarted);
    assert_eq!(restarted.queries(), 0, "a start causes no burst");
    restarted.tell(Event::Turn);
    assert_eq!(restarted.queries(), 1);
}
