//! Trades, as JavaScript gets them, and the query that lists them.

use js_sys::Date;
use kaunter_core::error::ErrorCode;
use kaunter_core::wire::{
    self, By, CodeMode, DecidedBy, GatewayAnswer, LIST_MAX_ROWS, Reason, Status, VerdictProposal,
};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::error::Fail;
use super::given::{Given, text};
use super::wallet::{Wallet, wallet_of};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &'static str = r#"
/**
 * The status of a trade. `paid`, `declined`, `cancelled` and `voided` are final, with these exceptions: a paid trade can
 * be voided, the gateway can take its payment back (`reversed`), and a declined or cancelled trade can be paid late
 * (`late_success`).
 * Later versions may add values: treat a value that you do not know as not final.
 */
export type TradeStatus =
  | "creating" | "awaiting_code" | "awaiting_payer" | "paying" | "pending" | "unknown"
  | "cancelling" | "voiding" | "needs_review" | "late_success" | "reversed" | "paid" | "declined"
  | "cancelled" | "voided";

/** The gateway's own answer, without secrets. Show it to the operator, and to the cashier only beside our `message`. */
export interface GatewayAnswer {
  /** The gateway's code; `null` if it sent none. */
  readonly code: string | null;
  /** The gateway's sentence; empty if it sent none. */
  readonly message: string;
}

/** One try to collect a sale, as the backend reports it. Times are RFC 3339 in UTC: `2026-03-01T09:30:00Z`. */
export interface Trade {
  /** The backend's id of the trade. */
  readonly tradeId: string;
  /** The number of the trade among those of its sale, from 1. */
  readonly attempt: number;
  readonly sale: Sale;
  readonly mode: CodeMode;
  readonly wallet: Wallet;
  /** The terminal that asked for the trade. */
  readonly terminal: string;
  /** The cashier who asked for the trade; `null` if this token may not read it, and in old trades. */
  readonly cashier: string | null;
  readonly status: TradeStatus;
  /** When this status began. */
  readonly since: string;
  readonly createdAt: string;
  /**
   * When the backend stops asking the gateway about the payment every 2 seconds. `null` unless the outcome of a payment
   * is awaited. It is also `null` if only this till's journal knows the trade.
   */
  readonly deadlineAt: string | null;
  /** The gateway's reference of the payment: print it on the receipt. `null` until the gateway has one. */
  readonly gatewayRef: string | null;
  /** The gateway's reference of the void; `null` if there is none. */
  readonly voidGatewayRef: string | null;
  /** Who closed the trade; `null` if it is not `cancelled`. */
  readonly cancelledBy: CancelledBy | null;
  /** Why the trade was declined or cancelled, if that is known. */
  readonly reason: DeclineReason | CancelReason | null;
  /** The answer of the gateway that led to this status; `null` if none did. */
  readonly gatewayAnswer: GatewayAnswer | null;
  /** Who decided the status; `null` while the trade is open, and if it was closed before any code was sent. */
  readonly decidedBy: DecidedBy | null;
  /** A verdict that waits for a second person; `null` if none does. */
  readonly proposal: VerdictProposal | null;
  /** True if one person alone confirmed the verdict that decided the status. */
  readonly singlePerson: boolean;
  /** True if the gateway has contradicted the last verdict since it was given. */
  readonly verdictContradicted: boolean;
  /** True if proof of payment came after the trade had been closed, whatever has happened since. */
  readonly late: boolean;
  /**
   * The gateway's answer to the last void, if that void failed. It is empty if the void was never sent. `null` if the
   * last void did not fail. It stays after a verdict: only `status` says whether the money was given back.
   */
  readonly voidRefused: GatewayAnswer | null;
}

/** Which trades to list: of one sale (`ref`), or of one day. */
export interface TradeQuery {
  /** All trades of the sale with this reference, oldest first. */
  ref?: string;
  /** A day, `YYYY-MM-DD` on the shop's clock: its trades, newest first. Default, without `ref`: today. */
  day?: string;
  /** The name of a terminal: lists only its trades. Default: all terminals of the shop. */
  terminal?: string;
  /** The maximum number of trades on a page: 1 to 500. Default: 100. */
  limit?: number;
  /** The `nextCursor` of the page before, with the same other fields. Default: the first page. */
  cursor?: string;
}

/** One page of the trades of a `TradeQuery`. */
export interface TradeList {
  readonly trades: readonly Trade[];
  /** The `cursor` of the next page; `null` on the last page. */
  readonly nextCursor: string | null;
}
"#;

#[wasm_bindgen]
extern "C" {
    /// A promise of a `Trade`.
    #[wasm_bindgen(typescript_type = "Promise<Trade>")]
    #[derive(Debug)]
    pub type TradePromise;

    /// A promise of a `TradeList`.
    #[wasm_bindgen(typescript_type = "Promise<TradeList>")]
    #[derive(Debug)]
    pub type TradesPromise;

    /// `readonly Trade[]` of the declarations.
    #[wasm_bindgen(typescript_type = "readonly Trade[]")]
    #[derive(Debug)]
    pub type JsTrades;
}

