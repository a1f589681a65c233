//! Every duration and limit of a trade, each with its reason. Data, per gateway; these are the defaults.

use serde::{Deserialize, Serialize};

use crate::wire::PagePolicy;

/// Milliseconds: a point on the driver's clock, or a length, as the name of the field says.
pub type Ms = u64;

/// Durations and abilities that the machines of a trade keep.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// From the start of one question to the start of the next: two seconds, our user's number.
    pub poll_ms: Ms,
    /// How long a payment is verified every `poll_ms`: a customer finds the phone, the app and the PIN in less.
    pub deadline_ms: Ms,
    /// No cancel sooner after the payment left: a cancel that overtakes its payment is a race nobody wins.
    pub min_cancel_age_ms: Ms,
    /// How long a cancel is repeated before a person is asked.
    pub cancel_deadline_ms: Ms,
    /// How long a void is asked about before a person is.
    pub void_deadline_ms: Ms,
    /// Longest wait for a TCP connection to the gateway: past it, it is down.
    pub connect_timeout_ms: Ms,
    /// Longest wait for an answer to a read, and to a creation, which has no effect worth waiting for.
    pub read_timeout_ms: Ms,
    /// Longest wait for an answer to what moves money: giving up early only makes more unknowns.
    pub pay_timeout_ms: Ms,
    /// What a driver may be late by before the machine takes its answer for lost; and what the clocks of a backend's
    /// processes may be apart by.
    pub clock_grace_ms: Ms,
    /// An attempt that awaits its code is abandoned when its terminal is silent for so long.
    pub terminal_silent_ms: Ms,
    /// How often a scanning page lets itself be heard; a sixth of `terminal_silent_ms`, so that bad Wi-Fi costs nobody a sale.
    pub heartbeat_ms: Ms,
    /// First pause between questions about an attempt under review.
    pub review_check_first_ms: Ms,
    /// Longest pause between questions about an attempt under review.
    pub review_check_max_ms: Ms,
    /// First pause before a closed attempt, whose payment had left, is asked about again.
    pub late_check_first_ms: Ms,
    /// Longest pause between questions about a closed attempt. Each is twice the one before, so the last question leaves
    /// a day to two after the first (34 hours by these numbers), past the gateway's own settlement.
    pub late_check_max_ms: Ms,
    /// How long, in seconds, a code that was handed over for one sale is refused for another; 0 turns it off. A wallet's
    /// code lives for a minute or two; the last customer's phone before the camera is longer there than that.
    pub code_memory_s: u64,
    /// `POST code` answers within this, whatever the gateway does.
    pub code_answer_ms: Ms,
    /// Longest wait of the page for one call of the backend.
    pub call_timeout_ms: Ms,
    /// How long a promise waits past the deadline for the backend's last word.
    pub last_word_ms: Ms,
    /// The gateway can cancel an unfinished payment. An ability of the gateway: no setting of a policy.
    #[serde(skip_deserializing)]
    pub can_cancel: bool,
    /// An unpaid trade of this age is never paid any more, on the gateway's word; none where it gave none. No setting of a
    /// policy either.
    #[serde(skip_deserializing)]
    pub unpaid_final_after_ms: Option<Ms>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            poll_ms: 2_000,
            deadline_ms: 90_000,
            min_cancel_age_ms: 15_000,
            cancel_deadline_ms: 90_000,
            void_deadline_ms: 90_000,
            connect_timeout_ms: 3_000,
            read_timeout_ms: 5_000,
            pay_timeout_ms: 30_000,
            clock_grace_ms: 2_000,
            terminal_silent_ms: 180_000,
            heartbeat_ms: 30_000,
            review_check_first_ms: 30_000,
            review_check_max_ms: 300_000,
            late_check_first_ms: 30_000,
            late_check_max_ms: 26 * 3_600_000,
            code_memory_s: 600,
            code_answer_ms: 5_000,
            call_timeout_ms: 10_000,
            last_word_ms: 30_000,
            can_cancel: false,
            unpaid_final_after_ms: None,
        }
    }
}

impl Policy {
    /// The same policy on a faster or slower clock: every duration times `permille` / 1000, at least 1 ms.
    #[must_use]
    pub fn scaled(&self, permille: u64) -> Self {
        let scale = |ms: Ms| (ms.saturating_mul(permille) / 1_000).max(1);
        Self {
            poll_ms: scale(self.poll_ms),
            deadline_ms: scale(self.deadline_ms),
            min_cancel_age_ms: scale(self.min_cancel_age_ms),
            cancel_deadline_ms: scale(self.cancel_deadline_ms),
            void_deadline_ms: scale(self.void_deadline_ms),
            connect_timeout_ms: scale(self.connect_timeout_ms),
            read_timeout_ms: scale(self.read_timeout_ms),
            pay_timeout_ms: scale(self.pay_timeout_ms),
            clock_grace_ms: scale(self.clock_grace_ms),
            terminal_silent_ms: scale(self.terminal_silent_ms),
            heartbeat_ms: scale(self.heartbeat_ms),
            review_check_first_ms: scale(self.review_check_first_ms),
            review_check_max_ms: scale(self.review_check_max_ms),
            late_check_first_ms: scale(self.late_check_first_ms),
            late_check_max_ms: scale(self.late_check_max_ms),
            code_memory_s: match self.code_memory_s {
                0 => 0,
                s => scale(s),
            },
            code_answer_ms: scale(self.code_answer_ms),
            call_timeout_ms: scale(self.call_timeout_ms),
            last_word_ms: scale(self.last_word_ms),
            can_cancel: self.can_cancel,
            unpaid_final_after_ms: self.unpaid_final_after_ms.map(scale),
        }
    }

    /// What the page needs of it.
    #[must_use]
    pub fn page(&self) -> PagePolicy {
        PagePolicy {
            poll_ms: self.poll_ms,
            deadline_ms: self.deadline_ms,
            heartbeat_ms: self.heartbeat_ms,
            call_timeout_ms: self.call_timeout_ms,
            last_word_ms: self.last_word_ms,
        }
    }
}
