//! The gateway's adapter: the machine's requests become calls of the PayDibs POS API, and its answers become words.
//!
//! What an answer proves is decided here, call by call: where money may have moved, only a definite word is one.

pub(crate) mod envelope;
pub(crate) mod sign;
pub(crate) mod words;

use std::sync::Mutex as StdMutex;
use std::time::{Duration, Instant};

use hex::encode as hex_encode;
use kaunter_core::money::Money;
use kaunter_core::policy::Policy;
use kaunter_core::trade::{
    CancelAnswer, Carried, CreateAnswer, Event, Facts, PayAnswer, Send, StatusAnswer, StatusWord,
    VoidAnswer,
};
use kaunter_core::wire::{GatewayAnswer, Integrator, Presented, Reason};
use md5::{Digest, Md5};
use tokio::sync::{Mutex, Semaphore};

use crate::config::GatewayConfig;
use crate::gateway::http::{Caller, Failure, Road, Silence};
use crate::gateway::wallets::{Doubt, Wallets};
use crate::gateway::{ours, said};
use crate::limits::Bounds;
use crate::metrics::METRICS;
use crate::secret::Secret;
use envelope::{Envelope, Id};

/// A token older than this is renewed before a payment: a payment must not be the call that finds it expired.
const TOKEN_AGE_BEFORE_PAY: Duration = Duration::from_secs(300);
/// A doubtful list of wallets is asked for again after so many pauses between questions: 20 s.
const DOUBTFUL_POLLS: u64 = 10;
/// An envelope's code from here on is a fault of the gateway, not a refusal.
const FAULT_CODES: std::ops::Range<u32> = 500..600;
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
    wallets: StdMutex<Wallets>,
    /// Held by the one who asks for the wallets; when that was in vain.
    asking_wallets: Mutex<Option<(Silence, Instant)>>,
}

/// What the gateway made of a request: the machine's event, and the words that came with it.
pub(crate) struct Answered {
    pub(crate) event: Event,
    pub(crate) said: Option<GatewayAnswer>,
}

/// What one call needs for its answer to be told: what must not come back, and what may.
struct Masks<'a> {
    code: Option<&'a str>,
    ids: Vec<&'a str>,
}

