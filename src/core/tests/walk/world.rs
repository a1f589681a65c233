//! One world: the counter, the backend's rows, the gateway, and everything that is under way between them.

use kaunter_core::admission::{self, Asked};
use kaunter_core::money::Money;
use kaunter_core::policy::{Ms, Policy};
use kaunter_core::sale::{self, CodeUse, Due};
use kaunter_core::till::{self, Charge, End, Fault, Hint, Phase, Plan, Record, Reply};
use kaunter_core::trade::{
    CodeMark, Context, CreateAnswer, Event, Facts, Move, Risk, Rival, Send, State, Step, Trade,
};
use kaunter_core::wire::{self, CodeMode, ProblemCode, VerdictOutcome};

use crate::gateway::{Account, Mood, Place};
use crate::sample::sale as sample;

const MOST_ATTEMPTS: usize = 2;

/// What the world is like: each kind is walked by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Kind {
    /// The gateway has a cancel.
    can_cancel: bool,
    /// Its cancel of what is paid gives the money back; else it is too late.
    refunds: bool,
    /// It says when an unpaid trade can't be paid any more.
    ages: bool,
    /// How many faults: lost requests and answers, proof that nothing left, crashes.
    faults: u8,
    /// How many wishes of people: cancel, void, verdict.
    wishes: u8,
    /// How many times what was closed is paid after all.
    lates: u8,
    /// We present the code.
    merchant: bool,
    /// A second charge of the sale, from another terminal.
    second: bool,
    /// That one presents the code.
    second_merchant: bool,
    /// That one asks for another amount.
    second_amount: bool,
    /// The customer shows the second terminal the code that the first one had.
    second_code: bool,
    /// The gateway gives a new trade the id of an older one.
    repeats_ids: bool,
    /// The customer fumbles for the phone.
    slow_scan: bool,
    horizon: Ms,
}

impl Kind {
    pub(crate) fn all() -> Vec<Self> {
        let base = Self {
            can_cancel: false,
            refunds: false,
            ages: false,
            faults: 2,
            wishes: 1,
            lates: 0,
            merchant: false,
            second: false,
            second_merchant: false,
            second_amount: false,
            second_code: false,
            repeats_ids: false,
            slow_scan: false,
            horizon: 9,
        };
        vec![
            base,
            Self {
                can_cancel: true,
                ..base
            },
            Self {
                can_cancel: true,
                refunds: true,
                ..base
            },
            Self {
                faults: 1,
                wishes: 2,
                lates: 1,
                horizon: 15,
                ..base
            },
            Self {
                can_cancel: true,
                faults: 1,
                wishes: 2,
                lates: 1,
                horizon: 13,
                ..base
            },
            Self {
                ages: true,
                faults: 1,
                wishes: 0,
                slow_scan: true,
                horizon: 15,
                ..base
            },
            Self {
                faults: 1,
                wishes: 0,
                second: true,
                horizon: 9,
                ..base
            },
            Self {
                faults: 0,
                wishes: 1,
                lates: 1,
                second: true,
                ..base
            },
            Self {
                faults: 1,
                wishes: 0,
                second: true,
                second_amount: true,
                ..base
            },
            Self {
                faults: 0,
                wishes: 2,
                lates: 1,
                second: true,
                second_code: true,
                ..base
            },
            Self {
                faults: 1,
                wishes: 0,
                second: true,
                repeats_ids: true,
                ..base
            },
            Self {
                can_cancel: true,
                faults: 0,
                wishes: 1,
                lates: 1,
                second: true,
                horizon: 10,
                ..base
            },
            Self {
                merchant: true,
                horizon: 7,
                ..base
            },
            Self {
                merchant: true,
                can_cancel: true,
                faults: 1,
                lates: 1,
                horizon: 11,
                ..base
            },
            Self {
                merchant: true,
                can_cancel: true,
                refunds: true,
                faults: 1,
                horizon: 10,
                ..base
            },
            Self {
                merchant: true,
                faults: 1,
                wishes: 2,
                lates: 1,
                horizon: 10,
                ..base
            },
            Self {
                merchant: true,
                ages: true,
                faults: 1,
                wishes: 0,
                horizon: 15,
                ..base
            },
            Self {
                merchant: true,
                faults: 1,
                wishes: 0,
                second: true,
                second_merchant: true,
                horizon: 7,
                ..base
            },
            Self {
                faults: 0,
                wishes: 1,
                lates: 1,
                second: true,
                second_merchant: true,
                ..base
            },
            Self {
                merchant: true,
                can_cancel: true,
                faults: 0,
                wishes: 0,
                lates: 1,
                second: true,
                second_merchant: true,
                horizon: 10,
                ..base
            },
        ]
    }

