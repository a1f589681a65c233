//! The gateway's envelope: `{code, msg, data}`. Numbers come as numbers or as text; both are read.

use kaunter_core::wire::Integrator;
use serde_json::Value;

use super::strict::Strict;

/// An answer that could be read.
pub(super) struct Envelope(Value);

impl Envelope {
    /// None where it is no JSON object, or says something twice.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let Strict(value) = serde_json::from_slice(body).ok()?;
        value.is_object().then_some(Self(value))
    }

    pub(super) fn code(&self) -> Option<u32> {
        number(self.0.get("code")?).and_then(|code| u32::try_from(code).ok())
    }

    pub(super) fn is_ok(&self) -> bool {
        self.code() == Some(200)
    }

    /// A field of the data, as text.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.0.get("data")?.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            // There, and unreadable: it binds nothing, and agrees with nothing.
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => Some(String::new()),
            Value::Null => None,
        }
    }

    /// A field of the data, as a whole number.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        number(self.0.get("data")?.get(name)?)
    }

    /// The wallets, where the data is a list of them; who asked knows which way it is of.
    pub(super) fn integrators(&self, test_wallets: bool) -> Option<Vec<Integrator>> {
        if !self.is_ok() {
            return None;
        }
        let list = self.0.get("data")?.as_array()?;
        let text = |item: &Value, name: &str| match item.get(name) {
            Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            Some(_) | None => None,
        };
        let wallets = list.iter().filter_map(|item| {
            Some(Integrator {
                id: text(item, "id")?,
                name: text(item, "integrator_name")?,
                logo: text(item, "integrator_logo_link"),
                test: text(item, "active").as_deref() == Some("T"),
                presents: Vec::new(),
            })
        });
        Some(
            wallets
                .filter(|wallet| test_wallets || !wallet.test)
                .collect(),
        )
    }
}

fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
