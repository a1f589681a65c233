//! The actions that are possible in a world.

use kaunter_core::policy::Ms;
use kaunter_core::till::{self, Phase};
use kaunter_core::trade::{GatewayRequest, State, Step};
use kaunter_core::wire::VerdictOutcome;
use kaunter_model::gateway::{Response, Stage};

use super::{Call, Message, World, twisted};

const OUTCOMES: [VerdictOutcome; 3] = [
    VerdictOutcome::Paid,
    VerdictOutcome::Declined,
    VerdictOutcome::Voided,
];

/// A step that a world can take. The numbers are indices of rows, pages and messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    Start,
    Time,
    Deliver(usize, Response),
    /// The message is delayed. It arrives later or never.
    Delay(usize),
    DeliverLate(usize, Response),
    /// The answer carries another amount.
    Twist(usize),
    LoseRequest(usize),
    LoseAnswer(usize, Response),
    Unsent(usize),
    LoseCall(usize),
    LoseReply(usize),
    Durable(usize),
    Scan(usize),
    SecondTill,
    /// The shop's server registers another amount.
    AmountChanges,
    /// A person lets this page's device act for the name.
    TakeOver(usize),
    CashierCancels(usize),
    Void(usize),
    Verdict(usize, VerdictOutcome),
    /// The customer pays in another way.
    GiveUp(usize),
    /// A person says this, whether it is true or not.
    Says(usize, &'static str, VerdictOutcome),
    /// A customer scans our code: at once, or from a photograph of it.
    CustomerScans(usize, Response),
    CustomerConfirms(usize),
    CustomerRefuses(usize),
    CustomerCloses(usize),
    PaidAfterAll(usize),
    /// The merchant gives the money back in the gateway's portal.
    GivenBackElsewhere(usize),
    /// The gateway takes a reversal back: the shop has won a dispute.
    ReversalUndone(usize),
    BackendDies {
        requests_lost: bool,
    },
    PageDies(usize),
}

