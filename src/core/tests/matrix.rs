//! Question: what does each event do to a trade in each state?
//!
//! `matrix/answers.txt` has the whole table, with a line for each pair that has an effect.
//! The line has the next state, the requests that leave, a refusal, and the time of the next tick.
//! A pair without a line has no effect. A change of the machine shows there as a difference.
//! `KAUNTER_UPDATE=1 cargo test -p kaunter-core --test matrix` writes the table again.
#![allow(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    missing_docs,
    reason = "a test says where it stopped"
)]

use std::fmt::Write as _;
use std::path::Path;

use kaunter_core::money::Money;
use kaunter_core::policy::{Ms, Policy};
use kaunter_core::trade::{
    CancelAnswer, Carried, CreateAnswer, Event, GatewayRequest, GatewayStatus, GiveUp, PayAnswer,
    Refusal, SaleHold, State, StatusAnswer, Trade, VoidAnswer,
};
use kaunter_core::wire::{CodeMode, Reason, Tender, VerdictOutcome};
use kaunter_model::harness::{TradeHarness, created, mark};
use kaunter_model::sample::{CASHIER, facts, verdict, verdict_by};

/// The time between two events. It is too short for any deadline.
const PAUSE_MS: Ms = 700;

/// Helpers for a trade of the matrix. It keeps only the requests of the last event.
trait Steps: Sized {
    fn hear(&mut self, event: Event) -> Result<(), Refusal>;
    fn then(self, event: Event) -> Self;
    fn asked(self) -> Self;
    fn status(self, status: GatewayStatus) -> Self;
}

/// A second after the trade's start.
fn new(mode: CodeMode) -> TradeHarness {
    let policy = Policy {
        can_cancel: true,
        min_cancel_age_ms: 1_000,
        ..Policy::default()
    };
    TradeHarness::of(facts("T", mode), policy, 1_000)
}

impl Steps for TradeHarness {
    fn hear(&mut self, event: Event) -> Result<(), Refusal> {
        self.sent.clear();
        self.handle(event)
    }

    fn then(mut self, event: Event) -> Self {
        self.now += PAUSE_MS;
        self.hear(event).unwrap();
        self
    }

    /// Ticks as the machine asks for, until a query is out or no query will leave. The state must not change.
    fn asked(mut self) -> Self {
        let (state, before) = (self.trade.state(), self.clone());
        for _ in 0..3 {
            let Some(at) = self.wakes().filter(|_| self.queries() == 0) else {
                break;
            };
            self.now = at.max(self.now);
            self.hear(Event::Tick).unwrap();
            if self.trade.state() != state {
                return before;
            }
        }
        self
    }

    fn status(self, status: GatewayStatus) -> Self {
        let event = self.status_answer(status, Carried::default());
        self.then(event)
    }
}

fn give_up() -> Event {
    Event::GiveUp(GiveUp {
        by: "aminah".to_owned(),
        tender: Tender::Cash,
        at_ms: 1_000,
    })
}

fn code(code: &str) -> Event {
    Event::Code(mark(code))
}

fn another_amount() -> Carried {
    Carried {
        amount: Some(Money {
            minor: 1,
            currency: "MYR".to_owned(),
        }),
        ..Carried::default()
    }
}

