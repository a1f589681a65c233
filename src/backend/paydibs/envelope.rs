//! The gateway's envelope: `{code, msg, data}`. Numbers come as numbers or as text, with or without `.0`. A list may
//! come as an object whose keys are numbers, as PHP encodes a list with gaps. All of these are accepted.

use kaunter_core::money::Money;
use kaunter_core::trade::Carried;
use kaunter_core::wire::{GatewayAnswer, Wallet};

use super::words::{Words, code, field};
use crate::gateway::strict::Value;

/// The maximum length of an id of a trade or a void. The longest known one has 20 characters.
const ID_MAX_CHARS: usize = 64;

/// The maximum length of a wallet's name, in characters. It is on a button.
const WALLET_NAME_MAX_CHARS: usize = 64;
/// The last index of the `;` of an entity: `&#x10FFFF;` has it at 9.
const ENTITY_MAX_BYTES: usize = 10;

/// A readable answer. Its `Debug` shows only the code.
pub(super) struct Envelope(Value);

/// A field that names a trade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Id {
    Absent,
    /// 1 to 64 printable ASCII characters without space or markup.
    Named(String),
    /// The field exists, and is not a valid id.
    Unreadable,
}

impl Id {
    pub(super) fn named(self) -> Option<String> {
        match self {
            Self::Named(id) => Some(id),
            Self::Absent | Self::Unreadable => None,
        }
    }
}

impl std::fmt::Debug for Envelope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Envelope({:?})", self.code())
    }
}

impl Envelope {
    /// Parses an answer. `None` if it is not a JSON object, or has a name twice.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let value = Value::read(body)?;
        matches!(value, Value::Object(_)).then_some(Self(value))
    }

    pub(super) fn code(&self) -> Option<u32> {
        number(self.0.get("code")?).and_then(|code| u32::try_from(code).ok())
    }

    pub(super) fn is_ok(&self) -> bool {
        self.code() == Some(code::OK)
    }

    fn field(&self, name: &str) -> Option<&Value> {
        self.0
            .get("data")?
            .get(name)
            .filter(|value| **value != Value::Null)
    }

    /// A field of the data, as text.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        // The field exists and can not be read: it identifies nothing, and agrees with nothing.
        self.field(name)
            .map(|value| text(value).unwrap_or_default())
    }

    /// A value that decides a call, as text: the envelope's code, or a field of the data.
    pub(super) fn said(&self, name: &str) -> Option<String> {
        match name {
            "code" => self.0.get(name).and_then(text),
            _ => self.text(name),
        }
    }

    /// A field of the data that names a trade.
    pub(super) fn id(&self, name: &str) -> Id {
        let Some(value) = self.field(name) else {
            return Id::Absent;
        };
        let is_sign = |byte: u8| byte.is_ascii_graphic() && !b"<>\"'&\\`".contains(&byte);
        match value {
            Value::Number(text) if !text.bytes().all(|byte| byte.is_ascii_digit()) => {
                Id::Unreadable
            }
            Value::Number(text) | Value::Text(text) => {
                let id = text.trim();
                let good = (1..=ID_MAX_CHARS).contains(&id.len()) && id.bytes().all(is_sign);
                if good {
                    Id::Named(id.to_owned())
                } else {
                    Id::Unreadable
                }
            }
            Value::Null | Value::Bool(_) | Value::List(_) | Value::Object(_) => Id::Unreadable,
        }
    }

    /// A field of the data, as a whole number.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        number(self.field(name)?)
    }

    /// A field of the data that holds an amount, as text. A number with a fraction is parsed from its text, and not as
    /// a floating-point number.
    pub(super) fn amount(&self, name: &str) -> Option<String> {
        let value = self.field(name)?;
        if let Value::Number(raw) = value
            && raw.contains(['.', 'e', 'E'])
        {
            return raw.parse::<f64>().ok().map(|value| value.to_string());
        }
        Some(text(value).unwrap_or_default())
    }

    /// The fields that can identify a trade.
    pub(super) fn carried(&self, currency: &str) -> Carried {
        let amount = self
            .amount(field::AMOUNT)
            .map(|text| Money::read(&text, currency));
        let ids = [field::TRANS_ID, field::TRX_ID, field::INTEGRATOR_ID].map(|name| self.id(name));
        let unreadable = ids.contains(&Id::Unreadable) || matches!(amount, Some(Err(_)));
        let [trans_id, trx_id, integrator] = ids.map(Id::named);
        Carried {
            gateway_ref: trans_id,
            trade_id: trx_id,
            incomplete: unreadable,
            amount: amount.and_then(Result::ok),
            currency: self
                .text(field::CURRENCY)
                .map(|text| text.trim().to_owned()),
            wallet_id: integrator,
        }
    }

    /// True if it names the trade that it is about.
    pub(super) fn names_a_trade(&self) -> bool {
        [field::TRANS_ID, field::TRX_ID]
            .into_iter()
            .any(|name| self.id(name) != Id::Absent)
    }

    /// Its code and message. `field` names the datum that decides this call, if the code says "ok".
    pub(super) fn gateway_answer(&self, field: Option<&str>) -> GatewayAnswer {
        let own = self.0.get("code").and_then(text);
        let decides = field.and_then(|name| self.text(name));
        let sentence = |value: Option<&Value>| match value {
            Some(Value::Text(text)) if !text.trim().is_empty() => Some(text.clone()),
            Some(_) | None => None,
        };
        let (outer, inner) = (sentence(self.0.get("msg")), sentence(self.field("msg")));
        // Beside an "ok", the outer sentence is about the request, and the data's is about the trade.
        let message = if self.is_ok() {
            inner.or(outer)
        } else {
            outer.or(inner)
        };
        GatewayAnswer {
            code: if self.is_ok() { decides.or(own) } else { own },
            message: message.unwrap_or_default(),
        }
    }

    /// The wallets, if the data is a list of them. The caller knows their mode.
    pub(super) fn integrators(&self, words: &Words, currency: &str) -> Option<Vec<ListedWallet>> {
        if !self.is_ok() {
            return None;
        }
        let wallets = list(self.0.get("data")?)?.into_iter().filter_map(|item| {
            let named = |name: &str| {
                item.get(name)
                    .and_then(text)
                    .filter(|text| !text.is_empty())
            };
            let amount = |name: &Option<String>| {
                let text = named(name.as_deref()?)?;
                Money::read(&text, currency).ok()
            };
            Some(ListedWallet {
                wallet: Wallet {
                    wallet_id: named(field::ID)?,
                    name: wallet_name(&named(field::INTEGRATOR_NAME)?)?,
                    logo: named(field::INTEGRATOR_LOGO_LINK),
                    test: false,
                    modes: Vec::new(),
                    min_amount: amount(&words.min_amount_field),
                    max_amount: amount(&words.max_amount_field),
                },
                active: named(field::ACTIVE).unwrap_or_default().trim().to_owned(),
            })
        });
        Some(wallets.collect())
    }
}

