//! Durations and limits: no zero, nothing endless, and an order that makes sense.

use kaunter_core::policy::Ms;

use super::{Check, Look, found, refuse, warn};

/// The shortest pause between two status checks of a payment: the project's scope asks for it.
const MIN_POLL_MS: Ms = 2_000;
/// The longest duration. Every default is below two days.
const MAX_MS: Ms = 31 * 24 * 3_600_000;
/// The largest number of calls or connections: more than a process has memory for.
const MAX_LIMIT: usize = 1_000_000;
/// The largest number of questions a second: more than one process can store.
const MAX_QUESTIONS: u32 = 100_000;
/// The slowest clock of a test.
const MAX_PERMILLE: u64 = 100_000;
/// The longest life of a token.
const MAX_LIFE_S: u64 = crate::token::MAX_MINTED_S;
/// The shortest life that lets a till work without a new token for each call.
const MIN_LIFE_S: u64 = 60;

pub(super) const CHECKS: &[Check] = &[
    refuse(
        "time_scale_permille",
        "is only for tests with a gateway on this machine",
        "remove it",
        |look| {
            found(
                look.config.time_scale_permille != 1000 && look.is_real(),
                "time_scale_permille",
            )
        },
    ),
    refuse(
        "time_scale_permille",
        "stops the clock",
        "set it to at least 1 and at most 100000, or remove it",
        |look| {
            let scale = look.config.time_scale_permille;
            found(
                scale == 0 || scale > MAX_PERMILLE,
                format!("time_scale_permille = {scale}"),
            )
        },
    ),
    refuse(
        "policy.poll_ms",
        "is too short",
        "set at least 2000. Less is only for tests with a time scale and a gateway on this machine",
        |look| {
            let poll_ms = look.config.policy.poll_ms;
            found(
                poll_ms == 0 || poll_ms < MIN_POLL_MS && !look.is_test(),
                format!("policy.poll_ms = {poll_ms}"),
            )
        },
    ),
    refuse(
        "policy",
        "leaves no time",
        "set it to more than 0, or remove it",
        |look| {
            let lasting = durations(look).into_iter();
            lasting
                .filter(|(_, ms, may_be_0)| *ms == 0 && !may_be_0)
                .map(|(name, ..)| format!("policy.{name} = 0"))
                .collect()
        },
    ),
    refuse(
        "policy.questions_per_second",
        "asks the gateway nothing, or too much at once",
        "set it to at least 1 and at most 100000, or remove it",
        |look| {
            let number = look.config.policy.questions_per_second;
            found(
                number == 0 || number > MAX_QUESTIONS,
                format!("policy.questions_per_second = {number}"),
            )
        },
    ),
    refuse(
        "policy, gateway.unpaid_final_after_ms",
        "is longer than 31 days",
        "write it in milliseconds (code_memory_s in seconds), or remove it",
        |look| {
            let all = durations(look).into_iter().map(|(name, ms, _)| (name, ms));
            let memory_ms = look.config.policy.code_memory_s.saturating_mul(1000);
            let last = look.config.gateway.unpaid_final_after_ms;
            all.chain([("poll_ms", look.config.policy.poll_ms)])
                .chain([("code_memory_s", memory_ms)])
                .map(|(name, ms)| (format!("policy.{name}"), ms))
                .chain(last.map(|ms| ("gateway.unpaid_final_after_ms".to_owned(), ms)))
                .filter(|(_, ms)| *ms > MAX_MS)
                .map(|(name, _)| name)
                .collect()
        },
    ),
    refuse(
        "policy",
        "ends before the gateway is asked twice",
        "set it to at least twice poll_ms",
        |look| {
            let policy = &look.config.policy;
            let least = policy.poll_ms.saturating_mul(2);
            let deadlines = [
                ("deadline_ms", policy.deadline_ms),
                ("cancel_deadline_ms", policy.cancel_deadline_ms),
                ("void_deadline_ms", policy.void_deadline_ms),
            ];
            deadlines
                .into_iter()
                // A test may want no second query.
                .filter(|(_, ms)| (1..least).contains(ms) && !look.is_test())
                .map(|(name, ms)| format!("policy.{name} = {ms}"))
                .collect()
        },
    ),
    refuse(
        "policy",
        "is too long",
        "set the first one to less than the second one",
        |look| {
            let policy = &look.config.policy;
            let pairs = [
                (
                    "heartbeat_ms",
                    policy.heartbeat_ms,
                    "terminal_silent_ms",
                    policy.terminal_silent_ms,
                ),
                (
                    "code_answer_ms",
                    policy.code_answer_ms,
                    "call_timeout_ms",
                    policy.call_timeout_ms,
                ),
                (
                    "min_cancel_age_ms",
                    policy.min_cancel_age_ms,
                    "deadline_ms",
                    policy.deadline_ms,
                ),
            ];
            pairs
                .into_iter()
                .filter(|(_, first, _, second)| first >= second && *second > 0 && !look.is_test())
                .map(|(first, _, second, _)| {
                    format!("policy.{first}, compared with policy.{second},")
                })
                .collect()
        },
    ),
    refuse(
        "policy",
        "is longer than the longest pause",
        "set the first one to at most the second one",
        |look| {
            let policy = &look.config.policy;
            let pairs = [
                (
                    "review_check_first_ms",
                    policy.review_check_first_ms,
                    "review_check_max_ms",
                    policy.review_check_max_ms,
                ),
                (
                    "late_check_first_ms",
                    policy.late_check_first_ms,
                    "late_check_max_ms",
                    policy.late_check_max_ms,
                ),
            ];
            pairs
                .into_iter()
                .filter(|(_, first, _, max)| first > max && *max > 0)
                .map(|(first, _, max, _)| format!("policy.{first}, compared with policy.{max},"))
                .collect()
        },
    ),
    warn(
        "policy",
        "is of no use, because the wait for the answer ends first",
        "set the first one to at most the second one",
        |look| {
            let policy = &look.config.policy;
            let pairs = [
                (
                    "connect_timeout_ms",
                    policy.connect_timeout_ms,
                    "read_timeout_ms",
                    policy.read_timeout_ms,
                ),
                (
                    "read_timeout_ms",
                    policy.read_timeout_ms,
                    "pay_timeout_ms",
                    policy.pay_timeout_ms,
                ),
            ];
            pairs
                .into_iter()
                .filter(|(_, first, _, second)| first > second && !look.is_test())
                .map(|(first, _, second, _)| {
                    format!("policy.{first}, compared with policy.{second},")
                })
                .collect()
        },
    ),
    refuse(
        "token_life_s",
        "leaves no time for a call",
        "set it to at least 60, or remove it",
        |look| found(look.config.token_life_s == 0, "token_life_s = 0"),
    ),
    warn(
        "token_life_s",
        "is so short that a till needs a new token all the time",
        "set it to at least 60, or remove it",
        |look| {
            let life_s = look.config.token_life_s;
            found(
                (1..MIN_LIFE_S).contains(&life_s) && !look.is_test(),
                format!("token_life_s = {life_s}"),
            )
        },
    ),
    warn(
        "token_life_s",
        "is more than a token may have, so tokens live for 870 s",
        "set it to at most 870",
        |look| {
            let life_s = look.config.token_life_s;
            found(life_s > MAX_LIFE_S, format!("token_life_s = {life_s}"))
        },
    ),
    refuse(
        "limits",
        "lets nobody call",
        "set it to more than 0, or remove it",
        |look| {
            let limits = limits(look).into_iter();
            let none = limits.filter(|(_, most)| *most == 0);
            none.map(|(name, _)| format!("limits.{name} = 0")).collect()
        },
    ),
    refuse(
        "limits",
        "is more than a process can serve",
        "set it to at most 1000000",
        |look| {
            let limits = limits(look).into_iter();
            let huge = limits.filter(|(_, most)| *most > MAX_LIMIT);
            huge.map(|(name, _)| format!("limits.{name}")).collect()
        },
    ),
];

