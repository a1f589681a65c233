//! The two ports of a demo.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context as _;

/// Where both parts listen: on this machine only.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    pub(crate) terminal: SocketAddr,
    pub(crate) sandbox: SocketAddr,
}

impl Ports {
    /// The terminal's port and the next one; for 0, two free ones.
    pub(crate) fn from(port: u16) -> anyhow::Result<Self> {
        let next = match port {
            0 => 0,
            port => port
                .checked_add(1)
                .context("--port 65535 leaves no port for the sandbox: choose a smaller one")?,
        };
        let here = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Ok(Self {
            terminal: here(port),
            sandbox: here(next),
        })
    }
}

/// Says what to do if the port is in use. Every other error stays as it is.
pub(crate) fn taken(address: SocketAddr, error: anyhow::Error) -> anyhow::Error {
    let is_taken = error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|error| error.kind() == ErrorKind::AddrInUse);
    match is_taken {
        true => anyhow::anyhow!(
            "port {} is in use: end the program that has it, or choose two other ports with --port, like --port 9000 for 9000 and 9001, or --port 0 for two free ones",
            address.port()
        ),
        false => error,
    }
}
