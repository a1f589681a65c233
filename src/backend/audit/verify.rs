//! `kaunter-backend audit verify`: reads the whole trail of a shop, and finds rows that were changed, removed, moved or
//! added, and ends that were cut off. It reads page by page, so that its memory does not grow with the store.

use std::fmt::Write as _;

use anyhow::Context as _;
use serde::Serialize;

use super::{AuditKeys, ChainEnd, ChainEnds, RowFault, Seal, check};
use crate::clock::rfc3339;
use crate::config::Config;
use crate::store::{AuditReader, Store};

/// The most faults that are listed. Further ones are counted.
const MAX_LISTED: usize = 1_000;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The row is not what was written, or stands in another place.
    Changed,
    /// Rows before this one are missing.
    Missing,
    /// The end of the chain is missing.
    Cut,
    /// The row is behind the end of its chain, or its trade is not there.
    Extra,
    /// The trade is not in the state to which its last row moved it.
    StateChanged,
    /// The row or the seal was written with a key that is not known here.
    KeyUnknown,
    /// The seal is not what was written.
    SealChanged,
    /// A seal is missing.
    SealMissing,
    /// The rows that the seal covers are not those that it counted.
    SealBroken,
}

impl FaultKind {
    fn sentence(self) -> &'static str {
        match self {
            Self::Changed => "this row was changed or moved",
            Self::Missing => "rows before this one are missing",
            Self::Cut => "the end of the chain is missing",
            Self::Extra => "this row is behind the end of its chain, or its trade is missing",
            Self::StateChanged => "the trade is not in the state to which its last row moved it",
            Self::KeyUnknown => {
                "its key is not known: set KAUNTER_AUDIT_KEY_PREVIOUS to the earlier key"
            }
            Self::SealChanged => "this seal was changed",
            Self::SealMissing => "a seal is missing",
            Self::SealBroken => "the sealed rows are not those that the seal counted",
        }
    }
}

/// A fault of the trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The kind of fault.
    pub kind: FaultKind,
    /// The trade, or the id of another chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chain: Option<String>,
    /// The place in the chain, or the ordinal number of the seal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// When the row was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// The day of the seal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
}

/// The result of a verification.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// The number of rows in chains.
    pub rows: u64,
    /// The number of chains.
    pub chains: u64,
    /// Rows of earlier versions, which are in no chain and can't be verified.
    pub unchained: u64,
    /// The number of seals.
    pub seals: u64,
    /// The day of the last seal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed_until: Option<String>,
    /// The last seal, to compare with the line of the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seal: Option<String>,
    /// The number of faults.
    pub fault_count: u64,
    /// The first thousand faults.
    pub faults: Vec<Fault>,
}

impl Verified {
    /// True if nothing is wrong.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.fault_count == 0
    }

    /// As JSON.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string(self).expect("it is a tree of strings and numbers")
    }

    /// For a person.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = String::new();
        for fault in &self.faults {
            let place = match (&fault.day, &fault.chain, fault.seq) {
                (Some(day), _, _) => format!("seal of {day}"),
                (None, Some(chain), Some(seq)) => format!("{chain}, row {seq}"),
                (None, _, _) => "seals".to_owned(),
            };
            let at = fault.at.iter().map(|at| format!(" ({at})"));
            let at: String = at.collect();
            let _ = writeln!(text, "{place}{at}: {}", fault.kind.sentence());
        }
        let (rows, chains, seals) = (self.rows, self.chains, self.seals);
        let _ = writeln!(
            text,
            "{rows} rows in {chains} chains, {seals} seals: {}",
            match self.fault_count {
                0 => "good".to_owned(),
                1 => "1 fault".to_owned(),
                count => format!("{count} faults"),
            }
        );
        if self.unchained > 0 {
            let _ = writeln!(
                text,
                "{} rows of earlier versions are in no chain and can't be verified",
                self.unchained
            );
        }
        if let (Some(day), Some(seal)) = (&self.sealed_until, &self.last_seal) {
            let _ = writeln!(text, "the last seal is of {day}: {seal}");
        }
        text
    }

    fn tell(&mut self, fault: Fault) {
        self.fault_count += 1;
        if self.faults.len() < MAX_LISTED {
            self.faults.push(fault);
        }
    }

    fn tell_row(&mut self, kind: FaultKind, chain: &str, seq: u64, at_ms: Option<u64>) {
        self.tell(Fault {
            kind,
            chain: Some(chain.to_owned()),
            seq: Some(seq),
            at: at_ms.map(rfc3339),
            day: None,
        });
    }

    fn tell_seal(&mut self, kind: FaultKind, seal: Option<&Seal>) {
        self.tell(Fault {
            kind,
            chain: None,
            seq: seal.map(|seal| seal.nth),
            at: seal.map(|seal| rfc3339(seal.at_ms)),
            day: seal.map(|seal| seal.day.clone()),
        });
    }
}

