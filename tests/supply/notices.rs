//! The notices: each crate with its licence, and each text once.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use super::crates::{Crate, Crates, Product};
use super::licence::expression;

/// How the names of files with terms begin.
const TERMS: [&str; 6] = [
    "license",
    "licence",
    "copying",
    "notice",
    "unlicense",
    "copyright",
];

pub(super) fn text(product: &Product, crates: &Crates) -> String {
    let mut text = format!(
        "{} contains code of the following authors, under their licences.\nWritten by tests/supply.rs.\n\n",
        product.name
    );
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in crates.others() {
        let name = format!("{} {}", one.name, one.version);
        let licence = expression(&one.licence);
        let from = one.repository.as_deref().unwrap_or_default();
        let line = format!("{name} ({licence}) {} {from}", one.authors.join(", "));
        let words: Vec<&str> = line.split_whitespace().collect();
        let _ = writeln!(text, "{}", words.join(" "));
        for terms in terms(one) {
            texts.entry(terms).or_default().push(name.clone());
        }
    }
    let mut texts: Vec<(String, Vec<String>)> = texts.into_iter().collect();
    texts.sort_by(|(_, one), (_, other)| one.cmp(other));
    for (terms, names) in texts {
        let line = "-".repeat(80);
        let _ = write!(text, "\n{line}\n{}\n{line}\n\n{terms}\n", names.join(", "));
    }
    text
}

/// Whether the notices have terms for it.
pub(super) fn has_terms(one: &Crate) -> bool {
    !terms(one).is_empty()
}

/// The texts of a crate's package. With a choice that has MIT, its text is enough. A package without a text has the
/// authors that its manifest names, and the standard's text.
fn terms(one: &Crate) -> Vec<String> {
    let mut files: Vec<_> = fs::read_dir(&one.folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| {
            let name = entry.file_name().to_string_lossy().to_lowercase();
            TERMS.iter().any(|start| name.starts_with(start))
                && entry.file_type().unwrap().is_file()
        })
        .map(|entry| entry.path())
        .collect();
    files.sort();
    let name =
        |path: &std::path::PathBuf| path.file_name().unwrap().to_string_lossy().to_lowercase();
    let licence = expression(&one.licence);
    let is_choice = licence.contains("MIT") && !licence.contains(" AND ");
    let plain = files.iter().any(|path| name(path).contains("mit"));
    if is_choice && plain {
        files.retain(|path| name(path).contains("mit") || name(path).starts_with("notice"));
    }
    let read = |path: &std::path::PathBuf| {
        let text = String::from_utf8_lossy(&fs::read(path).unwrap()).replace("\r\n", "\n");
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        lines.join("\n").trim().to_owned()
    };
    let mut texts: Vec<String> = files
        .iter()
        .map(read)
        .filter(|text| !text.is_empty())
        .collect();
    if texts.is_empty() && licence.contains("MIT") {
        texts.push(standard(&one.authors.join(", ")));
    }
    texts
}

/// The MIT licence, as in our own file, with other authors.
fn standard(authors: &str) -> String {
    let own = include_str!("../../LICENSE-MIT");
    let (_, terms) = own
        .split_once("Permission is hereby granted")
        .expect("our own licence has the standard's words");
    format!(
        "MIT License\n\nCopyright (c) {authors}\n\nPermission is hereby granted{}",
        terms.trim_end()
    )
}
