//! The rules of a person's verdict: who proposes, who confirms, and when one person is enough.
//!
//! A verdict overrides the gateway, so it has limits of its own. They are pure: the machine of a trade calls
//! [`rule`] for a trade under review and for the correction of an earlier verdict alike, and stores the result.

use serde::{Deserialize, Serialize};

use crate::policy::Ms;
use crate::wire::VerdictOutcome;

/// The limits of verdicts: `[review]` of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReviewRules {
    /// Whether one person alone may confirm, once the proposal is [`ReviewRules::single_person_after_ms`] old.
    pub single_person: bool,
    /// The largest amount, in minor units, that one person decides; `None` without such a limit.
    pub confirm_above_minor: Option<u64>,
    /// The age from which one person confirms an own proposal. In half an hour the gateway has been asked six times.
    #[serde(skip)]
    pub single_person_after_ms: Ms,
}

impl Default for ReviewRules {
    fn default() -> Self {
        Self {
            single_person: false,
            confirm_above_minor: None,
            single_person_after_ms: 30 * 60_000,
        }
    }
}

/// A person's verdict, with the name of the person.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GivenVerdict {
    /// What the person found.
    pub outcome: VerdictOutcome,
    /// The person's name; empty if the caller has none.
    pub by: String,
}

/// A verdict that waits for a second person.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Proposal {
    /// What the person found.
    pub outcome: VerdictOutcome,
    /// The person's name.
    pub by: String,
    /// When it was proposed.
    pub at_ms: Ms,
}

/// What a verdict is about.
#[derive(Clone, Copy, Debug)]
pub struct ReviewSubject<'a> {
    /// Who charged the sale; `None` if nobody is known.
    pub charged_by: Option<&'a str>,
    /// The amount, in minor units.
    pub minor: u64,
    /// Who gave the verdict that this one corrects; empty if it corrects none.
    pub corrects: &'a [String],
    /// The verdict that waits for a second person.
    pub proposal: Option<&'a Proposal>,
}

/// What a verdict does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// It decides.
    Decides,
    /// It confirms the proposal, which decides.
    Confirms,
    /// It confirms the person's own proposal, which decides: `single_person`.
    ConfirmsAlone,
    /// It waits for a second person.
    Proposes,
    /// The same person has said so before.
    Repeats,
}

/// What a verdict does; `None` if it has no name.
///
/// A proposal is decided by another name with the same outcome.
/// Another outcome becomes the new proposal: two people who disagree decide nothing.
/// Without a proposal, a person decides alone, unless it is the person's own charge, the amount is above the limit, or
/// the person corrects an own verdict. A charge of which nobody is known counts as everybody's own.
#[must_use]
pub fn rule(
    verdict: &GivenVerdict,
    subject: &ReviewSubject<'_>,
    rules: &ReviewRules,
    now: Ms,
) -> Option<Ruling> {
    let by = person(&verdict.by, "")?;
    Some(match subject.proposal {
        Some(proposal) if proposal.outcome != verdict.outcome => Ruling::Proposes,
        Some(proposal) if !is_same_person(&proposal.by, by) => Ruling::Confirms,
        Some(proposal) => {
            let old_enough = now >= proposal.at_ms.saturating_add(rules.single_person_after_ms);
            if rules.single_person && old_enough {
                Ruling::ConfirmsAlone
            } else {
                Ruling::Repeats
            }
        }
        None => {
            let own = |name: &str| is_same_person(name, by);
            let needs_second = subject.charged_by.is_none_or(own)
                || rules
                    .confirm_above_minor
                    .is_some_and(|most| subject.minor > most)
                || subject.corrects.iter().any(|name| own(name));
            if needs_second {
                Ruling::Proposes
            } else {
                Ruling::Decides
            }
        }
    })
}

/// The person whom a token names. A name that is empty or that is the terminal's own names nobody: a login that a
/// counter shares must not count as two people.
#[must_use]
pub fn person<'a>(name: &'a str, terminal: &str) -> Option<&'a str> {
    let name = name.trim();
    (!name.is_empty() && !is_same_person(name, terminal)).then_some(name)
}

/// Whether two names are one person's: their [`person_key`] is the same.
#[must_use]
pub fn is_same_person(one: &str, other: &str) -> bool {
    person_key(one) == person_key(other)
}

