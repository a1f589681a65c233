//! The charge at the counter, with a backend that answers as late as it likes, and pages that are reloaded.
//!
//! The backend says what a backend can say: a trade takes the moves of `MOVES` and no other, each key has a trade
//! of its own, and a second trade begins only where the first one gives way.

use std::collections::BTreeSet;

use kaunter_core::policy::{Ms, Policy};
use kaunter_core::till::{
    Charge, ChargeEvent, ChargeStep, End, Fault, Hint, Phase, Plan, Record, Reply,
};
use kaunter_core::trade::{MOVES, Risk, State};
use kaunter_core::wire::{CodeMode, ProblemCode, Reason, SaleInput, Status, TradeView};
use proptest::prelude::*;
use proptest::sample::Index;

use kaunter_model::harness::ChargeHarness;
use kaunter_model::sample::{self, sale};

const DAY_MS: Ms = 24 * 3_600_000;
/// The most steps that one event may cause.
const MOST_STEPS: usize = 6;

/// What happens next.
#[derive(Clone, Debug)]
enum Turn {
    /// The page ticks this much later than the machine asked for: a hidden tab, or a laptop that slept.
    Wake(Ms),
    /// The answer that is due next arrives.
    Answer,
    Woke,
    Paced(Ms),
    Scanned(Hint),
    Picked(bool),
    Cancel,
    /// The newest trade changes at the backend without a reply to this page.
    /// It takes one of its possible moves, or gets a new version in the same state.
    Moves(Index),
    /// The page is reloaded, and its clock starts again.
    Reload,
}

/// How the backend answers one call.
#[derive(Clone, Debug)]
struct Answer {
    after_ms: Ms,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    /// The trade as it is, or as it was this many versions ago.
    TradeView(usize),
    NoAnswer,
    NoToken,
    Problem(ProblemCode, bool),
}

/// One trade at the backend.
struct BackendTrade {
    key: String,
    trade_id: String,
    state: State,
    /// Its versions as the backend sends them, the newest last.
    past: Vec<TradeView>,
}

/// An event on its way to the page.
#[derive(Clone, Debug)]
enum Coming {
    Journalled,
    /// The backend's reply to a call. The trade is read when the reply arrives.
    Answer {
        event: fn(Reply) -> ChargeEvent,
        /// `None` if the backend has no such trade.
        trade: Option<usize>,
        kind: Kind,
    },
}

struct Run {
    counter: ChargeHarness,
    mode: CodeMode,
    /// The gateway is slow: a trade begins before it has answered.
    slow: bool,
    trades: Vec<BackendTrade>,
    answers: Vec<Answer>,
    called: usize,
    coming: Vec<(Ms, Coming)>,
    /// The journal, as it is on the disk.
    disk: Option<Record>,
    /// Queries that wait for their answers, by the trades that they are about.
    asking: BTreeSet<String>,
    hand_overs: u32,
    /// Whether a reply after the last hand-over said that the trade awaits a code.
    may_hand_over: bool,
    done: Option<End>,
    /// Every event of this page, for the replay.
    history: Vec<(ChargeEvent, Ms)>,
    start: Start,
}

#[derive(Clone)]
enum Start {
    New(Plan),
    Resumed(Record),
}

impl BackendTrade {
    fn new(key: String, at: usize, mode: CodeMode, slow: bool) -> Self {
        let mut trade = Self {
            key,
            trade_id: format!("T{at}"),
            state: State::Creating,
            past: Vec::new(),
        };
        trade.go(mode, State::Creating);
        if !slow {
            trade.go(
                mode,
                match mode {
                    CodeMode::ConsumerPresented => State::AwaitingCode,
                    CodeMode::MerchantPresented => State::AwaitingPayer,
                },
            );
        }
        trade
    }

    /// A move, or a new version in the same state.
    fn go(&mut self, mode: CodeMode, to: State) {
        self.state = to;
        let (status, version) = (to.status(), self.past.len() as u64 + 1);
        self.past.push(TradeView {
            reason: (status == Status::Declined).then_some(Reason::Other),
            ..sample::view(&self.trade_id, mode, status, version)
        });
    }