/// Every state and the way to it. A state that behaves in two ways is listed for each of them.
fn cases() -> Vec<(&'static str, TradeHarness)> {
    let begun = || new(CodeMode::ConsumerPresented);
    let open = || begun().then(created());
    let shown = || new(CodeMode::MerchantPresented).then(created());
    let paying = || open().then(code("one"));
    let pending = || {
        paying().then(Event::PayAnswered(
            PayAnswer::Processing(Carried::default()),
        ))
    };
    let unknown = || paying().then(Event::PayAnswered(PayAnswer::Unclear));
    let cancelling = || unknown().then(Event::Tick).then(Event::Cancel);
    let unsure = || cancelling().then(Event::CancelAnswered(CancelAnswer::Unclear));
    let wrong = |desk: TradeHarness| {
        let event = desk.status_answer(GatewayStatus::Paid, another_amount());
        desk.then(event)
    };
    let paid = || paying().then(Event::PayAnswered(PayAnswer::Paid(Carried::default())));
    let voiding = || paid().then(Event::Void);
    let lost = || voiding().then(Event::VoidAnswered(VoidAnswer::Unclear));
    let review = || {
        let mut desk = lost();
        desk.now = 200_000;
        desk.then(Event::Tick)
    };
    let declined = || {
        paying().then(Event::PayAnswered(PayAnswer::Refused(
            Reason::InsufficientFunds,
        )))
    };
    let late = || declined().status(GatewayStatus::Paid);
    let late_review = || {
        let lost = late()
            .then(Event::Void)
            .then(Event::VoidAnswered(VoidAnswer::Unclear));
        let mut desk = lost;
        desk.now = 200_000;
        desk.then(Event::Tick)
    };
    let expired = || {
        let mut desk = unknown();
        desk.now = 95_000;
        desk.then(Event::Tick).status(GatewayStatus::Closed)
    };
    vec![
        ("Creating", begun()),
        ("Creating, ours to show", new(CodeMode::MerchantPresented)),
        ("AwaitingCode", open()),
        ("AwaitingPayer", shown()),
        ("Paying", paying()),
        (
            "Paying, a cancel is requested",
            paying().then(Event::Cancel),
        ),
        ("Pending", pending()),
        ("Unknown", unknown()),
        ("Cancelling", cancelling()),
        (
            "Cancelling, said closed",
            cancelling().then(Event::CancelAnswered(CancelAnswer::Closed)),
        ),
        (
            "Cancelling, said too late",
            cancelling().then(Event::CancelAnswered(CancelAnswer::TooLate)),
        ),
        ("CancelUnknown", unsure()),
        ("NeedsReview", wrong(unknown())),
        ("NeedsReview, a cancel is out", wrong(cancelling())),
        ("Unknown, giving up", unknown().then(give_up())),
        (
            "GivenUp",
            unknown()
                .then(give_up())
                .asked()
                .status(GatewayStatus::Unpaid),
        ),
        ("Paid", paid()),
        (
            "Paid, a void failed",
            voiding().then(Event::VoidAnswered(VoidAnswer::Failed)),
        ),
        ("Reversed", paid().asked().status(GatewayStatus::Voided)),
        ("Voiding", voiding()),
        ("VoidUnknown", lost()),
        ("VoidReview", review()),
        ("VoidReview, late", late_review()),
        (
            "Paid, a lost void was settled",
            review().then(verdict(VerdictOutcome::Paid)),
        ),
        (
            "Paid, a person said so",
            wrong(unknown()).then(verdict(VerdictOutcome::Paid)),
        ),
        (
            "Paid, a correction waits for the gateway",
            wrong(unknown())
                .then(verdict(VerdictOutcome::Paid))
                .then(verdict_by("boss", VerdictOutcome::Declined)),
        ),
        (
            "Declined, a person said so",
            wrong(unknown()).then(verdict(VerdictOutcome::Declined)),
        ),
        (
            "Voided, a person said so",
            wrong(unknown()).then(verdict(VerdictOutcome::Voided)),
        ),
        (
            "Voided, a person said so of late money",
            late_review().then(verdict(VerdictOutcome::Voided)),
        ),
        (
            "NeedsReview, the cashier proposes paid",
            wrong(unknown()).then(verdict_by(CASHIER, VerdictOutcome::Paid)),
        ),
        ("LateSuccess", late()),
        (
            "LateSuccess, a lost void was settled",
            late_review().then(verdict(VerdictOutcome::Paid)),
        ),
        (
            "LateSuccess, a void failed",
            late()
                .then(Event::Void)
                .then(Event::VoidAnswered(VoidAnswer::Unsent)),
        ),
        ("Voiding, late", late().then(Event::Void)),
        ("Declined", declined()),
        ("Cancelled", unsure().status(GatewayStatus::Closed)),
        ("Expired", expired()),
        ("Abandoned", open().then(Event::Superseded)),
        (
            "Voided",
            voiding().then(Event::VoidAnswered(VoidAnswer::Done(Some("V".to_owned())))),
        ),
    ]
}

