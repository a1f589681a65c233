//! The JSON treaty between page, shop and backend: every body that crosses hop 1, and nothing else.
//!
//! No word of an enum here has an alias: the page reads words by their place in the list (`src/types/read.rs`), and an
//! alias would shift them. Old words are read where rows are, in `src/core/trade/old.rs`.
//!
//! Requests refuse unknown fields; answers ignore them, so that an older page lives with a newer
//! backend. Times are RFC 3339 in UTC, amounts are [`Money`] in minor units.

use serde::{Deserialize, Serialize};

pub use crate::error::ProblemCode;
use crate::money::Money;

/// Longest reference of a sale, in characters.
pub const REF_MAX_CHARS: usize = 64;
/// Longest code that is handed over, in bytes.
pub const CODE_MAX_BYTES: usize = 1024;
/// Exact length of a page's `key`: 128 bits in lower-case hex.
pub const KEY_CHARS: usize = 32;

/// What the customer owes, under the shop's own reference.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sale {
    /// The shop's own number of the sale: 1 to 64 characters, unique for ever within the shop.
    #[serde(rename = "ref")]
    pub reference: String,
    /// What is owed.
    pub amount: Money,
}

/// Who shows the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeMode {
    /// The customer shows a code, and the till scans it (CPM).
    ConsumerPresented,
    /// The till shows a code, and the customer scans it (MPM).
    MerchantPresented,
}

/// The text of a code that the till shows. It names the shop and the sale, not the customer; still no log needs it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Payload(pub String);

impl std::fmt::Debug for Payload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Payload({} bytes)", self.0.len())
    }
}

/// A code on display: the customer scans it with the wallet's app.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ShownCode {
    /// What the code says: the gateway's text, as it came.
    pub payload: Payload,
    /// When it is taken down, unless somebody has scanned it.
    pub expires_at: String,
}

/// Where an attempt stands, as page and shop see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The trade is being created; no money can have moved.
    Creating,
    /// Waits for the customer's code; no money can have moved.
    AwaitingCode,
    /// Our code is on display: the customer may pay at any moment.
    AwaitingPayer,
    /// The payment request has left, or may have.
    Paying,
    /// The gateway is processing: the customer confirms on the phone.
    Pending,
    /// No clear answer; asked again every 2 s.
    Unknown,
    /// A cancel is under way; it may lose to the customer.
    Cancelling,
    /// Time is up without a word, on the payment or on its void: a person decides.
    NeedsReview,
    /// The money is taken.
    Paid,
    /// The money is on its way back.
    Voiding,
    /// Proof of payment came after the attempt was closed.
    LateSuccess,
    /// Refused; no money kept.
    Declined,
    /// Closed unpaid.
    Cancelled,
    /// The money was returned.
    Voided,
}

impl Status {
    /// True where nothing will change by itself any more.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::Paid | Self::Declined | Self::Cancelled | Self::Voided
        )
    }

    /// True where a promise can end: final, or only a person can go on.
    #[must_use]
    pub fn ends_promise(self) -> bool {
        self.is_final() || matches!(self, Self::NeedsReview | Self::LateSuccess)
    }

    /// True where money may have moved and the end is not known.
    #[must_use]
    pub fn at_risk(self) -> bool {
        match self {
            Self::AwaitingPayer
            | Self::Paying
            | Self::Pending
            | Self::Unknown
            | Self::Cancelling
            | Self::NeedsReview
            | Self::Voiding
            | Self::LateSuccess => true,
            Self::Creating
            | Self::AwaitingCode
            | Self::Paid
            | Self::Declined
            | Self::Cancelled
            | Self::Voided => false,
        }
    }
}

/// Who closed an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// The cashier, or the page on the cashier's behalf.
    Cashier,
    /// The customer, on the phone.
    Customer,
    /// Nobody: time was up, or the backend closed what could not go on. The reason says which.
    System,
}