    /// The states that can follow. A trade awaits the customer's code or the payer of ours, never both.
    fn ways(&self, mode: CodeMode) -> Vec<State> {
        let other = match mode {
            CodeMode::ConsumerPresented => State::AwaitingPayer,
            CodeMode::MerchantPresented => State::AwaitingCode,
        };
        let moves = MOVES.iter().filter(|(from, ..)| *from == self.state);
        let ways = moves.map(|&(_, to, _)| to).filter(|to| *to != other);
        ways.chain([self.state]).collect()
    }

    fn newest(&self) -> TradeView {
        self.past.last().cloned().unwrap()
    }
}

fn begin(start: &Start) -> Charge {
    let policy = Policy::default().page();
    match start {
        Start::New(plan) => Charge::new(plan.clone(), policy),
        Start::Resumed(record) => Charge::resume(record.clone(), policy, 0),
    }
}

impl Run {
    fn new(plan: Plan, slow: bool, answers: Vec<Answer>) -> Self {
        let mode = plan.mode;
        let start = Start::New(plan);
        let mut run = Self {
            counter: ChargeHarness::of(begin(&start)),
            mode,
            slow,
            trades: Vec::new(),
            answers,
            called: 0,
            coming: Vec::new(),
            disk: None,
            asking: BTreeSet::new(),
            hand_overs: 0,
            may_hand_over: true,
            done: None,
            history: Vec::new(),
            start,
        };
        run.stepped(0).unwrap();
        run
    }

    fn take(&mut self, turn: &Turn) -> Result<(), TestCaseError> {
        match turn {
            Turn::Wake(late) => {
                let wake = self.counter.wakes().unwrap_or(0);
                self.counter.now = wake.max(self.counter.now) + late;
                self.tell(ChargeEvent::Tick)
            }
            Turn::Answer => {
                self.coming.sort_by_key(|(at, _)| *at);
                if self.coming.is_empty() {
                    return Ok(());
                }
                let (at, coming) = self.coming.remove(0);
                self.counter.now = self.counter.now.max(at);
                let event = self.arrived(coming);
                self.tell(event)
            }
            Turn::Woke => self.tell(ChargeEvent::Woke),
            Turn::Paced(pace_ms) => self.tell(ChargeEvent::Paced(*pace_ms)),
            Turn::Scanned(hint) => self.tell(ChargeEvent::Scanned(hint.clone())),
            Turn::Picked(some) => self.tell(ChargeEvent::Picked(some.then(|| "25".to_owned()))),
            Turn::Cancel => self.tell(ChargeEvent::Cancel),
            Turn::Moves(which) => {
                if let Some(trade) = self.trades.last_mut() {
                    let ways = trade.ways(self.mode);
                    trade.go(self.mode, *which.get(&ways));
                }
                Ok(())
            }
            Turn::Reload => self.reload(),
        }
    }

    fn reload(&mut self) -> Result<(), TestCaseError> {
        let Some(record) = self.disk.clone() else {
            return Ok(());
        };
        let row = serde_json::to_string(&record).unwrap();
        let read: Record = serde_json::from_str(&row).unwrap();
        prop_assert_eq!(&read, &record);
        self.start = Start::Resumed(read);
        self.counter = ChargeHarness::of(begin(&self.start));
        self.coming.clear();
        self.asking.clear();
        self.may_hand_over = false;
        self.hand_overs = 0;
        self.done = None;
        self.history.clear();
        self.stepped(0)
    }