pub(crate) type Fields = Vec<(&'static str, String)>;

/// The gateway's token, and when it was last asked for in vain.
#[derive(Default)]
struct Kept {
    token: Option<(Secret, Instant)>,
    /// The one before it: its echo is masked too.
    last: Option<Secret>,
    refused: Option<(Silence, Instant)>,
}

impl Kept {
    /// The token is used no more; a call that is under way may still bring it back.
    fn retire(&mut self) {
        if let Some((token, _)) = self.token.take() {
            self.last = Some(token);
        }
    }
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
            wallets: StdMutex::new(Wallets::default()),
            asking_wallets: Mutex::new(None),
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
    ) -> Answered {
        let trans_id = trans_id.unwrap_or_default();
        let (event, said) = match send {
            Send::Create => {
                let (answer, said) = self.create(facts).await;
                (Event::Created(answer), said)
            }
            Send::Pay => {
                let (answer, said) = self.pay(facts, trans_id, code).await;
                (Event::Payed(answer), said)
            }
            Send::Query { version } => {
                let (answer, said) = self.status(facts, trans_id).await;
                (Event::Status(version, answer), said)
            }
            Send::Cancel => {
                let (answer, said) = self.cancel(facts, trans_id).await;
                (Event::CancelAnswered(answer), said)
            }
            Send::Void => {
                let (answer, said) = self.void(facts, trans_id).await;
                (Event::VoidAnswered(answer), said)
            }
        };
        Answered { event, said }
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

    /// The wallets that tills are offered. Asked for where none are known; what is doubtful or old is asked for by
    /// [`Self::refresh_wallets`], and nobody waits for it.
    pub(crate) async fn integrators(&self, test_wallets: bool) -> Result<Vec<Integrator>, Silence> {
        let offered = || self.wallets().offered().map(<[_]>::to_vec);
        if let Some(list) = offered().filter(|list| !list.is_empty()) {
            return Ok(list);
        }
        self.refresh_wallets(test_wallets).await?;
        Ok(offered().unwrap_or_default())
    }

    /// Asks for the wallets where they are not known, doubtful or old; once, however many want to know.
    pub(crate) async fn refresh_wallets(&self, test_wallets: bool) -> Result<(), Silence> {
        let began = Instant::now();
        let soon = Duration::from_millis(self.policy.poll_ms * DOUBTFUL_POLLS);
        let mut asked = self.asking_wallets.lock().await;
        if self.wallets().current(soon).is_some() {
            return Ok(());
        }
        // Somebody asked in vain while we waited: that is our answer too.
        if let Some((silence, at)) = *asked
            && at >= began
        {
            return Err(silence);
        }
        match self.fresh_wallets(test_wallets).await {
            Ok(list) => {
                let mut wallets = self.wallets();
                wallets.answered(list, Instant::now());
                let doubt = wallets.doubt();
                if matches!(doubt, Doubt::Empty | Doubt::Shorter) {
                    tracing::warn!(what = ?doubt, "the gateway's list of wallets: it is asked for again");
                }
                Ok(())
            }
            Err(silence) => {
                *asked = Some((silence, Instant::now()));
                Err(silence)
            }
        }
    }

    /// What speaks against the list of wallets, and whether tills are offered any.
    pub(crate) fn doubt(&self) -> (Doubt, bool) {
        let wallets = self.wallets();
        let offers = wallets.offered().is_some_and(|list| !list.is_empty());
        (wallets.doubt(), offers)
    }

    fn wallets(&self) -> std::sync::MutexGuard<'_, Wallets> {
        self.wallets.lock().expect("nobody panics while holding it")
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
                .await
                .map_err(|failure| failure.silence)?;
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

    async fn create(&self, facts: &Facts) -> (CreateAnswer, Option<GatewayAnswer>) {
        let words = self.config.words.merchant_presented.as_ref();
        let (pay_type, field) = match (facts.presented, words) {
            (Presented::Consumer, _) => (CONSUMER_PRESENTED, None),
            (Presented::Merchant, Some(words)) => (words.pay_type.as_str(), Some(&words.field)),
            // The configuration lost the way between two starts: nothing was presented.
            (Presented::Merchant, None) => return (CreateAnswer::NoWord, None),
        };
        let fields = vec![
            ("integrator_id", facts.integrator.clone()),
            ("amount", facts.sale.amount.decimal()),
            ("trx_id", facts.trx_id.clone()),
            ("pay_type", pay_type.to_owned()),
        ];
        let path = "/payment/create-trade";
        let mut answer = self.read("create", path, fields.clone(), Road::Fresh).await;
        if matches!(&answer, Err(failure) if failure.silence == Silence::Throttled) {
            // It was refused before it was looked at: a breath, and once more.
            tokio::time::sleep(Duration::from_millis(self.policy.poll_ms / 2)).await;
            answer = self.read("create", path, fields, Road::Fresh).await;
        }
        let masks = Masks::of(facts, "");
        let said = self.heard("create", &answer, None, &masks).await;
        let created = match answer {
            Ok(envelope) if envelope.is_ok() => self.made(&envelope, facts, field),
            Ok(envelope) => self.not_made(&envelope, facts),
            Err(Failure {
                envelope: Some(envelope),
                silence: Silence::NoWord,
                status: Some(400..500),
                ..
            }) => self.not_made(&envelope, facts),
            Err(_) => CreateAnswer::NoWord,
        };
        (created, said)
    }

    /// An answer about another sale is none about this one, and nothing was presented.
    fn made(&self, envelope: &Envelope, facts: &Facts, field: Option<&String>) -> CreateAnswer {
        let carried = self.carried(envelope);
        match carried.trans_id.clone() {
            Some(trans_id) if self.is_about(carried, facts, &trans_id) => CreateAnswer::Made {
                trans_id,
                payload: field
                    .and_then(|field| envelope.text(field))
                    .and_then(|text| ours::read(text, &facts.sale.amount)),
            },
            Some(_) | None => CreateAnswer::NoWord,
        }
    }

    /// The gateway answered, and made no trade. Nothing was presented, so its no is a no, whichever its code; a code of
    /// its own trouble is none.
    fn not_made(&self, envelope: &Envelope, facts: &Facts) -> CreateAnswer {
        let carried = self.carried(envelope);
        let trans_id = carried.trans_id.clone().unwrap_or_default();
        match envelope.code() {
            _ if !self.is_about(carried, facts, &trans_id) => CreateAnswer::NoWord,
            None => CreateAnswer::NoWord,
            Some(code) if FAULT_CODES.contains(&code) => CreateAnswer::NoWord,
            Some(_) => CreateAnswer::Refused(self.definite(envelope).unwrap_or(Reason::Other)),
        }
    }

    async fn pay(
        &self,
        facts: &Facts,
        trans_id: &str,
        code: Option<Secret>,
    ) -> (PayAnswer, Option<GatewayAnswer>) {
        // Without the code nothing can be sent, and nothing was.
        let Some(code) = code else {
            return (PayAnswer::Unsent, None);
        };
        let Ok(token) = self.token(Age::Young).await else {
            return (PayAnswer::Unsent, None);
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
        let masks = Masks {
            code: Some(code.expose()),
            ..Masks::of(facts, trans_id)
        };
        let said = self
            .heard("pay", &answer, Some("user_order_status"), &masks)
            .await;
        let payed = match answer {
            Ok(envelope) if envelope.is_ok() && envelope.number("status") == Some(200) => {
                let mut carried = self.carried(&envelope);
                carried.incomplete |= carried.trans_id.is_none();
                match envelope.text("user_order_status").as_deref() {
                    Some("S") => PayAnswer::Paid(carried),
                    Some(_) | None => PayAnswer::Processing(carried),
                }
            }
            // A refusal of another trade is none of this one: the question tells.
            Ok(envelope) if !self.is_about(self.carried(&envelope), facts, trans_id) => {
                PayAnswer::NoWord
            }
            Ok(envelope) => self
                .definite(&envelope)
                .map_or(PayAnswer::NoWord, PayAnswer::Refused),
            Err(failure) if failure.silence == Silence::Unsent => PayAnswer::Unsent,
            Err(_) => PayAnswer::NoWord,
        };
        (payed, said)
    }

    async fn status(&self, facts: &Facts, trans_id: &str) -> (StatusAnswer, Option<GatewayAnswer>) {
        let silent = StatusAnswer {
            word: StatusWord::NoWord,
            carried: Carried::default(),
        };
        // Where too many questions are out, this one is dropped: it falls due again.
        let wait = Duration::from_millis(self.policy.grace_ms);
        let Ok(Ok(_place)) = tokio::time::timeout(wait, self.questions.acquire()).await else {
            METRICS.gateway("status", "held");
            return (silent, None);
        };
        let mut answer = self.ask(facts, trans_id, Road::Kept).await;
        if self.is_unbound_word(&answer) {
            // Nothing in the answer says whose it is, and a kept connection may hold the answer to an earlier question.
            answer = self.ask(facts, trans_id, Road::Fresh).await;
        }
        let masks = Masks::of(facts, trans_id);
        let said = self
            .heard("status", &answer, Some("pay_status"), &masks)
            .await;
        match answer {
            Ok(envelope) if envelope.is_ok() => {
                let word = self.status_word(envelope.text("pay_status").as_deref());
                let carried = self.carried(&envelope);
                (StatusAnswer { word, carried }, said)
            }
            Ok(_) | Err(_) => (silent, said),
        }
    }

    async fn ask(&self, facts: &Facts, trans_id: &str, road: Road) -> Result<Envelope, Failure> {
        let fields = vec![
            ("integrator_id", facts.integrator.clone()),
            ("trans_id", trans_id.to_owned()),
        ];
        let path = "/payment/check-status";
        self.read("status", path, fields, road).await
    }

    /// A word that decides, in an answer that names no trade.
    fn is_unbound_word(&self, answer: &Result<Envelope, Failure>) -> bool {
        let Ok(envelope) = answer else { return false };
        let decides = match self.status_word(envelope.text("pay_status").as_deref()) {
            StatusWord::Paid | StatusWord::Failed(_) | StatusWord::Closed | StatusWord::Voided => {
                true
            }
            StatusWord::Pending | StatusWord::Unpaid | StatusWord::NoWord => false,
        };
        let names = |name| envelope.id(name) != Id::Absent;
        envelope.is_ok() && decides && !names("trans_id") && !names("trx_id")
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

    async fn cancel(&self, facts: &Facts, trans_id: &str) -> (CancelAnswer, Option<GatewayAnswer>) {
        let Some(words) = &self.config.words.cancel else {
            return (CancelAnswer::NoWord, None);
        };
        let fields = vec![("trans_id", trans_id.to_owned())];
        let answer = self.read("cancel", &words.path, fields, Road::Fresh).await;
        let masks = Masks::of(facts, trans_id);
        let said = self
            .heard("cancel", &answer, Some(&words.field), &masks)
            .await;
        let Ok(envelope) = answer else {
            return (CancelAnswer::NoWord, said);
        };
        let word = envelope.text(&words.field);
        let is_word = envelope.is_ok() && self.is_about(self.carried(&envelope), facts, trans_id);
        let cancelled = match word.filter(|word| is_word && !word.is_empty()) {
            Some(word) if word == words.closed => CancelAnswer::Closed,
            Some(word) if word == words.too_late => CancelAnswer::TooLate,
            Some(word) if word == words.refunded => CancelAnswer::Refunded,
            Some(_) | None => CancelAnswer::NoWord,
        };
        (cancelled, said)
    }

    async fn void(&self, facts: &Facts, trans_id: &str) -> (VoidAnswer, Option<GatewayAnswer>) {
        let Ok(token) = self.token(Age::Young).await else {
            return (VoidAnswer::Unsent, None);
        };
        let fields = vec![
            ("integrator_id", facts.integrator.clone()),
            ("trans_id", trans_id.to_owned()),
            ("void_pin", self.password_hash()),
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
        let masks = Masks::of(facts, trans_id);
        let said = self.heard("void", &answer, Some("status"), &masks).await;
        let voided = match answer {
            // An answer about another trade is no word on this one: the question tells.
            Ok(envelope) if !self.is_about(self.carried(&envelope), facts, trans_id) => {
                VoidAnswer::NoWord
            }
            Ok(envelope) if envelope.is_ok() => match envelope.number("status") {
                Some(1) => VoidAnswer::Done(envelope.id("transaction_id").named()),
                // Not found, wrong password, failed: the gateway says that nothing was given back.
                Some(3 | 6 | 7) => VoidAnswer::Failed,
                Some(_) | None => VoidAnswer::NoWord,
            },
            Err(failure) if failure.silence == Silence::Unsent => VoidAnswer::Unsent,
            Ok(_) | Err(_) => VoidAnswer::NoWord,
        };
        (voided, said)
    }

    /// What the gateway said, fit to be stored and shown. What is no success reaches the log too; of questions, which are
    /// many, what moves something is told with the move.
    async fn heard(
        &self,
        call: &'static str,
        answer: &Result<Envelope, Failure>,
        field: Option<&str>,
        masks: &Masks<'_>,
    ) -> Option<GatewayAnswer> {
        let envelope = match answer {
            Ok(envelope) => envelope,
            Err(failure) => failure.envelope.as_ref()?,
        };
        let (own, last) = {
            let kept = self.token.lock().await;
            let token = kept.token.as_ref().map(|(token, _)| token.clone());
            (token, kept.last.clone())
        };
        let config = &self.config;
        let hash = self.password_hash();
        let keys = [
            &config.key,
            &config.secret,
            &config.merchant,
            &config.password,
        ];
        let mut secrets: Vec<&str> = keys.map(Secret::expose).to_vec();
        secrets.push(&hash);
        secrets.extend([&own, &last].into_iter().flatten().map(Secret::expose));
        secrets.extend(masks.code);
        let said = said::clean(envelope.said(field), &secrets, &masks.ids);
        let (code, message) = (said.code.as_deref(), said.message.as_str());
        if !envelope.is_ok() && call != "status" {
            tracing::warn!(
                call,
                gateway_code = code,
                gateway_message = message,
                "the gateway said no"
            );
        } else {
            tracing::debug!(
                call,
                gateway_code = code,
                gateway_message = message,
                "the gateway said"
            );
        }
        Some(said)
    }

    fn password_hash(&self) -> String {
        hex_encode(Md5::digest(self.config.password.expose()))
    }

    /// A call without an effect worth fearing: a refused token is renewed and the call repeated, once.
    async fn read(
        &self,
        name: &'static str,
        path: &str,
        fields: Fields,
        road: Road,
    ) -> Result<Envelope, Failure> {
        let token = self.token(Age::Any).await.map_err(Failure::without_token)?;
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
        match first.as_ref().map_err(|failure| failure.silence) {
            Err(Silence::RefusedEarly) => {
                self.forget(&token).await;
                let token = self.token(Age::Any).await.map_err(Failure::without_token)?;
                self.caller
                    .once(name, path, fields, Some(&token), self.policy.read_ms, road)
                    .await
            }
            Err(Silence::Unsent) => {
                self.caller
                    .once(name, path, fields, Some(&token), self.policy.read_ms, road)
                    .await
            }
            Ok(_) | Err(Silence::Throttled | Silence::NoWord) => first,
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
            ("login_password", self.password_hash()),
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
        let token = match &answer {
            Ok(envelope) => envelope
                .text("Auth_Token")
                .filter(|token| !token.is_empty())
                .filter(|_| envelope.is_ok() && envelope.number("status") == Some(1))
                .ok_or(Silence::NoWord),
            Err(failure) => Err(failure.silence),
        };
        match token {
            Ok(token) => {
                let token = Secret::new(token);
                kept.retire();
                kept.token = Some((token.clone(), Instant::now()));
                Ok(token)
            }
            Err(silence) => {
                kept.refused = Some((silence, Instant::now()));
                drop(kept);
                let masks = Masks {
                    code: None,
                    ids: Vec::new(),
                };
                self.heard("token", &answer, Some("status"), &masks).await;
                Err(silence)
            }
        }
    }

    async fn forget(&self, token: &Secret) {
        let mut kept = self.token.lock().await;
        if kept.token.as_ref().is_some_and(|(own, _)| own == token) {
            kept.retire();
        }
    }

    fn definite(&self, envelope: &Envelope) -> Option<Reason> {
        self.config
            .words
            .definite_codes
            .get(&envelope.code()?)
            .copied()
    }

    /// Each field that an answer carries is the attempt's.
    fn is_about(&self, carried: Carried, facts: &Facts, trans_id: &str) -> bool {
        carried.agrees(facts, Some(trans_id))
    }

    /// Each field that an answer carries and that could bind it.
    fn carried(&self, envelope: &Envelope) -> Carried {
        let read = |text: &str| Money::read(text, &self.config.currency);
        let amount = envelope.amount("amount").map(|text| read(&text));
        let ids = ["trans_id", "trx_id", "integrator_id"].map(|name| envelope.id(name));
        let unreadable = ids.contains(&Id::Unreadable) || matches!(amount, Some(Err(_)));
        let [trans_id, trx_id, integrator] = ids.map(Id::named);
        Carried {
            trans_id,
            trx_id,
            incomplete: unreadable,
            amount: amount.and_then(Result::ok),
            currency: envelope.text("currency").map(|text| text.trim().to_owned()),
            integrator,
        }
    }
}

impl<'a> Masks<'a> {
    fn of(facts: &'a Facts, trans_id: &'a str) -> Self {
        Self {
            code: None,
            ids: vec![&facts.trx_id, trans_id, &facts.sale.reference],
        }
    }
}
