//! A tour of both machines through every state, and the rows that a store and a page keep on the way.

use std::collections::BTreeMap;

use kaunter_core::money::Money;
use kaunter_core::policy::{Ms, Policy};
use kaunter_core::review::GivenVerdict;
use kaunter_core::till::Record;
use kaunter_core::trade::{
    CancelAnswer, Carried, CodeMark, Context, CreateAnswer, Event, Facts, GatewayStatus, GiveUp,
    PayAnswer, SaleHold, State, StatusAnswer, Step, Trade, VoidAnswer,
};
use kaunter_core::wire::{CodeMode, Payload, Reason, Sale, Tender, VerdictOutcome};
use serde_json::{Value, json};

/// In the first ways the customer presents the code; in the others we do.
const CONSUMER_WAYS: usize = 11;
const START: Ms = 1_790_000_000_000;

fn sale(reference: &str) -> Sale {
    Sale {
        reference: reference.to_owned(),
        amount: Money {
            minor: 1250,
            currency: "MYR".to_owned(),
        },
    }
}

/// An event, its delay after the one before, and whether another trade holds the sale.
type Stop = (Ms, SaleHold, Event);

fn now(event: Event) -> Stop {
    (1_000, SaleHold::None, event)
}

fn status(status: GatewayStatus) -> Event {
    let carried = Carried {
        gateway_ref: Some("PD-1".to_owned()),
        ..Carried::default()
    };
    // The version is set when the answer comes.
    Event::Status(0, StatusAnswer { status, carried })
}

/// Ways from a fresh trade, which together lead through every state.
fn ways() -> Vec<Vec<Stop>> {
    let made = || {
        now(Event::Created(CreateAnswer::Made {
            gateway_ref: "PD-1".to_owned(),
            payload: Some(Payload("00020101021226".to_owned())),
        }))
    };
    let code = || now(Event::Code(CodeMark("5f".repeat(32))));
    let unclear = || now(Event::PayAnswered(PayAnswer::Unclear));
    let paid = || now(Event::PayAnswered(PayAnswer::Paid(Carried::default())));
    let refused = || {
        now(Event::PayAnswered(PayAnswer::Refused(
            Reason::InsufficientFunds,
        )))
    };
    let processing = || {
        now(Event::PayAnswered(
            PayAnswer::Processing(Carried::default()),
        ))
    };
    let later = |ms| (ms, SaleHold::None, Event::Tick);
    let cancel = || (20_000, SaleHold::None, Event::Cancel);
    let void = || now(Event::Void);
    let no_void = || now(Event::VoidAnswered(VoidAnswer::Unclear));
    let done = || {
        now(Event::VoidAnswered(VoidAnswer::Done(Some(
            "V-1".to_owned(),
        ))))
    };
    let said = |answer| now(Event::CancelAnswered(answer));
    vec![
        vec![now(Event::Created(CreateAnswer::Unclear))],
        vec![now(Event::Created(CreateAnswer::Refused(Reason::Limit)))],
        vec![made(), now(Event::Superseded)],
        vec![made(), later(200_000)],
        vec![made(), code(), paid(), void(), done()],
        vec![made(), code(), paid(), void(), no_void(), later(100_000)],
        vec![
            made(),
            code(),
            processing(),
            cancel(),
            said(CancelAnswer::Closed),
            now(status(GatewayStatus::Closed)),
        ],
        vec![
            made(),
            code(),
            unclear(),
            cancel(),
            said(CancelAnswer::Unclear),
            later(100_000),
            now(Event::Verdict(GivenVerdict {
                outcome: VerdictOutcome::Declined,
                by: "beng".to_owned(),
            })),
        ],
        vec![
            made(),
            code(),
            unclear(),
            later(95_000),
            said(CancelAnswer::Closed),
            now(status(GatewayStatus::Closed)),
        ],
        vec![made(), code(), refused(), now(status(GatewayStatus::Paid))],
        vec![
            made(),
            code(),
            refused(),
            (1_000, SaleHold::Held, status(GatewayStatus::Paid)),
        ],
        vec![
            made(),
            now(status(GatewayStatus::Pending)),
            now(status(GatewayStatus::Paid)),
        ],
        vec![made(), cancel(), said(CancelAnswer::Unclear)],
        vec![
            made(),
            now(status(GatewayStatus::Paid)),
            now(status(GatewayStatus::Voided)),
        ],
        vec![
            made(),
            now(Event::GiveUp(GiveUp {
                by: "aminah".to_owned(),
                tender: Tender::Cash,
                at_ms: 2_000,
            })),
            now(status(GatewayStatus::Unpaid)),
        ],
    ]
}

