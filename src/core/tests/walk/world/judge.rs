//! What must hold in every world.

use kaunter_core::trade::Trade;
use kaunter_model::judge::{self, Breach, Evidence};
use kaunter_model::sample;

use super::page::Page;
use super::{SHOP, World};

impl World {
    /// The first rule that this world breaks.
    pub(crate) fn judge(&self) -> Result<(), String> {
        if self.second_holder {
            return Err("two trades hold one sale, but for the store's index".to_owned());
        }
        if self.meddled {
            return Err("a second device of a name changed the first one's sale".to_owned());
        }
        if self.freed_unasked {
            return Err("a correction freed the sale without asking the gateway".to_owned());
        }
        if self.kind.people_decide_anything() {
            // What a person said may be wrong. What the gateway said must be true.
            let judged = self.judge_gateways_word();
            return judged.map_err(|breach| breach.sentence().to_owned());
        }
        let judged = self
            .judge_sale()
            .and_then(|()| self.pages.iter().try_for_each(|page| self.judge_page(page)));
        judged.map_err(|breach| breach.sentence().to_owned())
    }

    fn judge_sale(&self) -> Result<(), Breach> {
        self.judge_rows(|_| true)
    }

    fn judge_gateways_word(&self) -> Result<(), Breach> {
        self.judge_rows(|trade| !trade.decided_by_person())
    }

    fn judge_rows(&self, counts: fn(&Trade) -> bool) -> Result<(), Breach> {
        let rows = self.store.rows().iter().zip(&self.outside);
        let rows = rows.filter(|(row, _)| counts(&row.trade));
        let trades = rows.map(|(row, outside)| Evidence {
            trade: &row.trade,
            ledger: outside.account.ledger,
            shown: outside.shown,
            reversible: self.kind.reverses,
        });
        let due = self.store.due(SHOP, &sample::sale().reference);
        judge::sale(trades, due.as_ref())
    }

    fn judge_page(&self, page: &Page) -> Result<(), Breach> {
        let Some(end) = &page.end else { return Ok(()) };
        let ledger = |trade_id: &str| {
            let row = self.store.find(trade_id)?;
            Some(self.outside[row].account.ledger)
        };
        let began = || {
            let key = page.charge.as_ref().map(|charge| &charge.record().key);
            let mut rows = self.store.rows().iter().zip(&self.outside);
            rows.any(|(row, outside)| {
                let may_be_paid = outside.account.ledger.payments > 0 || outside.shown;
                Some(&row.key) == key && may_be_paid
            })
        };
        judge::end(end, ledger, began)
    }
}
