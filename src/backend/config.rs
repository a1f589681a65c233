//! The configuration: a file for what may be read, the environment for secrets.

mod check;
mod egress;
mod env_file;
mod environment;
mod error;
mod file;
mod gateway;
mod init;
mod keys;
mod missing;
mod network;
mod people;
mod proxies;
mod report;
mod terminal;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use kaunter_core::limits::PersonLimits;
use kaunter_core::policy::Policy;
use kaunter_core::wire::Sales;

use crate::audit::AuditKeys;
use crate::clock::Offset;
use crate::limits::Bounds;
use crate::paydibs::words::{Profile, Words};
use crate::people::Person;
use crate::secret::Secret;
use check::Surroundings;
use environment::Environment;
pub(crate) use environment::{mode, unreadable};
pub use error::ConfigError;
use file::File;
pub use gateway::{GatewayConfig, GatewayKind, TimeOfDay, VoidConfig, WalletConfig};
pub use init::{Initialised, NewConfig, init};
pub use keys::ServerKey;
use missing::Missing;
pub use network::{NetworkConfig, OperatorConfig, TlsConfig};
pub(crate) use people::{ListedPerson, people_of};
pub use proxies::TrustedProxies;
pub use report::{ConfiguredMark, ReportConfig, ReportWords};
pub use terminal::{TerminalConfig, shipped_pages};