    fn policy(self) -> Policy {
        Policy {
            poll_ms: 2,
            deadline_ms: 6,
            min_cancel_age_ms: 2,
            cancel_deadline_ms: 5,
            void_deadline_ms: 4,
            connect_timeout_ms: 0,
            read_timeout_ms: 2,
            pay_timeout_ms: 3,
            clock_grace_ms: 0,
            terminal_silent_ms: 9,
            heartbeat_ms: 6,
            review_check_first_ms: 3,
            review_check_max_ms: 3,
            late_check_first_ms: 3,
            late_check_max_ms: 6,
            code_memory_s: 600,
            code_answer_ms: 2,
            call_timeout_ms: 2,
            last_word_ms: 4,
            can_cancel: self.can_cancel,
            unpaid_final_after_ms: self.ages.then_some(8),
        }
    }
}

/// A step that a world can take. The numbers count rows, pages and messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    Start,
    Time,
    Deliver(usize, Mood),
    /// The message is held up: it arrives later, if ever.
    Delay(usize),
    DeliverLate(usize, Mood),
    /// The answer carries another amount.
    Twist(usize),
    LoseRequest(usize),
    LoseAnswer(usize, Mood),
    Unsent(usize),
    LoseCall(usize),
    LoseReply(usize),
    Durable(usize),
    Scan(usize),
    SecondTill,
    CashierCancels(usize),
    Void(usize),
    Verdict(usize, VerdictOutcome),
    /// A customer scans our code: at once, or from a photograph of it.
    CustomerScans(usize, Mood),
    CustomerConfirms(usize),
    CustomerRefuses(usize),
    CustomerCloses(usize),
    PaidAfterAll(usize),
    /// The merchant gives the money back at the gateway's own desk.
    GivenBackElsewhere(usize),
    BackendDies {
        requests_lost: bool,
    },
    PageDies(usize),
}

/// Under way: it may arrive in any order, late, or not at all.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Message {
    /// Page to backend.
    Call(usize, Call),
    /// Backend to page.
    Reply(usize, Box<till::Event>),
    /// Backend to gateway.
    Request(usize, Send),
    /// Gateway to backend.
    Answer(usize, Event),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Call {
    Create(wire::NewTrade),
    HandOver(String),
    Ask(String),
    Cancel(String),
}

/// A terminal: its machine, its journal, and how its charge ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Page {
    charge: Option<Charge>,
    journal: Option<Record>,
    writing: Option<Record>,
    scanning: bool,
    end: Option<End>,
}

/// An attempt: the backend's row, and the gateway's own account of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Row {
    key: String,
    page: usize,
    trade: Trade,
    account: Account,
    /// Our code was on a display: from then on anybody may have it.
    shown: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    kind: Kind,
    now: Ms,
    faults: u8,
    wishes: u8,
    lates: u8,
    pages: Vec<Page>,
    rows: Vec<Row>,
    /// On its way, and there before anything that takes time.
    messages: Vec<Message>,
    /// Held up.
    late: Vec<Message>,
    /// Drained into the walk: no part of the world.
    moves: Vec<Move>,
}

/// The same answer about another amount, where it carries any.
fn twisted(event: &Event) -> Option<Event> {
    use kaunter_core::trade::{PayAnswer, StatusWord};
    let mut event = event.clone();
    let carried = match &mut event {
        Event::PayAnswered(PayAnswer::Paid(carried) | PayAnswer::Processing(carried)) => carried,
        Event::Status(_, answer)
            if !matches!(answer.word, StatusWord::NoWord | StatusWord::Unpaid) =>
        {
            &mut answer.carried
        }
        _ => return None,
    };
    if carried.amount.is_some() {
        return None;
    }
    carried.amount = Some(Money {
        minor: 1,
        currency: "MYR".to_owned(),
    });
    Some(event)
}

impl World {
    pub(crate) fn new(kind: Kind) -> Self {
        let mut world = Self {
            kind,
            now: 0,
            faults: kind.faults,
            wishes: kind.wishes,
            lates: kind.lates,
            pages: Vec::new(),
            rows: Vec::new(),
            messages: Vec::new(),
            late: Vec::new(),
            moves: Vec::new(),
        };
        world.start_page();
        world
    }

    /// The message that an action is about, for a counter-example.
    pub(crate) fn told(&self, action: Action) -> String {
        let message = match action {
            Action::Deliver(at, _)
            | Action::Delay(at)
            | Action::LoseRequest(at)
            | Action::LoseAnswer(at, _)
            | Action::LoseCall(at)
            | Action::LoseReply(at)
            | Action::Unsent(at)
            | Action::Twist(at) => self.messages.get(at),
            Action::DeliverLate(at, _) => self.late.get(at),
            _ => None,
        };
        match message {
            Some(Message::Reply(page, event)) => {
                let kind = format!("{event:?}");
                let kind = kind.split('(').next().unwrap_or_default();
                format!("reply {kind} to page {page}")
            }
            Some(message) => format!("{message:?}"),
            None => String::new(),
        }
    }

