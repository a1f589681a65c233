//! Lists the files of the repository, and checks that what a document says about a file is true.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use super::Wrong;
use super::markdown::{anchors, code_spans};
use super::rules::Place;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// Folders in which a path in backticks is checked.
const FOLDERS: [&str; 6] = ["docs", "pkg", "src", "tests", "www", "xtask"];
/// The site's own pages. A link that begins with a slash leads to a page of the site.
const SITE: &str = "docs/site/pages/";
/// Written by a build, so not in the repository.
const BUILT: [&str; 2] = ["docs/site/dist", "pkg/wasm"];

/// The files of the repository: tracked ones, and new ones that are not ignored.
pub(crate) struct Repo {
    files: BTreeSet<String>,
}

impl Repo {
    pub(crate) fn open() -> Self {
        let listed = Command::new("git")
            .args([
                "-C",
                ROOT,
                "ls-files",
                "--cached",
                "--others",
                "--exclude-standard",
            ])
            .output()
            .unwrap();
        assert!(listed.status.success(), "git lists no files");
        let files = String::from_utf8(listed.stdout).unwrap();
        let files = files.lines().map(str::to_owned);
        Self {
            files: files
                .filter(|file| Path::new(ROOT).join(file).exists())
                .collect(),
        }
    }

    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(Path::new(ROOT).join(path)).unwrap_or_default()
    }

    pub(crate) fn ending(&self, ends: &'static [&'static str]) -> impl Iterator<Item = &str> {
        let files = self.files.iter().map(String::as_str);
        files.filter(|file| ends.iter().any(|end| file.ends_with(end)))
    }

    pub(crate) fn documents(&self) -> impl Iterator<Item = &str> {
        self.ending(&[".md"])
    }

    pub(crate) fn sources(&self) -> impl Iterator<Item = &str> {
        self.ending(&[".rs", ".mjs", ".js", ".ts", ".toml", ".sql"])
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        self.files.contains(path)
            || self.files.iter().any(|file| file.starts_with(&folder))
            || BUILT.contains(&path)
    }

    /// A test is a function or a title of that name; a place in the code is where something of that name is defined.
    pub(crate) fn has_name(&self, place: &Place) -> bool {
        let name = place.name.as_str();
        let word = |char: char| char.is_alphanumeric() || char == '_';
        let definitions = ["fn ", "struct ", "enum ", "const ", "INDEX "];
        let defined = |line: &str| {
            line.match_indices(name).any(|(at, _)| {
                let (before, after) = (&line[..at], &line[at + name.len()..]);
                let named = definitions.iter().any(|start| before.ends_with(start));
                let field = !before.ends_with(word) && after.starts_with(':');
                name.ends_with(':') || named && !after.starts_with(word) || field
            })
        };
        self.read(&place.path)
            .lines()
            .any(|line| comment(line).is_none() && defined(line))
    }

    /// Every test with the number of a rule.
    pub(crate) fn rule_tests(&self) -> BTreeSet<Place> {
        let mut tests = BTreeSet::new();
        for path in self.sources() {
            let text = self.read(path);
            for line in text.lines().filter(|line| comment(line).is_none()) {
                let name = if path.ends_with(".rs") {
                    let name = line.split_once("fn ").map(|(_, name)| name);
                    name.and_then(|name| name.split(['(', '<', '"']).next())
                } else {
                    line.find("rule ").and_then(|at| {
                        let (title, _) = line[at..].split_once(':')?;
                        Some(&line[at..=at + title.len()])
                    })
                };
                let place = name.map(|name| Place {
                    path: path.to_owned(),
                    name: name.to_owned(),
                });
                tests.extend(place.filter(|place| place.rule().is_some()));
            }
        }
        tests
    }

    /// Follows a link of a document: to a file, and to a heading in it.
    pub(crate) fn follow(&self, document: &str, target: &str) -> Result<(), String> {
        let outside = ["http://", "https://", "mailto:"];
        // An address of the site that a build writes: `tests/site` follows the links of the built pages.
        let of_the_site = document.starts_with(SITE) && target.starts_with('/');
        if of_the_site || outside.iter().any(|start| target.starts_with(start)) {
            return Ok(());
        }
        let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
        let path = if file.is_empty() {
            document.to_owned()
        } else {
            relative(document, file).ok_or("leads out of the repository")?
        };
        if !self.has(&path) {
            return Err(format!("leads to {path}, which does not exist"));
        }
        if target.contains('#') && !anchors(&self.read(&path)).contains(anchor) {
            return Err(format!("leads to no heading of {path}"));
        }
        Ok(())
    }

    /// What stands in backticks and looks like a path is one: from the root of the repository, or from the document's
    /// own folder. A star stands for any ending.
    pub(crate) fn check_paths(&self, document: &str, text: &str, wrong: &mut Wrong) {
        for span in code_spans(text) {
            let span = span.split([' ', '#', ':']).next().unwrap_or(span);
            let Some((folder, _)) = span
                .split_once('/')
                .filter(|(folder, _)| !folder.is_empty())
            else {
                continue;
            };
            let beside = relative(document, folder).filter(|path| self.has(path));
            let path = if FOLDERS.contains(&folder) {
                span.to_owned()
            } else if beside.is_some() && document.ends_with(".md") {
                relative(document, span).unwrap_or_default()
            } else {
                continue;
            };
            let exists = match path.split_once('*') {
                Some((start, _)) => self.files.iter().any(|file| file.starts_with(start)),
                None => self.has(path.trim_end_matches('/')),
            };
            wrong.unless(exists, || format!("{document}: `{span}` does not exist"));
        }
    }
}

/// A path as it stands in a document, from the root of the repository.
fn relative(document: &str, file: &str) -> Option<String> {
    let mut parts: Vec<&str> = document.split('/').collect();
    parts.pop();
    for part in file.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

pub(crate) fn comment(line: &str) -> Option<&str> {
    let line = line.trim_start();
    ["//", "# ", "-- ", "* ", "/*"]
        .iter()
        .any(|start| line.starts_with(start))
        .then_some(line)
}
