//! Sends a call: adds the token and the signature, repeats it if that is allowed, and classifies the answer.

use std::time::Instant;

use kaunter_core::wire::GatewayAnswer;
use reqwest::{RequestBuilder, StatusCode};

use super::Paydibs;
use super::call::{self, AnswerTimeout, Call, Repeat};
use super::envelope::Envelope;
use super::sign::sign;
use super::words::field;
use crate::gateway::common::GatewayReply;
use crate::gateway::http::{self, Failure, NoAnswer, Reply};
use crate::gateway::masking;
use crate::secret::Secret;

/// The result of a call: an envelope, or why there is none.
pub(super) type CallResult = Result<Envelope, Unanswered>;

/// A call without a usable envelope.
#[derive(Debug)]
pub(super) struct Unanswered {
    pub(super) failure: Failure,
    /// The gateway's words in an answer that is not a success.
    pub(super) envelope: Option<Envelope>,
    /// False if no token could be fetched, so that the call itself was not sent.
    had_token: bool,
}

impl Unanswered {
    fn without_token(why: NoAnswer) -> Self {
        Self {
            had_token: false,
            ..Failure::new(why, None, "no token could be had").into()
        }
    }

    /// True if not a byte of the call was written.
    pub(super) fn is_unsent(&self) -> bool {
        !self.had_token || self.failure.why == NoAnswer::Unsent
    }
}

impl From<Failure> for Unanswered {
    fn from(failure: Failure) -> Self {
        Self {
            failure,
            envelope: None,
            had_token: true,
        }
    }
}

impl Paydibs {
    /// Sends a call, again if its `repeat` allows it. Returns the answer, and the gateway's own words, masked so that
    /// they may be stored and shown.
    pub(super) async fn send(&self, call: &Call<'_>) -> GatewayReply<CallResult> {
        let answer = self.answer(call).await;
        let masked = self.gateway_answer(call, &answer).await;
        (answer, masked)
    }

    /// Sends a call without logging what the gateway said.
    pub(super) async fn answer(&self, call: &Call<'_>) -> CallResult {
        let first = self.with_token(call).await;
        let throttled = matches!(&first, Err(failed) if failed.failure.why == NoAnswer::Throttled);
        if throttled && call.repeat == Repeat::WhenRefusedEarlyOrThrottled {
            self.common.pause_before_retry().await;
            return self.with_token(call).await;
        }
        first
    }

    /// Sends a call with a token. Repeats it once if the gateway did not read it and the call may be repeated.
    async fn with_token(&self, call: &Call<'_>) -> CallResult {
        let token = match call.repeat {
            Repeat::Never => self.proven_token().await,
            Repeat::WhenRefusedEarly | Repeat::WhenRefusedEarlyOrThrottled => {
                self.token(call.repeat).await
            }
        };
        let token = token.map_err(Unanswered::without_token)?;
        let first = self.with(call, &token).await;
        if call.repeat == Repeat::Never {
            self.answered(&token).await;
        }
        let why = match (&first, call.repeat) {
            (Ok(_), _) | (Err(_), Repeat::Never) => return first,
            (Err(failed), _) => failed.failure.why,
        };
        match why {
            NoAnswer::RefusedEarly => {
                let token = self.token(call.repeat).await;
                let token = token.map_err(Unanswered::without_token)?;
                self.with(call, &token).await
            }
            NoAnswer::Unsent => self.with(call, &token).await,
            NoAnswer::Throttled | NoAnswer::Unclear => first,
        }
    }

    /// Sends once with this token, and learns from the answer how long tokens live.
    pub(super) async fn with(&self, call: &Call<'_>, token: &Secret) -> CallResult {
        let answer = self.once(call, Some(token)).await;
        self.learn(token, &answer).await;
        answer
    }

