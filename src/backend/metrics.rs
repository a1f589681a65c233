//! Metrics in the format of Prometheus. Labels hold words of the API, and never a shop, a sale, a terminal or a person.

use std::sync::LazyLock;
use std::time::Duration;

use kaunter_core::load::Level;
use kaunter_core::trade::Move;
use kaunter_core::wire::{ProblemCode, Status};
use prometheus::{
    Encoder, GaugeVec, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry, TextEncoder,
};

use crate::store::word;

/// The metrics of this process.
pub(crate) static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

/// Events that a person should look into. Each starts at 0, so that the first one is an increase.
const ALARMS: [&str; 10] = [
    "clock_jumped",
    "gateway_ref_repeated",
    "late_success",
    "needs_review",
    "paid_contradicted",
    "reversed",
    "server_key_failed",
    "sign_in_locked",
    "verdict_contradicted",
    "void_rate",
];
/// From a gateway on this machine to the longest timeout of a payment.
const GATEWAY_SECONDS: [f64; 9] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// From a read of one row to the longest wait of a page.
const HTTP_SECONDS: [f64; 9] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 10.0];

pub(crate) struct Metrics {
    registry: Registry,
    transitions: IntCounterVec,
    open: IntGaugeVec,
    gateway: IntCounterVec,
    gateway_seconds: HistogramVec,
    unknown_words: IntCounterVec,
    http_seconds: HistogramVec,
    problems: IntCounterVec,
    alarms: IntCounterVec,
    questions: IntGauge,
    question_seconds: GaugeVec,
    driven: IntGauge,
    statements: IntCounter,
    sole: IntGauge,
    load: IntGaugeVec,
    waits: GaugeVec,
    sales_refused: IntCounterVec,
}

impl Metrics {
    fn new() -> Self {
        let registry = Registry::new();
        let counter = |name: &str, help: &str, labels: &[&str]| {
            let counter = IntCounterVec::new(Opts::new(name, help), labels);
            keep(&registry, counter)
        };
        let gauge = |name: &str, help: &str, labels: &[&str]| {
            keep(&registry, IntGaugeVec::new(Opts::new(name, help), labels))
        };
        let measure = |name: &str, help: &str, labels: &[&str]| {
            keep(&registry, GaugeVec::new(Opts::new(name, help), labels))
        };
        let number =
            |name: &str, help: &str| keep(&registry, IntGauge::with_opts(Opts::new(name, help)));
        let seconds = |name: &str, help: &str, labels: &[&str], buckets: &[f64]| {
            let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
            keep(&registry, HistogramVec::new(options, labels))
        };
        let alarms = counter(
            "kaunter_alarms_total",
            "Events that a person should look into",
            &["alarm"],
        );
        for alarm in ALARMS {
            alarms.with_label_values(&[alarm]).reset();
        }
        let sales_refused = counter(
            "kaunter_new_sales_refused_total",
            "New sales that were refused because the backend was past its capacity",
            &[],
        );
        sales_refused.with_label_values::<&str>(&[]).reset();
        gauge("kaunter_build_info", "The version that runs", &["version"])
            .with_label_values(&[env!("CARGO_PKG_VERSION")])
            .set(1);
        Self {
            transitions: counter(
                "kaunter_trade_transitions_total",
                "Trades that reached a status",
                &["status"],
            ),
            open: gauge(
                "kaunter_trades",
                "Trades of the shop that are open now",
                &["status"],
            ),
            gateway: counter(
                "kaunter_gateway_requests_total",
                "Requests to the gateway",
                &["call", "result"],
            ),
            gateway_seconds: seconds(
                "kaunter_gateway_request_duration_seconds",
                "Time from a request to the gateway's answer or the timeout",
                &["call"],
                &GATEWAY_SECONDS,
            ),
            unknown_words: counter(
                "kaunter_unknown_gateway_words_total",
                "Answers of the gateway with a word that the configuration does not list",
                &["call"],
            ),
            http_seconds: seconds(
                "kaunter_http_request_duration_seconds",
                "Time from a call to its answer",
                &["method", "route", "status"],
                &HTTP_SECONDS,
            ),
            problems: counter(
                "kaunter_problems_total",
                "Calls that were refused",
                &["code"],
            ),
            alarms,
            questions: number(
                "kaunter_questions_waiting",
                "Status checks that are due and wait for their turn at the gateway",
            ),
            question_seconds: measure(
                "kaunter_question_wait_seconds",
                "For how long the oldest of them waits, and how long the next one will wait",
                &["question"],
            ),
            driven: number(
                "kaunter_trades_driven",
                "Trades with a timer in this process",
            ),
            statements: {
                let help = "Statements that the store was asked to run, without those of its locks";
                let counter = IntCounter::new("kaunter_store_statements_total", help);
                keep(&registry, counter)
            },
            sole: number(
                "kaunter_store_sole",
                "1 while this process is the only one on the store: looks need no statement",
            ),
            load: gauge(
                "kaunter_load_level",
                "1 at the present level of the load, and 0 at the others",
                &["level"],
            ),
            waits: measure(
                "kaunter_load_wait_seconds",
                "How long every caller has waited in a queue lately",
                &["queue"],
            ),
            sales_refused,
            registry,
        }
    }

