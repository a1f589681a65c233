//! The phone's page for a real phone on the same network: by HTTPS, with a certificate that is made for this address.
//!
//! Only the page and the calls that it makes are there, and the demo's own files: a camera needs HTTPS, and the page that
//! checks a device needs a camera. The gateway, the ledger and the shop stay on this machine.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::routing::post;
use jiff::{ToSpan, Zoned};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;
use tower_http::services::ServeDir;

use crate::{Sandbox, control, display, phone};

/// How long a certificate is valid. It serves one run of the sandbox.
const DAYS: i64 = 7;

pub(crate) fn app(sandbox: Sandbox) -> Router {
    let routes = phone::routes()
        .merge(display::routes())
        .route("/codes", post(control::make_code));
    let pages = sandbox.config.pages.clone();
    let app = Router::new().nest("/_sim", routes).with_state(sandbox);
    match pages {
        Some(folder) => app.fallback_service(ServeDir::new(folder)),
        None => app,
    }
}

/// The address that `--lan [ADDRESS]` means: the named one, or the address of this machine in its network.
///
/// # Errors
/// It names none, and this machine is in no network.
pub fn lan_address(asked: Option<Option<IpAddr>>) -> anyhow::Result<Option<IpAddr>> {
    let address = asked.map(|named| named.map_or_else(own_address, Ok));
    address.transpose()
}

fn own_address() -> anyhow::Result<IpAddr> {
    // Connecting a UDP socket sends nothing. It only chooses the way to an address, here to one for documentation
    // (https://www.rfc-editor.org/rfc/rfc5737).
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    let way = socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9));
    way.context("this machine is in no network: name its address, --lan ADDRESS")?;
    Ok(socket.local_addr()?.ip())
}

/// TLS with a fresh key and a certificate for this address only. It signs itself, so a phone asks once whether to
/// trust it.
pub(crate) fn tls(address: IpAddr) -> anyhow::Result<TlsAcceptor> {
    let key = rcgen::KeyPair::generate()?;
    let mut params = rcgen::CertificateParams::new([address.to_string()])?;
    let name = format!("Kaunter sandbox at {address}");
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, name);
    let now = Zoned::now();
    // A phone's clock may be behind.
    let day = |at: Zoned| -> anyhow::Result<_> {
        let (month, day) = (at.month().try_into()?, at.day().try_into()?);
        Ok(rcgen::date_time_ymd(at.year().into(), month, day))
    };
    params.not_before = day(now.checked_sub(1.day())?)?;
    params.not_after = day(now.checked_add(DAYS.days())?)?;
    let certificate = params.self_signed(&key)?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
