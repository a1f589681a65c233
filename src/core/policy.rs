//! The durations and limits of a trade, each with its reason. They are data of a gateway; the defaults are here.

use serde::{Deserialize, Serialize};

use crate::review::ReviewRules;
use crate::wire::PagePolicy;

/// Milliseconds: a time on the driver's clock, or a duration, as the field's name says.
pub type Ms = u64;

/// The durations that both machines follow, and what the gateway can do.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// From the start of one status query to the start of the next. The project's user asked for two seconds.
    pub poll_ms: Ms,
    /// How long the gateway is asked every `poll_ms`. Customers find the phone, the app and the PIN in less.
    pub deadline_ms: Ms,
    /// The least age of a payment that is cancelled: a cancel that overtakes its payment has an unknown result.
    pub min_cancel_age_ms: Ms,
    /// How long a cancel is repeated before a person is asked.
    pub cancel_deadline_ms: Ms,
    /// How long the gateway is asked about a void before a person is asked.
    pub void_deadline_ms: Ms,
    /// The longest wait for a TCP connection to the gateway. After that, the gateway counts as down.
    pub connect_timeout_ms: Ms,
    /// The longest wait for the answer to a query, to a creation, which moves no money, and to a cancel.
    pub read_timeout_ms: Ms,
    /// The longest wait for the answer to a payment or a void. A shorter one gives more unknown results.
    pub pay_timeout_ms: Ms,
    /// How late an answer may be before it counts as lost. It also covers the difference between two processes' clocks.
    pub clock_grace_ms: Ms,
    /// How long a terminal may be silent before its trade, which awaits a code, is abandoned.
    pub terminal_silent_ms: Ms,
    /// How often a scanning page reports that it is there.
    ///
    /// It is a sixth of `terminal_silent_ms`, so that bad Wi-Fi ends no sale.
    pub heartbeat_ms: Ms,
    /// The first pause between queries about a trade under review.
    pub review_check_first_ms: Ms,
    /// The longest pause between those queries.
    pub review_check_max_ms: Ms,
    /// The first pause before the next query about a closed trade whose payment had left.
    pub late_check_first_ms: Ms,
    /// The longest pause between those queries. Each pause is twice the one before.
    ///
    /// So the last query leaves one to two days after the first (34 hours with these numbers).
    /// By then the gateway has settled.
    pub late_check_max_ms: Ms,
    /// The time from a payment to the first query that checks it; 0 turns the checks of payments off.
    ///
    /// A gateway that takes a payment back at once does so within seconds.
    pub paid_check_first_ms: Ms,
    /// The time from the end of the shop's day to the last check of a payment: the next morning.
    ///
    /// By then the gateway has settled the day.
    pub paid_check_morning_ms: Ms,
    /// The least time between two queries of a trade that somebody asks for by a refresh.
    ///
    /// A page that asks every two seconds costs the gateway one query in this time.
    pub refresh_pause_ms: Ms,
    /// How many status queries a second one process begins at the gateway, over all trades.
    ///
    /// Past it, queries wait for their turn, and every till is asked about less often.
    /// 500 a second is the pace of 1,000 payments that are asked about every 2 s.
    /// A larger number costs the gateway and this process more; a smaller one makes outcomes come later.
    /// It is no duration, so a faster clock leaves it alone.
    pub questions_per_second: u32,
    /// How long, in seconds, a code that was handed over for one sale is refused for another; 0 turns the check off.
    ///
    /// A wallet's code is valid for a minute or two.
    /// It is longer than the last customer's phone stays before the camera.
    pub code_memory_s: u64,
    /// The longest time until `POST code` answers, even without an answer of the gateway.
    pub code_answer_ms: Ms,
    /// The page's longest wait for one call of the backend.
    pub call_timeout_ms: Ms,
    /// How long a promise waits for the backend's final answer after the deadline.
    pub last_word_ms: Ms,
    /// The gateway can cancel an unfinished payment. This is an ability of the gateway, and no setting of a policy.
    #[serde(skip_deserializing)]
    pub can_cancel: bool,
    /// The age from which the gateway guarantees that an unpaid trade is never paid; `None` without such a guarantee.
    #[serde(skip_deserializing)]
    pub unpaid_final_after_ms: Option<Ms>,
    /// The length of the shop's day, which is no setting: a faster clock shortens it.
    #[serde(skip_deserializing)]
    pub day_ms: Ms,
    /// The shop's clock minus UTC, in milliseconds. It is a setting of the shop.
    #[serde(skip_deserializing)]
    pub day_offset_ms: i64,
    /// The limits of a person's verdict: the shop's own, and no setting of a policy.
    #[serde(skip)]
    pub review: ReviewRules,
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
            paid_check_first_ms: 60_000,
            paid_check_morning_ms: 8 * 3_600_000,
            refresh_pause_ms: 30_000,
            questions_per_second: 500,
            code_memory_s: 600,
            code_answer_ms: 5_000,
            call_timeout_ms: 10_000,
            last_word_ms: 30_000,
            can_cancel: false,
            unpaid_final_after_ms: None,
            day_ms: 24 * 3_600_000,
            day_offset_ms: 0,
            review: ReviewRules::default(),
        }
    }
}

