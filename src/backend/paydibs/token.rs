//! PayDibs' token: asked for once, however many want it, and kept until it is refused or old.

use std::time::{Duration, Instant};

use super::Paydibs;
use super::call::{self, Repeat};
use super::envelope::Envelope;
use super::words::{field, status};
use crate::gateway::http::NoAnswer;
use crate::secret::Secret;

/// A token older than this is renewed before a payment: a payment must not be the call that finds it expired.
const AGE_BEFORE_PAY: Duration = Duration::from_secs(300);

/// The token, and when it was last asked for in vain.
#[derive(Default)]
pub(super) struct KeptToken {
    current: Option<(Secret, Instant)>,
    /// The one before it: its echo is masked too.
    last: Option<Secret>,
    refused: Option<(NoAnswer, Instant)>,
}

impl KeptToken {
    /// Each token that an answer may say back.
    pub(super) fn secrets(&self) -> Vec<Secret> {
        let current = self.current.as_ref().map(|(token, _)| token);
        current.into_iter().chain(&self.last).cloned().collect()
    }

    /// One that a call may use: a call that is sent once takes a young one.
    fn fit(&self, repeat: Repeat) -> Option<Secret> {
        let (token, at) = self.current.as_ref()?;
        let fits = match repeat {
            Repeat::Never => at.elapsed() < AGE_BEFORE_PAY,
            Repeat::WhenRefusedEarly | Repeat::WhenRefusedEarlyOrThrottled => true,
        };
        fits.then(|| token.clone())
    }

    /// The token is used no more; a call that is under way may still bring it back.
    fn retire(&mut self) {
        if let Some((token, _)) = self.current.take() {
            self.last = Some(token);
        }
    }
}

impl Paydibs {
    /// A token for a call that may be repeated like this.
    pub(super) async fn token(&self, repeat: Repeat) -> Result<Secret, NoAnswer> {
        let began = Instant::now();
        let mut kept = self.token.lock().await;
        if let Some(token) = kept.fit(repeat) {
            return Ok(token);
        }
        // Somebody asked in vain while we waited: that is our answer too, or all who wait would ask in a row.
        if let Some((why, at)) = kept.refused
            && at >= began
        {
            return Err(why);
        }
        let call = call::token(&self.config.merchant, self.password_hash());
        let answer = self.once(&call, None).await;
        let token = match &answer {
            Ok(envelope) => granted(envelope).ok_or(NoAnswer::NoWord),
            Err(failed) => Err(failed.failure.why),
        };
        match token {
            Ok(token) => {
                kept.retire();
                kept.current = Some((token.clone(), Instant::now()));
                Ok(token)
            }
            Err(why) => {
                kept.refused = Some((why, Instant::now()));
                drop(kept);
                self.said(&call, &answer).await;
                Err(why)
            }
        }
    }

    /// Uses a token no more that the gateway refused, unless it was renewed already.
    pub(super) async fn forget(&self, token: &Secret) {
        let mut kept = self.token.lock().await;
        if kept.current.as_ref().is_some_and(|(own, _)| own == token) {
            kept.retire();
        }
    }
}

/// The token that an answer grants.
fn granted(envelope: &Envelope) -> Option<Secret> {
    let granted = envelope.is_ok() && envelope.number(field::STATUS) == Some(status::TOKEN_GRANTED);
    let token = envelope.text(field::AUTH_TOKEN)?;
    (granted && !token.is_empty()).then(|| Secret::new(token))
}
