//! Applies a person's verdict, its correction by a second person, and the gateway's later word about it.
//!
//! [`crate::review::rule`] says who decides. This file says what a decision does to the trade.

use super::parts::{GivenBy, PersonVerdict};
use super::timing::{First, Pace, Timing};
use super::{Context, GatewayStatus, Refusal, SaleHold, State, Trade};
use crate::review::{self, GivenVerdict, Proposal, ReviewSubject, Ruling};
use crate::wire::{Reason, VerdictOutcome};

impl Trade {
    pub(super) fn verdict(
        &mut self,
        given: &GivenVerdict,
        context: &Context<'_>,
    ) -> Result<(), Refusal> {
        let standing = self.review.verdict.as_ref();
        let standing = standing.filter(|_| self.decided_by_person).cloned();
        let of = standing.as_ref().map_or(self.state, |verdict| verdict.of);
        if !takes(of, given.outcome) || (self.decided_by_person && standing.is_none()) {
            return Err(Refusal::NotReviewable);
        }
        let corrects: &[String] = standing.as_ref().map_or(&[], |verdict| &verdict.by.names);
        let facts = &self.facts;
        let subject = ReviewSubject {
            charged_by: facts
                .cashier
                .as_deref()
                .and_then(|name| review::person(name, &facts.terminal)),
            minor: facts.sale.amount.minor,
            corrects,
            proposal: self.review.proposal.as_ref(),
        };
        let ruling = review::rule(given, &subject, &context.policy.review, context.now);
        let ruling = ruling.ok_or(Refusal::Nameless)?;
        if self.review.correction.is_some() {
            // It has all its names, so no single person's word stops it.
            let is_same = |waits: &Proposal| waits.outcome == given.outcome;
            let repeats = self.review.proposal.as_ref().is_some_and(is_same);
            return repeats.then_some(()).ok_or(Refusal::NotReviewable);
        }
        if standing.is_some_and(|verdict| verdict.outcome == given.outcome) {
            return self.withdraw_correction();
        }
        let accepts_late =
            self.state == State::LateSuccess && given.outcome == VerdictOutcome::Paid;
        let is_unwanted = context.held_by_others != SaleHold::None || self.given_up.is_some();
        if accepts_late && is_unwanted {
            return Err(Refusal::SaleBusy);
        }
        let by = given.by.trim().to_owned();
        let alone = match ruling {
            Ruling::Repeats => return Ok(()),
            Ruling::Proposes => {
                self.review.proposal = Some(Proposal {
                    outcome: given.outcome,
                    by,
                    at_ms: context.now,
                });
                return Ok(());
            }
            Ruling::Decides | Ruling::Confirms => false,
            Ruling::ConfirmsAlone => true,
        };
        let first = self.review.proposal.as_ref().map(|first| first.by.clone());
        let names = first.filter(|_| !alone).into_iter().chain([by]).collect();
        self.confirmed(of, given.outcome, GivenBy { names, alone }, context);
        Ok(())
    }

    /// A verdict has all its names. It decides now, unless it frees the sale of a trade that a person called paid.
    fn confirmed(
        &mut self,
        of: State,
        outcome: VerdictOutcome,
        by: GivenBy,
        context: &Context<'_>,
    ) {
        if self.state != State::Paid {
            self.decide(of, outcome, by, context);
            return;
        }
        // The names of the confirmed correction stand in the row. The page sees it as a proposal until the answer comes.
        self.review.proposal.get_or_insert_with(|| Proposal {
            outcome,
            by: by.names.first().cloned().unwrap_or_default(),
            at_ms: context.now,
        });
        self.review.correction = Some(by);
        self.queries.asks = 0;
        self.schedule(context);
    }

    fn decide(&mut self, of: State, outcome: VerdictOutcome, by: GivenBy, context: &Context<'_>) {
        let corrects = self.decided_by_person;
        self.void.person_decided_before_void = false;
        // Late money whose void is not known to have worked stays late: a person accepts it, or gives it back.
        let was_late = self.lateness.late || (corrects && self.lateness.was_late);
        let stays_late = of == State::VoidReview && was_late;
        let elsewhere = corrects && context.held_by_others != SaleHold::None;
        let given_up = self.given_up.is_some() && (corrects || of == State::GivenUp);
        match outcome {
            // Rule 35: the customer has paid in another way, so this money goes back.
            VerdictOutcome::Paid if given_up => {
                self.reason = None;
                self.late_success(context);
                return;
            }
            VerdictOutcome::Paid if stays_late || elsewhere => {
                self.reason = None;
                self.lateness.late = true;
                self.lateness.was_late = true;
                self.enter(State::LateSuccess, context);
                return;
            }
            VerdictOutcome::Paid => {
                self.reason = None;
                self.lateness.late = false;
                self.enter(State::Paid, context);
            }
            VerdictOutcome::Declined => {
                self.reason = Some(Reason::Other);
                self.lateness.late = false;
                self.enter(State::Declined, context);
            }
            VerdictOutcome::Voided => {
                self.reason = self.reason.filter(|_| !corrects);
                self.lateness.late = false;
                self.enter(State::Voided, context);
            }
        }
        self.review.verdict = Some(PersonVerdict {
            of,
            outcome,
            by,
            contradicted: false,
        });
        self.decided_by_a_person(context);
    }

