//! What must hold in every world.

use kaunter_core::till::End;
use kaunter_core::trade::{Risk, State};
use kaunter_core::wire;

use super::page::Page;
use super::{Row, World};

impl World {
    /// The first law that this world breaks.
    pub(crate) fn judge(&self) -> Result<(), String> {
        self.rows.iter().try_for_each(Self::judge_row)?;
        let amounts = self.rows.iter().map(|row| &row.trade.facts().sale.amount);
        if amounts
            .skip(1)
            .any(|amount| *amount != self.rows[0].trade.facts().sale.amount)
        {
            return Err("a page changed what is owed".to_owned());
        }
        let holders = self
            .rows
            .iter()
            .filter(|row| row.trade.holds_sale())
            .count();
        if holders > 1 {
            return Err("two attempts hold one sale".to_owned());
        }
        self.pages
            .iter()
            .try_for_each(|page| self.judge_page(page))?;
        self.judge_sale()
    }

    fn judge_row(row: &Row) -> Result<(), String> {
        let account = row.account;
        if account.ledger.payments > 1 || account.ledger.charged > 1 {
            return Err(
                "double charge: the payment of one attempt reached the gateway twice".to_owned(),
            );
        }
        if account.ledger.refunded > account.ledger.charged {
            return Err("double refund".to_owned());
        }
        let unseen =
            row.trade.state().risk() == Risk::None || row.trade.state() == State::Abandoned;
        if row.shown && unseen {
            return Err("our code was shown, and the row says that nobody could pay".to_owned());
        }
        let kept = account.ledger.charged - account.ledger.refunded;
        let lie = match row.trade.state() {
            State::Paid => kept != 1,
            State::LateSuccess => account.ledger.charged != 1,
            State::Voided => kept != 0 && !account.ledger.late,
            State::Declined | State::Cancelled | State::Expired => {
                kept != 0 && !account.ledger.late
            }
            State::Creating | State::CreateUnknown | State::AwaitingCode => {
                account.ledger.payments != 0
            }
            State::Abandoned => account.ledger.payments != 0,
            _ => false,
        };
        if lie {
            return Err(format!(
                "{:?} is not what the ledger says: {account:?}",
                row.trade.state()
            ));
        }
        Ok(())
    }

    /// What the cashier was told at the end is true, now and later.
    fn judge_page(&self, page: &Page) -> Result<(), String> {
        let Some(end) = &page.end else { return Ok(()) };
        let account = |trade_id: &str| {
            let row = self
                .rows
                .iter()
                .find(|row| row.trade.facts().trade_id == trade_id);
            row.map(|row| row.account).unwrap()
        };
        match end {
            End::Settled(trade) => match trade.status {
                wire::Status::Paid if account(&trade.trade_id).ledger.charged != 1 => {
                    Err("told paid, and the ledger has no charge".to_owned())
                }
                wire::Status::Declined | wire::Status::Cancelled
                    if account(&trade.trade_id).ledger.charged
                        != account(&trade.trade_id).ledger.refunded
                        && !account(&trade.trade_id).ledger.late =>
                {
                    Err(format!(
                        "told {:?}, and the ledger has a charge",
                        trade.status
                    ))
                }
                _ => Ok(()),
            },
            End::Unresolved(..) => Ok(()),
            End::Refused(..)
            | End::Unreachable
            | End::NoToken
            | End::GatewayDown
            | End::NoWallet
            | End::Aborted => {
                let began = self.rows.iter().any(|row| {
                    let own = page
                        .charge
                        .as_ref()
                        .is_some_and(|charge| charge.record().key == row.key);
                    own && (row.account.ledger.payments > 0 || row.shown)
                });
                if began {
                    Err(format!(
                        "told that nothing began ({end:?}), and a payment left"
                    ))
                } else {
                    Ok(())
                }
            }
        }
    }

    /// At rest a sale keeps its amount once or not at all; more stands only with an alarm, or unknown to the backend
    /// because the gateway took it after its last question.
    fn judge_sale(&self) -> Result<(), String> {
        let kept: u8 = self
            .rows
            .iter()
            .map(|row| row.account.ledger.charged - row.account.ledger.refunded)
            .sum();
        let late = self.rows.iter().any(|row| row.account.ledger.late);
        if kept > 1 && !late {
            return Err(format!(
                "double charge: the sale keeps its amount {kept} times"
            ));
        }
        Ok(())
    }
}