    fn tell(&mut self, event: ChargeEvent) -> Result<(), TestCaseError> {
        self.history.push((event.clone(), self.counter.now));
        let known = self.counter.charge.trade().map(|trade| trade.version);
        match &event {
            // A page can't know which of its queries got no answer, so it assumes the newest.
            ChargeEvent::StatusReplied(reply) => {
                let own = self
                    .counter
                    .charge
                    .record()
                    .trade_id
                    .clone()
                    .unwrap_or_default();
                let about = reply.as_ref().map_or(own, |told| told.trade_id.clone());
                self.asking.remove(&about);
            }
            ChargeEvent::Journalled => {
                let journalled = self.counter.steps.iter().rev().find_map(|step| match step {
                    ChargeStep::Journal(record) => Some(record.clone()),
                    _ => None,
                });
                self.disk = journalled;
            }
            _ => {}
        }
        // A refusal that carries the trade reports its status too.
        if let ChargeEvent::StatusReplied(reply)
        | ChargeEvent::HandedOver(reply)
        | ChargeEvent::CancelReplied(reply) = &event
        {
            let told = match reply {
                Ok(trade) => Some(trade),
                Err(Fault::Problem(_, trade)) => trade.as_deref(),
                Err(Fault::NoAnswer | Fault::NoToken) => None,
            };
            self.may_hand_over |= told.is_some_and(|told| told.status == Status::AwaitingCode);
        }
        let ended = self.done.is_some();
        let before = self.counter.steps.len();
        self.counter.tell(event);
        prop_assert!(
            known.is_none_or(|known| {
                let now = self.counter.charge.trade().map(|trade| trade.version);
                now.is_none() || now.is_some_and(|now| now >= known)
            }),
            "an older word was adopted"
        );
        self.stepped(before)?;
        prop_assert!(
            !ended || self.counter.steps.len() == before,
            "something after the end"
        );
        prop_assert!(self.counter.steps.len() - before <= MOST_STEPS);
        Ok(())
    }

    /// Takes the steps that the machine has asked for since then.
    fn stepped(&mut self, before: usize) -> Result<(), TestCaseError> {
        let steps = self.counter.steps[before..].to_vec();
        for step in steps {
            match step {
                ChargeStep::Journal(_) => {
                    self.coming.push((self.counter.now + 1, Coming::Journalled))
                }
                ChargeStep::Create(new) => self.create(&new.idempotency_key),
                ChargeStep::HandOver(trade_id) => self.hand_over(&trade_id)?,
                ChargeStep::Ask(trade_id) => {
                    let first = self.asking.insert(trade_id.clone());
                    prop_assert!(first, "two queries at once");
                    self.call(ChargeEvent::StatusReplied, self.trade(&trade_id));
                }
                ChargeStep::Cancel(trade_id) => self.cancel(&trade_id),
                ChargeStep::Forget(_) | ChargeStep::Yield(..) => self.forget()?,
                ChargeStep::Show(_) => {
                    let on_disk = self.disk.as_ref().is_some_and(|record| record.handed_over);
                    prop_assert!(on_disk, "our code is shown before the journal has it");
                }
                ChargeStep::Done(end) => self.end(end)?,
                ChargeStep::Scan
                | ChargeStep::StopScan
                | ChargeStep::Pick
                | ChargeStep::Notice(_)
                | ChargeStep::Wait(_) => {}
            }
        }
        Ok(())
    }

    fn hand_over(&mut self, trade_id: &str) -> Result<(), TestCaseError> {
        self.hand_overs += 1;
        let on_disk = self.disk.as_ref().is_some_and(|record| record.handed_over);
        prop_assert!(on_disk, "a code leaves before the journal has it");
        prop_assert!(
            self.may_hand_over,
            "a code was handed over again without a reply that awaits one"
        );
        self.may_hand_over = false;
        self.call(ChargeEvent::HandedOver, self.trade(trade_id));
        Ok(())
    }

    /// A record whose code may have moved money is deleted only after a reply of the backend.
    fn forget(&mut self) -> Result<(), TestCaseError> {
        let at_risk = self.disk.as_ref().is_some_and(|record| record.handed_over);
        let newest = self.counter.charge.trade().map(|trade| trade.status);
        let refused =
            self.history.iter().rev().take(1).any(|(event, _)| {
                matches!(event, ChargeEvent::HandedOver(Err(Fault::Problem(..))))
            });
        let word = newest.is_some_and(|status| !status.at_risk());
        prop_assert!(!at_risk || word || refused, "forgotten at {newest:?}");
        self.disk = None;
        Ok(())
    }

    fn end(&mut self, end: End) -> Result<(), TestCaseError> {
        prop_assert!(self.done.is_none(), "two ends");
        if let End::Known(trade) = &end {
            prop_assert!(trade.status.ends_promise(), "settled as {:?}", trade.status);
            prop_assert_eq!(
                Some(&**trade),
                self.counter.charge.trade(),
                "the charge ended with an older reply"
            );
        }
        self.done = Some(end);
        Ok(())
    }

    fn trade(&self, trade_id: &str) -> Option<usize> {
        self.trades
            .iter()
            .position(|trade| trade.trade_id == trade_id)
    }

