//! Limits the connections of callers, and closes slow ones. `axum::serve` waits without limit for a caller that never
//! ends its headers (<https://github.com/tokio-rs/axum/issues/2741>), and accepts any number of connections.
//!
//! A connection is closed if no whole request arrives in time, after it was idle for long, or if nobody reads the
//! answer. At the limit, the connection that has been without a call for longest is closed. If every connection has a
//! call, the new caller gets 503 with `Retry-After`. A connection with a call is never closed while its caller reads.

mod line;
mod seat;

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use kaunter_core::wire::ProblemCode;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::error::Problem;
use crate::limits::{
    ACCEPT_PAUSE, BYE_WAIT, Bounds, FIRST_WAIT, MAX_BYES, MAX_HEAD_BYTES, REAP_PAUSE, TELL_PAUSE,
    connections,
};
use crate::trace::{self, TRACE};
use line::{Line, Told};
use seat::Seat;

/// Accepts and limits connections.
pub(crate) struct Doors {
    most: usize,
    most_per_address: usize,
    seats: Mutex<Seats>,
    /// Callers that are refused with `Retry-After` at the moment.
    byes: Arc<Semaphore>,
    told: Mutex<Option<Instant>>,
    close: CancellationToken,
}

#[derive(Default)]
struct Seats {
    given: u64,
    taken: HashMap<u64, Arc<Seat>>,
    by_address: HashMap<IpAddr, usize>,
}

impl Doors {
    /// The limit of open files applies too: some of them are for the store and the gateway.
    pub(crate) fn new(bounds: &Bounds) -> Arc<Self> {
        let most = connections(bounds);
        Arc::new(Self {
            most,
            most_per_address: bounds.connections_per_address.min(most * 3 / 4).max(1),
            seats: Mutex::default(),
            byes: Arc::new(Semaphore::new(MAX_BYES)),
            told: Mutex::default(),
            close: CancellationToken::new(),
        })
    }

    /// Stops accepting, and closes connections without a call.
    pub(crate) fn close(&self) {
        self.close.cancel();
    }

    /// Accepts callers until [`Doors::close`], and then waits for the calls in progress.
    pub(crate) async fn keep(self: &Arc<Self>, listener: TcpListener, router: Router) {
        let inside = TaskTracker::new();
        let reaping = async {
            loop {
                tokio::time::sleep(REAP_PAUSE).await;
                self.reap();
            }
        };
        let keeping = async {
            self.accept(listener, &router, &inside).await;
            inside.close();
            inside.wait().await;
        };
        tokio::select! {
            () = keeping => {}
            () = reaping => {}
        }
    }

