//! The gateway's account of a trade over time: its stage, since when, and what a delayed status says.

use std::ops::Deref;

use kaunter_core::policy::Ms;
use kaunter_core::trade::{CreateAnswer, GatewayStatus};
use kaunter_model::gateway::{self, Response, Stage};

/// What a customer, or the gateway by itself, does with a payment that is waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PaymentAction {
    Confirms,
    Refuses,
    Closes,
    /// Scans our code, from the display or from a photograph of it.
    Scans,
    /// It was closed, and is paid anyway.
    PaysAfterAll,
    /// The payment is taken back without a void of ours: a reversal, or the merchant in the gateway's portal.
    GetsBack,
}

/// The true state of one trade at the gateway. It dereferences to a [`gateway::Account`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    account: gateway::Account,
    /// When its stage began, and the stage before.
    pub(crate) since_ms: Ms,
    before: Stage,
    pub(crate) created_ms: Ms,
}

impl Deref for Account {
    type Target = gateway::Account;

    fn deref(&self) -> &gateway::Account {
        &self.account
    }
}

impl Account {
    pub(crate) const NEW: Self = Self {
        account: gateway::Account::NEW,
        since_ms: 0,
        before: Stage::Absent,
        created_ms: 0,
    };

    /// Applies a change at this time.
    pub(crate) fn at<T>(&mut self, now: Ms, act: impl FnOnce(&mut gateway::Account) -> T) -> T {
        let before = self.account.stage;
        let done = act(&mut self.account);
        if self.account.stage != before {
            self.before = before;
            self.since_ms = now;
        }
        done
    }

    pub(crate) fn create(&mut self, response: Response, row: usize, now: Ms) -> CreateAnswer {
        let answer = self.at(now, |account| account.create(response, &format!("G{row}")));
        if let CreateAnswer::Made { .. } = answer {
            self.created_ms = now;
        }
        answer
    }

    /// The status that the gateway reports. A delayed one is what was true `lag` ago.
    pub(crate) fn status(self, now: Ms, lag_ms: Ms) -> (GatewayStatus, bool) {
        let waits = matches!(self.before, Stage::Created | Stage::Pending);
        let stale = waits && now < self.since_ms + lag_ms;
        let stage = if stale { self.before } else { self.stage };
        (stage.status(), stale)
    }
}
