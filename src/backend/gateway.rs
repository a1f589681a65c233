//! The gateway's adapter: the machine's requests become calls of the PayDibs POS API, and its answers become words.
//!
//! What an answer proves is decided here, call by call: where money may have moved, only a definite word is one.

mod answer;
mod call;
mod ours;
mod strict;

use std::sync::Mutex as StdMutex;
use std::time::{Duration, Instant};

use hex::encode as hex_encode;
use kaunter_core::money::Money;
use kaunter_core::policy::Policy;
use kaunter_core::trade::{
    CancelAnswer, Carried, CreateAnswer, Event, Facts, PayAnswer, Send, StatusAnswer, StatusWord,
    VoidAnswer,
};
use kaunter_core::wire::{Integrator, Presented, Reason};
use md5::{Digest, Md5};
use tokio::sync::{Mutex, Semaphore};

use crate::config::GatewayConfig;
use crate::limits::Bounds;
use crate::metrics::METRICS;
use crate::secret::Secret;
use answer::Envelope;
use call::{Caller, Road, Silence};

/// A token older than this is renewed before a payment: a payment must not be the call that finds it expired.
const TOKEN_AGE_BEFORE_PAY: Duration = Duration::from_secs(300);
/// The wallets change rarely, and may: once a day is enough.
const WALLETS_AGE: Duration = Duration::from_secs(24 * 3600);
/// PayDibs' word for "the merchant scans the customer's code".
const CONSUMER_PRESENTED: &str = "MSU";

/// The gateway of this backend.
pub(crate) struct Gateway {
    config: GatewayConfig,
    caller: Caller,
    policy: Policy,
    token: Mutex<Kept>,
    /// Places for questions that are out.
    questions: Semaphore,
    /// What the last look at the gateway's readiness found, and when.
    probed: Mutex<Option<(bool, Instant)>>,
    wallets: StdMutex<Option<(Vec<Integrator>, Instant)>>,
}

type Fields = Vec<(&'static str, String)>;

/// The gateway's token, and when it was last asked for in vain.
#[derive(Default)]
struct Kept {
    token: Option<(Secret, Instant)>,
    refused: Option<(Silence, Instant)>,
}

/// Which token a call may use.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Age {
    Any,
    Young,
}

