//! Prints a reconciliation, for a person or for a program.

use std::fmt::Write as _;

use super::{Difference, Kind, NearMidnight, Reconciled, Review};
use crate::store::word;

/// The headings of the kinds of difference, in the order in which they are printed.
const KINDS: [(Kind, &str); 7] = [
    (Kind::MissingHere, "missing here (in the report only)"),
    (Kind::MissingThere, "missing there (in the store only)"),
    (Kind::Amount, "amounts that differ"),
    (Kind::State, "states that differ"),
    (Kind::Twice, "twice in the report"),
    (Kind::Id, "ids that differ"),
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
        text.push_str(&self.notes());
        text
    }

    /// Prints what does not count as a difference: lines that were left out, trades near midnight, and reviews.
    fn notes(&self) -> String {
        let mut text = String::new();
        for (count, what) in [
            (self.other_days, "lines of other days"),
            (self.skipped, "lines that are no payments"),
        ] {
            if count > 0 {
                let _ = writeln!(text, "{count:>8}  {what}");
            }
        }
        if !self.near_midnight.is_empty() {
            text.push_str("\nnear midnight: the report of the day before or after has them\n");
            for NearMidnight {
                trade_id,
                gateway_ref,
                here,
            } in &self.near_midnight
            {
                let gateway_ref = gateway_ref.as_deref().unwrap_or("-");
                let _ = writeln!(text, "  {trade_id:<20}  {gateway_ref:<22}  {here}");
            }
        }
        if !self.reviews.is_empty() {
            text.push_str("\nunder review, and in the report\n");
            for review in &self.reviews {
                let _ = writeln!(
                    text,
                    "  {:<20}  {}  ({})",
                    review.trade_id,
                    review.sentence(),
                    review.stated
                );
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

impl Review {
    fn sentence(&self) -> String {
        let outcome = self.outcome.map(word).unwrap_or_default();
        match (&self.why, self.settled) {
            (Some(why), _) => format!("not settled: {why}"),
            (None, true) => format!("settled: {outcome}"),
            (None, false) => format!("--apply would settle it: {outcome}"),
        }
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
