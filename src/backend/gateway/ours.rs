//! Checks the code that the till shows: its format, and that it is for this sale.

use kaunter_core::emv;
use kaunter_core::money::Money;
use kaunter_core::wire::{CODE_MAX_BYTES, Payload};

/// The first characters of an EMVCo merchant code, of any version.
const EMVCO: &str = "0002";

/// What may be shown. `None` if no app could pay it, or if it asks for another amount or currency. A text that is not
/// an EMVCo code is shown as it is: it has no amount to compare.
pub(crate) fn read(text: String, amount: &Money) -> Option<Payload> {
    if text.is_empty() || text.len() > CODE_MAX_BYTES || text.chars().any(char::is_control) {
        return None;
    }
    if text.starts_with(EMVCO) {
        let code = emv::merchant(&text)?;
        let other_currency = code.currency.is_some_and(|own| own != amount.currency);
        let other_amount = code.amount.as_deref().is_some_and(|text| {
            Money::parse(text, &amount.currency).map_or(true, |own| own != *amount)
        });
        if other_currency || other_amount {
            return None;
        }
    }
    Some(Payload(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples are written by hand. Each CRC was computed with another program.
    const TWELVE_FIFTY: &str =
        "000201010212520459995303458540512.505802MY5909Test Shop6002KL630401DE";

    fn ringgit(minor: u64) -> Money {
        Money {
            minor,
            currency: "MYR".to_owned(),
        }
    }

    #[test]
    fn rule_26_a_code_is_shown_only_for_its_own_amount_and_currency() {
        let read = |text: &str, money: &Money| read(text.to_owned(), money).is_some();
        assert!(read(TWELVE_FIFTY, &ringgit(1250)));
        assert!(!read(TWELVE_FIFTY, &ringgit(1251)));
        let dollars = Money {
            currency: "SGD".to_owned(),
            ..ringgit(1250)
        };
        assert!(!read(TWELVE_FIFTY, &dollars));
        let broken = TWELVE_FIFTY.replace("12.50", "12.51");
        assert!(!read(&broken, &ringgit(1251)), "its CRC is of another text");
        assert!(read("https://pay.example/abc", &ringgit(1250)));
        for nothing in ["", "a\nb", &"x".repeat(CODE_MAX_BYTES + 1)] {
            assert!(!read(nothing, &ringgit(1250)));
        }
    }
}
