//! The contents of `kaunter.toml`, and the names of earlier versions.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use kaunter_core::policy::{Ms, Policy};
use kaunter_core::review::ReviewRules;
use kaunter_core::wire::Sales;
use serde::Deserialize;

use super::keys::FileServerKey;
use super::people::ListedPerson;
use super::{
    ConfigError, GatewayKind, OperatorConfig, ReportConfig, TerminalConfig, TlsConfig, VoidConfig,
    WalletConfig,
};
use crate::clock::Offset;
use crate::limits::Bounds;
use crate::paydibs::words::{Profile, Words};
use crate::wrong_field::{Author, explain, is_serdes};

/// Names of earlier versions, and their names today.
const OLD_NAMES: [(&str, &str); 26] = [
    ("calls_per_minute", "limits.calls_per_minute"),
    ("time_permille", "time_scale_permille"),
    ("limits.calls", "limits.concurrent_calls"),
    ("limits.requests", "limits.concurrent_gateway_requests"),
    ("limits.questions", "limits.concurrent_status_checks"),
    ("limits.drain_ms", "limits.shutdown_ms"),
    ("gateway.base", "gateway.base_url"),
    (
        "gateway.words.definite_codes",
        "gateway.words.declined_codes",
    ),
    (
        "gateway.words.auth_error_codes",
        "gateway.words.renew_token_codes",
    ),
    ("policy.can_cancel", "gateway.can_cancel"),
    (
        "policy.unpaid_final_after_ms",
        "gateway.unpaid_final_after_ms",
    ),
    ("policy.connect_ms", "policy.connect_timeout_ms"),
    ("policy.read_ms", "policy.read_timeout_ms"),
    ("policy.pay_ms", "policy.pay_timeout_ms"),
    ("policy.call_ms", "policy.call_timeout_ms"),
    ("policy.grace_ms", "policy.clock_grace_ms"),
    ("policy.quiet_ms", "policy.terminal_silent_ms"),
    ("policy.heard_ms", "policy.heartbeat_ms"),
    ("policy.patience_ms", "policy.last_word_ms"),
    ("policy.review_first_ms", "policy.review_check_first_ms"),
    ("policy.review_max_ms", "policy.review_check_max_ms"),
    ("policy.late_first_ms", "policy.late_check_first_ms"),
    ("policy.late_last_ms", "policy.late_check_max_ms"),
    ("terminal.simulated", "terminal.sandbox"),
    ("report.trans_id", "report.gateway_ref"),
    ("report.trx_id", "report.trade_id"),
];
/// Values of `gateway.profile` of earlier versions.
const OLD_PROFILES: [(&str, &str); 2] = [("plain", "documented"), ("rich", "sandbox")];

/// Names that somebody may give to a secret in the file, and the variables where secrets belong.
const SECRETS: [(&str, &str); 9] = [
    ("server_key", "KAUNTER_SERVER_KEY"),
    ("signing_key", "KAUNTER_SIGNING_KEY"),
    ("audit_key", "KAUNTER_AUDIT_KEY"),
    ("database_url", "KAUNTER_DATABASE_URL"),
    ("gateway.key", "KAUNTER_GATEWAY_KEY"),
    ("gateway.secret", "KAUNTER_GATEWAY_SECRET"),
    ("gateway.merchant", "KAUNTER_GATEWAY_MERCHANT"),
    ("gateway.password", "KAUNTER_GATEWAY_PASSWORD"),
    ("gateway.api_key", "KAUNTER_GATEWAY_KEY"),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(default = "default_listen", deserialize_with = "listen")]
    pub(super) listen: SocketAddr,
    #[serde(default)]
    pub(super) behind_tls: bool,
    #[serde(default)]
    pub(super) trusted_proxies: Vec<String>,
    pub(super) tls: Option<TlsConfig>,
    pub(super) operator: Option<OperatorConfig>,
    pub(super) public_url: Option<String>,
    #[serde(default)]
    pub(super) hosts: Vec<String>,
    #[serde(default)]
    pub(super) hsts: bool,
    #[serde(default = "default_database")]
    pub(super) database: PathBuf,
    pub(super) shop: Option<String>,
    #[serde(default)]
    pub(super) server_keys: Vec<FileServerKey>,
    #[serde(default)]
    pub(super) people: Vec<ListedPerson>,
    #[serde(default = "default_life")]
    pub(super) token_life_s: u64,
    #[serde(default)]
    pub(super) origins: Vec<String>,
    #[serde(default)]
    pub(super) sales: Sales,
    #[serde(default)]
    pub(super) test_wallets: bool,
    #[serde(default = "no_gateway")]
    pub(super) gateway: FileGateway,
    #[serde(default)]
    pub(super) policy: Policy,
    #[serde(default)]
    pub(super) review: ReviewRules,
    #[serde(default = "default_permille")]
    pub(super) time_scale_permille: u64,
    #[serde(default)]
    pub(super) limits: Bounds,
    #[serde(default)]
    pub(super) utc_offset: Offset,
    #[serde(default)]
    pub(super) report: ReportConfig,
    pub(super) terminal: Option<TerminalConfig>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileGateway {
    #[serde(default)]
    pub(super) kind: GatewayKind,
    pub(super) base_url: Option<String>,
    pub(super) profile: Option<Profile>,
    #[serde(default = "default_currency")]
    pub(super) currency: String,
    #[serde(default = "default_max")]
    pub(super) max_amount_minor: u64,
    pub(super) proxy: Option<String>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) can_cancel: Option<bool>,
    pub(super) unpaid_final_after_ms: Option<Ms>,
    #[serde(default)]
    pub(super) void: VoidConfig,
    #[serde(default)]
    pub(super) wallets: BTreeMap<String, WalletConfig>,
    pub(super) words: Option<Words>,
}

