//! Checks that the declarations fit what Rust writes. This test writes each shape and each word, with its declared type,
//! into `tests/types/samples.ts`, and `tests/types` compiles that file. `KAUNTER_UPDATE=1` writes it anew.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test says where it stopped")]

use std::fmt::Write as _;

use kaunter::page::reader::protocol::{Message, MessageType, Moved, PULSE_MS, ToWorker};
use kaunter::types::code::{
    CodeInfo, Confidence, Kind, Point, Reading, Scan, ScanSource, ShownCode,
};
use kaunter::types::event::{
    CameraChange, CameraDevice, CameraStatus, Facing, Hint, HintChange, Progress, StateChange,
    TillState, Zoom,
};
use kaunter::types::outcome::Outcome;
use kaunter::types::reason::{CancelReason, DeclineReason};
use kaunter::types::session::TillSession;
use kaunter::types::trade::{Trade, TradeList};
use kaunter::types::wallet::Wallet;
use kaunter_core::error::ErrorCode;
use kaunter_core::money::Money;
use kaunter_core::wire::{
    By, CodeMode, DecidedBy, GatewayAnswer, Reason, Right, Sale, Status, VerdictOutcome,
    VerdictProposal,
};
use serde::Serialize;
use serde_json::Value;
use wasm_bindgen::JsValue;

/// Every variant of an enum: one that is missing here does not compile.
macro_rules! every {
    ($kind:ident: $($variant:ident),+ $(,)?) => {{
        let known = |word: $kind| match word { $($kind::$variant => ()),+ };
        let all = [$($kind::$variant),+];
        all.iter().for_each(|word| known(*word));
        all.map(|word| serde_json::to_value(word).unwrap().as_str().unwrap().to_owned()).to_vec()
    }};
}

struct Samples(String);

impl Samples {
    /// A value that must be assignable to a type, and whose fields are exactly the type's.
    fn shape(&mut self, name: &str, kind: &str, value: &impl Serialize) {
        let value = serde_json::to_value(value).unwrap();
        let text = typescript(&value);
        writeln!(self.0, "export const {name}: {kind} = {text};").unwrap();
        let fields = value.as_object().unwrap().keys();
        let fields: Vec<String> = fields.map(|field| format!("{field}: true")).collect();
        writeln!(
            self.0,
            "export const fieldsOf_{name}: Record<Fields<{kind}, typeof {name}>, true> = {{ {} }};",
            fields.join(", ")
        )
        .unwrap();
    }

    /// A message. Its browser objects are written as `null`.
    fn message(&mut self, name: &str, kind: &str, value: &impl Serialize) {
        let text = typescript(&serde_json::to_value(value).unwrap());
        let text = text.replace("null", "null as never");
        writeln!(self.0, "export const {name}: {kind} = {text};").unwrap();
        self.fields(name, kind, value);
    }

    /// The fields of a value are exactly the type's.
    fn fields(&mut self, name: &str, kind: &str, value: &impl Serialize) {
        let value = serde_json::to_value(value).unwrap();
        let fields = value.as_object().unwrap().keys();
        let fields: Vec<String> = fields.map(|field| format!("{field}: true")).collect();
        writeln!(
            self.0,
            "export const everyFieldOf_{name}: Record<keyof {kind}, true> = {{ {} }};",
            fields.join(", ")
        )
        .unwrap();
    }

    /// The words of a union: all of them, and no other.
    fn words(&mut self, name: &str, kind: &str, words: &[String]) {
        let words: Vec<String> = words.iter().map(|word| format!("{word:?}: true")).collect();
        writeln!(
            self.0,
            "export const wordsOf_{name}: Record<{kind}, true> = {{ {} }};",
            words.join(", ")
        )
        .unwrap();
    }
}

/// JSON, with bytes as the `Uint8Array` that the boundary makes of them.
fn typescript(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(name, value)| {
                    if name == "bytes" {
                        format!("{name}: new Uint8Array({value})")
                    } else {
                        format!("{name}: {}", typescript(value))
                    }
                })
                .collect();
            format!("{{ {} }}", fields.join(", "))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(typescript).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