    /// The same key gives the same trade. A new trade replaces only one that gives way.
    fn create(&mut self, key: &str) {
        let same = self.trades.iter().position(|trade| trade.key == key);
        if same.is_some() {
            return self.call(ChargeEvent::Created, same);
        }
        let at = self.trades.len();
        if let Some(other) = self.trades.last_mut() {
            match other.state.risk() {
                Risk::None => other.go(self.mode, State::Abandoned),
                Risk::Closed => {}
                Risk::Possible | Risk::Taken => {
                    let busy = Kind::Problem(ProblemCode::SaleBusy, true);
                    return self.answer(ChargeEvent::Created, Some(at - 1), busy);
                }
            }
        }
        let trade = BackendTrade::new(key.to_owned(), at, self.mode, self.slow);
        self.trades.push(trade);
        self.call(ChargeEvent::Created, Some(at));
    }

    /// A cancel closes a trade that awaits a code.
    fn cancel(&mut self, trade_id: &str) {
        let at = self.trade(trade_id);
        if let Some(at) = at.filter(|at| self.trades[*at].state.gives_way()) {
            self.trades[at].go(self.mode, State::Abandoned);
        }
        self.call(ChargeEvent::CancelReplied, at);
    }

    /// Sends the backend's reply to a call. Each call gets one.
    fn call(&mut self, event: fn(Reply) -> ChargeEvent, trade: Option<usize>) {
        let kind = self.answers[self.called % self.answers.len()].kind.clone();
        self.answer(event, trade, kind);
    }

    fn answer(&mut self, event: fn(Reply) -> ChargeEvent, trade: Option<usize>, kind: Kind) {
        let due = self.counter.now + self.answers[self.called % self.answers.len()].after_ms;
        self.called += 1;
        let answer = Coming::Answer { event, trade, kind };
        self.coming.push((due, answer));
    }

    fn arrived(&self, coming: Coming) -> ChargeEvent {
        let Coming::Answer { event, trade, kind } = coming else {
            return ChargeEvent::Journalled;
        };
        let trade = trade.map(|at| &self.trades[at]);
        event(match (kind, trade) {
            (Kind::NoAnswer, _) => Err(Fault::NoAnswer),
            (Kind::NoToken, _) => Err(Fault::NoToken),
            (Kind::TradeView(age), Some(trade)) => {
                Ok(trade.past[trade.past.len().saturating_sub(age + 1)].clone())
            }
            (Kind::TradeView(_), None) => Err(Fault::Problem(ProblemCode::TradeNotFound, None)),
            (Kind::Problem(code, told), trade) => {
                let newest = trade.filter(|_| told).map(BackendTrade::newest);
                Err(Fault::Problem(code, newest.map(Box::new)))
            }
        })
    }

    /// Lets time pass without replies and without a person at the page.
    fn silence(&mut self) -> Result<(), TestCaseError> {
        self.answers = vec![Answer {
            after_ms: Policy::default().call_timeout_ms,
            kind: Kind::NoAnswer,
        }];
        for (_, coming) in &mut self.coming {
            if let Coming::Answer { kind, .. } = coming {
                *kind = Kind::NoAnswer;
            }
        }
        let policy = Policy::default().page();
        let end = self.counter.now
            + 2 * (policy.deadline_ms + policy.last_word_ms)
            + 8 * policy.call_timeout_ms;
        while self.done.is_none() && self.counter.now < end {
            self.coming.sort_by_key(|(at, _)| *at);
            let wake = self.counter.wakes().unwrap_or(Ms::MAX);
            match self.coming.first().map(|(at, _)| *at) {
                Some(at) if at <= wake => self.take(&Turn::Answer)?,
                None if wake == Ms::MAX => return Ok(()),
                _ => self.take(&Turn::Wake(0))?,
            }
        }
        Ok(())
    }
}

fn problems() -> impl Strategy<Value = ProblemCode> {
    prop_oneof![
        Just(ProblemCode::TradeClosed),
        Just(ProblemCode::StoreUnavailable),
        Just(ProblemCode::CodeInvalid),
        Just(ProblemCode::SaleBusy),
        Just(ProblemCode::TradeNotCancellable),
        Just(ProblemCode::TradeNotFound),
        Just(ProblemCode::RateLimited),
        Just(ProblemCode::TokenExpired),
    ]
}

