//! Numbers for the operator, in Prometheus' text. No name of a shop, a sale or a terminal is a label.

use std::sync::LazyLock;

use kaunter_core::trade::State;
use kaunter_core::wire::ProblemCode;
use prometheus::{Encoder, IntCounterVec, Opts, Registry, TextEncoder};

/// The process's numbers.
pub(crate) static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

pub(crate) struct Metrics {
    registry: Registry,
    moves: IntCounterVec,
    gateway: IntCounterVec,
    problems: IntCounterVec,
    alarms: IntCounterVec,
}

impl Metrics {
    fn new() -> Self {
        let registry = Registry::new();
        let counter = |name: &str, help: &str, labels: &[&str]| {
            let counter = IntCounterVec::new(Opts::new(name, help), labels)
                .expect("the names are good Prometheus names");
            registry
                .register(Box::new(counter.clone()))
                .expect("each name is registered once");
            counter
        };
        Self {
            moves: counter(
                "kaunter_trades_total",
                "Attempts that came into a state",
                &["state"],
            ),
            gateway: counter(
                "kaunter_gateway_calls_total",
                "Calls to the gateway",
                &["call", "class"],
            ),
            problems: counter(
                "kaunter_problems_total",
                "Calls that were refused",
                &["code"],
            ),
            alarms: counter(
                "kaunter_alarms_total",
                "What a person should look into",
                &["alarm"],
            ),
            registry,
        }
    }

    pub(crate) fn moved(&self, to: State) {
        self.moves.with_label_values(&[&format!("{to:?}")]).inc();
    }

    pub(crate) fn gateway(&self, call: &str, class: &str) {
        self.gateway.with_label_values(&[call, class]).inc();
    }

    pub(crate) fn problem(&self, code: ProblemCode) {
        self.problems.with_label_values(&[code.as_str()]).inc();
    }

    pub(crate) fn alarm(&self, alarm: &str) {
        self.alarms.with_label_values(&[alarm]).inc();
    }

    pub(crate) fn text(&self) -> String {
        let mut text = Vec::new();
        let encoded = TextEncoder::new().encode(&self.registry.gather(), &mut text);
        encoded.map_or_else(
            |error| error.to_string(),
            |()| String::from_utf8_lossy(&text).into_owned(),
        )
    }
}
