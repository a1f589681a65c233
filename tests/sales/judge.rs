//! What must hold: at every moment, some time after the faults have stopped, and when nothing is left to happen.

use kaunter_core::policy::Ms;
use kaunter_core::till::Phase;
use kaunter_core::trade::{State, Trade};
use kaunter_core::wire::CodeMode;
use kaunter_model::gateway::Stage;
use kaunter_model::judge::{self, Breach, Evidence};
use kaunter_model::sample;
use kaunter_model::store::Row;

use crate::page::Page;
use crate::tally::Kind;
use crate::world::{SHOP, World};

/// The longest time that a query and its answer take, added to the longest pause between two queries.
const SLACK_MS: u64 = 60_000;

impl World<'_> {
    /// Checks what must hold at every moment.
    pub(crate) fn judge(&mut self) {
        let judged = self
            .judge_sale()
            .and_then(|()| self.pages.iter().try_for_each(|page| self.judge_page(page)));
        match judged {
            Ok(()) => {}
            Err(Breach::Double(what)) => self.find(Kind::Double, what),
            Err(Breach::Wrong(what)) => self.find(Kind::Wrong, what),
        }
    }

    /// A code that paid another sale a moment ago must not be sent.
    pub(crate) fn judge_code(&mut self, row: usize) {
        let trade = self.store.trade(row);
        let before = trade.code().and_then(|mark| self.code_before(mark));
        let memory_ms = self.weather.policy.code_memory_s * 1_000;
        let young = |at_ms| self.now < at_ms + memory_ms / 2;
        if before.is_some_and(|before| young(before.at_ms)) && self.host_ahead_ms == 0 {
            let what = "one code paid two sales".to_owned();
            self.find(Kind::Double, what);
        }
    }

    /// A device has begun to act for a name: no other one that has a trade there was heard a short time ago. A clock that
    /// is a day off may let it act.
    pub(crate) fn judge_device(&mut self, terminal: &str, device: &str) {
        let silent_ms = self.weather.policy.terminal_silent_ms - 2 * self.weather.skew_ms;
        let heard = |other: &str| {
            let mut heard = self.heard.iter();
            heard.any(|(known, at_ms)| known == other && self.now < at_ms + silent_ms)
        };
        let mut rows = self.store.rows().iter().zip(&self.contexts);
        let live = rows.any(|(row, outside)| {
            row.trade.facts().terminal == terminal
                && outside.device != device
                && row.trade.state().gives_way()
                && heard(&outside.device)
        });
        if live && !self.weather.clock_off {
            let what = "a second device of a name acts beside the first".to_owned();
            self.find(Kind::Wrong, what);
        }
    }

    fn judge_sale(&self) -> Result<(), Breach> {
        let rows = || self.store.rows().iter().zip(&self.contexts);
        let trades = rows().map(|(row, outside)| Evidence {
            trade: &row.trade,
            ledger: outside.account.ledger,
            shown: outside.shown_ms.is_some(),
            reversible: true,
        });
        let due = self.store.due(SHOP, &sample::sale().reference);
        judge::sale(trades, due.as_ref())?;
        let early = rows().any(|(row, outside)| {
            let is_late = outside.account.ledger.late || row.trade.given_up().is_some();
            row.trade.state() == State::LateSuccess && !is_late
        });
        if early {
            let what = "a payment that came in time counts as late".to_owned();
            return Err(Breach::Wrong(what));
        }
        Ok(())
    }

    fn judge_page(&self, page: &Page) -> Result<(), Breach> {
        let Some(end) = &page.end else { return Ok(()) };
        let ledger = |trade_id: &str| {
            let row = self.store.find(trade_id)?;
            Some(self.contexts[row].account.ledger)
        };
        let began = || {
            let record = page.charge.record();
            let mut rows = self.store.rows().iter().zip(&self.contexts);
            rows.any(|(row, outside)| {
                let facts = row.trade.facts();
                let own =
                    row.key == record.key || Some(&facts.trade_id) == record.trade_id.as_ref();
                // Another page may have found the trade on the backend's list and shown its code.
                // That page reports its own end.
                let began = match facts.mode {
                    CodeMode::ConsumerPresented => outside.account.ledger.payments > 0,
                    CodeMode::MerchantPresented => page.shown,
                };
                own && began
            })
        };
        judge::end(end, ledger, began)
    }

    // ---- some time after the faults have stopped -------------------------------------------------------------

    pub(crate) fn judge_settled(&mut self) {
        let open = (0..self.contexts.len()).find(|row| !self.is_settled(*row));
        if let Some(row) = open {
            let (state, account) = (self.store.trade(row).state(), self.contexts[row].account);
            let what = format!("trade {row} is still {state:?}, the gateway says {account:?}");
            return self.find(Kind::Unresolved, what);
        }
        let waits = (0..self.pages.len())
            .find(|at| self.runs(*at) && self.pages[*at].charge.phase() != Phase::Ready);
        if let Some(at) = waits {
            let phase = self.pages[at].charge.phase();
            // Without a wallet nothing has begun, so the customer may take any time.
            if phase != Phase::Scanning {
                self.find(Kind::Unresolved, format!("page {at} is still {phase:?}"));
            }
        }
    }

    /// Whether a trade may stay as it is. Three kinds of trades may: final ones, reviews without a clear answer of the gateway,
    /// and ones that wait for a customer before anything is presented.
    fn is_settled(&self, at: usize) -> bool {
        let (trade, row) = (self.store.trade(at), &self.contexts[at]);
        let slowest_ms = self.weather.policy.review_check_max_ms + SLACK_MS;
        let fresh = self.now < row.account.since_ms + slowest_ms;
        match trade.state() {
            State::Paid
            | State::Declined
            | State::Cancelled
            | State::Expired
            | State::Abandoned
            | State::Voided
            | State::LateSuccess => true,
            State::AwaitingCode => (0..self.pages.len()).any(|page| {
                let record = self.pages[page].charge.record();
                self.runs(page) && record.trade_id.as_ref() == Some(&trade.facts().trade_id)
            }),
            State::Reversed => true,
            State::NeedsReview | State::GivenUp => fresh || !row.account.stage.is_final(),
            State::VoidReview => fresh || row.account.stage != Stage::Refunded,
            // Late money is seen late and then given back. At rest, nothing is under way any more.
            State::Voiding | State::VoidUnknown
                if row.account.ledger.late || trade.given_up().is_some() =>
            {
                true
            }
            State::Creating
            | State::CreateUnknown
            | State::AwaitingPayer
            | State::Paying
            | State::Pending
            | State::Unknown
            | State::Cancelling
            | State::CancelUnknown
            | State::Voiding
            | State::VoidUnknown => false,
        }
    }

    // ---- at rest ---------------------------------------------------------------------------------------------

    /// Checks a sale for which nothing is left to happen until this time. If its faults had stopped, late money was
    /// seen.
    pub(crate) fn judge_rest(&mut self, until_ms: Ms) {
        if self.weather.calm_ms.is_none() {
            return;
        }
        let mut rows = self.store.rows().iter();
        let voiding = |row: &Row| matches!(row.trade.state(), State::Voiding | State::VoidUnknown);
        if let Some(row) = rows.position(voiding) {
            let what = format!("trade {row} is being given back, and no query about it is due");
            self.find(Kind::Unresolved, what);
        }
        let mut rows = self.store.rows().iter().zip(&self.contexts);
        let unseen = rows.position(|(row, outside)| {
            let closed = matches!(
                row.trade.state(),
                State::Declined | State::Cancelled | State::Expired
            );
            closed && outside.account.ledger.kept() != 0
        });
        if let Some(row) = unseen {
            let what = format!(
                "trade {row} was paid after it was closed, and the backend does not know it"
            );
            self.find(Kind::Unresolved, what);
        }
        let mut rows = self.store.rows().iter().zip(&self.contexts);
        let reversed = rows.position(|(row, outside)| {
            row.trade.state() == State::Paid
                && outside.account.ledger.kept() == 0
                // A person has decided otherwise, and the alarm about it was raised.
                && !row.trade.verdict_contradicted()
                && self.is_check_promised(&row.trade, outside.account.since_ms, until_ms)
        });
        if let Some(row) = reversed {
            let what = format!("trade {row} is paid, and nobody noticed that it was given back");
            self.find(Kind::Unresolved, what);
        }
    }

    /// Whether rule 34 promises a check of this payment after this time, and before the other.
    ///
    /// The last check is that of the next morning, by the clock of the process that had the answer. After it, the
    /// backend asks only if somebody reads the trade.
    fn is_check_promised(&self, trade: &Trade, after_ms: Ms, until_ms: Ms) -> bool {
        let policy = &self.weather.policy;
        let checks = policy.paid_checks(trade.since_ms());
        checks.is_some_and(|[.., morning_ms]| {
            let latest_ms = morning_ms + policy.day_ms / 24 + policy.review_check_first_ms;
            after_ms + SLACK_MS < morning_ms && latest_ms + SLACK_MS < until_ms
        })
    }
}
