//! Plays the world: a PayDibs-compatible `gateway` with a script of `faults`, a `ledger` of who was really charged,
//! the customer's `phone`, the codes on `display` that it scans, and the server of a `shop`. Everything listens on
//! loopback unless told otherwise.
//!
//! Its ledger is the oracle of every test: what was really charged and refunded, whatever anyone was told.

mod control;
mod customer;
mod display;
mod faults;
mod gateway;
mod ledger;
mod phone;
mod server;
mod shop;
mod wallets;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::Mutex;

pub use gateway::sign;
use ledger::World;

/// Which words the gateway knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Profile {
    /// Only what PayDibs is known to say.
    Documented,
    /// Every word that the adapter can be told of, and a cancel: assumptions.
    #[default]
    Sandbox,
}

/// How the sandbox is started.
#[derive(Clone)]
pub struct Config {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The merchant's API key.
    pub key: String,
    /// The merchant's API secret.
    pub secret: String,
    /// The merchant's code.
    pub merchant: String,
    /// The merchant's password.
    pub password: String,
    /// Which words it knows.
    pub profile: Profile,
    /// Names and codes come out of this.
    pub seed: u64,
    /// Its own durations, in thousandths.
    pub time_permille: u64,
    /// Where it keeps its books over a restart.
    pub state: Option<PathBuf>,
    /// The backend that the shop's server calls.
    pub backend: Option<String>,
    /// The shop's server key there.
    pub server_key: Option<String>,
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Config({}, {:?})", self.listen, self.profile)
    }
}

/// Everything that a handler may need.
#[derive(Clone)]
struct Sandbox {
    config: Arc<Config>,
    world: Arc<Mutex<World>>,
    shop: Arc<Mutex<shop::Shop>>,
    began: Instant,
    http: reqwest::Client,
}

impl Sandbox {
    /// Milliseconds since it began: the time of its books.
    fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// A duration of its own, on the test's clock.
    fn scaled(&self, ms: u64) -> u64 {
        (ms.saturating_mul(self.config.time_permille) / 1000).max(1)
    }
}

/// A sandbox that runs.
#[derive(Debug)]
pub struct Running {
    /// Where.
    pub addr: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    /// Stops it; open connections are cut.
    pub async fn stop(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

/// Starts a sandbox.
///
/// # Errors
/// The address is taken, or the book can't be read.
pub async fn serve(config: Config) -> anyhow::Result<Running> {
    // A second sandbox in one process finds the provider installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = TcpListener::bind(config.listen).await?;
    let addr = listener.local_addr()?;
    let world = World::load(config.state.as_deref(), config.seed)?;
    let shop = shop::Shop::new(config.backend.clone(), config.server_key.clone());
    let sandbox = Sandbox {
        config: Arc::new(config),
        world: Arc::new(Mutex::new(world)),
        shop: Arc::new(Mutex::new(shop)),
        began: Instant::now(),
        http: reqwest::Client::new(),
    };
    let app = app(sandbox);
    let task = tokio::spawn(server::run(listener, app));
    Ok(Running { addr, task })
}

fn app(sandbox: Sandbox) -> Router {
    Router::new()
        .nest("/version1", gateway::routes())
        .nest(
            "/_sim",
            control::routes()
                .merge(phone::routes())
                .merge(display::routes()),
        )
        .nest("/shop", shop::routes())
        .with_state(sandbox)
}
