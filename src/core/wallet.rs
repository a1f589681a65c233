//! Recognises a payment code before anything is sent: a hint for the cashier, not a check.
//!
//! An unknown code is handed over with the wallet that the cashier chose.
//! The only exception is a shop's own code, which a customer shows by mistake: nobody is paid if a till scans it.

use crate::code::bare;
use crate::emv;

/// What a code seems to be. See [`recognise`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recognised {
    /// The family of codes.
    pub kind: Kind,
    /// The scheme or country, if the code names a known one.
    pub scheme: Option<String>,
    /// The quality of the source that says so.
    pub confidence: Confidence,
}

/// Families of codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// WeChat Pay's digits.
    WeChatPay,
    /// Alipay's digits, and those of the wallets that share them.
    Alipay,
    /// UnionPay's digits.
    UnionPay,
    /// An EMVCo code that a customer shows.
    EmvConsumer {
        /// The application identifiers, in upper-case hex.
        aids: Vec<String>,
        /// The label of the first application that has one.
        label: Option<String>,
    },
    /// A code that a shop shows.
    Merchant,
    /// An unknown code. Most wallets' own codes are.
    Opaque,
}

/// The quality of a recognition's source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confidence {
    /// A document of the wallet or the scheme says so.
    Official,
    /// Other documents quote such a document.
    Reported,
    /// It is often said, without a document.
    Guess,
    /// There is no source.
    None,
}

/// Recognises a code by its structure, its prefix and its length.
///
/// ```
/// use kaunter_core::wallet::{Confidence, Kind, recognise, suggest};
///
/// let code = recognise("134503098230927349");
/// assert_eq!(code.kind, Kind::WeChatPay);
/// assert_eq!(code.confidence, Confidence::Official);
///
/// // The cashier gets the wallet that fits, if exactly one does.
/// assert_eq!(suggest(&code, &["GrabPay", "WeChat Pay MY"]), Some(1));
///
/// // An unknown code is no error: the cashier chooses the wallet.
/// let unknown = recognise("TNG-7Q2M");
/// assert_eq!(unknown.kind, Kind::Opaque);
/// assert_eq!(suggest(&unknown, &["GrabPay", "WeChat Pay MY"]), None);
/// ```
#[must_use]
pub fn recognise(text: &str) -> Recognised {
    let text = bare(text);
    if let Some(code) = emv::consumer(text) {
        return Recognised {
            scheme: code
                .aids
                .iter()
                .find_map(|aid| consumer_scheme(aid))
                .map(str::to_owned),
            kind: Kind::EmvConsumer {
                aids: code.aids,
                label: code.label,
            },
            confidence: Confidence::Official,
        };
    }
    let merchant_scheme = emv::merchant(text)
        .map(|code| code.scheme)
        .or_else(|| merchant_link(text).map(Some));
    if let Some(scheme) = merchant_scheme {
        return of(Kind::Merchant, scheme, Confidence::Official);
    }
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return of(Kind::Opaque, None, Confidence::None);
    }
    let first_two = text.get(..2).and_then(|two| two.parse::<u8>().ok());
    match (first_two, text.len()) {
        (Some(15), 18) => of(Kind::WeChatPay, Some("Hong Kong"), Confidence::Official),
        (Some(10..=14), 18) => of(Kind::WeChatPay, None, Confidence::Official),
        (Some(25..=30), 16..=24) => of(Kind::Alipay, None, Confidence::Reported),
        (Some(62), 19) => of(Kind::UnionPay, None, Confidence::Guess),
        (Some(_) | None, _) => of(Kind::Opaque, None, Confidence::None),
    }
}

/// Shortens [`recognise`].
fn of(kind: Kind, scheme: Option<&str>, confidence: Confidence) -> Recognised {
    Recognised {
        kind,
        scheme: scheme.map(str::to_owned),
        confidence,
    }
}

