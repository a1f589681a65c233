//! The script of faults: what the next calls suffer.

use serde::{Deserialize, Serialize};

/// A call of the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Call {
    Token,
    Integrators,
    Create,
    Pay,
    Status,
    Cancel,
    Void,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fault {
    // Before the effect.
    /// Silence for so long, then as usual.
    HangMs(u64),
    /// The connection is closed; nothing was done.
    Reset,
    /// This HTTP status; nothing was done.
    Status(u16),
    /// The token is refused.
    TokenExpired,
    // After the effect.
    /// Done; the answer is cut in the middle.
    Cut,
    /// Done; the connection is closed.
    ResetAfter,
    /// Done; then silence for so long.
    HangAfterMs(u64),
    // The answer itself.
    /// Done; a page of HTML says something.
    Html,
    /// Done; the answer is not JSON.
    Garbage,
    /// Done; the JSON ends early, and its length says that it doesn't.
    Truncated,
    /// Done; the answer says two things under one name.
    DuplicateKeys,
    /// Done; the answer carries another amount.
    WrongAmount,
    /// Done; the answer carries another trade's name.
    WrongId,
    /// Done; "200" without the word that means paid.
    SuccessWithoutS,
    /// Done; the answer has a word that nobody knows.
    UnknownStatus,
    /// Done; the answer drips, a byte at a time.
    SlowBytes,
    // The outcome.
    /// The customer's answer comes so much later.
    PendingMs(u64),
    /// Declined or closed first, paid so much later.
    LateSuccessMs(u64),
    /// The next so many questions find nothing.
    NotFoundFirst(u32),
    /// Paid, and the next question says pending.
    Contradict,
    /// The cancel of a paid trade gives the money back, and says so.
    CancelRefunds,
    /// The void fails.
    VoidFails,
    /// The void is done, and shows so much later.
    VoidUnknownMs(u64),
}

/// A line of the script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    /// Which call; none: every one.
    #[serde(default)]
    pub(crate) call: Option<Call>,
    /// Of which attempt; none: of every one.
    #[serde(default)]
    pub(crate) trx_id: Option<String>,
    /// Not before the so manieth matching call, counted from 1.
    #[serde(default)]
    pub(crate) nth: Option<u32>,
    /// How many calls suffer it; 1 unless told.
    #[serde(default)]
    pub(crate) times: Option<u32>,
    /// What.
    pub(crate) fault: Fault,
    /// How many calls matched so far.
    #[serde(default, skip_deserializing)]
    pub(crate) seen: u32,
}

impl Line {
    fn hits(&mut self, call: Call, trx_id: Option<&str>) -> bool {
        let right_call = self.call.is_none_or(|own| own == call);
        let right_trade = self.trx_id.is_none() || self.trx_id.as_deref() == trx_id;
        if !right_call || !right_trade {
            return false;
        }
        self.seen += 1;
        let first = self.nth.unwrap_or(1);
        (first..first.saturating_add(self.times.unwrap_or(1))).contains(&self.seen)
    }

    fn is_spent(&self) -> bool {
        self.seen + 1
            >= self
                .nth
                .unwrap_or(1)
                .saturating_add(self.times.unwrap_or(1))
    }
}

/// The script.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    pub(crate) lines: Vec<Line>,
}

impl Script {
    /// What this call suffers, and one time less of it.
    pub(crate) fn take(&mut self, call: Call, trx_id: Option<&str>) -> Option<Fault> {
        let hit = self.lines.iter_mut().find_map(|line| {
            let hit = line.hits(call, trx_id);
            hit.then_some(line.fault)
        });
        self.lines.retain(|line| !line.is_spent());
        hit
    }
}
