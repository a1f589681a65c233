//! The audit trail: who did what to a trade, as data. It is kept for years, so its words are defined here or in the
//! API, and never derived from names in the code.

use kaunter_core::error::ProblemCode;
use kaunter_core::trade::{CodeMark, Event, GatewayStatus, Move};
use kaunter_core::wire::GatewayAnswer;

use crate::store::word;
use crate::trace;

/// What acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ActorKind {
    /// A person at a terminal, by a token.
    Person,
    /// The shop's server, by the server key.
    Server,
    /// The payment gateway, by its answer.
    Gateway,
    /// A time that was up.
    Time,
    /// A page that asked for the status.
    Terminal,
    /// This program, by itself.
    Backend,
}

impl ActorKind {
    /// The stable word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Server => "server",
            Self::Gateway => "gateway",
            Self::Time => "time",
            Self::Terminal => "terminal",
            Self::Backend => "backend",
        }
    }
}

/// What or who acted, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Actor {
    pub(crate) kind: ActorKind,
    /// The name of the person; empty if no person acted.
    pub(crate) person: String,
    /// The name of the terminal.
    pub(crate) terminal: String,
    /// The name of the server key; empty if the shop's server did not act.
    pub(crate) server_key: String,
    /// The address of the caller.
    pub(crate) address: String,
    /// The trace id of the call that caused it.
    pub(crate) trace_id: String,
}

impl Actor {
    /// A person at a terminal.
    pub(crate) fn person(person: &str, terminal: &str) -> Self {
        Self {
            person: person.to_owned(),
            terminal: terminal.to_owned(),
            ..ActorKind::Person.into()
        }
    }
}

impl From<ActorKind> for Actor {
    /// With the address and the trace id of the current call, if there is one.
    fn from(kind: ActorKind) -> Self {
        Self {
            kind,
            person: String::new(),
            terminal: String::new(),
            server_key: match kind {
                ActorKind::Server => trace::server_key().unwrap_or_default(),
                ActorKind::Person
                | ActorKind::Gateway
                | ActorKind::Time
                | ActorKind::Terminal
                | ActorKind::Backend => String::new(),
            },
            address: trace::address().unwrap_or_default(),
            trace_id: trace::id().unwrap_or_default(),
        }
    }
}

/// An entry of the audit trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuditEntry {
    pub(crate) actor: Actor,
    /// The event.
    pub(crate) event: &'static str,
    /// The state before; empty if the trade did not move.
    pub(crate) from_state: String,
    /// The state after; empty if the trade did not move.
    pub(crate) to_state: String,
    /// Why: a person's note, or the details of the event.
    pub(crate) note: String,
    /// The gateway's own words.
    pub(crate) gateway_answer: Option<GatewayAnswer>,
    /// The code of a refusal.
    pub(crate) code: &'static str,
    /// The method and the route of a call that moved no trade.
    pub(crate) call: String,
    /// The trade that it is about.
    pub(crate) about: String,
}

impl AuditEntry {
    /// An entry with nothing but its actor and its event.
    pub(crate) fn new(actor: Actor, event: &'static str) -> Self {
        Self {
            actor,
            event,
            from_state: String::new(),
            to_state: String::new(),
            note: String::new(),
            gateway_answer: None,
            code: "",
            call: String::new(),
            about: String::new(),
        }
    }

    /// A call of a terminal that was refused.
    pub(crate) fn refusal(actor: Actor, code: ProblemCode, call: String, about: String) -> Self {
        Self {
            code: code.as_str(),
            call,
            about,
            ..Self::new(actor, REFUSED)
        }
    }
}

/// A call was refused.
pub(crate) const REFUSED: &str = "refused";
/// More calls were refused than have a row; the note says how many.
pub(crate) const LEFT_OUT: &str = "refusals_left_out";
/// A call with the server key changed something.
pub(crate) const SERVER_CALL: &str = "server_call";
/// A terminal token was minted; the note has its rights.
pub(crate) const TOKEN_MINTED: &str = "token_minted";
/// The shop's server registered a sale, or changed it; the note has the reference and the amount.
pub(crate) const SALE_REGISTERED: &str = "sale_registered";
/// The trade was created.
pub(crate) const STARTED: &str = "started";
/// The gateway contradicts a person's verdict.
pub(crate) const CONTRADICTED: &str = "contradicts the verdict";
/// A newer trade replaced it.
pub(crate) const SUPERSEDED: &str = "superseded";
/// The shop's server ended the tokens of a terminal.
pub(crate) const REVOKED: &str = "revoked";
/// A person signed the terminal out.
pub(crate) const SIGNED_OUT: &str = "signed_out";
/// A person made another device act for the terminal.
pub(crate) const TAKEN_OVER: &str = "taken_over";
/// Another device acts for the terminal, because the one before was silent.
pub(crate) const DEVICE_CHANGED: &str = "device_changed";

