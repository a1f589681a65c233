//! The configuration: a file for what may be read, the environment for secrets.

mod check;
mod environment;
mod error;
mod file;
mod gateway;
mod report;
mod terminal;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use kaunter_core::policy::Policy;

use crate::clock::Offset;
use crate::limits::Bounds;
use crate::paydibs::words::Words;
use crate::secret::Secret;
pub(crate) use environment::mode;
use environment::{Environment, OldDatabase};
pub use error::ConfigError;
use file::File;
pub use gateway::{GatewayConfig, GatewayKind, TimeOfDay, VoidConfig, WalletConfig};
pub use report::{ReportConfig, ReportWords};
pub use terminal::TerminalConfig;

/// Warns about a variable that an earlier version read as the address of its PostgreSQL.
const OLD_DATABASE_URL: &str = "DATABASE_URL is set, and this backend does not read it: the store is the SQLite file of `database`. For a PostgreSQL, set KAUNTER_DATABASE_URL";

/// The configuration of a backend.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The SQLite file, used without `database_url`.
    pub database: PathBuf,
    /// A PostgreSQL that several processes share. Set by `KAUNTER_DATABASE_URL`, because it may hold a password.
    pub database_url: Option<Secret>,
    /// The shop whose server holds the server key.
    pub shop: String,
    /// The key that the shop's server sends.
    pub server_key: Secret,
    /// Signs terminal tokens and hashes codes. The same in every process.
    pub signing_key: Secret,
    /// How long a terminal token lives, in seconds.
    pub token_life_s: u64,
    /// Other origins whose pages may call; empty: only pages of this origin.
    pub origins: Vec<String>,
    /// Whether test wallets are shown.
    pub test_wallets: bool,
    /// The gateway.
    pub gateway: GatewayConfig,
    /// Every duration and limit.
    pub policy: Policy,
    /// All durations are multiplied by this / 1000. Only with a gateway on loopback.
    pub time_scale_permille: u64,
    /// The limits of this process.
    pub bounds: Bounds,
    /// The shop's offset from UTC.
    pub day: Offset,
    /// The columns and words of the gateway's daily report.
    pub report: ReportConfig,
    /// The cashier's terminal, if this backend serves it.
    pub terminal: Option<TerminalConfig>,
}

impl Config {
    /// Reads the file and the environment, and logs a warning for each setting that is unsafe but allowed.
    ///
    /// # Errors
    /// [`ConfigError`]. All missing variables are named in one error.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let (config, warnings) = Self::inspect(path)?;
        for warning in warnings {
            tracing::warn!("{warning}");
        }
        Ok(config)
    }

    /// Reads the file and the environment. Returns a sentence for each setting that is unsafe but allowed.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn inspect(path: &Path) -> Result<(Self, Vec<String>), ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::Unreadable(path.to_owned(), error))?;
        let file = File::read(path, &text)?;
        if !file.behind_tls && !file.listen.ip().is_loopback() {
            return Err(ConfigError::Plain(file.listen));
        }
        let profile = file.check_profile();
        let mut environment = Environment::default();
        let config = Self::of(file, &mut environment)?;
        if !environment.missing.is_empty() {
            return Err(ConfigError::Missing(environment.missing));
        }
        config.check()?;
        profile?;
        let mut warnings = environment.warnings;
        if config.database_url.is_none() {
            match environment::old_database() {
                OldDatabase::None => {}
                OldDatabase::Foreign => warnings.push(OLD_DATABASE_URL.to_owned()),
                OldDatabase::Ours(name) => return Err(ConfigError::OldDatabase(name)),
            }
        }
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
                kind: file.gateway.kind,
                base_url: file.gateway.base_url,
                key: secret("KAUNTER_GATEWAY_KEY")?,
                secret: secret("KAUNTER_GATEWAY_SECRET")?,
                merchant: secret("KAUNTER_GATEWAY_MERCHANT")?,
                password: secret("KAUNTER_GATEWAY_PASSWORD")?,
                currency: file.gateway.currency,
                max_amount_minor: file.gateway.max_amount_minor,
                can_cancel: file.gateway.can_cancel,
                unpaid_final_after_ms: file.gateway.unpaid_final_after_ms,
                void: file.gateway.void,
                wallets: file.gateway.wallets,
                words: file
                    .gateway
                    .words
                    .unwrap_or_else(|| Words::of(file.gateway.profile)),
            },
            policy: file.policy,
            time_scale_permille: file.time_scale_permille,
            bounds: file.limits,
            day: file.utc_offset,
            report: file.report,
            terminal: file.terminal,
            database_url: environment.find("KAUNTER_DATABASE_URL")?,
        })
    }

    /// The policy with this backend's time scale and the gateway's abilities.
    #[must_use]
    pub(crate) fn scaled_policy(&self) -> Policy {
        let policy = Policy {
            can_cancel: self.gateway.cancels(),
            unpaid_final_after_ms: self.gateway.unpaid_final_after_ms,
            ..self.policy.clone()
        };
        policy.scaled(self.time_scale_permille)
    }
}
