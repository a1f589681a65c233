//! Why a backend does not start.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a backend does not start. Each sentence says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("{0} can't be read: {1}")]
    Unreadable(PathBuf, std::io::Error),
    /// The file is not valid TOML, or not what is expected.
    #[error("{0}, line {1}: {2}")]
    Malformed(PathBuf, usize, String),
    /// A name of an earlier version.
    #[error("{0}: {1} is called {2} now: rename it")]
    Renamed(PathBuf, String, String),
    /// A database under the variable of an earlier version.
    #[error(
        "{0} names the shop's PostgreSQL and is called KAUNTER_{0} now: rename it. Without it the backend would start on another store, and charge what is paid there"
    )]
    OldDatabase(&'static str),
    /// Others on the network could read the traffic.
    #[error(
        "listen = \"{0}\" is open to other machines without TLS: listen on 127.0.0.1 and put a TLS proxy in front, or set behind_tls = true where one is in front already"
    )]
    Plain(SocketAddr),
    /// Variables of the environment are missing.
    #[error("set these in the environment, or name a file in the same word with _FILE behind it: {}", .0.join(", "))]
    Missing(Vec<String>),
    /// A file with a key can't be read.
    #[error("{0} names {1}, which can't be read: {2}")]
    KeyFile(String, PathBuf, std::io::Error),
    /// A file that should hold a key is empty.
    #[error("{0} names {1}, which is empty: write the key into it")]
    EmptyKeyFile(String, PathBuf),
    /// Other users could change a file that holds a key.
    #[error("{0} names {1}, which other users of this machine may write: chmod 600 {1}")]
    OpenKeyFile(String, PathBuf),
    /// The sandbox's keys with a real gateway.
    #[error(
        "the gateway's keys are the sandbox's, and gateway.base_url is not on this machine: set the real keys"
    )]
    SandboxKeys,
    /// The sandbox's vocabulary with a real gateway.
    #[error(
        "gateway.profile = \"sandbox\" is a set of assumptions, and gateway.base_url is not on this machine: use \"documented\", or write what the gateway is known to say under [gateway.words]"
    )]
    SandboxProfile,
    /// A cancel without its vocabulary.
    #[error(
        "gateway.can_cancel = true, and the gateway's words have no cancel: add gateway.words.cancel"
    )]
    CancelWords,
    /// A time scale with a real gateway.
    #[error("a time scale is for tests: only with a gateway on this machine")]
    TimeScale,
    /// A key that can be guessed.
    #[error("{0} can be guessed, because it has fewer than {1}: use `openssl rand -hex 32`")]
    WeakKey(&'static str, &'static str),
    /// One key for two purposes.
    #[error(
        "KAUNTER_SERVER_KEY and KAUNTER_SIGNING_KEY are the same: anyone with the first could sign any token; use `openssl rand -hex 32` for each"
    )]
    OneKey,
    /// The gateway's address is not valid.
    #[error(
        "gateway.base_url is no http(s) address: write it like https://gateway.example/version1"
    )]
    Base,
    /// An address with a password in it.
    #[error(
        "{0} holds a user's name or a password: addresses are logged and shown, keys belong into the environment"
    )]
    Credentials(&'static str),
    /// An origin that no browser sends.
    #[error(
        "origins: {0} is no origin; write a page's own, like https://till.shop.example, without a path"
    )]
    Origin(String),
    /// A gateway on another machine without https.
    #[error("gateway.base_url must start with https unless it is on this machine")]
    NotHttps,
    /// A shop without a name.
    #[error(
        "shop must be a name of 1 to 64 printable characters: the one that the shop's server mints tokens for"
    )]
    Shop,
    /// Status checks without a pause.
    #[error(
        "policy.poll_ms = {0}: a gateway is asked every 2000 ms at most; less is for tests with a time scale and a gateway on this machine"
    )]
    Poll(u64),
    /// An address of the cashier's page that a browser would run as a script, or can not call.
    #[error("terminal.{0} must be an http(s) address, or a path that begins with /")]
    PageAddress(&'static str),
    /// The root directory as the page's folder.
    #[error(
        "terminal.dir = \"/\" would serve every file of this machine: name the folder of the built page"
    )]
    PageDir,
    /// A database that is not PostgreSQL.
    #[error(
        "KAUNTER_DATABASE_URL names no PostgreSQL{0}: an address of one begins with postgres://; without KAUNTER_DATABASE_URL the store is the SQLite file of `database`"
    )]
    NotPostgres(&'static str),
}
