//! The addresses: where the backend listens, who may call it, and where the page and the store are.

use kaunter_core::server_key::KeyRight;
use kaunter_core::wire::Sales;
use reqwest::Url;

use super::super::people::is_name;
use super::{Check, Look, found, has_credentials, is_local, is_plain, refuse, warn};
use crate::secret::Secret;

pub(super) const CHECKS: &[Check] = &[
    refuse(
        "listen",
        "accepts other machines without TLS",
        "set cert and key under [tls], listen on 127.0.0.1 behind a TLS proxy, or set behind_tls = true if a TLS proxy is in front already",
        |look| {
            found(
                look.around.is_plain,
                format!("listen = \"{}\"", look.config.listen),
            )
        },
    ),
    refuse(
        "shop",
        "must be a name of 1 to 64 printable characters without outer spaces, in Unicode's composed form",
        "use the name for which the shop's server mints tokens",
        |look| found(!is_name(&look.config.shop), "shop"),
    ),
    refuse(
        "origins",
        "is not an origin",
        "write it like https://till.shop.example, without a path, a user name or a *",
        |look| {
            let origins = look.config.origins.iter().enumerate();
            let wrong = origins.filter(|(_, origin)| !is_origin(origin));
            wrong.map(|(at, origin)| entry(at, origin)).collect()
        },
    ),
    warn(
        "origins",
        "is not https, so others on its network can change the page",
        "use https",
        |look| {
            let origins = look.config.origins.iter();
            let plain = origins.filter(|origin| is_origin(origin) && is_plain(origin));
            plain.map(|origin| format!("origins: {origin}")).collect()
        },
    ),
    refuse(
        "terminal.token_url, terminal.phone_url",
        "must be an http(s) address, or a path that begins with /",
        "correct it",
        |look| {
            let addresses = page_addresses(look).into_iter();
            addresses
                .filter(|(_, address)| page_address(address).is_none())
                .map(|(name, _)| name.to_owned())
                .collect()
        },
    ),
    refuse(
        "gateway.base_url, terminal.token_url, terminal.phone_url",
        "has a user name or a password, and addresses are logged",
        "remove it, and set keys in the environment",
        |look| {
            let base = ("gateway.base_url", look.config.gateway.base_url.as_str());
            let addresses = page_addresses(look).into_iter().chain([base]);
            addresses
                .filter(|(_, text)| Url::parse(text).is_ok_and(|url| has_credentials(&url)))
                .map(|(name, _)| name.to_owned())
                .collect()
        },
    ),
    refuse(
        "terminal.token_url",
        "is not https, so others on its network can read the tokens",
        "use https, a path of this backend's own address, or http on this machine",
        |look| {
            let addresses = page_addresses(look).into_iter();
            addresses
                .filter(|(name, text)| *name == "terminal.token_url" && is_plain(text))
                .map(|(name, _)| name.to_owned())
                .collect()
        },
    ),
    warn(
        "terminal.phone_url",
        "is not https, so others on its network can change the page",
        "use https",
        |look| {
            let addresses = page_addresses(look).into_iter();
            addresses
                .filter(|(name, text)| *name == "terminal.phone_url" && is_plain(text))
                .map(|(name, _)| name.to_owned())
                .collect()
        },
    ),
    warn(
        "terminal.phone_url",
        "is the sandbox's phone, but the gateway is a real one",
        "remove it",
        |look| {
            let page = look.config.terminal.as_ref();
            let has_phone = page.is_some_and(|page| page.phone_url.is_some());
            found(has_phone && look.is_real(), "terminal.phone_url")
        },
    ),
    refuse(
        "terminal.token_url",
        "is missing",
        "set the address of the shop's server, or let people sign in here with `kaunter-backend people add`",
        |look| {
            let page = look.config.terminal.as_ref();
            let has_none = page.is_some_and(|page| page.token_url.is_none());
            found(
                has_none && look.config.people.is_empty(),
                "terminal.token_url",
            )
        },
    ),
    refuse(
        "terminal.name",
        "must be a name of 1 to 64 printable characters without outer spaces, in Unicode's composed form",
        "use the name for which the shop's server mints tokens",
        |look| {
            let page = look.config.terminal.as_ref();
            let name = page.and_then(|page| page.name.as_deref());
            found(name.is_some_and(|name| !is_name(name)), "terminal.name")
        },
    ),
    warn(
        "terminal.sandbox",
        "tells the cashier that no money moves, but the gateway is a real one",
        "remove it",
        |look| {
            let says = look
                .config
                .terminal
                .as_ref()
                .is_some_and(|page| page.sandbox);
            found(says && look.is_real(), "terminal.sandbox = true")
        },
    ),
    refuse(
        "server_keys",
        "have no right to mint tokens, and nobody signs in, so no till can call",
        "give one key the right mint, or add people",
        |look| {
            let mints = has_right(look, KeyRight::Mint);
            found(!mints && look.config.people.is_empty(), "server_keys")
        },
    ),
    refuse(
        "sales, server_keys",
        "takes registered sales only, and no server key may register one",
        "give one key the right all, or set sales = \"open\"",
        |look| {
            let is_registered = look.config.sales == Sales::Registered;
            found(
                is_registered && !has_right(look, KeyRight::All),
                "sales = \"registered\"",
            )
        },
    ),
    refuse(
        "KAUNTER_DATABASE_URL",
        "is not the address of a PostgreSQL",
        "write one that begins with postgres://, or remove the variable to use the SQLite file of `database`",
        |look| {
            let url = look.config.database_url.as_ref();
            url.and_then(other_database)
                .map(|other| format!("KAUNTER_DATABASE_URL{other}"))
                .into_iter()
                .collect()
        },
    ),
    warn(
        "KAUNTER_DATABASE_URL",
        "is on another machine and has no sslmode=verify-full, so others on the network can read and change the store",
        "add it, unless a tunnel protects the connection",
        |look| {
            let url = look.config.database_url.as_ref();
            found(url.is_some_and(trusts_the_network), "KAUNTER_DATABASE_URL")
        },
    ),
];

