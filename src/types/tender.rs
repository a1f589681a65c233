//! How a sale is paid that is not collected any more, as JavaScript gives it.

use kaunter_core::error::ErrorCode;
use kaunter_core::wire::{self, Tender, is_reference};
use wasm_bindgen::prelude::*;

use super::error::Fail;
use super::given;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &'static str = r#"
/** How the customer pays a sale that the till does not collect any more. */
export type Tender = "cash" | "card" | "other";

/** Which sale to stop collecting, and how the customer pays instead. */
export interface GiveUpOptions {
  /** The sale's reference. */
  ref: string;
  tender: Tender;
}
"#;

/// Parses which sale to give up.
///
/// # Errors
/// `sale_invalid` without a reference, `argument_invalid` if the tender is not one.
pub fn give_up_from_js(options: &JsValue) -> Result<wire::AskGiveUp, Fail> {
    let reference = given::own_text(options, "ref")
        .filter(|reference| is_reference(reference))
        .ok_or_else(|| Fail::new(ErrorCode::SaleInvalid))?;
    let tender = match given::own_text(options, "tender").as_deref() {
        Some("cash") => Tender::Cash,
        Some("card") => Tender::Card,
        Some("other") => Tender::Other,
        Some(_) | None => {
            return Err(given::wrong("tender", "\"cash\", \"card\" or \"other\""));
        }
    };
    Ok(wire::AskGiveUp { reference, tender })
}
