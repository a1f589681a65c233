//! A trade at the play gateway: its account, what is planned for it, and when money moved.

use kaunter_core::policy::Ms;
use kaunter_core::wire::Reason;
use kaunter_model::gateway::{Account, Response, Stage};
use kaunter_model::script::{Decision, ScriptedEffects};
use serde::{Deserialize, Serialize};

/// What is planned for a payment that has no end yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// When the customer answers, and whether it is yes.
    pub(super) answer: Option<(Ms, bool)>,
    /// Whether the phone asks the customer.
    pub(super) asks_phone: bool,
    /// Once it has ended unpaid, it is paid this much later.
    pub(super) late_success_ms: Option<Ms>,
    /// When it is paid after all.
    pub(super) paid_late_at_ms: Option<Ms>,
    /// This many voids fail.
    pub(super) void_fails: u32,
    /// This many answers to queries are lost.
    pub(super) lost_answers: u32,
    /// Every answer is lost.
    #[serde(default)]
    pub(super) is_silent: bool,
    /// Why the payment was refused. The account does not keep it.
    #[serde(default)]
    pub(super) refused: Option<Reason>,
}

impl Plan {
    /// The times of the planned events.
    pub(super) fn times(&mut self) -> impl Iterator<Item = &mut Ms> {
        let answer = self.answer.as_mut().map(|(at, _)| at);
        answer.into_iter().chain(self.paid_late_at_ms.as_mut())
    }
}

/// Whether money was taken or given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EntryKind {
    /// The customer was charged.
    Charge,
    /// The money was given back.
    Refund,
}

/// A trade at the gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GatewayTrade {
    pub(crate) account: Account,
    pub(crate) plan: Plan,
    /// The code that the till shows, if the customer scans.
    pub(crate) payload: Option<String>,
    /// What was really charged and given back, and when.
    pub(crate) entries: Vec<(EntryKind, Ms)>,
}

impl GatewayTrade {
    pub(super) fn new() -> Self {
        Self {
            account: Account::NEW,
            plan: Plan::default(),
            payload: None,
            entries: Vec::new(),
        }
    }

    /// Changes the account, and records the money that moved.
    pub(super) fn at<T>(&mut self, now: Ms, act: impl FnOnce(&mut Account) -> T) -> T {
        let before = self.account.ledger;
        let done = act(&mut self.account);
        let after = self.account.ledger;
        for _ in before.charged..after.charged {
            self.entries.push((EntryKind::Charge, now));
        }
        for _ in before.refunded..after.refunded {
            self.entries.push((EntryKind::Refund, now));
        }
        done
    }

    /// The payment ends unpaid. A planned late success begins to count.
    pub(super) fn ended_unpaid(&mut self, now: Ms) {
        self.plan.answer = None;
        self.plan.asks_phone = false;
        let late_ms = self.plan.late_success_ms.take();
        if let Some(late_ms) = late_ms {
            self.plan.paid_late_at_ms = Some(now + late_ms);
        }
    }

    /// The customer answers.
    pub(super) fn answer(&mut self, yes: bool, now: Ms) {
        self.plan.answer = None;
        self.plan.asks_phone = false;
        if yes {
            self.at(now, Account::charge);
        } else {
            self.account.stage = Stage::Failed;
            self.ended_unpaid(now);
        }
    }

    /// Applies what is due: the customer answers, or late money arrives.
    pub(super) fn settle(&mut self, now: Ms) {
        if let Some((at, yes)) = self.plan.answer
            && at <= now
        {
            match self.account.stage {
                Stage::Pending => self.answer(yes, now),
                Stage::Absent
                | Stage::Created
                | Stage::Paid
                | Stage::Failed
                | Stage::Closed
                | Stage::Refunded => self.plan.answer = None,
            }
        }
        if self.plan.paid_late_at_ms.is_some_and(|at| at <= now) {
            self.plan.paid_late_at_ms = None;
            if self.account.stage.is_unpaid() {
                self.at(now, Account::charge_late);
            }
        }
    }

    pub(super) fn wakes_at(&self) -> Option<Ms> {
        let answer = self.plan.answer.map(|(at, _)| at);
        answer.into_iter().chain(self.plan.paid_late_at_ms).min()
    }

    /// Whether the phone asks the customer about this payment.
    pub(crate) fn asks(&self) -> bool {
        self.account.stage == Stage::Pending && self.plan.asks_phone
    }

    /// Plans what follows a payment, and gives the account's response to it.
    pub(super) fn plan_payment(
        &mut self,
        decision: Decision,
        effects: ScriptedEffects,
    ) -> Response {
        self.plan.void_fails = effects.void_fails;
        self.plan.late_success_ms = effects.late_success_ms;
        match decision {
            Decision::Charge => Response::Grant,
            Decision::Wait { answer, asks_phone } => {
                self.plan.answer = answer;
                self.plan.asks_phone = asks_phone;
                Response::Wait
            }
            Decision::Refuse { reason, .. } => {
                self.plan.refused = Some(reason);
                Response::Refuse
            }
        }
    }
}
