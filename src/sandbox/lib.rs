//! The sandbox: a PayDibs-compatible `gateway` with a script of `faults`, a `ledger`, the customer's `phone`, the codes
//! on `display`, and a `shop`'s server. Listens on loopback by default.
//!
//! The ledger is the oracle of every test: what was really charged and refunded, whatever the answers said.

mod control;
mod display;
mod faults;
mod gateway;
mod lan;
mod ledger;
mod phone;
mod server;
mod shop;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tower_http::services::ServeDir;

pub use gateway::sign;
pub use lan::lan_address;
use ledger::World;

/// The gateway's vocabulary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Profile {
    /// Only what PayDibs is known to say.
    Documented,
    /// Every word that the adapter can be configured with, and a cancel: assumptions.
    #[default]
    Sandbox,
}

/// The settings of a sandbox.
#[derive(Clone)]
pub struct Config {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The merchant's API key.
    pub key: String,
    /// The merchant's API secret.
    pub secret: String,
    /// The merchant's code.
    pub merchant: String,
    /// The merchant's password.
    pub password: String,
    /// Its vocabulary.
    pub profile: Profile,
    /// The seed of ids and codes.
    pub seed: u64,
    /// Its own durations are multiplied by this / 1000.
    pub time_permille: u64,
    /// The file of the ledger, to survive a restart.
    pub state: Option<PathBuf>,
    /// The backend that the shop's server calls.
    pub backend: Option<String>,
    /// The server key for that backend.
    pub server_key: Option<String>,
    /// Keep no log of requests, and draw no pictures of codes: for a load of many tills.
    pub is_lean: bool,
    /// A folder with pages to serve: the demo. On the sandbox's own origin they may call `/_sim` and the shop.
    pub pages: Option<PathBuf>,
    /// An address of this machine at which real phones open the phone's page, by HTTPS.
    pub lan: Option<IpAddr>,
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Config({}, {:?})", self.listen, self.profile)
    }
}

/// What a handler needs.
#[derive(Clone)]
struct Sandbox {
    config: Arc<Config>,
    world: Arc<Mutex<World>>,
    shop: Arc<Mutex<shop::ShopServer>>,
    began: Instant,
    http: reqwest::Client,
}

impl Sandbox {
    /// Milliseconds since the start: the time of the ledger.
    fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// A duration of its own, scaled for tests.
    fn scaled(&self, ms: u64) -> u64 {
        (ms.saturating_mul(self.config.time_permille) / 1000).max(1)
    }
}

/// A running sandbox.
#[derive(Debug)]
pub struct Running {
    /// The address that it listens on.
    pub addr: SocketAddr,
    /// The address of the phone's page for real phones.
    pub phone: Option<String>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Running {
    /// Stops it. Open connections are cut.
    pub async fn stop(self) {
        for task in self.tasks {
            task.abort();
            let _ = task.await;
        }
    }
}

/// Starts a sandbox.
///
/// # Errors
/// The address is in use, or the ledger can't be read.
pub async fn serve(config: Config) -> anyhow::Result<Running> {
    // Fails if a second sandbox of this process installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = TcpListener::bind(config.listen).await?;
    let addr = listener.local_addr()?;
    let world = World::load(config.state.as_deref(), config.seed, config.is_lean)?;
    let shop = shop::ShopServer::new(config.backend.clone(), config.server_key.clone());
    let sandbox = Sandbox {
        config: Arc::new(config),
        world: Arc::new(Mutex::new(world)),
        shop: Arc::new(Mutex::new(shop)),
        began: Instant::now(),
        http: reqwest::Client::new(),
    };
    let mut phone = None;
    let mut tasks = Vec::new();
    if let Some(address) = sandbox.config.lan {
        let listener = TcpListener::bind((address, 0)).await?;
        phone = Some(format!("https://{}/_sim/phone", listener.local_addr()?));
        let (tls, app) = (lan::tls(address)?, lan::app(sandbox.clone()));
        tasks.push(tokio::spawn(server::run(listener, Some(tls), app)));
    }
    tasks.push(tokio::spawn(server::run(listener, None, app(sandbox))));
    Ok(Running { addr, phone, tasks })
}

fn app(sandbox: Sandbox) -> Router {
    let pages = sandbox.config.pages.clone();
    let routes = Router::new()
        .nest("/version1", gateway::routes())
        .nest(
            "/_sim",
            control::routes()
                .merge(phone::routes())
                .merge(display::routes()),
        )
        .nest("/shop", shop::routes())
        .with_state(sandbox);
    match pages {
        Some(folder) => routes.fallback_service(ServeDir::new(folder)),
        None => routes,
    }
}
