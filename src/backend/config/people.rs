//! The people who sign in at this backend.

use std::path::Path;

use kaunter_core::desk;
use kaunter_core::wire::Right;
use serde::Deserialize;

use super::file::File;
use super::{Config, ConfigError};
use crate::people::{Person, is_strong, key};
use crate::secret::Secret;

/// An entry of `[[people]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListedPerson {
    pub(crate) name: String,
    pub(crate) rights: Vec<Right>,
    #[serde(default)]
    pub(crate) terminals: Vec<String>,
    hash: String,
}

impl From<ListedPerson> for Person {
    fn from(listed: ListedPerson) -> Self {
        Self {
            name: listed.name,
            rights: listed.rights,
            terminals: listed.terminals,
            hash: Secret::new(listed.hash),
        }
    }
}

/// The people of a configuration file with this text.
pub(crate) fn people_of(path: &Path, text: &str) -> Result<Vec<ListedPerson>, ConfigError> {
    let people = File::read(path, text)?.people;
    for (at, person) in people.iter().enumerate() {
        let is_same = |other: &ListedPerson| key(&other.name) == key(&person.name);
        if people[..at].iter().any(is_same) {
            return Err(ConfigError::SamePerson(person.name.clone()));
        }
        check(&person.name, &person.terminals)?;
    }
    Ok(people)
}

/// Names are printed, and kept for years.
fn check(name: &str, terminals: &[String]) -> Result<(), ConfigError> {
    let is_name = |name: &str| desk::check_name(name, "name").is_ok();
    if !is_name(name) {
        return Err(ConfigError::PersonName(name.to_owned()));
    }
    match terminals.iter().find(|terminal| !is_name(terminal)) {
        Some(terminal) => Err(ConfigError::PersonName(terminal.clone())),
        None => Ok(()),
    }
}

impl Config {
    pub(super) fn check_people(&self) -> Result<(), ConfigError> {
        for (at, person) in self.people.iter().enumerate() {
            let is_same = |other: &Person| key(&other.name) == key(&person.name);
            if self.people[..at].iter().any(is_same) {
                return Err(ConfigError::SamePerson(person.name.clone()));
            }
            check(&person.name, &person.terminals)?;
            if !is_strong(&person.hash) {
                return Err(ConfigError::PersonHash(person.name.clone()));
            }
        }
        Ok(())
    }
}
