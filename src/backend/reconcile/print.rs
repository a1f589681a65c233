//! Prints a reconciliation, for a person or for a program.

use std::fmt::Write as _;

use super::{Difference, Kind, Reconciled};

/// The headings of the kinds of difference, in the order in which they are printed.
const KINDS: [(Kind, &str); 6] = [
    (Kind::MissingHere, "missing here (in the report only)"),
    (Kind::MissingThere, "missing there (in the store only)"),
    (Kind::Amount, "amounts that differ"),
    (Kind::State, "states that differ"),
    (Kind::Twice, "twice in the report"),
    (Kind::Unreadable, "rows that can't be read"),
];

impl Reconciled {
    /// For a person.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = format!(
            "{}: {} rows in the report\n{:>8}  matched\n",
            self.day, self.rows, self.matched
        );
        for (kind, heading) in KINDS {
            let count = self.of(kind).count();
            // Writing to memory can't fail.
            let _ = writeln!(text, "{count:>8}  {heading}");
        }
        for (kind, heading) in KINDS {
            if self.of(kind).next().is_none() {
                continue;
            }
            let _ = writeln!(text, "\n{heading}");
            let _ = writeln!(
                text,
                "  {:>6}  {:<20}  {:<22}  {:<24}  there",
                "line", "trade_id", "gateway_ref", "here"
            );
            for difference in self.of(kind) {
                text.push_str(&line(difference));
            }
        }
        text
    }

    /// For a program.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a tree of strings and numbers")
    }

    fn of(&self, kind: Kind) -> impl Iterator<Item = &Difference> {
        self.differences
            .iter()
            .filter(move |difference| difference.kind == kind)
    }
}

fn line(difference: &Difference) -> String {
    let text = |part: &Option<String>| printable(part.as_deref().unwrap_or("-"));
    let number = difference.line.map(|line| line.to_string());
    let row = format!(
        "  {:>6}  {:<20}  {:<22}  {:<24}  {}",
        text(&number),
        text(&difference.trade_id),
        text(&difference.gateway_ref),
        text(&difference.here),
        text(&difference.there)
    );
    format!("{}\n", row.trim_end())
}

/// Removes control characters: the report is untrusted text, and could move the terminal's cursor.
fn printable(text: &str) -> String {
    text.chars().filter(|char| !char.is_control()).collect()
}
