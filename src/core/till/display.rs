//! Charges in which we present the code: the backend's trade contains it, and the driver shows it.
//!
//! It is shown until somebody has paid it or its time is up. Only the backend hears whether it was scanned.

use super::{AbandonReason, Charge, ChargeStep, Phase};
use crate::policy::Ms;
use crate::wire::{CodeMode, Status};

impl Charge {
    pub(super) fn we_present(&self) -> bool {
        self.record.mode == CodeMode::MerchantPresented
    }

    /// Acts on the status of such a trade that has not ended.
    pub(super) fn watch_display(&mut self, status: Status, now: Ms) {
        match status {
            // A cancel without an answer is repeated, so that a code that should be taken down does not stay visible.
            Status::AwaitingPayer if self.cancel_requested => self.send_cancel(),
            Status::AwaitingPayer if self.abandon_reason.is_none() && !self.shown => {
                self.journal_display(now)
            }
            Status::Pending if !self.scanned => {
                // After a scan, the backend gives the customer the full time again, and so does the promise.
                self.scanned = true;
                self.patience_ms = None;
                self.start_patience(now);
            }
            Status::Creating
            | Status::AwaitingCode
            | Status::AwaitingPayer
            | Status::Paying
            | Status::Pending
            | Status::Unknown
            | Status::Cancelling
            | Status::NeedsReview
            | Status::Paid
            | Status::Voiding
            | Status::LateSuccess
            | Status::Reversed
            | Status::Declined
            | Status::Cancelled
            | Status::Voided => {}
        }
    }

    /// Journals that the code may be seen, before it is.
    fn journal_display(&mut self, now: Ms) {
        if self.record.handed_over {
            return self.put_on_display(now);
        }
        self.phase = Phase::JournallingHandOver;
        self.record.handed_over = true;
        self.outbox
            .push_back(ChargeStep::Journal(self.record.clone()));
    }

    pub(super) fn put_on_display(&mut self, now: Ms) {
        self.phase = Phase::Watching;
        self.start_patience(now);
        let awaited = self
            .trade
            .as_ref()
            .filter(|trade| trade.status == Status::AwaitingPayer);
        if let Some(show) = awaited.and_then(|trade| trade.shown_code.clone()) {
            self.shown = true;
            self.outbox.push_back(ChargeStep::Show(show));
        }
    }

    /// Cancels a trade whose code nobody has seen. It is never shown.
    ///
    /// The gateway knows the trade, so only the gateway's answer frees the sale.
    pub(super) fn abandon_unseen(&mut self, now: Ms) {
        self.abandon_reason = Some(AbandonReason::Aborted);
        self.cancel_requested = true;
        self.phase = Phase::Watching;
        self.start_patience(now);
        let due = now + self.poll_ms();
        self.next_ask_ms.get_or_insert(due);
        self.send_cancel();
    }
}
