//! Keys from the environment, or from the files that it names.

use std::path::{Path, PathBuf};

use super::ConfigError;
use crate::secret::Secret;

/// What was read, and what there is to say about it.
#[derive(Default)]
pub(super) struct Environment {
    /// Words that are not set at all.
    pub(super) missing: Vec<String>,
    pub(super) warnings: Vec<String>,
}

impl Environment {
    /// A word that has to be there; an empty one in its place where it is not, so that all that are missing are named.
    pub(super) fn secret(&mut self, name: &str) -> Result<Secret, ConfigError> {
        let found = self.find(name)?;
        Ok(found.unwrap_or_else(|| {
            self.missing.push(name.to_owned());
            Secret::new("")
        }))
    }

    /// A word that may be there.
    pub(super) fn find(&mut self, name: &str) -> Result<Option<Secret>, ConfigError> {
        let text = match std::env::var(name) {
            Ok(text) => text,
            Err(_) => match std::env::var_os(format!("{name}_FILE")) {
                Some(path) => self.read(&format!("{name}_FILE"), path.into())?,
                None => return Ok(None),
            },
        };
        let text = text.trim();
        Ok((!text.is_empty()).then(|| Secret::new(text)))
    }

    fn read(&mut self, name: &str, path: PathBuf) -> Result<String, ConfigError> {
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
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

/// True where an address stands under the name that an earlier version read.
pub(super) fn has_old_database_url() -> bool {
    std::env::var_os("DATABASE_URL").is_some_and(|url| !url.is_empty())
}

/// Who may do what with a file, where the system says so.
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