impl World {
    /// Everything that can happen next.
    pub(crate) fn actions(&self) -> Vec<Action> {
        let mut actions = Vec::new();
        let mut urgent = !self.messages.is_empty();
        for (at, message) in self.messages.iter().enumerate() {
            self.message_actions(at, message, &mut actions);
        }
        for (at, message) in self.late.iter().enumerate() {
            self.deliveries(message, |response| {
                actions.push(Action::DeliverLate(at, response))
            });
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
            // Where people dispute, the page's own mistakes are left out: other kinds have them.
            let running = running && self.kind.liars.is_empty();
            if running && self.requests > 0 {
                actions.push(Action::CashierCancels(at));
            }
            if running && self.faults > 0 {
                actions.push(Action::PageDies(at));
            }
        }
        for row in 0..self.outside.len() {
            self.row_actions(row, &mut actions);
        }
        if self.kind.second && self.pages.len() == 1 {
            actions.push(Action::SecondTill);
        }
        if self.amount_changes > 0 && self.may_change_amount() {
            actions.push(Action::AmountChanges);
        }
        if self.kind.one_name && self.requests > 0 && self.pages.len() > 1 {
            let watching = (0..self.pages.len()).filter(|page| !self.pages[*page].took_over);
            actions.extend(watching.map(Action::TakeOver));
        }
        if self.faults > 0 && !self.outside.is_empty() {
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

    pub(super) fn message_actions(&self, at: usize, message: &Message, actions: &mut Vec<Action>) {
        self.deliveries(message, |response| {
            actions.push(Action::Deliver(at, response))
        });
        if self.faults == 0 {
            return;
        }
        match message {
            Message::Call(..) | Message::Reply(..) if !self.kind.liars.is_empty() => {}
            Message::Call(_, Call::Ask(_)) => actions.push(Action::LoseCall(at)),
            Message::Call(..) => actions.extend([Action::LoseCall(at), Action::Delay(at)]),
            Message::Reply(..) => actions.extend([Action::LoseReply(at), Action::Delay(at)]),
            Message::Request(row, send) => {
                for response in self.outside[*row].account.responses(*send) {
                    actions.push(Action::LoseAnswer(at, *response));
                }
                actions.extend([Action::LoseRequest(at), Action::Delay(at)]);
                if matches!(send, GatewayRequest::Pay | GatewayRequest::Void) {
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

    pub(super) fn deliveries(&self, message: &Message, mut deliver: impl FnMut(Response)) {
        match message {
            Message::Request(_, GatewayRequest::Pay) if self.is_too_old_to_pay() => {
                deliver(Response::Refuse)
            }
            Message::Request(row, send) => {
                for response in self.outside[*row].account.responses(*send) {
                    deliver(*response);
                }
            }
            Message::Call(..) | Message::Reply(..) | Message::Answer(..) => {
                deliver(Response::Grant)
            }
        }
    }

    /// Whether a payment is still possible. If the gateway guarantees that an old trade can't be paid, it can't.
    pub(super) fn is_too_old_to_pay(&self) -> bool {
        let age_ms = self.kind.policy().unpaid_final_after_ms;
        age_ms.is_some_and(|age_ms| self.now >= age_ms)
    }

    pub(super) fn row_actions(&self, at: usize, actions: &mut Vec<Action>) {
        let (state, row) = (self.store.trade(at).state(), &self.outside[at]);
        if row.account.stage == Stage::Pending {
            if !self.is_too_old_to_pay() {
                actions.push(Action::CustomerConfirms(at));
            }
            actions.push(Action::CustomerRefuses(at));
            actions.push(Action::CustomerCloses(at));
        }
        if row.shown && row.account.stage == Stage::Created && !self.is_too_old_to_pay() {
            for response in [Response::Grant, Response::Wait, Response::Refuse] {
                actions.push(Action::CustomerScans(at, response));
            }
        }
        if self.lates > 0
            && (row.account.ledger.payments > 0 || row.shown)
            && row.account.stage.is_unpaid()
        {
            actions.push(Action::PaidAfterAll(at));
        }
        if self.give_ups > 0 && at + 1 == self.outside.len() {
            actions.push(Action::GiveUp(at));
        }
        if self.requests > 0 {
            if matches!(state, State::Paid | State::LateSuccess) {
                actions.push(Action::Void(at));
            }
            let returnable = match state {
                State::LateSuccess | State::GivenUp => true,
                State::Paid | State::Voiding | State::VoidUnknown => self.kind.reverses,
                _ => false,
            };
            if returnable && row.account.stage == Stage::Paid {
                actions.push(Action::GivenBackElsewhere(at));
            }
            if state == State::Reversed && row.account.stage == Stage::Refunded {
                actions.push(Action::ReversalUndone(at));
            }
            if let Some(outcome) = self.true_verdict(at)
                && !self.kind.people_decide_anything()
            {
                actions.push(Action::Verdict(at, outcome));
            }
            for name in self.kind.liars {
                let says = OUTCOMES.map(|outcome| Action::Says(at, name, outcome));
                actions.extend(says.into_iter().filter(|_| self.is_disputable(at)));
            }
        }
    }

    /// Whether a person's verdict about this trade may be taken. Where money comes late, people
    /// speak only of a void of it that got no answer.
    fn is_disputable(&self, at: usize) -> bool {
        let trade = self.store.trade(at);
        if self.kind.lates > 0 {
            let lost_void = trade.state() == State::VoidReview;
            return trade.was_late() && (lost_void || trade.decided_by_person());
        }
        trade.decided_by_person()
            || matches!(
                trade.state(),
                State::NeedsReview | State::VoidReview | State::LateSuccess
            )
    }

    /// A person gives a verdict by the gateway's books, when no request is under way there any more.
    fn true_verdict(&self, at: usize) -> Option<VerdictOutcome> {
        let hasty = self.kind.hasty && self.store.trade(at).state() == State::VoidReview;
        let under_way = |message: &Message| matches!(message, Message::Request(of, GatewayRequest::Pay | GatewayRequest::Cancel | GatewayRequest::Void) if *of == at && !hasty);
        if self.messages.iter().chain(&self.late).any(under_way) {
            return None;
        }
        self.outside[at]
            .account
            .verdict(self.store.trade(at).state())
    }

    pub(super) fn next_wake(&self) -> Option<Ms> {
        let policy = self.kind.policy();
        let rows =
            self.store
                .rows()
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
                till::ChargeStep::Wait(wake) if wake < Ms::MAX => Some(wake),
                _ => None,
            });
        rows.chain(pages).map(|wake| wake.max(self.now + 1)).min()
    }

    /// The message that an action is about, for a counter-example.
    pub(crate) fn describe(&self, action: Action) -> String {
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
}
