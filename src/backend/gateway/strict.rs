//! Parses JSON strictly: each name stands once in an object, and numbers keep all their digits. An answer with two
//! values under one name is ambiguous, and refused. A number keeps its text: an id of 20 digits does not fit into a
//! floating-point number.

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The maximum depth of nesting. A gateway's answer has three levels.
const MAX_DEPTH: usize = 16;

/// A value of an answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    /// The text of the number, unchanged.
    Number(String),
    Text(String),
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
}

impl Value {
    /// Parses a whole answer. A byte order mark is skipped, as RFC 8259 section 8.1 allows.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        value(std::str::from_utf8(body).ok()?, MAX_DEPTH)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(fields) => fields
                .iter()
                .find(|(own, _)| own == name)
                .map(|(_, value)| value),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::List(_) => None,
        }
    }
}

fn value(text: &str, depth: usize) -> Option<Value> {
    let deeper = || depth.checked_sub(1);
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    Some(match text.as_bytes().first()? {
        b'{' => {
            let UniqueFields(raw) = serde_json::from_str(text).ok()?;
            let fields = raw
                .into_iter()
                .map(|(name, raw)| Some((name, value(raw.get(), deeper()?)?)));
            Value::Object(fields.collect::<Option<_>>()?)
        }
        b'[' => {
            let raw: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            let items = raw.into_iter().map(|raw| value(raw.get(), deeper()?));
            Value::List(items.collect::<Option<_>>()?)
        }
        b'"' => Value::Text(serde_json::from_str(text).ok()?),
        b't' | b'f' => Value::Bool(serde_json::from_str(text).ok()?),
        b'n' => {
            serde_json::from_str::<()>(text).ok()?;
            Value::Null
        }
        _ => {
            let raw: &RawValue = serde_json::from_str(text).ok()?;
            Value::Number(raw.get().to_owned())
        }
    })
}

/// An object whose names are unique.
struct UniqueFields<'de>(Vec<(String, &'de RawValue)>);

impl<'de> Deserialize<'de> for UniqueFields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(UniqueFieldsVisitor)
    }
}

struct UniqueFieldsVisitor;

impl<'de> Visitor<'de> for UniqueFieldsVisitor {
    type Value = UniqueFields<'de>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<UniqueFields<'de>, A::Error> {
        let mut fields: Vec<(String, &RawValue)> = Vec::new();
        let mut names = std::collections::HashSet::new();
        while let Some((name, value)) = items.next_entry::<String, &RawValue>()? {
            if !names.insert(name.clone()) {
                return Err(A::Error::custom("a name stands twice"));
            }
            fields.push((name, value));
        }
        Ok(UniqueFields(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Value> {
        Value::read(text.as_bytes())
    }

    #[test]
    fn a_number_keeps_every_digit() {
        let number =
            read(r#"{"id": 20190329150700338216}"#).and_then(|value| value.get("id").cloned());
        assert_eq!(
            number,
            Some(Value::Number("20190329150700338216".to_owned()))
        );
    }

    #[test]
    fn a_byte_order_mark_is_skipped() {
        assert_eq!(read("\u{feff}[1]"), read("[1]"));
    }

    #[test]
    fn what_says_a_thing_twice_or_is_no_json_says_nothing() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"d":{"a":1,"a":2}}"#,
            r#"[{"a":1,"a":1}]"#,
            "",
            "{",
            "<html>",
            "{}x",
            "nul",
            "01",
            "\"a",
            r#"{"a":}"#,
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(
            read(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000))),
            None
        );
        assert_eq!(read(&format!("{}{}", "[".repeat(30), "]".repeat(30))), None);
        assert!(read(&format!("{}{}", "[".repeat(16), "]".repeat(16))).is_some());
    }
}