#[test]
fn the_samples_are_what_rust_writes() {
    let mut samples = Samples(
        "// Written by tests/samples.rs: what Rust hands to JavaScript, typed as the package declares it.\n\
         import type { Camera, CancelledBy, CancelReason, CodeInfo, CodeMode, DecidedBy, DeclineReason, ErrorCode, Money, Outcome, Right, Sale, Scan, ScanSource, ShownCode, TillEventDetails, TillSession, TillState, Trade, TradeList, TradeStatus, Wallet } from \"kaunter\";\n\
         import type { FromWorker, ToWorker } from \"../../pkg/protocol.js\";\n\
         import type { ReaderHint } from \"../../pkg/wasm/reader.js\";\n\
         // The fields of the member of a union that a sample belongs to.\n\
         type Fields<T, S> = S extends { status: infer W } ? keyof Extract<T, { status: W }> extends never ? keyof T : keyof Extract<T, { status: W }> : keyof T;\n\
         // Every field that some member of a union has.\n\
         type EveryField<T> = { [K in T extends unknown ? keyof T : never]: true };\n\n"
            .to_owned(),
    );
    shapes(&mut samples);
    outcomes(&mut samples);
    words(&mut samples);
    messages(&mut samples);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/types/samples.ts");
    if std::env::var_os("KAUNTER_UPDATE").is_some() {
        std::fs::write(path, &samples.0).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap();
    assert!(
        kept == samples.0,
        "tests/types/samples.ts is not what Rust writes now: run this test with KAUNTER_UPDATE=1, and read the difference"
    );
}

fn sale() -> Sale {
    Sale {
        reference: "S-1".to_owned(),
        amount: Money {
            minor: 1250,
            currency: "MYR".to_owned(),
        },
    }
}

fn wallet() -> Wallet {
    Wallet {
        wallet_id: "21".to_owned(),
        name: "GrabPay".to_owned(),
        logo: None,
        test: false,
        modes: vec![CodeMode::ConsumerPresented, CodeMode::MerchantPresented],
        min_amount: None,
        max_amount: Some(sale().amount),
    }
}

fn gateway_answer() -> GatewayAnswer {
    GatewayAnswer {
        code: Some("V1".to_owned()),
        message: "too late to void".to_owned(),
    }
}

fn trade() -> Trade {
    Trade {
        trade_id: "T".to_owned(),
        attempt: 1,
        sale: sale(),
        mode: CodeMode::ConsumerPresented,
        wallet: wallet(),
        terminal: "till-1".to_owned(),
        cashier: Some("Siti".to_owned()),
        status: Status::Pending,
        since: "2026-01-01T00:00:01Z".to_owned(),
        created_at: "2026-01-01T00:00:00Z".to_owned(),
        deadline_at: Some("2026-01-01T00:01:30Z".to_owned()),
        gateway_ref: Some("G".to_owned()),
        void_gateway_ref: None,
        cancelled_by: None,
        reason: None,
        gateway_answer: Some(gateway_answer()),
        decided_by: None,
        proposal: None,
        single_person: false,
        verdict_contradicted: false,
        late: false,
        void_refused: None,
    }
}

fn proposal() -> VerdictProposal {
    VerdictProposal {
        outcome: VerdictOutcome::Declined,
        by: "Siti".to_owned(),
        at: "2026-01-01T00:02:00Z".to_owned(),
    }
}

fn shapes(samples: &mut Samples) {
    let corners = [(0.0, 0.0), (9.5, 0.0), (9.5, 9.5), (0.0, 9.5)].map(|(x, y)| Point { x, y });
    let info = CodeInfo {
        kind: Kind::EmvConsumer,
        scheme: Some("DuitNow".to_owned()),
        confidence: Confidence::Official,
    };
    samples.shape("money", "Money", &sale().amount);
    samples.shape("sale", "Sale", &sale());
    samples.shape("wallet", "Wallet", &wallet());
    samples.shape("trade", "Trade", &trade());
    samples.shape(
        "closedTrade",
        "Trade",
        &Trade {
            status: Status::Cancelled,
            cancelled_by: Some(By::System),
            reason: Some(Reason::Deadline),
            decided_by: Some(DecidedBy::Gateway),
            proposal: Some(proposal()),
            cashier: None,
            deadline_at: None,
            gateway_ref: None,
            gateway_answer: None,
            ..trade()
        },
    );
    samples.shape(
        "trades",
        "TradeList",
        &TradeList {
            trades: vec![trade()],
            next_cursor: None,
        },
    );
    samples.shape(
        "session",
        "TillSession",
        &TillSession {
            shop: "kedai".to_owned(),
            terminal: "till-1".to_owned(),
            cashier: "Siti".to_owned(),
            rights: vec![Right::Charge, Right::List],
            currency: "MYR".to_owned(),
            max_amount: sale().amount,
            sandbox: true,
        },
    );
    samples.shape("info", "CodeInfo", &info);
    samples.shape(
        "shown",
        "ShownCode",
        &ShownCode {
            svg: "<svg></svg>".to_owned(),
            payload: "000201".to_owned(),
            expires_at: "2026-01-01T00:01:30Z".to_owned(),
        },
    );
    let scan = Scan {
        text: "2".to_owned(),
        bytes: vec![50],
        eci: Some(26),
        source: ScanSource::Camera,
        time_stamp: 12.5,
        info,
        wallet: Some(wallet()),
        corners: Some(corners),
    };
    samples.shape("scan", "Scan", &scan);
    let typed = Scan {
        source: ScanSource::Manual,
        wallet: None,
        corners: None,
        ..scan
    };
    samples.shape("typed", "Scan", &typed);
    let camera = CameraDevice {
        device_id: "id".to_owned(),
        label: String::new(),
        facing: Some(Facing::Environment),
        torch: true,
        zoom: Some(Zoom {
            min: 1.0,
            max: 4.0,
            step: 0.5,
        }),
    };
    samples.shape("camera", "Camera", &camera);
    samples.shape(
        "cameraOfWhichLittleIsKnown",
        "Camera",
        &CameraDevice {
            torch: false,
            zoom: None,
            facing: None,
            ..camera.clone()
        },
    );
    samples.shape(
        "hint",
        "TillEventDetails[\"hint\"]",
        &HintChange {
            hint: Some(Hint::Closer),
        },
    );
    samples.shape(
        "state",
        "TillEventDetails[\"state\"]",
        &StateChange {
            from: TillState::Idle,
            to: TillState::Starting,
            trade: None,
        },
    );
    samples.shape(
        "progress",
        "TillEventDetails[\"progress\"]",
        &Progress {
            trade_id: "T".to_owned(),
            elapsed_ms: 2000,
            deadline_ms: 90_000,
            next_check_ms: 2000,
            online: true,
        },
    );
    samples.shape(
        "cameraEnded",
        "TillEventDetails[\"camera\"]",
        &CameraChange::because(CameraStatus::Ended, ErrorCode::CameraInterrupted),
    );
    samples.shape(
        "cameraLive",
        "TillEventDetails[\"camera\"]",
        &CameraChange::new(CameraStatus::Live, Some(camera)),
    );
}

/// The worker's protocol: what the page writes, and what it reads.
fn messages(samples: &mut Samples) {
    let browsers = &JsValue::UNDEFINED;
    let moved = || Moved(browsers);
    let region = [0.0, 0.0, 1.0, 0.5];
    for (name, message) in [
        (
            "scan",
            ToWorker::Scan {
                scan: 1,
                region,
                most: 30.0,
                pulse_ms: PULSE_MS,
            },
        ),
        ("pause", ToWorker::Pause),
        ("stream", ToWorker::Stream { stream: moved() }),
        ("track", ToWorker::Track { track: moved() }),
        ("leave", ToWorker::Leave),
        (
            "frame",
            ToWorker::Frame {
                id: 1,
                frame: moved(),
            },
        ),
        (
            "pixels",
            ToWorker::Pixels {
                id: 1,
                buffer: moved(),
                width: 2,
                height: 2,
            },
        ),
    ] {
        let kind = format!("Extract<ToWorker, {{ type: \"{name}\" }}>");
        samples.message(&format!("to_{name}"), &kind, &message);
    }
    let corners = [Point { x: 0.0, y: 9.5 }; 4];
    let read = Message {
        word: MessageType::Read,
        scan: Some(1),
        frames: 2,
        took_ms: 3,
        hint: Some(Hint::Closer),
        id: Some(4),
        pause_ms: Some(5.5),
        readings: Some(vec![Reading {
            text: "2".to_owned(),
            bytes: vec![50],
            eci: Some(26),
            corners,
            confirmed: true,
            arrived: true,
        }]),
        message: Some("why".to_owned()),
    };
    samples.fields(
        "fromWorker",
        "EveryField<Exclude<FromWorker, { type: \"ready\" }>>",
        &read,
    );
    samples.words(
        "fromWorker",
        // Only JavaScript receives this message.
        "Exclude<FromWorker[\"type\"], \"ready\">",
        &every!(MessageType: Pulse, Read, NeedsPixels, NeedsFrames, Failed),
    );
    samples.shape(
        "reading",
        "Extract<FromWorker, { type: \"read\" }>[\"readings\"][number]",
        &read.readings.as_ref().unwrap()[0],
    );
    let mut hints = every!(Hint: Closer, Farther, Glare, Dark, HoldStill, SeveralCodes);
    // Only the till's gate gives this one.
    hints.pop();
    samples.words("readerHints", "ReaderHint", &hints);
}

fn outcomes(samples: &mut Samples) {
    let text = str::to_owned;
    samples.shape(
        "paid",
        "Outcome",
        &Outcome::Paid {
            trade_id: text("T"),
            sale: sale(),
            wallet: wallet(),
            gateway_ref: Some(text("G")),
            paid_at: text("t"),
            decided_by: DecidedBy::Gateway,
            void_refused: Some(gateway_answer()),
        },
    );
    samples.shape(
        "declined",
        "Outcome",
        &Outcome::Declined {
            trade_id: text("T"),
            sale: sale(),
            wallet: wallet(),
            gateway_ref: None,
            reason: DeclineReason::Limit,
            message: text("m"),
            gateway_answer: Some(gateway_answer()),
        },
    );
    samples.shape(
        "cancelled",
        "Outcome",
        &Outcome::Cancelled {
            trade_id: None,
            sale: sale().into(),
            by: By::System,
            reason: CancelReason::Deadline,
        },
    );
    samples.shape(
        "voided",
        "Outcome",
        &Outcome::Voided {
            trade_id: text("T"),
            sale: sale(),
            wallet: wallet(),
            gateway_ref: Some(text("G")),
            voided_at: text("t"),
        },
    );
    samples.shape(
        "unconfirmed",
        "Outcome",
        &Outcome::Unconfirmed {
            trade_id: text("T"),
            sale: sale(),
            wallet: wallet(),
            gateway_ref: None,
            trade_status: Status::NeedsReview,
            since: text("t"),
            proposal: Some(proposal()),
        },
    );
}

fn words(samples: &mut Samples) {
    let codes: Vec<String> = ErrorCode::ALL
        .iter()
        .map(|code| code.as_str().to_owned())
        .collect();
    samples.words("errors", "ErrorCode", &codes);
    samples.words(
        "statuses",
        "TradeStatus",
        &every!(Status: Creating, AwaitingCode, AwaitingPayer, Paying, Pending, Unknown, Cancelling, NeedsReview, Paid, Voiding, LateSuccess, Reversed, Declined, Cancelled, Voided),
    );
    samples.words(
        "states",
        "TillState",
        &every!(TillState: Idle, Starting, Scanning, Scanned, Paying, Waiting, Cancelling, Review),
    );
    samples.words(
        "reasons",
        "DeclineReason",
        &every!(DeclineReason: CodeExpired, CodeUsed, InsufficientFunds, Limit, WrongWallet, Other),
    );
    samples.words("by", "CancelledBy", &every!(By: Cashier, Customer, System));
    samples.words(
        "cancelReasons",
        "CancelReason",
        &every!(CancelReason: Requested, Deadline, Superseded, TerminalSilent, GatewayUnavailable, SaleBusy, AmountChanged),
    );
    samples.words(
        "tradeReasons",
        "NonNullable<Trade[\"reason\"]>",
        &every!(Reason: CodeExpired, CodeUsed, InsufficientFunds, Limit, WrongWallet, Other, GatewayUnavailable, Superseded, TerminalSilent, Requested, Deadline, SaleBusy, AmountChanged),
    );
    samples.words("deciders", "DecidedBy", &every!(DecidedBy: Gateway, Person));
    samples.words(
        "rights",
        "Right",
        &every!(Right: Charge, Cancel, Void, Review, List, GiveUp),
    );
    samples.words(
        "outcomes",
        "Outcome[\"status\"]",
        &["paid", "declined", "cancelled", "voided", "unconfirmed"].map(str::to_owned),
    );
    samples.words(
        "kinds",
        "CodeInfo[\"kind\"]",
        &every!(Kind: WechatPay, Alipay, UnionPay, EmvConsumer, Merchant, Opaque),
    );
    samples.words(
        "confidences",
        "CodeInfo[\"confidence\"]",
        &every!(Confidence: Official, Reported, Guess, None),
    );
    samples.words(
        "sources",
        "ScanSource",
        &every!(ScanSource: Camera, HandScanner, File, Manual),
    );
    samples.words(
        "facings",
        "NonNullable<Camera[\"facing\"]>",
        &every!(Facing: User, Environment),
    );
    samples.words(
        "cameras",
        "TillEventDetails[\"camera\"][\"status\"]",
        &every!(CameraStatus: Prompt, Live, Muted, Ended, Released),
    );
    samples.words(
        "hints",
        "NonNullable<TillEventDetails[\"hint\"][\"hint\"]>",
        &every!(Hint: Closer, Farther, Glare, Dark, HoldStill, SeveralCodes),
    );
    samples.words(
        "modes",
        "CodeMode",
        &every!(CodeMode: ConsumerPresented, MerchantPresented),
    );
}