    /// Signs and sends once.
    pub(super) async fn once(&self, call: &Call<'_>, token: Option<&Secret>) -> CallResult {
        let began = Instant::now();
        let answer = match http::exchange(self.signed(call, token)).await {
            Ok(reply) => self.classify(&reply),
            Err(failure) => Err(failure.into()),
        };
        let outcome = answer.as_ref().map(|_| ()).map_err(|no| &no.failure);
        let took = began.elapsed();
        self.common
            .http
            .note(call.name, call.connection, outcome, took);
        answer
    }

    fn signed(&self, call: &Call<'_>, token: Option<&Secret>) -> RequestBuilder {
        let policy = &self.common.policy;
        let patience_ms = match call.timeout {
            AnswerTimeout::Proof => policy.poll_ms,
            AnswerTimeout::Short => policy.read_timeout_ms,
            AnswerTimeout::Long => policy.pay_timeout_ms,
        };
        let mut fields = call.fields.clone();
        let now_s = jiff::Timestamp::now().as_second();
        fields.push((field::TIME, now_s.to_string()));
        fields.push((field::SIGN, sign(&fields, self.config.secret.expose())));
        let url = format!(
            "{}{}",
            self.config.base_url.trim_end_matches('/'),
            call.path
        );
        let request = self.common.http.post(call.connection, url, patience_ms);
        let request = request
            .header("Key", self.config.key.expose())
            .form(&fields);
        match token {
            Some(token) => request.header("Auth-Token", token.expose()),
            None => request,
        }
    }

    /// Classifies an answer by its HTTP status and the envelope's code.
    fn classify(&self, reply: &Reply) -> CallResult {
        let envelope = Envelope::read(&reply.body);
        let code = envelope.as_ref().and_then(Envelope::code);
        let is_stale = |code| self.config.words.renew_token_codes.contains(&code);
        let fault = match reply.status {
            StatusCode::UNAUTHORIZED => Some((NoAnswer::RefusedEarly, "it refused the token")),
            StatusCode::TOO_MANY_REQUESTS => Some((NoAnswer::Throttled, "it is asked too often")),
            status if !status.is_success() => Some((NoAnswer::Unclear, "the answer is no success")),
            _ if code.is_some_and(is_stale) => {
                Some((NoAnswer::RefusedEarly, "it refused the token"))
            }
            _ => None,
        };
        match (fault, envelope) {
            (None, Some(envelope)) => Ok(envelope),
            (fault, envelope) => {
                let unreadable = "the answer is no JSON object that says each thing once";
                let (why, cause) = fault.unwrap_or((NoAnswer::Unclear, unreadable));
                Err(Unanswered {
                    envelope,
                    ..Failure::new(why, Some(reply.status), cause).into()
                })
            }
        }
    }

    /// Returns the gateway's words, with secrets masked, and logs them: as a warning only if a call other than a status
    /// query failed. Status queries are many, and the words that move a trade are logged with that move.
    pub(super) async fn gateway_answer(
        &self,
        call: &Call<'_>,
        answer: &CallResult,
    ) -> Option<GatewayAnswer> {
        let envelope = match answer {
            Ok(envelope) => envelope,
            Err(failed) => failed.envelope.as_ref()?,
        };
        let tokens = self.token.lock().await.secrets();
        let (config, hash) = (&self.config, self.password_hash());
        let keys = [
            &config.key,
            &config.secret,
            &config.merchant,
            &config.password,
        ];
        let mut secrets: Vec<&str> = keys.map(Secret::expose).to_vec();
        secrets.push(&hash);
        secrets.extend(tokens.iter().map(Secret::expose));
        secrets.extend(call.masks.code);
        let mask = |answer| masking::mask(answer, &secrets, &call.masks.ids);
        let masked = mask(envelope.gateway_answer(call.decides));
        let is_understood =
            matches!(answer, Err(failed) if failed.failure.why != NoAnswer::Unclear);
        if !is_understood {
            self.note_unknown(call, envelope, mask);
        }
        let is_loud = !envelope.is_ok() && call.name != call::STATUS;
        masking::log(call.name, &masked, is_loud);
        Some(masked)
    }
}
