//! Sample values for the tests of the machines: a sale, a trade, a code, and the backend's view of the trade.

use kaunter_core::money::Money;
use kaunter_core::review::GivenVerdict;
use kaunter_core::trade::{Event, Facts};
use kaunter_core::wire::{CodeMode, Payload, Sale, ShownCode, Status, TradeView, VerdictOutcome};

/// Who charges the sale.
pub const CASHIER: &str = "cashier";

/// A sale of RM 12.50.
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

/// The facts of the sale's first trade.
#[must_use]
pub fn facts(trade_id: &str, mode: CodeMode) -> Facts {
    Facts {
        trade_id: trade_id.to_owned(),
        shop: "shop".to_owned(),
        terminal: "till".to_owned(),
        cashier: Some(CASHIER.to_owned()),
        attempt: 1,
        sale: sale(),
        wallet_id: "21".to_owned(),
        wallet_name: String::new(),
        mode,
    }
}

/// The verdict of a person who did not charge the sale.
#[must_use]
pub fn verdict(outcome: VerdictOutcome) -> Event {
    verdict_by("manager", outcome)
}

/// The verdict of this person.
#[must_use]
pub fn verdict_by(name: &str, outcome: VerdictOutcome) -> Event {
    Event::Verdict(GivenVerdict {
        outcome,
        by: name.to_owned(),
    })
}

/// A code that we show.
#[must_use]
pub fn show() -> ShownCode {
    ShownCode {
        payload: Payload("scan me".to_owned()),
        expires_at: String::new(),
    }
}

/// The trade as the backend sends it. It contains our code while its payer is awaited.
#[must_use]
pub fn view(trade_id: &str, mode: CodeMode, status: Status, version: u64) -> TradeView {
    TradeView {
        trade_id: trade_id.to_owned(),
        gateway_ref: None,
        attempt: 1,
        sale: sale(),
        wallet_id: "21".to_owned(),
        wallet: None,
        mode,
        terminal: "till".to_owned(),
        cashier: None,
        status,
        cancelled_by: None,
        reason: None,
        void_gateway_ref: None,
        version,
        as_of: String::new(),
        since: String::new(),
        created_at: String::new(),
        deadline_at: None,
        paid_at: None,
        decided_by: None,
        proposal: None,
        single_person: false,
        verdict_contradicted: false,
        late: false,
        shown_code: (mode == CodeMode::MerchantPresented && status == Status::AwaitingPayer)
            .then(show),
        gateway_answer: None,
        void_refused: None,
    }
}
