//! The doors: who may hold a connection, and for how long. `axum::serve` waits for ever for a caller that never ends its
//! headers (<https://github.com/tokio-rs/axum/issues/2741>), and takes any number of them.
//!
//! A connection is let go when it sends no whole request in time, when it was idle for long, or when nobody reads the
//! answer. Past the most of them the one that has waited longest without a call makes way; where every one has a call
//! under way, the new one is told to come back. A connection with a call under way is never dropped while somebody reads.

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
    ACCEPT_PAUSE, BYE_WAIT, Bounds, FIRST_WAIT, MAX_HEAD_BYTES, MAX_BYES, REAP_PAUSE, TELL_PAUSE,
    connections,
};
use crate::trace::{self, TRACE};
use line::{Line, Told};
use seat::Seat;

/// Where callers come in.
pub(crate) struct Doors {
    most: usize,
    most_per_address: usize,
    seats: Mutex<Seats>,
    /// Those that are told to come back, at once.
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
    /// The files that this process may open bound it too: below that number are those of the store and the gateway.
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

    /// Takes nobody in any more, and lets those go that have no call under way.
    pub(crate) fn close(&self) {
        self.close.cancel();
    }

    /// Lets callers in until [`Doors::close`], and then waits for the calls that are under way.
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

    /// The listener is gone when this ends.
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
                // No file is left to this process, say: it comes back, and so does this loop.
                Err(error) => {
                    self.tell(&format!("no connection could be taken: {error}"));
                    self.lock().make_way(None);
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    async fn serve(self: Arc<Self>, stream: TcpStream, seat: Arc<Seat>, router: Router) {
        let _left = Left(Arc::clone(&self), Arc::clone(&seat));
        // An answer is small, and waits for nothing.
        let _ = stream.set_nodelay(true);
        let calls = service_fn(|request: hyper::Request<Incoming>| {
            let (seat, router) = (Arc::clone(&seat), router.clone());
            async move { Ok::<_, Infallible>(answer(seat, router, request.map(Body::new)).await) }
        });
        let line = TokioIo::new(Line::new(stream, Arc::clone(&seat)));
        let connection = http1::Builder::new()
            // The seat's own time, which knows a caller that is idle from one that is slow.
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

    /// A seat, maybe that of somebody who has no call under way. Whoever has just come in gets a moment to say what for:
    /// meanwhile the next wait outside.
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

    /// Tells a caller to come back; nobody at all where too many are being told.
    fn turn_away(&self, stream: TcpStream) {
        self.tell("every connection has a call under way: callers are turned away");
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

    /// Not every time: who floods the doors must not flood the log.
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

/// What came of making way.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Room {
    Made,
    /// Somebody has just come in, and may turn out to want nothing.
    Soon,
    Full,
}

impl Seats {
    /// Lets one go that has no call under way, of this address where one is named: first who never made a call, then who
    /// has been idle for longest.
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

/// Gives a seat back.
struct Left(Arc<Doors>, Arc<Seat>);

impl Drop for Left {
    fn drop(&mut self) {
        self.0.lock().free(&self.1);
    }
}

async fn answer(seat: Arc<Seat>, router: Router, request: Request) -> Response {
    // It was about to be let go: nothing is begun on a connection that ends.
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

/// The caller went away before it was taken in.
fn is_the_callers(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}

/// Whoever has an address of version 6 has 2^64 of them.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::from((u128::from(ip) >> 64 << 64).to_be_bytes()),
        ip @ IpAddr::V4(_) => ip,
    }
}
