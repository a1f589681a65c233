//! The way in which we present: the backend's trade brings our code, and the driver shows it until somebody has paid it
//! or its time is up. Who scans it, and whether, only the backend hears.

use super::{Charge, Leave, Phase, Step};
use crate::policy::Ms;
use crate::wire::{CodeMode, Status};

impl Charge {
    pub(super) fn we_present(&self) -> bool {
        self.record.mode == CodeMode::MerchantPresented
    }

    /// A word on an attempt of this way, which is not at its end.
    pub(super) fn watch_display(&mut self, status: Status, now: Ms) {
        match status {
            // A wish whose answer was lost is repeated: nobody wants a code to stay up that was to be taken down.
            Status::AwaitingPayer if self.wish => self.send_wish(),
            Status::AwaitingPayer if self.leave == Leave::Stay && !self.shown => {
                self.seal_display(now)
            }
            Status::Pending if !self.scanned => {
                // The backend gives a customer who has scanned the whole time once more, and so do we.
                self.scanned = true;
                self.patience_ms = None;
                self.be_patient(now);
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
            | Status::Declined
            | Status::Cancelled
            | Status::Voided => {}
        }
    }

    /// From here on the code may be seen, so the journal has that first.
    fn seal_display(&mut self, now: Ms) {
        if self.record.handed_over {
            return self.put_on_display(now);
        }
        self.phase = Phase::Sealing;
        self.record.handed_over = true;
        self.outbox.push_back(Step::Journal(self.record.clone()));
    }

    pub(super) fn put_on_display(&mut self, now: Ms) {
        self.phase = Phase::Watching;
        self.be_patient(now);
        let awaited = self
            .trade
            .as_ref()
            .filter(|trade| trade.status == Status::AwaitingPayer);
        if let Some(show) = awaited.and_then(|trade| trade.shown_code.clone()) {
            self.shown = true;
            self.outbox.push_back(Step::Show(show));
        }
    }

    /// The caller gave up before anybody saw the code. It stays unseen; but the gateway knows the trade, and only its
    /// word frees the sale.
    pub(super) fn leave_unseen(&mut self, now: Ms) {
        self.leave = Leave::Abort;
        self.wish = true;
        self.phase = Phase::Watching;
        self.be_patient(now);
        self.next_ask_ms.get_or_insert(now + self.policy.poll_ms);
        self.send_wish();
    }
}
