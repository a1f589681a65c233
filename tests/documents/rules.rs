//! The sections of `docs/rules.md`, and the numbers by which code and tests cite them.

use super::markdown::code_spans;

/// A name in a file: a test, or a place in the code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) path: String,
    pub(crate) name: String,
}

impl Place {
    /// The number in the name of a rule's test: `rule_7_...`, or `rule 7:` of a title.
    pub(crate) fn rule(&self) -> Option<usize> {
        let rest = self.name.strip_prefix("rule")?;
        let (number, end) = number(rest.strip_prefix(['_', ' '])?)?;
        end.starts_with(['_', ':']).then_some(number)
    }
}

/// A section of `docs/rules.md`.
pub(crate) struct Rule {
    pub(crate) number: usize,
    pub(crate) reason: bool,
    pub(crate) tests: Vec<Place>,
    pub(crate) code: Vec<Place>,
}

pub(crate) fn rules(text: &str) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    let (mut inside, mut list, mut path) = (false, "", String::new());
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            let heading = title.strip_prefix("Rule ").and_then(number);
            inside = heading.is_some();
            list = "";
            rules.extend(heading.map(|(number, _)| Rule {
                number,
                reason: false,
                tests: Vec::new(),
                code: Vec::new(),
            }));
        }
        let Some(rule) = rules.last_mut().filter(|_| inside) else {
            continue;
        };
        rule.reason |= line.starts_with("Reason: ");
        if ["Tests:", "Code:"].contains(&line) {
            list = line;
            continue;
        }
        let names = match line
            .strip_prefix("- [")
            .and_then(|item| item.split_once("]("))
        {
            Some((file, rest)) => {
                path = file.to_owned();
                rest
            }
            None if line.starts_with("  ") => line,
            None => continue,
        };
        let places = code_spans(names).map(|name| Place {
            path: path.clone(),
            name: name.to_owned(),
        });
        match list {
            "Tests:" => rule.tests.extend(places),
            "Code:" => rule.code.extend(places),
            _ => {}
        }
    }
    rules
}

/// The numbers in `rule 1`, `Rules 2, 4, 8 to 11 and 13`.
pub(crate) fn cited(line: &str) -> Vec<usize> {
    let lower = line.to_lowercase();
    let mut numbers = Vec::new();
    for (at, word) in lower.match_indices("rule") {
        let before = lower[..at].chars().next_back();
        if before.is_some_and(char::is_alphanumeric) {
            continue;
        }
        let rest = &lower[at + word.len()..];
        let mut rest = rest.strip_prefix('s').unwrap_or(rest).strip_prefix(' ');
        while let Some((found, after)) = rest.and_then(number) {
            numbers.push(found);
            rest = [", ", " to ", " and ", " or "]
                .iter()
                .find_map(|joint| after.strip_prefix(joint));
        }
    }
    numbers
}

fn number(text: &str) -> Option<(usize, &str)> {
    let end = text
        .find(|char: char| !char.is_ascii_digit())
        .unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}