    /// A trade was created.
    pub(crate) fn created(&self) {
        self.came_to(Status::Creating);
    }

    /// A trade moved. A move within one status is not counted.
    pub(crate) fn moved(&self, Move { from, to }: &Move) {
        if from.status() != to.status() {
            self.came_to(to.status());
        }
    }

    fn came_to(&self, status: Status) {
        self.transitions.with_label_values(&[&word(status)]).inc();
    }

    /// The number of open trades, by status.
    pub(crate) fn open(&self, counts: Vec<(String, i64)>) {
        self.open.reset();
        for (status, count) in counts {
            self.open.with_label_values(&[&status]).set(count);
        }
    }

    /// How many questions wait, how long the oldest and the next one wait, and how many trades have a timer.
    pub(crate) fn questions(
        &self,
        waiting: usize,
        oldest: Duration,
        next: Duration,
        driven: usize,
    ) {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.questions.set(number(waiting));
        self.driven.set(number(driven));
        for (question, wait) in [("oldest", oldest), ("next", next)] {
            let gauge = self.question_seconds.with_label_values(&[question]);
            gauge.set(wait.as_secs_f64());
        }
    }

    /// A request to the gateway, and how long its answer took. No duration if the request was not sent.
    pub(crate) fn gateway(&self, call: &str, result: &str, took: Option<Duration>) {
        self.gateway.with_label_values(&[call, result]).inc();
        if let Some(took) = took {
            let seconds = self.gateway_seconds.with_label_values(&[call]);
            seconds.observe(took.as_secs_f64());
        }
    }

    /// The gateway answered with a word that the configuration does not have.
    pub(crate) fn unknown_word(&self, call: &str) {
        self.unknown_words.with_label_values(&[call]).inc();
    }

    /// A call, by its route and never by its path, which may hold any text of a stranger.
    pub(crate) fn answered(&self, method: &str, route: &str, status: u16, took: Duration) {
        let method = match method {
            "GET" | "POST" | "OPTIONS" | "HEAD" => method,
            _ => "other",
        };
        self.http_seconds
            .with_label_values(&[method, route, &status.to_string()])
            .observe(took.as_secs_f64());
    }

    pub(crate) fn problem(&self, code: ProblemCode) {
        self.problems.with_label_values(&[code.as_str()]).inc();
    }

    /// The store was asked to run a statement.
    pub(crate) fn statement(&self) {
        self.statements.inc();
    }

    /// Whether this process is the only one on its store.
    pub(crate) fn sole(&self, is_sole: bool) {
        self.sole.set(i64::from(is_sole));
    }

    /// The present level of the load.
    pub(crate) fn load(&self, level: Level) {
        for known in Level::ALL {
            let is_present = i64::from(known == level);
            self.load
                .with_label_values(&[known.as_str()])
                .set(is_present);
        }
    }

    /// How long every caller has waited in this queue.
    pub(crate) fn waits(&self, queue: &str, wait: Duration) {
        self.waits
            .with_label_values(&[queue])
            .set(wait.as_secs_f64());
    }

    pub(crate) fn sale_refused(&self) {
        self.sales_refused.with_label_values::<&str>(&[]).inc();
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

fn keep<M: prometheus::core::Collector + Clone + 'static>(
    registry: &Registry,
    metric: prometheus::Result<M>,
) -> M {
    let metric = metric.expect("the names are good Prometheus names");
    registry
        .register(Box::new(metric.clone()))
        .expect("each name is registered once");
    metric
}