/// One try to collect a sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Trade {
    /// Our trade id.
    pub trade_id: String,
    /// 1 for the first trade of its sale.
    pub attempt: u32,
    /// The sale.
    pub sale: wire::Sale,
    /// Who shows the code.
    pub mode: CodeMode,
    /// The wallet.
    pub wallet: Wallet,
    /// The terminal that asked for it.
    pub terminal: String,
    /// The cashier.
    pub cashier: Option<String>,
    /// Its status.
    pub status: Status,
    /// When this status began.
    pub since: String,
    /// When it was created.
    pub created_at: String,
    /// When the checks every 2 s end.
    pub deadline_at: Option<String>,
    /// The gateway's own reference.
    pub gateway_ref: Option<String>,
    /// The gateway's own reference of the void.
    pub void_gateway_ref: Option<String>,
    /// Who closed it.
    pub cancelled_by: Option<By>,
    /// Why it ended unpaid.
    pub reason: Option<Reason>,
    /// What the gateway said about it.
    pub gateway_answer: Option<GatewayAnswer>,
    /// Who decided the status.
    pub decided_by: Option<DecidedBy>,
    /// A verdict that waits for a second person.
    pub proposal: Option<VerdictProposal>,
    /// One person alone confirmed the verdict.
    pub single_person: bool,
    /// The gateway has contradicted the last verdict.
    pub verdict_contradicted: bool,
    /// Proof of payment came after it was closed, whatever happened to it since.
    pub late: bool,
    /// The gateway's answer to the last void, if that void failed. Empty if the void was never sent.
    pub void_refused: Option<GatewayAnswer>,
}

impl Trade {
    /// The backend's trade, for JavaScript.
    #[must_use]
    pub fn new(trade: &wire::TradeView, wallets: &[Wallet]) -> Self {
        Self {
            trade_id: trade.trade_id.clone(),
            attempt: trade.attempt,
            sale: trade.sale.clone(),
            mode: trade.mode,
            wallet: wallet_of(trade, wallets),
            terminal: trade.terminal.clone(),
            cashier: trade.cashier.clone(),
            status: trade.status,
            since: trade.since.clone(),
            created_at: trade.created_at.clone(),
            deadline_at: trade.deadline_at.clone(),
            gateway_ref: trade.gateway_ref.clone(),
            void_gateway_ref: trade.void_gateway_ref.clone(),
            cancelled_by: trade.cancelled_by,
            reason: trade.reason,
            gateway_answer: trade.gateway_answer.clone(),
            decided_by: trade.decided_by,
            proposal: trade.proposal.clone(),
            single_person: trade.single_person,
            verdict_contradicted: trade.verdict_contradicted,
            late: trade.late,
            void_refused: trade.void_refused.clone(),
        }
    }
}

/// A page of trades.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TradeList {
    /// The trades.
    pub trades: Vec<Trade>,
    /// The cursor of the next page.
    pub next_cursor: Option<String>,
}

/// Which trades to list: the parameters of `GET /v1/trades`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TradeQuery(Vec<(&'static str, String)>);

impl TradeQuery {
    /// Reads a caller's query.
    ///
    /// # Errors
    /// `argument_invalid`, `sale_invalid`.
    pub fn read(query: &JsValue) -> Result<Self, Fail> {
        let given = Given::new(query, "")?;
        let mut fields = Vec::new();
        // An empty reference or day is wrong, and not a missing one.
        for name in ["ref", "day"] {
            if let Some(value) = given.get(name, "a string", text)? {
                fields.push((name, value));
            }
        }
        for name in ["terminal", "cursor"] {
            if let Some(value) = given.text(name)? {
                fields.push((name, value));
            }
        }
        if let Some(limit) = given.number("limit")? {
            let is_limit =
                limit.fract() == 0.0 && (1.0..=f64::from(LIST_MAX_ROWS)).contains(&limit);
            let limit = is_limit.then(|| (limit as u32).to_string());
            let limit =
                limit.ok_or_else(|| given.wrong("limit", "a whole number from 1 to 500"))?;
            fields.push(("limit", limit));
        }
        for (name, value) in &fields {
            match *name {
                "ref" if !wire::is_reference(value) => {
                    return Err(Fail::new(ErrorCode::SaleInvalid));
                }
                "day" if !is_day(value) => return Err(given.wrong("day", "a day as YYYY-MM-DD")),
                _ => {}
            }
        }
        Ok(Self(fields))
    }

    /// The query of the call's address.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.0 {
            let value = String::from(js_sys::encode_uri_component(value));
            text.push(if text.is_empty() { '?' } else { '&' });
            text.push_str(name);
            text.push('=');
            text.push_str(&value);
        }
        text
    }
}

/// True for a day of the calendar as `YYYY-MM-DD`. The browser reads 31 February as 3 March.
fn is_day(text: &str) -> bool {
    let date = Date::new(&JsValue::from_str(&format!("{text}T00:00:00Z")));
    text.len() == 10
        && !date.get_time().is_nan()
        && String::from(date.to_iso_string()).starts_with(text)
}
