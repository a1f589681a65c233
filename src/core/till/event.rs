//! The events, steps and outcomes of a charge.

use serde::{Deserialize, Serialize};

use crate::policy::Ms;
use crate::wire::{CodeMode, NewTrade, ProblemCode, Sale, SaleInput, ShownCode, Status, TradeView};

/// The journal's record of a trade. It contains neither code nor token.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Record {
    /// The idempotency key: 128 random bits in hex. The same key gives the same trade.
    pub key: String,
    /// The sale. Its amount may be unknown until the trade is.
    pub sale: SaleInput,
    /// The wallet.
    pub wallet_id: String,
    /// The backend's id of the trade, once it is known.
    pub trade_id: Option<String>,
    /// Set before the code leaves, or before ours is shown. From then on money may have moved.
    pub handed_over: bool,
    /// Who shows the code.
    pub mode: CodeMode,
}

/// A [`Record`] with the field names of 0.1.0 before its release.
///
/// It is a type of its own, so that [`Record`] has only today's names.
#[derive(Clone, Debug, Deserialize)]
pub struct OldRecord {
    key: String,
    sale: Sale,
    wallet: String,
    trx_id: Option<String>,
    handed_over: bool,
    /// Absent in records from before there were two modes.
    presented: Option<String>,
    /// Present in a record that is not old, which must not be read as one.
    mode: Option<String>,
}

impl OldRecord {
    /// The record with today's names; `None` if it is not an old one.
    #[must_use]
    pub fn renamed(self) -> Option<Record> {
        let mode = match self.presented.as_deref() {
            None | Some("consumer") => CodeMode::ConsumerPresented,
            Some("merchant") => CodeMode::MerchantPresented,
            Some(_) => return None,
        };
        self.mode.is_none().then_some(Record {
            key: self.key,
            sale: self.sale.into(),
            wallet_id: self.wallet,
            trade_id: self.trx_id,
            handed_over: self.handed_over,
            mode,
        })
    }
}

impl Record {
    /// A record of a trade that this till knows only from the backend.
    #[must_use]
    pub fn of(trade: &TradeView) -> Self {
        Self {
            // Only the page that created the trade knows its key. This one just names the row.
            key: format!("resumed-{}", trade.trade_id),
            sale: trade.sale.clone().into(),
            wallet_id: trade.wallet_id.clone(),
            trade_id: Some(trade.trade_id.clone()),
            handed_over: !matches!(trade.status, Status::Creating | Status::AwaitingCode),
            mode: trade.mode,
        }
    }
}

/// The parameters of a charge.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Plan {
    /// The sale.
    pub sale: SaleInput,
    /// Who shows the code. If we do, the wallet must be known, and there is no code.
    pub mode: CodeMode,
    /// The wallet, if it is known before the code.
    pub wallet: Option<String>,
    /// The recognition of a code that was read already. Then there is no [`ChargeStep::Scan`].
    pub code: Option<Hint>,
    /// Fresh keys for two trades. The second one is used if the code belongs to another wallet.
    pub keys: [String; 2],
}

/// The wallet that a code seems to belong to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Hint {
    /// The gateway's id of the wallet.
    pub wallet: Option<String>,
    /// True if an official document says so. Then it overrules the wallet that the cashier chose.
    pub official: bool,
}

/// An event of a charge.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ChargeEvent {
    /// Only time has passed.
    Tick,
    /// The page became visible or online: ask now.
    Woke,
    /// The backend asks for this pause between two looks; 0 for that of the policy.
    Paced(Ms),
    /// The record of the last [`ChargeStep::Journal`] is durable, or can't be and the cashier was told.
    Journalled,
    /// A code was read.
    Scanned(Hint),
    /// The cashier chose the code's wallet; `None` if nobody did.
    Picked(Option<String>),
    /// The answer to [`ChargeStep::Create`].
    Created(Reply),
    /// The answer to [`ChargeStep::HandOver`].
    HandedOver(Reply),
    /// The answer to [`ChargeStep::Ask`].
    StatusReplied(Reply),
    /// The answer to [`ChargeStep::Cancel`].
    CancelReplied(Reply),
    /// The caller gives up, or the cashier cancels.
    Cancel,
}

/// An answer of the backend.
pub type Reply = Result<TradeView, Fault>;

/// Why an answer has no trade.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The backend refused, and may have named the trade that stands in the way.
    Problem(ProblemCode, Option<Box<TradeView>>),
    /// No readable answer came in time. The request may have arrived.
    NoAnswer,
    /// There was no token, so nothing was sent.
    NoToken,
}

/// What the driver does next.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ChargeStep {
    /// Scan for a code, until one is read or [`ChargeStep::StopScan`] follows.
    Scan,
    /// Stop scanning.
    StopScan,
    /// Ask the cashier for the code's wallet.
    Pick,
    /// Store this durably, then say [`ChargeEvent::Journalled`].
    Journal(Record),
    /// Delete the record with this key.
    Forget(String),
    /// Delete the record with this key and store one of the trade that stands in its way, in one transaction.
    Yield(String, Record),
    /// `POST /v1/trades`.
    Create(NewTrade),
    /// `POST /v1/trades/{trade_id}/code`, with the code that the driver keeps.
    HandOver(String),
    /// Show this code to the customer, for as long as the trade awaits its payer.
    Show(ShownCode),
    /// `GET /v1/trades/{trade_id}`.
    Ask(String),
    /// `POST /v1/trades/{trade_id}/cancel`.
    Cancel(String),
    /// Tell the cashier about a problem. The charge goes on.
    Notice(ProblemCode),
    /// Come back with [`ChargeEvent::Tick`] at this time, or earlier with any other event.
    Wait(Ms),
    /// The charge has ended. No step follows.
    Done(End),
}

/// How a charge ends.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// The trade has ended, or only a person can continue it. The promise resolves with it.
    Known(Box<TradeView>),
    /// No answer came in time and money may have moved. The promise resolves as `unconfirmed`, and the record stays.
    Unconfirmed(Option<Box<TradeView>>, String),
    /// Refused before anything began: the promise rejects.
    Refused(ProblemCode, Option<Box<TradeView>>),
    /// The backend could not be reached, and nothing was presented.
    Unreachable,
    /// There was no token, and nothing was presented.
    NoToken,
    /// The gateway could not be reached, and nothing was presented.
    GatewayDown,
    /// Nobody chose a wallet.
    NoWallet,
    /// The caller gave up before a code was handed over or shown.
    Aborted,
}

/// The phase of a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// A code is scanned for, and the wallet is not known.
    Scanning,
    /// A code was read, and its wallet is not known.
    PickingWallet,
    /// The creation is being journalled.
    JournallingCreation,
    /// The trade is being created.
    Creating,
    /// The trade exists, and a code is scanned for.
    Ready,
    /// The hand-over, or the display of our code, is being journalled.
    JournallingHandOver,
    /// The code is being handed over.
    HandingOver,
    /// The backend has the code, or ours is on display; the page asks for the outcome.
    Watching,
    /// The trade is being abandoned before a code was handed over.
    Abandoning,
    /// The charge has ended.
    Ended,
}
