//! Keys from the environment, or from the files that it names.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::ConfigError;
use crate::secret::Secret;

/// The values that were read, and the warnings about them.
#[derive(Default)]
pub(super) struct Environment {
    /// Variables that are not set.
    pub(super) missing: Vec<String>,
    pub(super) warnings: Vec<String>,
}

impl Environment {
    /// Reads a required variable. A missing one gives an empty text, so that all missing ones are named together.
    pub(super) fn secret(&mut self, name: &str) -> Result<Secret, ConfigError> {
        let found = self.find(name)?;
        Ok(found.unwrap_or_else(|| {
            self.missing.push(name.to_owned());
            Secret::new("")
        }))
    }

    /// Reads an optional variable.
    pub(super) fn find(&mut self, name: &str) -> Result<Option<Secret>, ConfigError> {
        let text = match std::env::var(name) {
            Ok(text) => Zeroizing::new(text),
            Err(_) => match std::env::var_os(format!("{name}_FILE")) {
                Some(path) => self.read(&format!("{name}_FILE"), path.into())?,
                None => return Ok(None),
            },
        };
        let text = text.trim();
        Ok((!text.is_empty()).then(|| Secret::new(text)))
    }

    fn read(&mut self, name: &str, path: PathBuf) -> Result<Zeroizing<String>, ConfigError> {
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) => return Err(ConfigError::KeyFile(name.to_owned(), path, error)),
        };
        if text.trim().is_empty() {
            return Err(ConfigError::EmptyKeyFile(name.to_owned(), path));
        }
        match mode(&path) {
            Some(mode) if mode & 0o022 != 0 => Err(ConfigError::OpenKeyFile(name.to_owned(), path)),
            Some(mode) if mode & 0o044 != 0 => {
                let path = path.display();
                self.warnings.push(format!(
                    "{name} names {path}, which other users of this machine may read: chmod 600 {path}"
                ));
                Ok(text)
            }
            Some(_) | None => Ok(text),
        }
    }
}

/// What the variables of an earlier version hold.
pub(super) enum OldDatabase {
    /// Nothing.
    None,
    /// The address of another program's database.
    Foreign,
    /// The address of a PostgreSQL, which that version read: it may have the shop's trades. With its name.
    Ours(&'static str),
}

/// Looks at `DATABASE_URL` and `DATABASE_URL_FILE`. Only an earlier version of this backend read the second one.
pub(super) fn old_database() -> OldDatabase {
    let value = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let is_postgres = |url: &str| url.starts_with("postgres:") || url.starts_with("postgresql:");
    if value("DATABASE_URL_FILE").is_some() {
        return OldDatabase::Ours("DATABASE_URL_FILE");
    }
    match value("DATABASE_URL") {
        None => OldDatabase::None,
        Some(url) if url.to_str().is_some_and(is_postgres) => OldDatabase::Ours("DATABASE_URL"),
        Some(_) => OldDatabase::Foreign,
    }
}

/// The permissions of a file, on systems that have them.
pub(crate) fn mode(path: &Path) -> Option<u32> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;

        let mode = std::fs::metadata(path).ok()?.permissions().mode();
        Some(mode & 0o7777)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}
