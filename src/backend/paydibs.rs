//! The adapter of PayDibs: turns the machine's requests into calls of the PayDibs POS API, and their answers into
//! events.
//!
//! Only this folder knows the API's paths, fields and numbers. [`call`] describes each call as data, [`send`] sends
//! one, [`words`] has the names and values. This file decides what each answer proves. Where money may have moved, only
//! a definite answer counts.

mod call;
mod envelope;
mod send;
mod sign;
mod token;
mod unknown;
pub(crate) mod words;

use std::sync::Once;

use hex::encode as hex_encode;
use kaunter_core::trade::{
    CancelAnswer, Carried, CreateAnswer, Facts, GatewayStatus, PayAnswer, StatusAnswer, VoidAnswer,
};
use kaunter_core::wire::{CodeMode, Reason, Wallet};
use md5::{Digest, Md5};
use tokio::sync::Mutex;

use crate::config::GatewayConfig;
use crate::gateway::common::{Common, GatewayReply};
use crate::gateway::http::{Connection, NoAnswer};
use crate::gateway::ours;
use crate::secret::Secret;
use envelope::{Envelope, ListedWallet};
use send::CallResult;
use token::CachedToken;
use words::{CONSUMER_PRESENTED, MerchantWords, WalletState, code, field, order, status};

/// A merchant's account at PayDibs.
pub(crate) struct Paydibs {
    pub(crate) config: GatewayConfig,
    pub(crate) common: Common,
    token: Mutex<CachedToken>,
    /// The wallets of the configuration that the gateway does not list are logged once.
    unlisted_logged: Once,
}

impl Paydibs {
    pub(crate) fn new(config: GatewayConfig, common: Common) -> Self {
        Self {
            config,
            common,
            token: Mutex::new(CachedToken::default()),
            unlisted_logged: Once::new(),
        }
    }

    /// Fetches the wallets to see whether the gateway is reachable: any readable answer will do.
    pub(crate) async fn probe(&self) -> Result<(), NoAnswer> {
        let answer = self.answer(&call::wallets(CONSUMER_PRESENTED)).await;
        answer.map(|_| ()).map_err(|failed| failed.failure.why)
    }

    /// The wallets of each mode that this gateway has, as one list.
    pub(crate) async fn wallets(&self, test_wallets: bool) -> Result<Vec<Wallet>, NoAnswer> {
        let mut all: Vec<Wallet> = Vec::new();
        let mut names = Vec::new();
        let merchant = self.config.words.merchant_presented.as_ref();
        let ways = [
            Some((CodeMode::ConsumerPresented, CONSUMER_PRESENTED)),
            merchant.map(|words| (CodeMode::MerchantPresented, words.pay_type.as_str())),
        ];
        for (way, pay_type) in ways.into_iter().flatten() {
            let call = call::wallets(pay_type);
            let (answer, _) = self.send(&call).await;
            let envelope = answer.map_err(|failed| failed.failure.why)?;
            let listed = envelope
                .integrators(&self.config.words, &self.config.currency)
                .ok_or(NoAnswer::Unclear)?;
            for ListedWallet { mut wallet, active } in listed {
                names.extend([wallet.wallet_id.clone(), wallet.name.clone()]);
                match self.config.words.wallet_state(&active) {
                    WalletState::Active => {}
                    WalletState::Test if test_wallets => wallet.test = true,
                    WalletState::Test | WalletState::Inactive => continue,
                    WalletState::Unknown => {
                        self.note_unknown_wallet(&active, &wallet.name);
                        continue;
                    }
                }
                match all
                    .iter_mut()
                    .find(|known| known.wallet_id == wallet.wallet_id)
                {
                    Some(known) if known.modes.contains(&way) => {}
                    Some(known) => known.modes.push(way),
                    None => {
                        wallet.modes.push(way);
                        self.config.limit_amounts(&mut wallet);
                        all.push(wallet);
                    }
                }
            }
        }
        self.log_unlisted(&names);
        Ok(all)
    }

    /// Logs the wallets of the configuration that the gateway does not list, by neither their id nor their name: what is
    /// set for them has no effect.
    fn log_unlisted(&self, names: &[String]) {
        if names.is_empty() {
            return;
        }
        self.unlisted_logged.call_once(|| {
            for wallet in self.config.wallets.keys() {
                if !names.contains(wallet) {
                    tracing::warn!(
                        "gateway.wallets.{wallet:?} has no effect, because the gateway lists no wallet of that name or id: correct it"
                    );
                }
            }
        });
    }

