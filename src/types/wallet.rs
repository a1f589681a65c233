//! The wallets of the gateway, as JavaScript gets them.

use kaunter_core::money::Money;
use kaunter_core::wire::{self, CodeMode};
use serde::Serialize;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &'static str = r#"
/**
 * Who shows the code. `consumer_presented`: the till scans the customer's code. `merchant_presented`: the customer
 * scans the till's code.
 */
export type CodeMode = "consumer_presented" | "merchant_presented";

/** An e-wallet that the gateway lists, for example GrabPay or Touch 'n Go. */
export interface Wallet {
  /** The gateway's id of the wallet. The gateway may change it: do not store it. */
  readonly walletId: string;
  /** The name to show. */
  readonly name: string;
  /** The address of the logo; `null` if the gateway lists none. */
  readonly logo: string | null;
  /** True if the wallet pays with test money. */
  readonly test: boolean;
  /** The ways in which the wallet can pay. */
  readonly modes: readonly CodeMode[];
  /** The smallest amount that the wallet pays; `null` if the gateway does not say. */
  readonly minAmount: Money | null;
  /** The largest amount that the wallet pays; `null` if the gateway does not say. */
  readonly maxAmount: Money | null;
}
"#;

#[wasm_bindgen]
extern "C" {
    /// `readonly Wallet[]` of the declarations.
    #[wasm_bindgen(typescript_type = "readonly Wallet[]")]
    #[derive(Debug)]
    pub type JsWallets;
}

/// A wallet of the gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Wallet {
    /// The gateway's id.
    pub wallet_id: String,
    /// Its name.
    pub name: String,
    /// The address of its logo.
    pub logo: Option<String>,
    /// Whether it is a test wallet.
    pub test: bool,
    /// The modes in which it can pay.
    pub modes: Vec<CodeMode>,
    /// The minimum amount, if the gateway gives one.
    pub min_amount: Option<Money>,
    /// The maximum amount, if the gateway gives one.
    pub max_amount: Option<Money>,
}

impl From<&wire::Wallet> for Wallet {
    fn from(wallet: &wire::Wallet) -> Self {
        Self {
            wallet_id: wallet.wallet_id.clone(),
            name: wallet.name.clone(),
            logo: wallet.logo.clone(),
            test: wallet.test,
            modes: wallet.modes.clone(),
            min_amount: wallet.min_amount.clone(),
            max_amount: wallet.max_amount.clone(),
        }
    }
}

/// The wallet of a trade, under the name that the trade keeps: the gateway may have given its id to another wallet
/// since. Without a name, the wallet with this id, or one with the id alone.
#[must_use]
pub fn wallet_of(trade: &wire::TradeView, wallets: &[Wallet]) -> Wallet {
    let id = &trade.wallet_id;
    let kept = trade.wallet.as_ref().map(|wallet| &wallet.name);
    wallets
        .iter()
        .find(|wallet| wallet.wallet_id == *id && kept.is_none_or(|name| *name == wallet.name))
        .cloned()
        .unwrap_or_else(|| Wallet {
            wallet_id: id.clone(),
            name: kept.unwrap_or(id).clone(),
            logo: None,
            test: false,
            modes: vec![CodeMode::ConsumerPresented],
            min_amount: None,
            max_amount: None,
        })
}