/// A row of each state and of each turn, as the store keeps them, by name.
pub(crate) fn rows() -> BTreeMap<String, Value> {
    let policy = Policy {
        can_cancel: true,
        ..Policy::default()
    };
    let mut rows = BTreeMap::new();
    for (way, stops) in ways().into_iter().enumerate() {
        let facts = Facts {
            trade_id: format!("KAUNTER-{way:04}"),
            shop: "kedai".to_owned(),
            terminal: "till-1".to_owned(),
            cashier: Some("aina".to_owned()),
            attempt: 1,
            sale: sale(&format!("SALE-{way}")),
            wallet_id: "21".to_owned(),
            wallet_name: String::new(),
            mode: if way < CONSUMER_WAYS {
                CodeMode::ConsumerPresented
            } else {
                CodeMode::MerchantPresented
            },
        };
        let mut at = START;
        let mut trade = Trade::new(facts, at);
        keep(&mut rows, way, 0, &trade);
        drain(&mut trade, &policy);
        for (turn, (ms, hold, event)) in stops.into_iter().enumerate() {
            at += ms;
            let mut event = event;
            if let Event::Status(version, _) = &mut event {
                *version = trade.version();
            }
            let context = Context {
                now: at,
                policy: &policy,
                held_by_others: hold,
                gateway_answer: None,
                code_reused: false,
            };
            trade.handle(event, &context).expect("the tour is granted");
            drain(&mut trade, &policy);
            keep(&mut rows, way, turn + 1, &trade);
        }
    }
    rows.insert(
        "create_unknown".to_owned(),
        passed_through(&rows, State::CreateUnknown),
    );
    rows
}

fn keep(rows: &mut BTreeMap<String, Value>, way: usize, turn: usize, trade: &Trade) {
    let row = serde_json::to_value(trade).expect("a row is JSON");
    rows.insert(format!("{way:02}-{turn}-{:?}", trade.state()), row);
}

fn drain(trade: &mut Trade, policy: &Policy) {
    while let Step::Send(_) = trade.next(policy) {}
    trade.take_moves();
}

/// A state that no driver stores, because one event leads through it. A stored one is read anyway.
fn passed_through(rows: &BTreeMap<String, Value>, state: State) -> Value {
    let mut row = rows.values().next().cloned().expect("the tour has rows");
    row["state"] = serde_json::to_value(state).expect("a state is JSON");
    row
}

/// The page's rows, as IndexedDB keeps them: before the creation, before the hand-over, and with the trade known.
pub(crate) fn records() -> Vec<Value> {
    let record = |trade_id: Option<&str>, handed_over, mode| Record {
        key: "0123456789abcdef0123456789abcdef".to_owned(),
        sale: sale("SALE-7").into(),
        wallet_id: "21".to_owned(),
        trade_id: trade_id.map(str::to_owned),
        handed_over,
        mode,
    };
    let records = [
        record(None, false, CodeMode::ConsumerPresented),
        record(Some("KAUNTER-0001"), false, CodeMode::ConsumerPresented),
        record(Some("KAUNTER-0001"), true, CodeMode::ConsumerPresented),
        record(Some("KAUNTER-0001"), true, CodeMode::MerchantPresented),
    ];
    let row = |record: Record| json!({ "key": record.key, "scope": "http://127.0.0.1:8080 kedai till-1", "record": record });
    records.into_iter().map(row).collect()
}
