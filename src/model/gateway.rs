//! The gateway's side of a trade: what it was asked, what it did, and the ledger of both.
//!
//! It guards against nothing: a second payment is a second charge, and a second void is a second refund.
//! So the ledger shows each mistake of the machines.

use kaunter_core::trade::{
    CancelAnswer, Carried, CreateAnswer, Event, PayAnswer, Send, State, StatusAnswer, StatusWord,
    VoidAnswer,
};
use kaunter_core::wire::{Payload, Reason, VerdictOutcome};

/// Where a trade stands at the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The gateway has not heard of it.
    Absent,
    /// Created, and not paid.
    Created,
    /// A payment waits for its customer.
    Pending,
    /// Paid.
    Paid,
    /// A payment was refused.
    Failed,
    /// Closed unpaid.
    Closed,
    /// Paid, and given back.
    Refunded,
}

impl Stage {
    /// What the gateway says to a question.
    #[must_use]
    pub fn word(self) -> StatusWord {
        match self {
            Self::Absent => StatusWord::NoWord,
            Self::Created => StatusWord::Unpaid,
            Self::Pending => StatusWord::Pending,
            Self::Paid => StatusWord::Paid,
            Self::Failed => StatusWord::Failed(Reason::Other),
            Self::Closed => StatusWord::Closed,
            Self::Refunded => StatusWord::Voided,
        }
    }

    /// True where the gateway says how the payment ended.
    #[must_use]
    pub fn is_final(self) -> bool {
        match self {
            Self::Absent | Self::Created | Self::Pending => false,
            Self::Paid | Self::Failed | Self::Closed | Self::Refunded => true,
        }
    }

    /// True where it ended unpaid. It may be paid after all.
    #[must_use]
    pub fn is_unpaid(self) -> bool {
        match self {
            Self::Failed | Self::Closed => true,
            Self::Absent | Self::Created | Self::Pending | Self::Paid | Self::Refunded => false,
        }
    }
}

/// How the gateway, or the customer behind it, takes a request that can be taken in more than one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Response {
    /// Done.
    Grant,
    /// The customer has to confirm it.
    Wait,
    /// Refused.
    Refuse,
}

/// What was done with a trade's money, in times of its amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ledger {
    /// Payments that arrived, whatever became of them.
    pub payments: u8,
    /// How often the customer was charged.
    pub charged: u8,
    /// How often the money was given back.
    pub refunded: u8,
    /// The trade was closed or failed first, and charged later.
    pub late: bool,
    /// The merchant gave the money back at the gateway's own desk: its books refuse a void after that.
    pub at_desk: bool,
}

impl Ledger {
    /// What is kept of the customer's money.
    #[must_use]
    pub fn kept(self) -> i16 {
        i16::from(self.charged) - i16::from(self.refunded)
    }
}

/// One trade, as the gateway really has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Account {
    /// Where it stands.
    pub stage: Stage,
    /// What was done.
    pub ledger: Ledger,
}

/// What a request says, beside what it is.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The gateway's id of the trade, where this creates it.
    pub gateway_ref: &'a str,
    /// A cancel of what is paid gives the money back; else it is too late.
    pub cancel_refunds: bool,
    /// What the answers to payments and questions carry.
    pub carried: Carried,
}

impl Account {
    /// Nothing has arrived yet.
    pub const NEW: Self = Self {
        stage: Stage::Absent,
        ledger: Ledger {
            payments: 0,
            charged: 0,
            refunded: 0,
            late: false,
            at_desk: false,
        },
    };