    /// Where everything stands, in a line.
    pub(crate) fn sketch(&self) -> String {
        let rows = self.rows.iter().map(|row| {
            format!(
                "{:?} v{} ({:?})",
                row.trade.state(),
                row.trade.version(),
                row.account.place
            )
        });
        let pages = self.pages.iter().map(|page| {
            let phase = page.charge.as_ref().map(Charge::phase);
            format!("{phase:?}")
        });
        let all: Vec<String> = rows.chain(pages).collect();
        format!("{} ms, {}", self.now, all.join(", "))
    }

    pub(crate) fn drain_moves(&mut self) -> Vec<Move> {
        std::mem::take(&mut self.moves)
    }

    // ---- what can happen -------------------------------------------------------------------------------------

    pub(crate) fn actions(&self) -> Vec<Action> {
        let mut actions = Vec::new();
        let mut urgent = !self.messages.is_empty();
        for (at, message) in self.messages.iter().enumerate() {
            self.message_actions(at, message, &mut actions);
        }
        for (at, message) in self.late.iter().enumerate() {
            self.deliveries(message, |mood| actions.push(Action::DeliverLate(at, mood)));
        }
        for (at, page) in self.pages.iter().enumerate() {
            if page.writing.is_some() {
                urgent = true;
                actions.push(Action::Durable(at));
            }
            if page.scanning {
                urgent |= !self.kind.slow_scan;
                actions.push(Action::Scan(at));
            }
            let running = page
                .charge
                .as_ref()
                .is_some_and(|charge| charge.phase() != Phase::Ended);
            if running && self.wishes > 0 {
                actions.push(Action::CashierCancels(at));
            }
            if running && self.faults > 0 {
                actions.push(Action::PageDies(at));
            }
        }
        for (at, row) in self.rows.iter().enumerate() {
            self.row_actions(at, row, &mut actions);
        }
        if self.kind.second && self.pages.len() == 1 {
            actions.push(Action::SecondTill);
        }
        if self.faults > 0 && !self.rows.is_empty() {
            actions.push(Action::BackendDies {
                requests_lost: false,
            });
            actions.push(Action::BackendDies {
                requests_lost: true,
            });
        }
        let wake = self.next_wake().filter(|wake| *wake <= self.kind.horizon);
        if wake.is_some() && !urgent {
            actions.push(Action::Time);
        }
        actions
    }

    fn message_actions(&self, at: usize, message: &Message, actions: &mut Vec<Action>) {
        self.deliveries(message, |mood| actions.push(Action::Deliver(at, mood)));
        if self.faults == 0 {
            return;
        }
        match message {
            Message::Call(_, Call::Ask(_)) => actions.push(Action::LoseCall(at)),
            Message::Call(..) => actions.extend([Action::LoseCall(at), Action::Delay(at)]),
            Message::Reply(..) => actions.extend([Action::LoseReply(at), Action::Delay(at)]),
            Message::Request(row, send) => {
                for mood in self.rows[*row].account.moods(*send) {
                    actions.push(Action::LoseAnswer(at, *mood));
                }
                actions.extend([Action::LoseRequest(at), Action::Delay(at)]);
                if matches!(send, Send::Pay | Send::Void) {
                    actions.push(Action::Unsent(at));
                }
            }
            Message::Answer(_, event) => {
                actions.push(Action::Delay(at));
                if twisted(event).is_some() {
                    actions.push(Action::Twist(at));
                }
            }
        }
    }

    fn deliveries(&self, message: &Message, mut deliver: impl FnMut(Mood)) {
        match message {
            Message::Request(_, Send::Pay) if self.is_too_old_to_pay() => deliver(Mood::Refuses),
            Message::Request(row, send) => {
                for mood in self.rows[*row].account.moods(*send) {
                    deliver(*mood);
                }
            }
            Message::Call(..) | Message::Reply(..) | Message::Answer(..) => deliver(Mood::Grants),
        }
    }

    /// Where the gateway says that an old trade can't be paid any more, it can't.
    fn is_too_old_to_pay(&self) -> bool {
        let age_ms = self.kind.policy().unpaid_final_after_ms;
        age_ms.is_some_and(|age_ms| self.now >= age_ms)
    }

