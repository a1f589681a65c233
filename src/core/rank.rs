//! Ranks the codes that a till's camera sees together: the customer's phone, the shop's own sticker, the goods.
//!
//! Only the gate uses it, for codes of the camera (rule 49). A rank says which code waits for which.
//! It never refuses a code: a code of goods that stays alone in the picture is taken.

use crate::code::bare;
use crate::wallet::{Kind, Recognised};

/// How likely a code is a customer's. The order is the law: a lower rank waits for a higher one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// A shop shows it. It is reported, and nobody pays with it here.
    Merchant,
    /// Goods, posters and receipts have such codes: links and article numbers.
    Goods,
    /// Most wallets' own codes look like nothing else.
    Unknown,
    /// A known wallet's code.
    Consumer,
}

impl Rank {
    /// The rank of a code, whose kind is known.
    pub(crate) fn of(text: &str, recognised: &Recognised) -> Self {
        let text = bare(text);
        match recognised.kind {
            Kind::Merchant => Self::Merchant,
            Kind::Opaque if is_link(text) || is_article(text.as_bytes()) => Self::Goods,
            Kind::Opaque => Self::Unknown,
            Kind::WeChatPay | Kind::Alipay | Kind::UnionPay | Kind::EmvConsumer { .. } => {
                Self::Consumer
            }
        }
    }
}

/// Whether a text begins with a [scheme](https://www.rfc-editor.org/rfc/rfc3986#section-3.1), as `https:`, `WIFI:` and
/// `BEGIN:VCARD` do.
fn is_link(text: &str) -> bool {
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
    let is_of_a_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(is_of_a_scheme)
}

/// Whether digits are an article number with its
/// [check digit](https://www.gs1.org/services/how-calculate-check-digit-manually): GTIN-8, -12, -13 or -14.
fn is_article(text: &[u8]) -> bool {
    if !matches!(text.len(), 8 | 12..=14) || !text.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let weights = [1, 3].into_iter().cycle();
    let digits = text.iter().rev().map(|digit| u32::from(digit - b'0'));
    let sum: u32 = digits
        .zip(weights)
        .map(|(digit, weight)| digit * weight)
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wallet::recognise;

    fn rank(text: &str) -> Rank {
        Rank::of(text, &recognise(text))
    }

    #[test]
    fn links_and_article_numbers_are_of_goods() {
        for goods in [
            "https://shop.example/p/1",
            "HTTPS://ID.GS1.ORG/01/09506000134352",
            "WIFI:T:WPA;S:shop;P:secret;;",
            "BEGIN:VCARD",
            " mailto:a@shop.example",
            "4006381333931",
            "036000291452",
            "96385074",
            "09506000134352",
        ] {
            assert_eq!(rank(goods), Rank::Goods, "{goods}");
        }
        for unknown in [
            "TNG-7Q2M",
            "4006381333932",
            "123:456",
            ":",
            "",
            "1234567890123456",
        ] {
            assert_eq!(rank(unknown), Rank::Unknown, "{unknown}");
        }
    }

    #[test]
    fn a_known_wallet_is_above_all_and_a_shop_below() {
        for consumer in [
            "134503098230927349",
            "287650098230927349",
            "6212345678901234567",
        ] {
            assert_eq!(rank(consumer), Rank::Consumer);
        }
        assert_eq!(rank("https://qr.alipay.com/fkx1"), Rank::Merchant);
        assert!(
            Rank::Merchant < Rank::Goods
                && Rank::Goods < Rank::Unknown
                && Rank::Unknown < Rank::Consumer
        );
    }
}
