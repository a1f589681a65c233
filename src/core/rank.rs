//! Ranks the codes that a till's camera sees together: the customer's phone, the shop's own sticker, the goods.
//!
//! Only the gate uses it, for codes of the camera (rule 49). A rank says which code waits for which.
//! It never refuses a code: a code of goods that stays alone in the picture is taken.

use crate::code::bare;
use crate::wallet::Kind;

/// How likely a code is a customer's. The order is the law: a lower rank waits for a higher one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// Goods, posters and receipts have links. Article numbers are bars, which the reader does not read.
    Goods,
    /// A shop shows it. It is reported, and nobody pays with it here.
    Merchant,
    /// Most wallets' own codes look like nothing else.
    Unknown,
    /// A known wallet's code.
    Consumer,
}

impl Rank {
    /// The rank of a code of this kind.
    pub(crate) fn of(text: &str, kind: &Kind) -> Self {
        match kind {
            Kind::Merchant => Self::Merchant,
            Kind::Opaque => {
                if is_link(bare(text).as_bytes()) {
                    Self::Goods
                } else {
                    Self::Unknown
                }
            }
            Kind::WeChatPay | Kind::Alipay | Kind::UnionPay | Kind::EmvConsumer { .. } => {
                Self::Consumer
            }
        }
    }
}

/// Whether a text begins with a word and a colon, as `https:`, `WIFI:` and `BEGIN:VCARD` do.
fn is_link(text: &[u8]) -> bool {
    let word = text.iter().position(|byte| !byte.is_ascii_alphanumeric());
    word.is_some_and(|end| end > 0 && text[end] == b':')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wallet::recognise;

    fn rank(text: &str) -> Rank {
        Rank::of(text, &recognise(text).kind)
    }

    #[test]
    fn links_are_of_goods() {
        for goods in [
            "https://shop.example/p/1",
            "HTTPS://ID.GS1.ORG/01/09506000134352",
            "WIFI:T:WPA;S:shop;P:secret;;",
            "BEGIN:VCARD",
            " mailto:a@shop.example",
        ] {
            assert_eq!(rank(goods), Rank::Goods, "{goods}");
        }
        for unknown in ["TNG-7Q2M", "4006381333931", ":", ""] {
            assert_eq!(rank(unknown), Rank::Unknown, "{unknown}");
        }
    }

    #[test]
    fn a_known_wallet_is_above_all_and_a_link_below() {
        for consumer in [
            "134503098230927349",
            "287650098230927349",
            "6212345678901234567",
        ] {
            assert_eq!(rank(consumer), Rank::Consumer);
        }
        assert_eq!(rank("https://qr.alipay.com/fkx1"), Rank::Merchant);
        assert!(Rank::Goods < Rank::Merchant && Rank::Merchant < Rank::Unknown);
        assert!(Rank::Unknown < Rank::Consumer);
    }
}