    fn row_actions(&self, at: usize, row: &Row, actions: &mut Vec<Action>) {
        if row.account.place == Place::Pending {
            if !self.is_too_old_to_pay() {
                actions.push(Action::CustomerConfirms(at));
            }
            actions.push(Action::CustomerRefuses(at));
            actions.push(Action::CustomerCloses(at));
        }
        if row.shown && row.account.place == Place::Created && !self.is_too_old_to_pay() {
            for mood in [Mood::Grants, Mood::Waits, Mood::Refuses] {
                actions.push(Action::CustomerScans(at, mood));
            }
        }
        if self.lates > 0
            && (row.account.payments > 0 || row.shown)
            && matches!(row.account.place, Place::Failed | Place::Closed)
        {
            actions.push(Action::PaidAfterAll(at));
        }
        if self.wishes > 0 {
            if matches!(row.trade.state(), State::Paid | State::LateSuccess) {
                actions.push(Action::Void(at));
            }
            if row.trade.state() == State::LateSuccess && row.account.place == Place::Paid {
                actions.push(Action::GivenBackElsewhere(at));
            }
            for outcome in self.true_verdicts(at, row) {
                actions.push(Action::Verdict(at, outcome));
            }
        }
    }

    /// A person settles a review by the gateway's own books, when nothing is under way there any more.
    fn true_verdicts(&self, at: usize, row: &Row) -> Vec<VerdictOutcome> {
        let under_way = |message: &Message| matches!(message, Message::Request(of, Send::Pay | Send::Cancel | Send::Void) if *of == at);
        if self.messages.iter().chain(&self.late).any(under_way) {
            return vec![];
        }
        match (row.trade.state(), row.account.place) {
            (State::NeedsReview | State::VoidReview | State::LateSuccess, Place::Paid) => {
                vec![VerdictOutcome::Paid]
            }
            (State::NeedsReview | State::VoidReview | State::LateSuccess, Place::Voided) => {
                vec![VerdictOutcome::Voided]
            }
            (State::NeedsReview, Place::Failed | Place::Closed) => vec![VerdictOutcome::Declined],
            (_, _) => vec![],
        }
    }

    fn next_wake(&self) -> Option<Ms> {
        let policy = self.kind.policy();
        let rows = self
            .rows
            .iter()
            .filter_map(|row| match row.trade.clone().next(&policy) {
                Step::Wait(wake) => Some(wake),
                Step::Done => None,
                Step::Send(send) => panic!("{send:?} was not drained"),
            });
        let pages = self
            .pages
            .iter()
            .filter_map(|page| match page.charge.clone()?.next() {
                till::Step::Wait(wake) if wake < Ms::MAX => Some(wake),
                _ => None,
            });
        rows.chain(pages).map(|wake| wake.max(self.now + 1)).min()
    }

    // ---- what it does ----------------------------------------------------------------------------------------

    pub(crate) fn take(&mut self, action: Action) {
        match action {
            Action::Start => {}
            Action::Time => self.pass_time(),
            Action::Deliver(at, mood) => {
                let message = self.messages.remove(at);
                self.deliver(message, mood);
            }
            Action::Delay(at) => {
                self.faults -= 1;
                let message = self.messages.remove(at);
                self.late.push(message);
            }
            Action::DeliverLate(at, mood) => {
                let message = self.late.remove(at);
                self.deliver(message, mood);
            }
            Action::Twist(at) => {
                self.faults -= 1;
                if let Message::Answer(row, event) = self.messages.remove(at) {
                    let event = twisted(&event).unwrap();
                    self.messages.push(Message::Answer(row, event));
                }
            }
            Action::LoseRequest(at) => self.lose_request(at),
            Action::LoseAnswer(at, mood) => self.lose_answer(at, mood),
            Action::Unsent(at) => self.unsent(at),
            Action::LoseCall(at) => {
                self.faults -= 1;
                if let Message::Call(page, call) = self.messages.remove(at) {
                    self.tell(page, Self::reply(&call, Err(Fault::NoAnswer)));
                }
            }
            Action::LoseReply(at) => {
                self.faults -= 1;
                if let Message::Reply(page, event) = self.messages.remove(at) {
                    self.tell(page, Self::without_word(*event));
                }
            }
            Action::Durable(page) => {
                self.pages[page].journal = self.pages[page].writing.take();
                self.tell(page, till::Event::Journalled);
            }
            Action::Scan(page) => {
                self.pages[page].scanning = false;
                self.tell(page, till::Event::Scanned(Hint::default()));
            }
            Action::SecondTill => self.start_page(),
            Action::CashierCancels(page) => {
                self.wishes -= 1;
                self.tell(page, till::Event::Cancel);
            }
            Action::Void(row) => {
                self.wishes -= 1;
                let _ = self.apply(row, Event::Void);
            }
            Action::Verdict(row, outcome) => {
                self.wishes -= 1;
                let _ = self.apply(row, Event::Verdict(outcome));
            }
            Action::CustomerScans(row, mood) => self.rows[row].account.scan(mood),
            Action::CustomerConfirms(row) => self.rows[row].account.charge(),
            Action::CustomerRefuses(row) => self.rows[row].account.place = Place::Failed,
            Action::GivenBackElsewhere(row) => {
                self.rows[row].account.give_back_at_desk();
            }
            Action::CustomerCloses(row) => self.rows[row].account.place = Place::Closed,
            Action::PaidAfterAll(row) => {
                self.lates -= 1;
                self.rows[row].account.late = true;
                self.rows[row].account.charge();
            }
            Action::BackendDies { requests_lost } => self.backend_dies(requests_lost),
            Action::PageDies(page) => self.page_dies(page),
        }
        self.canonical();
    }

