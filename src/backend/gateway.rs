//! The gateways that this backend can work with, in words that belong to no single gateway.
//!
//! Each gateway has an adapter, a folder beside this one: [`crate::paydibs`]. Only the adapter knows its gateway's
//! words; the modules here are shared. To add a gateway, write its adapter and add a variant to [`Gateway`]: the
//! compiler then names each call that is missing.

pub(crate) mod budget;
pub(crate) mod common;
pub(crate) mod http;
pub(crate) mod masking;
mod offers;
pub(crate) mod ours;
pub(crate) mod strict;
pub(crate) mod unknown;
mod wallets;

use kaunter_core::desk::Limits;
use kaunter_core::policy::Policy;
use kaunter_core::trade::{
    self, CancelAnswer, Carried, CreateAnswer, Event, Facts, GatewayStatus, PayAnswer,
    StatusAnswer, VoidAnswer,
};
use kaunter_core::wire::{GatewayAnswer, Wallet};

use crate::config::{GatewayConfig, GatewayKind};
use crate::limits::Bounds;
use crate::metrics::METRICS;
use crate::paydibs::Paydibs;
use crate::secret::Secret;
use budget::Budget;
use common::{Common, GatewayReply};
use http::NoAnswer;
use unknown::UnknownWords;

pub(crate) use wallets::ListStatus;

/// The gateway of this backend.
pub(crate) enum Gateway {
    Paydibs(Paydibs),
}

/// The result of a request: the machine's event, and the gateway's own words.
pub(crate) struct Answered {
    pub(crate) event: Event,
    pub(crate) gateway_answer: Option<GatewayAnswer>,
}

/// What the rest of the backend calls.
impl Gateway {
    pub(crate) fn new(
        config: GatewayConfig,
        policy: Policy,
        bounds: &Bounds,
    ) -> anyhow::Result<Self> {
        let common = Common::new(&config, policy, bounds)?;
        Ok(match config.kind {
            GatewayKind::Paydibs => Self::Paydibs(Paydibs::new(config, common)),
        })
    }

    /// Sends a request of the machine. Returns the answer as an event.
    pub(crate) async fn send(
        &self,
        facts: &Facts,
        gateway_ref: Option<&str>,
        send: trade::GatewayRequest,
        code: Option<Secret>,
    ) -> Answered {
        let gateway_ref = gateway_ref.unwrap_or_default();
        let (event, gateway_answer) = match send {
            trade::GatewayRequest::Create => {
                let (answer, gateway_answer) = self.create(facts).await;
                (Event::Created(answer), gateway_answer)
            }
            trade::GatewayRequest::Pay => {
                let (answer, gateway_answer) = self.pay(facts, gateway_ref, code).await;
                (Event::PayAnswered(answer), gateway_answer)
            }
            trade::GatewayRequest::Query { version } => {
                let (answer, gateway_answer) = self.status(facts, gateway_ref).await;
                (Event::Status(version, answer), gateway_answer)
            }
            trade::GatewayRequest::Cancel => {
                let (answer, gateway_answer) = self.cancel(facts, gateway_ref).await;
                (Event::CancelAnswered(answer), gateway_answer)
            }
            trade::GatewayRequest::Void => {
                let (answer, gateway_answer) = self.void(facts, gateway_ref).await;
                (Event::VoidAnswered(answer), gateway_answer)
            }
        };
        Answered {
            event,
            gateway_answer,
        }
    }

    /// True if the gateway answered within the last pause between status checks, or answers now. Concurrent callers
    /// share one request.
    pub(crate) async fn is_ready(&self) -> bool {
        self.common().is_ready(self.probe()).await
    }

    /// The wallets that tills may offer. Waits for the gateway only if no list is known. A list that is old or not
    /// complete is fetched by [`Self::refresh_wallets`].
    pub(crate) async fn offered_wallets(
        &self,
        test_wallets: bool,
    ) -> Result<Vec<Wallet>, NoAnswer> {
        let ask = self.wallets(test_wallets);
        self.common().offers.list(ask).await
    }

    /// Fetches the wallets if they are unknown, old or not complete. Concurrent callers share one request.
    pub(crate) async fn refresh_wallets(&self, test_wallets: bool) -> Result<(), NoAnswer> {
        let ask = self.wallets(test_wallets);
        self.common().offers.refresh(ask).await
    }

    /// The words that the configuration does not know, and that are not stored yet.
    pub(crate) fn unknown(&self) -> &UnknownWords {
        &self.common().unknown
    }

    /// How far the list of wallets is trusted, and whether it offers any wallet.
    pub(crate) fn list_status(&self) -> (ListStatus, bool) {
        self.common().offers.list_status()
    }
}

/// What each adapter implements.
impl Gateway {
    pub(crate) fn config(&self) -> &GatewayConfig {
        match self {
            Self::Paydibs(paydibs) => &paydibs.config,
        }
    }

    /// The amounts that it accepts.
    pub(crate) fn limits(&self) -> Limits<'_> {
        let config = self.config();
        Limits {
            currency: &config.currency,
            max_minor: config.max_amount_minor,
        }
    }

    /// The questions that it is asked.
    pub(crate) fn budget(&self) -> &Budget {
        &self.common().budget
    }

    fn common(&self) -> &Common {
        match self {
            Self::Paydibs(paydibs) => &paydibs.common,
        }
    }

    /// Sends a harmless request: is the gateway reachable, and are our keys valid?
    async fn probe(&self) -> Result<(), NoAnswer> {
        match self {
            Self::Paydibs(paydibs) => paydibs.probe().await,
        }
    }

    async fn wallets(&self, test_wallets: bool) -> Result<Vec<Wallet>, NoAnswer> {
        match self {
            Self::Paydibs(paydibs) => paydibs.wallets(test_wallets).await,
        }
    }

    async fn create(&self, facts: &Facts) -> GatewayReply<CreateAnswer> {
        match self {
            Self::Paydibs(paydibs) => paydibs.create(facts).await,
        }
    }

    async fn pay(
        &self,
        facts: &Facts,
        gateway_ref: &str,
        code: Option<Secret>,
    ) -> GatewayReply<PayAnswer> {
        // Without the code nothing can be sent, and nothing was.
        let Some(code) = code else {
            return (PayAnswer::Unsent, None);
        };
        match self {
            Self::Paydibs(paydibs) => paydibs.pay(facts, gateway_ref, &code).await,
        }
    }

    async fn status(&self, facts: &Facts, gateway_ref: &str) -> GatewayReply<StatusAnswer> {
        // At the limit, this status check is dropped: the machine makes the next one.
        let Some(_permit) = self.common().status_check_permit().await else {
            METRICS.gateway("status", "held", None);
            let silent = StatusAnswer {
                status: GatewayStatus::Unclear,
                carried: Carried::default(),
            };
            return (silent, None);
        };
        match self {
            Self::Paydibs(paydibs) => paydibs.status(facts, gateway_ref).await,
        }
    }

    async fn cancel(&self, facts: &Facts, gateway_ref: &str) -> GatewayReply<CancelAnswer> {
        match self {
            Self::Paydibs(paydibs) => paydibs.cancel(facts, gateway_ref).await,
        }
    }

    async fn void(&self, facts: &Facts, gateway_ref: &str) -> GatewayReply<VoidAnswer> {
        match self {
            Self::Paydibs(paydibs) => paydibs.void(facts, gateway_ref).await,
        }
    }
}