/// A wallet of the gateway's list.
pub(super) struct ListedWallet {
    pub(super) wallet: Wallet,
    /// Whether it can be used, in the gateway's word. Empty if the list does not say.
    pub(super) active: String,
}

/// A wallet's name as a person reads it. Lists made for web pages have `Touch &#039;n Go`.
fn wallet_name(text: &str) -> Option<String> {
    let mut name = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        name.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.find(';').filter(|end| *end <= ENTITY_MAX_BYTES);
        match end.and_then(|end| Some((entity(&rest[1..end])?, end))) {
            Some((char, end)) => {
                name.push(char);
                rest = &rest[end + 1..];
            }
            None => {
                name.push('&');
                rest = &rest[1..];
            }
        }
    }
    name.push_str(rest);
    let name: String = name
        .chars()
        .filter(|char| !char.is_control())
        .take(WALLET_NAME_MAX_CHARS)
        .collect();
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// The character of an HTML entity: a numeric one, or one that PHP's `htmlspecialchars` writes.
fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let digits = name.strip_prefix('#')?;
            let number = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => digits.parse(),
            };
            char::from_u32(number.ok()?)
        }
    }
}

/// The items of a list, also of one that PHP encoded as an object.
fn list(value: &Value) -> Option<Vec<&Value>> {
    match value {
        Value::List(items) => Some(items.iter().collect()),
        Value::Object(fields) => {
            let is_place =
                |name: &String| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
            fields
                .iter()
                .all(|(name, _)| is_place(name))
                .then(|| fields.iter().map(|(_, item)| item).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => None,
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) | Value::Number(text) => Some(text.clone()),
        Value::Null | Value::Bool(_) | Value::List(_) | Value::Object(_) => None,
    }
}

/// A whole number, also as text and with a fraction of zeros.
fn number(value: &Value) -> Option<u64> {
    let text = text(value)?;
    let text = text.trim();
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let value: f64 = text.parse().ok()?;
    let whole = value >= 0.0 && value.fract() == 0.0 && value < 9e15;
    // In range, and without a fraction.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    whole.then_some(value as u64)
}

#[cfg(test)]
mod tests {
    use super::super::words::Profile;
    use super::*;

    fn envelope(text: &str) -> Envelope {
        Envelope::read(text.as_bytes()).expect("an envelope")
    }

    #[test]
    fn an_id_is_a_short_printable_name_with_all_its_digits() {
        let id = |json: &str| {
            envelope(&format!(r#"{{"code":200,"data":{{"trans_id":{json}}}}}"#)).id("trans_id")
        };
        for json in [
            "\"20190329150700338216\"",
            "20190329150700338216",
            "\" 20190329150700338216 \"",
        ] {
            assert_eq!(
                id(json),
                Id::Named("20190329150700338216".to_owned()),
                "{json}"
            );
        }
        assert_eq!(id("\"A-7/b:1\""), Id::Named("A-7/b:1".to_owned()));
        assert_eq!(id("null"), Id::Absent);
        let long = format!("\"{}\"", "9".repeat(65));
        for json in [
            "\"\"",
            "\" \"",
            "2.0e19",
            "1.5",
            "-1",
            "true",
            "[]",
            "{}",
            "\"<b>\"",
            "\"a b\"",
            "\"a\\nb\"",
            "\"a\\u202eb\"",
            &long,
        ] {
            assert_eq!(id(json), Id::Unreadable, "{json}");
        }
    }

    #[test]
    fn a_code_is_a_value() {
        for code in ["200", "200.0", "\"200\"", "\"200.0\"", "2e2"] {
            assert!(envelope(&format!(r#"{{"code":{code}}}"#)).is_ok(), "{code}");
        }
        for code in ["201", "200.5", "-200", "\"ok\"", "null", "[200]", "1e300"] {
            assert!(
                !envelope(&format!(r#"{{"code":{code}}}"#)).is_ok(),
                "{code}"
            );
        }
    }

    #[test]
    fn an_amount_is_a_value() {
        let amount =
            |json: &str| envelope(&format!(r#"{{"data":{{"amount":{json}}}}}"#)).amount("amount");
        for (json, text) in [
            ("12.5", "12.5"),
            ("12.5000", "12.5"),
            ("1.25e3", "1250"),
            ("1250", "1250"),
            ("\"RM 1,250.00\"", "RM 1,250.00"),
            ("12.300000000000001", "12.3"),
        ] {
            assert_eq!(amount(json).as_deref(), Some(text), "{json}");
        }
        assert_eq!(amount("[]").as_deref(), Some(""));
        assert_eq!(amount("null"), None);
    }

    #[test]
    fn a_wallets_name_is_read_without_markup() {
        for (text, name) in [
            ("Touch &#039;n Go", Some("Touch 'n Go")),
            ("Touch &#x27;n Go", Some("Touch 'n Go")),
            ("A &amp; B &lt;C&gt; &quot;D&quot;", Some("A & B <C> \"D\"")),
            (
                "A & B; C &nbsp; &#xD800; &",
                Some("A & B; C &nbsp; &#xD800; &"),
            ),
            (
                "\u{652f}\u{4ed8}&\u{5b9d};",
                Some("\u{652f}\u{4ed8}&\u{5b9d};"),
            ),
            (" Grab\u{7}Pay ", Some("GrabPay")),
            (" &#32; ", None),
        ] {
            assert_eq!(wallet_name(text).as_deref(), name, "{text}");
        }
        assert_eq!(
            wallet_name(&"x".repeat(100)).map(|name| name.len()),
            Some(WALLET_NAME_MAX_CHARS)
        );
    }

    #[test]
    fn a_list_with_holes_is_a_list() {
        let wallets = |data: &str| {
            let envelope = envelope(&format!(r#"{{"code":200,"data":{data}}}"#));
            let words = Words::of(Profile::Documented);
            envelope.integrators(&words, "MYR").map(|list| list.len())
        };
        let wallet = r#"{"id":23,"integrator_name":"GrabPay","active":"Y"}"#;
        assert_eq!(wallets(&format!("[{wallet}]")), Some(1));
        assert_eq!(
            wallets(&format!(r#"{{"0":{wallet},"2":{wallet}}}"#)),
            Some(2)
        );
        assert_eq!(wallets("{}"), Some(0));
        assert_eq!(wallets(r#"{"error":{}}"#), None);
        assert_eq!(wallets("null"), None);
    }
}