    fn pass_time(&mut self) {
        self.now = self.next_wake().unwrap();
        for row in 0..self.rows.len() {
            let _ = self.apply(row, Event::Tick);
        }
        for page in 0..self.pages.len() {
            self.tell(page, till::Event::Tick);
        }
    }

    fn deliver(&mut self, message: Message, mood: Mood) {
        match message {
            Message::Call(page, call) => {
                let reply = self.backend(page, &call);
                let event = Self::reply(&call, reply);
                // A question is answered on the spot: an old answer is told from a new one by its version alone.
                if matches!(call, Call::Ask(_)) {
                    self.tell(page, event);
                } else {
                    self.messages.push(Message::Reply(page, Box::new(event)));
                }
            }
            Message::Reply(page, event) => self.tell(page, *event),
            Message::Request(row, send) => {
                let event = self.serve(row, send, mood);
                self.messages.push(Message::Answer(row, event));
            }
            Message::Answer(row, event) => {
                let _ = self.apply(row, event);
            }
        }
    }

    /// The gateway does what a row asked for: with that row's trade, or with an older one that has the same id.
    fn serve(&mut self, row: usize, send: Send, mood: Mood) -> Event {
        let oldest = self.rows[0].trade.gateway_ref();
        let shared = row > 0 && oldest.is_some() && self.rows[row].trade.gateway_ref() == oldest;
        let repeats = row > 0 && oldest.is_some() && self.kind.repeats_ids;
        let at = if shared { 0 } else { row };
        let mut event = self.rows[at].account.serve(send, mood, self.kind.refunds);
        if let Event::Created(CreateAnswer::Made { gateway_ref, .. }) = &mut event {
            *gateway_ref = format!("G{}", if repeats { 0 } else { row });
        }
        event
    }

    fn lose_request(&mut self, at: usize) {
        self.faults -= 1;
        if let Message::Request(row, send) = self.messages.remove(at) {
            self.messages
                .push(Message::Answer(row, Account::silence(send)));
        }
    }

    fn lose_answer(&mut self, at: usize, mood: Mood) {
        self.faults -= 1;
        if let Message::Request(row, send) = self.messages.remove(at) {
            self.serve(row, send, mood);
            self.messages
                .push(Message::Answer(row, Account::silence(send)));
        }
    }

    fn unsent(&mut self, at: usize) {
        use kaunter_core::trade::{PayAnswer, VoidAnswer};
        self.faults -= 1;
        if let Message::Request(row, send) = self.messages.remove(at) {
            let event = match send {
                Send::Pay => Event::PayAnswered(PayAnswer::Unsent),
                _ => Event::VoidAnswered(VoidAnswer::Unsent),
            };
            self.messages.push(Message::Answer(row, event));
        }
    }

    fn backend_dies(&mut self, requests_lost: bool) {
        self.faults -= 1;
        let messages = std::mem::take(&mut self.messages);
        for message in messages {
            match message {
                Message::Answer(..) => {}
                Message::Request(..) if requests_lost => {}
                Message::Request(row, send) => self.messages.push(Message::Request(row, send)),
                Message::Call(page, call) => self.messages.push(Message::Call(page, call)),
                Message::Reply(page, event) => {
                    self.messages
                        .push(Message::Reply(page, Box::new(Self::without_word(*event))));
                }
            }
        }
        self.late
            .retain(|message| !matches!(message, Message::Answer(..)));
        for row in 0..self.rows.len() {
            let _ = self.apply(row, Event::Restarted);
        }
    }

    fn page_dies(&mut self, at: usize) {
        self.faults -= 1;
        for messages in [&mut self.messages, &mut self.late] {
            messages.retain(|message| !matches!(message, Message::Reply(page, _) if *page == at));
        }
        let page = &mut self.pages[at];
        page.writing = None;
        page.scanning = false;
        page.charge = page
            .journal
            .clone()
            .map(|record| Charge::resume(record, self.kind.policy().page(), self.now));
        self.drain_page(at);
    }