    pub(crate) async fn create(&self, facts: &Facts) -> GatewayReply<CreateAnswer> {
        let (pay_type, merchant) = match (facts.mode, &self.config.words.merchant_presented) {
            (CodeMode::ConsumerPresented, _) => (CONSUMER_PRESENTED, None),
            (CodeMode::MerchantPresented, Some(words)) => (words.pay_type.as_str(), Some(words)),
            // The configuration lost this mode between two starts: nothing was presented.
            (CodeMode::MerchantPresented, None) => return (CreateAnswer::Unclear, None),
        };
        let (answer, gateway_answer) = self.send(&call::create(facts, pay_type)).await;
        let created = match answer {
            Ok(envelope) if envelope.is_ok() => self.create_answer(&envelope, facts, merchant),
            Ok(envelope) => self.not_made(&envelope, facts),
            // The reason may be in an answer whose HTTP status is an error.
            Err(failed) => match (failed.failure.why, failed.failure.status, failed.envelope) {
                (NoAnswer::Unclear, Some(400..500), Some(envelope)) => {
                    self.not_made(&envelope, facts)
                }
                (_, _, _) => CreateAnswer::Unclear,
            },
        };
        (created, gateway_answer)
    }

    /// An answer about another sale proves nothing about this one, and nothing was presented.
    fn create_answer(
        &self,
        envelope: &Envelope,
        facts: &Facts,
        merchant: Option<&MerchantWords>,
    ) -> CreateAnswer {
        let carried = self.carried(envelope);
        match carried.gateway_ref.clone() {
            Some(trans_id) if carried.agrees(facts, Some(&trans_id)) => CreateAnswer::Made {
                gateway_ref: trans_id,
                payload: merchant
                    .and_then(|words| envelope.text(&words.field))
                    .and_then(|text| ours::read(text, &facts.sale.amount)),
            },
            Some(_) | None => {
                tracing::warn!(
                    trade_id = facts.trade_id,
                    "the gateway's answer to a creation has no id that can be used, or is about another sale: the trade ends before anything is presented"
                );
                CreateAnswer::Unclear
            }
        }
    }

    /// The gateway answered and created no trade. Nothing was presented, so any refusal is final. A code of the
    /// gateway's own faults is not a refusal.
    fn not_made(&self, envelope: &Envelope, facts: &Facts) -> CreateAnswer {
        let trans_id = self.carried(envelope).gateway_ref.unwrap_or_default();
        match envelope.code() {
            _ if !self.is_about(envelope, facts, &trans_id) => CreateAnswer::Unclear,
            None => CreateAnswer::Unclear,
            Some(code) if code::FAULTS.contains(&code) => CreateAnswer::Unclear,
            Some(_) => CreateAnswer::Refused(self.definite(envelope).unwrap_or(Reason::Other)),
        }
    }

    pub(crate) async fn pay(
        &self,
        facts: &Facts,
        trans_id: &str,
        code: &Secret,
    ) -> GatewayReply<PayAnswer> {
        let (answer, gateway_answer) = self.send(&call::pay(facts, trans_id, code)).await;
        let payed = match answer {
            Ok(envelope) if is_accepted(&envelope) => {
                let mut carried = self.carried(&envelope);
                carried.incomplete |= carried.gateway_ref.is_none();
                match envelope.text(field::USER_ORDER_STATUS).as_deref() {
                    Some(order::PAID) => PayAnswer::Paid(carried),
                    Some(_) | None => PayAnswer::Processing(carried),
                }
            }
            // This refusal names another trade, so it proves nothing about this one. A status check decides.
            Ok(envelope) if !self.is_about(&envelope, facts, trans_id) => PayAnswer::Unclear,
            Ok(envelope) => self
                .definite(&envelope)
                .map_or(PayAnswer::Unclear, PayAnswer::Refused),
            Err(failed) if failed.is_unsent() => PayAnswer::Unsent,
            Err(_) => PayAnswer::Unclear,
        };
        (payed, gateway_answer)
    }

