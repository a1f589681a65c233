//! Says what is wrong with a field of a body or of the configuration file, in the words of somebody who knows JSON or
//! TOML and not Rust. Values are never repeated: one may be a code or a key.

use std::fmt::Display;

/// The largest distance of a misspelled name.
const MAX_TYPOS: usize = 2;

/// What serde says about a field.
pub(crate) struct WrongField {
    /// The path of the field, as far as it is made of our own names; empty for the whole.
    pub(crate) field: String,
    /// What is wrong, as a sentence without its point. It names the field.
    pub(crate) sentence: String,
}

/// Whose words stand in a body or a file beside ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Author {
    /// A caller. None of its words is repeated.
    Caller,
    /// The operator, who sees the names that are unknown.
    Operator,
}

/// Explains a message of serde at a path.
pub(crate) fn explain(
    message: &str,
    path: &serde_path_to_error::Path,
    author: Author,
) -> WrongField {
    let whole = match author {
        Author::Caller => "the body",
        Author::Operator => "the file",
    };
    let path: Vec<String> = path.iter().filter_map(segment).collect();
    // The name of an unknown field is the caller's text. So are the names in `metadata`.
    let is_unknown = message.starts_with("unknown field");
    let in_metadata = path.len() > 1 && path[0] == "metadata";
    let known = match in_metadata {
        true => 1,
        false => path.len() - usize::from(is_unknown && !path.is_empty()),
    };
    let field = path[..known].join(".");
    let place = match field.as_str() {
        "" => whole.to_owned(),
        _ if in_metadata => format!("a value of {field}"),
        _ => field.clone(),
    };
    if let Some(name) = message.strip_prefix("missing field ") {
        let name = name.trim_matches('`');
        let field = [&path[..known], &[name.to_owned()]].concat().join(".");
        let sentence = format!("{place} lacks the field \"{name}\"");
        return WrongField { field, sentence };
    }
    let sentence = if message.ends_with("there are no fields") {
        format!("{place} takes no fields")
    } else if message.starts_with("duplicate field") {
        format!("{place} has a field twice")
    } else if let Some((start, expected)) = message.rsplit_once("expected ") {
        // The text after the last "expected" is ours.
        match (is_unknown, found(start)) {
            (true, _) => {
                let wrong = path.last().map_or("", String::as_str);
                let near = nearest(wrong, expected);
                let near = near.map(|near| format!(" (did you mean \"{near}\"?)"));
                let near = near.unwrap_or_default();
                let name = match author {
                    Author::Caller => String::new(),
                    Author::Operator => format!(" {wrong:?}"),
                };
                let known = expected.replace('`', "\"");
                let known = known.trim_start_matches("one of ");
                format!("{place} has an unknown field{name}: use {known}{near}")
            }
            (false, None) => format!("{place} must be {}", plain(expected, &field)),
            (false, Some(found)) => {
                format!("{place} must be {}, not {found}", plain(expected, &field))
            }
        }
    } else {
        format!("{place} has a value that is not allowed")
    };
    WrongField { field, sentence }
}

/// True if serde says it. A sentence of our own, or of a parser, needs no explanation.
pub(crate) fn is_serdes(message: &str) -> bool {
    let starts = [
        "invalid type: ",
        "invalid value: ",
        "invalid length ",
        "unknown field ",
        "unknown variant ",
        "missing field ",
        "duplicate field ",
    ];
    starts.iter().any(|start| message.starts_with(start))
}

fn segment(segment: &serde_path_to_error::Segment) -> Option<String> {
    use serde_path_to_error::Segment;

    match segment {
        Segment::Map { key } => Some(key.clone()),
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Enum { .. } | Segment::Unknown => None,
    }
}

/// Translates serde's word for the kind of value that came. The value itself stands after it, and is left out.
fn found(message: &str) -> Option<&'static str> {
    let kind = message
        .strip_prefix("invalid type: ")
        .or_else(|| message.strip_prefix("invalid value: "))?;
    let known = [
        ("map", "an object"),
        ("sequence", "a list"),
        ("string", "text"),
        ("floating point", "a number with a decimal point"),
        ("integer `-", "a negative number"),
        ("integer", "a number"),
        ("boolean", "true or false"),
        ("null", "null"),
        ("unit", "null"),
    ];
    let known = known.into_iter().find(|(word, _)| kind.starts_with(word));
    known.map(|(_, plain)| plain)
}

/// Translates serde's word for the expected type.
fn plain(expected: &str, field: &str) -> String {
    let plain = match expected {
        "a sequence" => "a list",
        "a string" => "text",
        "a boolean" => "true or false",
        "u8" | "u16" | "u32" | "u64" | "usize" | "i64" if field.ends_with("minor") => {
            "a whole number of minor units (sen), without a decimal point or quotes"
        }
        "u8" | "u16" | "u32" | "u64" | "usize" | "i64" => {
            "a whole number, without a decimal point or quotes"
        }
        _ if expected.starts_with("struct ") || expected == "a map" => "an object",
        other => return other.replace('`', "\""),
    };
    plain.to_owned()
}

/// The expected name that differs in few letters from the wrong one.
fn nearest<'a>(wrong: &str, expected: &'a str) -> Option<&'a str> {
    // Names stand between backticks.
    let names = expected.split('`').skip(1).step_by(2);
    let near = names.map(|name| (distance(wrong, name), name)).min()?;
    let (typos, name) = near;
    (typos <= MAX_TYPOS && typos * 2 <= name.len()).then_some(name)
}

/// The number of letters to change, add or remove (Levenshtein). A text that is longer than any name is far.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    if one.len() > other.len() + MAX_TYPOS {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], at + 1);
        for (to, same) in other.iter().enumerate() {
            let change = diagonal + usize::from(letter != same);
            diagonal = row[to + 1];
            row[to + 1] = change.min(diagonal + 1).min(row[to] + 1);
        }
    }
    row[other.len()]
}

/// A message of serde without the place that some formats add.
pub(crate) fn without_place(error: &impl Display) -> String {
    let message = error.to_string();
    match message.rsplit_once(" at line ") {
        Some((message, _)) => message.to_owned(),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_differs_in_two_letters_at_most() {
        let names = "one of `rights`, `terminal`, `sale`";
        for (wrong, near) in [
            ("right", Some("rights")),
            ("terminals", Some("terminal")),
            ("slae", Some("sale")),
            ("sa", Some("sale")),
            ("x", None),
            ("", None),
            ("cashier", None),
        ] {
            assert_eq!(nearest(wrong, names), near, "{wrong}");
        }
        assert_eq!(nearest(&"a".repeat(100_000), names), None);
    }
}
