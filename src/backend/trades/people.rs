//! What people said about a trade: their names for the audit trail, and the alarm if the gateway contradicts them.

use kaunter_core::trade::Trade;

use crate::metrics::METRICS;
use crate::trail;

/// What a change did to a verdict, in front of the person's own words. Both names of a verdict and of a correction stand
/// in one line.
pub(super) fn note(before: &Trade, after: &Trade, own: String) -> String {
    let step = step(before, after);
    let parts = [step.as_str(), own.as_str()].into_iter();
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    parts.join(": ")
}

fn step(before: &Trade, after: &Trade) -> String {
    if !after.review_differs(before) {
        return String::new();
    }
    let (had, names) = (before.proposal(), after.decided_by_names());
    if after.decided_by_person()
        && (names != before.decided_by_names() || !before.decided_by_person())
    {
        let alone = if after.decided_alone() { " alone" } else { "" };
        let corrects = match before.decided_by_names() {
            [] => String::new(),
            gave => format!(", correcting {}", gave.join(" and ")),
        };
        return format!("decided by {}{alone}{corrects}", names.join(" and "));
    }
    match after.proposal() {
        Some(proposal) if after.awaits_answer() => {
            format!("the gateway is asked first, {} proposed", proposal.by)
        }
        Some(proposal) if had != Some(proposal) => format!("proposed by {}", proposal.by),
        None if before.awaits_answer()
            && before.decided_by_person()
            && !after.decided_by_person() =>
        {
            "the gateway says paid, the correction falls".to_owned()
        }
        None if had.is_some() => "the proposal falls".to_owned(),
        Some(_) | None if after.verdict_contradicted() => trail::CONTRADICTED.to_owned(),
        Some(_) | None => String::new(),
    }
}

/// Raises the alarm if the gateway has contradicted a person's verdict in this change.
pub(super) fn alarm(before: &Trade, after: &Trade) {
    if before.verdict_contradicted() || !after.verdict_contradicted() {
        return;
    }
    let alarm = "verdict_contradicted";
    METRICS.alarm(alarm);
    let trade_id = &after.facts().trade_id;
    tracing::error!(%trade_id, alarm, "the gateway contradicts a person's verdict: a second person with the right review looks at the gateway's records and corrects it, or lets it stand");
}
