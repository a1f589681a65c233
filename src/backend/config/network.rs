//! The addresses of the backend: under which names it is called, its TLS, and the operator's listener.

use std::net::SocketAddr;
use std::path::PathBuf;

use reqwest::Url;
use serde::Deserialize;

use super::TrustedProxies;
use super::file::listen;

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

/// True for a name or an address as `Host` has it, without a port.
pub(super) fn is_host(text: &str) -> bool {
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
