//! The trade, with a gateway that gives any answer at any time, and a backend that crashes.

use kaunter_core::policy::{Ms, Policy};
use kaunter_core::trade::{
    CancelAnswer, Carried, CodeMark, Context, CreateAnswer, Event, GatewayRequest, GatewayStatus,
    GiveUp, MOVES, PayAnswer, Risk, SaleHold, State, StatusAnswer, Step, Trade, VoidAnswer,
};
use kaunter_core::wire::{CodeMode, Payload, Reason, Tender, VerdictOutcome};
use proptest::prelude::*;

use kaunter_model::harness::TradeHarness;
use kaunter_model::sample::{CASHIER, facts, verdict_by};

const DAY_MS: Ms = 24 * 3_600_000;
/// The most requests that one event may cause: a payment, a cancel or a void, and a query.
const MOST_SENT: usize = 3;

/// What happens next.
#[derive(Clone, Debug)]
enum Turn {
    /// The driver ticks this much later than the machine asked for: a throttled timer, or a laptop that slept.
    Wake(Ms),
    /// The answer that is due next arrives.
    Answer,
    /// A request of a person, or an effect of another trade.
    Request(Event),
    /// How the sale's other trades limit this one from now on.
    OthersHold(SaleHold),
    /// The process dies, and another one with this clock offset reads the row. Answers on their way are lost.
    Crash(i64),
}

/// How the gateway answers one request.
#[derive(Clone, Debug)]
struct Reply {
    /// `None` if it never comes.
    after_ms: Option<Ms>,
    /// The same answer comes once more, this much later.
    again_ms: Option<Ms>,
    pay: PayAnswer,
    create: CreateAnswer,
    cancel: CancelAnswer,
    void: VoidAnswer,
    status: GatewayStatus,
    carried: Carried,
}

/// Events with their times, for a replay.
type History = Vec<(Event, Ms, SaleHold)>;

struct Run {
    desk: TradeHarness,
    replies: Vec<Reply>,
    asked: usize,
    /// Answers on their way, by the time of their arrival.
    coming: Vec<(Ms, Event)>,
    /// Queries that are out: what they carry, and when they left.
    queries: Vec<(u64, Ms)>,
    /// Payments that left and were not proven unsent, and voids that left and did not fail.
    payments: i32,
    voids: i32,
    history: History,
}

const BORN: Ms = 100 * DAY_MS;

impl Run {
    fn new(mode: CodeMode, policy: Policy, replies: Vec<Reply>) -> Self {
        let mut run = Self {
            desk: TradeHarness::of(facts("T", mode), policy, BORN),
            replies,
            asked: 0,
            coming: Vec::new(),
            queries: Vec::new(),
            payments: 0,
            voids: 0,
            history: Vec::new(),
        };
        run.sent(0);
        run
    }

    fn take(&mut self, turn: &Turn) -> Result<(), TestCaseError> {
        match turn {
            Turn::Wake(late) => {
                let wake = self.desk.wakes().unwrap_or(0);
                self.desk.now = wake.max(self.desk.now) + late;
                // A driver with a budget may have no turn yet.
                let waits = self.desk.in_turn && late % 3 == 0;
                self.tell(if waits { Event::Tick } else { self.time() })
            }
            Turn::Answer => {
                self.coming.sort_by_key(|(at, _)| *at);
                if self.coming.is_empty() {
                    return Ok(());
                }
                let (at, event) = self.coming.remove(0);
                self.desk.now = self.desk.now.max(at);
                self.tell(event)
            }
            Turn::Request(event) => self.tell(event.clone()),
            Turn::OthersHold(hold) => {
                self.desk.held_by_others = *hold;
                Ok(())
            }
            Turn::Crash(off) => self.crash(*off),
        }
    }

    /// What the driver says when the machine is due.
    fn time(&self) -> Event {
        match self.desk.in_turn {
            true => Event::Turn,
            false => Event::Tick,
        }
    }

    fn crash(&mut self, off: i64) -> Result<(), TestCaseError> {
        self.coming.clear();
        self.queries.clear();
        self.desk.trade = read_back(&self.desk.trade);
        self.desk.now = self.desk.now.saturating_add_signed(off);
        let before = self.desk.sent.len();
        self.tell(Event::Restarted)?;
        let only_asks = self.desk.sent[before..]
            .iter()
            .all(|(_, send)| matches!(send, GatewayRequest::Query { .. } | GatewayRequest::Cancel));
        prop_assert!(
            only_asks,
            "a row that is read back sends: {:?}",
            self.desk.sent
        );
        Ok(())
    }