    pub(crate) async fn status(&self, facts: &Facts, trans_id: &str) -> GatewayReply<StatusAnswer> {
        let call = call::status(facts, trans_id, Connection::Reused);
        let mut answer = self.answer(&call).await;
        if self.is_unbound_status(&answer) {
            // Nothing in the answer says which trade it is about, and a kept connection may hold the answer to an
            // earlier request.
            let call = call::status(facts, trans_id, Connection::Fresh);
            answer = self.answer(&call).await;
        }
        let gateway_answer = self.gateway_answer(&call, &answer).await;
        let answer = match answer {
            Ok(envelope) if envelope.is_ok() => StatusAnswer {
                status: self.gateway_status(&envelope),
                carried: self.carried(&envelope),
            },
            Ok(envelope) if is_refusal(&envelope) => StatusAnswer {
                status: GatewayStatus::Unlisted,
                carried: Carried::default(),
            },
            Ok(_) | Err(_) => StatusAnswer {
                status: GatewayStatus::Unclear,
                carried: Carried::default(),
            },
        };
        (answer, gateway_answer)
    }

    /// A definite status in an answer that names no trade.
    fn is_unbound_status(&self, answer: &CallResult) -> bool {
        let Ok(envelope) = answer else { return false };
        let decides = match self.gateway_status(envelope) {
            GatewayStatus::Paid
            | GatewayStatus::Failed(_)
            | GatewayStatus::Closed
            | GatewayStatus::Voided => true,
            GatewayStatus::Pending
            | GatewayStatus::Unpaid
            | GatewayStatus::Unlisted
            | GatewayStatus::Unclear => false,
        };
        envelope.is_ok() && decides && !envelope.names_a_trade()
    }

    fn gateway_status(&self, envelope: &Envelope) -> GatewayStatus {
        let word = envelope.text(field::PAY_STATUS);
        self.config.words.status(word.as_deref())
    }

    pub(crate) async fn cancel(&self, facts: &Facts, trans_id: &str) -> GatewayReply<CancelAnswer> {
        let Some(words) = &self.config.words.cancel else {
            return (CancelAnswer::Unclear, None);
        };
        let (answer, gateway_answer) = self.send(&call::cancel(facts, trans_id, words)).await;
        let cancelled = match answer {
            Ok(envelope) if envelope.is_ok() && self.is_about(&envelope, facts, trans_id) => {
                words.answer(envelope.text(&words.field).as_deref())
            }
            Ok(_) | Err(_) => CancelAnswer::Unclear,
        };
        (cancelled, gateway_answer)
    }

    pub(crate) async fn void(&self, facts: &Facts, trans_id: &str) -> GatewayReply<VoidAnswer> {
        let call = call::void(facts, trans_id, self.password_hash());
        let (answer, gateway_answer) = self.send(&call).await;
        let voided = match answer {
            // An answer about another trade proves nothing about this one. A status check decides.
            Ok(envelope) if !self.is_about(&envelope, facts, trans_id) => VoidAnswer::Unclear,
            Ok(envelope) if envelope.is_ok() => void_answer(&envelope),
            Err(failed) if failed.is_unsent() => VoidAnswer::Unsent,
            Ok(_) | Err(_) => VoidAnswer::Unclear,
        };
        (voided, gateway_answer)
    }

    fn definite(&self, envelope: &Envelope) -> Option<Reason> {
        self.config.words.definite(envelope.code())
    }

    /// True if every identifying field of the answer agrees with this trade.
    fn is_about(&self, envelope: &Envelope, facts: &Facts, trans_id: &str) -> bool {
        self.carried(envelope).agrees(facts, Some(trans_id))
    }

    fn carried(&self, envelope: &Envelope) -> Carried {
        envelope.carried(&self.config.currency)
    }

    fn password_hash(&self) -> String {
        hex_encode(Md5::digest(self.config.password.expose()))
    }
}

/// The gateway answered and gave no status, for example because it does not know the trade. A fault of its own is none.
fn is_refusal(envelope: &Envelope) -> bool {
    let code = envelope.code();
    code.is_some_and(|code| !code::FAULTS.contains(&code))
}

/// A payment that was accepted: it is paid, or the customer has to confirm.
fn is_accepted(envelope: &Envelope) -> bool {
    envelope.is_ok() && envelope.number(field::STATUS) == Some(status::PAYMENT_ACCEPTED)
}

fn void_answer(envelope: &Envelope) -> VoidAnswer {
    match envelope.number(field::STATUS) {
        Some(status::VOID_DONE) => VoidAnswer::Done(envelope.id(field::TRANSACTION_ID).named()),
        // The gateway says that no money was given back.
        Some(status::VOID_NOT_FOUND | status::VOID_WRONG_PASSWORD | status::VOID_FAILED) => {
            VoidAnswer::Failed
        }
        Some(_) | None => VoidAnswer::Unclear,
    }
}
