//! The JSON bodies between page, shop and backend.
//!
//! Requests refuse unknown fields. Answers ignore them, so that an older page works with a newer backend.
//! Times are RFC 3339 in UTC, and amounts are [`Money`] in minor units.
//!
//! The enums here have only today's words. `src/core/trade/old.rs` reads the old words of stored rows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use crate::error::ProblemCode;
use crate::money::Money;

/// The longest reference of a sale, in characters.
pub const REF_MAX_CHARS: usize = 64;
/// The maximum number of trades on a page of a list: half a megabyte.
pub const LIST_MAX_ROWS: u16 = 500;
/// The longest code that is handed over, in bytes.
pub const CODE_MAX_BYTES: usize = 1024;
/// The length of a page's idempotency key: 128 bits in lower-case hex.
pub const KEY_CHARS: usize = 32;

/// True if a text can be a sale's reference.
#[must_use]
pub fn is_reference(text: &str) -> bool {
    let length = text.chars().count();
    (1..=REF_MAX_CHARS).contains(&length) && !text.chars().any(char::is_control)
}

/// What the customer owes, under the shop's own reference.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sale {
    /// The shop's own number of the sale: 1 to 64 characters, never used again in the shop.
    #[serde(rename = "ref")]
    pub reference: String,
    /// The amount that is owed.
    pub amount: Money,
}

/// A sale as a page names it. One that the shop's server has registered needs no amount.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SaleInput {
    /// The shop's own number of the sale.
    #[serde(rename = "ref")]
    pub reference: String,
    /// The amount that is owed; `None` for the registered one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
}

impl SaleInput {
    /// Whether this names that sale. Without an amount, it names it with any.
    #[must_use]
    pub fn names(&self, sale: &Sale) -> bool {
        let same = |amount: &Money| *amount == sale.amount;
        self.reference == sale.reference && self.amount.as_ref().is_none_or(same)
    }

    /// The sale, once its amount is known.
    ///
    /// # Panics
    /// The amount is not known. Every trade has one, so a record that has a trade's id has one, too.
    #[must_use]
    pub fn known(self) -> Sale {
        Sale {
            reference: self.reference,
            amount: self.amount.expect("a trade has an amount"),
        }
    }

    /// Whether this names that sale and states its amount.
    #[must_use]
    pub fn states(&self, sale: &Sale) -> bool {
        self.amount.is_some() && self.names(sale)
    }
}

impl From<Sale> for SaleInput {
    fn from(sale: Sale) -> Self {
        Self {
            reference: sale.reference,
            amount: Some(sale.amount),
        }
    }
}

/// Which sales a shop takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sales {
    /// Any sale. A page may name one with its amount.
    #[default]
    Open,
    /// Only sales that the shop's server has registered.
    Registered,
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

/// The content of a code that the till shows. It names the shop and the sale, not the customer, but no log needs it.
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
    /// The content of the code, exactly as the gateway sent it.
    pub payload: Payload,
    /// When it must be taken down, unless somebody has scanned it.
    pub expires_at: String,
}

/// The status of a trade, as page and shop see it.
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
    /// The payment got no clear answer. The backend asks again every 2 s.
    Unknown,
    /// A cancel is under way, and the customer may still pay first.
    Cancelling,
    /// The payment or its void got no clear answer in time: a person decides.
    NeedsReview,
    /// The money is taken.
    Paid,
    /// The money is on its way back.
    Voiding,
    /// Proof of payment came after the trade was closed.
    LateSuccess,
    /// It was paid, and the gateway has taken the payment back: a person decides.
    Reversed,
    /// Refused; no money kept.
    Declined,
    /// Closed unpaid.
    Cancelled,
    /// The money was returned.
    Voided,
}

impl Status {
    /// Whether the status can't change any more without a person.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::Paid | Self::Declined | Self::Cancelled | Self::Voided
        )
    }

    /// Whether the page's promise ends: the status is final, or a person must decide.
    #[must_use]
    pub fn ends_promise(self) -> bool {
        self.is_final() || matches!(self, Self::NeedsReview | Self::LateSuccess | Self::Reversed)
    }

    /// Whether money may have moved and the outcome is not known.
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
            | Self::LateSuccess
            | Self::Reversed => true,
            Self::Creating
            | Self::AwaitingCode
            | Self::Paid
            | Self::Declined
            | Self::Cancelled
            | Self::Voided => false,
        }
    }
}

/// Who closed a trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// The cashier, or the page on the cashier's behalf.
    Cashier,
    /// The customer, on the phone.
    Customer,
    /// The backend: time was up, or the trade could not go on. The reason says which.
    System,
}

