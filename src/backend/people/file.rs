//! `kaunter-backend people`: changes `[[people]]` in the configuration file, and leaves everything else of it as it is.

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use kaunter_core::lockout::weakness;
use kaunter_core::review::is_same_person;
use kaunter_core::wire::Right;
use serde::Serialize;
use zeroize::Zeroizing;

use super::hash;
use crate::config::{ListedPerson, people_of};
use crate::secret::Secret;
use crate::store::word;

/// The line that begins a person in the file.
const HEAD: &str = "[[people]]";

/// A person to add.
#[derive(Clone, Debug, Serialize)]
pub struct NewPerson {
    /// The name.
    pub name: String,
    /// What the person may do.
    pub rights: Vec<Right>,
    /// The terminals where the person may work; empty: everywhere.
    pub terminals: Vec<String>,
}

/// The people of a configuration file, without their hashes.
///
/// # Errors
/// The file can't be read.
pub fn list(path: &Path) -> anyhow::Result<Vec<NewPerson>> {
    let people = people_of(path, &read(path)?)?;
    let public = |person: ListedPerson| NewPerson {
        name: person.name,
        rights: person.rights,
        terminals: person.terminals,
    };
    Ok(people.into_iter().map(public).collect())
}

/// Adds a person with this secret at the end of the file.
///
/// # Errors
/// The name is taken or not valid, the secret is easy to guess, or the file can't be written.
pub fn add(path: &Path, person: &NewPerson, secret: &Secret) -> anyhow::Result<()> {
    if let Some(why) = weakness(secret.expose()) {
        anyhow::bail!("this secret is too easy to guess: {why}");
    }
    let text = read(path)?;
    let taken = people_of(path, &text)?;
    if taken
        .iter()
        .any(|other| is_same_person(&other.name, &person.name))
    {
        anyhow::bail!(
            "{} is there already: remove that person first, or use another name",
            person.name
        );
    }
    let mut block = format!("\n{HEAD}\nname = {}\n", quoted(&person.name));
    let rights: Vec<String> = person.rights.iter().map(word).collect();
    block += &format!("rights = {}\n", list_of(&rights));
    if !person.terminals.is_empty() {
        block += &format!("terminals = {}\n", list_of(&person.terminals));
    }
    block += &format!("hash = {}\n", quoted(&hash::of(secret)?));
    let new = Zeroizing::new(format!(
        "{}{block}",
        text.trim_end_matches('\n').to_owned() + "\n"
    ));
    // The person's own values are checked as the next start checks them.
    people_of(path, &new)?;
    write(path, &new)
}

/// Removes a person.
///
/// # Errors
/// There is no such person, or the file can't be written.
pub fn remove(path: &Path, name: &str) -> anyhow::Result<()> {
    let text = read(path)?;
    let names = |text: &str| -> anyhow::Result<Vec<String>> {
        let people = people_of(path, text)?;
        Ok(people.into_iter().map(|person| person.name).collect())
    };
    let mut left = names(&text)?;
    let at = left
        .iter()
        .position(|other| is_same_person(other, name))
        .with_context(|| format!("{name} is not among the people of {}", path.display()))?;
    left.remove(at);
    let new = Zeroizing::new(without(&text, at));
    if names(&new).ok() != Some(left) {
        anyhow::bail!(
            "{} lists its people in a way that this program can't change: remove {name} by hand",
            path.display()
        );
    }
    write(path, &new)
}

/// The text without the block of one person, counted from 0. A block ends where the next table begins.
fn without(text: &str, at: usize) -> String {
    let mut blocks = 0;
    let mut is_inside = false;
    let mut kept = String::new();
    for line in text.split_inclusive('\n') {
        let begins = line.trim_start();
        if begins.starts_with(HEAD) {
            is_inside = blocks == at;
            blocks += 1;
        } else if begins.starts_with('[') {
            is_inside = false;
        }
        if !is_inside {
            kept += line;
        }
    }
    kept
}

/// Text in TOML. Its basic strings are JSON's, but for the characters that no name has.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn list_of(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    format!("[{}]", words.join(", "))
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{} can't be read", path.display()))
}

/// Writes into the file that is there, so that its owner and its mode stay.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let written = std::fs::OpenOptions::new()
        .write(true)
        .truncate(true)
        .open(path)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
    written.with_context(|| format!("{} can't be written", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_removed_with_the_whole_block_and_nothing_else() {
        let text = "shop = \"demo\"\n[[people]]\nname = \"a\"\nrights = [\n \"charge\",\n]\n\n[gateway]\nx = 1\n# b\n[[people]] # second\nname = \"b\"\n";
        assert_eq!(
            without(text, 0),
            "shop = \"demo\"\n[gateway]\nx = 1\n# b\n[[people]] # second\nname = \"b\"\n"
        );
        let second = without(text, 1);
        assert!(
            second.contains("\"a\"") && second.ends_with("# b\n"),
            "{second}"
        );
        assert_eq!(without(text, 2), text);
    }

    #[test]
    fn a_name_is_quoted() {
        assert_eq!(quoted("Ai \"na\" \\"), r#""Ai \"na\" \\""#);
        assert_eq!(quoted("小美"), "\"小美\"");
    }
}
