//! Reads both kinds of EMVCo payment codes. Specifications: <https://www.emvco.com/emv-technologies/qr-codes/>.
//!
//! A customer shows a consumer-presented code: BER-TLV objects in base64.
//! A shop shows a merchant-presented code: TLV fields as text, with a CRC.
//! No input makes either reader panic.
//!
//! Tags `5A` and `57` of a consumer's code may hold a card number, so they are never copied out.

/// The longest text that is read. Payment codes in use are shorter; the bound limits the work.
const MAX_CHARS: usize = 1024;
/// The content of tag 85, the payload format indicator, with which a consumer's code starts.
const PAYLOAD_FORMAT: &[u8] = b"CPV01";

/// The content of a consumer-presented code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consumer {
    /// The application identifiers (tag 4F) in upper-case hex, in the code's order.
    pub aids: Vec<String>,
    /// The label (tag 50) of the first application that has one.
    pub label: Option<String>,
}

/// Reads a consumer-presented code. `None` if it is not one from its first to its last byte.
#[must_use]
pub fn consumer(text: &str) -> Option<Consumer> {
    if text.len() > MAX_CHARS || !text.starts_with("hQVDUFYwMW") {
        return None;
    }
    let bytes = base64(text)?;
    let objects = objects(&bytes)?;
    let (first, rest) = objects.split_first()?;
    if first.tag != 0x85 || first.value != PAYLOAD_FORMAT {
        return None;
    }
    let mut code = Consumer::default();
    for object in rest {
        match object.tag {
            0x61 => application(object.value, &mut code)?,
            // The common data template must be well formed; nothing in it is used.
            0x62 => drop(self::objects(object.value)?),
            _ => {}
        }
    }
    (!code.aids.is_empty()).then_some(code)
}

/// Decodes base64 of either alphabet, with or without padding.
///
/// `None` if the text is not the canonical form of its bytes.
fn base64(text: &str) -> Option<Vec<u8>> {
    let is_url_safe = text.contains(['-', '_']);
    let digits = text.trim_end_matches('=');
    // A last group of two digits may have two padding signs, one of three digits one, and a full group no sign.
    if text.len() - digits.len() > digits.len().wrapping_neg() % 4 {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3 + 2);
    let (mut bits, mut held) = (0u32, 0);
    for digit in digits.bytes() {
        let six = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' if !is_url_safe => 62,
            b'/' if !is_url_safe => 63,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(six);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    (held < 6 && bits == 0).then_some(bytes)
}

/// Reads an application template (tag 61). `None` if it is malformed.
fn application(template: &[u8], code: &mut Consumer) -> Option<()> {
    for object in objects(template)? {
        match object.tag {
            0x4F if (5..=16).contains(&object.value.len()) => {
                let hex = object.value.iter().map(|byte| format!("{byte:02X}"));
                code.aids.push(hex.collect());
            }
            0x4F => return None,
            0x50 if code.label.is_none() => {
                code.label = std::str::from_utf8(object.value).ok().map(str::to_owned);
            }
            _ => {}
        }
    }
    Some(())
}

/// A BER-TLV object.
struct Object<'a> {
    tag: u32,
    value: &'a [u8],
}

/// Splits bytes into BER-TLV objects. `None` if one runs past the end.
fn objects(mut bytes: &[u8]) -> Option<Vec<Object<'_>>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let tag = tag(&mut bytes)?;
        let length = length(&mut bytes)?;
        let (value, rest) = bytes.split_at_checked(length)?;
        // ISO/IEC 7816 allows zero bytes between objects on cards, but not in codes.
        if tag == 0 {
            return None;
        }
        found.push(Object { tag, value });
        bytes = rest;
    }
    Some(found)
}

/// Takes the first byte.
fn byte(bytes: &mut &[u8]) -> Option<u8> {
    let (first, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(*first)
}

/// Takes a tag: one byte, or two if the low five bits of the first are all set (`9Fxx`, `5Fxx`).
fn tag(bytes: &mut &[u8]) -> Option<u32> {
    let first = u32::from(byte(bytes)?);
    if first & 0x1F != 0x1F {
        return Some(first);
    }
    let second = u32::from(byte(bytes)?);
    // No payment code has a tag of three bytes.
    (second & 0x80 == 0).then_some(first << 8 | second)
}

/// Takes a length: the short form, or the long form with one or two bytes (`81`, `82`).
fn length(bytes: &mut &[u8]) -> Option<usize> {
    match byte(bytes)? {
        short @ 0..=0x7F => Some(short.into()),
        0x81 => Some(byte(bytes)?.into()),
        0x82 => Some(usize::from(byte(bytes)?) << 8 | usize::from(byte(bytes)?)),
        _ => None,
    }
}

/// The content of a merchant-presented code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merchant {
    /// The payment scheme, if an account template names a known one.
    pub scheme: Option<&'static str>,
    /// The acquirer, if a DuitNow template names a known one.
    pub acquirer: Option<&'static str>,
    /// The letters of the currency, if its ISO 4217 number is known.
    pub currency: Option<&'static str>,
    /// The amount as the code has it.
    pub amount: Option<String>,
    /// True if the code was made for a single payment.
    pub dynamic: bool,
}

