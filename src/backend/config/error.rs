//! Why a backend does not start.

use std::path::PathBuf;

/// Why a backend does not start. Each sentence says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("the configuration is read from {0}, which {1}")]
    Unreadable(PathBuf, String),
    /// The file is not valid TOML, or not what is expected.
    #[error("{0}, line {1}: {2}")]
    Malformed(PathBuf, usize, String),
    /// A name of an earlier version.
    #[error("{0}: {1} is called {2} now: rename it")]
    Renamed(PathBuf, String, String),
    /// A secret in the file, which is copied and read by more people than the environment.
    #[error(
        "{0}: {1} is a secret, and secrets are not in this file: set {2} in the environment, remove it here, and replace it if others may have read it"
    )]
    SecretInFile(PathBuf, &'static str, &'static str),
    /// Variables of the environment are missing.
    #[error("these environment variables are missing: {}. Set each one, or set the same name with _FILE at its end to the path of a file with the value", .0.join(", "))]
    Missing(Vec<String>),
    /// A file with a key can't be read, or is empty.
    #[error("{0} names {1}, which {2}")]
    KeyFile(String, PathBuf, String),
    /// A variable that holds no text.
    #[error("{0} is not text in UTF-8: write the key as text")]
    NotText(String),
    /// What the table of checks refuses, each with what to do.
    #[error("{}", .0.join("\n"))]
    Refused(Vec<String>),
    /// The name of a server key is not a word, or there twice.
    #[error(
        "server_keys: {0:?} can't be the name of a key: use a word of its own of a to z, 0 to 9 and _, like web"
    )]
    KeyName(String),
    /// A server key that may do nothing.
    #[error("server_keys: {0} has no rights: give it mint, read or all")]
    KeyRights(String),
    /// Two people under one name.
    #[error("people: {0} is there twice: give each person a name of its own")]
    SamePerson(String),
    /// A name of a person or of a person's terminal that can't be printed.
    #[error(
        "people: {0:?} must be a name of 1 to 64 printable characters, without blanks around it"
    )]
    PersonName(String),
}
