//! The addresses of the backend: under which names it is called, its TLS, and the operator's listener.

use std::net::SocketAddr;
use std::path::PathBuf;

use reqwest::Url;
use serde::Deserialize;

use super::check::{has_credentials, is_plain};
use super::environment::mode;
use super::file::listen;
use super::{Config, ConfigError, TrustedProxies};

/// How a backend is reached.
#[derive(Clone, Debug, Default)]
pub struct NetworkConfig {
    /// The address of the shop's backend as a browser sees it: `https://till.shop.example`.
    pub public_url: Option<String>,
    /// The names under which it may be called, beside the host of `public_url`. Empty: `localhost` and every IP address.
    pub hosts: Vec<String>,
    /// Whether browsers are told to keep to https.
    pub hsts: bool,
    /// The proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: TrustedProxies,
    /// Its own TLS.
    pub tls: Option<TlsConfig>,
    /// Where the operator reads metrics and readiness. `None`: nowhere.
    pub operator: Option<OperatorConfig>,
}

/// The files of the backend's own TLS, in PEM.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// The certificate, and behind it those that lead to a root.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// The operator's listener.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorConfig {
    /// The address to listen on.
    #[serde(deserialize_with = "listen")]
    pub listen: SocketAddr,
    /// Whether only the operator's machines reach this address. Without it, only this machine may.
    #[serde(default)]
    pub private_network: bool,
}

impl NetworkConfig {
    /// The host of `public_url`.
    pub(crate) fn public_host(&self) -> Option<String> {
        let url = Url::parse(self.public_url.as_ref()?).ok()?;
        url.host_str().map(str::to_owned)
    }
}

impl Config {
    /// Refuses addresses that nobody can call, and files that are no certificate.
    pub(super) fn check_network(&self) -> Result<(), ConfigError> {
        let network = &self.network;
        let public_url = network.public_url.as_deref();
        if let Some(url) = public_url {
            let url = Url::parse(url).map_err(|_| ConfigError::PublicUrl)?;
            if has_credentials(&url) {
                return Err(ConfigError::Credentials("public_url"));
            }
            let is_more = url.query().is_some() || url.fragment().is_some();
            if !matches!(url.scheme(), "http" | "https") || is_more {
                return Err(ConfigError::PublicUrl);
            }
        }
        let is_https = |url| Url::parse(url).is_ok_and(|url| url.scheme() == "https");
        if network.hsts && !public_url.is_some_and(is_https) {
            return Err(ConfigError::Hsts);
        }
        if let Some(host) = network.hosts.iter().find(|host| !is_host(host)) {
            return Err(ConfigError::Host(host.clone()));
        }
        if let Some(operator) = &network.operator
            && !operator.private_network
            && !operator.listen.ip().is_loopback()
        {
            return Err(ConfigError::Operator(operator.listen));
        }
        let Some(files) = &network.tls else {
            return Ok(());
        };
        crate::tls::check(files)?;
        if mode(&files.key).is_some_and(|mode| mode & 0o022 != 0) {
            return Err(ConfigError::OpenKeyFile(
                "tls.key".to_owned(),
                files.key.clone(),
            ));
        }
        Ok(())
    }

    /// Sentences about addresses that are unsafe but allowed.
    pub(super) fn network_warnings(&self) -> impl Iterator<Item = String> {
        let network = &self.network;
        let plain = network.public_url.as_ref().filter(|url| is_plain(url));
        let plain = plain.map(|url| {
            format!(
                "public_url: {url} is not https, so others on its network can read the tokens: use https"
            )
        });
        let nameless = !self.listen.ip().is_loopback()
            && network.public_url.is_none()
            && network.hosts.is_empty();
        let nameless = nameless.then(|| {
            "public_url and hosts are missing, so calls under any name are refused, and only IP addresses work: set public_url to the address that the tills open".to_owned()
        });
        let open = network.tls.as_ref().filter(|tls| {
            let mode = mode(&tls.key);
            mode.is_some_and(|mode| mode & 0o044 != 0)
        });
        let open = open.map(|tls| {
            let path = tls.key.display();
            format!(
                "tls.key names {path}, which other users of this machine may read: chmod 600 {path}"
            )
        });
        plain.into_iter().chain(nameless).chain(open)
    }
}

/// True for a name or an address as `Host` has it, without a port.
fn is_host(text: &str) -> bool {
    let url = Url::parse(&format!("http://{text}/"));
    // A pattern would match nothing.
    url.is_ok_and(|url| url.host_str() == Some(text)) && !text.contains('*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_without_a_port() {
        for good in ["till.shop.example", "localhost", "10.0.0.7", "[::1]"] {
            assert!(is_host(good), "{good}");
        }
        for bad in [
            "",
            "https://till.shop.example",
            "till.shop.example:443",
            "till.shop.example/",
            "*.shop.example",
            "Till.Shop.Example",
            "me@till.shop.example",
        ] {
            assert!(!is_host(bad), "{bad}");
        }
    }
}
