//! Checks the public names: the table of error codes against the API's description and the documentation, and each
//! public value and name against the naming rules. It also checks that the types of a crate have names of their own.
//! `KAUNTER_UPDATE=1` writes `docs/errors.md` and the enum of `openapi.json` anew.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test says where it stopped")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use kaunter_core::error::{ErrorCode, ErrorType, ProblemCode, TYPESCRIPT};
use serde_json::Value;

const OPENAPI: &str = "src/backend/openapi.json";
const ERRORS: &str = "docs/errors.md";

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_default()
}

/// Asserts that the file has this text; with `KAUNTER_UPDATE=1`, writes it.
fn is_written(name: &str, text: &str) {
    if std::env::var_os("KAUNTER_UPDATE").is_some() {
        std::fs::write(path(name), text).unwrap();
    }
    assert!(
        read(name) == text,
        "{name} is not what the table of errors says: run this test with KAUNTER_UPDATE=1, and read the difference"
    );
}

fn openapi() -> Value {
    serde_json::from_str(&read(OPENAPI)).unwrap()
}

/// Calls `tell` with the path and the value of each enum's values.
fn enums(value: &Value, place: &str, tell: &mut impl FnMut(&str, &str)) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                let words = inner.as_array().filter(|_| name == "enum");
                for word in words.into_iter().flatten().filter_map(Value::as_str) {
                    tell(place, word);
                }
                enums(inner, &format!("{place}.{name}"), tell);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| enums(item, place, tell)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// `^[a-z][a-z0-9_]*$`
fn is_snake(word: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    word.starts_with(|first: char| first.is_ascii_lowercase()) && word.bytes().all(is_inner)
}

