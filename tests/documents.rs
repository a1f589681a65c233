//! Checks the documents: `docs/rules.md` against the tests, the code and the states; every link, anchor and path in
//! every Markdown file; and every path in a comment.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test says where it stopped")]

#[path = "documents/markdown.rs"]
mod markdown;
#[path = "documents/repo.rs"]
mod repo;
#[path = "documents/rules.rs"]
mod rules;

use std::collections::BTreeSet;

use kaunter_core::trade::{MOVES, Risk, State};
use markdown::{code_spans, links, paragraphs};
use repo::{Repo, comment};
use rules::{Place, cited, rules};

const RULES: &str = "docs/rules.md";
#[test]
fn every_rule_names_its_tests_and_every_test_its_rule() {
    let repo = Repo::open();
    let rules = rules(&repo.read(RULES));
    let mut wrong = Wrong::default();
    for (at, rule) in rules.iter().enumerate() {
        let (number, reason) = (at + 1, rule.reason);
        wrong.unless(rule.number == number, || {
            format!("rule {} stands where rule {number} should", rule.number)
        });
        wrong.unless(reason, || format!("rule {number} has no reason"));
        wrong.unless(!rule.code.is_empty(), || {
            format!("rule {number} names no code")
        });
        let numbered = rule.tests.iter().any(|place| place.rule().is_some());
        wrong.unless(numbered, || {
            format!("rule {number} names no test with its number")
        });
        for place in rule.code.iter().chain(&rule.tests) {
            wrong.unless(repo.has_name(place), || {
                format!("rule {number}: no {} in {}", place.name, place.path)
            });
        }
    }
    let named: BTreeSet<(usize, &Place)> = rules
        .iter()
        .flat_map(|rule| rule.tests.iter().map(|place| (rule.number, place)))
        .filter(|(_, place)| place.rule().is_some())
        .collect();
    let tests = repo.rule_tests();
    let there: BTreeSet<(usize, &Place)> = tests
        .iter()
        .filter_map(|place| Some((place.rule()?, place)))
        .collect();
    for (number, Place { path, name }) in there.difference(&named) {
        wrong.tell(format!(
            "{RULES} does not name `{name}` of {path} under rule {number}"
        ));
    }
    for (number, Place { path, name }) in named.difference(&there) {
        wrong.tell(format!(
            "rule {number} names `{name}`, which is no test of that rule in {path}"
        ));
    }
    wrong.none();
}

#[test]
fn a_rule_that_is_cited_exists() {
    let repo = Repo::open();
    let rules = rules(&repo.read(RULES));
    let mut wrong = Wrong::default();
    for path in repo.sources().chain(repo.documents()) {
        for (at, line) in repo.read(path).lines().enumerate() {
            for number in cited(line) {
                let exists = (1..=rules.len()).contains(&number);
                wrong.unless(exists, || {
                    format!(
                        "{path}:{} cites rule {number}, which does not exist",
                        at + 1
                    )
                });
            }
        }
    }
    wrong.none();
}

#[test]
fn every_state_has_its_row() {
    let text = Repo::open().read(RULES);
    let rows: Vec<Vec<&str>> = text
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let names: Vec<&str> = rows.iter().map(|row| row[0].trim_matches('`')).collect();
    let states = every_state();
    assert_eq!(states, State::ALL, "State::ALL lacks a state");
    let all: Vec<String> = states.iter().map(|state| format!("{state:?}")).collect();
    assert_eq!(names, all, "the table's states, in the order of State::ALL");
    for (state, row) in states.into_iter().zip(rows) {
        let [_, meaning, risk, status, ends] = row[..] else {
            panic!("{state:?} has {} cells", row.len());
        };
        assert!(!meaning.is_empty(), "{state:?} has no meaning");
        assert_eq!(risk, letter(state.risk()), "the risk of {state:?}");
        let word = serde_json::to_value(state.status()).unwrap();
        let word = format!("`{}`", word.as_str().unwrap());
        assert_eq!(status, word, "the status of {state:?}");
        let next: BTreeSet<String> = MOVES
            .iter()
            .filter(|(from, ..)| *from == state)
            .map(|(_, to, _)| format!("{to:?}"))
            .collect();
        let named: BTreeSet<String> = code_spans(ends).map(str::to_owned).collect();
        assert_eq!(named, next, "the states that follow {state:?}");
    }
}

