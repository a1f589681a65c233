//! Does the counter keep the page's rules? One test per rule, on the machine of a charge alone.
#![allow(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    missing_docs,
    reason = "a test says where it stopped"
)]

use kaunter_core::policy::{Ms, Policy};
use kaunter_core::till::{
    Charge, ChargeEvent, ChargeStep, End, Fault, Hint, OldRecord, Phase, Plan, Record,
};
use kaunter_core::wire::{CodeMode, ProblemCode, Reason, SaleInput, Status, TradeView};
use kaunter_model::harness::ChargeHarness;
use kaunter_model::sample::{self, sale, show};

fn trade(trade_id: &str, status: Status, version: u64) -> TradeView {
    sample::view(trade_id, CodeMode::ConsumerPresented, status, version)
}

/// A trade in which we present the code.
fn ours(status: Status, version: u64) -> TradeView {
    sample::view("T", CodeMode::MerchantPresented, status, version)
}

fn record(handed_over: bool) -> Record {
    Record {
        key: "key".to_owned(),
        sale: sale().into(),
        wallet_id: "21".to_owned(),
        trade_id: Some("T".to_owned()),
        handed_over,
        mode: CodeMode::ConsumerPresented,
    }
}

fn hint(wallet: Option<&str>, official: bool) -> Hint {
    Hint {
        wallet: wallet.map(str::to_owned),
        official,
    }
}

/// A charge in which the customer presents the code.
fn start(wallet: Option<&str>, code: Option<Hint>) -> ChargeHarness {
    ChargeHarness::new(CodeMode::ConsumerPresented, wallet, code)
}

#[test]
fn late_money_is_reported_although_an_older_answer_to_the_cancel_says_closed() {
    let mut counter = ChargeHarness::handing();
    counter
        .tell(ChargeEvent::HandedOver(Err(Fault::NoAnswer)))
        .tell(ChargeEvent::Cancel)
        .tell(ChargeEvent::StatusReplied(Ok(trade(
            "T",
            Status::AwaitingCode,
            1,
        ))));
    assert_eq!(counter.charge.phase(), Phase::Abandoning);
    let late = trade("T", Status::LateSuccess, 5);
    counter
        .tell(ChargeEvent::StatusReplied(Ok(late.clone())))
        .tell(ChargeEvent::CancelReplied(Ok(trade(
            "T",
            Status::Cancelled,
            4,
        ))));
    assert_eq!(counter.end(), Some(&End::Known(Box::new(late))));
    assert_eq!(
        counter.count(|step| matches!(step, ChargeStep::Forget(_))),
        0
    );
}

#[test]
fn rule_3_nothing_is_created_or_handed_over_before_the_journal_has_it() {
    let mut counter = start(Some("21"), Some(hint(None, false)));
    assert!(
        matches!(&counter.steps[..], [ChargeStep::Journal(record)] if record.trade_id.is_none())
    );
    counter.tell(ChargeEvent::Journalled);
    assert!(
        matches!(counter.steps.last(), Some(ChargeStep::Create(new)) if new.idempotency_key == "key")
    );
    counter.tell(ChargeEvent::Created(Ok(trade(
        "T",
        Status::AwaitingCode,
        1,
    ))));
    assert!(
        matches!(counter.steps.last(), Some(ChargeStep::Journal(record)) if record.handed_over)
    );
    assert_eq!(counter.hand_overs(), 0);
    counter.tell(ChargeEvent::Journalled);
    assert_eq!(
        counter.steps.last(),
        Some(&ChargeStep::HandOver("T".to_owned()))
    );
}

#[test]
fn without_a_wallet_the_code_or_the_cashier_names_it() {
    let mut known = start(None, None);
    assert_eq!(known.steps, [ChargeStep::Scan]);
    known.tell(ChargeEvent::Scanned(hint(Some("23"), false)));
    assert!(
        matches!(known.steps.last(), Some(ChargeStep::Journal(record)) if record.wallet_id == "23")
    );

    let mut unknown = start(None, None);
    unknown.tell(ChargeEvent::Scanned(hint(None, false)));
    assert_eq!(unknown.steps.last(), Some(&ChargeStep::Pick));
    unknown.tell(ChargeEvent::Picked(Some("25".to_owned())));
    assert!(
        matches!(unknown.steps.last(), Some(ChargeStep::Journal(record)) if record.wallet_id == "25")
    );

    let mut nobody = start(None, Some(hint(None, false)));
    nobody.tell(ChargeEvent::Picked(None));
    assert_eq!(nobody.end(), Some(&End::NoWallet));
}

#[test]
fn rule_33_a_charge_without_an_amount_learns_it_from_its_trade_and_never_states_it() {
    let unstated = SaleInput {
        amount: None,
        ..sale().into()
    };
    let plan = Plan {
        sale: unstated.clone(),
        mode: CodeMode::ConsumerPresented,
        wallet: Some("21".to_owned()),
        code: None,
        keys: ["key".to_owned(), "spare".to_owned()],
    };
    let mut counter = ChargeHarness::of(Charge::new(plan, Policy::default().page()));
    assert_eq!(counter.charge.record().sale, unstated);
    counter
        .tell(ChargeEvent::Journalled)
        .tell(ChargeEvent::Created(Ok(trade(
            "T",
            Status::AwaitingCode,
            1,
        ))))
        .tell(ChargeEvent::Scanned(hint(Some("23"), true)));
    assert_eq!(counter.charge.record().sale, sale().into());
    // The code is another wallet's. Meanwhile the shop's server may have registered another amount.
    counter
        .tell(ChargeEvent::CancelReplied(Ok(trade(
            "T",
            Status::Cancelled,
            2,
        ))))
        .tell(ChargeEvent::Journalled)
        .tell(ChargeEvent::Created(Ok(trade(
            "U",
            Status::AwaitingCode,
            1,
        ))));
    let stated: Vec<_> = counter
        .steps
        .iter()
        .filter_map(|step| match step {
            ChargeStep::Create(new) => Some(&new.sale),
            _ => None,
        })
        .collect();
    assert_eq!(stated, [&unstated, &unstated]);
    let journalled: Vec<_> = counter
        .steps
        .iter()
        .filter_map(|step| match step {
            ChargeStep::Journal(record) => Some(record.sale.amount.is_some()),
            _ => None,
        })
        .collect();
    assert_eq!(
        journalled,
        [false, false, true],
        "the hand-over's row has it"
    );
}

