//! The words of the counter's machine: what happens to it, what it has done, how it ends.

use serde::{Deserialize, Serialize};

use crate::policy::Ms;
use crate::wire::{CodeMode, NewTrade, ProblemCode, Sale, ShownCode, Status, Trade};

/// What the journal holds of an attempt. No code, no token.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Record {
    /// 128 random bits in hex: the same key is the same attempt.
    pub key: String,
    /// The sale.
    pub sale: Sale,
    /// The wallet.
    pub wallet_id: String,
    /// The backend's name of the attempt, once known.
    pub trade_id: Option<String>,
    /// True from before the code left, or from before ours was shown: money may have moved.
    pub handed_over: bool,
    /// Who shows the code.
    pub mode: CodeMode,
}

/// A [`Record`] by the names that 0.1.0 wrote before its release. It has no aliases: the page reads a shape by the order
/// of its fields.
#[derive(Clone, Debug, Deserialize)]
pub struct OldRecord {
    key: String,
    sale: Sale,
    wallet: String,
    trx_id: Option<String>,
    handed_over: bool,
    /// Absent where there was one mode only.
    presented: Option<String>,
    /// Present in a record that is not old: this is not how to read it.
    mode: Option<String>,
}

impl OldRecord {
    /// The record by today's names; `None` if it is no old one.
    #[must_use]
    pub fn renamed(self) -> Option<Record> {
        let mode = match self.presented.as_deref() {
            None | Some("consumer") => CodeMode::ConsumerPresented,
            Some("merchant") => CodeMode::MerchantPresented,
            Some(_) => return None,
        };
        self.mode.is_none().then_some(Record {
            key: self.key,
            sale: self.sale,
            wallet_id: self.wallet,
            trade_id: self.trx_id,
            handed_over: self.handed_over,
            mode,
        })
    }
}

impl Record {
    /// What this till notes of an attempt that it knows from the backend only.
    #[must_use]
    pub fn of(trade: &Trade) -> Self {
        Self {
            // The key is the creating page's: here it only names the row.
            key: format!("resumed-{}", trade.trade_id),
            sale: trade.sale.clone(),
            wallet_id: trade.wallet_id.clone(),
            trade_id: Some(trade.trade_id.clone()),
            handed_over: !matches!(trade.status, Status::Creating | Status::AwaitingCode),
            mode: trade.mode,
        }
    }
}

/// How a charge begins.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Plan {
    /// The sale.
    pub sale: Sale,
    /// Who shows the code. Where we do, the wallet is known, and no code is there.
    pub mode: CodeMode,
    /// The wallet, where it is known before the code.
    pub wallet: Option<String>,
    /// The code is there already ([`super::Charge::new`] then never says [`Step::Scan`]), and what it is.
    pub code: Option<Hint>,
    /// One fresh key per attempt; two, so that a code of another wallet costs one tap less.
    pub keys: [String; 2],
}

/// What a code says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Hint {
    /// The gateway's id of the wallet that it seems to belong to.
    pub wallet: Option<String>,
    /// True where an official rule says so: then it overrules the wallet that was chosen.
    pub official: bool,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// Only time has passed.
    Tick,
    /// The page became visible or online: ask now.
    Woke,
    /// The record of the last [`Step::Journal`] is durable, or can't be and the cashier was told.
    Journalled,
    /// A code was read.
    Scanned(Hint),
    /// Somebody said whose wallet it is; none: nobody did.
    Picked(Option<String>),
    /// The answer to [`Step::Create`].
    Created(Reply),
    /// The answer to [`Step::HandOver`].
    HandedOver(Reply),
    /// The answer to [`Step::Ask`].
    Told(Reply),
    /// The answer to [`Step::Cancel`].
    CancelTold(Reply),
    /// The caller gives up, or the cashier cancels.
    Cancel,
}

/// An answer of the backend.
pub type Reply = Result<Trade, Fault>;

/// No trade in the answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The backend refused, and maybe named the trade that stands in the way.
    Problem(ProblemCode, Option<Box<Trade>>),
    /// No answer in time, or none that could be read: it may have arrived.
    NoAnswer,
    /// No token could be had: nothing left.
    NoToken,
}

/// What the driver does next.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Look for a code, until one is read or [`Step::StopScan`].
    Scan,
    /// Stop looking.
    StopScan,
    /// Ask whose wallet the code is.
    Pick,
    /// Store this durably, then say [`Event::Journalled`].
    Journal(Record),
    /// The record with this key is closed.
    Forget(String),
    /// The record with this key is closed, and the attempt that stands in its way is noted, both or neither.
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
    /// Tell the cashier: survivable.
    Notice(ProblemCode),
    /// Come back with [`Event::Tick`] at this time, or earlier with any other event.
    Wait(Ms),
    /// The end. Nothing follows.
    Done(End),
}

/// How a charge ends.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// The attempt ended, or only a person can go on: the promise resolves with this.
    Settled(Box<Trade>),
    /// No word in time, while money may have moved: resolves as unresolved, the record stays.
    Unresolved(Option<Box<Trade>>, String),
    /// Refused before anything began: the promise rejects.
    Refused(ProblemCode, Option<Box<Trade>>),
    /// The backend could not be reached, and nothing was presented.
    Unreachable,
    /// No token could be had, and nothing was presented.
    NoToken,
    /// The gateway could not be reached, and nothing was presented.
    GatewayDown,
    /// Nobody said whose wallet it is.
    NoWallet,
    /// The caller gave up before a code was handed over or shown.
    Aborted,
}

/// Where the charge is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// No wallet yet: a code is looked for.
    Scanning,
    /// A code, and nobody knows whose.
    Picking,
    /// The creation is being journalled.
    Opening,
    /// The creation is under way.
    Creating,
    /// The attempt exists; a code is looked for.
    Ready,
    /// The hand-over, or the showing of our code, is being journalled.
    Sealing,
    /// The hand-over is under way.
    Handing,
    /// The code is the backend's, or ours is on display; we ask.
    Watching,
    /// The attempt is being left before its code was handed over.
    Leaving,
    /// Over.
    Ended,
}