/// Reads a merchant-presented code. `None` if its structure or its CRC is wrong.
#[must_use]
pub fn merchant(text: &str) -> Option<Merchant> {
    let version = text.get(..6)?;
    if text.len() > MAX_CHARS || !matches!(version, "000201" | "000202") {
        return None;
    }
    let fields = fields(text)?;
    let (last, _) = fields.split_last()?;
    let claimed = (last.0 == 63 && last.1.len() == 4).then_some(last.1)?;
    let covered = text.get(..text.len() - 4)?;
    if format!("{:04X}", crc(covered.as_bytes())) != claimed {
        return None;
    }
    let field = |tag: u8| {
        fields
            .iter()
            .find(|(found, _)| *found == tag)
            .map(|(_, value)| *value)
    };
    let accounts: Vec<Vec<(u8, &str)>> = fields
        .iter()
        .filter(|(tag, _)| (26..=51).contains(tag))
        .filter_map(|(_, template)| self::fields(template))
        .collect();
    let known = accounts.iter().find_map(|account| {
        let (_, name) = account.iter().find(|(tag, _)| *tag == 0)?;
        Some((scheme(name)?, account))
    });
    Some(Merchant {
        scheme: known.as_ref().map(|(scheme, _)| *scheme),
        acquirer: known.as_ref().and_then(|(_, account)| {
            let (_, id) = account.iter().find(|(tag, _)| *tag == 1)?;
            acquirer(id)
        }),
        currency: field(53).and_then(currency),
        amount: field(54).map(str::to_owned),
        dynamic: field(1) == Some("12"),
    })
}

/// Splits text into fields: two digits of tag, two of length, and the value. `None` if one runs past the end.
fn fields(mut text: &str) -> Option<Vec<(u8, &str)>> {
    let mut found = Vec::new();
    while !text.is_empty() {
        let number = |part: &str| {
            part.bytes()
                .all(|byte| byte.is_ascii_digit())
                .then(|| part.parse::<u8>().ok())?
        };
        let tag = number(text.get(..2)?)?;
        let length = usize::from(number(text.get(2..4)?)?);
        // Lengths count characters, because shop names are not always ASCII.
        let rest = text.get(4..)?;
        let end = rest
            .char_indices()
            .map(|(at, _)| at)
            .chain([rest.len()])
            .nth(length)?;
        found.push((tag, rest.get(..end)?));
        text = rest.get(end..)?;
    }
    Some(found)
}

/// CRC-16/CCITT-FALSE, as EMVCo asks: polynomial 0x1021, starting at 0xFFFF.
fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            let carry = crc & 0x8000 != 0;
            (crc << 1) ^ if carry { 0x1021 } else { 0 }
        })
    })
}

/// The scheme of a globally unique identifier (tag 00 of an account template).
fn scheme(name: &str) -> Option<&'static str> {
    Some(match name {
        "A0000006150001" => "DuitNow",
        "SG.PAYNOW" => "PayNow",
        "ID.CO.QRIS.WWW" => "QRIS",
        "A000000677010111" => "PromptPay",
        "A000000727" => "VietQR",
        "PH.INSTAPAY.ME" => "QR Ph",
        "HK.COM.HKICL" => "HKQR",
        _ => return None,
    })
}

/// The acquirer of an identifier in DuitNow's template.
fn acquirer(id: &str) -> Option<&'static str> {
    Some(match id {
        "890053" => "Touch 'n Go",
        "890046" => "GrabPay",
        "890061" => "Boost",
        "890004" => "ShopeePay",
        "588734" => "Maybank",
        "890269" => "PayDibs",
        _ => return None,
    })
}

/// The letters of a currency by its ISO 4217 number.
fn currency(digits: &str) -> Option<&'static str> {
    Some(match digits {
        "458" => "MYR",
        "702" => "SGD",
        "360" => "IDR",
        "764" => "THB",
        "704" => "VND",
        "608" => "PHP",
        "344" => "HKD",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use ::base64::Engine;
    use ::base64::engine::{
        DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose,
    };
    use ::base64::{alphabet, engine};
    use proptest::prelude::*;

    use super::*;

    const LENIENT: GeneralPurposeConfig =
        engine::general_purpose::NO_PAD.with_decode_padding_mode(DecodePaddingMode::Indifferent);

    fn by_the_library(text: &str) -> Option<Vec<u8>> {
        let standard = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
        let url_safe = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);
        standard
            .decode(text)
            .or_else(|_| url_safe.decode(text))
            .ok()
    }

    proptest! {
        #[test]
        fn base64_is_read_as_the_library_reads_it(text in "[A-Za-z0-9+/_=!-]{0,12}|[AQgw4+_]{0,9}={0,3}") {
            prop_assert_eq!(base64(&text), by_the_library(&text));
        }

        #[test]
        fn base64_that_was_written_is_read(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            for engine in [general_purpose::STANDARD, general_purpose::URL_SAFE, general_purpose::STANDARD_NO_PAD] {
                prop_assert_eq!(base64(&engine.encode(&bytes)), Some(bytes.clone()));
            }
        }
    }
}