/// Why a trade was declined, or closed without a payment.
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
    /// The code belongs to another wallet than the trade.
    WrongWallet,
    /// Refused for another reason.
    Other,
    /// The creation got no clear answer. No code was handed over, so a new trade may start.
    GatewayUnavailable,
    /// A newer trade of the same terminal replaced this one.
    Superseded,
    /// The terminal was silent for too long.
    TerminalSilent,
    /// Somebody asked for it.
    Requested,
    /// Time was up without a payment.
    Deadline,
    /// Another trade took the sale while this one's code was being made. The code was never shown.
    SaleBusy,
    /// The shop's server registered another amount for the sale.
    AmountChanged,
}

impl Reason {
    /// Whether the backend closed the trade by itself, because it could not go on or had no need to.
    #[must_use]
    pub fn is_the_systems(self) -> bool {
        match self {
            Self::GatewayUnavailable
            | Self::Superseded
            | Self::TerminalSilent
            | Self::SaleBusy
            | Self::AmountChanged
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

/// A trade, as the backend's API shows it. A page replaces what it knows if `version` is newer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TradeView {
    /// The backend's id of the trade, which can't be guessed: at most 20 of `[A-Za-z0-9-]`.
    pub trade_id: String,
    /// The gateway's id of the trade, once it has one. Receipts have it as their reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway_ref: Option<String>,
    /// The trade's ordinal number within its sale, from 1.
    pub attempt: u32,
    /// The sale that it collects.
    pub sale: Sale,
    /// The gateway's id of the wallet.
    pub wallet_id: String,
    /// The wallet with the name that it had when the trade was created. Absent in trades of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wallet: Option<NamedWallet>,
    /// Who shows the code.
    pub mode: CodeMode,
    /// The terminal that asked for it.
    pub terminal: String,
    /// The cashier who charged the sale, by the token's name. Absent in rows of before names were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cashier: Option<String>,
    /// The status.
    pub status: Status,
    /// Who closed it, if it is cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_by: Option<By>,
    /// Why it was declined or closed, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The gateway's reference of the void, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub void_gateway_ref: Option<String>,
    /// Grows with every change. An answer with an older version is outdated.
    pub version: u64,
    /// The time of this answer.
    pub as_of: String,
    /// When the present status began.
    pub since: String,
    /// When the trade was created.
    pub created_at: String,
    /// When the backend stops asking the gateway every `poll_ms`, while money may have moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline_at: Option<String>,
    /// When the first proof of payment came, if one came. It stays after a void, a verdict or a reversal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<String>,
    /// Who decided the status. Absent while the trade is open, and if it was closed before any code left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<DecidedBy>,
    /// A verdict that waits for a second person, or a correction that waits for the gateway's answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<VerdictProposal>,
    /// Whether one person alone confirmed the verdict that decided the status.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub single_person: bool,
    /// Whether the gateway has contradicted the last verdict since it was given.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub verdict_contradicted: bool,
    /// Whether it was paid after it had been closed, no matter what has happened since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
    /// The code to show, while its payer is awaited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_code: Option<ShownCode>,
    /// The gateway's answer that led to this status, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway_answer: Option<GatewayAnswer>,
    /// The gateway's answer to the last void, if that void failed. Empty if the void was never sent. It stays after a
    /// verdict: only the status says whether the money was given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub void_refused: Option<GatewayAnswer>,
}

/// The gateway's own words, for the operator. The cashier sees them next to our sentence. Secrets and codes are masked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct GatewayAnswer {
    /// The gateway's code as text; `null` if it sent no code.
    #[serde(default)]
    pub code: Option<String>,
    /// The gateway's sentence; empty if it sent no sentence.
    pub message: String,
}

/// A right of a terminal token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Right {
    /// Create trades and hand over codes.
    Charge,
    /// Cancel trades.
    Cancel,
    /// Give money back.
    Void,
    /// Give a verdict on trades under review.
    Review,
    /// List the shop's trades of a day, and read the trades of other terminals.
    List,
    /// Stop collecting a sale that the customer pays in another way.
    #[serde(rename = "give_up")]
    GiveUp,
}

/// `POST /v1/terminal-tokens`, with the server key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MintToken {
    /// The shop.
    pub shop: String,
    /// The terminal: the shop's own name of the counter, 1 to 64 characters.
    pub terminal: String,
    /// The cashier who works there.
    pub cashier: String,
    /// The token's rights.
    pub rights: Vec<Right>,
    /// The largest amount that it may charge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_amount: Option<Money>,
    /// The only sale that it may charge, with a fixed amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sale: Option<Sale>,
}

/// `POST /v1/sign-in`: a person of the backend's own list signs in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The person's name.
    pub name: String,
    /// The person's PIN or password.
    pub secret: SignInSecret,
    /// The terminal: the shop's own name of the counter, 1 to 64 characters.
    pub terminal: String,
}

