//! The names under which this backend may be called.
//!
//! A page of a stranger can point its own name at this machine (DNS rebinding). Its browser then takes the backend for
//! that page's own server, and lets the page read the answers. But it sends the page's name in `Host`, so a call under
//! a name that is not the shop's is refused.
//!
//! `hosts` and the host of `public_url` are allowed. Without `hosts`, `localhost` and every IP address are allowed too:
//! no name service can point them elsewhere.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{Request, State};
use axum::http::header;
use axum::http::uri::Authority;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use kaunter_core::wire::ProblemCode;

use crate::config::NetworkConfig;
use crate::error::Problem;

/// The path that answers under every name: a load balancer may know none. It says nothing about the shop.
pub(crate) const HEALTH: &str = "/healthz";

/// The allowed names.
pub(crate) struct Hosts {
    names: Vec<String>,
    /// Whether `localhost` and addresses are allowed beside them.
    local: bool,
    was_logged: AtomicBool,
}

impl Hosts {
    /// For the tills.
    pub(crate) fn new(network: &NetworkConfig) -> Arc<Self> {
        let names = network.hosts.iter().cloned().chain(network.public_host());
        Arc::new(Self {
            names: names.collect(),
            local: network.hosts.is_empty(),
            was_logged: AtomicBool::new(false),
        })
    }

    /// For the operator, who often calls an address.
    pub(crate) fn of_operator(network: &NetworkConfig) -> Arc<Self> {
        Arc::new(Self {
            names: network.hosts.clone(),
            local: true,
            was_logged: AtomicBool::new(false),
        })
    }

    /// True if the call names a host, and only allowed ones. HTTP/2 has the name in the URI, and so has an HTTP/1 call
    /// to a proxy.
    fn allows(&self, request: &Request) -> bool {
        let in_uri = request.uri().authority().map(Authority::as_str);
        let headers = request.headers().get_all(header::HOST);
        let mut named = headers
            .iter()
            .map(|host| host.to_str().ok())
            .chain(in_uri.map(Some))
            .peekable();
        named.peek().is_some() && named.all(|host| host.is_some_and(|host| self.is_allowed(host)))
    }

    fn is_allowed(&self, host: &str) -> bool {
        let Ok(authority) = host.parse::<Authority>() else {
            return false;
        };
        // The part before an `@` would be a user: no browser sends it here.
        if host.contains('@') {
            return false;
        }
        let host = authority.host().to_ascii_lowercase();
        let host = host.strip_suffix('.').unwrap_or(&host);
        self.names.iter().any(|name| name == host) || self.local && is_local(host)
    }
}

/// True for a host that no name service decides about.
fn is_local(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok()
}

/// Refuses a call under another name. The answer names no host: the page of a stranger reads it.
pub(crate) async fn checked(
    State(hosts): State<Arc<Hosts>>,
    request: Request,
    next: Next,
) -> Response {
    if request.uri().path() == HEALTH || hosts.allows(&request) {
        return next.run(request).await;
    }
    // Once is enough to find it, and a flood of calls must not become a flood of log lines.
    if !hosts.was_logged.swap(true, Ordering::Relaxed) {
        tracing::warn!(
            "a call came under a name that is not in `hosts` or `public_url`, and was refused: add the name if it is the shop's"
        );
    }
    let detail = "The backend does not answer under this host name: call it under the shop's own, or add the name to `hosts` of the backend.";
    Problem::with_detail(ProblemCode::BadRequest, detail.to_owned())
        .at("host")
        .into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn request(uri: &str, hosts: &[&str]) -> Request {
        let request = Request::builder().uri(uri);
        let request = hosts
            .iter()
            .fold(request, |request, host| request.header("host", *host));
        request.body(Body::empty()).expect("a good request")
    }

    #[test]
    fn a_name_of_the_shop_or_an_address_is_allowed_and_no_other() {
        let network = |hosts: &[&str]| NetworkConfig {
            public_url: Some("https://till.shop.example".to_owned()),
            hosts: hosts.iter().map(|&host| host.to_owned()).collect(),
            ..NetworkConfig::default()
        };
        let (open, exact) = (
            Hosts::new(&network(&[])),
            Hosts::new(&network(&["tills.local"])),
        );
        for host in [
            "till.shop.example",
            "TILL.shop.example:8443",
            "till.shop.example.",
        ] {
            assert!(open.allows(&request("/", &[host])), "{host}");
            assert!(exact.allows(&request("/", &[host])), "{host}");
        }
        assert!(exact.allows(&request("/", &["tills.local"])));
        for host in ["localhost:8787", "127.0.0.1", "192.168.1.7:80", "[::1]:80"] {
            assert!(open.allows(&request("/", &[host])), "{host}");
            assert!(!exact.allows(&request("/", &[host])), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "till.shop.example.evil.example",
            "evil.example@till.shop.example",
            "till.shop.example@evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "tills.local",
            "127.0.0.1 evil.example",
        ] {
            assert!(!open.allows(&request("/", &[host])), "{host}");
        }
        assert!(!open.allows(&request("/", &[])), "it names none");
        let both = ["127.0.0.1", "evil.example"];
        assert!(!open.allows(&request("/", &both)));
        // HTTP/2, or a call to a proxy.
        assert!(open.allows(&request("https://till.shop.example/", &[])));
        assert!(!open.allows(&request("https://evil.example/", &["127.0.0.1"])));
    }
}