    /// The one kindness of this gateway: a cancel that was held up until nobody waits for it any more is dropped. One
    /// that refunds after the attempt was seen to be paid would need the gateway's own notice, and it sends none.
    fn drop_stale_cancels(&mut self) {
        let rows = &self.rows;
        self.late.retain(|message| match message {
            Message::Request(row, Send::Cancel) => matches!(
                rows[*row].trade.state(),
                State::Cancelling | State::CancelUnknown
            ),
            Message::Request(..) | Message::Answer(..) | Message::Call(..) | Message::Reply(..) => {
                true
            }
        });
    }

    fn canonical(&mut self) {
        self.drop_stale_cancels();
        use std::hash::{DefaultHasher, Hash, Hasher};
        for messages in [&mut self.messages, &mut self.late] {
            messages.sort_by_cached_key(|message| {
                let mut hasher = DefaultHasher::new();
                message.hash(&mut hasher);
                hasher.finish()
            });
        }
    }

    // ---- the page --------------------------------------------------------------------------------------------

    fn start_page(&mut self) {
        let at = self.pages.len();
        let merchant = if at == 0 {
            self.kind.merchant
        } else {
            self.kind.second_merchant
        };
        let mut sale = sample();
        if at > 0 && self.kind.second_amount {
            sale.amount.minor += 1;
        }
        let plan = Plan {
            sale,
            mode: if merchant {
                CodeMode::MerchantPresented
            } else {
                CodeMode::ConsumerPresented
            },
            wallet: Some("W".to_owned()),
            code: None,
            keys: [format!("key{at}"), format!("spare{at}")],
        };
        let charge = Charge::new(plan, self.kind.policy().page());
        self.pages.push(Page {
            charge: Some(charge),
            journal: None,
            writing: None,
            scanning: false,
            end: None,
        });
        self.drain_page(at);
    }

    fn tell(&mut self, at: usize, event: till::Event) {
        let now = self.now;
        if let Some(charge) = &mut self.pages[at].charge {
            charge.handle(event, now);
            self.drain_page(at);
        }
    }

    fn drain_page(&mut self, at: usize) {
        let page = &mut self.pages[at];
        let Some(charge) = &mut page.charge else {
            return;
        };
        loop {
            let call = match charge.next() {
                till::Step::Wait(_) => return,
                till::Step::Scan => {
                    page.scanning = true;
                    continue;
                }
                till::Step::StopScan => {
                    page.scanning = false;
                    continue;
                }
                till::Step::Journal(record) => {
                    page.writing = Some(record);
                    continue;
                }
                till::Step::Forget(_) => {
                    page.journal = None;
                    page.writing = None;
                    continue;
                }
                till::Step::Yield(_, other) => {
                    page.journal = Some(other);
                    page.writing = None;
                    continue;
                }
                till::Step::Done(end) => {
                    page.end = Some(end);
                    continue;
                }
                till::Step::Show(_) => {
                    let shown = charge.record().trade_id.clone();
                    let rows = self.rows.iter_mut();
                    rows.filter(|row| Some(&row.trade.facts().trade_id) == shown.as_ref())
                        .for_each(|row| row.shown = true);
                    continue;
                }
                till::Step::Pick | till::Step::Notice(_) => continue,
                till::Step::Create(new) => Call::Create(new),
                till::Step::HandOver(trade_id) => Call::HandOver(trade_id),
                till::Step::Ask(trade_id) => Call::Ask(trade_id),
                till::Step::Cancel(trade_id) => Call::Cancel(trade_id),
            };
            self.messages.push(Message::Call(at, call));
        }
    }

    fn reply(call: &Call, reply: Reply) -> till::Event {
        match call {
            Call::Create(_) => till::Event::Created(reply),
            Call::HandOver(_) => till::Event::HandedOver(reply),
            Call::Ask(_) => till::Event::Told(reply),
            Call::Cancel(_) => till::Event::CancelTold(reply),
        }
    }

    fn without_word(event: till::Event) -> till::Event {
        match event {
            till::Event::Created(_) => till::Event::Created(Err(Fault::NoAnswer)),
            till::Event::HandedOver(_) => till::Event::HandedOver(Err(Fault::NoAnswer)),
            till::Event::Told(_) => till::Event::Told(Err(Fault::NoAnswer)),
            till::Event::CancelTold(_) => till::Event::CancelTold(Err(Fault::NoAnswer)),
            other => other,
        }
    }

    // ---- the backend: the rules of the store, around the real machine ------------------------------------------

    fn backend(&mut self, page: usize, call: &Call) -> Reply {
        match call {
            Call::Create(new) => self.create(page, new),
            Call::HandOver(trade_id) => {
                let row = self.find(trade_id)?;
                self.answer(row, Event::Code(self.code(page)))
            }
            Call::Ask(trade_id) => {
                let row = self.find(trade_id)?;
                let own = self.rows[row].page == page;
                self.answer(row, if own { Event::Heard } else { Event::Tick })
            }
            Call::Cancel(trade_id) => {
                let row = self.find(trade_id)?;
                self.answer(row, Event::Cancel)
            }
        }
    }

