//! How a backend is set up: a file for what may be read, the environment for what may not.

mod check;
mod environment;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use kaunter_core::policy::Policy;
use serde::Deserialize;

use crate::clock::Offset;
use crate::limits::Bounds;
use crate::paydibs::words::{Profile, Words};
use crate::secret::Secret;
use environment::Environment;
pub(crate) use environment::mode;

/// What a backend is started with.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The SQLite file, where there is no `database_url`.
    pub database: PathBuf,
    /// A PostgreSQL for many processes; `DATABASE_URL` of the environment, for it may hold a password.
    pub database_url: Option<Secret>,
    /// The shop whose server holds the server key.
    pub shop: String,
    /// What the shop's server shows.
    pub server_key: Secret,
    /// Signs terminal tokens and hashes codes; the same in every process.
    pub signing_key: Secret,
    /// How long a terminal token lives, in seconds.
    pub token_life_s: u64,
    /// Pages of other origins that may call; none: only pages of this one.
    pub origins: Vec<String>,
    /// Test wallets are shown.
    pub test_wallets: bool,
    /// The gateway.
    pub gateway: GatewayConfig,
    /// Every duration and limit.
    pub policy: Policy,
    /// All durations times this / 1000; only with a gateway on loopback.
    pub time_permille: u64,
    /// Calls that change something, a minute and terminal.
    pub calls_per_minute: u32,
    /// What may happen at once.
    pub bounds: Bounds,
    /// Where the shop's day begins.
    pub day: Offset,
    /// The columns and words of the gateway's day report.
    pub report: ReportConfig,
    /// The cashier's terminal, served here.
    pub terminal: Option<TerminalConfig>,
}

/// Where the gateway is, and what it is told.
#[derive(Clone, Debug)]
pub struct GatewayConfig {
    /// Its address, up to and with `/version1`.
    pub base: String,
    /// The merchant's API key.
    pub key: Secret,
    /// The merchant's API secret.
    pub secret: Secret,
    /// The merchant's code.
    pub merchant: Secret,
    /// The merchant's password.
    pub password: Secret,
    /// The currency it takes.
    pub currency: String,
    /// The largest amount of one attempt, in minor units.
    pub max_amount_minor: u64,
    /// Its vocabulary.
    pub words: Words,
}

/// How a gateway's day report is read: its columns by their names, its words for how a payment stands. PayDibs' own
/// format is not known; the defaults are the names of its API.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReportConfig {
    /// The gateway's name of the trade.
    pub gateway_ref: String,
    /// Ours; where a row has it, it is the one that is looked for.
    pub trade_id: String,
    /// Ringgit with decimals.
    pub amount: String,
    /// How the payment stands; a report without this column is one of payments that were taken.
    pub status: String,
    /// What stands between two columns.
    pub delimiter: char,
    /// Words of the status column, where they are not those of the gateway's status call.
    pub words: Option<ReportWords>,
}

/// What a report's words mean.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReportWords {
    /// The money was taken.
    pub paid: Vec<String>,
    /// The money was returned.
    pub voided: Vec<String>,
    /// No money was taken.
    pub unpaid: Vec<String>,
    /// Not decided when the report was written.
    pub pending: Vec<String>,
}

impl Default for ReportConfig {
    fn default() -> Self {
        Self {
            gateway_ref: "trans_id".to_owned(),
            trade_id: "trx_id".to_owned(),
            amount: "amount".to_owned(),
            status: "status".to_owned(),
            delimiter: ',',
            words: None,
        }
    }
}

impl ReportConfig {
    /// The words of the status column, of a gateway that has these.
    #[must_use]
    pub(crate) fn words(&self, gateway: &Words) -> ReportWords {
        self.words.clone().unwrap_or_else(|| ReportWords {
            paid: gateway.paid.clone(),
            voided: gateway.voided.clone(),
            unpaid: [gateway.failed.clone(), gateway.closed.clone()].concat(),
            pending: gateway.pending.clone(),
        })
    }
}

