//! The sale, the attempt and the backend's word that every test of the machines is about.
#![allow(dead_code, reason = "no test needs all of it")]

use kaunter_core::money::Money;
use kaunter_core::trade::Facts;
use kaunter_core::wire::{Payload, Presented, Sale, Show, Status, Trade};

/// Twelve ringgit fifty.
pub(crate) fn sale() -> Sale {
    Sale {
        reference: "S".to_owned(),
        amount: Money {
            minor: 1250,
            currency: "MYR".to_owned(),
        },
    }
}

/// The first attempt of the sale.
pub(crate) fn facts(trx_id: &str, presented: Presented) -> Facts {
    Facts {
        trx_id: trx_id.to_owned(),
        shop: "shop".to_owned(),
        terminal: "till".to_owned(),
        attempt: 1,
        sale: sale(),
        integrator: "21".to_owned(),
        presented,
    }
}

/// Our code.
pub(crate) fn show() -> Show {
    Show {
        payload: Payload("scan me".to_owned()),
        expires_at: String::new(),
    }
}

/// What the backend says of the attempt; with our code, while its payer is awaited.
pub(crate) fn told(trx_id: &str, presented: Presented, status: Status, version: u64) -> Trade {
    Trade {
        trx_id: trx_id.to_owned(),
        trans_id: None,
        attempt: 1,
        sale: sale(),
        integrator: "21".to_owned(),
        presented,
        terminal: "till".to_owned(),
        status,
        by: None,
        reason: None,
        void_id: None,
        version,
        as_of: String::new(),
        since: String::new(),
        created_at: String::new(),
        deadline_at: None,
        settled: false,
        late: false,
        show: (presented == Presented::Merchant && status == Status::AwaitingPayer).then(show),
        gateway_answer: None,
        void_refused: None,
    }
}
