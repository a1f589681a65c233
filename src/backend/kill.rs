//! Points where a test kills this process, to check that the next start recovers. Compiled in with `--cfg kill_points`;
//! otherwise [`at`] does nothing.

use kaunter_core::trade::{Event, GatewayRequest};

macro_rules! points {
    ($($(#[$doc:meta])* $point:ident),+ $(,)?) => {
        /// Every kill point, in the order of a trade's life.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Point { $($(#[$doc])* $point),+ }

        impl Point {
            /// All kill points: the test reads its list from here.
            #[cfg(kill_points)]
            pub(crate) const ALL: &'static [Self] = &[$(Self::$point),+];
        }
    };
}

points! {
    /// The call arrived.
    CreateReceived,
    /// The row is stored, and nothing was sent.
    CreateStored,
    /// The request to the gateway is next.
    CreateSending,
    /// The gateway answered, and the answer is not stored yet.
    CreateAnswered,
    /// The answer is stored.
    CreateKept,
    /// The answer to the caller is sent next.
    CreateAnswering,
    /// The customer's code arrived.
    CodeReceived,
    /// `Paying` is stored, and the payment was not sent.
    CodeStored,
    PaySending,
    PayAnswered,
    PayKept,
    CodeAnswering,
    QuerySending,
    QueryAnswered,
    QueryKept,
    CancelReceived,
    CancelStored,
    CancelSending,
    CancelAnswered,
    CancelKept,
    CancelAnswering,
    VoidReceived,
    VoidStored,
    VoidSending,
    VoidAnswered,
    VoidKept,
    VoidAnswering,
    VerdictReceived,
    VerdictStored,
    VerdictAnswering,
}

/// How far a request of a caller has come.
#[derive(Clone, Copy)]
pub(crate) enum RequestStage {
    Received,
    Stored,
    Answering,
}

/// How far a request to the gateway has come.
#[derive(Clone, Copy)]
pub(crate) enum SendStage {
    Sending,
    Answered,
    Kept,
}

/// The kill point of a request at this stage. `None` where a caller can not send the event.
pub(crate) fn of_request(event: &Event, stage: RequestStage) -> Option<Point> {
    let [received, stored, answering] = match event {
        Event::Code(_) => [Point::CodeReceived, Point::CodeStored, Point::CodeAnswering],
        Event::Cancel => [
            Point::CancelReceived,
            Point::CancelStored,
            Point::CancelAnswering,
        ],
        Event::Void => [Point::VoidReceived, Point::VoidStored, Point::VoidAnswering],
        Event::Verdict(_) => [
            Point::VerdictReceived,
            Point::VerdictStored,
            Point::VerdictAnswering,
        ],
        Event::Tick
        | Event::Turn
        | Event::Restarted
        | Event::ClockSet(_)
        | Event::TerminalSeen
        | Event::Refresh
        | Event::Superseded
        | Event::AmountChanged
        | Event::GiveUp(_)
        | Event::Created(_)
        | Event::PayAnswered(_)
        | Event::Status(..)
        | Event::CancelAnswered(_)
        | Event::VoidAnswered(_) => return None,
    };
    Some(match stage {
        RequestStage::Received => received,
        RequestStage::Stored => stored,
        RequestStage::Answering => answering,
    })
}

/// The kill point of a request to the gateway at this stage.
pub(crate) fn of_send(send: GatewayRequest, stage: SendStage) -> Point {
    let [sending, answered, kept] = match send {
        GatewayRequest::Create => [
            Point::CreateSending,
            Point::CreateAnswered,
            Point::CreateKept,
        ],
        GatewayRequest::Pay => [Point::PaySending, Point::PayAnswered, Point::PayKept],
        GatewayRequest::Query { .. } => {
            [Point::QuerySending, Point::QueryAnswered, Point::QueryKept]
        }
        GatewayRequest::Cancel => [
            Point::CancelSending,
            Point::CancelAnswered,
            Point::CancelKept,
        ],
        GatewayRequest::Void => [Point::VoidSending, Point::VoidAnswered, Point::VoidKept],
    };
    match stage {
        SendStage::Sending => sending,
        SendStage::Answered => answered,
        SendStage::Kept => kept,
    }
}

/// Kills this process if `KAUNTER_KILL_AT` names this point.
#[cfg(kill_points)]
pub(crate) fn at(point: impl Into<Option<Point>>) {
    let Some(point) = point.into() else { return };
    if std::env::var("KAUNTER_KILL_AT").is_ok_and(|name| name == format!("{point:?}")) {
        let own = nix::unistd::Pid::this();
        let _ = nix::sys::signal::kill(own, nix::sys::signal::Signal::SIGKILL);
    }
}

/// Does nothing: kill points are not compiled in.
#[cfg(not(kill_points))]
pub(crate) fn at(_: impl Into<Option<Point>>) {}

/// The names of all kill points, one per line.
#[cfg(kill_points)]
#[must_use]
pub fn names() -> String {
    Point::ALL
        .iter()
        .map(|point| format!("{point:?}\n"))
        .collect()
}
