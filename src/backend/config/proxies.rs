//! The proxies in front, and the address of a caller behind them.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

use super::ConfigError;

/// The proxies whose `X-Forwarded-For` is believed. By default there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

/// The bits of the widest network: 10.0.0.0/8.
const MIN_PREFIX: u8 = 8;

impl TrustedProxies {
    /// Reads addresses and networks. A network of half the world is refused, because anybody could then state an address.
    pub(super) fn read(entries: &[String]) -> Result<Self, ConfigError> {
        entries
            .iter()
            .map(|entry| network(entry).ok_or_else(|| ConfigError::TrustedProxy(entry.clone())))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// True if no proxy is trusted.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True if this is the address of a trusted proxy.
    pub(crate) fn has(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The address of the caller: that of the other end of the connection, or, behind trusted proxies, the last one in
    /// `X-Forwarded-For` that is not a trusted proxy. `forwarded` has the header's lines in their order.
    ///
    /// Each proxy appends the address from which it got the call, so only what stands at the end is sure. Everything
    /// before it may be the caller's own text. An entry that is no address ends the search: the caller is then counted
    /// as the last proxy that is known.
    pub(crate) fn client<'a, L>(&self, peer: IpAddr, forwarded: L) -> IpAddr
    where
        L: DoubleEndedIterator<Item = &'a [u8]>,
    {
        let mut client = peer.to_canonical();
        let mut entries = forwarded
            .rev()
            .flat_map(|line| line.rsplit(|byte| *byte == b','));
        while self.has(client) {
            match entries.next().and_then(address) {
                Some(before) => client = before,
                None => break,
            }
        }
        client
    }
}

/// An address, or a network that one owner may have. An IPv4 network in IPv6's form is that IPv4 network, because callers
/// are compared in that form.
fn network(entry: &str) -> Option<IpNet> {
    if let Ok(address) = entry.parse::<IpAddr>() {
        return Some(address.to_canonical().into());
    }
    let network = entry.parse::<IpNet>().ok()?;
    let network = match (
        network.addr().to_canonical(),
        network.prefix_len().checked_sub(96),
    ) {
        (address @ IpAddr::V4(_), Some(prefix)) => IpNet::new(address, prefix).ok()?,
        (_, _) => network,
    };
    (network.prefix_len() >= MIN_PREFIX).then_some(network)
}

/// An entry of `X-Forwarded-For`: an address, which some proxies write with the port.
fn address(entry: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(entry).ok()?.trim_matches([' ', '\t']);
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let address = bare.unwrap_or(text).parse::<IpAddr>().ok();
    let address = address.or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(entries: &[&str]) -> TrustedProxies {
        let entries: Vec<String> = entries.iter().map(|entry| (*entry).to_owned()).collect();
        TrustedProxies::read(&entries).expect("they are proxies")
    }

    #[test]
    fn the_client_is_the_last_address_that_is_no_trusted_proxy() {
        let trusted = proxies(&["127.0.0.1", "10.0.0.0/8", "fd00::/8"]);
        // The peer, the lines of the header, and the client.
        let table: &[(&str, &[&str], &str)] = &[
            // A peer that is not trusted states nothing.
            ("203.0.113.7", &[], "203.0.113.7"),
            ("203.0.113.7", &["198.51.100.1"], "203.0.113.7"),
            ("203.0.113.7", &["10.0.0.1"], "203.0.113.7"),
            ("11.0.0.1", &["198.51.100.1"], "11.0.0.1"),
            ("::1", &["198.51.100.1"], "::1"),
            // A trusted one states who called it.
            ("127.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("10.255.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("::ffff:127.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("fd00::1", &["2001:db8::1"], "2001:db8::1"),
            ("127.0.0.1", &["::ffff:198.51.100.1"], "198.51.100.1"),
            // What the caller itself wrote stands before it.
            ("127.0.0.1", &["198.51.100.9, 198.51.100.1"], "198.51.100.1"),
            ("127.0.0.1", &["10.0.0.1, 198.51.100.1"], "198.51.100.1"),
            (
                "127.0.0.1",
                &["198.51.100.9", "198.51.100.1"],
                "198.51.100.1",
            ),
            ("127.0.0.1", &["<script>, 198.51.100.1"], "198.51.100.1"),
            // Proxies before proxies.
            ("127.0.0.1", &["198.51.100.1, 10.0.0.5"], "198.51.100.1"),
            (
                "127.0.0.1",
                &["198.51.100.1,10.0.0.5", "fd00::2"],
                "198.51.100.1",
            ),
            ("127.0.0.1", &["10.0.0.9, 10.0.0.5"], "10.0.0.9"),
            // Ports.
            ("127.0.0.1", &["198.51.100.1:4711"], "198.51.100.1"),
            ("127.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("127.0.0.1", &["[2001:db8::1]"], "2001:db8::1"),
            // No address: the last proxy that is known.
            ("127.0.0.1", &[], "127.0.0.1"),
            ("127.0.0.1", &[""], "127.0.0.1"),
            ("127.0.0.1", &["unknown"], "127.0.0.1"),
            ("127.0.0.1", &["198.51.100.1, "], "127.0.0.1"),
            (
                "127.0.0.1",
                &["198.51.100.1, unknown, 10.0.0.5"],
                "10.0.0.5",
            ),
            ("127.0.0.1", &["198.51.100.1;"], "127.0.0.1"),
            ("127.0.0.1", &["198.51.100.256"], "127.0.0.1"),
            ("127.0.0.1", &["198.51.100.1\u{2028}"], "127.0.0.1"),
            ("127.0.0.1", &["198.51.100.1, ä"], "127.0.0.1"),
            ("127.0.0.1", &["fe80::1%eth0"], "127.0.0.1"),
            ("127.0.0.1", &["for=198.51.100.1"], "127.0.0.1"),
        ];
        for (peer, lines, client) in table {
            let lines = lines.iter().map(|line| line.as_bytes());
            let found = trusted.client(peer.parse().expect("an address"), lines.clone());
            assert_eq!(found.to_string(), *client, "{peer} {lines:?}");
            // By default nobody is trusted.
            let peer: IpAddr = peer.parse().expect("an address");
            let alone = TrustedProxies::default().client(peer, lines);
            assert_eq!(alone, peer.to_canonical());
        }
        let odd: &[u8] = b"198.51.100.1, \xff\xfe";
        let peer = IpAddr::from([127, 0, 0, 1]);
        assert_eq!(trusted.client(peer, [odd].into_iter()), peer);
    }

    #[test]
    fn a_proxy_is_an_address_or_a_network() {
        for bad in [
            "",
            "proxy",
            "*",
            "10.0.0.0/33",
            "10.0.0",
            "0.0.0.0/0",
            "::/0",
            "0.0.0.0/1",
            "::ffff:0.0.0.0/97",
            "127.0.0.1:80",
            " 127.0.0.1",
        ] {
            let error = TrustedProxies::read(&[bad.to_owned()]).expect_err(bad);
            assert!(
                error.to_string().contains("127.0.0.1 or 10.0.0.0/8"),
                "{bad}"
            );
        }
        let mapped = proxies(&["::ffff:10.0.0.0/104", "::ffff:172.16.0.1"]);
        for known in [[10, 1, 2, 3], [172, 16, 0, 1]] {
            assert!(mapped.has(IpAddr::from(known)), "{known:?}");
        }
        let one = proxies(&["10.1.2.3"]);
        assert!(one.has(IpAddr::from([10, 1, 2, 3])) && !one.has(IpAddr::from([10, 1, 2, 4])));
    }
}