/// The configuration of a backend.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// How it is reached.
    pub network: NetworkConfig,
    /// The SQLite file, used without `database_url`.
    pub database: PathBuf,
    /// A PostgreSQL that several processes share. Set by `KAUNTER_DATABASE_URL`, because it may hold a password.
    pub database_url: Option<Secret>,
    /// The shop whose server holds the server key.
    pub shop: String,
    /// The keys that the shop's servers send.
    pub server_keys: Vec<ServerKey>,
    /// The people who sign in at this backend.
    pub people: Vec<Person>,
    /// Signs terminal tokens and hashes codes. The same in every process.
    pub signing_key: Secret,
    /// The signing key before, or the next one: accepted, but not used.
    pub previous_signing_key: Option<Secret>,
    /// Hashes the rows of the audit trail. `None`: a key that is derived from the signing key.
    pub audit_key: Option<Secret>,
    /// Keys that hashed earlier rows.
    pub audit_keys_previous: Vec<Secret>,
    /// How long a terminal token lives, in seconds.
    pub token_life_s: u64,
    /// Other origins whose pages may call; empty: only pages of this origin.
    pub origins: Vec<String>,
    /// Whether every page of this machine may call, on any port: only in the demo. A configuration file can't set it.
    pub local_pages: bool,
    /// Which sales the shop takes.
    pub sales: Sales,
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
    /// [`ConfigError`]. All that is missing is named in one error.
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
            .map_err(|error| ConfigError::Unreadable(path.to_owned(), unreadable(path, &error)))?;
        let file = File::read(path, &text)?;
        let gateway = &file.gateway;
        let around = Surroundings {
            path: Some(path.to_owned()),
            is_behind_proxy: file.behind_tls,
            is_plain: !file.behind_tls && file.tls.is_none() && !file.listen.ip().is_loopback(),
            assumes_sandbox: gateway.words.is_none() && gateway.profile == Some(Profile::Sandbox),
            has_profile_and_words: gateway.words.is_some() && gateway.profile.is_some(),
            old_database: environment::old_database(),
            ..Surroundings::default()
        };
        let mut environment = Environment::beside(path)?;
        let mut missing = Missing::default();
        let config = Self::of(file, &mut environment, &mut missing)?;
        let config = config.with_audit_keys(&mut environment)?;
        let checked = config.check_in(&Surroundings {
            unknown_variables: environment.unknown(),
            key_files: environment.files,
            unread_files: environment.unread,
            ..around
        });
        let missing = missing.with(environment.missing);
        if !missing.is_empty() {
            return Err(missing.error(path, checked));
        }
        let mut warnings = checked?;
        warnings.extend(missing_in_the_system().map(str::to_owned));
        Ok((config, warnings))
    }

    fn of(
        file: File,
        environment: &mut Environment,
        missing: &mut Missing,
    ) -> Result<Self, ConfigError> {
        let server_keys = keys::read(file.server_keys, environment)?;
        let previous_signing_key = environment.find("KAUNTER_SIGNING_KEY_PREVIOUS")?;
        let proxy = egress::read_proxy(file.gateway.proxy, environment)?;
        let mut secret = |name| environment.secret(name);
        Ok(Self {
            listen: file.listen,
            network: NetworkConfig {
                public_url: file.public_url,
                hosts: file.hosts,
                hsts: file.hsts,
                trusted_proxies: TrustedProxies::read(&file.trusted_proxies)?,
                tls: file.tls,
                operator: file.operator,
            },
            database: file.database,
            shop: missing.setting("shop", file.shop),
            server_keys,
            people: file.people.into_iter().map(Person::from).collect(),
            signing_key: secret("KAUNTER_SIGNING_KEY")?,
            previous_signing_key,
            audit_key: None,
            audit_keys_previous: Vec::new(),
            token_life_s: file.token_life_s,
            origins: file.origins,
            local_pages: false,
            sales: file.sales,
            test_wallets: file.test_wallets,
            gateway: GatewayConfig {
                kind: file.gateway.kind,
                base_url: missing.setting("gateway.base_url", file.gateway.base_url),
                key: secret("KAUNTER_GATEWAY_KEY")?,
                secret: secret("KAUNTER_GATEWAY_SECRET")?,
                merchant: secret("KAUNTER_GATEWAY_MERCHANT")?,
                password: secret("KAUNTER_GATEWAY_PASSWORD")?,
                proxy,
                ca_file: file.gateway.ca_file,
                currency: file.gateway.currency,
                max_amount_minor: file.gateway.max_amount_minor,
                can_cancel: file.gateway.can_cancel,
                unpaid_final_after_ms: file.gateway.unpaid_final_after_ms,
                void: file.gateway.void,
                wallets: file.gateway.wallets,
                words: file
                    .gateway
                    .words
                    .unwrap_or_else(|| Words::of(file.gateway.profile.unwrap_or_default())),
            },
            policy: Policy {
                review: file.review,
                ..file.policy
            },
            time_scale_permille: file.time_scale_permille,
            bounds: file.limits,
            day: file.utc_offset,
            report: file.report,
            terminal: file.terminal,
            database_url: environment.find("KAUNTER_DATABASE_URL")?,
        })
    }

    /// Reads the keys of the audit trail. Previous keys stand in one variable, with spaces or lines between them.
    fn with_audit_keys(self, environment: &mut Environment) -> Result<Self, ConfigError> {
        let previous = environment.find("KAUNTER_AUDIT_KEY_PREVIOUS")?;
        let previous = previous
            .iter()
            .flat_map(|keys| keys.expose().split_whitespace());
        Ok(Self {
            audit_keys_previous: previous.map(Secret::new).collect(),
            audit_key: environment.find("KAUNTER_AUDIT_KEY")?,
            ..self
        })
    }

    /// The keys of the audit trail.
    pub(crate) fn audit_keys(&self) -> AuditKeys {
        let current = self.audit_key.as_ref().unwrap_or(&self.signing_key);
        let previous: Vec<Secret> = self
            .audit_keys_previous
            .iter()
            .chain(&self.previous_signing_key)
            .cloned()
            .collect();
        AuditKeys::new(current, &previous)
    }

    /// The limits of voids and verdicts.
    pub(crate) fn person_limits(&self) -> PersonLimits {
        PersonLimits {
            void: self.bounds.void.clone(),
            review: self.bounds.review.clone(),
        }
    }

    /// The policy with this backend's time scale, the gateway's abilities and the shop's day.
    #[must_use]
    pub(crate) fn scaled_policy(&self) -> Policy {
        let policy = Policy {
            can_cancel: self.gateway.cancels(),
            unpaid_final_after_ms: self.gateway.unpaid_final_after_ms,
            day_offset_ms: self.day.millis(),
            ..self.policy.clone()
        };
        policy.scaled(self.time_scale_permille)
    }
}

/// What this system lacks, if it is not a Unix.
fn missing_in_the_system() -> Option<&'static str> {
    cfg!(not(unix)).then_some(
        "this system shows no permissions of files, so nobody checks who reads the keys or writes the configuration: let only the backend's account open their folder. It also has no SIGTERM: stop the backend with Ctrl-C, because a process that is ended by force answers no call in progress",
    )
}
