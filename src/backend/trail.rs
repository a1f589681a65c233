//! The audit trail: who did what to a trade, as data. It is kept for years, so its words are defined here or in the
//! API, and never derived from names in the code.

use kaunter_core::trade::{CodeMark, Event, GatewayStatus, Move};
use kaunter_core::wire::GatewayAnswer;

use crate::store::word;

/// An entry of the audit trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuditEntry {
    pub(crate) who: String,
    /// The event.
    pub(crate) event: &'static str,
    /// The state before; empty if the trade did not move.
    pub(crate) from_state: String,
    /// The state after; empty if the trade did not move.
    pub(crate) to_state: String,
    /// A person's note, and the gateway's words.
    pub(crate) note: String,
}

/// The trade was created.
pub(crate) const STARTED: &str = "started";
/// The gateway contradicts a person's verdict.
pub(crate) const CONTRADICTED: &str = "contradicts the verdict";
/// A newer trade replaced it.
pub(crate) const SUPERSEDED: &str = "superseded";

/// The entries of a change: one for each move, or one if nothing moved.
pub(crate) fn entries(moves: &[Move], who: &str, event: &'static str) -> Vec<AuditEntry> {
    let entry = |step: Option<&Move>| AuditEntry {
        who: who.to_owned(),
        event,
        from_state: step.map(|step| word(step.from)).unwrap_or_default(),
        to_state: step.map(|step| word(step.to)).unwrap_or_default(),
        note: String::new(),
    };
    match moves {
        [] => vec![entry(None)],
        moves => moves.iter().map(|step| entry(Some(step))).collect(),
    }
}

/// The name of an event.
pub(crate) fn name(event: &Event) -> &'static str {
    match event {
        Event::Tick => "time",
        Event::Restarted => "restarted",
        Event::ClockSet(_) => "clock_set",
        Event::TerminalSeen => "heard",
        Event::Superseded => SUPERSEDED,
        Event::Code(_) => "code",
        Event::Cancel => "cancel",
        Event::Void => "void",
        Event::Verdict(_) => "verdict",
        Event::Created(_) => "create_answered",
        Event::PayAnswered(_) => "pay_answered",
        Event::Status(..) => "status_answered",
        Event::CancelAnswered(_) => "cancel_answered",
        Event::VoidAnswered(_) => "void_answered",
    }
}

/// The details of an event, and the note of the person who caused it: never a code.
pub(crate) fn note(event: &Event, persons_note: &str) -> String {
    let own = match event {
        Event::Verdict(verdict) => word(verdict.outcome),
        Event::Status(_, answer) => status(answer.status).to_owned(),
        Event::Tick
        | Event::Restarted
        | Event::ClockSet(_)
        | Event::TerminalSeen
        | Event::Superseded
        | Event::Code(CodeMark(_))
        | Event::Cancel
        | Event::Void
        | Event::Created(_)
        | Event::PayAnswered(_)
        | Event::CancelAnswered(_)
        | Event::VoidAnswered(_) => String::new(),
    };
    let parts: Vec<&str> = [own.as_str(), persons_note]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    parts.join(": ")
}

fn status(status: GatewayStatus) -> &'static str {
    match status {
        GatewayStatus::Paid => "paid",
        GatewayStatus::Pending => "pending",
        GatewayStatus::Unpaid => "unpaid",
        GatewayStatus::Failed(_) => "failed",
        GatewayStatus::Closed => "closed",
        GatewayStatus::Voided => "voided",
        GatewayStatus::Unclear => "no_word",
    }
}

/// Appends the gateway's words to the note.
pub(crate) fn noted(note: &str, gateway_answer: &GatewayAnswer) -> String {
    let code = gateway_answer.code.as_deref().unwrap_or("-");
    let own = if note.is_empty() {
        String::new()
    } else {
        format!("{note}; ")
    };
    format!("{own}gateway: {code} {}", gateway_answer.message)
}

#[cfg(test)]
mod tests {
    use kaunter_core::review::GivenVerdict;
    use kaunter_core::trade::{
        CancelAnswer, Carried, CreateAnswer, PayAnswer, State, StatusAnswer, VoidAnswer,
    };
    use kaunter_core::wire::{Reason, VerdictOutcome};

    use super::*;

    fn verdict(outcome: VerdictOutcome) -> Event {
        Event::Verdict(GivenVerdict {
            outcome,
            by: "aina".to_owned(),
        })
    }

    #[test]
    fn rule_22_the_words_of_the_audit_trail_stay() {
        let status = |status| {
            let carried = Carried::default();
            Event::Status(1, StatusAnswer { status, carried })
        };
        let events = [
            (Event::Tick, "time", ""),
            (Event::Restarted, "restarted", ""),
            (Event::ClockSet(1), "clock_set", ""),
            (Event::TerminalSeen, "heard", ""),
            (Event::Superseded, "superseded", ""),
            (Event::Code(CodeMark("secret".to_owned())), "code", ""),
            (Event::Cancel, "cancel", ""),
            (Event::Void, "void", ""),
            (verdict(VerdictOutcome::Declined), "verdict", "declined"),
            (Event::Created(CreateAnswer::Unclear), "create_answered", ""),
            (Event::PayAnswered(PayAnswer::Unclear), "pay_answered", ""),
            (status(GatewayStatus::Paid), "status_answered", "paid"),
            (status(GatewayStatus::Pending), "status_answered", "pending"),
            (status(GatewayStatus::Unpaid), "status_answered", "unpaid"),
            (
                status(GatewayStatus::Failed(Reason::Other)),
                "status_answered",
                "failed",
            ),
            (status(GatewayStatus::Closed), "status_answered", "closed"),
            (status(GatewayStatus::Voided), "status_answered", "voided"),
            (status(GatewayStatus::Unclear), "status_answered", "no_word"),
            (
                Event::CancelAnswered(CancelAnswer::Unclear),
                "cancel_answered",
                "",
            ),
            (
                Event::VoidAnswered(VoidAnswer::Unclear),
                "void_answered",
                "",
            ),
        ];
        for (event, event_word, own) in events {
            assert_eq!((name(&event), note(&event, "").as_str()), (event_word, own));
        }
        assert_eq!(STARTED, "started");
    }

    #[test]
    fn a_persons_name_and_words_stand_apart() {
        let step = Move {
            from: State::VoidReview,
            to: State::Voided,
        };
        let mut entries = entries(&[step], "till-1/aina", "verdict");
        entries[0].note = note(&verdict(VerdictOutcome::Voided), "slip 12");
        let expected = AuditEntry {
            who: "till-1/aina".to_owned(),
            event: "verdict",
            from_state: "void_review".to_owned(),
            to_state: "voided".to_owned(),
            note: "voided: slip 12".to_owned(),
        };
        assert_eq!(entries, [expected]);
        let gateway_answer = GatewayAnswer {
            code: Some("S".to_owned()),
            message: "OK".to_owned(),
        };
        assert_eq!(
            noted(&entries[0].note, &gateway_answer),
            "voided: slip 12; gateway: S OK"
        );
        assert_eq!(noted("", &gateway_answer), "gateway: S OK");
        let still = super::entries(&[], "time", "heard");
        assert_eq!(
            (still[0].from_state.as_str(), still[0].to_state.as_str()),
            ("", "")
        );
    }
}
