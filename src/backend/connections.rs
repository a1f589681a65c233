//! Limits the connections of callers, and closes slow ones. `axum::serve` waits without limit for a caller that never
//! ends its headers (<https://github.com/tokio-rs/axum/issues/2741>), and accepts any number of connections.
//!
//! A connection is closed if no whole request arrives in time, after it was idle for long, or if nobody reads the
//! answer. At the limit, the connection that has been without a call for longest is closed, and that of a payment in
//! progress last. If every connection has a call, the new caller gets 503 with `Retry-After`. A connection with a call
//! is never closed while its caller reads.
//!
//! Connections of a trusted proxy carry the calls of many callers, so they are not counted per address.

mod slot;
mod tracked;

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use kaunter_core::wire::ProblemCode;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::calls::payment::OpenPayment;
use crate::config::TrustedProxies;
use crate::error::Problem;
use crate::limits::{
    ACCEPT_PAUSE, Bounds, FIRST_WAIT, LineLimiter, MAX_HEAD_BYTES, MAX_REFUSALS, REAP_PAUSE,
    REFUSAL_WAIT, connections,
};
use crate::tls::Tls;
use crate::trace::{self, PeerAddress, TRACE};
use slot::{Idle, Slot, Used};
use tracked::{TrackedBody, TrackedStream};

/// Accepts and limits connections.
pub(crate) struct ConnectionLimiter {
    most: usize,
    most_per_address: usize,
    proxies: TrustedProxies,
    slots: Mutex<Slots>,
    /// `None`: without TLS.
    tls: Option<Arc<Tls>>,
    /// Callers that are refused with `Retry-After` at the moment.
    refusals: Arc<Semaphore>,
    lines: LineLimiter,
    close: CancellationToken,
}

#[derive(Default)]
struct Slots {
    last_id: u64,
    taken: HashMap<u64, Arc<Slot>>,
    by_address: HashMap<IpAddr, usize>,
}

impl ConnectionLimiter {
    /// The limit of open files applies too: some of them are for the store and the gateway.
    pub(crate) fn new(
        bounds: &Bounds,
        proxies: TrustedProxies,
        tls: Option<Arc<Tls>>,
    ) -> Arc<Self> {
        let most = connections(bounds);
        Arc::new(Self {
            most,
            most_per_address: bounds.connections_per_address.min(most * 3 / 4).max(1),
            proxies,
            slots: Mutex::default(),
            tls,
            refusals: Arc::new(Semaphore::new(MAX_REFUSALS)),
            lines: LineLimiter::default(),
            close: CancellationToken::new(),
        })
    }

    /// Stops accepting, and closes connections without a call.
    pub(crate) fn close(&self) {
        self.close.cancel();
    }

    /// Accepts callers until [`ConnectionLimiter::close`], and then waits for the calls in progress.
    pub(crate) async fn serve(self: &Arc<Self>, listener: TcpListener, router: Router) {
        let tasks = TaskTracker::new();
        let reaping = async {
            loop {
                tokio::time::sleep(REAP_PAUSE).await;
                self.reap();
            }
        };
        let serving = async {
            self.accept(listener, &router, &tasks).await;
            tasks.close();
            tasks.wait().await;
        };
        tokio::select! {
            () = serving => {}
            () = reaping => {}
        }
    }

