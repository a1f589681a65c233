//! Amounts, as JavaScript gives and gets them.

use kaunter_core::error::ErrorCode;
use kaunter_core::money::Money;
use wasm_bindgen::prelude::*;

use super::error::Fail;
use super::given;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &'static str = r#"
/**
 * An amount of money. `minor` is a whole number of the currency's minor unit, and `currency` is its ISO 4217 code.
 *
 * `{ minor: 1250, currency: "MYR" }` is RM 12.50: 1250 sen.
 */
export interface Money { readonly minor: number; readonly currency: string }
"#;

/// Parses an amount: a safe positive integer of minor units, and three upper-case letters.
///
/// # Errors
/// `amount_invalid`.
pub fn money_from_js(money: &JsValue) -> Result<Money, Fail> {
    let invalid = || Fail::new(ErrorCode::AmountInvalid);
    let minor = given::own_field(money, "minor")
        .as_f64()
        .ok_or_else(invalid)?;
    if !(1.0..=js_sys::Number::MAX_SAFE_INTEGER).contains(&minor) || minor.fract() != 0.0 {
        return Err(invalid());
    }
    let currency = given::own_text(money, "currency").ok_or_else(invalid)?;
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(invalid());
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked above: a safe positive integer"
    )]
    let minor = minor as u64;
    Ok(Money { minor, currency })
}
