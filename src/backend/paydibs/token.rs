//! PayDibs' token: fetched once for all concurrent callers, and kept until it is refused or old.

use std::time::{Duration, Instant};

use super::Paydibs;
use super::call::{self, Repeat};
use super::envelope::Envelope;
use super::words::{field, status};
use crate::gateway::http::NoAnswer;
use crate::secret::Secret;

/// A token older than this is renewed before a payment: a payment must not be the call that finds it expired.
const AGE_BEFORE_PAY: Duration = Duration::from_secs(300);

/// The token, and when fetching it last failed.
#[derive(Default)]
pub(super) struct CachedToken {
    current: Option<(Secret, Instant)>,
    /// The previous token: it is masked in answers too.
    last: Option<Secret>,
    refused: Option<(NoAnswer, Instant)>,
}

impl CachedToken {
    /// Every token that an answer might repeat.
    pub(super) fn secrets(&self) -> Vec<Secret> {
        let current = self.current.as_ref().map(|(token, _)| token);
        current.into_iter().chain(&self.last).cloned().collect()
    }

    /// A token that a call may use. A call that is sent only once needs a young one.
    fn usable_for(&self, repeat: Repeat) -> Option<Secret> {
        let (token, at) = self.current.as_ref()?;
        let fits = match repeat {
            Repeat::Never => at.elapsed() < AGE_BEFORE_PAY,
            Repeat::WhenRefusedEarly | Repeat::WhenRefusedEarlyOrThrottled => true,
        };
        fits.then(|| token.clone())
    }

    /// Discards the token. A call in progress may still repeat it in its answer.
    fn discard(&mut self) {
        if let Some((token, _)) = self.current.take() {
            self.last = Some(token);
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
                kept.current = Some((token.clone(), Instant::now()));
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

    /// Discards a token that the gateway refused, unless it was renewed already.
    pub(super) async fn forget(&self, token: &Secret) {
        let mut kept = self.token.lock().await;
        if kept.current.as_ref().is_some_and(|(own, _)| own == token) {
            kept.discard();
        }
    }
}

/// The token in an answer.
fn token_in(envelope: &Envelope) -> Option<Secret> {
    let granted = envelope.is_ok() && envelope.number(field::STATUS) == Some(status::TOKEN_GRANTED);
    let token = envelope.text(field::AUTH_TOKEN)?;
    (granted && !token.is_empty()).then(|| Secret::new(token))
}
