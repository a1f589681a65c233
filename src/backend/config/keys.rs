//! The keys of the shop's servers, and the checks of all keys that we make ourselves.

use kaunter_core::server_key::{KeyRight, weakness};
use serde::Deserialize;

use super::environment::Environment;
use super::{Config, ConfigError};
use crate::secret::Secret;

/// The name of the key that `KAUNTER_SERVER_KEY` holds.
const SERVER: &str = "server";
/// The variable of that key. The variable of another key ends with its name.
const VARIABLE: &str = "KAUNTER_SERVER_KEY";
const SIGNING: &str = "KAUNTER_SIGNING_KEY";
/// The maximum length of a key's name, in characters.
const MAX_NAME_CHARS: usize = 32;

/// A key of one of the shop's servers.
#[derive(Clone, Debug)]
pub struct ServerKey {
    /// Its name, for the log and the audit trail.
    pub name: String,
    /// What it may do.
    pub rights: Vec<KeyRight>,
    /// The key.
    pub key: Secret,
    /// The key before, which is valid until it is removed from the environment.
    pub previous: Option<Secret>,
}

impl ServerKey {
    /// The key of a shop with one server.
    #[must_use]
    pub fn all(key: Secret) -> Self {
        Self {
            name: SERVER.to_owned(),
            rights: vec![KeyRight::All],
            key,
            previous: None,
        }
    }

    /// Compares in constant time.
    pub(crate) fn is(&self, word: &str) -> bool {
        let is_previous = self.previous.as_ref().is_some_and(|key| key.is(word));
        self.key.is(word) | is_previous
    }
}

/// An entry of `[[server_keys]]`. Its key is in the environment.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileServerKey {
    name: String,
    rights: Vec<KeyRight>,
}

/// Reads the key of each entry, and `KAUNTER_SERVER_KEY`, which may do everything. Without an entry it is required.
pub(super) fn read(
    entries: Vec<FileServerKey>,
    environment: &mut Environment,
) -> Result<Vec<ServerKey>, ConfigError> {
    let mut keys = Vec::new();
    let previous = environment.find("KAUNTER_SERVER_KEY_PREVIOUS")?;
    let key = match entries.is_empty() {
        true => Some(environment.secret(VARIABLE)?),
        false => environment.find(VARIABLE)?,
    };
    keys.extend(key.map(|key| ServerKey {
        previous,
        ..ServerKey::all(key)
    }));
    for FileServerKey { name, rights } in entries {
        if !is_name(&name) || keys.iter().any(|key| key.name == name) {
            return Err(ConfigError::KeyName(name));
        }
        if rights.is_empty() {
            return Err(ConfigError::KeyRights(name));
        }
        let variable = variable(&name);
        keys.push(ServerKey {
            key: environment.secret(&variable)?,
            previous: environment.find(&format!("{variable}_PREVIOUS"))?,
            name,
            rights,
        });
    }
    Ok(keys)
}

/// A name in lower case, so that it is one word in the log and one in the environment. `_FILE` and `_PREVIOUS` at the
/// end of a variable have a meaning of their own.
fn is_name(name: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let is_reserved = ["file", "previous"]
        .iter()
        .any(|end| name.split('_').next_back() == Some(end));
    name.len() <= MAX_NAME_CHARS
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(is_inner)
        && name != SERVER
        && !is_reserved
}

fn variable(name: &str) -> String {
    format!("{VARIABLE}_{}", name.to_ascii_uppercase())
}

impl Config {
    /// The keys that we make ourselves, with the variables that hold them.
    fn own_keys(&self) -> Vec<(String, &Secret)> {
        let mut keys: Vec<(String, &Secret)> = Vec::new();
        for key in &self.server_keys {
            let name = match key.name.as_str() {
                SERVER => VARIABLE.to_owned(),
                name => variable(name),
            };
            let previous = key.previous.as_ref();
            keys.extend(previous.map(|secret| (format!("{name}_PREVIOUS"), secret)));
            keys.push((name, &key.key));
        }
        keys.push((SIGNING.to_owned(), &self.signing_key));
        let previous = self.previous_signing_key.as_ref();
        keys.extend(previous.map(|secret| (format!("{SIGNING}_PREVIOUS"), secret)));
        let audit_key = self.audit_key.as_ref();
        keys.extend(audit_key.map(|secret| ("KAUNTER_AUDIT_KEY".to_owned(), secret)));
        keys
    }

    /// The variables of keys that can be guessed.
    pub(super) fn weak_keys(&self) -> Vec<String> {
        let keys = self.own_keys().into_iter();
        keys.filter(|(_, key)| weakness(key.expose()).is_some())
            .map(|(name, _)| name)
            .collect()
    }

    /// The variables of equal keys: who has one of them would have the other.
    pub(super) fn equal_keys(&self) -> Vec<String> {
        let own = self.own_keys();
        let gateway = &self.gateway;
        // The gateway's own keys may equal each other: they are not ours to make.
        let theirs = [
            ("KAUNTER_GATEWAY_KEY", &gateway.key),
            ("KAUNTER_GATEWAY_SECRET", &gateway.secret),
            ("KAUNTER_GATEWAY_PASSWORD", &gateway.password),
        ];
        let mut equal = Vec::new();
        for (at, (name, key)) in own.iter().enumerate() {
            let others = own[at + 1..].iter().map(|(name, key)| (&**name, *key));
            let others = others.chain(theirs);
            for (other, _) in others.filter(|(_, other)| other == key) {
                equal.push(format!("{name} and {other}"));
            }
        }
        equal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_key_is_a_word_that_no_other_variable_has() {
        for good in ["web", "shop_2", "a", "filer", "file_server"] {
            assert!(is_name(good), "{good}");
        }
        for bad in [
            "",
            "Web",
            "2",
            "_a",
            "a-b",
            "ä",
            "server",
            "file",
            "previous",
            "web_file",
            "a_previous",
        ] {
            assert!(!is_name(bad), "{bad}");
        }
        assert!(!is_name(&"a".repeat(33)));
    }
}