/// Every event, with its name in the table.
fn events(desk: &TradeHarness) -> Vec<(String, Event)> {
    let carried = Carried::default;
    let mut events = vec![
        ("time alone".to_owned(), Event::Tick),
        ("a turn".to_owned(), Event::Turn),
        ("restarted".to_owned(), Event::Restarted),
        ("heard".to_owned(), Event::TerminalSeen),
        ("refresh".to_owned(), Event::Refresh),
        ("superseded".to_owned(), Event::Superseded),
        ("amount changed".to_owned(), Event::AmountChanged),
        ("code one".to_owned(), code("one")),
        ("code two".to_owned(), code("two")),
        ("cancel".to_owned(), Event::Cancel),
        ("void".to_owned(), Event::Void),
        ("give up".to_owned(), give_up()),
        ("created".to_owned(), created()),
        (
            "created: refused".to_owned(),
            Event::Created(CreateAnswer::Refused(Reason::Limit)),
        ),
        (
            "created: another's id".to_owned(),
            Event::Created(CreateAnswer::Repeated),
        ),
        (
            "created: unclear".to_owned(),
            Event::Created(CreateAnswer::Unclear),
        ),
    ];
    for outcome in [
        VerdictOutcome::Paid,
        VerdictOutcome::Declined,
        VerdictOutcome::Voided,
    ] {
        let reviewed = desk.trade.proposal().is_some()
            || desk.trade.decided_by_person()
            || desk.clone().decide(verdict_by("boss", outcome)).is_ok();
        for (name, by) in [
            ("", "manager"),
            (", the boss", "boss"),
            (", the cashier", CASHIER),
        ]
        .into_iter()
        .take(if reviewed { 3 } else { 1 })
        {
            events.push((
                format!("verdict {outcome:?}{name}"),
                verdict_by(by, outcome),
            ));
        }
    }
    let answers = [
        ("paid", PayAnswer::Paid(carried())),
        ("paid, another amount", PayAnswer::Paid(another_amount())),
        ("processing", PayAnswer::Processing(carried())),
        (
            "processing, another amount",
            PayAnswer::Processing(another_amount()),
        ),
        ("refused", PayAnswer::Refused(Reason::Limit)),
        ("unsent", PayAnswer::Unsent),
        ("unclear", PayAnswer::Unclear),
    ];
    for (name, answer) in answers {
        events.push((format!("payed: {name}"), Event::PayAnswered(answer)));
    }
    let words = [
        GatewayStatus::Paid,
        GatewayStatus::Pending,
        GatewayStatus::Unpaid,
        GatewayStatus::Failed(Reason::Limit),
        GatewayStatus::Closed,
        GatewayStatus::Voided,
        GatewayStatus::Unlisted,
        GatewayStatus::Unclear,
    ];
    for word in words {
        events.push((
            format!("status: {word:?}"),
            desk.status_answer(word, carried()),
        ));
    }
    let other = desk.status_answer(GatewayStatus::Paid, another_amount());
    events.push(("status: Paid, another amount".to_owned(), other));
    let other = desk.status_answer(GatewayStatus::Unpaid, another_amount());
    events.push(("status: Unpaid, another amount".to_owned(), other));
    let old = StatusAnswer {
        status: GatewayStatus::Paid,
        carried: carried(),
    };
    events.push((
        "status: Paid, an old answer".to_owned(),
        Event::Status(1, old),
    ));
    let old = StatusAnswer {
        status: GatewayStatus::Closed,
        carried: carried(),
    };
    events.push((
        "status: Closed, an old answer".to_owned(),
        Event::Status(1, old),
    ));
    for answer in [
        CancelAnswer::Closed,
        CancelAnswer::Refunded,
        CancelAnswer::TooLate,
        CancelAnswer::Unclear,
    ] {
        events.push((format!("cancel: {answer:?}"), Event::CancelAnswered(answer)));
    }
    for answer in [
        VoidAnswer::Done(Some("V".to_owned())),
        VoidAnswer::Failed,
        VoidAnswer::Unsent,
        VoidAnswer::Unclear,
    ] {
        let name = format!("void: {answer:?}");
        events.push((name, Event::VoidAnswered(answer)));
    }
    events
}

/// The effects of an event as text; empty if it has none.
fn effect(before: &TradeHarness, event: Event) -> String {
    let mut desk = before.clone();
    desk.now += PAUSE_MS;
    let granted = desk.hear(event);
    let mut words = Vec::new();
    if let Err(refusal) = granted {
        words.push(format!("refused, {refusal:?}"));
    }
    let (was, is) = (&before.trade, &desk.trade);
    if was.state() != is.state() {
        words.push(format!("{:?}", is.state()));
    }
    for (_, send) in &desk.sent {
        words.push(match send {
            GatewayRequest::Query { version } => {
                assert_eq!(*version, is.version(), "a query carries the row's version");
                "asks".to_owned()
            }
            other => format!("sends {other:?}"),
        });
    }
    let mut differs = |name: &str, was: String, is: String| {
        if was != is {
            words.push(format!("{name} {is}"));
        }
    };
    differs("by", format!("{:?}", was.by()), format!("{:?}", is.by()));
    differs(
        "reason",
        format!("{:?}", was.reason()),
        format!("{:?}", is.reason()),
    );
    differs(
        "void_gateway_ref",
        format!("{:?}", was.void_gateway_ref()),
        format!("{:?}", is.void_gateway_ref()),
    );
    differs(
        "payment left",
        was.payment_left().to_string(),
        is.payment_left().to_string(),
    );
    differs(
        "holds the sale",
        was.holds_sale().to_string(),
        is.holds_sale().to_string(),
    );
    differs(
        "late",
        was.was_late().to_string(),
        is.was_late().to_string(),
    );
    differs(
        "decided by a person",
        was.decided_by_person().to_string(),
        is.decided_by_person().to_string(),
    );
    let proposal = |trade: &Trade| {
        let proposal = trade.proposal();
        proposal.map_or("none".to_owned(), |proposal| {
            format!("{:?} by {}", proposal.outcome, proposal.by)
        })
    };
    differs("proposal", proposal(was), proposal(is));
    differs(
        "contradicted",
        was.verdict_contradicted().to_string(),
        is.verdict_contradicted().to_string(),
    );
    differs(
        "deadline",
        since(was.deadline_ms(), before.now),
        since(is.deadline_ms(), before.now),
    );
    differs(
        "wakes",
        since(before.wakes(), before.now),
        since(desk.wakes(), before.now),
    );
    assert_eq!(
        is.version(),
        was.version() + u64::from(*was != *is),
        "a version for each change"
    );
    words.join("; ")
}