/// Verifies the trail of the shop of this configuration.
///
/// # Errors
/// The store can't be opened or read.
pub async fn verify(config: &Config) -> anyhow::Result<Verified> {
    let keys = config.audit_keys();
    let store = Store::of(config).await?;
    let read = async {
        let mut reader = store.read_audit(&config.shop).await?;
        let mut found = Verified {
            unchained: reader.unchained().await?,
            ..Verified::default()
        };
        let last = seals(&keys, &mut reader, &mut found).await?;
        rows(&keys, &mut reader, &mut found, last).await?;
        ends(&mut reader, &mut found).await?;
        Ok::<_, sqlx::Error>(found)
    };
    read.await.context("the audit trail can't be read")
}

/// Checks the seals. Returns the number of the last one.
async fn seals(
    keys: &AuditKeys,
    reader: &mut AuditReader,
    found: &mut Verified,
) -> sqlx::Result<u64> {
    let mut before = Seal::default();
    for seal in reader.seals().await? {
        found.seals += 1;
        if seal.nth != before.nth + 1 {
            found.tell_seal(FaultKind::SealMissing, Some(&seal));
        }
        match seal.hashed(keys, &before.hash) {
            None => found.tell_seal(FaultKind::KeyUnknown, Some(&seal)),
            Some(hash) if hash == seal.hash => {}
            Some(_) => found.tell_seal(FaultKind::SealChanged, Some(&seal)),
        }
        if let Some(mut ends) = ChainEnds::of(keys, &seal.key_id) {
            reader.take_sealed(&seal, &mut ends).await?;
            let (chains, rows, digest) = ends.finish();
            if (chains, rows, &digest) != (seal.chains, seal.rows, &seal.digest) {
                found.tell_seal(FaultKind::SealBroken, Some(&seal));
            }
        }
        before = seal;
    }
    if before.nth > 0 {
        found.sealed_until = Some(before.day);
        found.last_seal = Some(before.hash);
    }
    Ok(before.nth)
}

/// Checks each row after the row before it.
async fn rows(
    keys: &AuditKeys,
    reader: &mut AuditReader,
    found: &mut Verified,
    last_seal: u64,
) -> sqlx::Result<()> {
    let mut chain = String::new();
    let mut end = ChainEnd::default();
    let mut max_seal = 0;
    loop {
        let page = reader.rows((&chain, end.seq)).await?;
        if page.is_empty() {
            break;
        }
        for (row, end_seq) in page {
            if row.chain != chain {
                found.chains += 1;
                chain.clone_from(&row.chain);
                end = ChainEnd::default();
            }
            found.rows += 1;
            max_seal = row.seal.max(max_seal);
            let fault = check(keys, &end, &row).err().map(|fault| match fault {
                RowFault::Missing => FaultKind::Missing,
                RowFault::Changed => FaultKind::Changed,
                RowFault::KeyUnknown => FaultKind::KeyUnknown,
            });
            let extra = (row.seq > end_seq).then_some(FaultKind::Extra);
            for kind in fault.into_iter().chain(extra) {
                found.tell_row(kind, &row.chain, row.seq, Some(row.at_ms));
            }
            end = ChainEnd {
                seq: row.seq,
                hash: row.hash,
            };
        }
    }
    if max_seal > last_seal {
        found.tell_seal(FaultKind::SealMissing, None);
    }
    Ok(())
}

/// Checks that each chain goes up to its stored end, and that each trade is where its chain says.
async fn ends(reader: &mut AuditReader, found: &mut Verified) -> sqlx::Result<()> {
    for is_trade in [true, false] {
        let mut after = String::new();
        loop {
            let page = if is_trade {
                reader.trade_ends(&after).await?
            } else {
                reader.other_ends(&after).await?
            };
            let Some(last) = page.last() else {
                break;
            };
            after.clone_from(&last.chain);
            for stored in &page {
                if stored.row_hash.as_ref() != Some(&stored.end.hash) {
                    found.tell_row(FaultKind::Cut, &stored.chain, stored.end.seq, None);
                }
                let moved = stored.states.as_ref();
                if moved.is_some_and(|(state, moved_to)| state != moved_to) {
                    found.tell_row(FaultKind::StateChanged, &stored.chain, stored.end.seq, None);
                }
            }
        }
    }
    Ok(())
}