    /// Marks the state as a person's word. From then on, the gateway is asked at the late pace.
    pub(super) fn decided_by_a_person(&mut self, context: &Context<'_>) {
        self.decided_by_person = true;
        self.schedule(context);
    }

    /// Somebody repeats the verdict that stands: a correction that is only proposed falls.
    fn withdraw_correction(&mut self) -> Result<(), Refusal> {
        let proposal = self.review.proposal.take();
        proposal.map(drop).ok_or(Refusal::NotReviewable)
    }

    /// Compares the gateway's status with a person's verdict. True if the status has no other effect.
    ///
    /// A correction that frees the sale decides on a fresh answer that does not say paid. If it says paid, the trade
    /// stays paid, now by the gateway's word. Without a correction, a contradiction raises an alarm and moves nothing,
    /// except late money.
    pub(super) fn verdict_checked(&mut self, status: GatewayStatus, context: &Context<'_>) -> bool {
        let Some(verdict) = &mut self.review.verdict else {
            return self.state != State::Declined && self.state != State::Paid;
        };
        let is_paid = status == GatewayStatus::Paid;
        if let (Some(by), Some(proposal)) = (&self.review.correction, &self.review.proposal) {
            if is_paid {
                self.review.proposal = None;
                self.review.correction = None;
                // A void of ours that got no answer may still arrive, so this is not the gateway's last word.
                self.decided_by_person = self.void.void_left;
                self.gateway_answer = context.gateway_answer.cloned();
                self.schedule(context);
            } else if !matches!(status, GatewayStatus::Unclear | GatewayStatus::Unlisted) {
                let (by, outcome, of) = (by.clone(), proposal.outcome, verdict.of);
                self.decide(of, outcome, by, context);
            }
            return true;
        }
        verdict.contradicted |= contradicts(verdict.outcome, status);
        // Rule 34: the gateway's clear word that the money went back counts, unless a person has decided about that word.
        // A void that was refused after the verdict makes it count again.
        let person_knows = verdict.of == State::Reversed && !self.void.person_decided_before_void;
        let given_back =
            self.state == State::Paid && status == GatewayStatus::Voided && !person_knows;
        self.state != State::Declined && !given_back
    }

    /// The effects of time: those of the state, and the queries about a person's verdict.
    pub(super) fn timing(&self) -> Timing {
        let own = self.state.timing();
        let (first, pace) = match (self.decided_by_person, &self.review.correction) {
            (false, _) => return own,
            (true, Some(_)) => (First::Now, Pace::Review),
            (true, None) => (First::LateIfSent, Pace::Late),
        };
        Timing { first, pace, ..own }
    }
}

/// Whether a trade in this state takes this verdict.
fn takes(state: State, outcome: VerdictOutcome) -> bool {
    match outcome {
        VerdictOutcome::Paid | VerdictOutcome::Voided => {
            state.awaits_person() || state == State::VoidReview
        }
        VerdictOutcome::Declined => state == State::NeedsReview || state == State::GivenUp,
    }
}

/// Whether the gateway's status contradicts a person's verdict.
fn contradicts(outcome: VerdictOutcome, status: GatewayStatus) -> bool {
    match (outcome, status) {
        (
            VerdictOutcome::Paid,
            GatewayStatus::Unpaid
            | GatewayStatus::Failed(_)
            | GatewayStatus::Closed
            | GatewayStatus::Voided
            | GatewayStatus::Unlisted,
        )
        | (VerdictOutcome::Declined | VerdictOutcome::Voided, GatewayStatus::Paid) => true,
        (VerdictOutcome::Paid, GatewayStatus::Paid)
        | (
            VerdictOutcome::Declined | VerdictOutcome::Voided,
            GatewayStatus::Unpaid
            | GatewayStatus::Failed(_)
            | GatewayStatus::Closed
            | GatewayStatus::Voided
            | GatewayStatus::Unlisted,
        )
        | (_, GatewayStatus::Pending | GatewayStatus::Unclear) => false,
    }
}
