//! Trades for the tests of this crate's rules.

use crate::money::Money;
use crate::policy::Ms;
use crate::trade::{Facts, State, Trade};
use crate::wire::{CodeMode, Sale};

/// The time of these tests.
pub(crate) const NOW: Ms = 10_000_000;

/// An amount in ringgit.
pub(crate) fn money(minor: u64) -> Money {
    Money {
        minor,
        currency: "MYR".to_owned(),
    }
}

/// A trade of till 1 over one ringgit that began a second ago, with these fields of its row.
pub(crate) fn row(fields: &[(&str, serde_json::Value)]) -> Trade {
    let facts = Facts {
        trade_id: "K1".to_owned(),
        shop: "shop".to_owned(),
        terminal: "till-1".to_owned(),
        cashier: None,
        attempt: 1,
        sale: Sale {
            reference: "A".to_owned(),
            amount: money(100),
        },
        wallet_id: "23".to_owned(),
        wallet_name: String::new(),
        mode: CodeMode::ConsumerPresented,
    };
    let mut row = serde_json::to_value(Trade::new(facts, NOW - 1_000)).expect("a row");
    for (name, value) in fields {
        assert!(row.get(name).is_some(), "a row has no {name}");
        row[*name] = value.clone();
    }
    serde_json::from_value(row).expect("a row")
}

/// The same trade in this state.
pub(crate) fn in_state(state: State) -> Trade {
    row(&[("state", serde_json::json!(state))])
}
