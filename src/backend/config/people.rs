//! The people who sign in at this backend.

use std::path::Path;

use kaunter_core::desk;
use kaunter_core::review::is_same_person;
use kaunter_core::wire::Right;
use serde::Deserialize;

use super::ConfigError;
use super::file::File;
use crate::people::Person;
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
    let names: Vec<&str> = people.iter().map(|person| &*person.name).collect();
    if let Some(name) = same_names(&names).pop() {
        return Err(ConfigError::SamePerson(name));
    }
    let all = people
        .iter()
        .flat_map(|person| std::iter::once(&person.name).chain(&person.terminals));
    if let Some(name) = all.into_iter().find(|name| !is_name(name)) {
        return Err(ConfigError::PersonName(name.clone()));
    }
    Ok(people)
}

/// Whether a text can be a name. Names are printed, and kept for years.
pub(super) fn is_name(text: &str) -> bool {
    desk::check_name(text, "name").is_ok()
}

/// The names that are there twice.
pub(super) fn same_names(names: &[&str]) -> Vec<String> {
    let names = names.iter().enumerate();
    let twice = names.clone().filter(|(at, name)| {
        let mut before = names.clone().take(*at);
        before.any(|(_, other)| is_same_person(other, name))
    });
    twice.map(|(_, name)| (*name).to_owned()).collect()
}