/// What a file without `[gateway]` has: every default, and no address.
fn no_gateway() -> FileGateway {
    let empty = toml::Table::new().try_into();
    empty.expect("every setting of [gateway] has a default")
}

fn default_listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8787))
}

/// An address and a port. `localhost` is 127.0.0.1. Other names are refused, because the name service could point them
/// to another machine.
pub(super) fn listen<'de, D: serde::Deserializer<'de>>(from: D) -> Result<SocketAddr, D::Error> {
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

fn default_currency() -> String {
    "MYR".to_owned()
}

/// RM 50,000: more than a wallet of this gateway may hold.
fn default_max() -> u64 {
    5_000_000
}

impl File {
    /// Parses the text of the file at this path.
    pub(super) fn read(path: &Path, text: &str) -> Result<Self, ConfigError> {
        if let Ok(table) = text.parse::<toml::Table>() {
            refuse_old_names(path, &table)?;
            refuse_secrets(path, &table)?;
        }
        let malformed = |error: &toml::de::Error, message: String| {
            // Omits the line itself: it may hold a key.
            let at = error.span().map_or(0, |span| span.start);
            let line = 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
            ConfigError::Malformed(path.to_owned(), line, message)
        };
        let toml = toml::Deserializer::parse(text)
            .map_err(|error| malformed(&error, error.message().to_owned()))?;
        serde_path_to_error::deserialize(toml).map_err(|error| {
            let inner = error.inner();
            let message = inner.message();
            let message = match is_serdes(message) {
                true => explain(message, error.path(), Author::Operator).sentence,
                false => message.to_owned(),
            };
            malformed(inner, message)
        })
    }
}

fn refuse_old_names(path: &Path, table: &toml::Table) -> Result<(), ConfigError> {
    let refuse = |old: String, new: String| Err(ConfigError::Renamed(path.to_owned(), old, new));
    for (old, new) in OLD_NAMES {
        if find(table, old).is_some() {
            return refuse(old.to_owned(), new.to_owned());
        }
    }
    let profile = find(table, "gateway.profile").and_then(toml::Value::as_str);
    for (old, new) in OLD_PROFILES {
        if profile == Some(old) {
            let value = |word| format!("gateway.profile = \"{word}\"");
            return refuse(value(old), value(new));
        }
    }
    Ok(())
}

fn refuse_secrets(path: &Path, table: &toml::Table) -> Result<(), ConfigError> {
    match SECRETS.iter().find(|(name, _)| find(table, name).is_some()) {
        Some((name, variable)) => Err(ConfigError::SecretInFile(path.to_owned(), name, variable)),
        None => Ok(()),
    }
}

/// The value at a dotted path.
fn find<'a>(table: &'a toml::Table, path: &str) -> Option<&'a toml::Value> {
    match path.split_once('.') {
        None => table.get(path),
        Some((name, rest)) => find(table.get(name)?.as_table()?, rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_of(text: &str) -> String {
        match File::read(Path::new("kaunter.toml"), text) {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn every_old_name_is_refused_with_its_new_one() {
        let renamed =
            OLD_NAMES.map(|(old, new)| (format!("{old} = 1"), old.to_owned(), new.to_owned()));
        let profiles = OLD_PROFILES.map(|(old, new)| {
            let value = |word| format!("gateway.profile = \"{word}\"");
            (value(old), value(old), value(new))
        });
        for (line, old, new) in renamed.into_iter().chain(profiles) {
            let error = error_of(&format!("shop = \"demo\"\n{line}\n"));
            assert_eq!(
                error,
                format!("kaunter.toml: {old} is called {new} now: rename it")
            );
        }
    }

    #[test]
    fn every_new_name_is_taken() {
        let value = |new: &str| match new {
            "terminal.sandbox" | "gateway.can_cancel" => "true",
            "gateway.words.declined_codes" => "{ 4001 = \"limit\" }",
            "gateway.words.renew_token_codes" => "[401]",
            "report.gateway_ref" | "report.trade_id" => "\"id\"",
            _ => "1",
        };
        let lines = OLD_NAMES.map(|(_, new)| format!("{new} = {}\n", value(new)));
        let rest = "shop = \"demo\"\nterminal.dir = \"d\"\nterminal.token_url = \"/t\"\ngateway.kind = \"paydibs\"\n";
        let text =
            format!("{rest}{}", lines.concat()).replace("base_url = 1", "base_url = \"http://x\"");
        assert_eq!(error_of(&text), "");
    }
}
