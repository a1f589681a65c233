//! The code that a till shows: an EMVCo merchant code of a play gateway.

use kaunter_core::money::Money;

/// A scheme of the sandbox's own: only its phone accepts these codes.
const SCHEME: &str = "MY.EXAMPLE.KAUNTER";
/// An EMVCo merchant code for one payment, built like DuitNow's: the merchant, the amount and the trade.
#[must_use]
pub fn payload(gateway_ref: &str, amount_minor: u64) -> String {
    let amount = Money {
        minor: amount_minor,
        currency: "MYR".to_owned(),
    };
    let account = [field(0, SCHEME), field(1, "990001"), field(2, "SIM0000001")].concat();
    let text = [
        field(0, "01"),
        field(1, "12"),
        field(26, &account),
        field(52, "5999"),
        field(53, "458"),
        field(54, &amount.decimal()),
        field(58, "MY"),
        field(59, "Sandbox"),
        field(60, "Kuala Lumpur"),
        field(62, &field(5, gateway_ref)),
        // The CRC covers its own tag and length.
        "6304".to_owned(),
    ]
    .concat();
    let crc = crc(text.as_bytes());
    format!("{text}{crc:04X}")
}

fn field(tag: u8, value: &str) -> String {
    format!("{tag:02}{:02}{value}", value.chars().count())
}

/// CRC-16 with polynomial 0x1021 from 0xFFFF, as EMVCo requires. Independent of the reader's, so that each checks the
/// other.
fn crc(bytes: &[u8]) -> u16 {
    let mut crc: u16 = 0xFFFF;
    for byte in bytes {
        for bit in (0..8).rev() {
            let carry = (crc >> 15) ^ (u16::from(*byte >> bit) & 1);
            crc = (crc << 1) ^ (0x1021 * carry);
        }
    }
    crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_on_display_reads_as_what_it_is() {
        let code = kaunter_core::emv::merchant(&payload("20260101120000123456", 1250));
        let code = code.expect("its structure and its CRC hold");
        assert_eq!(
            (code.amount.as_deref(), code.currency, code.dynamic),
            (Some("12.50"), Some("MYR"), true)
        );
        assert_eq!(code.scheme, None);
    }
}
