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

/** A sale as a page names it. A sale that the shop's server has registered needs no amount. */
export interface SaleInput {
  readonly ref: string;
  /** Another amount than the registered one is refused with `sale_amount_mismatch`. */
  readonly amount?: Money;
}
"#;

/// Parses a caller's sale, and names what is wrong before anything is sent.
///
/// # Errors
/// `sale_invalid` and `amount_invalid`.
pub fn sale_from_js(sale: &JsValue) -> Result<wire::SaleInput, Fail> {
    let reference =
        given::own_text(sale, "ref").ok_or_else(|| Fail::new(ErrorCode::SaleInvalid))?;
    if !wire::is_reference(&reference) {
        return Err(Fail::new(ErrorCode::SaleInvalid));
    }
    let amount = given::own_field(sale, "amount");
    let amount = match given::is_nothing(&amount) {
        true => None,
        false => Some(money_from_js(&amount)?),
    };
    Ok(wire::SaleInput { reference, amount })
}
