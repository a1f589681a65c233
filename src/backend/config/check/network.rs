//! How the backend is reached: its names, its TLS and the operator's listener; and its way to the gateway.

use reqwest::Url;

use super::super::environment::mode;
use super::super::network::is_host;
use super::{Check, Look, found, has_credentials, is_plain, refuse, warn};

pub(super) const CHECKS: &[Check] = &[
    refuse(
        "public_url",
        "is not an http(s) address, or has a ? or a # in it",
        "write the address that the tills open, like https://till.shop.example",
        |look| {
            let is_address = |url: &str| {
                Url::parse(url).is_ok_and(|url| {
                    matches!(url.scheme(), "http" | "https")
                        && url.query().is_none()
                        && url.fragment().is_none()
                })
            };
            let url = public_url(look);
            found(url.is_some_and(|url| !is_address(url)), "public_url")
        },
    ),
    refuse(
        "public_url",
        "has a user name or a password, and every page would show them",
        "remove them",
        |look| {
            let has_password = |url: &str| Url::parse(url).is_ok_and(|url| has_credentials(&url));
            found(public_url(look).is_some_and(has_password), "public_url")
        },
    ),
    warn(
        "public_url",
        "is not https, so others on its network can read the tokens",
        "use https",
        |look| {
            let plain = public_url(look).filter(|url| is_plain(url));
            plain
                .iter()
                .map(|url| format!("public_url: {url}"))
                .collect()
        },
    ),
    refuse(
        "hsts",
        "makes browsers refuse this host without https for a year, so it needs a public_url that begins with https",
        "set it, or remove hsts",
        |look| {
            let is_https = |url| Url::parse(url).is_ok_and(|url| url.scheme() == "https");
            let is_safe = public_url(look).is_some_and(is_https);
            found(look.config.network.hsts && !is_safe, "hsts = true")
        },
    ),
    refuse(
        "hosts",
        "is not a host as browsers send it",
        "write it like till.shop.example, in lower case, without scheme and port",
        |look| {
            let hosts = look.config.network.hosts.iter();
            hosts
                .filter(|host| !is_host(host))
                .map(|host| format!("hosts: {host:?}"))
                .collect()
        },
    ),
    warn(
        "public_url, hosts",
        "are missing, so only calls to an IP address are answered",
        "set public_url to the address that the tills open",
        |look| {
            let network = &look.config.network;
            let is_nameless = network.public_url.is_none() && network.hosts.is_empty();
            found(
                is_nameless && !look.config.listen.ip().is_loopback(),
                "public_url and hosts",
            )
        },
    ),
    refuse(
        "operator.listen",
        "shows turnover and errors to other machines",
        "listen on 127.0.0.1, or set operator.private_network = true if only the operator's machines reach it",
        |look| {
            let operator = look.config.network.operator.iter();
            operator
                .filter(|operator| !operator.private_network && !operator.listen.ip().is_loopback())
                .map(|operator| format!("operator.listen = \"{}\"", operator.listen))
                .collect()
        },
    ),
    refuse(
        "tls.key",
        "may be written by other users of this machine",
        "chmod 600 it",
        |look| key_file(look, 0o022),
    ),
    warn(
        "tls.key",
        "may be read by other users of this machine",
        "chmod 600 it",
        |look| key_file(look, 0o044),
    ),
    warn(
        "trusted_proxies, people",
        "is missing, so behind the proxy all people share one address, and wrong secrets of one make the others wait",
        "name the address of the proxy",
        |look| {
            let config = look.config;
            let is_missing =
                look.around.is_behind_proxy && config.network.trusted_proxies.is_empty();
            found(is_missing && !config.people.is_empty(), "trusted_proxies")
        },
    ),
    refuse(
        "gateway.proxy, KAUNTER_GATEWAY_PROXY",
        "is not the address of an http proxy",
        "write it like http://proxy.example:3128",
        |look| {
            let is_wrong = look.config.gateway.proxy_url().is_err();
            found(is_wrong, "gateway.proxy (or KAUNTER_GATEWAY_PROXY)")
        },
    ),
    refuse(
        "gateway.ca_file",
        "may be written by other users of this machine",
        "chmod 644 it",
        |look| {
            let file = look.config.gateway.ca_file.iter();
            file.filter(|path| mode(path).is_some_and(|mode| mode & 0o022 != 0))
                .map(|path| format!("gateway.ca_file ({})", path.display()))
                .collect()
        },
    ),
    warn(
        "gateway.proxy, gateway.ca_file",
        "do nothing, because gateway.base_url is not https",
        "remove them",
        |look| {
            let gateway = &look.config.gateway;
            let has_egress = gateway.proxy.is_some() || gateway.ca_file.is_some();
            found(
                has_egress && gateway.base_url.starts_with("http:"),
                "gateway.proxy and gateway.ca_file",
            )
        },
    ),
];

fn public_url<'a>(look: &Look<'a>) -> Option<&'a str> {
    look.config.network.public_url.as_deref()
}

/// The file of the certificate's key, if other users have one of these permissions.
fn key_file(look: &Look<'_>, permissions: u32) -> Vec<String> {
    let tls = look.config.network.tls.iter();
    tls.filter(|tls| mode(&tls.key).is_some_and(|mode| mode & permissions != 0))
        .map(|tls| format!("tls.key ({})", tls.key.display()))
        .collect()
}
