//! The gateway's side of a trade: its stage, and the ledger of its charges and refunds.
//!
//! It prevents no mistake: a second payment is a second charge, and a second void is a second refund.
//! So the ledger shows each mistake of the machines.

use kaunter_core::trade::{
    CancelAnswer, Carried, CreateAnswer, Event, GatewayRequest, GatewayStatus, PayAnswer, State,
    StatusAnswer, VoidAnswer,
};
use kaunter_core::wire::{Payload, Reason, VerdictOutcome};
use serde::{Deserialize, Serialize};

/// The stage of a trade at the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The gateway does not know it.
    Absent,
    /// Created, and not paid.
    Created,
    /// A payment waits for the customer to confirm it.
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
    /// The status with which the gateway answers a query.
    #[must_use]
    pub fn status(self) -> GatewayStatus {
        match self {
            Self::Absent => GatewayStatus::Unclear,
            Self::Created => GatewayStatus::Unpaid,
            Self::Pending => GatewayStatus::Pending,
            Self::Paid => GatewayStatus::Paid,
            Self::Failed => GatewayStatus::Failed(Reason::Other),
            Self::Closed => GatewayStatus::Closed,
            Self::Refunded => GatewayStatus::Voided,
        }
    }

    /// Whether the gateway reports how the payment ended.
    #[must_use]
    pub fn is_final(self) -> bool {
        match self {
            Self::Absent | Self::Created | Self::Pending => false,
            Self::Paid | Self::Failed | Self::Closed | Self::Refunded => true,
        }
    }

    /// Whether it ended unpaid. It may be paid after all.
    #[must_use]
    pub fn is_unpaid(self) -> bool {
        match self {
            Self::Failed | Self::Closed => true,
            Self::Absent | Self::Created | Self::Pending | Self::Paid | Self::Refunded => false,
        }
    }
}

/// How the gateway or the customer responds to a request that can have more than one outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Response {
    /// Done.
    Grant,
    /// The customer has to confirm it.
    Wait,
    /// Refused.
    Refuse,
}

/// The charges and refunds of a trade. Each is of its full amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ledger {
    /// Payments that arrived, with any outcome.
    pub payments: u8,
    /// How often the customer was charged.
    pub charged: u8,
    /// How often the money was given back.
    pub refunded: u8,
    /// Whether the trade was charged after it had failed or had been closed.
    pub late: bool,
    /// Whether the merchant gave the money back in the gateway's portal. After that, the gateway refuses a void.
    pub at_desk: bool,
}

impl Ledger {
    /// How often the customer's money is kept: charges minus refunds.
    #[must_use]
    pub fn kept(self) -> i16 {
        i16::from(self.charged) - i16::from(self.refunded)
    }
}

/// The true state of one trade at the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Account {
    /// Its stage.
    pub stage: Stage,
    /// Its charges and refunds.
    pub ledger: Ledger,
}

/// The parameters of a request.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The gateway's id of the trade, if the request creates it.
    pub gateway_ref: &'a str,
    /// Whether a cancel of a paid trade gives the money back. Otherwise, such a cancel is too late.
    pub cancel_refunds: bool,
    /// The fields that answers to payments and queries carry.
    pub carried: Carried,
}

impl Account {
    /// An account that no request has reached.
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

