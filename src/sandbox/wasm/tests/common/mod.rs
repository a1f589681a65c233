//! A till's and a shop's calls to a counter.
#![allow(dead_code, reason = "each file of tests uses a part")]

use kaunter_sandbox_wasm::{Answer, Counter, Request, Settings};
use serde_json::{Value, json};

/// A till's token.
pub(crate) const TILL: &str = "sandbox|till-1|Aina";
/// Midnight of some day.
pub(crate) const START_MS: u64 = 1_764_000_000_000;

/// A counter, with the time and the credential of its next call.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) counter: Counter,
    pub(crate) settings: Settings,
    pub(crate) now: u64,
    pub(crate) token: Option<&'static str>,
    pub(crate) device: Option<&'static str>,
    keys: u32,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self::with(Settings::default())
    }

    pub(crate) fn with(settings: Settings) -> Self {
        Self {
            counter: Counter::new(settings),
            settings,
            now: START_MS,
            token: Some(TILL),
            device: Some("0123456789abcdef0123456789abcdef"),
            keys: 0,
        }
    }

    /// The answer to a call. `null` is no body.
    pub(crate) fn answer(&mut self, method: &str, path: &str, body: &Value) -> Answer {
        let body = (!body.is_null()).then(|| body.to_string());
        let request = Request {
            method,
            path,
            token: self.token,
            device: self.device,
            body: body.as_deref(),
        };
        self.counter.call(self.now, &request)
    }

    /// The body of an answer that is no problem.
    pub(crate) fn ok(&mut self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.answer(method, path, body);
        assert_eq!(answer.status, 200, "{method} {path}: {}", answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }

    /// The code of a problem, and the problem.
    pub(crate) fn problem(&mut self, method: &str, path: &str, body: &Value) -> (String, Value) {
        let answer = self.answer(method, path, body);
        assert!(answer.status >= 400, "{method} {path}: {}", answer.body);
        let problem: kaunter_core::wire::Problem = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(problem.status, answer.status);
        let value = serde_json::to_value(&problem).unwrap();
        (problem.code.as_str().to_owned(), value)
    }

    /// The body of a new trade, with a fresh key.
    pub(crate) fn new_trade(&mut self, reference: &str, minor: u64, mode: &str) -> Value {
        self.keys += 1;
        json!({
            "idempotency_key": format!("{:032x}", self.keys),
            "sale": { "ref": reference, "amount": { "minor": minor, "currency": "MYR" } },
            "wallet_id": "21",
            "mode": mode,
        })
    }

    /// Begins a trade that waits for a customer's code.
    pub(crate) fn begin(&mut self, reference: &str, minor: u64) -> Value {
        let new = self.new_trade(reference, minor, "consumer_presented");
        self.ok("POST", "/v1/trades", &new)
    }

    pub(crate) fn hand_over(&mut self, trade_id: &str, code: &str) -> Value {
        let path = format!("/v1/trades/{trade_id}/code");
        self.ok("POST", &path, &json!({ "code": code }))
    }
}

impl Desk {
    /// A trade after this time, in which a till asks about it every two seconds.
    pub(crate) fn polled(&mut self, trade_id: &str, seconds: u64) -> Value {
        let path = format!("/v1/trades/{trade_id}");
        let end = self.now + seconds * 1_000;
        loop {
            let trade = self.ok("GET", &path, &Value::Null);
            if self.now >= end {
                return trade;
            }
            self.now = end.min(self.now + 2_000);
        }
    }
}

impl Desk {
    /// The id of a trade of another terminal.
    pub(crate) fn begin_id(&mut self, reference: &str) -> String {
        self.token = Some("sandbox|till-2|Beng");
        let trade = self.begin(reference, 1_200);
        trade["trade_id"].as_str().unwrap().to_owned()
    }
}