/// A name as it is compared and counted. Capital letters, outer spaces and the number of spaces between words make no
/// second person. Nothing shows or stores it.
#[must_use]
pub fn person_key(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    // Lower case alone leaves two forms of some letters: `ß` and `ẞ`, `σ` and `ς`.
    words.join(" ").to_lowercase().to_uppercase().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAID: VerdictOutcome = VerdictOutcome::Paid;

    fn given(outcome: VerdictOutcome, by: &str) -> GivenVerdict {
        GivenVerdict {
            outcome,
            by: by.to_owned(),
        }
    }

    fn own_charge<'a>(proposal: Option<&'a Proposal>) -> ReviewSubject<'a> {
        ReviewSubject {
            charged_by: Some("aina"),
            minor: 1_250,
            corrects: &[],
            proposal,
        }
    }

    fn proposal(by: &str) -> Proposal {
        Proposal {
            outcome: PAID,
            by: by.to_owned(),
            at_ms: 1_000,
        }
    }

    #[test]
    fn rule_43_ones_own_charge_and_a_large_amount_need_a_second_name() {
        let rules = ReviewRules {
            confirm_above_minor: Some(50_000),
            ..ReviewRules::default()
        };
        let rule =
            |by: &str, subject: &ReviewSubject<'_>| rule(&given(PAID, by), subject, &rules, 0);
        let own = own_charge(None);
        assert_eq!(rule("aina", &own), Some(Ruling::Proposes), "an own charge");
        assert_eq!(
            rule(" AINA ", &own),
            Some(Ruling::Proposes),
            "the same name"
        );
        assert_eq!(rule("beng", &own), Some(Ruling::Decides));
        let large = |minor| ReviewSubject { minor, ..own };
        assert_eq!(rule("beng", &large(50_000)), Some(Ruling::Decides));
        assert_eq!(rule("beng", &large(50_001)), Some(Ruling::Proposes));
        let unknown = ReviewSubject {
            charged_by: None,
            ..own
        };
        assert_eq!(rule("beng", &unknown), Some(Ruling::Proposes), "an old row");
        for nobody in ["", "  "] {
            assert_eq!(rule(nobody, &own), None, "a verdict without a name");
        }
    }

    #[test]
    fn rule_43_another_name_confirms_the_same_name_repeats_and_another_outcome_replaces() {
        let waits = proposal("aina");
        let subject = own_charge(Some(&waits));
        let rules = ReviewRules::default();
        let rule = |outcome, by: &str| rule(&given(outcome, by), &subject, &rules, Ms::MAX);
        assert_eq!(rule(PAID, "beng"), Some(Ruling::Confirms));
        assert_eq!(rule(PAID, "Aina"), Some(Ruling::Repeats));
        for name in ["aina", "beng"] {
            assert_eq!(
                rule(VerdictOutcome::Declined, name),
                Some(Ruling::Proposes),
                "two people who disagree decide nothing"
            );
        }
    }

    #[test]
    fn rule_43_one_person_alone_confirms_after_half_an_hour_and_only_where_the_shop_says_so() {
        let waits = proposal("aina");
        let alone = ReviewRules {
            single_person: true,
            ..ReviewRules::default()
        };
        let end = 1_000 + 30 * 60_000;
        let rule = |rules: &ReviewRules, now| {
            rule(&given(PAID, "aina"), &own_charge(Some(&waits)), rules, now)
        };
        assert_eq!(rule(&alone, end - 1), Some(Ruling::Repeats));
        assert_eq!(rule(&alone, end), Some(Ruling::ConfirmsAlone));
        assert_eq!(rule(&ReviewRules::default(), end), Some(Ruling::Repeats));
    }

    #[test]
    fn rule_44_nobody_corrects_an_own_verdict_alone() {
        let gave = ["beng".to_owned()];
        let subject = ReviewSubject {
            corrects: &gave,
            ..own_charge(None)
        };
        let rules = ReviewRules::default();
        let rule = |by: &str| rule(&given(PAID, by), &subject, &rules, 0);
        assert_eq!(rule("beng"), Some(Ruling::Proposes));
        assert_eq!(rule("chong"), Some(Ruling::Decides));
        assert_eq!(rule("aina"), Some(Ruling::Proposes), "an own charge");
    }

    #[test]
    fn rule_43_letter_case_and_spaces_make_no_second_person() {
        for (one, other) in [
            ("Aina", " aINA "),
            ("Aina Ali", "AINA  ali"),
            ("Aina Ali", "Aina\u{3000}Ali"),
            ("Strauß", "STRAUSS"),
            ("STRAUẞ", "Strauß"),
            ("Νίκος", "ΝΊΚΟΣ"),
        ] {
            assert!(is_same_person(one, other), "{one:?}, {other:?}");
        }
        for (one, other) in [("Aina Ali", "AinaAli"), ("Aina", "Aína"), ("Aina", "Аina")] {
            assert!(!is_same_person(one, other), "{one:?}, {other:?}");
        }
    }

    #[test]
    fn rule_43_a_counters_name_is_no_persons() {
        assert_eq!(person(" Aina ", "till-1"), Some("Aina"));
        for name in ["", " ", "till-1", "TILL-1 "] {
            assert_eq!(person(name, "till-1"), None, "{name:?}");
        }
    }
}