    /// The responses that lead to different outcomes of this request.
    #[must_use]
    pub fn responses(self, send: GatewayRequest) -> &'static [Response] {
        match (send, self.stage) {
            (GatewayRequest::Create, _) | (GatewayRequest::Void, Stage::Paid) => {
                &[Response::Grant, Response::Refuse]
            }
            (GatewayRequest::Pay, Stage::Created) => {
                &[Response::Grant, Response::Wait, Response::Refuse]
            }
            (
                GatewayRequest::Pay
                | GatewayRequest::Query { .. }
                | GatewayRequest::Cancel
                | GatewayRequest::Void,
                _,
            ) => &[Response::Grant],
        }
    }

    /// Serves a request and gives the answer.
    pub fn serve(
        &mut self,
        send: GatewayRequest,
        response: Response,
        request: Request<'_>,
    ) -> Event {
        match send {
            GatewayRequest::Create => Event::Created(self.create(response, request.gateway_ref)),
            GatewayRequest::Pay => Event::PayAnswered(self.pay(response, request.carried)),
            GatewayRequest::Query { version } => {
                let status = self.stage.status();
                let carried = request.carried;
                Event::Status(version, StatusAnswer { status, carried })
            }
            GatewayRequest::Cancel => Event::CancelAnswered(self.cancel(request.cancel_refunds)),
            GatewayRequest::Void => Event::VoidAnswered(self.void(response)),
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

    /// Pays with the customer's code. A trade that has ended unpaid takes no payment.
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

    /// A customer scans our code. It works once, and the app tells a second customer so.
    pub fn scan(&mut self, response: Response) {
        self.count_payment();
        match response {
            Response::Grant => self.charge(),
            Response::Wait => self.stage = Stage::Pending,
            Response::Refuse => self.stage = Stage::Failed,
        }
    }

    /// Closes the trade. If it is paid, the cancel gives the money back or is too late.
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

    /// A closed trade is paid after all.
    pub fn charge_late(&mut self) {
        self.ledger.late = true;
        self.charge();
    }

    /// The merchant gives the money back in the gateway's portal.
    pub fn refund_at_desk(&mut self) {
        self.refund();
        self.ledger.at_desk = true;
    }

    /// The gateway takes a reversal back.
    pub fn undo_refund(&mut self) {
        self.stage = Stage::Paid;
        self.ledger.refunded = self.ledger.refunded.saturating_sub(1);
    }

    /// The verdict that a person gives by the gateway's books; `None` if the books do not show an outcome.
    ///
    /// No request may be under way to the gateway.
    #[must_use]
    pub fn verdict(self, state: State) -> Option<VerdictOutcome> {
        match (state, self.stage) {
            (
                State::NeedsReview
                | State::GivenUp
                | State::VoidReview
                | State::LateSuccess
                | State::Reversed,
                Stage::Paid,
            ) => Some(VerdictOutcome::Paid),
            (
                State::NeedsReview
                | State::GivenUp
                | State::VoidReview
                | State::LateSuccess
                | State::Reversed,
                Stage::Refunded,
            ) => Some(VerdictOutcome::Voided),
            (State::NeedsReview | State::GivenUp, Stage::Failed | Stage::Closed) => {
                Some(VerdictOutcome::Declined)
            }
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

/// The event if no answer came, or if the answer was not clear.
#[must_use]
pub fn silence(send: GatewayRequest) -> Event {
    match send {
        GatewayRequest::Create => Event::Created(CreateAnswer::Unclear),
        GatewayRequest::Pay => Event::PayAnswered(PayAnswer::Unclear),
        GatewayRequest::Query { version } => Event::Status(
            version,
            StatusAnswer {
                status: GatewayStatus::Unclear,
                carried: Carried::default(),
            },
        ),
        GatewayRequest::Cancel => Event::CancelAnswered(CancelAnswer::Unclear),
        GatewayRequest::Void => Event::VoidAnswered(VoidAnswer::Unclear),
    }
}

/// The event if it is proven that no byte left.
#[must_use]
pub fn unsent(send: GatewayRequest) -> Event {
    match send {
        GatewayRequest::Pay => Event::PayAnswered(PayAnswer::Unsent),
        GatewayRequest::Void => Event::VoidAnswered(VoidAnswer::Unsent),
        GatewayRequest::Create | GatewayRequest::Query { .. } | GatewayRequest::Cancel => {
            silence(send)
        }
    }
}

/// The fields of an answer that identify its trade, if this kind of answer has such fields.
pub fn carried(event: &mut Event) -> Option<&mut Carried> {
    match event {
        Event::PayAnswered(PayAnswer::Paid(carried) | PayAnswer::Processing(carried)) => {
            Some(carried)
        }
        Event::Status(_, answer) => Some(&mut answer.carried),
        Event::PayAnswered(PayAnswer::Refused(_) | PayAnswer::Unsent | PayAnswer::Unclear)
        | Event::Tick
        | Event::Turn
        | Event::Restarted
        | Event::ClockSet(_)
        | Event::TerminalSeen
        | Event::Refresh
        | Event::Superseded
        | Event::AmountChanged
        | Event::Code(_)
        | Event::Cancel
        | Event::Void
        | Event::Verdict(_)
        | Event::GiveUp(_)
        | Event::Created(_)
        | Event::CancelAnswered(_)
        | Event::VoidAnswered(_) => None,
    }
}