/// A PIN or a password. Its `Debug` prints a length.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInSecret(pub String);

impl std::fmt::Debug for SignInSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SignInSecret({} chars)", self.0.chars().count())
    }
}

/// The answer to [`SignIn`], and to `POST /v1/sign-in/renew`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// The terminal token.
    pub token: String,
    /// When it expires.
    pub expires_at: String,
    /// The person's name, as the backend's list has it.
    pub name: String,
    /// What the person may do.
    pub rights: Vec<Right>,
}

/// The answer to [`MintToken`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MintedToken {
    /// The terminal token.
    pub token: String,
    /// When it expires.
    pub expires_at: String,
}

/// The body of `POST /v1/terminals/revoke`, with the server key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevokeTerminal {
    /// The terminal whose tokens end.
    pub terminal: String,
}

/// The answer to [`RevokeTerminal`] and to `POST /v1/sign-out`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokedTerminal {
    /// The terminal.
    pub terminal: String,
    /// How often its tokens have been revoked.
    pub generation: u64,
}

/// The body of `POST /v1/terminals/take-over`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TakeOver {
    /// Why another device takes over, for the audit trail.
    pub reason: String,
}

/// The answer to [`TakeOver`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenOver {
    /// The terminal for which the device acts from now on.
    pub terminal: String,
}

/// The answer to `POST /v1/sessions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The shop that the token names.
    pub shop: String,
    /// The terminal that the token names.
    pub terminal: String,
    /// The cashier whom the token names.
    #[serde(default)]
    pub cashier: String,
    /// What the token may do.
    pub rights: Vec<Right>,
    /// When the token expires.
    pub expires_at: String,
    /// The wallets of the gateway.
    pub wallets: Vec<Wallet>,
    /// The currency that the gateway takes.
    pub currency: String,
    /// The largest amount of a trade.
    pub max_amount: Money,
    /// The durations that the page follows.
    pub policy: PagePolicy,
    /// This terminal's trades that have not ended, and those whose verdict the gateway contradicts.
    pub open_trades: Vec<TradeView>,
    /// True if another device acts for this terminal: this one may only watch.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub terminal_taken: bool,
    /// True in a sandbox: no real money moves.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sandbox: bool,
}

/// A session, with the field that the till's module does not read: there, each field costs bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FullSession {
    /// What the till's module reads.
    #[serde(flatten)]
    pub session: Session,
    /// Which sales the shop takes.
    pub sales: Sales,
}

/// A wallet of the gateway.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Wallet {
    /// The gateway's id of the wallet. It may change, so do not store it.
    pub wallet_id: String,
    /// The wallet's name.
    pub name: String,
    /// The URL of its logo.
    #[serde(default)]
    pub logo: Option<String>,
    /// Whether it is a test wallet.
    pub test: bool,
    /// The modes in which it can pay.
    pub modes: Vec<CodeMode>,
    /// The smallest amount that it pays, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_amount: Option<Money>,
    /// The largest amount that it pays, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_amount: Option<Money>,
}

/// A wallet as a trade keeps it: the gateway may give its id to another wallet later.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NamedWallet {
    /// The gateway's id of the wallet.
    pub wallet_id: String,
    /// The wallet's name.
    pub name: String,
}

/// The durations that the page follows, in milliseconds. The backend sends them with the session.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PagePolicy {
    /// From the start of one query to the start of the next.
    pub poll_ms: u64,
    /// How long the backend asks the gateway before it asks a person.
    pub deadline_ms: u64,
    /// How often a scanning page reports that it is there.
    pub heartbeat_ms: u64,
    /// The longest wait for one call.
    pub call_timeout_ms: u64,
    /// How long a promise waits for the backend's final answer after the deadline.
    pub last_word_ms: u64,
}

/// The body of `POST /v1/trades`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewTrade {
    /// 128 random bits in hex, which the page has journalled. The same key gives the same trade.
    pub idempotency_key: String,
    /// The sale.
    pub sale: SaleInput,
    /// The wallet.
    pub wallet_id: String,
    /// Who shows the code.
    pub mode: CodeMode,
}

/// The body of `POST /v1/trades/{trade_id}/code`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandOver {
    /// The customer's code, as it was read.
    pub code: String,
}

/// The body of `POST /v1/trades/{trade_id}/void`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskVoid {
    /// The reason, for the audit trail.
    pub reason: String,
}

/// The body of `POST /v1/trades/{trade_id}/verdict`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// What the person found.
    pub outcome: VerdictOutcome,
    /// The evidence for it, which the audit trail keeps.
    pub evidence: String,
    /// Who gives it, if the shop's server calls. A terminal's token names its cashier, and sends no `actor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
}