/// The durations of the policy but `poll_ms`, and whether 0 has a meaning.
fn durations(look: &Look<'_>) -> [(&'static str, Ms, bool); 20] {
    let policy = &look.config.policy;
    [
        ("deadline_ms", policy.deadline_ms, false),
        ("min_cancel_age_ms", policy.min_cancel_age_ms, true),
        ("cancel_deadline_ms", policy.cancel_deadline_ms, false),
        ("void_deadline_ms", policy.void_deadline_ms, false),
        ("connect_timeout_ms", policy.connect_timeout_ms, false),
        ("read_timeout_ms", policy.read_timeout_ms, false),
        ("pay_timeout_ms", policy.pay_timeout_ms, false),
        ("clock_grace_ms", policy.clock_grace_ms, true),
        ("terminal_silent_ms", policy.terminal_silent_ms, false),
        ("heartbeat_ms", policy.heartbeat_ms, false),
        ("review_check_first_ms", policy.review_check_first_ms, false),
        ("review_check_max_ms", policy.review_check_max_ms, false),
        ("late_check_first_ms", policy.late_check_first_ms, false),
        ("late_check_max_ms", policy.late_check_max_ms, false),
        ("paid_check_first_ms", policy.paid_check_first_ms, true),
        ("paid_check_morning_ms", policy.paid_check_morning_ms, true),
        ("refresh_pause_ms", policy.refresh_pause_ms, false),
        ("code_answer_ms", policy.code_answer_ms, false),
        ("call_timeout_ms", policy.call_timeout_ms, false),
        ("last_word_ms", policy.last_word_ms, false),
    ]
}

fn limits(look: &Look<'_>) -> [(&'static str, usize); 7] {
    let bounds = &look.config.bounds;
    let calls = usize::try_from(bounds.calls_per_minute).unwrap_or(usize::MAX);
    [
        ("calls_per_minute", calls),
        ("concurrent_calls", bounds.concurrent_calls),
        (
            "concurrent_calls_per_terminal",
            bounds.concurrent_calls_per_terminal,
        ),
        ("connections", bounds.connections),
        ("connections_per_address", bounds.connections_per_address),
        (
            "concurrent_gateway_requests",
            bounds.concurrent_gateway_requests,
        ),
        ("concurrent_status_checks", bounds.concurrent_status_checks),
    ]
}