/// The cashier's terminal as this backend serves it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TerminalConfig {
    /// The folder of the built page.
    pub dir: PathBuf,
    /// Where the page gets its tokens: the shop's server.
    pub token_url: String,
    /// The sandbox's phone, where there is one.
    pub phone_url: Option<String>,
    /// The page says that no money moves.
    #[serde(default)]
    pub sandbox: bool,
}

/// Why a backend does not start. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("{0} can't be read: {1}")]
    Unreadable(PathBuf, std::io::Error),
    /// The file is not the TOML that is expected.
    #[error("{0}, line {1}: {2}")]
    Malformed(PathBuf, usize, String),
    /// It would listen where others hear what is said.
    #[error(
        "listen = \"{0}\" is open to other machines without TLS: listen on 127.0.0.1 and put a TLS proxy in front, or set behind_tls = true where one is in front already"
    )]
    Plain(SocketAddr),
    /// Words of the environment are missing.
    #[error("set these in the environment, or name a file in the same word with _FILE behind it: {}", .0.join(", "))]
    Missing(Vec<String>),
    /// A file with a key can't be read.
    #[error("{0} names {1}, which can't be read: {2}")]
    KeyFile(String, PathBuf, std::io::Error),
    /// A file with a key has none.
    #[error("{0} names {1}, which is empty: write the key into it")]
    EmptyKeyFile(String, PathBuf),
    /// A file with a key can be changed by others.
    #[error("{0} names {1}, which other users of this machine may write: chmod 600 {1}")]
    OpenKeyFile(String, PathBuf),
    /// Sandbox's keys and a real gateway.
    #[error(
        "the gateway's keys are the sandbox's, and gateway.base is not on this machine: set the real keys"
    )]
    SandboxKeys,
    /// A faster clock and a real gateway.
    #[error("a time scale is for tests: only with a gateway on this machine")]
    TimeScale,
    /// A key that can be guessed.
    #[error("{0} can be guessed, because it has fewer than {1}: use `openssl rand -hex 32`")]
    WeakKey(&'static str, &'static str),
    /// One key for two things.
    #[error(
        "KAUNTER_SERVER_KEY and KAUNTER_SIGNING_KEY are the same word: whoever has the first could sign any token; use `openssl rand -hex 32` for each"
    )]
    OneKey,
    /// The gateway's address is none.
    #[error("gateway.base is no http(s) address: write it like https://gateway.example/version1")]
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
    /// A gateway elsewhere is called by https only.
    #[error("gateway.base must start with https unless it is on this machine")]
    NotHttps,
    /// A shop without a name.
    #[error(
        "shop must be a name of 1 to 64 printable characters: the one that the shop's server mints tokens for"
    )]
    Shop,
    /// Questions without a pause.
    #[error(
        "policy.poll_ms = {0}: a gateway is asked every 2000 ms at most; less is for tests with a time scale and a gateway on this machine"
    )]
    Poll(u64),
    /// An address of the cashier's page that a browser could run, or can't call.
    #[error("terminal.{0} must be an http(s) address, or a path that begins with /")]
    PageAddress(&'static str),
    /// The whole machine as a page.
    #[error(
        "terminal.dir = \"/\" would serve every file of this machine: name the folder of the built page"
    )]
    PageDir,
    /// A database that is not PostgreSQL.
    #[error(
        "DATABASE_URL names no PostgreSQL{0}: an address of one begins with postgres://; without DATABASE_URL the store is the SQLite file of `database`"
    )]
    NotPostgres(&'static str),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default = "default_listen", deserialize_with = "listen")]
    listen: SocketAddr,
    #[serde(default)]
    behind_tls: bool,
    #[serde(default = "default_database")]
    database: PathBuf,
    shop: String,
    #[serde(default = "default_life")]
    token_life_s: u64,
    #[serde(default)]
    origins: Vec<String>,
    #[serde(default)]
    test_wallets: bool,
    gateway: FileGateway,
    #[serde(default)]
    policy: Policy,
    #[serde(default = "default_permille")]
    time_permille: u64,
    #[serde(default = "default_calls")]
    calls_per_minute: u32,
    #[serde(default)]
    limits: Bounds,
    #[serde(default)]
    utc_offset: Offset,
    #[serde(default)]
    report: ReportConfig,
    terminal: Option<TerminalConfig>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileGateway {
    base: String,
    #[serde(default)]
    profile: Profile,
    #[serde(default = "default_currency")]
    currency: String,
    #[serde(default = "default_max")]
    max_amount_minor: u64,
    words: Option<Words>,
}

fn default_listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8787))
}