#[test]
fn every_link_and_every_path_leads_somewhere() {
    let repo = Repo::open();
    let mut wrong = Wrong::default();
    for path in repo.documents() {
        let text = repo.read(path);
        for paragraph in paragraphs(&text) {
            for target in links(&paragraph) {
                if let Err(why) = repo.follow(path, target) {
                    wrong.tell(format!("{path}: ({target}) {why}"));
                }
            }
            repo.check_paths(path, &paragraph, &mut wrong);
        }
    }
    for path in repo.sources() {
        for comment in repo.read(path).lines().filter_map(comment) {
            repo.check_paths(path, comment, &mut wrong);
        }
    }
    wrong.none();
}

/// Every state: a variant that is missing here does not compile.
fn every_state() -> Vec<State> {
    macro_rules! every {
        ($($state:ident),+ $(,)?) => {{
            let known = |state: State| match state { $(State::$state => ()),+ };
            let all = [$(State::$state),+];
            all.iter().for_each(|state| known(*state));
            all.to_vec()
        }};
    }
    every![
        Creating,
        CreateUnknown,
        AwaitingCode,
        AwaitingPayer,
        Paying,
        Pending,
        Unknown,
        Cancelling,
        CancelUnknown,
        NeedsReview,
        GivenUp,
        Paid,
        Reversed,
        Voiding,
        VoidUnknown,
        VoidReview,
        LateSuccess,
        Declined,
        Cancelled,
        Expired,
        Abandoned,
        Voided,
    ]
}

fn letter(risk: Risk) -> &'static str {
    match risk {
        Risk::None => "N",
        Risk::Possible => "P",
        Risk::Taken => "T",
        Risk::Closed => "C",
    }
}

/// All mistakes, so that one run shows them all.
#[derive(Default)]
struct Wrong(Vec<String>);

impl Wrong {
    fn tell(&mut self, what: String) {
        self.0.push(what);
    }

    fn unless(&mut self, right: bool, what: impl FnOnce() -> String) {
        if !right {
            self.tell(what());
        }
    }

    fn none(self) {
        assert!(self.0.is_empty(), "\n{}", self.0.join("\n"));
    }
}

#[test]
fn the_readmes_snippets_are_files_too() {
    let repo = Repo::open();
    let readme = repo.read("README.md");
    for (language, files) in [
        ("html", &["examples/minimal-vite/index.html"][..]),
        (
            "php",
            &[
                "examples/shop-php/kaunter.php",
                "examples/shop-php/till.php",
            ],
        ),
    ] {
        let fence = format!("```{language}\n");
        let snippets: Vec<&str> = readme.split(&fence).skip(1).collect();
        assert_eq!(snippets.len(), files.len(), "one {language} file each");
        for (file, snippet) in files.iter().zip(snippets) {
            let (snippet, _) = snippet.split_once("```").expect("it ends");
            assert_eq!(repo.read(file), snippet, "{file} is the README's");
        }
    }
}

#[test]
fn every_threat_has_a_protection_and_a_test_that_exists() {
    const SECURITY: &str = "docs/security.md";
    let repo = Repo::open();
    let text = repo.read(SECURITY);
    let (_, section) = text.split_once("\n## Threats\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let mut wrong = Wrong::default();
    let rows: Vec<&str> = section
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| who "))
        .collect();
    assert!(rows.len() > 20, "the table is there");
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [_, threat, protection, tests] = cells[..] else {
            wrong.tell(format!("{row} has {} cells", cells.len()));
            continue;
        };
        wrong.unless(!protection.is_empty() && !tests.is_empty(), || {
            format!("{threat}: no protection or no test")
        });
        for test in tests.split("; ") {
            let path = links(test).first().copied().unwrap_or_default();
            let path = path.trim_start_matches("../").to_owned();
            for name in code_spans(test) {
                let is_test = |line: &str| {
                    let line = line.trim_start();
                    let starts = ["test(", "plain(", "fn ", "both(", "both.test(", "\"", "`"];
                    line.contains(name) && starts.iter().any(|start| line.starts_with(start))
                };
                wrong.unless(repo.read(&path).lines().any(is_test), || {
                    format!("{threat}: no test {name:?} in {path}")
                });
            }
        }
    }
    wrong.none();
}