    /// Handles one event and checks every law.
    fn tell(&mut self, event: Event) -> Result<(), TestCaseError> {
        self.history
            .push((event.clone(), self.desk.now, self.desk.held_by_others));
        let before = self.desk.trade.clone();
        if let Event::Status(version, _) = &event {
            self.queries.retain(|(asked, _)| asked != version);
        }
        let state = before.state();
        match &event {
            Event::PayAnswered(PayAnswer::Unsent)
                if matches!(state, State::Paying | State::Unknown) =>
            {
                self.payments -= 1;
            }
            Event::VoidAnswered(VoidAnswer::Failed | VoidAnswer::Unsent)
                if matches!(
                    state,
                    State::Voiding | State::VoidUnknown | State::VoidReview
                ) =>
            {
                self.voids -= 1;
            }
            _ => {}
        }
        let _ = self.desk.decide(event.clone());
        for done in self.desk.trade.take_moves() {
            let known = MOVES
                .iter()
                .any(|(from, to, _)| (*from, *to) == (done.from, done.to));
            prop_assert!(known, "no such move: {done:?} on {event:?}");
            let void = done.to == State::Voiding;
            let word = matches!(&event, Event::Status(_, answer) if answer.status == GatewayStatus::Voided);
            let given_back = word && matches!(done.to, State::Reversed | State::Voided);
            // Rule 44: a person's Paid may be corrected, on an answer to a question that left after the request.
            let corrected = before.decided_by_person()
                && before.proposal().is_some()
                && matches!(&event, Event::Status(version, _) if *version == before.version());
            prop_assert!(
                done.from != State::Paid || void || given_back || corrected,
                "paid, then {:?}",
                done.to
            );
        }
        prop_assert_eq!(
            self.desk.trade.version(),
            before.version() + u64::from(self.desk.trade != before),
            "a version for each change"
        );
        self.drain_lawfully()
    }

    fn drain_lawfully(&mut self) -> Result<(), TestCaseError> {
        let before = self.desk.sent.len();
        let lost_ms = self.desk.policy.connect_timeout_ms
            + self.desk.policy.read_timeout_ms
            + self.desk.policy.clock_grace_ms;
        self.queries
            .retain(|(_, left)| self.desk.now < left + lost_ms);
        let open = self.queries.len();
        self.desk.drain();
        self.sent(before);
        let sent = self.desk.sent.len() - before;
        prop_assert!(sent <= MOST_SENT, "{sent} requests at once");
        prop_assert!(self.payments <= 1, "{} payments are out", self.payments);
        prop_assert!(self.voids <= 1, "{} voids are out", self.voids);
        let asked = self.queries.len() > open;
        prop_assert!(!asked || open == 0, "a query overlaps another");
        if let Some(at) = self.desk.wakes() {
            let bound = match self.desk.trade.state().risk() {
                Risk::Closed => self.desk.policy.late_check_max_ms,
                Risk::Taken if self.desk.trade.decided_by_person() => {
                    self.desk.policy.late_check_max_ms
                }
                Risk::None => self.desk.policy.terminal_silent_ms,
                // From the day's beginning to the last check of its payments.
                Risk::Taken if self.desk.state() == State::Paid => 2 * DAY_MS,
                Risk::Possible | Risk::Taken => self
                    .desk
                    .policy
                    .review_check_max_ms
                    .max(self.desk.policy.deadline_ms),
            };
            prop_assert!(
                at <= self.desk.now + bound,
                "{:?} sleeps {} ms",
                self.desk.trade.state(),
                at - self.desk.now
            );
        }
        Ok(())
    }

    /// Counts the requests that were sent since then, and plans their answers.
    fn sent(&mut self, before: usize) {
        for at in before..self.desk.sent.len() {
            let (_, send) = self.desk.sent[at];
            match send {
                GatewayRequest::Pay => self.payments += 1,
                GatewayRequest::Void => self.voids += 1,
                GatewayRequest::Query { version } => self.queries.push((version, self.desk.now)),
                GatewayRequest::Create | GatewayRequest::Cancel => {}
            }
            self.answer(send);
        }
    }

