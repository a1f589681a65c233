//! The session of a token, as JavaScript gets it.

use kaunter_core::money::Money;
use kaunter_core::wire::{self, Right};
use serde::Serialize;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &'static str = r#"
/** A right that the shop's server puts into a token; a call without its right rejects with `token_forbidden`. */
export type Right = "charge" | "cancel" | "void" | "review" | "list" | "give_up";

/** What the token says: the shop, the terminal, the cashier, and what they may do. */
export interface TillSession {
  readonly shop: string;
  readonly terminal: string;
  readonly cashier: string;
  readonly rights: readonly Right[];
  /** The ISO 4217 code of the only currency that the gateway takes. */
  readonly currency: string;
  /** The largest amount of one sale. */
  readonly maxAmount: Money;
  /** Whether this is a sandbox: no real money moves. */
  readonly sandbox: boolean;
}
"#;

#[wasm_bindgen]
extern "C" {
    /// `TillSession` of the declarations.
    #[wasm_bindgen(typescript_type = "TillSession")]
    #[derive(Debug)]
    pub type JsSession;
}

/// The session of the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TillSession {
    /// The shop.
    pub shop: String,
    /// The terminal.
    pub terminal: String,
    /// The cashier.
    pub cashier: String,
    /// The cashier's rights.
    pub rights: Vec<Right>,
    /// The gateway's currency.
    pub currency: String,
    /// The largest amount of one sale.
    pub max_amount: Money,
    /// True in a sandbox.
    pub sandbox: bool,
}

impl From<&wire::Session> for TillSession {
    fn from(session: &wire::Session) -> Self {
        Self {
            shop: session.shop.clone(),
            terminal: session.terminal.clone(),
            cashier: session.cashier.clone(),
            rights: session.rights.clone(),
            currency: session.currency.clone(),
            max_amount: session.max_amount.clone(),
            sandbox: session.sandbox,
        }
    }
}