impl Gateway {
    pub(crate) fn new(
        config: GatewayConfig,
        policy: Policy,
        bounds: &Bounds,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            caller: Caller::new(&config, &policy)?,
            config,
            policy,
            token: Mutex::new(Kept::default()),
            questions: Semaphore::new(bounds.questions),
            probed: Mutex::new(None),
            wallets: StdMutex::new(None),
        })
    }

    pub(crate) fn config(&self) -> &GatewayConfig {
        &self.config
    }

    /// Sends what the machine asked for, and brings its answer as an event.
    pub(crate) async fn send(
        &self,
        facts: &Facts,
        trans_id: Option<&str>,
        send: Send,
        code: Option<Secret>,
    ) -> Event {
        let trans_id = trans_id.unwrap_or_default();
        match send {
            Send::Create => Event::Created(self.create(facts).await),
            Send::Pay => Event::Payed(self.pay(facts, trans_id, code).await),
            Send::Query { version } => Event::Status(version, self.status(facts, trans_id).await),
            Send::Cancel => Event::CancelAnswered(self.cancel(trans_id).await),
            Send::Void => Event::VoidAnswered(self.void(facts, trans_id).await),
        }
    }

    /// True where the gateway was heard of within a question's pause, or answers now. However many ask, it is asked once.
    pub(crate) async fn is_ready(&self) -> bool {
        let pause = Duration::from_millis(self.policy.poll_ms);
        if self.caller.heard_within(pause) {
            return true;
        }
        let mut probed = self.probed.lock().await;
        if let Some((ready, at)) = *probed
            && at.elapsed() < pause
        {
            return ready;
        }
        let fields = vec![("pay_type", CONSUMER_PRESENTED.to_owned())];
        let path = "/payment/integrator-master";
        let ready = self.read("integrators", path, fields, Road::Kept).await;
        *probed = Some((ready.is_ok(), Instant::now()));
        ready.is_ok()
    }

    /// The wallets; those of yesterday where the gateway does not answer.
    pub(crate) async fn integrators(&self, test_wallets: bool) -> Result<Vec<Integrator>, Silence> {
        let known = self.known_wallets();
        if let Some((wallets, at)) = &known
            && at.elapsed() < WALLETS_AGE
        {
            return Ok(wallets.clone());
        }
        match (self.fresh_wallets(test_wallets).await, known) {
            (Ok(wallets), _) => {
                *self.wallets.lock().expect("nobody panics while holding it") =
                    Some((wallets.clone(), Instant::now()));
                Ok(wallets)
            }
            (Err(_), Some((wallets, _))) => Ok(wallets),
            (Err(silence), None) => Err(silence),
        }
    }

    /// The wallets of each way that this gateway has, as one list.
    async fn fresh_wallets(&self, test_wallets: bool) -> Result<Vec<Integrator>, Silence> {
        let mut all: Vec<Integrator> = Vec::new();
        let merchant = self.config.words.merchant_presented.as_ref();
        let ways = [
            Some((Presented::Consumer, CONSUMER_PRESENTED)),
            merchant.map(|words| (Presented::Merchant, words.pay_type.as_str())),
        ];
        for (way, pay_type) in ways.into_iter().flatten() {
            let fields = vec![("pay_type", pay_type.to_owned())];
            let envelope = self
                .read(
                    "integrators",
                    "/payment/integrator-master",
                    fields,
                    Road::Kept,
                )
                .await?;
            let listed = envelope.integrators(test_wallets).ok_or(Silence::NoWord)?;
            for mut wallet in listed {
                match all.iter_mut().find(|known| known.id == wallet.id) {
                    Some(known) => known.presents.push(way),
                    None => {
                        wallet.presents.push(way);
                        all.push(wallet);
                    }
                }
            }
        }
        Ok(all)
    }

    fn known_wallets(&self) -> Option<(Vec<Integrator>, Instant)> {
        self.wallets
            .lock()
            .expect("nobody panics while holding it")
            .clone()
    }

    async fn create(&self, facts: &Facts) -> CreateAnswer {
        let words = self.config.words.merchant_presented.as_ref();
        let (pay_type, field) = match (facts.presented, words) {
            (Presented::Consumer, _) => (CONSUMER_PRESENTED, None),
            (Presented::Merchant, Some(words)) => (words.pay_type.as_str(), Some(&words.field)),
            // The configuration lost the way between two starts: nothing was presented.
            (Presented::Merchant, None) => return CreateAnswer::NoWord,
        };
        let fields = vec![
            ("integrator_id", facts.integrator.clone()),
            ("amount", facts.sale.amount.decimal()),
            ("trx_id", facts.trx_id.clone()),
            ("pay_type", pay_type.to_owned()),
        ];
        let path = "/payment/create-trade";
        let mut answer = self.read("create", path, fields.clone(), Road::Fresh).await;
        if matches!(answer, Err(Silence::Throttled)) {
            // It was refused before it was looked at: a breath, and once more.
            tokio::time::sleep(Duration::from_millis(self.policy.poll_ms / 2)).await;
            answer = self.read("create", path, fields, Road::Fresh).await;
        }
        match answer {
            // An answer about another sale is none about this one, and nothing was presented.
            Ok(envelope) if envelope.is_ok() && !self.is_about(&envelope, facts) => {
                CreateAnswer::NoWord
            }
            Ok(envelope) if envelope.is_ok() => match envelope.text("trans_id") {
                Some(trans_id) if !trans_id.is_empty() => CreateAnswer::Made {
                    trans_id,
                    payload: field
                        .and_then(|field| envelope.text(field))
                        .and_then(|text| ours::read(text, &facts.sale.amount)),
                },
                Some(_) | None => CreateAnswer::NoWord,
            },
            Ok(envelope) => self
                .definite(&envelope)
                .map_or(CreateAnswer::NoWord, CreateAnswer::Refused),
            Err(_) => CreateAnswer::NoWord,
        }
    }

    async fn pay(&self, facts: &Facts, trans_id: &str, code: Option<Secret>) -> PayAnswer {
        // Without the code nothing can be sent, and nothing was.
        let Some(code) = code else {
            return PayAnswer::Unsent;
        };
        let Ok(token) = self.token(Age::Young).await else {
            return PayAnswer::Unsent;
        };
        let fields = vec![
            ("user_qr_code", code.expose().to_owned()),
            ("integrator_id", facts.integrator.clone()),
            ("amount", facts.sale.amount.decimal()),
            ("trans_id", trans_id.to_owned()),
        ];
        let answer = self
            .caller
            .once(
                "pay",
                "/payment/payment",
                fields,
                Some(&token),
                self.policy.pay_ms,
                Road::Fresh,
            )
            .await;
        match answer {
            Ok(envelope) if envelope.is_ok() && envelope.number("status") == Some(200) => {
                let mut carried = self.carried(&envelope);
                carried.incomplete |= carried.trans_id.is_none();
                match envelope.text("user_order_status").as_deref() {
                    Some("S") => PayAnswer::Paid(carried),
                    Some(_) | None => PayAnswer::Processing(carried),
                }
            }
            Ok(envelope) => self
                .definite(&envelope)
                .map_or(PayAnswer::NoWord, PayAnswer::Refused),
            Err(Silence::Unsent) => PayAnswer::Unsent,
            Err(Silence::RefusedEarly | Silence::Throttled | Silence::NoWord) => PayAnswer::NoWord,
        }
    }

    async fn status(&self, facts: &Facts, trans_id: &str) -> StatusAnswer {
        let fields = vec![
            ("integrator_id", facts.integrator.clone()),
            ("trans_id", trans_id.to_owned()),
        ];
        let silent = StatusAnswer {
            word: StatusWord::NoWord,
            carried: Carried::default(),
        };
        // Where too many questions are out, this one is dropped: it falls due again.
        let wait = Duration::from_millis(self.policy.grace_ms);
        let Ok(Ok(_place)) = tokio::time::timeout(wait, self.questions.acquire()).await else {
            METRICS.gateway("status", "held");
            return silent;
        };
        let answer = self
            .read("status", "/payment/check-status", fields, Road::Kept)
            .await;
        let Ok(envelope) = answer else {
            return silent;
        };
        if !envelope.is_ok() {
            return silent;
        }
        StatusAnswer {
            word: self.status_word(envelope.text("pay_status").as_deref()),
            carried: self.carried(&envelope),
        }
    }

    fn status_word(&self, word: Option<&str>) -> StatusWord {
        let words = &self.config.words;
        let is = |list: &[String]| word.is_some_and(|word| list.iter().any(|own| own == word));
        if is(&words.paid) {
            StatusWord::Paid
        } else if is(&words.pending) {
            StatusWord::Pending
        } else if is(&words.unpaid) {
            StatusWord::Unpaid
        } else if is(&words.failed) {
            StatusWord::Failed(Reason::Other)
        } else if is(&words.closed) {
            StatusWord::Closed
        } else if is(&words.voided) {
            StatusWord::Voided
        } else {
            StatusWord::NoWord
        }
    }

    async fn cancel(&self, trans_id: &str) -> CancelAnswer {
        let Some(words) = &self.config.words.cancel else {
            return CancelAnswer::NoWord;
        };
        let fields = vec![("trans_id", trans_id.to_owned())];
        let Ok(envelope) = self.read("cancel", &words.path, fields, Road::Fresh).await else {
            return CancelAnswer::NoWord;
        };
        match envelope.text(&words.field) {
            Some(word) if !envelope.is_ok() || word.is_empty() => CancelAnswer::NoWord,
            Some(word) if word == words.closed => CancelAnswer::Closed,
            Some(word) if word == words.too_late => CancelAnswer::TooLate,
            Some(word) if word == words.refunded => CancelAnswer::Refunded,
            Some(_) | None => CancelAnswer::NoWord,
        }
    }

    async fn void(&self, facts: &Facts, trans_id: &str) -> VoidAnswer {
        let Ok(token) = self.token(Age::Young).await else {
            return VoidAnswer::Unsent;
        };
        let fields = vec![
            ("integrator_id", facts.integrator.clone()),
            ("trans_id", trans_id.to_owned()),
            (
                "void_pin",
                hex_encode(Md5::digest(self.config.password.expose())),
            ),
        ];
        let answer = self
            .caller
            .once(
                "void",
                "/payment/process-void",
                fields,
                Some(&token),
                self.policy.pay_ms,
                Road::Fresh,
            )
            .await;
        match answer {
            Ok(envelope) if envelope.is_ok() => match envelope.number("status") {
                Some(1) => VoidAnswer::Done(envelope.text("transaction_id")),
                // Not found, wrong password, failed: the gateway says that nothing was given back.
                Some(3 | 6 | 7) => VoidAnswer::Failed,
                Some(_) | None => VoidAnswer::NoWord,
            },
            Ok(_) | Err(Silence::RefusedEarly | Silence::Throttled | Silence::NoWord) => {
                VoidAnswer::NoWord
            }
            Err(Silence::Unsent) => VoidAnswer::Unsent,
        }
    }

    /// A call without an effect worth fearing: a refused token is renewed and the call repeated, once.
    async fn read(
        &self,
        name: &'static str,
        path: &str,
        fields: Fields,
        road: Road,
    ) -> Result<Envelope, Silence> {
        let token = self.token(Age::Any).await?;
        let first = self
            .caller
            .once(
                name,
                path,
                fields.clone(),
                Some(&token),
                self.policy.read_ms,
                road,
            )
            .await;
        match first {
            Err(Silence::RefusedEarly) => {
                self.forget(&token).await;
                let token = self.token(Age::Any).await?;
                self.caller
                    .once(name, path, fields, Some(&token), self.policy.read_ms, road)
                    .await
            }
            Err(Silence::Unsent) => {
                self.caller
                    .once(name, path, fields, Some(&token), self.policy.read_ms, road)
                    .await
            }
            Ok(envelope) => Ok(envelope),
            Err(silence @ (Silence::Throttled | Silence::NoWord)) => Err(silence),
        }
    }

    async fn token(&self, age: Age) -> Result<Secret, Silence> {
        let began = Instant::now();
        let mut kept = self.token.lock().await;
        if let Some((token, at)) = &kept.token
            && (age == Age::Any || at.elapsed() < TOKEN_AGE_BEFORE_PAY)
        {
            return Ok(token.clone());
        }
        // Somebody asked in vain while we waited: that is our answer too, or all who wait would ask in a row.
        if let Some((silence, at)) = kept.refused
            && at >= began
        {
            return Err(silence);
        }
        let fields = vec![
            ("login_id", self.config.merchant.expose().to_owned()),
            (
                "login_password",
                hex_encode(Md5::digest(self.config.password.expose())),
            ),
        ];
        let answer = self
            .caller
            .once(
                "token",
                "/token/api-token",
                fields,
                None,
                self.policy.read_ms,
                Road::Kept,
            )
            .await;
        let token = answer.and_then(|envelope| {
            let token = envelope.text("Auth_Token");
            token
                .filter(|_| envelope.is_ok() && envelope.number("status") == Some(1))
                .ok_or(Silence::NoWord)
        });
        match token {
            Ok(token) => {
                let token = Secret::new(token);
                kept.token = Some((token.clone(), Instant::now()));
                Ok(token)
            }
            Err(silence) => {
                kept.refused = Some((silence, Instant::now()));
                Err(silence)
            }
        }
    }

    async fn forget(&self, token: &Secret) {
        let mut kept = self.token.lock().await;
        if kept.token.as_ref().is_some_and(|(own, _)| own == token) {
            kept.token = None;
        }
    }

    fn definite(&self, envelope: &Envelope) -> Option<Reason> {
        self.config
            .words
            .definite_codes
            .get(&envelope.code()?)
            .copied()
    }

    /// Each field that a creation's answer carries is the attempt's.
    fn is_about(&self, envelope: &Envelope, facts: &Facts) -> bool {
        let Carried {
            trx_id,
            amount,
            integrator,
            incomplete,
            trans_id: _,
        } = self.carried(envelope);
        !incomplete
            && trx_id.is_none_or(|own| own == facts.trx_id)
            && amount.is_none_or(|own| own == facts.sale.amount)
            && integrator.is_none_or(|own| own == facts.integrator)
    }

    /// Each field that an answer carries and that could bind it.
    fn carried(&self, envelope: &Envelope) -> Carried {
        let amount = envelope.text("amount");
        let parsed = amount
            .as_deref()
            .map(|text| Money::parse(text, &self.config.currency));
        Carried {
            trans_id: envelope.text("trans_id"),
            trx_id: envelope.text("trx_id"),
            incomplete: matches!(parsed, Some(Err(_))),
            amount: parsed.and_then(Result::ok),
            integrator: envelope.text("integrator_id"),
        }
    }
}