/// Names an entry without repeating what may be a password.
fn entry(at: usize, origin: &str) -> String {
    match origin.contains('@') || origin.chars().any(char::is_control) {
        true => format!("origins: entry {}", at + 1),
        false => format!("origins: {origin}"),
    }
}

fn page_addresses<'a>(look: &Look<'a>) -> Vec<(&'static str, &'a str)> {
    let Some(page) = &look.config.terminal else {
        return Vec::new();
    };
    let token = page.token_url.as_deref();
    let phone = page.phone_url.as_deref();
    let token = token.map(|url| ("terminal.token_url", url));
    let phone = phone.map(|url| ("terminal.phone_url", url));
    token.into_iter().chain(phone).collect()
}

/// Parses an address of the cashier's page. The inner `None` is a path of the page's own origin. A browser reads a
/// backslash as a slash, and skips tabs and line breaks, so `/\` and `/` with a tab may lead to another origin
/// (<https://url.spec.whatwg.org/#url-parsing>).
fn page_address(text: &str) -> Option<Option<Url>> {
    if text.contains('\\') || text.chars().any(char::is_control) {
        return None;
    }
    if text.starts_with('/') && !text.starts_with("//") {
        return Some(None);
    }
    let url = Url::parse(text).ok()?;
    matches!(url.scheme(), "http" | "https").then_some(Some(url))
}

/// True for a scheme, a host and an optional port, as a browser sends an origin. A pattern or a path would match
/// nothing, or everything.
fn is_origin(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.origin().ascii_serialization() == text
            && !text.contains('*')
    })
}

fn has_right(look: &Look<'_>, right: KeyRight) -> bool {
    let mut keys = look.config.server_keys.iter();
    keys.any(|key| right.is_granted_by(&key.rights))
}

/// What the address of another database is; `None` for a PostgreSQL. The address may hold a password, so it is not
/// repeated.
fn other_database(url: &Secret) -> Option<&'static str> {
    let scheme = url.expose().split_once(':').map(|(scheme, _)| scheme);
    match scheme {
        Some("postgres" | "postgresql") => None,
        Some("mysql" | "mariadb") => Some(" (of a MySQL, maybe that of the shop's own program)"),
        Some("sqlite") => Some(" (of a SQLite file)"),
        Some(_) | None => Some(""),
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