    /// The responses that make a difference to this request.
    #[must_use]
    pub fn responses(self, send: Send) -> &'static [Response] {
        match (send, self.stage) {
            (Send::Create, _) | (Send::Void, Stage::Paid) => &[Response::Grant, Response::Refuse],
            (Send::Pay, Stage::Created) => &[Response::Grant, Response::Wait, Response::Refuse],
            (Send::Pay | Send::Query { .. } | Send::Cancel | Send::Void, _) => &[Response::Grant],
        }
    }

    /// Does what was asked, and says so.
    pub fn serve(&mut self, send: Send, response: Response, request: Request<'_>) -> Event {
        match send {
            Send::Create => Event::Created(self.create(response, request.gateway_ref)),
            Send::Pay => Event::PayAnswered(self.pay(response, request.carried)),
            Send::Query { version } => {
                let word = self.stage.word();
                let carried = request.carried;
                Event::Status(version, StatusAnswer { word, carried })
            }
            Send::Cancel => Event::CancelAnswered(self.cancel(request.cancel_refunds)),
            Send::Void => Event::VoidAnswered(self.void(response)),
        }
    }

    /// Creates the trade.
    pub fn create(&mut self, response: Response, gateway_ref: &str) -> CreateAnswer {
        if response == Response::Refuse {
            return CreateAnswer::Refused(Reason::Other);
        }
        self.stage = Stage::Created;
        CreateAnswer::Made {
            gateway_ref: gateway_ref.to_owned(),
            payload: Some(Payload("scan me".to_owned())),
        }
    }

    /// Pays with the customer's code. What has ended unpaid takes no payment.
    pub fn pay(&mut self, response: Response, carried: Carried) -> PayAnswer {
        self.count_payment();
        match (self.stage, response) {
            (Stage::Closed | Stage::Failed | Stage::Refunded, _) => {
                PayAnswer::Refused(Reason::Other)
            }
            (_, Response::Grant) => {
                self.charge();
                PayAnswer::Paid(carried)
            }
            (_, Response::Wait) => {
                self.stage = Stage::Pending;
                PayAnswer::Processing(carried)
            }
            (_, Response::Refuse) => {
                self.stage = Stage::Failed;
                PayAnswer::Refused(Reason::InsufficientFunds)
            }
        }
    }

    /// A customer scans our code. It works once: the app tells a second customer so.
    pub fn scan(&mut self, response: Response) {
        self.count_payment();
        match response {
            Response::Grant => self.charge(),
            Response::Wait => self.stage = Stage::Pending,
            Response::Refuse => self.stage = Stage::Failed,
        }
    }

    /// Closes the trade; if it is paid, gives the money back or is too late.
    pub fn cancel(&mut self, refunds: bool) -> CancelAnswer {
        match self.stage {
            Stage::Absent | Stage::Created | Stage::Pending | Stage::Failed | Stage::Closed => {
                self.stage = Stage::Closed;
                CancelAnswer::Closed
            }
            Stage::Paid if refunds => {
                self.refund();
                CancelAnswer::Refunded
            }
            Stage::Paid => CancelAnswer::TooLate,
            Stage::Refunded => CancelAnswer::Refunded,
        }
    }

    /// Gives the money back.
    pub fn void(&mut self, response: Response) -> VoidAnswer {
        if response == Response::Refuse || self.ledger.charged == 0 || self.ledger.at_desk {
            return VoidAnswer::Failed;
        }
        self.refund();
        VoidAnswer::Done(Some("V".to_owned()))
    }

    /// The customer confirms, or the money arrives.
    pub fn charge(&mut self) {
        self.stage = Stage::Paid;
        self.ledger.charged = self.ledger.charged.saturating_add(1);
    }

    /// What was closed is paid after all.
    pub fn charge_late(&mut self) {
        self.ledger.late = true;
        self.charge();
    }

    /// The merchant gives the money back at the gateway's own desk.
    pub fn refund_at_desk(&mut self) {
        self.refund();
        self.ledger.at_desk = true;
    }

    /// What a person says who settles a trade by the gateway's books; `None` where the books say nothing.
    ///
    /// Nothing may be under way to the gateway then.
    #[must_use]
    pub fn verdict(self, state: State) -> Option<VerdictOutcome> {
        match (state, self.stage) {
            (State::NeedsReview | State::VoidReview | State::LateSuccess, Stage::Paid) => {
                Some(VerdictOutcome::Paid)
            }
            (State::NeedsReview | State::VoidReview | State::LateSuccess, Stage::Refunded) => {
                Some(VerdictOutcome::Voided)
            }
            (State::NeedsReview, Stage::Failed | Stage::Closed) => Some(VerdictOutcome::Declined),
            (_, _) => None,
        }
    }

    fn count_payment(&mut self) {
        self.ledger.payments = self.ledger.payments.saturating_add(1);
    }

    fn refund(&mut self) {
        self.stage = Stage::Refunded;
        self.ledger.refunded = self.ledger.refunded.saturating_add(1);
    }
}

/// What a driver says when no answer came, or none that says anything.
#[must_use]
pub fn silence(send: Send) -> Event {
    match send {
        Send::Create => Event::Created(CreateAnswer::NoWord),
        Send::Pay => Event::PayAnswered(PayAnswer::NoWord),
        Send::Query { version } => Event::Status(
            version,
            StatusAnswer {
                word: StatusWord::NoWord,
                carried: Carried::default(),
            },
        ),
        Send::Cancel => Event::CancelAnswered(CancelAnswer::NoWord),
        Send::Void => Event::VoidAnswered(VoidAnswer::NoWord),
    }
}

/// What a driver says when it is proven that not a byte left.
#[must_use]
pub fn unsent(send: Send) -> Event {
    match send {
        Send::Pay => Event::PayAnswered(PayAnswer::Unsent),
        Send::Void => Event::VoidAnswered(VoidAnswer::Unsent),
        Send::Create | Send::Query { .. } | Send::Cancel => silence(send),
    }
}

/// What an answer of the gateway carries of the trade that it is about, where it can carry any.
pub fn carried(event: &mut Event) -> Option<&mut Carried> {
    match event {
        Event::PayAnswered(PayAnswer::Paid(carried) | PayAnswer::Processing(carried)) => {
            Some(carried)
        }
        Event::Status(_, answer) => Some(&mut answer.carried),
        Event::PayAnswered(PayAnswer::Refused(_) | PayAnswer::Unsent | PayAnswer::NoWord)
        | Event::Tick
        | Event::Restarted
        | Event::ClockSet(_)
        | Event::Heard
        | Event::Superseded
        | Event::Code(_)
        | Event::Cancel
        | Event::Void
        | Event::Verdict(_)
        | Event::Created(_)
        | Event::CancelAnswered(_)
        | Event::VoidAnswered(_) => None,
    }
}