/// The store got another owner.
pub(crate) const STORE_MOVED: &str = "store_moved";

/// A person signed in.
pub(crate) const SIGNED_IN: &str = "signed_in";
/// A name and a secret did not belong together.
pub(crate) const SIGN_IN_FAILED: &str = "sign_in_failed";
/// From now on the person must wait.
pub(crate) const SIGN_IN_LOCKED: &str = "sign_in_locked";
/// A person gave the right secret at a terminal that is not the person's.
pub(crate) const SIGN_IN_REFUSED: &str = "sign_in_refused";
/// The shop's server registered another amount.
pub(crate) const AMOUNT_CHANGED: &str = "amount_changed";

/// The entries of a change: one for each move, or one if nothing moved.
pub(crate) fn entries(moves: &[Move], actor: &Actor, event: &'static str) -> Vec<AuditEntry> {
    let entry = |step: Option<&Move>| AuditEntry {
        from_state: step.map(|step| word(step.from)).unwrap_or_default(),
        to_state: step.map(|step| word(step.to)).unwrap_or_default(),
        ..AuditEntry::new(actor.clone(), event)
    };
    match moves {
        [] => vec![entry(None)],
        moves => moves.iter().map(|step| entry(Some(step))).collect(),
    }
}

/// The name of an event.
pub(crate) fn name(event: &Event) -> &'static str {
    match event {
        Event::Tick | Event::Turn => "time",
        Event::Restarted => "restarted",
        Event::ClockSet(_) => "clock_set",
        Event::TerminalSeen => "heard",
        Event::Refresh => "refresh",
        Event::Superseded => SUPERSEDED,
        Event::AmountChanged => AMOUNT_CHANGED,
        Event::Code(_) => "code",
        Event::Cancel => "cancel",
        Event::Void => "void",
        Event::Verdict(_) => "verdict",
        Event::GiveUp(_) => "give_up",
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
        Event::GiveUp(wish) => word(wish.tender),
        Event::Status(_, answer) => status(answer.status).to_owned(),
        Event::Tick
        | Event::Turn
        | Event::Restarted
        | Event::ClockSet(_)
        | Event::TerminalSeen
        | Event::Refresh
        | Event::Superseded
        | Event::AmountChanged
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

/// The word of a gateway's status.
pub(crate) fn status(status: GatewayStatus) -> &'static str {
    match status {
        GatewayStatus::Paid => "paid",
        GatewayStatus::Pending => "pending",
        GatewayStatus::Unpaid => "unpaid",
        GatewayStatus::Failed(_) => "failed",
        GatewayStatus::Closed => "closed",
        GatewayStatus::Voided => "voided",
        GatewayStatus::Unlisted | GatewayStatus::Unclear => "no_word",
    }
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
            (Event::Refresh, "refresh", ""),
            (Event::Superseded, "superseded", ""),
            (Event::AmountChanged, "amount_changed", ""),
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
        let others = [REFUSED, LEFT_OUT, SERVER_CALL, TOKEN_MINTED];
        let words = [
            "refused",
            "refusals_left_out",
            "server_call",
            "token_minted",
        ];
        assert_eq!(others, words);
    }

    #[test]
    fn rule_41_the_words_of_the_actors_stay() {
        let words = [
            (ActorKind::Person, "person"),
            (ActorKind::Server, "server"),
            (ActorKind::Gateway, "gateway"),
            (ActorKind::Time, "time"),
            (ActorKind::Terminal, "terminal"),
            (ActorKind::Backend, "backend"),
        ];
        for (kind, word) in words {
            assert_eq!(kind.as_str(), word);
        }
    }

    #[test]
    fn a_persons_name_and_words_stand_apart() {
        let step = Move {
            from: State::VoidReview,
            to: State::Voided,
        };
        let actor = Actor::person("aina", "till-1");
        let entries = entries(&[step], &actor, "verdict");
        let expected = AuditEntry {
            from_state: "void_review".to_owned(),
            to_state: "voided".to_owned(),
            ..AuditEntry::new(actor, "verdict")
        };
        assert_eq!(entries, [expected]);
        let verdict = verdict(VerdictOutcome::Voided);
        assert_eq!(note(&verdict, "slip 12"), "voided: slip 12");
        let still = super::entries(&[], &ActorKind::Time.into(), "heard");
        assert_eq!(
            (still[0].from_state.as_str(), still[0].to_state.as_str()),
            ("", "")
        );
    }
}
