//! Practice sales: cashiers train on the sandbox in their page, where no money moves. A backend takes none of them.
//!
//! Rule 47 of `docs/rules.md`. Only the backend calls [`check`]: the sandbox in the page takes such sales.

use crate::desk::Refused;
use crate::wire::ProblemCode;

/// How the reference of a practice sale begins.
pub const PREFIX: &str = "PRACTICE-";

/// Refuses the reference of a practice sale, in any letter case. `param` is the field that has it.
///
/// The cashier's page writes it in capitals. A person who types it or a system that changes its case must not make it
/// a real sale.
///
/// # Errors
/// `sale_invalid`.
pub fn check(reference: &str, param: &'static str) -> Result<(), Refused> {
    if !is_practice(reference) {
        return Ok(());
    }
    Err(Refused {
        code: ProblemCode::SaleInvalid,
        param: Some(param),
        detail: Some(
            "A reference that begins with PRACTICE- belongs to a practice sale, in which no money moves: give the sale another reference.",
        ),
    })
}

fn is_practice(reference: &str) -> bool {
    reference
        .get(..PREFIX.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_47_a_practice_sale_is_refused_in_any_letter_case() {
        for reference in ["PRACTICE-1", "practice-1", "Practice-1", "PRACTICE-"] {
            let refused = check(reference, "sale.ref").expect_err("a practice sale");
            assert_eq!(
                (refused.code, refused.param),
                (ProblemCode::SaleInvalid, Some("sale.ref")),
                "{reference}"
            );
        }
        // Another beginning is the shop's own, and so is a character that the prefix would cut in two.
        for reference in [
            "PRACTICE",
            "PRACTICE1",
            "A-PRACTICE-1",
            "PRACTICE\u{e9}1",
            "",
        ] {
            assert_eq!(check(reference, "sale.ref"), Ok(()), "{reference}");
        }
    }
}
