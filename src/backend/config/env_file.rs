//! The file of keys: `kaunter.env` beside `kaunter.toml`, with the variables that are not in the environment.
//!
//! Shells, systemd and containers read the same lines in different ways, if a value has a `$` or a backslash. Here a
//! value is always taken as it stands.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::ConfigError;
use super::environment::unreadable;

/// The variables of the file, and which of them were asked for.
#[derive(Default)]
pub(super) struct EnvFile(BTreeMap<String, Variable>);

struct Variable {
    value: Zeroizing<String>,
    is_read: bool,
}

/// The file of keys of a configuration: the same name with `.env` at its end.
pub(super) fn path_of(config: &Path) -> PathBuf {
    config.with_extension("env")
}

impl EnvFile {
    /// Reads the file beside a configuration, with its path. `None` if there is none.
    pub(super) fn beside(config: &Path) -> Result<Option<(PathBuf, Self)>, ConfigError> {
        let path = path_of(config);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                let why = unreadable(&path, &error);
                return Err(ConfigError::EnvFile(path, why));
            }
        };
        match Self::read(&text) {
            Ok(file) => Ok(Some((path, file))),
            Err(line) => Err(ConfigError::EnvLine(path, line)),
        }
    }

    /// The error is the number of a line that is not `NAME=value`.
    fn read(text: &str) -> Result<Self, usize> {
        let mut variables = BTreeMap::new();
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, value) = line.split_once('=').ok_or(at + 1)?;
            let is_name =
                |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
            if name.is_empty() || !name.bytes().all(is_name) {
                return Err(at + 1);
            }
            let value = Zeroizing::new(unquoted(value).ok_or(at + 1)?.to_owned());
            let is_read = false;
            // Two values of one name would mean two things.
            if variables
                .insert(name.to_owned(), Variable { value, is_read })
                .is_some()
            {
                return Err(at + 1);
            }
        }
        Ok(Self(variables))
    }

    /// The value of a variable, if it has one.
    pub(super) fn take(&mut self, name: &str) -> Option<Zeroizing<String>> {
        let variable = self.0.get_mut(name)?;
        variable.is_read = true;
        Some(variable.value.clone()).filter(|value| !value.is_empty())
    }

    /// The variables that nobody asked for.
    pub(super) fn unread(&self) -> Vec<String> {
        let unread = self.0.iter().filter(|(_, variable)| !variable.is_read);
        unread.map(|(name, _)| name.clone()).collect()
    }
}

/// The value without the quotes around it. `None` if only one of its ends has a quote.
fn unquoted(value: &str) -> Option<&str> {
    let value = value.trim();
    for quote in ['\'', '"'] {
        if let Some(rest) = value.strip_prefix(quote) {
            return rest.strip_suffix(quote);
        }
        if value.ends_with(quote) {
            return None;
        }
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_taken_as_it_stands_with_or_without_quotes() {
        let text = "# keys\n\n A=a b \nB='$x\\n'\nC=\"it's\"\nD=\nE='='\n";
        let mut file = EnvFile::read(text).unwrap_or_default();
        for (name, value) in [("A", "a b"), ("B", "$x\\n"), ("C", "it's"), ("E", "=")] {
            assert_eq!(file.take(name).as_deref().map(String::as_str), Some(value));
        }
        assert_eq!(file.take("D"), None);
        assert!(file.unread().is_empty());
    }

    #[test]
    fn a_line_that_is_no_variable_is_named_by_its_number() {
        for line in ["hunter2", "=x", "export A=x", "a=x", "A='x", "A=x'", "B=1"] {
            let read = EnvFile::read(&format!("B=2\n{line}\n"));
            assert_eq!(read.err(), Some(2), "{line}");
        }
    }
}