/// Milliseconds since just before the event.
fn since(at: Option<Ms>, now: Ms) -> String {
    at.map_or("never".to_owned(), |at| {
        format!("+{}", at.saturating_sub(now))
    })
}

fn table() -> String {
    let mut text = String::new();
    for (case, desk) in cases() {
        let state = format!("{:?}", desk.trade.state());
        assert!(case.starts_with(&state), "{case} is {state}");
        let is = desk.trade.state();
        let (status, risk, wakes) = (is.status(), is.risk(), since(desk.wakes(), desk.now));
        writeln!(
            text,
            "{case}: status {status:?}, risk {risk:?}, wakes {wakes}"
        )
        .unwrap();
        let asked = desk.clone().asked();
        for (name, event) in events(&asked) {
            let on = if name.starts_with("status") {
                &asked
            } else {
                &desk
            };
            let alone = effect(on, event.clone());
            if !alone.is_empty() {
                writeln!(text, "    {name:<30} {alone}").unwrap();
            }
            for hold in [SaleHold::Late, SaleHold::Held] {
                let mut beside = on.clone();
                beside.held_by_others = hold;
                let effect = effect(&beside, event.clone());
                if effect != alone {
                    let name = format!("{name} [others: {hold:?}]");
                    writeln!(text, "    {name:<30} {effect}").unwrap();
                }
            }
            let mut beside = on.clone();
            beside.code_reused = true;
            let effect = effect(&beside, event.clone());
            if effect != alone {
                let name = format!("{name} [reused]");
                writeln!(text, "    {name:<30} {effect}").unwrap();
            }
        }
        text.push('\n');
    }
    text
}

#[test]
fn each_event_does_in_each_state_what_the_table_says() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/matrix/answers.txt");
    let is = table();
    if std::env::var_os("KAUNTER_UPDATE").is_some() {
        std::fs::write(&file, &is).unwrap();
    }
    let should = std::fs::read_to_string(&file).unwrap();
    for (line, (is, should)) in is.lines().zip(should.lines()).enumerate() {
        assert_eq!(is, should, "line {}", line + 1);
    }
    assert_eq!(is.lines().count(), should.lines().count());
}

#[test]
fn the_table_has_every_state_in_which_a_trade_can_rest() {
    let cases = cases();
    let has = |state: State| cases.iter().any(|(_, desk)| desk.trade.state() == state);
    // A trade leaves this state in the same event in which it enters it.
    let missing: Vec<State> = kaunter_core::trade::MOVES
        .iter()
        .flat_map(|(from, to, _)| [*from, *to])
        .filter(|state| *state != State::CreateUnknown && !has(*state))
        .collect();
    assert_eq!(missing, []);
}

#[test]
fn a_local_event_is_granted_and_reads_no_other_trade_unless_it_moves_its_own() {
    let clocks = [-3_600_000, 3_600_000].map(|by| (format!("clock {by}"), Event::ClockSet(by)));
    for (case, desk) in cases() {
        let asked = desk.clone().asked();
        let events = events(&asked).into_iter().chain(clocks.clone());
        for (name, event) in events.filter(|(_, event)| event.is_local()) {
            let on = if name.starts_with("status") {
                &asked
            } else {
                &desk
            };
            let after = |hold| {
                let mut after = on.clone();
                after.trade.take_moves();
                after.held_by_others = hold;
                after.now += PAUSE_MS;
                let granted = after.hear(event.clone());
                assert_eq!(granted, Ok(()), "{case}: {name}");
                (after.trade.take_moves().is_empty(), after.trade)
            };
            let (rests, alone) = after(SaleHold::None);
            for hold in [SaleHold::Late, SaleHold::Held] {
                let (beside_rests, beside) = after(hold);
                assert_eq!(rests, beside_rests, "{case}: {name} beside {hold:?}");
                assert!(
                    !rests || alone == beside,
                    "{case}: {name} beside {hold:?} differs without a move"
                );
            }
        }
    }
}