#[test]
fn rule_28_a_code_that_is_officially_another_wallets_gets_a_trade_of_its_own() {
    let mut counter = ChargeHarness::ready();
    counter.tell(ChargeEvent::Scanned(hint(Some("23"), true)));
    assert_eq!(
        counter.steps.last(),
        Some(&ChargeStep::Cancel("T".to_owned())),
        "the wrong trade is left"
    );
    counter.tell(ChargeEvent::CancelReplied(Ok(trade(
        "T",
        Status::Cancelled,
        2,
    ))));
    counter
        .tell(ChargeEvent::Journalled)
        .tell(ChargeEvent::Created(Ok(trade(
            "U",
            Status::AwaitingCode,
            1,
        ))))
        .tell(ChargeEvent::Journalled);
    assert_eq!(
        counter.steps.last(),
        Some(&ChargeStep::HandOver("U".to_owned()))
    );
    let keys: Vec<_> = counter
        .steps
        .iter()
        .filter_map(|step| match step {
            ChargeStep::Create(new) => Some(new.idempotency_key.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(keys, ["key", "spare"]);

    let mut folklore = ChargeHarness::ready();
    folklore
        .tell(ChargeEvent::Scanned(hint(Some("23"), false)))
        .tell(ChargeEvent::Journalled);
    assert_eq!(
        folklore.hand_overs(),
        1,
        "a guess does not overrule the cashier's choice"
    );
}

#[test]
fn a_late_reply_about_the_abandoned_trade_does_not_change_the_next_one() {
    let mut counter = ChargeHarness::ready();
    counter
        .tell(ChargeEvent::Scanned(hint(Some("23"), true)))
        .tell(ChargeEvent::CancelReplied(Ok(trade(
            "T",
            Status::Cancelled,
            8,
        ))))
        .tell(ChargeEvent::StatusReplied(Ok(trade(
            "T",
            Status::AwaitingCode,
            7,
        ))))
        .tell(ChargeEvent::Journalled)
        .tell(ChargeEvent::Created(Ok(trade(
            "U",
            Status::AwaitingCode,
            2,
        ))))
        .tell(ChargeEvent::Journalled)
        .tell(ChargeEvent::CancelReplied(Ok(trade(
            "T",
            Status::Cancelled,
            8,
        ))))
        .tell(ChargeEvent::HandedOver(Ok(trade("U", Status::Paid, 4))));
    let paid = trade("U", Status::Paid, 4);
    assert_eq!(counter.end(), Some(&End::Known(Box::new(paid))));
}

#[test]
fn rule_1_charges_of_busy_and_paid_sales_end_at_once_with_the_trade_that_holds_them() {
    for code in [ProblemCode::SaleBusy, ProblemCode::SalePaid] {
        let mut counter = start(Some("21"), None);
        let other = Box::new(trade("O", Status::Pending, 7));
        counter
            .tell(ChargeEvent::Journalled)
            .tell(ChargeEvent::Created(Err(Fault::Problem(
                code,
                Some(other.clone()),
            ))));
        assert_eq!(
            counter.end(),
            Some(&End::Refused(code, Some(other.clone())))
        );
        let closed = match code {
            ProblemCode::SaleBusy => ChargeStep::Yield("key".to_owned(), Record::of(&other)),
            _ => ChargeStep::Forget("key".to_owned()),
        };
        assert!(counter.steps.contains(&closed), "{code:?}");
    }
}

#[test]
fn a_sale_that_another_till_still_scans_for_leaves_no_record() {
    let mut counter = start(Some("21"), None);
    let other = Box::new(trade("O", Status::AwaitingCode, 1));
    let busy = Fault::Problem(ProblemCode::SaleBusy, Some(other));
    counter
        .tell(ChargeEvent::Journalled)
        .tell(ChargeEvent::Created(Err(busy)));
    assert!(
        counter
            .steps
            .contains(&ChargeStep::Forget("key".to_owned()))
    );
}

#[test]
fn rule_30_a_follower_never_closes_another_tills_trade() {
    let watch = || {
        let scanning = Record {
            handed_over: false,
            ..record(false)
        };
        ChargeHarness::of(Charge::follow(scanning, Policy::default().page(), 0))
    };
    let awaiting =
        |version| ChargeEvent::StatusReplied(Ok(trade("T", Status::AwaitingCode, version)));
    let mut watcher = watch();
    // This takes longer than a promise waits: the other till's customer is searching for the phone.
    for version in 1..=200 {
        watcher.tell(awaiting(version));
        watcher.now += 2_000;
        watcher.tell(ChargeEvent::Tick);
    }
    let cancels = |counter: &ChargeHarness| {
        let cancel = |step: &&ChargeStep| matches!(step, ChargeStep::Cancel(_));
        counter.steps.iter().filter(cancel).count()
    };
    assert_eq!((cancels(&watcher), watcher.end()), (0, None));
    let paid = trade("T", Status::Paid, 900);
    watcher.tell(ChargeEvent::StatusReplied(Ok(paid.clone())));
    assert_eq!(watcher.end(), Some(&End::Known(Box::new(paid))));

    let mut asked = watch();
    asked.tell(awaiting(1)).tell(ChargeEvent::Cancel);
    assert_eq!(cancels(&asked), 1, "a cashier who says so closes it");
}

#[test]
fn an_unavailable_store_is_reported_and_the_code_goes_again_once_it_is_back() {
    let mut counter = ChargeHarness::handing();
    let refused = Fault::Problem(ProblemCode::StoreUnavailable, None);
    counter.tell(ChargeEvent::HandedOver(Err(refused)));
    let notice = ChargeStep::Notice(ProblemCode::StoreUnavailable);
    assert!(counter.steps.contains(&notice), "the cashier is told why");
    assert_eq!((counter.hand_overs(), counter.end()), (1, None));
    counter.now += 2_000;
    counter
        .tell(ChargeEvent::Tick)
        .tell(ChargeEvent::StatusReplied(Ok(trade(
            "T",
            Status::AwaitingCode,
            1,
        ))));
    assert_eq!(counter.hand_overs(), 2, "the same code, to the same trade");
}

#[test]
fn rule_31_a_creation_without_an_answer_is_repeated_with_the_same_key_and_then_given_up() {
    let mut counter = start(Some("21"), None);
    counter.tell(ChargeEvent::Journalled);
    for _ in 0..3 {
        counter.tell(ChargeEvent::Created(Err(Fault::NoAnswer)));
        counter.now += 2_000;
        counter.tell(ChargeEvent::Tick);
    }
    let keys: Vec<_> = counter
        .steps
        .iter()
        .filter_map(|step| match step {
            ChargeStep::Create(new) => Some(new.idempotency_key.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(keys, ["key"; 3]);
    assert_eq!(counter.end(), Some(&End::Unreachable));
}

#[test]
fn rule_10_after_a_reload_a_code_is_never_handed_over() {
    for status in [
        Status::AwaitingCode,
        Status::Paying,
        Status::Pending,
        Status::Unknown,
    ] {
        let mut counter = ChargeHarness::resume(record(true));
        assert_eq!(counter.steps, [ChargeStep::Ask("T".to_owned())]);
        counter.tell(ChargeEvent::Scanned(hint(None, false)));
        counter.tell(ChargeEvent::StatusReplied(Ok(trade("T", status, 1))));
        counter.tell(ChargeEvent::Journalled);
        assert_eq!(counter.hand_overs(), 0, "{status:?}");
    }
    let mut open = ChargeHarness::resume(record(false));
    open.tell(ChargeEvent::StatusReplied(Ok(trade(
        "T",
        Status::AwaitingCode,
        1,
    ))));
    assert_eq!(
        open.steps.last(),
        Some(&ChargeStep::Cancel("T".to_owned())),
        "its code is gone: close the trade, and scan again"
    );
}

#[test]
fn rule_29_a_trade_that_the_backend_forgot_is_unconfirmed_once_a_code_was_handed_over() {
    let forgotten =
        || ChargeEvent::StatusReplied(Err(Fault::Problem(ProblemCode::TradeNotFound, None)));
    let mut handed = ChargeHarness::resume(record(true));
    handed.tell(forgotten());
    assert_eq!(handed.end(), Some(&End::Unconfirmed(None, "T".to_owned())));
    assert!(
        !handed
            .steps
            .iter()
            .any(|step| matches!(step, ChargeStep::Forget(_))),
        "the journal keeps it"
    );
    let mut bare = ChargeHarness::resume(record(false));
    bare.tell(forgotten());
    assert_eq!(
        bare.end(),
        Some(&End::Refused(ProblemCode::TradeNotFound, None))
    );
}

#[test]
fn rule_36_a_till_that_was_signed_out_ends_at_once_and_claims_nothing() {
    let signed_out = || Fault::Problem(ProblemCode::TokenRevoked, None);
    let revoked = || ChargeEvent::StatusReplied(Err(signed_out()));
    let mut handed = ChargeHarness::resume(record(true));
    handed.tell(revoked());
    assert_eq!(handed.end(), Some(&End::Unconfirmed(None, "T".to_owned())));
    let forgets = |step: &ChargeStep| matches!(step, ChargeStep::Forget(_));
    assert_eq!(handed.count(forgets), 0, "the next page asks about it");

    let refused = Some(&End::Refused(ProblemCode::TokenRevoked, None));
    let mut scanning = ChargeHarness::ready();
    scanning.tell(revoked());
    assert_eq!(scanning.end(), refused, "no code has left");
    let mut handing = ChargeHarness::handing();
    handing.tell(ChargeEvent::HandedOver(Err(signed_out())));
    assert_eq!(handing.end(), refused, "refused before anything left");

    let mut again = ChargeHarness::handing();
    again
        .tell(ChargeEvent::HandedOver(Err(Fault::NoAnswer)))
        .tell(revoked());
    let end = again.end().expect("nobody is asked any more");
    assert!(
        matches!(end, End::Unconfirmed(..)),
        "the code may have arrived: {end:?}"
    );
}

#[test]
fn rule_29_an_abort_abandons_the_trade_before_the_hand_over_and_requests_a_cancel_after_it() {
    let mut before = ChargeHarness::ready();
    before
        .tell(ChargeEvent::Cancel)
        .tell(ChargeEvent::CancelReplied(Ok(trade(
            "T",
            Status::Cancelled,
            2,
        ))));
    assert_eq!(
        (before.hand_overs(), before.end()),
        (0, Some(&End::Aborted))
    );

    let mut after = ChargeHarness::handing();
    after
        .tell(ChargeEvent::Cancel)
        .tell(ChargeEvent::HandedOver(Ok(trade("T", Status::Paying, 2))));
    assert_eq!(
        after.steps.last(),
        Some(&ChargeStep::Cancel("T".to_owned()))
    );
    assert_eq!(after.end(), None, "the wait goes on");
    let refused = Fault::Problem(
        ProblemCode::TradeNotCancellable,
        Some(Box::new(trade("T", Status::Pending, 3))),
    );
    after.tell(ChargeEvent::CancelReplied(Err(refused)));
    assert_eq!(
        after.steps.last(),
        Some(&ChargeStep::Notice(ProblemCode::TradeNotCancellable))
    );
    after.now = 2_000;
    after
        .tell(ChargeEvent::Tick)
        .tell(ChargeEvent::StatusReplied(Ok(trade("T", Status::Paid, 4))));
    assert!(matches!(after.end(), Some(End::Known(trade)) if trade.status == Status::Paid));
}

#[test]
fn rule_7_the_first_code_counts_and_no_code_counts_if_we_present() {
    let mut counter = start(None, None);
    counter
        .tell(ChargeEvent::Scanned(hint(Some("23"), true)))
        .tell(ChargeEvent::Scanned(hint(Some("25"), true)))
        .tell(ChargeEvent::Journalled)
        .tell(ChargeEvent::Created(Ok(trade(
            "T",
            Status::AwaitingCode,
            1,
        ))))
        .tell(ChargeEvent::Journalled);
    assert_eq!(
        counter.steps.last(),
        Some(&ChargeStep::HandOver("T".to_owned()))
    );

    // No backend sends this status for such a trade. Even then, no code of the customer leaves.
    let mut ours_only = ChargeHarness::presenting();
    ours_only
        .tell(ChargeEvent::Created(Ok(ours(Status::AwaitingCode, 1))))
        .tell(ChargeEvent::Scanned(hint(None, false)))
        .tell(ChargeEvent::Journalled);
    assert_eq!(
        (ours_only.charge.phase(), ours_only.hand_overs()),
        (Phase::Ready, 0)
    );
}

#[test]
fn a_repeated_hand_over_that_is_refused_is_asked_about() {
    let mut counter = ChargeHarness::handing();
    counter.tell(ChargeEvent::HandedOver(Ok(trade(
        "T",
        Status::AwaitingCode,
        2,
    ))));
    counter.now = 2_000;
    counter
        .tell(ChargeEvent::Tick)
        .tell(ChargeEvent::StatusReplied(Ok(trade(
            "T",
            Status::AwaitingCode,
            2,
        ))));
    assert_eq!(counter.hand_overs(), 2);
    // The first hand-over may have arrived after all. Only the trade's status shows it.
    let taken = Fault::Problem(ProblemCode::TradeHasCode, None);
    counter.tell(ChargeEvent::HandedOver(Err(taken)));
    assert_eq!(
        (counter.end(), counter.steps.last()),
        (None, Some(&ChargeStep::Ask("T".to_owned())))
    );
}

#[test]
fn the_first_query_leaves_two_seconds_after_the_answer_that_calls_for_it() {
    let creating = |status| {
        let mut counter = start(Some("21"), Some(hint(None, false)));
        counter.tell(ChargeEvent::Journalled).now = 1_000;
        counter.tell(ChargeEvent::Created(Ok(trade("T", status, 1))));
        counter
    };
    let handed = |reply| {
        let mut counter = ChargeHarness::handing();
        counter.now = 1_000;
        counter.tell(ChargeEvent::HandedOver(reply));
        counter
    };
    let found = || {
        let mut counter = ChargeHarness::ready();
        counter.now = 1_000;
        counter.tell(ChargeEvent::StatusReplied(Ok(trade(
            "T",
            Status::Paying,
            2,
        ))));
        counter
    };
    let unseen = || {
        let mut counter = ChargeHarness::presenting();
        counter.tell(ChargeEvent::Cancel).now = 1_000;
        counter.tell(ChargeEvent::Created(Ok(ours(Status::AwaitingPayer, 2))));
        counter
    };
    let counters = [
        creating(Status::Creating),
        creating(Status::Paying),
        handed(Ok(trade("T", Status::Pending, 2))),
        handed(Err(Fault::NoAnswer)),
        found(),
        unseen(),
    ];
    for mut counter in counters {
        let asks =
            |counter: &ChargeHarness| counter.count(|step| matches!(step, ChargeStep::Ask(_)));
        counter.now = 2_999;
        counter.tell(ChargeEvent::Tick);
        assert_eq!(asks(&counter), 0, "{:?}", counter.steps);
        counter.now = 3_000;
        counter.tell(ChargeEvent::Tick);
        assert_eq!(asks(&counter), 1, "{:?}", counter.steps);
    }
}

#[test]
fn only_a_code_from_another_terminal_ends_the_scan() {
    let mut counter = ChargeHarness::ready();
    let stops = |counter: &ChargeHarness| counter.count(|step| *step == ChargeStep::StopScan);
    counter.tell(ChargeEvent::StatusReplied(Ok(trade(
        "T",
        Status::AwaitingCode,
        2,
    ))));
    assert_eq!((counter.charge.phase(), stops(&counter)), (Phase::Ready, 0));
    counter.tell(ChargeEvent::StatusReplied(Ok(trade(
        "T",
        Status::Paying,
        3,
    ))));
    assert_eq!(
        (counter.charge.phase(), stops(&counter)),
        (Phase::Watching, 1)
    );
}

#[test]
fn the_patience_for_a_customers_own_code_is_not_renewed() {
    let mut counter = ChargeHarness::handing();
    counter.now = 100_000;
    counter.tell(ChargeEvent::HandedOver(Ok(trade("T", Status::Pending, 2))));
    counter.now = 119_999;
    counter.tell(ChargeEvent::Tick);
    assert_eq!(counter.end(), None);
    counter.now = 120_000;
    counter.tell(ChargeEvent::Tick);
    assert!(matches!(counter.end(), Some(End::Unconfirmed(Some(_), trade_id)) if trade_id == "T"));
}

#[test]
fn a_requested_cancel_keeps_the_code_from_leaving_again() {
    let mut counter = ChargeHarness::handing();
    counter
        .tell(ChargeEvent::Cancel)
        .tell(ChargeEvent::HandedOver(Ok(trade(
            "T",
            Status::AwaitingCode,
            2,
        ))))
        .tell(ChargeEvent::StatusReplied(Ok(trade(
            "T",
            Status::AwaitingCode,
            3,
        ))));
    assert_eq!(
        (counter.hand_overs(), counter.charge.phase()),
        (1, Phase::Abandoning)
    );
}

#[test]
fn a_trade_that_can_no_longer_be_abandoned_is_followed_to_its_end() {
    let pending = || trade("T", Status::Pending, 5);
    let refused = Fault::Problem(ProblemCode::TradeNotCancellable, Some(Box::new(pending())));
    for reply in [Ok(pending()), Err(refused)] {
        let mut counter = ChargeHarness::ready();
        counter
            .tell(ChargeEvent::Cancel)
            .tell(ChargeEvent::CancelReplied(reply));
        assert_eq!(
            (counter.charge.phase(), counter.end()),
            (Phase::Watching, None)
        );
        let paid = trade("T", Status::Paid, 6);
        counter.tell(ChargeEvent::StatusReplied(Ok(paid.clone())));
        assert_eq!(counter.end(), Some(&End::Known(Box::new(paid))));
    }
    let mut closed = ChargeHarness::ready();
    let gone = Box::new(trade("T", Status::Cancelled, 5));
    let refused = Fault::Problem(ProblemCode::TradeClosed, Some(gone));
    closed
        .tell(ChargeEvent::Cancel)
        .tell(ChargeEvent::CancelReplied(Err(refused)));
    assert_eq!(closed.end(), Some(&End::Aborted));
}

#[test]
fn an_abort_while_the_trade_is_created_abandons_it_as_soon_as_it_exists() {
    let mut counter = start(Some("21"), Some(hint(None, false)));
    counter
        .tell(ChargeEvent::Journalled)
        .tell(ChargeEvent::Cancel)
        .tell(ChargeEvent::Created(Ok(trade(
            "T",
            Status::AwaitingCode,
            1,
        ))));
    assert_eq!(
        (counter.charge.phase(), counter.steps.last()),
        (Phase::Abandoning, Some(&ChargeStep::Cancel("T".to_owned())))
    );
}

#[test]
fn an_abort_before_the_journal_has_the_trade_creates_nothing() {
    let mut counter = start(Some("21"), None);
    counter
        .tell(ChargeEvent::Cancel)
        .tell(ChargeEvent::Journalled);
    assert_eq!(
        counter.count(|step| matches!(step, ChargeStep::Create(_))),
        0
    );
    assert_eq!(counter.end(), Some(&End::Aborted));
    assert!(
        counter
            .steps
            .contains(&ChargeStep::Forget("key".to_owned()))
    );
}

#[test]
fn an_abort_while_the_journal_is_written_hands_nothing_over() {
    let mut customer = ChargeHarness::ready();
    customer
        .tell(ChargeEvent::Scanned(hint(None, false)))
        .tell(ChargeEvent::Cancel)
        .tell(ChargeEvent::Journalled);
    assert_eq!(
        (customer.hand_overs(), customer.charge.phase()),
        (0, Phase::Abandoning)
    );
    // The journal says that the code left, so only the backend's answer ends the charge.
    let mut closed = ChargeHarness::of(customer.charge.clone());
    let cancelled = trade("T", Status::Cancelled, 2);
    closed.tell(ChargeEvent::CancelReplied(Ok(cancelled.clone())));
    assert_eq!(closed.end(), Some(&End::Known(Box::new(cancelled))));
    customer.tell(ChargeEvent::CancelReplied(Err(Fault::NoAnswer)));
    assert!(matches!(customer.end(), Some(End::Unconfirmed(Some(_), trade_id)) if trade_id == "T"));
}

#[test]
fn a_trade_that_a_reload_closes_ends_as_the_backend_says_or_as_aborted() {
    let left = |reply| {
        let mut counter = ChargeHarness::resume(record(false));
        counter
            .tell(ChargeEvent::StatusReplied(Ok(trade(
                "T",
                Status::AwaitingCode,
                1,
            ))))
            .tell(ChargeEvent::CancelReplied(reply));
        counter.end().cloned()
    };
    let cancelled = trade("T", Status::Cancelled, 2);
    assert_eq!(
        left(Ok(cancelled.clone())),
        Some(End::Known(Box::new(cancelled)))
    );
    assert_eq!(left(Err(Fault::NoAnswer)), Some(End::Aborted));
}

#[test]
fn only_a_running_scan_is_stopped() {
    let stops = |counter: &ChargeHarness| counter.count(|step| *step == ChargeStep::StopScan);
    let mut scanning = start(None, None);
    scanning.tell(ChargeEvent::Cancel);
    assert_eq!(stops(&scanning), 1);

    let paid = || ChargeEvent::StatusReplied(Ok(trade("T", Status::Paid, 9)));
    let mut watching = ChargeHarness::resume(record(true));
    watching.tell(paid());
    assert_eq!((watching.end().is_some(), stops(&watching)), (true, 0));

    let mut scanned = start(Some("21"), Some(hint(None, false)));
    scanned
        .tell(ChargeEvent::Journalled)
        .tell(ChargeEvent::Created(Err(Fault::NoToken)));
    assert_eq!((scanned.end(), stops(&scanned)), (Some(&End::NoToken), 0));
}

#[test]
fn rule_11_a_lost_answer_to_the_hand_over_is_asked_about_every_two_seconds() {
    let mut counter = ChargeHarness::handing();
    counter.tell(ChargeEvent::HandedOver(Err(Fault::NoAnswer)));
    for second in 1..=20 {
        counter.now = second * 1_000;
        counter.tell(ChargeEvent::Tick);
        if second % 2 == 0 {
            counter.tell(ChargeEvent::StatusReplied(Err(Fault::NoAnswer)));
        }
    }
    let asks = counter
        .steps
        .iter()
        .filter(|step| matches!(step, ChargeStep::Ask(_)))
        .count();
    assert_eq!((asks, counter.hand_overs()), (10, 1));
    // Time is up, and perhaps the code never arrived. A cancel would make sure.
    // Without an answer to the cancel, the outcome is open.
    counter.now = 10_000_000;
    counter.tell(ChargeEvent::Tick);
    assert_eq!(
        (counter.end(), counter.steps.last()),
        (None, Some(&ChargeStep::Cancel("T".to_owned())))
    );
    let mut closed = ChargeHarness::of(counter.charge.clone());
    let cancelled = trade("T", Status::Cancelled, 3);
    closed.tell(ChargeEvent::CancelReplied(Ok(cancelled.clone())));
    assert_eq!(closed.end(), Some(&End::Known(Box::new(cancelled))));
    counter.tell(ChargeEvent::CancelReplied(Err(Fault::NoAnswer)));
    assert_eq!(
        counter.end(),
        Some(&End::Unconfirmed(
            Some(Box::new(trade("T", Status::AwaitingCode, 1))),
            "T".to_owned()
        ))
    );
}

#[test]
fn rule_51_a_page_looks_at_the_pace_that_the_backend_asks_for() {
    let mut counter = ChargeHarness::handing();
    counter.tell(ChargeEvent::HandedOver(Ok(trade("T", Status::Pending, 2))));
    counter.now = 2_000;
    counter.tell(ChargeEvent::Tick);
    let answered = |counter: &mut ChargeHarness, pace_ms, version| {
        let pending = trade("T", Status::Pending, version);
        counter.tell(ChargeEvent::Paced(pace_ms));
        counter.tell(ChargeEvent::StatusReplied(Ok(pending)));
        counter.wakes()
    };
    // From the start of that look, and not from its answer.
    counter.now = 2_300;
    assert_eq!(answered(&mut counter, 5_000, 3), Some(7_000));
    assert_eq!(answered(&mut counter, Ms::MAX, 4), Some(12_000), "bounded");
    assert_eq!(
        answered(&mut counter, 1, 5),
        Some(4_000),
        "no faster than the policy"
    );
    counter.now = 4_000;
    counter.tell(ChargeEvent::Tick);
    assert_eq!(answered(&mut counter, 5_000, 6), Some(9_000));
    assert_eq!(answered(&mut counter, 0, 7), Some(6_000), "as usual again");
}

#[test]
fn rule_51_a_page_that_reports_that_it_is_there_keeps_its_own_pace() {
    let mut counter = ChargeHarness::ready();
    let heartbeat = counter.wakes();
    counter.tell(ChargeEvent::Paced(5_000));
    assert_eq!(counter.wakes(), heartbeat);
}

#[test]
fn rule_51_a_sale_that_is_refused_for_now_is_sent_again_with_its_key_and_the_cashier_learns_it() {
    let mut counter = ChargeHarness::presenting();
    let refused = || ChargeEvent::Created(Err(Fault::Problem(ProblemCode::Overloaded, None)));
    for _ in 0..2 {
        counter.tell(refused());
        assert_eq!(
            counter.steps.last(),
            Some(&ChargeStep::Notice(ProblemCode::Overloaded))
        );
        counter.now = counter.wakes().unwrap();
        counter.tell(ChargeEvent::Tick);
    }
    let keys: Vec<_> = counter
        .steps
        .iter()
        .filter_map(|step| match step {
            ChargeStep::Create(new) => Some(new.idempotency_key.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(keys, vec![keys[0]; 3]);
    counter.tell(refused());
    let refusal = End::Refused(ProblemCode::Overloaded, None);
    assert_eq!(counter.end(), Some(&refusal), "then the cashier decides");
}

#[test]
fn rule_8_a_reply_of_the_backend_that_is_not_newer_is_ignored() {
    let mut counter = ChargeHarness::handing();
    counter.tell(ChargeEvent::HandedOver(Ok(trade("T", Status::Pending, 5))));
    counter.tell(ChargeEvent::StatusReplied(Ok(trade(
        "T",
        Status::Declined,
        4,
    ))));
    counter.tell(ChargeEvent::StatusReplied(Ok(trade(
        "T",
        Status::Declined,
        5,
    ))));
    assert_eq!(counter.end(), None);
    assert_eq!(counter.charge.trade().unwrap().status, Status::Pending);
}

#[test]
fn a_scanning_page_calls_the_backend_every_thirty_seconds() {
    let mut counter = ChargeHarness::ready();
    counter.now = 29_999;
    counter.tell(ChargeEvent::Tick);
    assert!(!counter.steps.contains(&ChargeStep::Ask("T".to_owned())));
    counter.now = 30_000;
    counter.tell(ChargeEvent::Tick);
    assert_eq!(counter.steps.last(), Some(&ChargeStep::Ask("T".to_owned())));
}

#[test]
fn a_page_that_becomes_visible_asks_once_and_at_once() {
    let mut counter = ChargeHarness::handing();
    counter.tell(ChargeEvent::HandedOver(Ok(trade("T", Status::Pending, 2))));
    counter.now = 10;
    counter.tell(ChargeEvent::Woke).tell(ChargeEvent::Woke);
    let asks = counter
        .steps
        .iter()
        .filter(|step| matches!(step, ChargeStep::Ask(_)))
        .count();
    assert_eq!(asks, 1);
}

#[test]
fn rule_3_our_code_is_shown_after_the_journal_has_it_and_nothing_is_scanned() {
    let mut counter = ChargeHarness::presenting();
    assert!(
        matches!(counter.steps.last(), Some(ChargeStep::Create(new)) if new.mode == CodeMode::MerchantPresented)
    );
    counter.tell(ChargeEvent::Created(Ok(ours(Status::AwaitingPayer, 2))));
    assert!(
        matches!(counter.steps.last(), Some(ChargeStep::Journal(record)) if record.handed_over && record.trade_id.is_some())
    );
    assert_eq!(counter.shows(), 0);
    counter.tell(ChargeEvent::Journalled);
    assert_eq!(counter.steps.last(), Some(&ChargeStep::Show(show())));
    counter.tell(ChargeEvent::Scanned(hint(None, false)));
    assert_eq!(
        (
            counter.hand_overs(),
            counter.count(|step| *step == ChargeStep::Scan)
        ),
        (0, 0)
    );
}

#[test]
fn without_a_wallet_nothing_is_presented() {
    let plan = Plan {
        sale: sale().into(),
        mode: CodeMode::MerchantPresented,
        wallet: None,
        code: None,
        keys: ["key".to_owned(), "spare".to_owned()],
    };
    let counter = ChargeHarness::of(Charge::new(plan, Policy::default().page()));
    assert_eq!(counter.end(), Some(&End::NoWallet));
}

#[test]
fn while_our_code_is_shown_the_backend_is_asked_every_two_seconds() {
    let mut counter = ChargeHarness::shown();
    for second in 1..=20 {
        counter.now = second * 1_000;
        counter.tell(ChargeEvent::Tick);
        if second % 2 == 0 {
            counter.tell(ChargeEvent::StatusReplied(Ok(ours(
                Status::AwaitingPayer,
                2,
            ))));
        }
    }
    assert_eq!(
        (
            counter.count(|step| matches!(step, ChargeStep::Ask(_))),
            counter.shows()
        ),
        (10, 1)
    );
    counter.tell(ChargeEvent::StatusReplied(Ok(ours(Status::Paid, 3))));
    assert!(matches!(counter.end(), Some(End::Known(trade)) if trade.status == Status::Paid));
}

#[test]
fn the_code_of_a_slow_creation_is_shown_when_it_arrives() {
    let mut counter = ChargeHarness::presenting();
    counter.tell(ChargeEvent::Created(Ok(ours(Status::Creating, 1))));
    assert_eq!(counter.shows(), 0);
    counter.now = 2_000;
    counter
        .tell(ChargeEvent::Tick)
        .tell(ChargeEvent::StatusReplied(Ok(ours(
            Status::AwaitingPayer,
            2,
        ))));
    assert_eq!(counter.shows(), 0, "the journal first");
    counter.tell(ChargeEvent::Journalled);
    assert_eq!(
        (counter.shows(), counter.charge.phase()),
        (1, Phase::Watching)
    );
}

#[test]
fn after_a_reload_our_code_is_shown_again_while_its_payer_is_awaited() {
    let record = Record {
        mode: CodeMode::MerchantPresented,
        ..record(true)
    };
    for (status, shows) in [
        (Status::AwaitingPayer, 1),
        (Status::Pending, 0),
        (Status::Cancelling, 0),
    ] {
        let mut counter = ChargeHarness::resume(record.clone());
        assert_eq!(counter.steps, [ChargeStep::Ask("T".to_owned())]);
        counter.tell(ChargeEvent::StatusReplied(Ok(ours(status, 3))));
        counter.tell(ChargeEvent::StatusReplied(Ok(ours(status, 4))));
        assert_eq!(counter.shows(), shows, "{status:?}");
        counter.tell(ChargeEvent::StatusReplied(Ok(ours(Status::Paid, 5))));
        assert!(matches!(counter.end(), Some(End::Known(_))));
    }
    // The page was killed between the answer to the creation and the journal, so nobody saw the code.
    let mut lost = ChargeHarness::resume(Record {
        trade_id: None,
        handed_over: false,
        ..record
    });
    lost.tell(ChargeEvent::Tick);
    assert_eq!((lost.end(), lost.shows()), (Some(&End::Aborted), 0));
}

#[test]
fn an_abort_takes_our_code_down_by_a_cancel_that_is_repeated_until_it_is_answered() {
    let mut counter = ChargeHarness::shown();
    counter.tell(ChargeEvent::Cancel);
    assert_eq!(
        counter.steps.last(),
        Some(&ChargeStep::Cancel("T".to_owned()))
    );
    counter.tell(ChargeEvent::CancelReplied(Err(Fault::NoAnswer)));
    counter.now = 2_000;
    counter
        .tell(ChargeEvent::Tick)
        .tell(ChargeEvent::StatusReplied(Ok(ours(
            Status::AwaitingPayer,
            2,
        ))));
    let cancels =
        |counter: &ChargeHarness| counter.count(|step| matches!(step, ChargeStep::Cancel(_)));
    assert_eq!((cancels(&counter), counter.end()), (2, None));
    counter.tell(ChargeEvent::CancelReplied(Ok(ours(Status::Cancelling, 3))));
    counter.tell(ChargeEvent::StatusReplied(Ok(ours(Status::Cancelled, 4))));
    assert!(matches!(counter.end(), Some(End::Known(trade)) if trade.status == Status::Cancelled));

    let mut refused = ChargeHarness::shown();
    let no = Fault::Problem(
        ProblemCode::TradeNotCancellable,
        Some(Box::new(ours(Status::AwaitingPayer, 2))),
    );
    refused
        .tell(ChargeEvent::Cancel)
        .tell(ChargeEvent::CancelReplied(Err(no)));
    refused.now = 2_000;
    refused
        .tell(ChargeEvent::Tick)
        .tell(ChargeEvent::StatusReplied(Ok(ours(
            Status::AwaitingPayer,
            2,
        ))));
    assert_eq!(
        (cancels(&refused), refused.shows()),
        (1, 1),
        "the wait goes on"
    );
    assert!(
        refused
            .steps
            .contains(&ChargeStep::Notice(ProblemCode::TradeNotCancellable))
    );
}

#[test]
fn an_abort_before_our_code_was_shown_keeps_it_hidden() {
    let created = || ChargeEvent::Created(Ok(ours(Status::AwaitingPayer, 2)));
    let mut early = ChargeHarness::presenting();
    early.tell(ChargeEvent::Cancel).tell(created());
    let mut sealing = ChargeHarness::presenting();
    sealing.tell(created()).tell(ChargeEvent::Cancel);
    let mut slow = ChargeHarness::presenting();
    slow.tell(ChargeEvent::Cancel)
        .tell(ChargeEvent::Created(Ok(ours(Status::Creating, 1))));
    for mut counter in [early, sealing, slow] {
        assert_eq!(
            counter.steps.last(),
            Some(&ChargeStep::Cancel("T".to_owned()))
        );
        counter.tell(ChargeEvent::Journalled);
        counter.tell(ChargeEvent::StatusReplied(Ok(ours(
            Status::AwaitingPayer,
            2,
        ))));
        let no = Fault::Problem(
            ProblemCode::TradeNotCancellable,
            Some(Box::new(ours(Status::AwaitingPayer, 2))),
        );
        counter.tell(ChargeEvent::CancelReplied(Err(no)));
        counter.tell(ChargeEvent::StatusReplied(Ok(ours(
            Status::AwaitingPayer,
            2,
        ))));
        assert_eq!((counter.shows(), counter.end()), (0, None));
        counter.tell(ChargeEvent::StatusReplied(Ok(ours(Status::Cancelled, 3))));
        assert!(
            matches!(counter.end(), Some(End::Known(trade)) if trade.status == Status::Cancelled)
        );
    }
    // The answer to the cancel is lost. Nothing was shown, and the cancel is repeated.
    let mut unheard = ChargeHarness::presenting();
    unheard.tell(created()).tell(ChargeEvent::Cancel);
    unheard.tell(ChargeEvent::CancelReplied(Err(Fault::NoAnswer)));
    unheard.now = 2_000;
    unheard
        .tell(ChargeEvent::Tick)
        .tell(ChargeEvent::StatusReplied(Ok(ours(
            Status::AwaitingPayer,
            3,
        ))));
    let cancels = unheard.count(|step| matches!(step, ChargeStep::Cancel(_)));
    assert_eq!((cancels, unheard.shows(), unheard.end()), (2, 0, None));

    let mut never = ChargeHarness::presenting();
    never
        .tell(ChargeEvent::Cancel)
        .tell(ChargeEvent::Created(Err(Fault::NoAnswer)));
    assert_eq!(never.end(), Some(&End::Aborted));
}

#[test]
fn a_customers_scan_renews_the_wait_of_the_promise_once() {
    let mut counter = ChargeHarness::shown();
    counter.now = 119_000;
    counter.tell(ChargeEvent::StatusReplied(Ok(ours(Status::Pending, 3))));
    counter.now = 238_999;
    counter.tell(ChargeEvent::StatusReplied(Ok(ours(Status::Pending, 3))));
    counter.tell(ChargeEvent::Tick);
    assert_eq!(counter.end(), None);
    counter.now = 239_000;
    counter.tell(ChargeEvent::Tick);
    assert!(matches!(counter.end(), Some(End::Unconfirmed(Some(_), trade_id)) if trade_id == "T"));
}

#[test]
fn a_sale_that_another_trade_took_before_our_code_was_shown_is_busy() {
    let mut counter = ChargeHarness::presenting();
    let gone = TradeView {
        reason: Some(Reason::SaleBusy),
        ..ours(Status::Cancelled, 2)
    };
    counter.tell(ChargeEvent::Created(Ok(gone)));
    assert_eq!(
        counter.end(),
        Some(&End::Refused(ProblemCode::SaleBusy, None))
    );
    assert_eq!(counter.shows(), 0);
}

#[test]
fn the_record_of_another_tills_trade_says_whether_money_may_move() {
    for (status, may) in [
        (Status::Creating, false),
        (Status::AwaitingCode, false),
        (Status::AwaitingPayer, true),
        (Status::Paying, true),
        (Status::NeedsReview, true),
    ] {
        assert_eq!(
            Record::of(&trade("T", status, 1)).handed_over,
            may,
            "{status:?}"
        );
    }
}

#[test]
fn a_record_without_a_mode_is_consumer_presented() {
    let old = r#"{"key":"key","sale":{"ref":"S","amount":{"minor":1250,"currency":"MYR"}},"wallet":"21","trx_id":"T","handed_over":true}"#;
    assert!(
        serde_json::from_str::<Record>(old).is_err(),
        "its names are others"
    );
    let read: OldRecord = serde_json::from_str(old).unwrap();
    assert_eq!(read.renamed(), Some(record(true)));
    let new = serde_json::to_string(&record(true))
        .unwrap()
        .replace("wallet_id", "wallet");
    let read: OldRecord = serde_json::from_str(&new).unwrap();
    assert_eq!(
        read.renamed(),
        None,
        "a record with a mode is not an old one"
    );
}
