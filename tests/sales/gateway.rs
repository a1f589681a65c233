//! The gateway: what it was asked, what it did, and the ledger of both. It guards against nothing: a second payment is
//! a second charge, a second void a second refund.

use kaunter_core::policy::Ms;
use kaunter_core::trade::{
    CancelAnswer, Carried, CreateAnswer, Event, PayAnswer, Send, StatusAnswer, StatusWord,
    VoidAnswer,
};
use kaunter_core::wire::{Payload, Reason};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Nowhere,
    Created,
    Pending,
    Paid,
    Failed,
    Closed,
    Voided,
}

/// How the gateway and the customer take a request that can be taken in more than one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Grants,
    Waits,
    Refuses,
}

/// What a customer, or the gateway by itself, does with a payment that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Confirms,
    Refuses,
    Closes,
    /// Scans our code, from the display or from a photograph of it.
    Scans,
    /// It was closed, and is paid all the same.
    PaysAfterAll,
}

/// One trade, as the gateway really has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    pub(crate) place: Place,
    /// Since when it is there, and where it was before.
    pub(crate) since_ms: Ms,
    pub(crate) before: Place,
    pub(crate) created_ms: Ms,
    pub(crate) payments: u8,
    pub(crate) charged: u8,
    pub(crate) refunded: u8,
    /// It was closed first and charged later.
    pub(crate) late: bool,
    /// The merchant gave the money back at the gateway's own desk: its books refuse a void after that.
    pub(crate) at_desk: bool,
}

impl Account {
    pub(crate) const NEW: Self = Self {
        place: Place::Nowhere,
        since_ms: 0,
        before: Place::Nowhere,
        created_ms: 0,
        payments: 0,
        charged: 0,
        refunded: 0,
        late: false,
        at_desk: false,
    };

    /// What the ledger keeps of the customer's money, in times of the amount.
    pub(crate) fn kept(self) -> i16 {
        i16::from(self.charged) - i16::from(self.refunded)
    }

    pub(crate) fn go(&mut self, place: Place, now: Ms) {
        self.before = self.place;
        self.place = place;
        self.since_ms = now;
    }

    pub(crate) fn create(&mut self, mood: Mood, now: Ms) -> CreateAnswer {
        if mood == Mood::Refuses {
            return CreateAnswer::Refused(Reason::Other);
        }
        self.created_ms = now;
        self.go(Place::Created, now);
        CreateAnswer::Made {
            gateway_ref: "G".to_owned(),
            payload: Some(Payload("P".to_owned())),
        }
    }

    /// Our code was scanned. It works once: a second customer is refused by the app.
    pub(crate) fn scan(&mut self, mood: Mood, now: Ms) {
        self.payments += 1;
        match mood {
            Mood::Grants => self.charge(now),
            Mood::Waits => self.go(Place::Pending, now),
            Mood::Refuses => self.go(Place::Failed, now),
        }
    }

    pub(crate) fn pay(&mut self, mood: Mood, carried: Carried, now: Ms) -> PayAnswer {
        self.payments += 1;
        match (self.place, mood) {
            (Place::Closed | Place::Failed | Place::Voided, _) => PayAnswer::Refused(Reason::Other),
            (_, Mood::Grants) => {
                self.charge(now);
                PayAnswer::Paid(carried)
            }
            (_, Mood::Waits) => {
                self.go(Place::Pending, now);
                PayAnswer::Processing(carried)
            }
            (_, Mood::Refuses) => {
                self.go(Place::Failed, now);
                PayAnswer::Refused(Reason::InsufficientFunds)
            }
        }
    }

    /// Its word; one that lags says what was true a moment ago.
    pub(crate) fn word(self, now: Ms, lag_ms: Ms) -> (StatusWord, bool) {
        let waits = matches!(self.before, Place::Created | Place::Pending);
        let stale = waits && now < self.since_ms + lag_ms;
        let word = match if stale { self.before } else { self.place } {
            Place::Nowhere => StatusWord::NoWord,
            Place::Created => StatusWord::Unpaid,
            Place::Pending => StatusWord::Pending,
            Place::Paid => StatusWord::Paid,
            Place::Failed => StatusWord::Failed(Reason::Other),
            Place::Closed => StatusWord::Closed,
            Place::Voided => StatusWord::Voided,
        };
        (word, stale)
    }

    /// True where it says how the payment ended.
    pub(crate) fn has_a_word(self) -> bool {
        match self.place {
            Place::Nowhere | Place::Created | Place::Pending => false,
            Place::Paid | Place::Failed | Place::Closed | Place::Voided => true,
        }
    }

    pub(crate) fn cancel(&mut self, refunds: bool, now: Ms) -> CancelAnswer {
        match self.place {
            Place::Nowhere | Place::Created | Place::Pending | Place::Failed | Place::Closed => {
                self.go(Place::Closed, now);
                CancelAnswer::Closed
            }
            Place::Paid if refunds => {
                self.refund(now);
                CancelAnswer::Refunded
            }
            Place::Paid => CancelAnswer::TooLate,
            Place::Voided => CancelAnswer::Refunded,
        }
    }

    pub(crate) fn void(&mut self, mood: Mood, now: Ms) -> VoidAnswer {
        if mood == Mood::Refuses || self.charged == 0 || self.at_desk {
            return VoidAnswer::Failed;
        }
        self.refund(now);
        VoidAnswer::Done(Some("V".to_owned()))
    }

    pub(crate) fn charge(&mut self, now: Ms) {
        self.go(Place::Paid, now);
        self.charged += 1;
    }

    pub(crate) fn refund(&mut self, now: Ms) {
        self.go(Place::Voided, now);
        self.refunded += 1;
    }
}

/// What a driver says when no answer came, or none that says anything.
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

/// What a driver says when it is proven that not a byte left.
pub(crate) fn unsent(send: Send) -> Event {
    match send {
        Send::Pay => Event::PayAnswered(PayAnswer::Unsent),
        Send::Void => Event::VoidAnswered(VoidAnswer::Unsent),
        Send::Create | Send::Query { .. } | Send::Cancel => silence(send),
    }
}
