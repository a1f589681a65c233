//! The gateway of the walk: what it was asked, what it did, and the ledger of both. It guards against nothing: a
//! second payment is a second charge, a second void a second refund.

use kaunter_core::trade::{
    CancelAnswer, Carried, CreateAnswer, Event, PayAnswer, Send, StatusAnswer, StatusWord,
    VoidAnswer,
};
use kaunter_core::wire::{Payload, Reason};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    Nowhere,
    Created,
    Pending,
    Paid,
    Failed,
    Closed,
    Voided,
}

/// One trade, as the gateway really has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Account {
    pub(crate) place: Place,
    pub(crate) payments: u8,
    pub(crate) charged: u8,
    pub(crate) refunded: u8,
    /// It was closed or failed first and paid later.
    pub(crate) late: bool,
    /// The merchant gave the money back at the gateway's own desk: its books refuse a void after that.
    pub(crate) at_desk: bool,
}

/// How the gateway takes a request that it may take in more than one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Mood {
    Grants,
    Waits,
    Refuses,
}

impl Account {
    pub(crate) const NEW: Self = Self {
        place: Place::Nowhere,
        payments: 0,
        charged: 0,
        refunded: 0,
        late: false,
        at_desk: false,
    };

    /// The moods that make a difference to this request.
    pub(crate) fn moods(self, send: Send) -> &'static [Mood] {
        match (send, self.place) {
            (Send::Create, _) | (Send::Void, Place::Paid) => &[Mood::Grants, Mood::Refuses],
            (Send::Pay, Place::Created) => &[Mood::Grants, Mood::Waits, Mood::Refuses],
            (Send::Pay | Send::Query { .. } | Send::Cancel | Send::Void, _) => &[Mood::Grants],
        }
    }

    /// Does what was asked, and says so.
    pub(crate) fn serve(&mut self, send: Send, mood: Mood, refunds: bool) -> Event {
        match send {
            Send::Create => Event::Created(self.create(mood)),
            Send::Pay => Event::PayAnswered(self.pay(mood)),
            Send::Query { version } => Event::Status(
                version,
                StatusAnswer {
                    word: self.word(),
                    carried: Carried::default(),
                },
            ),
            Send::Cancel => Event::CancelAnswered(self.cancel(refunds)),
            Send::Void => Event::VoidAnswered(self.void(mood)),
        }
    }

    /// The same, where the answer is lost or says nothing.
    pub(crate) fn silence(send: Send) -> Event {
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

    fn create(&mut self, mood: Mood) -> CreateAnswer {
        if mood == Mood::Refuses {
            return CreateAnswer::Refused(Reason::Other);
        }
        self.place = Place::Created;
        CreateAnswer::Made {
            gateway_ref: "G".to_owned(),
            payload: Some(Payload("scan me".to_owned())),
        }
    }

    /// A customer scans our code, which works once: whoever comes second is told so by the app.
    pub(crate) fn scan(&mut self, mood: Mood) {
        self.payments += 1;
        match mood {
            Mood::Grants => self.charge(),
            Mood::Waits => self.place = Place::Pending,
            Mood::Refuses => self.place = Place::Failed,
        }
    }

    fn pay(&mut self, mood: Mood) -> PayAnswer {
        self.payments += 1;
        match (self.place, mood) {
            (Place::Closed | Place::Failed | Place::Voided, _) => PayAnswer::Refused(Reason::Other),
            (_, Mood::Grants) => {
                self.charge();
                PayAnswer::Paid(Carried::default())
            }
            (_, Mood::Waits) => {
                self.place = Place::Pending;
                PayAnswer::Processing(Carried::default())
            }
            (_, Mood::Refuses) => {
                self.place = Place::Failed;
                PayAnswer::Refused(Reason::InsufficientFunds)
            }
        }
    }

    fn word(self) -> StatusWord {
        match self.place {
            Place::Nowhere => StatusWord::NoWord,
            Place::Created => StatusWord::Unpaid,
            Place::Pending => StatusWord::Pending,
            Place::Paid => StatusWord::Paid,
            Place::Failed => StatusWord::Failed(Reason::Other),
            Place::Closed => StatusWord::Closed,
            Place::Voided => StatusWord::Voided,
        }
    }

    fn cancel(&mut self, refunds: bool) -> CancelAnswer {
        match self.place {
            Place::Nowhere | Place::Created | Place::Pending | Place::Failed | Place::Closed => {
                self.place = Place::Closed;
                CancelAnswer::Closed
            }
            Place::Paid if refunds => {
                self.refund();
                CancelAnswer::Refunded
            }
            Place::Paid => CancelAnswer::TooLate,
            Place::Voided => CancelAnswer::Refunded,
        }
    }

    fn void(&mut self, mood: Mood) -> VoidAnswer {
        if mood == Mood::Refuses || self.charged == 0 || self.at_desk {
            return VoidAnswer::Failed;
        }
        self.refund();
        VoidAnswer::Done(Some("V".to_owned()))
    }

    pub(crate) fn charge(&mut self) {
        self.place = Place::Paid;
        self.charged += 1;
    }

    pub(crate) fn give_back_at_desk(&mut self) {
        self.refund();
        self.at_desk = true;
    }

    fn refund(&mut self) {
        self.place = Place::Voided;
        self.refunded += 1;
    }
}
