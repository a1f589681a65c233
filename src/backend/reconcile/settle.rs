//! Settles trades under review with the report as evidence. The machine of the trade takes the verdict, as it takes one
//! of a person at a till; rule 40 of `docs/rules.md` says which verdict that is.
//!
//! The command works on the store itself, beside a backend that runs: a change of either is tried again if the other
//! was faster. It sends status queries only, and sets no timers.

use kaunter_core::desk::{Command, Speaker};
use kaunter_core::report::{Statement, verdict};
use kaunter_core::wire::Verdict;

use super::comparison::sentence;
use super::{Reconciled, Reconciliation, Review};
use crate::clock::Clock;
use crate::config::Config;
use crate::gateway::Gateway;
use crate::ownership;
use crate::trades::{ChangeRequest, Trades};
use crate::trail::Actor;

/// What the audit trail has in place of a terminal.
const TERMINAL: &str = "reconcile";

impl Reconciled {
    /// The trades that the report would settle.
    pub fn proposals(&self) -> impl Iterator<Item = &Review> {
        self.reviews
            .iter()
            .filter(|review| review.outcome.is_some())
    }
}

impl Reconciliation {
    /// Settles each trade under review that the report decides, after one question to the gateway. `by` is the person
    /// who vouches for the report.
    ///
    /// # Errors
    /// The name is not valid, or the store or the gateway's client can't be opened.
    pub async fn settle(&self, config: &Config, by: &str) -> anyhow::Result<Vec<Review>> {
        ownership::check_by(by)?;
        crate::install_tls();
        let policy = config.scaled_policy();
        let store = ownership::open_own(config).await?;
        store.join(config).await;
        let gateway = Gateway::new(config.gateway.clone(), policy.clone(), &config.bounds)?;
        let trades = Trades::new(
            store,
            gateway,
            policy,
            (config.shop.clone(), config.sales),
            (Clock::start(), config.day),
            config.bounds.concurrent_gateway_requests,
            config.person_limits(),
        );
        trades.stop_timers();
        let mut reviews = self.result().reviews;
        for (_, row, statement) in self.comparison.statements() {
            let Some(review) = reviews
                .iter_mut()
                .find(|review| review.line == row.line && review.outcome.is_some())
            else {
                continue;
            };
            let settled = self.settle_one(&trades, review, &statement, by).await;
            review.settled = settled.is_ok();
            review.why = settled.err();
        }
        trades.drain().await;
        Ok(reviews)
    }

    async fn settle_one(
        &self,
        trades: &Trades,
        review: &Review,
        statement: &Statement<'_>,
        by: &str,
    ) -> Result<(), String> {
        let asked = trades.ask_once(&review.trade_id).await;
        let (trade, fresh) = asked.map_err(|problem| problem.code.as_str().to_owned())?;
        let outcome =
            verdict(statement, &trade, fresh.as_ref()).map_err(|why| sentence(why).to_owned())?;
        let given = Verdict {
            outcome,
            evidence: format!(
                "the gateway's report of {}, SHA-256 {}, {}",
                self.day, self.sha256, review.stated
            ),
            actor: None,
        };
        let speaker = Speaker::Terminal {
            cashier: by,
            terminal: TERMINAL,
        };
        let command = Command::verdict(&given, speaker);
        let command = command.map_err(|refused| refused.code.as_str().to_owned())?;
        let request = ChangeRequest {
            event: command.event,
            code: None,
            who: Actor::person(by, TERMINAL),
            note: command.note,
        };
        let applied = trades.request(&trade, request).await;
        let settled = applied.map_err(|problem| problem.code.as_str().to_owned())?;
        // Rule 43: a verdict on one's own charge, or above the limit, is a proposal.
        match settled.proposal {
            Some(_) => Err("a second person must confirm it".to_owned()),
            None => Ok(()),
        }
    }
}