/// Why an attempt ended without payment: declined, or closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The customer's code was too old.
    CodeExpired,
    /// The customer's code was used before.
    CodeUsed,
    /// Not enough money in the wallet.
    InsufficientFunds,
    /// The wallet's limit is reached.
    Limit,
    /// The code is of another wallet than the attempt.
    WrongWallet,
    /// Refused for another reason.
    Other,
    /// The gateway gave no word on the creation: no code was handed over, a new attempt may start.
    GatewayUnavailable,
    /// A newer attempt of the same terminal took this one's place.
    Superseded,
    /// The terminal was not heard of for too long.
    TerminalSilent,
    /// Somebody asked for it.
    Requested,
    /// Time was up without a payment.
    Deadline,
    /// Another attempt took the sale while this one's code was being made: it was never shown.
    SaleBusy,
}

impl Reason {
    /// True where nobody asked for the closing: the backend could not, or need not, go on.
    #[must_use]
    pub fn is_the_systems(self) -> bool {
        match self {
            Self::GatewayUnavailable
            | Self::Superseded
            | Self::TerminalSilent
            | Self::SaleBusy
            | Self::Deadline => true,
            Self::CodeExpired
            | Self::CodeUsed
            | Self::InsufficientFunds
            | Self::Limit
            | Self::WrongWallet
            | Self::Other
            | Self::Requested => false,
        }
    }
}

/// An attempt, as the backend tells it. The page adopts it when `version` is newer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Trade {
    /// The backend's unguessable name of the attempt: at most 20 of `[A-Za-z0-9-]`.
    pub trade_id: String,
    /// The gateway's name of the trade, once it has one; the reference on a receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway_ref: Option<String>,
    /// 1 for the first attempt of its sale.
    pub attempt: u32,
    /// The sale it collects.
    pub sale: Sale,
    /// The gateway's id of the wallet.
    pub wallet_id: String,
    /// Who shows the code.
    pub mode: CodeMode,
    /// The terminal that asked for it.
    pub terminal: String,
    /// Where it stands.
    pub status: Status,
    /// Who closed it, where it is cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_by: Option<By>,
    /// Why it was declined or closed, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The gateway's reference of the void, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub void_gateway_ref: Option<String>,
    /// Grows with every change: an answer with an older one is old news.
    pub version: u64,
    /// When this was true.
    pub as_of: String,
    /// When the present status began.
    pub since: String,
    /// When the attempt was asked for.
    pub created_at: String,
    /// When the backend stops verifying every 2 s, where money is at risk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline_at: Option<String>,
    /// Whose word the status is; absent while the trade is open, and where it was closed before any code left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<DecidedBy>,
    /// Proof of payment came after it had been closed, whatever became of it since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
    /// The code to show, while its payer is awaited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_code: Option<ShownCode>,
    /// What the gateway said when it put the attempt where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway_answer: Option<GatewayAnswer>,
    /// The last void was refused, and why: the money was not given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub void_refused: Option<GatewayAnswer>,
}

/// The gateway's own words: for the operator, and beside our sentence for the cashier. Secrets and codes are masked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct GatewayAnswer {
    /// Its code, as text; `null` where it gave none.
    #[serde(default)]
    pub code: Option<String>,
    /// Its sentence; empty where it gave none.
    pub message: String,
}

/// A right of a terminal token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Right {
    /// Start attempts and hand over codes.
    Charge,
    /// Cancel attempts.
    Cancel,
    /// Give money back.
    Void,
    /// Settle what needs a person's word.
    Review,
    /// Read the shop's day, and reach the trades of other terminals.
    List,
}

/// `POST /v1/terminal-tokens`, with the server key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MintToken {
    /// The shop.
    pub shop: String,
    /// The terminal: 1 to 64 characters, the shop's own name of the counter.
    pub terminal: String,
    /// Who works there.
    pub cashier: String,
    /// What the token may do.
    pub rights: Vec<Right>,
    /// Largest amount that it may charge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_amount: Option<Money>,
    /// The only sale it may charge, with its amount fixed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sale: Option<Sale>,
}

/// Answer to [`MintToken`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MintedToken {
    /// The terminal token.
    pub token: String,
    /// When it ends.
    pub expires_at: String,
}

/// Answer to `POST /v1/sessions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The shop that the token names.
    pub shop: String,
    /// The terminal that the token names.
    pub terminal: String,
    /// Who works there, as the token says.
    #[serde(default)]
    pub cashier: String,
    /// What the token may do.
    pub rights: Vec<Right>,
    /// When the token ends.
    pub expires_at: String,
    /// The wallets of the gateway.
    pub wallets: Vec<Wallet>,
    /// The currency that the gateway takes.
    pub currency: String,
    /// The largest amount of one attempt.
    pub max_amount: Money,
    /// The page's durations.
    pub policy: PagePolicy,
    /// This terminal's attempts that are not at their end.
    pub open_trades: Vec<Trade>,
}

