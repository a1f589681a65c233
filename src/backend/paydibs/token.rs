//! PayDibs' token: fetched once for all concurrent callers, and kept until it is refused or old.
//!
//! PayDibs does not say how long a token lives, or whether a second sign-in ends the first one's token. So a call that
//! may leave only once takes a token that was proven just before, and [`TokenLife`] learns how old it may be.

use std::time::Instant;

use kaunter_core::policy::Ms;
use kaunter_core::token_life::TokenLife;

use super::Paydibs;
use super::call::{self, Repeat};
use super::envelope::Envelope;
use super::send::CallResult;
use super::words::{field, status};
use crate::gateway::http::NoAnswer;
use crate::secret::Secret;

/// The token, and when fetching it last failed.
#[derive(Default)]
pub(super) struct CachedToken {
    current: Option<Token>,
    /// The previous token: it is masked in answers too.
    last: Option<Secret>,
    refused: Option<(NoAnswer, Instant)>,
    life: TokenLife,
}

/// A token of the gateway.
struct Token {
    secret: Secret,
    since: Instant,
    /// The age at which the gateway last accepted it.
    accepted_ms: Ms,
    /// Calls with it that may leave only once, and have no answer yet. And when the last one took it.
    in_flight: u32,
    taken: Instant,
}

impl Token {
    fn age_ms(&self) -> Ms {
        ms_since(self.since)
    }

    /// How long ago the newest call took it that may leave only once; `None` if none is under way.
    fn taken_ms_ago(&self) -> Option<Ms> {
        (self.in_flight > 0).then(|| ms_since(self.taken))
    }
}

impl CachedToken {
    /// Every token that an answer might repeat.
    pub(super) fn secrets(&self) -> Vec<Secret> {
        let current = self.current.as_ref().map(|token| &token.secret);
        current.into_iter().chain(&self.last).cloned().collect()
    }

    /// A token that a call may use. A call that is sent only once needs a trusted one.
    fn usable_for(&self, repeat: Repeat) -> Option<Secret> {
        let token = self.current.as_ref()?;
        let fits = match repeat {
            Repeat::Never => self.life.is_usable(token.age_ms(), token.taken_ms_ago()),
            Repeat::WhenRefusedEarly | Repeat::WhenRefusedEarlyOrThrottled => true,
        };
        fits.then(|| token.secret.clone())
    }

    /// The token, unless it was renewed since.
    fn find(&mut self, secret: &Secret) -> Option<&mut Token> {
        let current = self.current.as_mut();
        current.filter(|own| own.secret == *secret)
    }

    /// Discards the token. A call in progress may still repeat it in its answer.
    fn discard(&mut self) {
        if let Some(token) = self.current.take() {
            self.last = Some(token.secret);
        }
    }
}

impl Paydibs {
    /// Returns a token for a call with this `repeat`.
    pub(super) async fn token(&self, repeat: Repeat) -> Result<Secret, NoAnswer> {
        let began = Instant::now();
        let mut kept = self.token.lock().await;
        if let Some(token) = kept.usable_for(repeat) {
            return Ok(token);
        }
        // Another request failed while this one waited. Its error is the answer to both; otherwise all waiters would
        // retry in a row.
        if let Some((why, at)) = kept.refused
            && at >= began
        {
            return Err(why);
        }
        let call = call::token(&self.config.merchant, self.password_hash());
        let answer = self.once(&call, None).await;
        let token = match &answer {
            Ok(envelope) => token_in(envelope).ok_or(NoAnswer::Unclear),
            Err(failed) => Err(failed.failure.why),
        };
        match token {
            Ok(token) => {
                kept.discard();
                kept.current = Some(Token {
                    secret: token.clone(),
                    since: Instant::now(),
                    accepted_ms: 0,
                    in_flight: 0,
                    taken: Instant::now(),
                });
                Ok(token)
            }
            Err(why) => {
                kept.refused = Some((why, Instant::now()));
                drop(kept);
                self.gateway_answer(&call, &answer).await;
                Err(why)
            }
        }
    }

    /// A token for a call that may leave only once. The gateway has granted it just now, or has accepted it for a
    /// harmless call just now. Where that call gets no answer, the token is returned unproven.
    pub(super) async fn proven_token(&self) -> Result<Secret, NoAnswer> {
        let usable = self.token.lock().await.usable_for(Repeat::Never);
        if let Some(token) = usable {
            // Whatever the answer is: a refused token is discarded by now, and the next line fetches another one.
            let _ = self.with(&call::proof(), &token).await;
        }
        let token = self.token(Repeat::Never).await?;
        if let Some(own) = self.token.lock().await.find(&token) {
            own.in_flight += 1;
            own.taken = Instant::now();
        }
        Ok(token)
    }

    /// The call that took the token has its answer.
    pub(super) async fn answered(&self, token: &Secret) {
        if let Some(own) = self.token.lock().await.find(token) {
            own.in_flight = own.in_flight.saturating_sub(1);
        }
    }

    /// Learns from an answer how long tokens live. Discards a token that the gateway refused, unless it was renewed
    /// already.
    pub(super) async fn learn(&self, token: &Secret, answer: &CallResult) {
        let mut kept = self.token.lock().await;
        let life = kept.life;
        let Some(own) = kept.find(token) else {
            return;
        };
        match answer {
            Ok(_) => {
                own.accepted_ms = own.age_ms();
                kept.life = life.accepted(own.accepted_ms);
            }
            Err(failed) if failed.failure.why == NoAnswer::RefusedEarly => {
                kept.life = life.refused(own.accepted_ms);
                kept.discard();
            }
            Err(_) => {}
        }
    }
}

fn ms_since(then: Instant) -> Ms {
    Ms::try_from(then.elapsed().as_millis()).unwrap_or(Ms::MAX)
}

/// The token in an answer.
fn token_in(envelope: &Envelope) -> Option<Secret> {
    let granted = envelope.is_ok() && envelope.number(field::STATUS) == Some(status::TOKEN_GRANTED);
    let token = envelope.text(field::AUTH_TOKEN)?;
    (granted && !token.is_empty()).then(|| Secret::new(token))
}
