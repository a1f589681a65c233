//! Parses the parts of Markdown that the checks need: code, links and headings.

use std::collections::{BTreeMap, BTreeSet};

/// The text without its fenced blocks, a paragraph or a list at a time: a code span may go over the end of a line.
pub(crate) fn paragraphs(text: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut fenced = false;
    for line in text.lines() {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        if fence || line.trim().is_empty() {
            all.push(String::new());
        } else if !fenced {
            let last = all.last_mut().unwrap();
            last.push_str(line);
            last.push('\n');
        }
    }
    all
}

/// The texts between single backticks.
pub(crate) fn code_spans(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The targets of links, images and link definitions, outside of code.
pub(crate) fn links(paragraph: &str) -> Vec<&str> {
    let mut targets = Vec::new();
    for prose in paragraph.split('`').step_by(2) {
        let inline = prose.split("](").skip(1);
        targets.extend(inline.filter_map(|rest| rest.split([')', ' ']).next()));
        let definitions = prose.lines().filter(|line| line.starts_with('['));
        targets.extend(definitions.filter_map(|line| Some(line.split_once("]: ")?.1.trim())));
        for attribute in ["href=\"", "src=\""] {
            let quoted = prose.split(attribute).skip(1);
            targets.extend(quoted.filter_map(|rest| rest.split('"').next()));
        }
    }
    targets
}

/// The anchors that GitHub gives the headings of a document.
pub(crate) fn anchors(text: &str) -> BTreeSet<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut all = BTreeSet::new();
    for line in paragraphs(text)
        .iter()
        .flat_map(|paragraph| paragraph.lines())
    {
        let title = line.trim_start_matches('#');
        if title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        // A link in a heading counts with its text only.
        let title: String = title
            .split("](")
            .enumerate()
            .map(|(at, part)| match part.split_once(')') {
                Some((_, rest)) if at > 0 => rest,
                Some(_) | None => part,
            })
            .collect();
        let slug: String = title
            .trim()
            .to_lowercase()
            .chars()
            .filter(|char| char.is_alphanumeric() || [' ', '-', '_'].contains(char))
            .map(|char| if char == ' ' { '-' } else { char })
            .collect();
        let count = seen.entry(slug.clone()).or_default();
        all.insert(match *count {
            0 => slug,
            n => format!("{slug}-{n}"),
        });
        *count += 1;
    }
    all
}
