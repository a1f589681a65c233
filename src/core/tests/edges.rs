//! Question: does each rule begin and end where it says, to the millisecond and to the last field? Written against planted
//! mistakes (`cargo xtask mutants`) that the tests of the rules themselves did not notice.
#![allow(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    missing_docs,
    reason = "a test says where it stopped"
)]

use kaunter_core::policy::Policy;
use serde_json::Value;

fn durations(policy: &Policy) -> Vec<(String, u64)> {
    let Value::Object(fields) = serde_json::to_value(policy).unwrap() else {
        panic!("a policy is an object");
    };
    let numbers = fields.into_iter();
    numbers
        .filter_map(|(name, value)| Some((name, value.as_u64()?)))
        .collect()
}

#[test]
fn a_policy_is_scaled_in_each_of_its_durations_and_in_nothing_else() {
    let policy = Policy {
        can_cancel: true,
        unpaid_final_after_ms: Some(600_000),
        ..Policy::default()
    };
    for permille in [10, 250, 1_000, 3_000] {
        let scaled = policy.scaled(permille);
        assert!(scaled.can_cancel);
        let pairs = durations(&policy).into_iter().zip(durations(&scaled));
        for ((name, ms), (_, scaled_ms)) in pairs {
            assert_eq!(scaled_ms, ms * permille / 1_000, "{name} by {permille}");
        }
    }
    let least = policy.scaled(0);
    assert!(durations(&least).iter().all(|(_, ms)| *ms == 1));
    assert_eq!(policy.scaled(1_000), policy);
}

#[test]
fn the_page_is_told_its_part_of_the_policy() {
    let policy = Policy {
        poll_ms: 1,
        deadline_ms: 2,
        heard_ms: 3,
        call_ms: 4,
        patience_ms: 5,
        ..Policy::default()
    };
    let page = policy.page();
    let told = [
        page.poll_ms,
        page.deadline_ms,
        page.heard_ms,
        page.call_ms,
        page.patience_ms,
    ];
    assert_eq!(told, [1, 2, 3, 4, 5]);
}