#[test]
fn every_value_of_the_api_is_a_snake_case_word() {
    let mut wrong = Vec::new();
    let mut count = 0;
    enums(&openapi(), "", &mut |place, word| {
        count += 1;
        if !is_snake(word) {
            wrong.push(format!("{place}: {word}"));
        }
    });
    assert!(count > 50, "{count} values: the enums were not found");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_code_of_the_backend_is_in_the_enum_of_the_api() {
    let api = openapi();
    let listed = &api["components"]["schemas"]["Problem"]["properties"]["code"]["enum"];
    let listed: Vec<&str> = listed
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let words: Vec<&str> = ProblemCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(listed, words, "openapi.json, and the table of errors");
}

#[test]
fn every_code_is_in_the_union_of_the_declarations() {
    for code in ErrorCode::ALL {
        let member = format!("| \"{}\"", code.as_str());
        assert!(TYPESCRIPT.contains(&member), "{code:?}");
    }
    assert_eq!(
        TYPESCRIPT.matches("| \"").count(),
        ErrorCode::ALL.len(),
        "the union has a member too many"
    );
    let types = read("src/types/error.rs");
    let types = types.split("export type ErrorType =").nth(1).unwrap();
    let types = types.split(';').next().unwrap();
    let listed: Vec<&str> = types.split('"').skip(1).step_by(2).collect();
    let words: Vec<&str> = ErrorType::ALL.iter().map(|class| class.as_str()).collect();
    assert_eq!(listed, words, "ErrorType of the declarations");
}

#[test]
fn every_code_has_its_section_in_the_documentation() {
    is_written(ERRORS, &errors());
}

/// Words that have left the public surface, as parts of a name. `attempt` stays, as the ordinal number of a trade.
const REMOVED: [&str; 18] = [
    "present",
    "presents",
    "settle",
    "settled",
    "settles",
    "unresolved",
    "attempts",
    "integrator",
    "integrators",
    "trx",
    "trans",
    "recognise",
    "recognised",
    "folklore",
    "quoted",
    "poll",
    "miss",
    "may",
];

/// Names of the API that have not taken their new names yet: `settled` becomes `decided_by`.
const NOT_YET: [&str; 1] = ["settled"];

/// The parts of a name: `walletId` and `wallet_id` are `wallet` and `id`.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for char in name.chars() {
        let begins = char.is_ascii_uppercase() || !char.is_ascii_alphanumeric();
        if begins {
            parts.push(String::new());
        }
        if char.is_ascii_alphanumeric() {
            let last = parts.last_mut().unwrap();
            last.push(char.to_ascii_lowercase());
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// TypeScript without its comments.
fn without_comments(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("/*") {
        code.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    code.push_str(rest);
    let lines = code.lines();
    let lines = lines.map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// The TypeScript declarations in a Rust file: the texts between `r#"` and `"#`.
fn declarations(rust: &str) -> String {
    let sections = rust.split("r#\"").skip(1);
    sections
        .filter_map(|section| section.split("\"#").next())
        .collect()
}

/// The names of the API's fields and parameters, and its values.
fn api_names(value: &Value, tell: &mut impl FnMut(&str)) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                if name == "properties" {
                    inner
                        .as_object()
                        .unwrap()
                        .keys()
                        .for_each(|name| tell(name));
                }
                if let ("name", Some(parameter)) = (name.as_str(), inner.as_str()) {
                    tell(parameter);
                }
                api_names(inner, tell);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| api_names(item, tell)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn no_public_name_has_a_word_that_was_removed() {
    let mut names = Vec::new();
    for file in ["pkg/index.d.ts", "pkg/reader.d.ts"] {
        names.push((file, without_comments(&read(file))));
    }
    for file in [
        "src/types/camera.rs",
        "src/types/code.rs",
        "src/types/error.rs",
        "src/types/event.rs",
        "src/types/money.rs",
        "src/types/options.rs",
        "src/types/outcome.rs",
        "src/types/reason.rs",
        "src/types/sale.rs",
        "src/types/session.rs",
        "src/types/trade.rs",
        "src/types/verdict.rs",
        "src/types/wallet.rs",
    ] {
        names.push((file, without_comments(&declarations(&read(file)))));
    }
    let mut api = String::new();
    let mut add = |name: &str| api.push_str(&format!(" {name}"));
    api_names(&openapi(), &mut add);
    enums(&openapi(), "", &mut |_, word| add(word));
    names.push((OPENAPI, api));
    let mut wrong = Vec::new();
    let mut count = 0;
    for (file, text) in names {
        let is_inner = |char: char| char.is_ascii_alphanumeric() || char == '_';
        for name in text
            .split(|char| !is_inner(char))
            .filter(|name| !name.is_empty())
        {
            count += 1;
            let removed = parts(name)
                .into_iter()
                .find(|part| REMOVED.contains(&part.as_str()));
            let waits = file == OPENAPI && NOT_YET.contains(&name);
            if let Some(part) = removed.filter(|_| !waits) {
                wrong.push(format!("{file}: `{name}` has `{part}`"));
            }
        }
    }
    assert!(count > 1_000, "{count} names: they were not found");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn errors() -> String {
    let mut text = "# Errors

Every error has a code.
It is the same word in `error.code` of the npm package, in the `code` of an HTTP answer, in the log, and in the label
of `kaunter_problems_total`.
A code never changes its meaning.
This page is written from the [table of errors](../src/core/error.rs) by `tests/names.rs`.

What a page does with an error: show `error.message`, and `error.tradeId` if it has one.
`moneyMoved` is `\"maybe\"` only with a `tradeId`: call `resume` with it, and do not charge again.

| retry | means |
|---|---|
| no | the same call, unchanged, fails again |
| later | the same call may succeed later: `retryable` is true, and `retryAfterMs` or `Retry-After` says when, if it is known |
| act | somebody does something first, as the sentence says |
| token | the page asks `getToken` for a fresh token, and calls again by itself |

In HTTP answers `retry` is `later`, `with_new_token`, or `never` for the other two.
"
    .to_owned();
    for class in ErrorType::ALL {
        writeln!(text, "\n## {}", class.as_str()).unwrap();
        let codes = ErrorCode::ALL.iter().filter(|code| code.class() == class);
        for code in codes {
            section(&mut text, *code);
        }
    }
    text
}

fn section(text: &mut String, code: ErrorCode) {
    let problem = ProblemCode::ALL
        .iter()
        .find(|problem| ErrorCode::from(**problem) == code);
    let place = match problem {
        Some(problem) => format!("HTTP {}, and the page", problem.status()),
        None => "the page".to_owned(),
    };
    let (word, remedy) = (code.as_str(), code.remedy().as_str());
    writeln!(text, "\n### `{word}`\n{}\n", code.meaning()).unwrap();
    writeln!(text, "- From: {place}. Retry: {remedy}.").unwrap();
    writeln!(text, "- For the cashier: {}", code.sentence()).unwrap();
    assert!(
        !code.advice().is_empty(),
        "{word} has no line for the developer"
    );
    writeln!(text, "- For the developer: {}", code.advice()).unwrap();
    writeln!(text, "- Money: {}", money(code.class())).unwrap();
}

/// Whether money may have moved. Only a trade tells: the call that rejects has moved none.
fn money(class: ErrorType) -> &'static str {
    match class {
        ErrorType::Conflict => {
            "this call moved none. If the error has a `tradeId`, another trade may have moved money: `moneyMoved` is then `\"maybe\"`."
        }
        ErrorType::Network | ErrorType::Unavailable | ErrorType::Auth => {
            "this call moved none. A trade that had begun goes on, and `resume` tells its end."
        }
        ErrorType::Setup
        | ErrorType::Camera
        | ErrorType::Scan
        | ErrorType::Input
        | ErrorType::Journal => "none moved.",
    }
}

/// The folder of each crate of the product. A file belongs to the innermost of them.
const CRATES: [&str; 9] = [
    "src",
    "src/backend",
    "src/core",
    "src/model",
    "src/reader",
    "src/reader/wasm",
    "src/sandbox",
    "src/sandbox/wasm",
    "tests/sales",
];

/// Folders of a crate that are not the product.
const NOT_THE_PRODUCT: [&str; 3] = ["benches", "examples", "tests"];

/// What every Rust file sees without an import: <https://doc.rust-lang.org/std/prelude/>.
const PRELUDE: [&str; 41] = [
    "AsMut",
    "AsRef",
    "AsyncFn",
    "AsyncFnMut",
    "AsyncFnOnce",
    "Box",
    "Clone",
    "Copy",
    "Debug",
    "Default",
    "DoubleEndedIterator",
    "Drop",
    "Eq",
    "Err",
    "ExactSizeIterator",
    "Extend",
    "Fn",
    "FnMut",
    "FnOnce",
    "From",
    "FromIterator",
    "Hash",
    "Into",
    "IntoIterator",
    "Iterator",
    "None",
    "Ok",
    "Option",
    "Ord",
    "PartialEq",
    "PartialOrd",
    "Result",
    "Send",
    "Sized",
    "Some",
    "String",
    "Sync",
    "ToOwned",
    "ToString",
    "Unpin",
    "Vec",
];

/// The name of the type, alias or trait that a line defines.
fn defined(code: &str) -> Option<&str> {
    let code = match code.strip_prefix("pub(") {
        Some(rest) => rest.split_once(") ")?.1,
        None => code.strip_prefix("pub ").unwrap_or(code),
    };
    let (keyword, rest) = code.split_once(' ')?;
    let is_type = matches!(keyword, "struct" | "enum" | "union" | "trait" | "type");
    let is_inner = |char: char| char.is_ascii_alphanumeric() || char == '_';
    let name = rest.split(|char| !is_inner(char)).next()?;
    (is_type && !name.is_empty()).then_some(name)
}

/// The names of all types, aliases and traits that a file defines: private and local ones too, but not associated types
/// and not what only tests see. It relies on the layout that rustfmt gives: an item ends at its own indentation.
fn types_defined(rust: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut is_raw_text = false;
    let mut tests_only = false;
    // The indentation of the item of tests, and of the `impl` or `trait`, that is open.
    let mut test_item = None;
    let mut with_associated = None;
    for line in rust.lines() {
        let text = line.rsplit("r#\"").next().unwrap_or(line);
        let begins_text = text.len() < line.len();
        if begins_text || is_raw_text {
            is_raw_text = !text.contains("\"#");
            continue;
        }
        let code = line.trim_start();
        let indent = line.len() - code.len();
        let is_end = code.starts_with('}');
        let is_whole = code.ends_with(';') || code.ends_with('}');
        if test_item.is_some() {
            test_item = test_item.filter(|at| !(is_end && *at == indent));
            continue;
        }
        if code.starts_with("#[") {
            tests_only |= code.starts_with("#[cfg(test)]");
            continue;
        }
        if tests_only && !code.starts_with("//") {
            tests_only = false;
            test_item = Some(indent).filter(|_| !is_whole);
            continue;
        }
        if is_end && with_associated == Some(indent) {
            with_associated = None;
        }
        let name = defined(code);
        let is_trait = name.is_some() && code.contains("trait ");
        if (is_trait || code.starts_with("impl")) && !is_whole {
            with_associated = Some(indent);
        }
        let is_inside = with_associated.is_some_and(|at| at + 4 == indent);
        let is_associated = is_inside && code.starts_with("type ");
        names.extend(name.filter(|_| !is_associated));
    }
    names
}

/// Calls `tell` with the path of each Rust file of the product below a folder.
fn product_files(folder: &str, tell: &mut impl FnMut(&str)) {
    for entry in std::fs::read_dir(path(folder)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let below = format!("{folder}/{name}");
        if entry.file_type().unwrap().is_dir() {
            if !NOT_THE_PRODUCT.contains(&name.as_str()) {
                product_files(&below, tell);
            }
        } else if name.ends_with(".rs") {
            tell(&below);
        }
    }
}

#[test]
fn two_types_of_one_crate_never_share_a_name_and_none_shadows_the_prelude() {
    let mut places: BTreeMap<(&str, String), Vec<String>> = BTreeMap::new();
    for folder in ["src", "tests/sales"] {
        product_files(folder, &mut |file| {
            let holds = |one: &&&str| Path::new(file).starts_with(one);
            let innermost = CRATES.iter().filter(holds).max_by_key(|one| one.len());
            let innermost = innermost.unwrap();
            for name in types_defined(&read(file)) {
                let key = (*innermost, name.to_owned());
                places.entry(key).or_default().push(file.to_owned());
            }
        });
    }
    let mut wrong = Vec::new();
    for ((folder, name), files) in &places {
        if files.len() > 1 {
            wrong.push(format!("{folder}: `{name}` is defined in {files:?}"));
        }
        if PRELUDE.contains(&name.as_str()) {
            wrong.push(format!("{folder}: `{name}` shadows the prelude: {files:?}"));
        }
    }
    for one in CRATES {
        let count = places.keys().filter(|(folder, _)| *folder == one).count();
        assert!(count > 10, "{one} has {count} types: they were not found");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_search_for_types_finds_private_and_local_ones_and_no_others() {
    let rust = "
pub(crate) struct First(u8);
enum Second {
    Struct,
}
impl Walk for First {
    type Item = u8;
    fn next() {
        struct Local;
        type Alias = u8;
    }
}
pub trait Third<T> {
    type Output;
}
impl Empty for First {}
const TEXT: &str = r#\"
type Text = string;
\"#;
type Fourth = u8;
#[cfg(test)]
mod tests {
    struct Hidden;
}
/// struct Prose
pub type Last = u8;
";
    let expected = [
        "First", "Second", "Local", "Alias", "Third", "Fourth", "Last",
    ];
    assert_eq!(types_defined(rust), expected);
}