    /// What the customer shows this page.
    fn code(&self, page: usize) -> CodeMark {
        let shown = if self.kind.second_code { 0 } else { page };
        CodeMark(format!("code{shown}"))
    }

    /// True where the rule refuses the code that this row's page hands over now.
    fn is_code_reused(&self, at: usize) -> bool {
        let code = self.code(self.rows[at].page);
        let others = self.rows.iter().enumerate().filter(|(row, _)| *row != at);
        let last = others
            .filter(|(_, row)| row.trade.payment_left() && self.code(row.page) == code)
            .map(|(_, row)| CodeUse {
                reference: row.trade.facts().sale.reference.clone(),
                at_ms: self.now,
                refused: sale::frees_code(row.trade.state()),
            })
            .next_back();
        let reference = &self.rows[at].trade.facts().sale.reference;
        sale::is_code_reused(last.as_ref(), reference, self.now, &self.kind.policy())
    }

    /// The store's part of a creation: an id that another row has is never believed.
    fn stored(&self, at: usize, event: Event) -> Event {
        let Event::Created(CreateAnswer::Made { gateway_ref, .. }) = &event else {
            return event;
        };
        let mut holders = self.rows.iter().enumerate().filter(|(row, _)| *row != at);
        let holder = holders.find(|(_, row)| row.trade.gateway_ref() == Some(gateway_ref));
        let holder = holder.map(|(_, row)| row.trade.facts().trade_id.as_str());
        if sale::is_id_repeated(holder, &self.rows[at].trade.facts().trade_id) {
            return Event::Created(CreateAnswer::Repeated);
        }
        event
    }

    fn find(&self, trade_id: &str) -> Result<usize, Fault> {
        self.rows
            .iter()
            .position(|row| row.trade.facts().trade_id == trade_id)
            .ok_or(Fault::Problem(ProblemCode::TradeNotFound, None))
    }

    fn answer(&mut self, row: usize, event: Event) -> Reply {
        let refused = self.apply(row, event);
        let trade = self.wire(row);
        match refused {
            Ok(()) => Ok(trade),
            Err(refusal) => Err(Fault::Problem(refusal.into(), Some(Box::new(trade)))),
        }
    }

    fn create(&mut self, page: usize, new: &wire::NewTrade) -> Reply {
        if let Some(row) = self
            .rows
            .iter()
            .position(|row| row.key == new.idempotency_key)
        {
            return Ok(self.wire(row));
        }
        let policy = self.kind.policy();
        let terminal = format!("till{page}");
        let others = self.rows.iter().map(|row| &row.trade);
        let due = self.rows.first().map(|row| Due::of_first(&row.trade));
        let asked = Asked {
            terminal: &terminal,
            amount: &new.sale.amount,
            minted_s: None,
        };
        let admission = admission::admit(others, due.as_ref(), &asked, self.now, &policy).map_err(
            |denial| {
                let trade = denial.trade().map(|row| Box::new(self.wire(row)));
                Fault::Problem(denial.into(), trade)
            },
        )?;
        // Before anything is written, for a refusal changes nothing.
        if self.rows.len() == MOST_ATTEMPTS {
            return Err(Fault::Problem(ProblemCode::TooMany, None));
        }
        for (row, mut left) in admission.replaced {
            self.moves.extend(left.take_moves());
            self.rows[row].trade = left;
        }
        let facts = Facts {
            trade_id: format!("T{}", self.rows.len()),
            shop: "shop".to_owned(),
            terminal,
            attempt: u32::try_from(self.rows.len()).unwrap() + 1,
            sale: new.sale.clone(),
            wallet_id: new.wallet_id.clone(),
            mode: new.mode,
        };
        let mut trade = Trade::new(facts, self.now);
        let row = self.rows.len();
        while let Step::Send(send) = trade.next(&policy) {
            self.messages.push(Message::Request(row, send));
        }
        self.rows.push(Row {
            key: new.idempotency_key.clone(),
            page,
            trade,
            account: Account::NEW,
            shown: false,
        });
        Ok(self.wire(row))
    }

    fn rival(&self, of: usize) -> Rival {
        let others = self.rows.iter().enumerate().filter(|(at, _)| *at != of);
        others
            .map(|(_, row)| row.trade.as_rival())
            .max()
            .unwrap_or(Rival::None)
    }

