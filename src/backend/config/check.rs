//! Checks the configuration before anything starts, and lists what an operator should know.

use std::net::IpAddr;

use reqwest::Url;

use super::file::File;
use super::{Config, ConfigError};
use crate::paydibs::words::Profile;
use crate::secret::Secret;

/// The sandbox's keys start with one of these, so that they are never used with real money. The second one is older.
const SANDBOX_MARKS: [&str; 2] = ["sandbox-", "simulator-"];
/// The maximum length of a shop's name, in characters.
const SHOP_MAX_CHARS: usize = 64;
/// The shortest pause between two status checks of a payment, in milliseconds: the project's scope asks for it.
const MIN_POLL_MS: u64 = 2_000;

impl Config {
    /// Refuses a configuration that is unsafe.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn check(&self) -> Result<(), ConfigError> {
        self.check_gateway()?;
        self.check_wallets()?;
        if let Some(origin) = self.origins.iter().find(|origin| !is_origin(origin)) {
            return Err(ConfigError::Origin(origin.clone()));
        }
        let chars = self.shop.trim().chars().count();
        if chars == 0 || chars > SHOP_MAX_CHARS || self.shop.chars().any(char::is_control) {
            return Err(ConfigError::Shop);
        }
        self.check_keys(self.is_sandbox())?;
        self.check_people()?;
        self.check_page()?;
        self.check_network()?;
        match &self.database_url {
            Some(url) => check_postgres(url),
            None => Ok(()),
        }
    }

    fn check_gateway(&self) -> Result<(), ConfigError> {
        let address = Url::parse(&self.gateway.base_url).map_err(|_| ConfigError::Base)?;
        if has_credentials(&address) {
            return Err(ConfigError::Credentials("gateway.base_url"));
        }
        let loopback = is_loopback(&address);
        match address.scheme() {
            "https" => {}
            "http" if loopback => {}
            "http" => return Err(ConfigError::NotHttps),
            _ => return Err(ConfigError::Base),
        }
        self.gateway.check_egress()?;
        let keys = [
            &self.gateway.key,
            &self.gateway.secret,
            &self.gateway.password,
        ];
        if !loopback && keys.iter().any(|key| is_sandbox_key(key)) {
            return Err(ConfigError::SandboxKeys);
        }
        if self.time_scale_permille != 1000 && !loopback {
            return Err(ConfigError::TimeScale);
        }
        if self.gateway.can_cancel == Some(true) && self.gateway.words.cancel.is_none() {
            return Err(ConfigError::CancelWords);
        }
        let poll_ms = self.policy.poll_ms;
        let is_test = loopback && self.time_scale_permille != 1000;
        if poll_ms == 0 || poll_ms < MIN_POLL_MS && !is_test {
            return Err(ConfigError::Poll(poll_ms));
        }
        Ok(())
    }

    /// Refuses amounts and hours that leave nothing.
    fn check_wallets(&self) -> Result<(), ConfigError> {
        if !self.gateway.void.is_valid() {
            return Err(ConfigError::VoidWindow("gateway.void".to_owned()));
        }
        for (name, wallet) in &self.gateway.wallets {
            let max = wallet.max_amount_minor.unwrap_or(u64::MAX);
            if max == 0 || wallet.min_amount_minor.is_some_and(|min| min > max) {
                return Err(ConfigError::WalletAmounts(name.clone()));
            }
            if wallet.void.as_ref().is_some_and(|void| !void.is_valid()) {
                return Err(ConfigError::VoidWindow(format!(
                    "gateway.wallets.\"{name}\".void"
                )));
            }
        }
        Ok(())
    }

    /// True if the keys are the sandbox's and its gateway is on this machine: they take no real money.
    fn is_sandbox(&self) -> bool {
        let is_here = Url::parse(&self.gateway.base_url).is_ok_and(|base| is_loopback(&base));
        is_here && is_sandbox_key(&self.signing_key)
    }

    fn check_page(&self) -> Result<(), ConfigError> {
        let Some(page) = &self.terminal else {
            return Ok(());
        };
        let dir = page.dir.canonicalize().unwrap_or_else(|_| page.dir.clone());
        if dir.has_root() && dir.parent().is_none() {
            return Err(ConfigError::PageDir);
        }
        if page.token_url.is_none() && self.people.is_empty() {
            return Err(ConfigError::NoSignIn);
        }
        let phone = page.phone_url.as_deref();
        for (name, address) in [
            ("token_url", page.token_url.as_deref()),
            ("phone_url", phone),
        ] {
            let Some(address) = address else { continue };
            match page_address(address) {
                None => return Err(ConfigError::PageAddress(name)),
                Some(Some(url)) if has_credentials(&url) => {
                    return Err(ConfigError::Credentials(match name {
                        "token_url" => "terminal.token_url",
                        _ => "terminal.phone_url",
                    }));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// A sentence for each setting that is unsafe but allowed.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for origin in self.origins.iter().filter(|origin| is_plain(origin)) {
            warnings.push(format!(
                "origins: {origin} is not https, so others on its network can change the page: use https"
            ));
        }
        if let Some(page) = &self.terminal {
            let phone = page.phone_url.iter().map(|url| ("phone_url", url));
            let token = page.token_url.iter().map(|url| ("token_url", url));
            for (name, url) in token.chain(phone) {
                if is_plain(url) {
                    warnings.push(format!(
                        "terminal.{name} is not https, so others on its network can read the tokens: use https"
                    ));
                }
            }
        }
        warnings.extend(self.network_warnings());
        let is_real = Url::parse(&self.gateway.base_url).is_ok_and(|base| !is_loopback(&base));
        if is_real && self.test_wallets {
            warnings.push(
                "test_wallets = true shows test wallets, which move no money, with a real gateway: remove it"
                    .to_owned(),
            );
        }
        let has_egress = self.gateway.proxy.is_some() || self.gateway.ca_file.is_some();
        if has_egress && self.gateway.base_url.starts_with("http:") {
            warnings.push(
                "gateway.proxy and gateway.ca_file do nothing, because gateway.base_url is not https: remove them"
                    .to_owned(),
            );
        }
        if self.gateway.words.active.is_empty() {
            warnings.push(
                "gateway.words.active is empty, so that no wallet is offered but test wallets: add the gateway's word for an active wallet"
                    .to_owned(),
            );
        }
        if is_real && self.terminal.as_ref().is_some_and(|page| page.sandbox) {
            warnings.push(
                "terminal.sandbox = true tells the cashier that no money moves, but the gateway is a real one: remove it"
                    .to_owned(),
            );
        }
        if self.database_url.as_ref().is_some_and(trusts_the_network) {
            warnings.push(
                "KAUNTER_DATABASE_URL is on another machine and has no sslmode=verify-full, so others on the network can read and change the store: add it"
                    .to_owned(),
            );
        }
        warnings
    }
}

impl File {
    /// Refuses the sandbox's assumptions with a real gateway.
    pub(super) fn check_profile(&self) -> Result<(), ConfigError> {
        let (gateway, is_assumed) = (&self.gateway, self.gateway.words.is_none());
        let is_real = Url::parse(&gateway.base_url).is_ok_and(|base| !is_loopback(&base));
        if is_real && is_assumed && gateway.profile == Profile::Sandbox {
            return Err(ConfigError::SandboxProfile);
        }
        Ok(())
    }
}

fn is_sandbox_key(key: &Secret) -> bool {
    let key = key.expose();
    SANDBOX_MARKS.iter().any(|mark| key.starts_with(mark))
}

/// Parses an address of the cashier's page. The inner `None` is a path of the page's own origin.
fn page_address(text: &str) -> Option<Option<Url>> {
    if text.starts_with('/') && !text.starts_with("//") {
        return Some(None);
    }
    let url = Url::parse(text).ok()?;
    matches!(url.scheme(), "http" | "https").then_some(Some(url))
}

pub(super) fn has_credentials(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// Errors do not repeat the address: it may hold a password.
fn check_postgres(url: &Secret) -> Result<(), ConfigError> {
    let scheme = url.expose().split_once(':').map(|(scheme, _)| scheme);
    match scheme {
        Some("postgres" | "postgresql") => Ok(()),
        Some("mysql" | "mariadb") => Err(ConfigError::NotPostgres(
            " but of a MySQL, maybe that of the shop's own program",
        )),
        Some("sqlite") => Err(ConfigError::NotPostgres(" but of a SQLite file")),
        Some(_) | None => Err(ConfigError::NotPostgres("")),
    }
}

/// True for a PostgreSQL on another machine whose certificate is not verified.
fn trusts_the_network(url: &Secret) -> bool {
    let Ok(url) = Url::parse(url.expose()) else {
        return false;
    };
    let last = |name: &str| {
        let pairs = url.query_pairs();
        let values = pairs.filter(|(key, _)| key == name).map(|(_, value)| value);
        values.last()
    };
    let host = last("host").map_or_else(
        || url.host_str().unwrap_or_default().to_owned(),
        |host| host.into_owned(),
    );
    // A path names a Unix socket on this machine.
    let is_here = host.is_empty() || host.starts_with(['/', '%']) || is_local(&host);
    let mode = last("sslmode").or_else(|| last("ssl-mode"));
    !is_here && mode.as_deref() != Some("verify-full")
}

/// True for a scheme, a host and an optional port, as a browser sends an origin. A pattern or a path would match
/// nothing, or everything.
fn is_origin(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == text
    })
}

/// True for plain http to another machine.
pub(super) fn is_plain(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| url.scheme() == "http" && !is_loopback(&url))
}

fn is_loopback(address: &Url) -> bool {
    address.host_str().is_some_and(is_local)
}

fn is_local(host: &str) -> bool {
    host == "localhost"
        || host
            .trim_matches(['[', ']'])
            .parse::<IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}
