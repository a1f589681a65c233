//! The sale, the trade and the backend's word that every test of the machines is about.

use kaunter_core::money::Money;
use kaunter_core::trade::Facts;
use kaunter_core::wire::{CodeMode, Payload, Sale, ShownCode, Status, Trade};

/// Twelve ringgit fifty.
#[must_use]
pub fn sale() -> Sale {
    Sale {
        reference: "S".to_owned(),
        amount: Money {
            minor: 1250,
            currency: "MYR".to_owned(),
        },
    }
}

/// The first trade of the sale.
#[must_use]
pub fn facts(trade_id: &str, mode: CodeMode) -> Facts {
    Facts {
        trade_id: trade_id.to_owned(),
        shop: "shop".to_owned(),
        terminal: "till".to_owned(),
        attempt: 1,
        sale: sale(),
        wallet_id: "21".to_owned(),
        mode,
    }
}

/// Our code.
#[must_use]
pub fn show() -> ShownCode {
    ShownCode {
        payload: Payload("scan me".to_owned()),
        expires_at: String::new(),
    }
}

/// What the backend says of the trade; with our code, while its payer is awaited.
#[must_use]
pub fn view(trade_id: &str, mode: CodeMode, status: Status, version: u64) -> Trade {
    Trade {
        trade_id: trade_id.to_owned(),
        gateway_ref: None,
        attempt: 1,
        sale: sale(),
        wallet_id: "21".to_owned(),
        mode,
        terminal: "till".to_owned(),
        status,
        cancelled_by: None,
        reason: None,
        void_gateway_ref: None,
        version,
        as_of: String::new(),
        since: String::new(),
        created_at: String::new(),
        deadline_at: None,
        decided_by: None,
        late: false,
        shown_code: (mode == CodeMode::MerchantPresented && status == Status::AwaitingPayer)
            .then(show),
        gateway_answer: None,
        void_refused: None,
    }
}
