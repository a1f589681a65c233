//! A person's verdict on a trade that the gateway left open, as JavaScript gives it.

use kaunter_core::error::ErrorCode;
use kaunter_core::wire::{self, VerdictOutcome};
use wasm_bindgen::prelude::*;

use super::error::Fail;
use super::given;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &'static str = r#"
/** Who decided a status: the gateway's answer, or a person's verdict. */
export type DecidedBy = "gateway" | "person";

/** A person's decision on a trade in `needs_review`, `late_success` or `reversed`, or a correction of another person's. */
export interface Verdict {
  /** What happened to the money: `paid` it was taken, `declined` it was not, `voided` it was given back. */
  outcome: "paid" | "declined" | "voided";
  /** What proves it, for example what the wallet's own records show. Not empty; the audit trail keeps it. */
  evidence: string;
}

/** A verdict that waits for a second person, or a correction that waits for the gateway's answer. */
export interface VerdictProposal {
  readonly outcome: "paid" | "declined" | "voided";
  /** The person who proposed it. */
  readonly by: string;
  /** When, in RFC 3339. */
  readonly at: string;
}
"#;

/// Parses a verdict.
///
/// # Errors
/// `argument_invalid` if it is not a verdict, `verdict_invalid` without evidence.
pub fn verdict_from_js(verdict: &JsValue) -> Result<wire::Verdict, Fail> {
    let outcome = match given::own_text(verdict, "outcome").as_deref() {
        Some("paid") => VerdictOutcome::Paid,
        Some("declined") => VerdictOutcome::Declined,
        Some("voided") => VerdictOutcome::Voided,
        Some(_) | None => {
            return Err(given::wrong(
                "outcome",
                "\"paid\", \"declined\" or \"voided\"",
            ));
        }
    };
    let evidence = given::own_text(verdict, "evidence")
        .filter(|evidence| !evidence.trim().is_empty())
        .ok_or_else(|| Fail::new(ErrorCode::VerdictInvalid))?;
    Ok(wire::Verdict {
        outcome,
        evidence,
        actor: None,
    })
}