/// A wallet of the gateway.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Wallet {
    /// The gateway's id; it may change, so nobody keeps it.
    pub wallet_id: String,
    /// Its name.
    pub name: String,
    /// Where its logo is.
    #[serde(default)]
    pub logo: Option<String>,
    /// A test wallet.
    pub test: bool,
    /// Which ways it can pay.
    pub modes: Vec<CodeMode>,
}

/// Durations that the page keeps, in milliseconds; the backend sends them with the session.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PagePolicy {
    /// From the start of one question to the start of the next.
    pub poll_ms: u64,
    /// How long the backend verifies before a person is asked.
    pub deadline_ms: u64,
    /// How often the page is heard of while it scans.
    pub heartbeat_ms: u64,
    /// How long one call may last.
    pub call_timeout_ms: u64,
    /// How long a promise waits past the deadline for the backend's word.
    pub last_word_ms: u64,
}

/// `POST /v1/trades`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewTrade {
    /// 128 random bits in hex, journalled by the page: the same key is the same attempt.
    pub idempotency_key: String,
    /// The sale.
    pub sale: Sale,
    /// The wallet.
    pub wallet_id: String,
    /// Who shows the code.
    pub mode: CodeMode,
}

/// `POST /v1/trades/{trade_id}/code`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandOver {
    /// What the customer showed, as it was read.
    pub code: String,
}

/// `POST /v1/trades/{trade_id}/void`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskVoid {
    /// Why, for the audit trail.
    pub reason: String,
}

/// `POST /v1/trades/{trade_id}/verdict`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// What the person found.
    pub outcome: VerdictOutcome,
    /// On what ground: kept in the audit trail.
    pub evidence: String,
}

/// What a person found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VerdictOutcome {
    /// The money was taken.
    Paid,
    /// No money was taken.
    Declined,
    /// The money was returned.
    Voided,
}

/// Answer to `GET /v1/sales?ref=`: what a shop's server closes its bill on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaleRecord {
    /// The sale's reference.
    #[serde(rename = "ref")]
    pub reference: String,
    /// What is owed: the amount of the first attempt, unless the shop's server has changed it.
    pub due_amount: Money,
    /// What was paid and is kept; `null` while nothing is.
    pub paid_amount: Option<Money>,
    /// Whose word `paid_amount` is; `null` while nothing is paid.
    pub decided_by: Option<DecidedBy>,
    /// Money that came after its attempt was closed, and that nobody has accepted or given back.
    pub late_amount: Option<Money>,
    /// There only where the question names an amount: true for exactly the amount that was paid. Close the bill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes_bill: Option<bool>,
    /// True while money may have moved and the end is not known: wait, never charge otherwise.
    pub unconfirmed: bool,
    /// Every attempt, oldest first.
    pub trades: Vec<Trade>,
}

/// Whose word it is that a sale is paid, or that a trade has ended as it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DecidedBy {
    /// The gateway's.
    Gateway,
    /// A person's, who gave a verdict.
    Person,
}

/// Answer to `GET /v1/trades`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TradeList {
    /// Of a day: when it begins, on the shop's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Of a day: when it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The trades, newest first; those of one sale oldest first.
    pub trades: Vec<Trade>,
    /// Asks for the next page as `cursor`; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Whether and when the same call makes sense again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// It will be refused again.
    Never,
    /// With a fresh token.
    WithNewToken,
    /// Unchanged, a little later.
    Later,
}

/// An error (RFC 9457, `application/problem+json`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// `about:blank`: the code says it all.
    #[serde(rename = "type")]
    pub kind: String,
    /// The HTTP status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The stable word for programs.
    pub code: ProblemCode,
    /// A sentence that says what to do.
    pub detail: String,
    /// Whether the same call makes sense again.
    pub retry: Retry,
    /// The field that is wrong, as `sale.amount.minor`, where it is one of the call's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub param: Option<String>,
    /// Names the call in the backend's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// The trade that stands in the way, where one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trade: Option<Box<Trade>>,
}