/// A verdict that waits for a second person.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct VerdictProposal {
    /// The first person's verdict.
    pub outcome: VerdictOutcome,
    /// The first person.
    pub by: String,
    /// When it was proposed.
    pub at: String,
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

/// The body of `PUT /v1/sales`, with the server key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterSale {
    /// The shop's own number of the sale.
    #[serde(rename = "ref")]
    pub reference: String,
    /// The amount that is owed.
    pub amount: Money,
    /// The shop's own notes on the sale. Absent: those that are stored stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
}

/// The shop's own notes on a sale, by name. No rule reads them.
pub type Metadata = BTreeMap<String, String>;
/// How a sale is paid that is not collected any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tender {
    /// Notes and coins.
    Cash,
    /// A card, at a terminal of its own.
    Card,
    /// Any other way.
    Other,
}

/// The body of `POST /v1/sales/give-up`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskGiveUp {
    /// The sale's reference.
    #[serde(rename = "ref")]
    pub reference: String,
    /// How the customer pays instead.
    pub tender: Tender,
}

/// Who has stopped collecting a sale, and how the customer pays instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenUp {
    /// The cashier.
    pub by: String,
    /// How the customer pays instead.
    pub tender: Tender,
    /// When it was asked for.
    pub at: String,
}

/// The answer to `GET /v1/gateway/unknown-words`: what the gateway said that the configuration does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayWords {
    /// The words, by call and field.
    pub words: Vec<GatewayWord>,
    /// The vocabulary of the configuration with a comment line for each word, to paste into `kaunter.toml`.
    pub toml: String,
}

/// A word of the gateway that the configuration does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayWord {
    /// The call that it answered.
    pub call: String,
    /// The gateway's name of the field.
    pub field: String,
    /// The word, or the code.
    pub code: String,
    /// The gateway's sentence with it. Secrets and codes are masked.
    pub message: String,
    /// When it came first.
    pub first_seen_at: String,
    /// When it came last.
    pub last_seen_at: String,
    /// How often it came.
    pub count: u64,
}

/// The answer to `GET /v1/sales?ref=`, by which a shop's server closes its bill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaleRecord {
    /// The sale's reference.
    #[serde(rename = "ref")]
    pub reference: String,
    /// The amount that is owed: that of the first trade, unless the shop's server has registered or changed it.
    pub due_amount: Money,
    /// The amount that was paid and not given back; `null` while there is no such amount.
    pub paid_amount: Option<Money>,
    /// Who said that `paid_amount` was paid; `null` while nothing is paid.
    pub decided_by: Option<DecidedBy>,
    /// Money that came after its trade was closed, and that nobody has accepted or given back yet.
    pub late_amount: Option<Money>,
    /// Whether exactly the amount in the query was paid: then close the bill. Absent if the query has no amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes_bill: Option<bool>,
    /// Who has stopped collecting the sale, and how the customer pays instead. Absent if nobody has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_up: Option<GivenUp>,
    /// True while money may have moved and the outcome is not known. Wait, and do not charge the sale in another way.
    pub unconfirmed: bool,
    /// All trades, the oldest first.
    pub trades: Vec<TradeView>,
}

/// A sale's record, with the fields that the till's module does not read: there, each field costs bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FullRecord {
    /// What the till's module reads.
    #[serde(flatten)]
    pub record: SaleRecord,
    /// Whether the shop's server has registered the sale.
    pub registered: bool,
    /// What a payment of a smaller amount leaves of the amount in the query, or of `due_amount` without one. Register it
    /// under another reference. Absent if nothing was paid, or enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_amount: Option<Money>,
    /// Only for the shop's server; absent if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
}

/// Who decided that a sale is paid, or how a trade has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DecidedBy {
    /// The gateway.
    Gateway,
    /// A person, by a verdict.
    Person,
}

/// The answer to `GET /v1/trades`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TradeList {
    /// For the list of a day: when the day begins, on the shop's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// For the list of a day: when the day has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The trades, the newest first. Those of a single sale come with the oldest first.
    pub trades: Vec<TradeView>,
    /// The `cursor` of the next page; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Whether and when the same call may succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// Never: it will be refused again.
    Never,
    /// With a fresh token.
    WithNewToken,
    /// Unchanged, after a short time.
    Later,
}

/// An error (RFC 9457, `application/problem+json`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Always `about:blank`: `code` has the meaning.
    #[serde(rename = "type")]
    pub kind: String,
    /// The HTTP status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The stable word for programs.
    pub code: ProblemCode,
    /// A sentence that says what to do about it.
    pub detail: String,
    /// Whether and when the same call may succeed.
    pub retry: Retry,
    /// The path of the wrong field, such as `sale.amount.minor`, if the call has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub param: Option<String>,
    /// The id of the call in the backend's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// The trade that stands in the way, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trade: Option<Box<TradeView>>,
}