fn answers() -> impl Strategy<Value = Answer> {
    let kind = prop_oneof![
        8 => (0..3_usize).prop_map(Kind::TradeView),
        3 => Just(Kind::NoAnswer),
        1 => Just(Kind::NoToken),
        1 => (problems(), any::<bool>()).prop_map(|(code, told)| Kind::Problem(code, told)),
    ];
    let after = prop_oneof![4 => 1..900_u64, 1 => 900..10_000_u64];
    (after, kind).prop_map(|(after_ms, kind)| Answer { after_ms, kind })
}

fn hints() -> impl Strategy<Value = Hint> {
    let wallet = prop_oneof![
        Just(None),
        Just(Some("21".to_owned())),
        Just(Some("23".to_owned()))
    ];
    (wallet, any::<bool>()).prop_map(|(wallet, official)| Hint { wallet, official })
}

fn turns() -> impl Strategy<Value = Turn> {
    let late = prop_oneof![
        6 => 0..50_u64,
        2 => 1_000..61_000_u64,
        1 => 3_600_000..2 * DAY_MS,
    ];
    prop_oneof![
        6 => late.prop_map(Turn::Wake),
        8 => Just(Turn::Answer),
        1 => Just(Turn::Woke),
        1 => prop_oneof![Just(0), Just(5_000), any::<Ms>()].prop_map(Turn::Paced),
        2 => hints().prop_map(Turn::Scanned),
        1 => any::<bool>().prop_map(Turn::Picked),
        1 => Just(Turn::Cancel),
        3 => any::<Index>().prop_map(Turn::Moves),
        1 => Just(Turn::Reload),
    ]
}

fn plans() -> impl Strategy<Value = Plan> {
    let wallet = prop_oneof![Just(None), Just(Some("21".to_owned()))];
    let mode =
        prop_oneof![2 => Just(CodeMode::ConsumerPresented), 1 => Just(CodeMode::MerchantPresented)];
    let parts = (wallet, mode, prop::option::of(hints()), any::<bool>());
    parts.prop_map(|(wallet, mode, code, states_amount)| Plan {
        sale: SaleInput {
            amount: states_amount.then(|| sale().amount),
            ..sale().into()
        },
        mode,
        code: code.filter(|_| mode == CodeMode::ConsumerPresented),
        wallet,
        keys: ["key".to_owned(), "spare".to_owned()],
    })
}

proptest! {
    /// A code leaves only after the journal has it, again only if the backend awaits it, and never after a reload.
    /// One query is out at a time, and no older reply counts. There is one end and nothing after it.
    /// The story ends in silence. A charge whose code was handed over ends then, too.
    #[test]
    fn a_charge_keeps_its_laws_over_a_long_story(
        plan in plans(),
        slow in prop::bool::weighted(0.1),
        answers in prop::collection::vec(answers(), 1..24),
        turns in prop::collection::vec(turns(), 10..160),
    ) {
        let mut run = Run::new(plan, slow, answers);
        for turn in &turns {
            run.take(turn)?;
        }
        run.silence()?;
        let waits_for_people = matches!(run.counter.charge.phase(), Phase::Scanning | Phase::PickingWallet | Phase::Ready);
        prop_assert!(run.done.is_some() || waits_for_people, "still {:?}", run.counter.charge.phase());
    }

    /// The same start and the same events give the same steps.
    #[test]
    fn rule_10_a_charge_that_is_replayed_takes_the_same_steps(
        plan in plans(),
        slow in prop::bool::weighted(0.1),
        answers in prop::collection::vec(answers(), 1..24),
        turns in prop::collection::vec(turns(), 1..80),
    ) {
        let mut run = Run::new(plan, slow, answers);
        for turn in &turns {
            run.take(turn)?;
        }
        let mut again = begin(&run.start);
        let mut steps = Vec::new();
        let mut drain = |charge: &mut Charge| loop {
            match charge.next() {
                ChargeStep::Wait(_) => return,
                step => steps.push(step),
            }
        };
        drain(&mut again);
        for (event, now) in &run.history {
            again.handle(event.clone(), *now);
            drain(&mut again);
        }
        prop_assert_eq!(&steps, &run.counter.steps);
        prop_assert_eq!(&again, &run.counter.charge);
    }
}
