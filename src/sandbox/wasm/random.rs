//! Random sequences of calls, faults, waits and reloads: after each step, every sale is judged by the gateway's ledger.

use kaunter_core::policy::Ms;
use kaunter_core::trade::State;
use kaunter_core::wire::VerdictOutcome;
use kaunter_model::judge::{self, Evidence};
use serde_json::{Value, json};

use crate::counter::Counter;
use crate::dice::Dice;
use crate::faults::Fault;
use crate::gateway::EntryKind;
use crate::request::Request;
use crate::settings::{Approval, SHOP, Settings};

const START_MS: Ms = 1_764_000_000_000;
const REFERENCES: [&str; 6] = ["S-1", "S-2", "S-3", "S-4", "S-5", "PRACTICE-6"];
const DAYS: u64 = 240;
const STEPS: usize = 60;

/// A shop with a random day.
struct Day {
    seed: u64,
    dice: Dice,
    counter: Counter,
    settings: Settings,
    now: Ms,
    keys: u64,
    /// The trades whose code was on a display.
    shown: Vec<String>,
    story: Vec<String>,
}

impl Day {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let approval = match dice.below(3) {
            0 => Approval::Manual,
            _ => Approval::Auto,
        };
        let settings = Settings {
            seed: f64::from(u32::try_from(seed).expect("seeds here are small")),
            approval,
            code_memory_s: 0,
        };
        Self {
            seed,
            dice,
            counter: Counter::new(settings),
            settings,
            now: START_MS,
            keys: 0,
            shown: Vec::new(),
            story: vec![format!("{settings:?}")],
        }
    }

    fn call(&mut self, cashier: &str, method: &str, path: &str, body: &Value) -> Value {
        let token = match cashier {
            "" => "sandbox".to_owned(),
            cashier => {
                let till = if self.dice.below(8) == 0 { 2 } else { 1 };
                format!("sandbox|till-{till}|{cashier}")
            }
        };
        let text = (!body.is_null()).then(|| body.to_string());
        let request = Request {
            method,
            path,
            token: Some(&token),
            device: None,
            body: text.as_deref(),
        };
        let answer = self.counter.call(self.now, &request);
        let line = format!("{} {token} {method} {path} {body}", self.now - START_MS);
        self.story
            .push(format!("{line}: {} {}", answer.status, answer.body));
        assert!(
            answer.status < 500 || answer.status == 502,
            "{}",
            self.told()
        );
        serde_json::from_str(&answer.body).expect("an answer is JSON")
    }

    fn told(&self) -> String {
        format!("seed {}\n{}", self.seed, self.story.join("\n"))
    }

    /// One of the newest rows of the store, if there is any.
    fn any_row(&mut self) -> Option<usize> {
        let rows = self.counter.store.rows().len();
        (rows > 0).then(|| rows - 1 - self.dice.below(rows.min(3)))
    }

    fn step(&mut self) {
        let reference = REFERENCES[self.dice.below(REFERENCES.len())];
        match self.dice.below(20) {
            0..4 => self.begin(reference),
            4 | 10 => self.wait(),
            5 => self.toggle(),
            6 => self.reload(),
            7 => self.register(reference),
            8 if self.dice.below(4) == 0 => {
                let ask = json!({"ref": reference, "tender": "cash"});
                self.call("Aina", "POST", "/v1/sales/give-up", &ask);
            }
            9 => {
                let yes = self.dice.below(2) == 0;
                self.counter.answer(self.now, yes);
                self.story.push(format!("the customer answers: {yes}"));
            }
            _ => {
                if let Some(row) = self.any_row() {
                    self.about(row);
                }
            }
        }
    }

    fn begin(&mut self, reference: &str) {
        self.keys += 1;
        let mode = ["consumer_presented", "merchant_presented"][self.dice.below(2)];
        // A sale keeps its amount, whose last digits are its script.
        let minor = 1_000 + self.seed % 12;
        let new = json!({
            "idempotency_key": format!("{:032x}", self.keys),
            "sale": {"ref": reference, "amount": {"minor": minor, "currency": "MYR"}},
            "wallet_id": "21",
            "mode": mode,
        });
        let trade = self.call("Aina", "POST", "/v1/trades", &new);
        if trade["shown_code"].is_object() {
            self.see(&trade);
        }
    }

    fn see(&mut self, trade: &Value) {
        let id = trade["trade_id"].as_str().expect("a trade has an id");
        self.shown.push(id.to_owned());
    }

    fn about(&mut self, row: usize) {
        let trade = self.counter.store.trade(row);
        let (id, state) = (trade.facts().trade_id.clone(), trade.state());
        let account = self.counter.gateway.trades[row].account;
        let path = format!("/v1/trades/{id}");
        match self.dice.below(8) {
            0..4 => self.pay(row, &path),
            4 => {
                self.call("Aina", "POST", &format!("{path}/cancel"), &Value::Null);
            }
            5 => {
                let why = json!({"reason": "a wrong item"});
                self.call("Aina", "POST", &format!("{path}/void"), &why);
            }
            6 => {
                // People look at the gateway's books, and are right.
                if let Some(outcome) = account.verdict(state) {
                    self.verdict(&path, outcome);
                }
            }
            _ => {
                let fresh = ["", "?fresh=true"][self.dice.below(2)];
                self.call("Aina", "GET", &format!("{path}{fresh}"), &Value::Null);
            }
        }
    }

    /// The customer scans our code, or shows one.
    fn pay(&mut self, row: usize, path: &str) {
        match self.counter.gateway.trades[row].payload.clone() {
            Some(payload) => {
                let is_known = self.counter.scan(self.now, &payload);
                self.story.push(format!("the customer scans: {is_known}"));
            }
            None => {
                let code = json!({"code": format!("code {}", self.dice.below(5))});
                self.call("Aina", "POST", &format!("{path}/code"), &code);
            }
        }
    }

    fn verdict(&mut self, path: &str, outcome: VerdictOutcome) {
        for person in ["Beng", "Chong"] {
            let verdict = json!({"outcome": outcome, "evidence": "the gateway's books"});
            self.call(person, "POST", &format!("{path}/verdict"), &verdict);
        }
    }

    fn register(&mut self, reference: &str) {
        let other = u64::from(self.dice.below(4) == 0);
        let minor = 1_000 + self.seed % 12 + 100 * other;
        let asked = json!({"ref": reference, "amount": {"minor": minor, "currency": "MYR"}});
        self.call("", "PUT", "/v1/sales", &asked);
    }

    fn wait(&mut self) {
        let ms = [400, 2_000, 6_000, 20_000, 120_000, 7_200_000][self.dice.below(6)];
        self.now += ms;
        self.counter.tick(self.now);
        self.story.push(format!("{} waited", self.now - START_MS));
    }

    /// A fault begins, or all end.
    fn toggle(&mut self) {
        let begins = Fault::ALL[self.dice.below(Fault::ALL.len())];
        let begins = Some(begins).filter(|_| self.dice.below(3) == 0);
        for fault in Fault::ALL {
            self.counter.set_fault(fault, begins == Some(fault));
        }
        self.story.push(format!("faults: {begins:?}"));
    }

    /// The page is loaded again: the state is what it was.
    fn reload(&mut self) {
        let state = self.counter.state();
        self.counter = Counter::restore(self.settings, &state).expect("it is a state");
        self.story.push("reloaded".to_owned());
    }

    fn judge(&self) {
        let counter = &self.counter;
        for reference in REFERENCES {
            let rows = counter.store.of_sale(SHOP, reference);
            let evidence = rows.iter().map(|row| {
                let trade = counter.store.trade(*row);
                Evidence {
                    trade,
                    ledger: counter.gateway.trades[*row].account.ledger,
                    shown: self.shown.contains(&trade.facts().trade_id),
                    reversible: false,
                }
            });
            let due = counter.store.due(SHOP, reference);
            if let Err(breach) = judge::sale(evidence, due.as_ref()) {
                panic!("{}\n{}", breach.sentence(), self.told());
            }
        }
        let count = |kind| {
            let entries = counter.ledger();
            entries.iter().filter(|entry| entry.kind == kind).count()
        };
        let ledgers = || {
            counter
                .gateway
                .trades
                .iter()
                .map(|trade| trade.account.ledger)
        };
        let charged: usize = ledgers().map(|ledger| usize::from(ledger.charged)).sum();
        let refunded: usize = ledgers().map(|ledger| usize::from(ledger.refunded)).sum();
        assert_eq!(count(EntryKind::Charge), charged, "{}", self.told());
        assert_eq!(count(EntryKind::Refund), refunded, "{}", self.told());
    }

    /// The faults end, and two days pass: what is open then waits for a person.
    fn settle(&mut self) {
        for fault in Fault::ALL {
            self.counter.set_fault(fault, false);
        }
        self.now += 48 * 3_600_000;
        self.counter.tick(self.now);
        self.judge();
        for (row, stored) in self.counter.store.rows().iter().enumerate() {
            let state = stored.trade.state();
            let (status, given_up) = (state.status(), state == State::GivenUp);
            let waits = given_up || (status.ends_promise() && !status.is_final());
            let kept = self.counter.gateway.trades[row].account.ledger.kept();
            assert!(
                waits || status.is_final(),
                "trade {row} is {state:?}\n{}",
                self.told()
            );
            assert!(
                waits || (kept == 1) == (state == State::Paid),
                "trade {row} is {state:?} and keeps {kept}\n{}",
                self.told()
            );
        }
    }
}

#[test]
fn no_random_day_loses_or_doubles_money() {
    let mut charged = 0;
    for seed in 0..DAYS {
        let mut day = Day::new(seed);
        for _ in 0..STEPS {
            day.step();
            day.judge();
        }
        day.settle();
        charged += day.counter.ledger().len();
    }
    assert!(charged > 400, "money moved only {charged} times");
}
