//! The charge at the counter, with a backend that says what it likes as late as it likes, and pages that are reloaded.

use kaunter_core::policy::{Ms, Policy};
use kaunter_core::till::{Charge, End, Event, Fault, Hint, Phase, Plan, Record, Reply, Step};
use kaunter_core::wire::{CodeMode, ProblemCode, Reason, Status, Trade};
use proptest::prelude::*;

use super::sample::{self, sale};

const DAY_MS: Ms = 24 * 3_600_000;
/// No `handle` asks for more steps.
const MOST_STEPS: usize = 6;

/// What happens next.
#[derive(Clone, Debug)]
enum Turn {
    /// The page comes back when it was told to, so late: a hidden tab, or a laptop that slept.
    Wake(Ms),
    /// The answer that is due next arrives.
    Answer,
    Woke,
    Scanned(Hint),
    Picked(bool),
    Cancel,
    /// The attempt goes on at the backend, without a word to this page.
    Moves(Status),
    /// The page is reloaded; its clock begins anew.
    Reload,
}

/// What the backend makes of one call.
#[derive(Clone, Debug)]
struct Answer {
    after_ms: Ms,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    /// The attempt as it is, or as it was so many versions ago.
    Trade(usize),
    NoAnswer,
    NoToken,
    Problem(ProblemCode, bool),
}

struct Run {
    charge: Charge,
    mode: CodeMode,
    now: Ms,
    /// The attempt's past, newest last: what the backend may say.
    past: Vec<Trade>,
    answers: Vec<Answer>,
    called: usize,
    coming: Vec<(Ms, Event)>,
    /// The journal, as it is on the disk.
    disk: Option<Record>,
    asking: u32,
    hand_overs: u32,
    /// A word that the attempt awaits a code came after the last hand-over.
    may_hand_over: bool,
    done: Option<End>,
    /// Every step and every event of this page, for the replay.
    steps: Vec<Step>,
    history: Vec<(Event, Ms)>,
    start: Start,
}

#[derive(Clone)]
enum Start {
    New(Plan),
    Resumed(Record),
}

