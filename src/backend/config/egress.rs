//! The way to the gateway: a proxy, and the authorities that sign its certificate.

use std::path::Path;

use reqwest::Url;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::check::has_credentials;
use super::environment::{Environment, unreadable};
use super::{ConfigError, GatewayConfig};
use crate::secret::Secret;

/// The variable of the proxy, because its address may hold a password.
const VARIABLE: &str = "KAUNTER_GATEWAY_PROXY";

/// Reads the proxy's address from the file or from the environment.
pub(super) fn read_proxy(
    in_file: Option<String>,
    environment: &mut Environment,
) -> Result<Option<Secret>, ConfigError> {
    let in_environment = environment.find(VARIABLE)?;
    let Some(in_file) = in_file else {
        return Ok(in_environment);
    };
    if in_environment.is_some() {
        return Err(ConfigError::TwoProxies);
    }
    if Url::parse(&in_file).is_ok_and(|url| has_credentials(&url)) {
        return Err(ConfigError::ProxyPassword);
    }
    Ok(Some(Secret::new(in_file)))
}

impl GatewayConfig {
    /// The address of the proxy.
    pub(crate) fn proxy_url(&self) -> Result<Option<Url>, ConfigError> {
        let Some(proxy) = &self.proxy else {
            return Ok(None);
        };
        let url = Url::parse(proxy.expose()).ok().filter(|url| {
            let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
            url.scheme() == "http" && url.has_host() && is_bare
        });
        url.map(Some).ok_or(ConfigError::ProxyAddress)
    }

    /// The authorities of `ca_file`. Empty without that setting: then those of the system count.
    pub(crate) fn authorities(&self) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
        match &self.ca_file {
            Some(path) => read_authorities(path),
            None => Ok(Vec::new()),
        }
    }
}

fn read_authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let text = std::fs::read(path)
        .map_err(|error| ConfigError::CaFile(path.to_owned(), unreadable(path, &error)))?;
    let none = || ConfigError::NoCa(path.to_owned());
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<_, _>>()
        .map_err(|_| none())?;
    let mut store = RootCertStore::empty();
    for certificate in &certificates {
        store.add(certificate.clone()).map_err(|_| none())?;
    }
    match certificates.is_empty() {
        true => Err(none()),
        false => Ok(certificates),
    }
}
