//! Licence expressions of SPDX: names with AND, OR, WITH and parentheses. Older manifests write `/` for OR.

use std::collections::BTreeSet;

/// The expression in today's form.
pub(super) fn expression(written: &str) -> String {
    let parts: Vec<&str> = written.split('/').map(str::trim).collect();
    parts.join(" OR ")
}

/// Whether a choice of allowed licences satisfies the expression.
pub(super) fn is_allowed(written: &str, allow: &BTreeSet<&str>) -> bool {
    let spaced = expression(written).replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = &words[..];
    !words.is_empty() && any(&mut rest, allow) && rest.is_empty()
}

fn any(rest: &mut &[&str], allow: &BTreeSet<&str>) -> bool {
    let mut good = every(rest, allow);
    while take(rest, "OR") {
        good |= every(rest, allow);
    }
    good
}

fn every(rest: &mut &[&str], allow: &BTreeSet<&str>) -> bool {
    let mut good = one(rest, allow);
    while take(rest, "AND") {
        good &= one(rest, allow);
    }
    good
}

fn one(rest: &mut &[&str], allow: &BTreeSet<&str>) -> bool {
    if take(rest, "(") {
        let good = any(rest, allow);
        return take(rest, ")") && good;
    }
    let Some((name, more)) = rest.split_first() else {
        return false;
    };
    *rest = more;
    if take(rest, "WITH") {
        let Some((exception, more)) = rest.split_first() else {
            return false;
        };
        *rest = more;
        return allow.contains(format!("{name} WITH {exception}").as_str());
    }
    allow.contains(name)
}

fn take(rest: &mut &[&str], word: &str) -> bool {
    match rest.split_first() {
        Some((first, more)) if *first == word => {
            *rest = more;
            true
        }
        Some(_) | None => false,
    }
}

#[test]
fn an_expression_is_allowed_by_a_choice_of_its_licences() {
    let allow = BTreeSet::from(["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"]);
    for (written, good) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("MIT OR GPL-3.0", true),
        ("GPL-3.0/MIT", true),
        ("MIT AND GPL-3.0", false),
        ("(MIT OR GPL-3.0) AND ISC", true),
        ("(MIT OR ISC) AND GPL-3.0", false),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("Apache-2.0", false),
        ("", false),
        ("MIT ISC", false),
    ] {
        assert_eq!(is_allowed(written, &allow), good, "{written}");
    }
}