impl Policy {
    /// The same policy on a faster or slower clock: every duration times `permille` / 1000, but at least 1.
    ///
    /// Demos and tests use it to run a trade in seconds.
    ///
    /// ```
    /// use kaunter_core::policy::Policy;
    ///
    /// let policy = Policy::default();
    /// let fast = policy.scaled(100);
    /// assert_eq!(fast.poll_ms * 10, policy.poll_ms);
    /// assert_eq!(fast.deadline_ms * 10, policy.deadline_ms);
    ///
    /// // No duration becomes 0, and what is turned off stays off.
    /// assert_eq!(policy.scaled(0).poll_ms, 1);
    /// let forgetful = Policy { code_memory_s: 0, ..policy };
    /// assert_eq!(forgetful.scaled(100).code_memory_s, 0);
    /// assert_eq!(forgetful.scaled(100).unpaid_final_after_ms, None);
    /// ```
    #[must_use]
    pub fn scaled(&self, permille: u64) -> Self {
        let scale = |ms: Ms| (ms.saturating_mul(permille) / 1_000).max(1);
        let scale_unless_off = |ms: Ms| if ms == 0 { 0 } else { scale(ms) };
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
            paid_check_first_ms: scale_unless_off(self.paid_check_first_ms),
            paid_check_morning_ms: scale(self.paid_check_morning_ms),
            refresh_pause_ms: scale(self.refresh_pause_ms),
            questions_per_second: self.questions_per_second,
            code_memory_s: scale_unless_off(self.code_memory_s),
            code_answer_ms: scale(self.code_answer_ms),
            call_timeout_ms: scale(self.call_timeout_ms),
            last_word_ms: scale(self.last_word_ms),
            can_cancel: self.can_cancel,
            unpaid_final_after_ms: self.unpaid_final_after_ms.map(scale),
            day_ms: scale(self.day_ms),
            day_offset_ms: self.day_offset_ms,
            review: ReviewRules {
                single_person_after_ms: scale(self.review.single_person_after_ms),
                ..self.review
            },
        }
    }

    /// When a payment of this time is checked: after a while, when the shop's day has ended, and the next morning.
    ///
    /// `None` if the checks are turned off.
    ///
    /// ```
    /// use kaunter_core::policy::Policy;
    ///
    /// let hour = 3_600_000;
    /// // A shop whose clock is eight hours ahead of UTC. Its day ends at 16:00 UTC.
    /// let policy = Policy { day_offset_ms: 8 * 3_600_000, ..Policy::default() };
    /// assert_eq!(policy.paid_checks(15 * hour), Some([15 * hour + 60_000, 16 * hour, 24 * hour]));
    /// assert_eq!(policy.paid_checks(17 * hour), Some([17 * hour + 60_000, 40 * hour, 48 * hour]));
    ///
    /// let off = Policy { paid_check_first_ms: 0, ..policy };
    /// assert_eq!(off.paid_checks(15 * hour), None);
    /// ```
    #[must_use]
    pub fn paid_checks(&self, paid_ms: Ms) -> Option<[Ms; 3]> {
        if self.paid_check_first_ms == 0 {
            return None;
        }
        let day_ms = self.day_ms.max(1);
        let local_ms = paid_ms.saturating_add_signed(self.day_offset_ms);
        let end_ms = ((local_ms / day_ms + 1) * day_ms).saturating_add_signed(-self.day_offset_ms);
        let first_ms = paid_ms + self.paid_check_first_ms;
        Some([first_ms, end_ms, end_ms + self.paid_check_morning_ms])
    }

    /// The time in which each of this many trades is asked about once, if all of them wait: never less than `poll_ms`.
    ///
    /// ```
    /// use kaunter_core::policy::Policy;
    ///
    /// let policy = Policy::default();
    /// assert_eq!(policy.question_pause_ms(1_000), 2_000);
    /// assert_eq!(policy.question_pause_ms(20_000), 40_000);
    /// ```
    #[must_use]
    pub fn question_pause_ms(&self, trades: u64) -> Ms {
        let per_second = u64::from(self.questions_per_second.max(1));
        self.poll_ms.max(trades.saturating_mul(1_000) / per_second)
    }

    /// The part of the policy that the page follows.
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