/// The scheme of a consumer code's application identifier.
fn consumer_scheme(aid: &str) -> Option<&'static str> {
    Some(match aid {
        "A0000006150001" => "PayNet",
        "A0000006022020" => "QRIS",
        "A000000333010101" => "UnionPay",
        // "GCASH" in ASCII.
        "4743415348" => "GCash",
        _ => return None,
    })
}

/// The scheme of a link that a shop shows as its code.
fn merchant_link(text: &str) -> Option<&'static str> {
    let lower = text.get(..32.min(text.len()))?.to_ascii_lowercase();
    if lower.starts_with("https://qr.alipay.com/") {
        Some("Alipay")
    } else if lower.starts_with("weixin://wxpay/bizpayurl") {
        Some("WeChat Pay")
    } else {
        None
    }
}

/// The index of the wallet to which the code seems to belong, by its name. `None` unless exactly one fits.
#[must_use]
pub fn suggest(recognised: &Recognised, names: &[&str]) -> Option<usize> {
    let words: Vec<String> = match &recognised.kind {
        Kind::WeChatPay => vec!["wechat".to_owned()],
        Kind::Alipay => vec!["alipay".to_owned()],
        Kind::UnionPay => vec!["unionpay".to_owned()],
        Kind::EmvConsumer { label, .. } => label
            .iter()
            .chain(&recognised.scheme)
            .map(|word| plain(word))
            .filter(|word| word.len() >= 3)
            .collect(),
        Kind::Merchant | Kind::Opaque => return None,
    };
    let holds = |name: &[u8], word: &[u8]| name.windows(word.len()).any(|part| part == word);
    let fits = |name: &str| {
        let name = plain(name);
        words
            .iter()
            .any(|word| holds(name.as_bytes(), word.as_bytes()))
    };
    let mut found = names.iter().enumerate().filter(|(_, name)| fits(name));
    let (at, _) = found.next()?;
    found.next().is_none().then_some(at)
}

/// A name's letters and digits in lower case, because names are written with and without blanks and apostrophes.
fn plain(name: &str) -> String {
    name.chars()
        .filter(|char| is_of_a_word(*char))
        .map(|char| char.to_ascii_lowercase())
        .collect()
}

/// Whether a character is a letter or a digit. Beyond ASCII it goes by coarse ranges.
///
/// Unicode's own tables of letters would be a thirtieth of the module, and a suggestion may be wrong.
fn is_of_a_word(char: char) -> bool {
    let is_sign = char < '\u{C0}'
        || ('\u{2000}'..'\u{2C00}').contains(&char)
        || ('\u{3000}'..'\u{3040}').contains(&char);
    char.is_ascii_alphanumeric() || !is_sign
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_wallet_is_suggested_by_name_and_never_guessed() {
        let names = ["GrabPay", "Alipay", "WeChat Pay MY", "Touch 'n Go"];
        let of = |text| suggest(&recognise(text), &names);
        assert_eq!(of("134503098230927349"), Some(2));
        assert_eq!(of("287650098230927349"), Some(1));
        assert_eq!(of("TNG000000000000"), None);
        assert_eq!(plain("Touch \u{2019}n Go\u{2122}"), "touchngo");
        assert_eq!(
            plain("\u{652F}\u{4ED8}\u{5B9D} Pay"),
            "\u{652F}\u{4ED8}\u{5B9D}pay"
        );
        assert_eq!(
            suggest(&recognise("134503098230927349"), &["WeChat", "WeChat Pay"]),
            None
        );
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            let _ = recognise(&text);
        }

        #[test]
        fn no_consumer_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            use base64::Engine;
            let mut code = vec![0x85, 5];
            code.extend(b"CPV01");
            code.extend(bytes);
            let _ = recognise(&base64::engine::general_purpose::STANDARD.encode(code));
        }

        #[test]
        fn no_merchant_text_panics(tail in "([0-9]{2,8}|.)*") {
            let _ = recognise(&format!("000201{tail}"));
        }
    }
}