/// An address and a port. `localhost` is 127.0.0.1, where everybody looks for it first; any other name could be another
/// machine's tomorrow.
fn listen<'de, D: serde::Deserializer<'de>>(from: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(from)?;
    let local = text.strip_prefix("localhost:").and_then(|port| {
        let port = port.parse().ok()?;
        Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
    });
    local.or_else(|| text.parse().ok()).ok_or_else(|| {
        serde::de::Error::custom(
            "listen takes an address and a port, like 127.0.0.1:8787, [::1]:8787 or localhost:8787",
        )
    })
}

fn default_database() -> PathBuf {
    "kaunter.db".into()
}

fn default_life() -> u64 {
    600
}

fn default_permille() -> u64 {
    1000
}

fn default_calls() -> u32 {
    60
}

fn default_currency() -> String {
    "MYR".to_owned()
}

/// RM 50,000: above what a wallet of the gateway may hold.
fn default_max() -> u64 {
    5_000_000
}

impl Config {
    /// Reads the file and the environment. What is unsafe and no reason to refuse stands in the log.
    ///
    /// # Errors
    /// [`ConfigError`]; every missing word of the environment is named at once.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let (config, warnings) = Self::inspect(path)?;
        for warning in warnings {
            tracing::warn!("{warning}");
        }
        Ok(config)
    }

    /// The same, with what is unsafe and no reason to refuse, a sentence each.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn inspect(path: &Path) -> Result<(Self, Vec<String>), ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::Unreadable(path.to_owned(), error))?;
        let file: File = toml::from_str(&text).map_err(|error| {
            // Not the line itself: somebody may have written a key there.
            let at = error.span().map_or(0, |span| span.start);
            let line = 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
            ConfigError::Malformed(path.to_owned(), line, error.message().to_owned())
        })?;
        if !file.behind_tls && !file.listen.ip().is_loopback() {
            return Err(ConfigError::Plain(file.listen));
        }
        let mut environment = Environment::default();
        let config = Self::of(file, &mut environment)?;
        if !environment.missing.is_empty() {
            return Err(ConfigError::Missing(environment.missing));
        }
        config.check()?;
        let mut warnings = environment.warnings;
        warnings.extend(config.warnings());
        Ok((config, warnings))
    }

    fn of(file: File, environment: &mut Environment) -> Result<Self, ConfigError> {
        let mut secret = |name| environment.secret(name);
        Ok(Self {
            listen: file.listen,
            database: file.database,
            shop: file.shop,
            server_key: secret("KAUNTER_SERVER_KEY")?,
            signing_key: secret("KAUNTER_SIGNING_KEY")?,
            token_life_s: file.token_life_s,
            origins: file.origins,
            test_wallets: file.test_wallets,
            gateway: GatewayConfig {
                base: file.gateway.base,
                key: secret("KAUNTER_GATEWAY_KEY")?,
                secret: secret("KAUNTER_GATEWAY_SECRET")?,
                merchant: secret("KAUNTER_GATEWAY_MERCHANT")?,
                password: secret("KAUNTER_GATEWAY_PASSWORD")?,
                currency: file.gateway.currency,
                max_amount_minor: file.gateway.max_amount_minor,
                words: file
                    .gateway
                    .words
                    .unwrap_or_else(|| Words::of(file.gateway.profile)),
            },
            policy: file.policy,
            time_permille: file.time_permille,
            calls_per_minute: file.calls_per_minute,
            bounds: file.limits,
            day: file.utc_offset,
            report: file.report,
            terminal: file.terminal,
            database_url: environment.find("DATABASE_URL")?,
        })
    }

    /// The policy on this backend's clock, with what the gateway can do.
    #[must_use]
    pub(crate) fn scaled_policy(&self) -> Policy {
        let mut policy = self.policy.scaled(self.time_permille);
        policy.can_cancel = self.gateway.words.cancel.is_some();
        policy
    }
}