    /// The listener is closed when this returns.
    async fn accept(self: &Arc<Self>, listener: TcpListener, router: &Router, tasks: &TaskTracker) {
        loop {
            let accepted = tokio::select! {
                biased;
                () = self.close.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => match self.wait_for_slot(peer.ip()).await {
                    Some(slot) => {
                        let (own, peer) = (Arc::clone(self), peer.ip());
                        tasks.spawn(own.serve_one(stream, peer, slot, router.clone()));
                    }
                    None => self.refuse(stream),
                },
                Err(error) if is_the_callers(&error) => {}
                // For example, the process has no file descriptor left. It gets one later, and so this loop goes on.
                Err(error) => {
                    self.warn(&format!("a connection could not be accepted: {error}"));
                    self.lock().evict(None);
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    async fn serve_one(
        self: Arc<Self>,
        stream: TcpStream,
        peer: IpAddr,
        slot: Arc<Slot>,
        router: Router,
    ) {
        let _guard = SlotGuard(Arc::clone(&self), Arc::clone(&slot));
        // Answers are small: send each at once.
        let _ = stream.set_nodelay(true);
        // Below TLS, so that half a handshake counts as half a request.
        let stream = TrackedStream::new(stream, Arc::clone(&slot));
        match &self.tls {
            None => self.serve_calls(stream, peer, slot, router).await,
            Some(tls) => {
                if let Some(stream) = self.handshake(tls, stream, &slot).await {
                    self.serve_calls(stream, peer, slot, router).await;
                }
            }
        }
    }

    /// Begins TLS. `None` if the caller can't, is too slow, or must make room.
    async fn handshake(
        &self,
        tls: &Tls,
        stream: TrackedStream,
        slot: &Slot,
    ) -> Option<TlsStream<TrackedStream>> {
        let handshake = tokio::select! {
            biased;
            () = slot.close_requested() => return None,
            () = self.close.cancelled() => return None,
            handshake = tls.handshake(stream) => handshake,
        };
        match handshake {
            Ok(stream) => {
                slot.handshaken();
                Some(stream)
            }
            // For example, a caller that does not know the certificate's issuer.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                self.warn(&format!("a TLS handshake failed: {error}"));
                None
            }
            Err(_) => None,
        }
    }

    /// Answers the calls of a connection, until it is closed.
    async fn serve_calls<S>(&self, stream: S, peer: IpAddr, slot: Arc<Slot>, router: Router)
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let calls = service_fn(|mut request: hyper::Request<Incoming>| {
            let forwarded = request.headers().get_all(FORWARDED_FOR).iter();
            let client = self
                .proxies
                .client(peer, forwarded.map(HeaderValue::as_bytes));
            request.extensions_mut().insert(PeerAddress(client));
            request.extensions_mut().insert(Peer(network(client)));
            let (slot, router) = (Arc::clone(&slot), router.clone());
            async move { Ok::<_, Infallible>(answer(slot, router, request.map(Body::new)).await) }
        });
        let connection = http1::Builder::new()
            // [`Slot`] has timeouts of its own: it can tell an idle caller from a slow one.
            .header_read_timeout(None)
            .max_buf_size(MAX_HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), calls);
        let mut connection = std::pin::pin!(connection);
        let mut is_closing = false;
        loop {
            tokio::select! {
                biased;
                _ = connection.as_mut() => return,
                () = slot.close_requested() => return,
                () = self.close.cancelled(), if !is_closing => {
                    is_closing = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }

    /// Takes a slot, maybe from a caller without a call. A caller who has just connected gets a moment to send its
    /// request; until then the next one waits.
    async fn wait_for_slot(&self, ip: IpAddr) -> Option<Arc<Slot>> {
        let address = network(ip);
        let is_proxy = self.proxies.has(ip);
        for _ in 0..2 {
            match self.take_slot(address, is_proxy) {
                Ok(slot) => return Some(slot),
                Err(Eviction::Later) => tokio::time::sleep(FIRST_WAIT).await,
                Err(Eviction::Done | Eviction::Impossible) => return None,
            }
        }
        None
    }

    fn take_slot(&self, address: IpAddr, is_proxy: bool) -> Result<Arc<Slot>, Eviction> {
        let mut slots = self.lock();
        let own = slots.by_address.get(&address).copied().unwrap_or_default();
        let mut eviction = Eviction::Done;
        if own >= self.most_per_address && !is_proxy {
            eviction = slots.evict(Some(address));
        } else if slots.taken.len() >= self.most {
            eviction = slots.evict(None);
        }
        if eviction != Eviction::Done {
            return Err(eviction);
        }
        slots.last_id += 1;
        let slot = Arc::new(Slot::new(slots.last_id, address));
        slots.taken.insert(slot.id, Arc::clone(&slot));
        *slots.by_address.entry(address).or_default() += 1;
        Ok(slot)
    }

    fn reap(&self) {
        let closing = self.close.is_cancelled();
        let late: Vec<_> = {
            let slots = self.lock();
            let late = slots.taken.values().filter(|slot| slot.is_late(closing));
            late.cloned().collect()
        };
        late.iter().for_each(|slot| slot.close_if_late());
    }

    /// Refuses a caller with `Retry-After`. Past [`MAX_REFUSALS`] of them, the connection is closed without an answer.
    fn refuse(&self, stream: TcpStream) {
        self.warn("all connections are busy: new callers get \"overloaded\"");
        let Ok(permit) = Arc::clone(&self.refusals).try_acquire_owned() else {
            return;
        };
        let tls = self.tls.clone();
        tokio::spawn(async move {
            let _permit = permit;
            let refusal = async {
                match tls {
                    None => say_busy(stream).await,
                    Some(tls) => {
                        if let Ok(stream) = tls.handshake(stream).await {
                            say_busy(stream).await;
                        }
                    }
                }
            };
            let _ = tokio::time::timeout(REFUSAL_WAIT, refusal).await;
        });
    }

    /// Logs at most one line per pause: a flood of connections must not become a flood of log lines.
    fn warn(&self, what: &str) {
        if self.lines.count().is_some() {
            tracing::warn!("{what}");
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Slots> {
        self.slots.lock().expect("nobody panics while holding it")
    }
}

/// The result of closing a connection to make room for a caller.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Eviction {
    Done,
    /// The only candidates have just connected: they may still send nothing.
    Later,
    Impossible,
}

impl Slots {
    /// Closes one connection without a call, of this address if one is given. First one that never made a call, then
    /// the one that has been idle for longest, and last that of a payment.
    fn evict(&mut self, address: Option<IpAddr>) -> Eviction {
        let near = |slot: &&Arc<Slot>| address.is_none_or(|address| slot.address == address);
        let mut idle: Vec<_> = self
            .taken
            .values()
            .filter(near)
            .filter_map(|slot| Some((slot.idle()?, Arc::clone(slot))))
            .collect();
        idle.sort_unstable_by_key(|(idle, _)| *idle);
        let mut eviction = Eviction::Impossible;
        for (Idle { used, since }, slot) in idle {
            if used == Used::Never && since.elapsed() < FIRST_WAIT {
                eviction = Eviction::Later;
            } else if used == Used::ForPayment && eviction == Eviction::Later {
                // In a moment one of the new ones can be closed in its place.
                break;
            } else if slot.close_if_idle() {
                self.free(&slot);
                return Eviction::Done;
            }
        }
        eviction
    }

    fn free(&mut self, slot: &Slot) {
        if self.taken.remove(&slot.id).is_none() {
            return;
        }
        if let Some(own) = self.by_address.get_mut(&slot.address) {
            *own -= 1;
            if *own == 0 {
                self.by_address.remove(&slot.address);
            }
        }
    }
}

/// Returns a slot when it is dropped.
struct SlotGuard(Arc<ConnectionLimiter>, Arc<Slot>);

impl Drop for SlotGuard {
    fn drop(&mut self) {
        self.0.lock().free(&self.1);
    }
}

/// The header in which each proxy appends the address from which it got the call. `Forwarded` (RFC 7239) is not read:
/// a proxy that does not know it passes on what the caller wrote there.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address that a call came from, without the part that one customer can choose.
#[derive(Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

async fn answer(slot: Arc<Slot>, router: Router, request: Request) -> Response {
    // The connection is about to be closed: no call may begin on it.
    let Some(call) = slot.begin() else {
        return busy().await;
    };
    let Ok(response) = router.oneshot(request).await;
    if response.extensions().get::<OpenPayment>().is_some() {
        slot.pays();
    }
    response.map(|body| Body::new(TrackedBody::new(body, call)))
}

/// Refuses the first call of a connection, and closes it.
async fn say_busy<S: AsyncRead + AsyncWrite + Unpin>(stream: S) {
    let calls = service_fn(|_| async { Ok::<_, Infallible>(busy().await) });
    let connection = http1::Builder::new()
        .header_read_timeout(None)
        .max_buf_size(MAX_HEAD_BYTES)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), calls);
    // The caller may be gone already.
    let _ = connection.await;
}

async fn busy() -> Response {
    let response = async { Problem::new(ProblemCode::Overloaded).into_response() };
    let id = trace::fresh();
    let mut response = trace::within(id.clone(), response).await;
    response.headers_mut().insert(TRACE, trace::value(&id));
    response
}

/// True if the error is the caller's: it disconnected before it was accepted.
fn is_the_callers(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}

/// Counts an IPv6 caller by its /64 network: one customer usually has all of its 2^64 addresses (RFC 6177).
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::from((u128::from(ip) >> 64 << 64).to_be_bytes()),
        ip @ IpAddr::V4(_) => ip,
    }
}
