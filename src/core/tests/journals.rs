//! Question: do the journals of every released version still load with the same meaning?
//!
//! `tests/corpus/journals` has a folder for each version: the rows of its backend and the records of its page.
//! A release adds its own folder (`cargo run -p kaunter-core --example journals`) and never changes another one.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, missing_docs)]

#[path = "journals/tour.rs"]
mod tour;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use kaunter_core::policy::Policy;
use kaunter_core::till::{Charge, ChargeStep, OldRecord, Record};
use kaunter_core::trade::{Context, Event, Facts, GatewayRequest, SaleHold, State, Step, Trade};
use kaunter_core::wire::CodeMode;
use serde_json::Value;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus/journals")
}

fn versions() -> Vec<PathBuf> {
    let folders = std::fs::read_dir(corpus()).unwrap();
    let mut folders: Vec<PathBuf> = folders.map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    assert!(!folders.is_empty(), "no journals");
    folders
}

fn read<T: serde::de::DeserializeOwned>(folder: &Path, file: &str) -> T {
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Every row still loads as a trade, also with the names from before the first release (`0.1.0-alpha`).
/// A backend that starts on it sends a query, and otherwise at most a cancel that is due by now.
#[test]
fn rule_10_rows_of_every_version_load_and_send_nothing() {
    for folder in versions() {
        let rows: BTreeMap<String, Value> = read(&folder, "trades.json");
        for (name, row) in rows {
            let mut trade: Trade = serde_json::from_value(row.clone())
                .unwrap_or_else(|error| panic!("{folder:?} {name}: {error}"));
            assert_eq!(serde_json::to_value(trade.state()).unwrap(), row["state"]);
            let facts = &row["facts"];
            let id = facts.get("trade_id").or(facts.get("trx_id"));
            assert_eq!(
                Some(trade.facts().trade_id.as_str()),
                id.and_then(Value::as_str)
            );
            let again: Facts = serde_json::from_value(facts.clone()).unwrap();
            assert_eq!(*trade.facts(), again);
            // An old name that is no longer read would be lost here.
            let reference = row.get("gateway_ref").or(row.get("trans_id"));
            assert_eq!(trade.gateway_ref(), reference.and_then(Value::as_str));
            let way = facts
                .get("mode")
                .or(facts.get("presented"))
                .and_then(Value::as_str)
                .unwrap();
            assert_eq!(
                trade.facts().mode == CodeMode::MerchantPresented,
                way.starts_with("merchant")
            );
            let policy = Policy::default();
            let now = trade.since_ms();
            let context = Context {
                now,
                policy: &policy,
                held_by_others: SaleHold::None,
                gateway_answer: None,
                code_reused: false,
            };
            trade.handle(Event::Restarted, &context).unwrap();
            while let Step::Send(send) = trade.next(&policy) {
                assert!(
                    matches!(send, GatewayRequest::Query { .. }),
                    "{name} sends {send:?}"
                );
            }
        }
    }
}

/// Every record still loads as a charge. A page that resumes it asks, or ends if nothing can have left.
#[test]
fn rule_10_records_of_every_version_load_and_hand_nothing_over() {
    for folder in versions() {
        let rows: Vec<Value> = read(&folder, "records.json");
        assert!(!rows.is_empty());
        for row in rows {
            let record: Record =
                serde_json::from_value(row["record"].clone()).unwrap_or_else(|_| {
                    let old: OldRecord = serde_json::from_value(row["record"].clone()).unwrap();
                    old.renamed().unwrap()
                });
            assert_eq!(record.key, row["key"].as_str().unwrap());
            let known = record.trade_id.clone();
            let mut charge = Charge::resume(record, Policy::default().page(), 0);
            let mut steps = Vec::new();
            loop {
                match charge.next() {
                    ChargeStep::Wait(_) => break,
                    step => steps.push(step),
                }
            }
            match known {
                Some(trade_id) => assert_eq!(steps, [ChargeStep::Ask(trade_id)]),
                None => assert!(
                    matches!(steps.last(), Some(ChargeStep::Done(_))),
                    "{steps:?}"
                ),
            }
        }
    }
}

/// The corpus has this version's rows as it writes them today, with one row of each state.
#[test]
fn this_version_has_its_journals() {
    let folder = corpus().join(env!("CARGO_PKG_VERSION"));
    let rows: BTreeMap<String, Value> = read(&folder, "trades.json");
    let records: Vec<Value> = read(&folder, "records.json");
    let how = "rows have changed. If this version is released, give it a new number. Then run: \
    cargo run -p kaunter-core --example journals";
    assert!(rows == tour::rows(), "{how}");
    assert!(records == tour::records(), "{how}");
    let states: BTreeSet<State> = rows
        .values()
        .map(|row| serde_json::from_value(row["state"].clone()).unwrap())
        .collect();
    let missing: Vec<_> = State::ALL
        .iter()
        .filter(|state| !states.contains(state))
        .collect();
    assert!(missing.is_empty(), "no row in {missing:?}");
}