    /// Plans the gateway's next answer to this request.
    fn answer(&mut self, send: GatewayRequest) {
        if self.replies.is_empty() {
            return;
        }
        let reply = self.replies[self.asked % self.replies.len()].clone();
        self.asked += 1;
        let Some(after) = reply.after_ms else { return };
        let carried = reply.carried.clone();
        let (event, once) = match send {
            GatewayRequest::Create => (Event::Created(reply.create), false),
            // The proof that nothing left comes from our own connection, and comes once.
            GatewayRequest::Pay => (
                Event::PayAnswered(reply.pay.clone()),
                reply.pay == PayAnswer::Unsent,
            ),
            GatewayRequest::Query { version } => {
                let status = reply.status;
                let answer = StatusAnswer { status, carried };
                (Event::Status(version, answer), false)
            }
            GatewayRequest::Cancel => (Event::CancelAnswered(reply.cancel), false),
            GatewayRequest::Void => (Event::VoidAnswered(reply.void), true),
        };
        self.coming.push((self.desk.now + after, event.clone()));
        if let Some(again) = reply.again_ms.filter(|_| !once) {
            self.coming.push((self.desk.now + after + again, event));
        }
    }

    /// Lets time pass as the machine asks for, without answers and without requests of people.
    fn silence(&mut self) -> Result<usize, TestCaseError> {
        self.replies.clear();
        self.coming.clear();
        let policy = self.desk.policy.clone();
        let budget = policy.terminal_silent_ms
            + policy.deadline_ms
            + policy.cancel_deadline_ms
            + policy.void_deadline_ms
            + 2 * (policy.connect_timeout_ms + policy.pay_timeout_ms + policy.clock_grace_ms);
        let end = self.desk.now + budget;
        let before = self.desk.queries();
        while let Some(at) = self.desk.wakes() {
            if at > end {
                break;
            }
            self.desk.now = self.desk.now.max(at);
            self.tell(self.time())?;
        }
        Ok(self.desk.queries() - before)
    }
}

fn read_back(trade: &Trade) -> Trade {
    serde_json::from_str(&serde_json::to_string(trade).unwrap()).unwrap()
}

fn outcomes() -> impl Strategy<Value = VerdictOutcome> {
    prop_oneof![
        Just(VerdictOutcome::Paid),
        Just(VerdictOutcome::Declined),
        Just(VerdictOutcome::Voided),
    ]
}

fn requests() -> impl Strategy<Value = Event> {
    let mark = |code: &str| Event::Code(CodeMark(code.to_owned()));
    prop_oneof![
        6 => Just(mark("one")),
        1 => Just(mark("two")),
        2 => Just(Event::TerminalSeen),
        2 => Just(Event::Refresh),
        1 => Just(Event::Superseded),
        1 => Just(Event::AmountChanged),
        2 => Just(Event::Cancel),
        2 => Just(Event::Void),
        1 => Just(Event::GiveUp(GiveUp { by: "aminah".to_owned(), tender: Tender::Cash, at_ms: BORN })),
        4 => (outcomes(), prop_oneof![Just(CASHIER), Just("manager"), Just("boss")])
            .prop_map(|(outcome, name)| verdict_by(name, outcome)),
    ]
}

fn turns() -> impl Strategy<Value = Turn> {
    let late = prop_oneof![
        6 => 0..50_u64,
        // A hidden tab wakes once a minute, and a closed laptop the next day.
        2 => 1_000..61_000_u64,
        1 => 3_600_000..2 * DAY_MS,
    ];
    let day = i64::try_from(DAY_MS).unwrap();
    prop_oneof![
        8 => late.prop_map(Turn::Wake),
        6 => Just(Turn::Answer),
        4 => requests().prop_map(Turn::Request),
        1 => prop_oneof![Just(SaleHold::None), Just(SaleHold::Late), Just(SaleHold::Held)].prop_map(Turn::OthersHold),
        1 => prop_oneof![-day..day, -5_000..5_000_i64].prop_map(Turn::Crash),
    ]
}

