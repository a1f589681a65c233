//! The backend of a shop's tills. It holds the gateway's keys, mints terminal tokens, and decides what became of the
//! money. Every trade is stored before anything is sent.
//!
//! The machine of a trade is [`kaunter_core::trade`]; `trades` drives it. Each change is stored, and then the requests
//! of the machine are sent. The browser never sees a key. A trade is never paid twice: a row that is read back from the
//! store leads to a status check, never to a payment.

mod app;
mod audit;
mod calls;
mod clock;
mod code_marks;
mod config;
mod connections;
mod error;
mod failed_keys;
mod fair_queue;
mod gateway;
mod hosts;
mod id;
mod jwt;
mod kill;
mod limits;
mod load;
mod log;
mod metrics;
mod operator;
mod ownership;
mod paydibs;
mod people;
mod process;
mod reconcile;
mod refused_keys;
mod secret;
mod shutdown;
mod store;
mod terminal;
mod terminals;
mod tls;
mod token;
mod trace;
mod trades;
mod trail;
mod unknown_words;
mod wrong_field;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

pub use audit::{Fault, FaultKind, Verified, verify};
pub use clock::Offset;
pub use config::{
    Config, ConfigError, ConfiguredMark, GatewayConfig, GatewayKind, Initialised, NetworkConfig,
    NewConfig, OperatorConfig, ReportConfig, ReportWords, ServerKey, TerminalConfig, TimeOfDay,
    TlsConfig, TrustedProxies, VoidConfig, WalletConfig, init, shipped_pages,
};
#[cfg(kill_points)]
pub use kill::names as kill_points;
pub use limits::Bounds;
pub use log::start as log;
pub use ownership::{Rebound, rebind};
pub use paydibs::words::{Profile, Words};
pub use people::{
    NewPerson, Person, add as add_person, list as list_people, remove as remove_person,
};
pub use process::harden;
pub use reconcile::{Difference, Kind, NearMidnight, Reconciled, Reconciliation, Review};
pub use secret::Secret;
pub use shutdown::ShutdownSignals;
pub use unknown_words::gateway_words;

use app::App;
use connections::ConnectionLimiter;
use limits::CLOCK_PAUSE;
use tls::Tls;

/// A running backend.
#[derive(Debug)]
pub struct Running {
    /// The address that it listens on.
    pub addr: SocketAddr,
    /// The address of the operator's listener, if there is one.
    pub operator: Option<SocketAddr>,
    /// Whether it speaks TLS itself.
    pub is_tls: bool,
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<()>,
    drain: Duration,
}

impl Running {
    /// Stops accepting calls, answers those in progress, and waits for the gateway's answers up to `shutdown_ms`. Later
    /// answers are fetched after the next start. True if nothing was left.
    pub async fn stop(mut self) -> bool {
        let _ = self.stop.send(());
        if tokio::time::timeout(self.drain, &mut self.task)
            .await
            .is_ok()
        {
            return true;
        }
        self.task.abort();
        tracing::warn!(
            "the shutdown did not wait for the gateway's last answers: the backend asks for them after its next start"
        );
        false
    }
}

