//! A sale, as JavaScript gives and gets it.

use kaunter_core::error::ErrorCode;
use kaunter_core::wire;
use wasm_bindgen::prelude::*;

use super::error::Fail;
use super::given;
use super::money::money_from_js;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &'static str = r#"
/** What a customer owes. It is collected at most once, by whichever till and trade. */
export interface Sale {
  /** The shop's own reference: 1 to 64 printable characters. Never use one again for another sale. */
  readonly ref: string;
  /** More than 0, in the currency of the session, and at most its `maxAmount`. */
  readonly amount: Money;
}
"#;

/// Parses a caller's sale, and names what is wrong before anything is sent.
///
/// # Errors
/// `sale_invalid` and `amount_invalid`.
pub fn sale_from_js(sale: &JsValue) -> Result<wire::Sale, Fail> {
    let reference =
        given::own_text(sale, "ref").ok_or_else(|| Fail::new(ErrorCode::SaleInvalid))?;
    if !wire::is_reference(&reference) {
        return Err(Fail::new(ErrorCode::SaleInvalid));
    }
    let amount = money_from_js(&given::own_field(sale, "amount"))?;
    Ok(wire::Sale { reference, amount })
}