fn trade(mode: CodeMode, status: Status, version: u64) -> Trade {
    Trade {
        reason: (status == Status::Declined).then_some(Reason::Other),
        ..sample::told("T", mode, status, version)
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
    fn new(plan: Plan, answers: Vec<Answer>) -> Self {
        let mode = plan.mode;
        let first = match mode {
            CodeMode::ConsumerPresented => Status::AwaitingCode,
            CodeMode::MerchantPresented => Status::AwaitingPayer,
        };
        let start = Start::New(plan);
        let mut run = Self {
            charge: begin(&start),
            now: 0,
            mode,
            past: vec![trade(mode, first, 1)],
            answers,
            called: 0,
            coming: Vec::new(),
            disk: None,
            asking: 0,
            hand_overs: 0,
            may_hand_over: true,
            done: None,
            steps: Vec::new(),
            history: Vec::new(),
            start,
        };
        run.drain().unwrap();
        run
    }

    fn take(&mut self, turn: &Turn) -> Result<(), TestCaseError> {
        match turn {
            Turn::Wake(late) => {
                if let Step::Wait(at) = self.charge.clone().next() {
                    let at = if at == Ms::MAX { self.now } else { at };
                    self.now = self.now.max(at) + late;
                }
                self.tell(Event::Tick)
            }
            Turn::Answer => {
                self.coming.sort_by_key(|(at, _)| *at);
                if self.coming.is_empty() {
                    return Ok(());
                }
                let (at, event) = self.coming.remove(0);
                self.now = self.now.max(at);
                self.tell(event)
            }
            Turn::Woke => self.tell(Event::Woke),
            Turn::Scanned(hint) => self.tell(Event::Scanned(hint.clone())),
            Turn::Picked(some) => self.tell(Event::Picked(some.then(|| "25".to_owned()))),
            Turn::Cancel => self.tell(Event::Cancel),
            Turn::Moves(status) => {
                let version = self.past.len() as u64 + 1;
                // A code that a customer presents is awaited, or ours is paid: never both.
                let status = match (self.mode, *status) {
                    (CodeMode::ConsumerPresented, Status::AwaitingPayer) => Status::AwaitingCode,
                    (CodeMode::MerchantPresented, Status::AwaitingCode) => Status::AwaitingPayer,
                    (CodeMode::ConsumerPresented | CodeMode::MerchantPresented, status) => status,
                };
                self.past.push(trade(self.mode, status, version));
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
        self.charge = begin(&self.start);
        self.now = 0;
        self.coming.clear();
        self.asking = 0;
        self.may_hand_over = false;
        self.hand_overs = 0;
        self.done = None;
        self.history.clear();
        self.steps.clear();
        self.drain()
    }

    fn tell(&mut self, event: Event) -> Result<(), TestCaseError> {
        self.history.push((event.clone(), self.now));
        let known = self.charge.trade().map(|trade| trade.version);
        match &event {
            Event::Told(_) => self.asking = self.asking.saturating_sub(1),
            Event::Journalled => {
                let journalled = self.steps.iter().rev().find_map(|step| match step {
                    Step::Journal(record) => Some(record.clone()),
                    _ => None,
                });
                self.disk = journalled;
            }
            _ => {}
        }
        // A refusal that carries the trade is the backend's word too.
        if let Event::Told(reply) | Event::HandedOver(reply) | Event::CancelTold(reply) = &event {
            let told = match reply {
                Ok(trade) => Some(trade),
                Err(Fault::Problem(_, trade)) => trade.as_deref(),
                Err(Fault::NoAnswer | Fault::NoToken) => None,
            };
            self.may_hand_over |= told.is_some_and(|told| told.status == Status::AwaitingCode);
        }
        let ended = self.done.is_some();
        self.charge.handle(event, self.now);
        prop_assert!(
            known.is_none_or(|known| {
                let now = self.charge.trade().map(|trade| trade.version);
                now.is_none() || now.is_some_and(|now| now >= known)
            }),
            "an older word was adopted"
        );
        let before = self.steps.len();
        self.drain()?;
        prop_assert!(
            !ended || self.steps.len() == before,
            "something after the end"
        );
        prop_assert!(self.steps.len() - before <= MOST_STEPS);
        Ok(())
    }

    fn drain(&mut self) -> Result<(), TestCaseError> {
        loop {
            let step = self.charge.next();
            if matches!(step, Step::Wait(_)) {
                return Ok(());
            }
            self.steps.push(step.clone());
            match step {
                Step::Journal(_) => self.coming.push((self.now + 1, Event::Journalled)),
                Step::Create(_) => self.call(Event::Created),
                Step::HandOver(_) => self.hand_over()?,
                Step::Ask(_) => {
                    self.asking += 1;
                    prop_assert!(self.asking <= 1, "two questions at once");
                    self.call(Event::Told);
                }
                Step::Cancel(_) => self.call(Event::CancelTold),
                Step::Forget(_) | Step::Yield(..) => self.forget()?,
                Step::Show(_) => {
                    let on_disk = self.disk.as_ref().is_some_and(|record| record.handed_over);
                    prop_assert!(on_disk, "our code is shown before the journal has it");
                }
                Step::Done(end) => self.end(end)?,
                Step::Scan | Step::StopScan | Step::Pick | Step::Notice(_) | Step::Wait(_) => {}
            }
        }
    }

    fn hand_over(&mut self) -> Result<(), TestCaseError> {
        self.hand_overs += 1;
        let on_disk = self.disk.as_ref().is_some_and(|record| record.handed_over);
        prop_assert!(on_disk, "a code leaves before the journal has it");
        prop_assert!(
            self.may_hand_over,
            "handed over again, and nobody said that a code is awaited"
        );
        self.may_hand_over = false;
        self.call(Event::HandedOver);
        Ok(())
    }

    /// A record whose code may have moved money is forgotten on the backend's word only.
    fn forget(&mut self) -> Result<(), TestCaseError> {
        let at_risk = self.disk.as_ref().is_some_and(|record| record.handed_over);
        let newest = self.charge.trade().map(|trade| trade.status);
        let refused = self
            .history
            .iter()
            .rev()
            .take(1)
            .any(|(event, _)| matches!(event, Event::HandedOver(Err(Fault::Problem(..)))));
        let word = newest.is_some_and(|status| !status.at_risk());
        prop_assert!(!at_risk || word || refused, "forgotten at {newest:?}");
        self.disk = None;
        Ok(())
    }

    fn end(&mut self, end: End) -> Result<(), TestCaseError> {
        prop_assert!(self.done.is_none(), "two ends");
        if let End::Settled(trade) = &end {
            prop_assert!(trade.status.ends_promise(), "settled as {:?}", trade.status);
            prop_assert_eq!(
                Some(&**trade),
                self.charge.trade(),
                "settled with an older word"
            );
        }
        self.done = Some(end);
        Ok(())
    }

    /// The backend's answer to a call is on its way: one for each.
    fn call(&mut self, event: fn(Reply) -> Event) {
        let answer = self.answers[self.called % self.answers.len()].clone();
        self.called += 1;
        let newest = self.past.last().cloned().unwrap();
        let reply = match answer.kind {
            Kind::Trade(age) => {
                let at = self.past.len().saturating_sub(age + 1);
                Ok(self.past[at].clone())
            }
            Kind::NoAnswer => Err(Fault::NoAnswer),
            Kind::NoToken => Err(Fault::NoToken),
            Kind::Problem(code, told) => Err(Fault::Problem(code, told.then(|| Box::new(newest)))),
        };
        self.coming.push((self.now + answer.after_ms, event(reply)));
    }

    /// Nobody answers any more, and nobody touches the page.
    fn silence(&mut self) -> Result<(), TestCaseError> {
        self.answers = vec![Answer {
            after_ms: Policy::default().call_timeout_ms,
            kind: Kind::NoAnswer,
        }];
        for (_, event) in &mut self.coming {
            match event {
                Event::Created(reply)
                | Event::HandedOver(reply)
                | Event::Told(reply)
                | Event::CancelTold(reply) => {
                    *reply = Err(Fault::NoAnswer);
                }
                _ => {}
            }
        }
        let policy = Policy::default().page();
        let end =
            self.now + 2 * (policy.deadline_ms + policy.last_word_ms) + 8 * policy.call_timeout_ms;
        while self.done.is_none() && self.now < end {
            self.coming.sort_by_key(|(at, _)| *at);
            let wake = match self.charge.clone().next() {
                Step::Wait(at) => at,
                _ => self.now,
            };
            match self.coming.first().map(|(at, _)| *at) {
                Some(at) if at <= wake => self.take(&Turn::Answer)?,
                None if wake == Ms::MAX => return Ok(()),
                _ => self.take(&Turn::Wake(0))?,
            }
        }
        Ok(())
    }
}

fn statuses() -> impl Strategy<Value = Status> {
    prop_oneof![
        3 => Just(Status::AwaitingCode),
        1 => Just(Status::AwaitingPayer),
        2 => Just(Status::Paying),
        3 => Just(Status::Pending),
        2 => Just(Status::Unknown),
        1 => Just(Status::Cancelling),
        1 => Just(Status::NeedsReview),
        1 => Just(Status::Paid),
        1 => Just(Status::Voiding),
        1 => Just(Status::LateSuccess),
        1 => Just(Status::Declined),
        1 => Just(Status::Cancelled),
        1 => Just(Status::Voided),
        1 => Just(Status::Creating),
    ]
}

fn problems() -> impl Strategy<Value = ProblemCode> {
    prop_oneof![
        Just(ProblemCode::TradeClosed),
        Just(ProblemCode::StoreUnavailable),
        Just(ProblemCode::CodeInvalid),
        Just(ProblemCode::SaleBusy),
        Just(ProblemCode::NotCancellable),
        Just(ProblemCode::TradeNotFound),
        Just(ProblemCode::TooMany),
        Just(ProblemCode::TokenExpired),
    ]
}

fn answers() -> impl Strategy<Value = Answer> {
    let kind = prop_oneof![
        8 => (0..3_usize).prop_map(Kind::Trade),
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
        2 => hints().prop_map(Turn::Scanned),
        1 => any::<bool>().prop_map(Turn::Picked),
        1 => Just(Turn::Cancel),
        3 => statuses().prop_map(Turn::Moves),
        1 => Just(Turn::Reload),
    ]
}

fn plans() -> impl Strategy<Value = Plan> {
    let wallet = prop_oneof![Just(None), Just(Some("21".to_owned()))];
    let mode =
        prop_oneof![2 => Just(CodeMode::ConsumerPresented), 1 => Just(CodeMode::MerchantPresented)];
    (wallet, mode, prop::option::of(hints())).prop_map(|(wallet, mode, code)| Plan {
        sale: sale(),
        mode,
        code: code.filter(|_| mode == CodeMode::ConsumerPresented),
        wallet,
        keys: ["key".to_owned(), "spare".to_owned()],
    })
}

proptest! {
    /// A code leaves only after the journal has it, again only where the backend awaits it, and after a reload never;
    /// one question at a time; no older word; one end and nothing after it. The story ends in silence: a charge whose
    /// code was handed over ends then, too.
    #[test]
    fn a_charge_keeps_its_laws_over_a_long_story(
        plan in plans(),
        answers in prop::collection::vec(answers(), 1..24),
        turns in prop::collection::vec(turns(), 10..160),
    ) {
        let mut run = Run::new(plan, answers);
        for turn in &turns {
            run.take(turn)?;
        }
        run.silence()?;
        let waits_for_people = matches!(run.charge.phase(), Phase::Scanning | Phase::Picking | Phase::Ready);
        prop_assert!(run.done.is_some() || waits_for_people, "still {:?}", run.charge.phase());
    }

    /// The same start and the same events make the same steps.
    #[test]
    fn rule_10_a_charge_that_is_replayed_takes_the_same_steps(
        plan in plans(),
        answers in prop::collection::vec(answers(), 1..24),
        turns in prop::collection::vec(turns(), 1..80),
    ) {
        let mut run = Run::new(plan, answers);
        for turn in &turns {
            run.take(turn)?;
        }
        let mut again = begin(&run.start);
        let mut steps = Vec::new();
        let mut drain = |charge: &mut Charge| loop {
            match charge.next() {
                Step::Wait(_) => return,
                step => steps.push(step),
            }
        };
        drain(&mut again);
        for (event, now) in &run.history {
            again.handle(event.clone(), *now);
            drain(&mut again);
        }
        prop_assert_eq!(&steps, &run.steps);
        prop_assert_eq!(&again, &run.charge);
    }
}