/// Starts a backend: opens the store, resumes every open trade, and listens.
///
/// # Errors
/// The configuration is unsafe, the store can't be opened, or the address is in use.
pub async fn serve(config: Config) -> anyhow::Result<Running> {
    config.check()?;
    install_tls();
    let listener = bind("listen", config.listen).await?;
    let addr = listener.local_addr()?;
    let operator = match &config.network.operator {
        Some(operator) => Some(bind("operator.listen", operator.listen).await?),
        None => None,
    };
    let operator_addr = operator.as_ref().map(TcpListener::local_addr).transpose()?;
    let proxies = config.network.trusted_proxies.clone();
    let files = config.network.tls.clone();
    let tls = files.map(Tls::open).transpose()?.map(Arc::new);
    let connections = ConnectionLimiter::new(&config.bounds, proxies, tls.clone());
    let drain = Duration::from_millis(config.bounds.shutdown_ms);
    let app = Arc::new(App::open(config).await?);
    app.trades.start();
    let router = app::router(Arc::clone(&app));
    let operator = operator.map(|listener| {
        let connections = ConnectionLimiter::new(&operator::bounds(), Default::default(), None);
        (connections, listener, operator::router(Arc::clone(&app)))
    });
    let sweeper = tokio::spawn(sweep(Arc::clone(&app)));
    let watch = tokio::spawn(watch_clock(Arc::clone(&app)));
    let measured = Arc::clone(&app);
    let load = tokio::spawn(async move { load::Load::follow(&measured).await });
    let is_tls = tls.is_some();
    let renewal = tls.map(|tls| tokio::spawn(async move { tls.follow().await }));
    let operator_connections = operator
        .as_ref()
        .map(|(connections, ..)| Arc::clone(connections));
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(async move {
        let closing = async {
            // A handle that is dropped without `stop` leaves the backend running.
            if stopped.await.is_err() {
                std::future::pending::<()>().await;
            }
            connections.close();
            if let Some(connections) = operator_connections {
                connections.close();
            }
            // Timers stop with the listener, and not after the last call: a slow caller must not keep them running.
            sweeper.abort();
            watch.abort();
            load.abort();
            if let Some(renewal) = renewal {
                renewal.abort();
            }
            app.trades.stop_timers();
        };
        let operating = async {
            if let Some((connections, listener, router)) = operator {
                connections.serve(listener, router).await;
            }
        };
        tokio::join!(connections.serve(listener, router), operating, closing);
        app.trades.drain().await;
    });
    Ok(Running {
        addr,
        operator: operator_addr,
        is_tls,
        stop,
        task,
        drain,
    })
}

async fn bind(setting: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).await;
    listener.with_context(|| format!("{setting} = \"{address}\" can't be used"))
}

/// Chooses the cryptography of TLS for this process.
pub(crate) fn install_tls() {
    // Fails if a second backend of this process installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Notices that the clock was set or that the host slept, even without calls.
async fn watch_clock(app: Arc<App>) {
    loop {
        tokio::time::sleep(CLOCK_PAUSE).await;
        app.trades.follow_clock();
    }
}

/// Seals the days of the audit trail that are over: also those that passed while no backend ran.
async fn close_days(app: &App) {
    let (shop, offset, store) = (&app.config.shop, app.config.day, app.trades.store());
    let now = clock::wall_ms();
    let yesterday = offset.name(now.saturating_sub(clock::DAY_MS));
    let closing = async {
        store.record_left_out(shop, now).await?;
        let last = store.last_sealed(shop, &yesterday).await?;
        for day in audit::due_days(last.as_deref(), &yesterday) {
            let Some(seal) = store.seal(shop, &day, &offset.to_string(), now).await? else {
                continue;
            };
            let audit::Seal {
                nth,
                rows,
                chains,
                hash,
                ..
            } = seal;
            // The copy of the seal outside of the store.
            tracing::info!(
                "the audit trail is sealed for {day} (UTC{offset}): seal {nth}, {rows} rows in {chains} chains, {hash}"
            );
        }
        Ok::<_, sqlx::Error>(())
    };
    if let Err(error) = closing.await {
        tracing::error!(%error, "the audit trail could not be sealed: the next round tries again");
    }
}

/// Takes over trades of a process that has ended.
async fn sweep(app: Arc<App>) {
    let pause = Duration::from_millis(app.trades.policy().review_check_first_ms);
    loop {
        close_days(&app).await;
        tokio::time::sleep(pause).await;
        app.limits.forget_idle();
        app.failed_keys.forget_idle();
        app.terminals.forget_old();
        app.trades.store().forget_idle();
        // Fetches the wallets only if the list is old or not complete.
        let _ = app
            .trades
            .gateway()
            .refresh_wallets(app.config.test_wallets)
            .await;
        app.trades.keep_words().await;
        if let Err(problem) = app.trades.sweep().await {
            let code = problem.code.as_str();
            tracing::error!(
                code,
                "the open trades could not be read: the next round tries again"
            );
        }
    }
}
