//! Keys from the environment, from the files that it names, or from the file of keys beside the configuration.

use std::env::VarError;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::ConfigError;
use super::env_file::EnvFile;
use crate::secret::Secret;

/// The values that were read, and where they came from.
#[derive(Default)]
pub(super) struct Environment {
    /// Variables that are not set.
    pub(super) missing: Vec<String>,
    /// The files that were read.
    pub(super) files: Vec<KeyFile>,
    /// Variables with `_FILE` that were not read, because the one without it is set.
    pub(super) unread: Vec<String>,
    /// What the file of keys holds.
    beside: EnvFile,
}

/// A file with a key.
#[derive(Debug)]
pub(super) struct KeyFile {
    /// The variable that names it; `None` for the file of keys.
    pub(super) variable: Option<String>,
    pub(super) path: PathBuf,
}

impl KeyFile {
    /// The start of a sentence about it.
    pub(super) fn told(&self) -> String {
        let path = self.path.display();
        match &self.variable {
            Some(variable) => format!("{variable} names {path}, which"),
            None => format!("the keys are in {path}, which"),
        }
    }
}

impl Environment {
    /// The environment, and the file of keys beside this configuration if there is one.
    pub(super) fn beside(config: &Path) -> Result<Self, ConfigError> {
        let mut environment = Self::default();
        if let Some((path, file)) = EnvFile::beside(config)? {
            environment.beside = file;
            let variable = None;
            environment.files.push(KeyFile { variable, path });
        }
        Ok(environment)
    }

    /// The variables of the file of keys that nobody has read: misspelled ones.
    pub(super) fn unknown(&self) -> Vec<String> {
        self.beside.unread()
    }

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
            Err(VarError::NotPresent) => Zeroizing::default(),
            Err(VarError::NotUnicode(_)) => return Err(ConfigError::NotText(name.to_owned())),
        };
        let variable = format!("{name}_FILE");
        let (own, named) = (self.beside.take(name), self.beside.take(&variable));
        let text = match text.trim() {
            "" => own.as_deref().map_or("", |own| own.trim()),
            text => text,
        };
        let path = std::env::var_os(&variable).filter(|path| !path.is_empty());
        let path = path.or_else(|| named.map(|path| path.trim().into()));
        match path {
            None if text.is_empty() => Ok(None),
            None => Ok(Some(Secret::new(text))),
            Some(path) if text.is_empty() => self.read(variable, path.into()).map(Some),
            Some(_) => {
                self.unread.push(variable);
                Ok(Some(Secret::new(text)))
            }
        }
    }

    fn read(&mut self, variable: String, path: PathBuf) -> Result<Secret, ConfigError> {
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) => {
                let why = unreadable(&path, &error);
                return Err(ConfigError::KeyFile(variable, path, why));
            }
        };
        let text = text.trim();
        if text.is_empty() {
            let why = "is empty: write the key into it".to_owned();
            return Err(ConfigError::KeyFile(variable, path, why));
        }
        let key = Secret::new(text);
        let variable = Some(variable);
        self.files.push(KeyFile { variable, path });
        Ok(key)
    }
}

/// Why a file can't be read, and what to do.
pub(crate) fn unreadable(path: &Path, error: &std::io::Error) -> String {
    let kind = error.kind();
    if path.is_dir() {
        "is a folder: name the file in it".to_owned()
    } else if kind == ErrorKind::NotFound {
        "does not exist: make it, or correct the path".to_owned()
    } else if kind == ErrorKind::PermissionDenied {
        "this user may not read: give it to the backend's user".to_owned()
    } else if kind == ErrorKind::InvalidData {
        "is not text: write it in UTF-8".to_owned()
    } else {
        format!("can't be read: {error}")
    }
}

/// What the variables of an earlier version hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum OldDatabase {
    /// Nothing.
    #[default]
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
