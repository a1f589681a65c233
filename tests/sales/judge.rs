//! What must hold: at every moment, when faults have stopped and time is up, and at rest.

use kaunter_core::money::Money;
use kaunter_core::sale::Standing;
use kaunter_core::till::{End, Phase};
use kaunter_core::trade::{Risk, State};
use kaunter_core::wire::{CodeMode, Status};
use kaunter_model::gateway::Stage;

use crate::page::Page;
use crate::tally::Kind;
use crate::world::{Row, World};

/// What a question and its answer may take, beyond the longest pause between two.
const SLACK_MS: u64 = 60_000;

type Found = Result<(), (Kind, String)>;

impl World<'_> {
    /// At every moment.
    pub(crate) fn judge(&mut self) {
        let found = self
            .judge_sale()
            .and_then(|()| self.judge_bill())
            .and_then(|()| self.rows.iter().enumerate().try_for_each(judge_row))
            .and_then(|()| self.pages.iter().try_for_each(|page| self.judge_page(page)));
        if let Err((kind, what)) = found {
            self.find(kind, what);
        }
    }

    /// A code that has paid another sale a moment ago is sent for none.
    pub(crate) fn judge_code(&mut self, row: usize) {
        let trade = &self.rows[row].trade;
        let before = trade.code().and_then(|mark| self.code_before(mark));
        let memory_ms = self.weather.policy.code_memory_s * 1_000;
        let young = |at_ms| self.now < at_ms + memory_ms / 2;
        if before.is_some_and(|before| young(before.at_ms)) && self.host_ahead_ms == 0 {
            let what = "one code paid two sales".to_owned();
            self.find(Kind::Double, what);
        }
    }

    /// The bill closes on the amount that the ledger keeps, and on no other; every attempt collects the same.
    fn judge_bill(&self) -> Found {
        let wrong = |what: &str| Err((Kind::Wrong, what.to_owned()));
        let mut amounts = self.rows.iter().map(|row| &row.trade.facts().sale.amount);
        let Some(due) = amounts.next() else {
            return Ok(());
        };
        if amounts.any(|amount| amount != due) {
            return wrong("a page changed what is owed");
        }
        let standing = Standing::of(self.rows.iter().map(|row| &row.trade));
        let kept: i16 = self.rows.iter().map(|row| row.account.ledger.kept()).sum();
        if standing.closes_bill(due) && kept < 1 {
            return wrong("the bill closes, and the ledger keeps nothing");
        }
        let other = Money {
            minor: due.minor + 1,
            currency: due.currency.clone(),
        };
        if standing.closes_bill(&other) {
            return wrong("another amount closes the bill");
        }
        Ok(())
    }

    /// The ledger keeps the amount once. What was charged after the attempt was closed stands outside: it is an alarm,
    /// or will be at the next question.
    fn judge_sale(&self) -> Found {
        let mut kept = 0;
        let mut holders = 0;
        for row in &self.rows {
            if !row.account.ledger.late {
                kept += row.account.ledger.kept();
            }
            holders += u8::from(row.trade.holds_sale());
        }
        if kept > 1 {
            return Err((
                Kind::Double,
                format!("the sale keeps its amount {kept} times"),
            ));
        }
        if holders > 1 {
            return Err((Kind::Wrong, "two attempts hold one sale".to_owned()));
        }
        Ok(())
    }

    /// What the cashier was told at the end is true, now and later.
    fn judge_page(&self, page: &Page) -> Found {
        let Some(end) = &page.end else { return Ok(()) };
        let account = |trade_id: &str| self.row_of(trade_id).map(|row| self.rows[row].account);
        let lie = match end {
            End::Settled(trade) => {
                let account = account(&trade.trade_id);
                match (trade.status, account) {
                    (_, None) => true,
                    (Status::Paid, Some(account)) => account.ledger.charged == 0,
                    (Status::Declined | Status::Cancelled, Some(account)) => {
                        account.ledger.kept() != 0 && !account.ledger.late
                    }
                    (Status::Voided, Some(account)) => {
                        account.ledger.kept() != 0 && !account.ledger.late
                    }
                    (
                        Status::Creating
                        | Status::AwaitingCode
                        | Status::AwaitingPayer
                        | Status::Paying
                        | Status::Pending
                        | Status::Unknown
                        | Status::Cancelling
                        | Status::NeedsReview
                        | Status::Voiding
                        | Status::LateSuccess,
                        Some(_),
                    ) => false,
                }
            }
            End::Unresolved(..) => false,
            End::Refused(..)
            | End::Unreachable
            | End::NoToken
            | End::GatewayDown
            | End::NoWallet
            | End::Aborted => {
                let record = page.charge.record();
                self.rows.iter().any(|row| {
                    let own = row.key == record.key
                        || Some(&row.trade.facts().trade_id) == record.trade_id.as_ref();
                    // Another page, which found the attempt on the backend's list, may have shown its code: that one
                    // tells its own end.
                    let began = match row.trade.facts().mode {
                        CodeMode::ConsumerPresented => row.account.ledger.payments > 0,
                        CodeMode::MerchantPresented => page.shown,
                    };
                    own && began
                })
            }
        };
        if lie {
            return Err((
                Kind::Wrong,
                format!("a till was told {end:?}, and the ledger says otherwise"),
            ));
        }
        Ok(())
    }

    // ---- faults have stopped, time is up ---------------------------------------------------------------------

    pub(crate) fn judge_settled(&mut self) {
        let open = (0..self.rows.len()).find(|row| !self.is_settled(*row));
        if let Some(row) = open {
            let (state, account) = (self.rows[row].trade.state(), self.rows[row].account);
            let what = format!("attempt {row} is still {state:?}, the gateway says {account:?}");
            return self.find(Kind::Unresolved, what);
        }
        let waits = (0..self.pages.len())
            .find(|at| self.runs(*at) && self.pages[*at].charge.phase() != Phase::Ready);
        if let Some(at) = waits {
            let phase = self.pages[at].charge.phase();
            // Without a wallet nothing has begun: the customer may fumble for ever.
            if phase != Phase::Scanning {
                self.find(Kind::Unresolved, format!("page {at} is still {phase:?}"));
            }
        }
    }

    /// Final; or waiting for a customer before anything is presented; or under review where the gateway has no word,
    /// or had none at the last question.
    fn is_settled(&self, at: usize) -> bool {
        let row = &self.rows[at];
        let slowest_ms = self.weather.policy.review_check_max_ms + SLACK_MS;
        let fresh = self.now < row.account.since_ms + slowest_ms;
        match row.trade.state() {
            State::Paid
            | State::Declined
            | State::Cancelled
            | State::Expired
            | State::Abandoned
            | State::Voided
            | State::LateSuccess => true,
            State::AwaitingCode => (0..self.pages.len()).any(|page| {
                let record = self.pages[page].charge.record();
                self.runs(page) && record.trade_id.as_ref() == Some(&row.trade.facts().trade_id)
            }),
            State::NeedsReview => fresh || !row.account.stage.is_final(),
            State::VoidReview => fresh || row.account.stage != Stage::Refunded,
            // Money that came late is seen late, and given back then: at rest nothing is on its way any more.
            State::Voiding | State::VoidUnknown if row.account.ledger.late => true,
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

    /// Nothing is left to happen: where faults had stopped, money that came late was seen.
    pub(crate) fn judge_rest(&mut self) {
        if self.weather.calm_ms.is_none() {
            return;
        }
        let voiding = |row: &Row| matches!(row.trade.state(), State::Voiding | State::VoidUnknown);
        if let Some(row) = self.rows.iter().position(voiding) {
            let what = format!("attempt {row} is given back, and nobody waits for the word on it");
            self.find(Kind::Unresolved, what);
        }
        let unseen = self.rows.iter().position(|row| {
            let closed = matches!(
                row.trade.state(),
                State::Declined | State::Cancelled | State::Expired
            );
            closed && row.account.ledger.kept() != 0
        });
        if let Some(row) = unseen {
            let what = format!("attempt {row} was paid after it was closed, and nobody knows");
            self.find(Kind::Unresolved, what);
        }
    }
}

fn judge_row((at, row): (usize, &Row)) -> Found {
    let account = row.account;
    if account.ledger.payments > 1 || account.ledger.charged > 1 {
        let what = format!("the payment of attempt {at} reached the gateway twice");
        return Err((Kind::Double, what));
    }
    if account.ledger.refunded > account.ledger.charged {
        let what = format!("attempt {at} was given back twice");
        return Err((Kind::Double, what));
    }
    let kept = account.ledger.kept();
    let state = row.trade.state();
    if row.shown_ms.is_some() && (state.risk() == Risk::None || state == State::Abandoned) {
        let what = format!("attempt {at} is {state:?}, and its code was shown");
        return Err((Kind::Wrong, what));
    }
    let lie = match state {
        State::Paid => kept != 1,
        State::LateSuccess => !account.ledger.late || account.ledger.charged != 1,
        State::Voided | State::Declined | State::Cancelled | State::Expired => {
            kept != 0 && !account.ledger.late
        }
        State::Creating | State::CreateUnknown | State::AwaitingCode | State::Abandoned => {
            account.ledger.payments != 0
        }
        State::AwaitingPayer
        | State::Paying
        | State::Pending
        | State::Unknown
        | State::Cancelling
        | State::CancelUnknown
        | State::NeedsReview
        | State::Voiding
        | State::VoidUnknown
        | State::VoidReview => false,
    };
    if lie {
        let what = format!("attempt {at} is {state:?}, and the ledger says {account:?}");
        return Err((Kind::Wrong, what));
    }
    Ok(())
}