    fn apply(&mut self, at: usize, event: Event) -> Result<(), kaunter_core::trade::Refusal> {
        let policy = self.kind.policy();
        let event = self.stored(at, event);
        let code_reused = matches!(event, Event::Code(_)) && self.is_code_reused(at);
        let context = Context {
            now: self.now,
            policy: &policy,
            rival: self.rival(at),
            said: None,
            code_reused,
        };
        let trade = &mut self.rows[at].trade;
        let granted = trade.handle(event, &context);
        self.moves.extend(trade.take_moves());
        while let Step::Send(send) = trade.next(&policy) {
            self.messages.push(Message::Request(at, send));
        }
        granted
    }

    fn wire(&self, at: usize) -> wire::Trade {
        // What no page decides by would only tell worlds apart that are one.
        wire::Trade {
            gateway_ref: None,
            void_gateway_ref: None,
            decided_by: None,
            late: false,
            deadline_at: None,
            ..self.rows[at].trade.told(0, |_| String::new())
        }
    }

    // ---- what must hold in every world -------------------------------------------------------------------------

    pub(crate) fn judge(&self) -> Result<(), String> {
        self.rows.iter().try_for_each(Self::judge_row)?;
        let amounts = self.rows.iter().map(|row| &row.trade.facts().sale.amount);
        if amounts
            .skip(1)
            .any(|amount| *amount != self.rows[0].trade.facts().sale.amount)
        {
            return Err("a page changed what is owed".to_owned());
        }
        let holders = self
            .rows
            .iter()
            .filter(|row| row.trade.holds_sale())
            .count();
        if holders > 1 {
            return Err("two attempts hold one sale".to_owned());
        }
        self.pages
            .iter()
            .try_for_each(|page| self.judge_page(page))?;
        self.judge_sale()
    }

    fn judge_row(row: &Row) -> Result<(), String> {
        let account = row.account;
        if account.payments > 1 || account.charged > 1 {
            return Err(
                "double charge: the payment of one attempt reached the gateway twice".to_owned(),
            );
        }
        if account.refunded > account.charged {
            return Err("double refund".to_owned());
        }
        let unseen =
            row.trade.state().risk() == Risk::None || row.trade.state() == State::Abandoned;
        if row.shown && unseen {
            return Err("our code was shown, and the row says that nobody could pay".to_owned());
        }
        let kept = account.charged - account.refunded;
        let lie = match row.trade.state() {
            State::Paid => kept != 1,
            State::LateSuccess => account.charged != 1,
            State::Voided => kept != 0 && !account.late,
            State::Declined | State::Cancelled | State::Expired => kept != 0 && !account.late,
            State::Creating | State::CreateUnknown | State::AwaitingCode => account.payments != 0,
            State::Abandoned => account.payments != 0,
            _ => false,
        };
        if lie {
            return Err(format!(
                "{:?} is not what the ledger says: {account:?}",
                row.trade.state()
            ));
        }
        Ok(())
    }

    /// What the cashier was told at the end is true, now and later.
    fn judge_page(&self, page: &Page) -> Result<(), String> {
        let Some(end) = &page.end else { return Ok(()) };
        let account = |trade_id: &str| {
            let row = self
                .rows
                .iter()
                .find(|row| row.trade.facts().trade_id == trade_id);
            row.map(|row| row.account).unwrap()
        };
        match end {
            End::Settled(trade) => match trade.status {
                wire::Status::Paid if account(&trade.trade_id).charged != 1 => {
                    Err("told paid, and the ledger has no charge".to_owned())
                }
                wire::Status::Declined | wire::Status::Cancelled
                    if account(&trade.trade_id).charged != account(&trade.trade_id).refunded
                        && !account(&trade.trade_id).late =>
                {
                    Err(format!(
                        "told {:?}, and the ledger has a charge",
                        trade.status
                    ))
                }
                _ => Ok(()),
            },
            End::Unresolved(..) => Ok(()),
            End::Refused(..)
            | End::Unreachable
            | End::NoToken
            | End::GatewayDown
            | End::NoWallet
            | End::Aborted => {
                let began = self.rows.iter().any(|row| {
                    let own = page
                        .charge
                        .as_ref()
                        .is_some_and(|charge| charge.record().key == row.key);
                    own && (row.account.payments > 0 || row.shown)
                });
                if began {
                    Err(format!(
                        "told that nothing began ({end:?}), and a payment left"
                    ))
                } else {
                    Ok(())
                }
            }
        }
    }

    /// At rest a sale keeps its amount once or not at all; more stands only with an alarm, or unknown to the backend
    /// because the gateway took it after its last question.
    fn judge_sale(&self) -> Result<(), String> {
        let kept: u8 = self
            .rows
            .iter()
            .map(|row| row.account.charged - row.account.refunded)
            .sum();
        let late = self.rows.iter().any(|row| row.account.late);
        if kept > 1 && !late {
            return Err(format!(
                "double charge: the sale keeps its amount {kept} times"
            ));
        }
        Ok(())
    }
}