fn replies() -> impl Strategy<Value = Reply> {
    let carried = prop_oneof![
        12 => Just(Carried::default()),
        1 => Just(Carried { gateway_ref: Some("other".to_owned()), ..Carried::default() }),
    ];
    let after = prop_oneof![
        1 => Just(None),
        5 => (0..1_500_u64).prop_map(Some),
        2 => (1_500..60_000_u64).prop_map(Some),
    ];
    let pay = prop_oneof![
        2 => Just(PayAnswer::Paid(Carried::default())),
        2 => Just(PayAnswer::Processing(Carried::default())),
        1 => Just(PayAnswer::Refused(Reason::Other)),
        2 => Just(PayAnswer::Unsent),
        3 => Just(PayAnswer::Unclear),
    ];
    let create = prop_oneof![
        9 => Just(CreateAnswer::Made { gateway_ref: "G".to_owned(), payload: Some(Payload("scan me".to_owned())) }),
        1 => Just(CreateAnswer::Unclear),
    ];
    let cancel = prop_oneof![
        Just(CancelAnswer::Closed),
        Just(CancelAnswer::Refunded),
        Just(CancelAnswer::TooLate),
        Just(CancelAnswer::Unclear)
    ];
    let void = prop_oneof![
        Just(VoidAnswer::Done(None)),
        Just(VoidAnswer::Failed),
        Just(VoidAnswer::Unsent),
        Just(VoidAnswer::Unclear)
    ];
    let status = prop_oneof![
        2 => Just(GatewayStatus::Paid),
        3 => Just(GatewayStatus::Pending),
        3 => Just(GatewayStatus::Unpaid),
        1 => Just(GatewayStatus::Failed(Reason::Other)),
        1 => Just(GatewayStatus::Closed),
        1 => Just(GatewayStatus::Voided),
        1 => Just(GatewayStatus::Unlisted),
        3 => Just(GatewayStatus::Unclear),
    ];
    let again = prop_oneof![3 => Just(None), 1 => (0..90_000_u64).prop_map(Some)];
    (after, again, pay, create, cancel, void, status, carried).prop_map(
        |(after_ms, again_ms, pay, create, cancel, void, status, carried)| Reply {
            after_ms,
            again_ms,
            pay,
            create,
            cancel,
            void,
            status,
            carried,
        },
    )
}

fn ways() -> impl Strategy<Value = CodeMode> {
    prop_oneof![2 => Just(CodeMode::ConsumerPresented), 1 => Just(CodeMode::MerchantPresented)]
}

fn policies() -> impl Strategy<Value = Policy> {
    let ages = prop_oneof![Just(None), (60_000..900_000_u64).prop_map(Some)];
    (any::<bool>(), ages).prop_map(|(can_cancel, unpaid_final_after_ms)| Policy {
        can_cancel,
        unpaid_final_after_ms,
        ..Policy::default()
    })
}

proptest! {
    /// Rules 2, 4, 8, 10, 11, 13 and 50 of `docs/rules.md`, over long stories. Each story ends in silence.
    /// A trade that is open then reaches a review in time, and is queried at most every two seconds.
    #[test]
    fn a_trade_keeps_its_laws_over_a_long_story(
        mode in ways(),
        policy in policies(),
        replies in prop::collection::vec(replies(), 1..24),
        turns in prop::collection::vec(turns(), 20..240),
        in_turn in any::<bool>(),
    ) {
        let mut run = Run::new(mode, policy, replies);
        run.desk.in_turn = in_turn;
        for turn in &turns {
            run.take(turn)?;
        }
        let began = run.desk.now;
        let asked = run.silence()?;
        let state = run.desk.trade.state();
        let rests = match state.risk() {
            Risk::None => false,
            Risk::Possible => matches!(state, State::NeedsReview | State::GivenUp),
            Risk::Taken => matches!(state, State::Paid | State::VoidReview | State::LateSuccess | State::Reversed),
            Risk::Closed => true,
        };
        prop_assert!(rests, "still {state:?} after {} ms of silence", run.desk.now - began);
        let most = (run.desk.now - began) / (run.desk.policy.poll_ms * 9 / 10) + 2;
        prop_assert!(asked as u64 <= most, "{asked} queries in {} ms", run.desk.now - began);
    }

    /// Rule 10: the same row and the same events give the same row, the same requests and the same moves.
    /// It makes no difference whether the row went through the store after each event.
    #[test]
    fn rule_10_a_history_that_is_replayed_ends_the_same(
        mode in ways(),
        policy in policies(),
        replies in prop::collection::vec(replies(), 1..24),
        turns in prop::collection::vec(turns(), 1..120),
    ) {
        let mut run = Run::new(mode, policy, replies);
        for turn in &turns {
            run.take(turn)?;
        }
        for through_store in [false, true] {
            let mut trade = Trade::new(facts("T", mode), BORN);
            let mut sent = Vec::new();
            let mut drain = |trade: &mut Trade| {
                while let Step::Send(send) = trade.next(&run.desk.policy) {
                    sent.push(send);
                }
            };
            drain(&mut trade);
            for (event, now, hold) in &run.history {
                if through_store {
                    trade = read_back(&trade);
                }
                let context = Context { now: *now, policy: &run.desk.policy, held_by_others: *hold, gateway_answer: None, code_reused: false };
                let _ = trade.handle(event.clone(), &context);
                trade.take_moves();
                drain(&mut trade);
            }
            prop_assert_eq!(&trade, &run.desk.trade);
            let was: Vec<GatewayRequest> = run.desk.sent.iter().map(|(_, send)| *send).collect();
            prop_assert_eq!(&sent, &was);
        }
    }
}