    /// The listener is closed when this returns.
    async fn accept(
        self: &Arc<Self>,
        listener: TcpListener,
        router: &Router,
        inside: &TaskTracker,
    ) {
        loop {
            let accepted = tokio::select! {
                biased;
                () = self.close.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => match self.seat_soon(peer.ip()).await {
                    Some(seat) => {
                        inside.spawn(Arc::clone(self).serve(stream, seat, router.clone()));
                    }
                    None => self.turn_away(stream),
                },
                Err(error) if is_the_callers(&error) => {}
                // For example, the process has no file descriptor left. It gets one later, and so this loop goes on.
                Err(error) => {
                    self.tell(&format!("a connection could not be accepted: {error}"));
                    self.lock().make_way(None);
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    async fn serve(self: Arc<Self>, stream: TcpStream, seat: Arc<Seat>, router: Router) {
        let _left = Left(Arc::clone(&self), Arc::clone(&seat));
        // Answers are small: send each at once.
        let _ = stream.set_nodelay(true);
        let calls = service_fn(|request: hyper::Request<Incoming>| {
            let (seat, router) = (Arc::clone(&seat), router.clone());
            async move { Ok::<_, Infallible>(answer(seat, router, request.map(Body::new)).await) }
        });
        let line = TokioIo::new(Line::new(stream, Arc::clone(&seat)));
        let connection = http1::Builder::new()
            // [`Seat`] has timeouts of its own: it can tell an idle caller from a slow one.
            .header_read_timeout(None)
            .max_buf_size(MAX_HEAD_BYTES)
            .serve_connection(line, calls);
        let mut connection = std::pin::pin!(connection);
        let mut is_closing = false;
        loop {
            tokio::select! {
                biased;
                _ = connection.as_mut() => return,
                () = seat.asked_to_leave() => return,
                () = self.close.cancelled(), if !is_closing => {
                    is_closing = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }

    /// Takes a seat, maybe from a caller without a call. A caller who has just connected gets a moment to send its
    /// request; until then the next one waits.
    async fn seat_soon(&self, ip: IpAddr) -> Option<Arc<Seat>> {
        let address = network(ip);
        for _ in 0..2 {
            match self.seat(address) {
                Ok(seat) => return Some(seat),
                Err(Room::Soon) => tokio::time::sleep(FIRST_WAIT).await,
                Err(Room::Made | Room::Full) => return None,
            }
        }
        None
    }

    fn seat(&self, address: IpAddr) -> Result<Arc<Seat>, Room> {
        let mut seats = self.lock();
        let own = seats.by_address.get(&address).copied().unwrap_or_default();
        let mut room = Room::Made;
        if own >= self.most_per_address {
            room = seats.make_way(Some(address));
        } else if seats.taken.len() >= self.most {
            room = seats.make_way(None);
        }
        if room != Room::Made {
            return Err(room);
        }
        seats.given += 1;
        let seat = Arc::new(Seat::new(seats.given, address));
        seats.taken.insert(seat.id, Arc::clone(&seat));
        *seats.by_address.entry(address).or_default() += 1;
        Ok(seat)
    }

    fn reap(&self) {
        let closing = self.close.is_cancelled();
        let late: Vec<_> = {
            let seats = self.lock();
            let late = seats.taken.values().filter(|seat| seat.is_late(closing));
            late.cloned().collect()
        };
        late.iter().for_each(|seat| seat.end());
    }

    /// Refuses a caller with `Retry-After`. Past [`MAX_BYES`] of them, the connection is closed without an answer.
    fn turn_away(&self, stream: TcpStream) {
        self.tell("all connections are busy: new callers get \"overloaded\"");
        let Ok(place) = Arc::clone(&self.byes).try_acquire_owned() else {
            return;
        };
        tokio::spawn(async move {
            let _place = place;
            let calls = service_fn(|_| async { Ok::<_, Infallible>(busy().await) });
            let connection = http1::Builder::new()
                .header_read_timeout(None)
                .max_buf_size(MAX_HEAD_BYTES)
                .keep_alive(false)
                .serve_connection(TokioIo::new(stream), calls);
            let _ = tokio::time::timeout(BYE_WAIT, connection).await;
        });
    }

    /// Logs at most once per [`TELL_PAUSE`]: a flood of connections must not become a flood of log lines.
    fn tell(&self, what: &str) {
        let mut told = self.told.lock().expect("nobody panics while holding it");
        if told.is_none_or(|at| at.elapsed() > TELL_PAUSE) {
            *told = Some(Instant::now());
            tracing::warn!("{what}");
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Seats> {
        self.seats.lock().expect("nobody panics while holding it")
    }
}

/// The result of making room for a caller.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Room {
    Made,
    /// The only candidates have just connected: they may still send nothing.
    Soon,
    Full,
}

impl Seats {
    /// Closes one connection without a call, of this address if one is given. First one that never made a call, then
    /// the one that has been idle for longest.
    fn make_way(&mut self, address: Option<IpAddr>) -> Room {
        let near = |seat: &&Arc<Seat>| address.is_none_or(|address| seat.address == address);
        let mut waiting: Vec<_> = self
            .taken
            .values()
            .filter(near)
            .filter_map(|seat| Some((seat.waits_since()?, Arc::clone(seat))))
            .collect();
        waiting.sort_unstable_by_key(|(since, _)| *since);
        let mut room = Room::Full;
        for ((has_called, since), seat) in waiting {
            if !has_called && since.elapsed() < FIRST_WAIT {
                room = Room::Soon;
            } else if seat.leave() {
                self.free(&seat);
                return Room::Made;
            }
        }
        room
    }

    fn free(&mut self, seat: &Seat) {
        if self.taken.remove(&seat.id).is_none() {
            return;
        }
        if let Some(own) = self.by_address.get_mut(&seat.address) {
            *own -= 1;
            if *own == 0 {
                self.by_address.remove(&seat.address);
            }
        }
    }
}

/// Returns a seat when it is dropped.
struct Left(Arc<Doors>, Arc<Seat>);

impl Drop for Left {
    fn drop(&mut self) {
        self.0.lock().free(&self.1);
    }
}

async fn answer(seat: Arc<Seat>, router: Router, request: Request) -> Response {
    // The connection is about to be closed: no call may begin on it.
    let Some(call) = seat.begin() else {
        return busy().await;
    };
    let Ok(response) = router.oneshot(request).await;
    response.map(|body| Body::new(Told::new(body, call)))
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
