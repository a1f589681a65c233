//! The chains of the audit trail: each row has a keyed hash of its content and of the hash before it.
//!
//! A trade has a chain, and so have the refusals of a terminal and the actions of the shop's server. Nothing here reads
//! a clock or the store: [`crate::store`] writes the rows, and [`mod@verify`] reads them back.

mod key;
mod seal;
mod verify;

use hmac::Mac;

pub(crate) use key::AuditKeys;
pub(crate) use seal::{ChainEnds, Seal, due_days};
pub use verify::{Fault, FaultKind, Verified, verify};

use crate::trail::{Actor, AuditEntry};
use kaunter_core::policy::Ms;

/// The end of a chain: the number of its rows, and the hash of the last one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ChainEnd {
    pub(crate) seq: u64,
    pub(crate) hash: String,
}

/// A row of the audit trail, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuditRow {
    pub(crate) shop: String,
    /// The trade, or the id of another chain.
    pub(crate) chain: String,
    /// The place in the chain, from 1; 0 in rows of earlier versions, which are in no chain.
    pub(crate) seq: u64,
    /// The version of the trade's row, and the ordinal number of this row in it.
    pub(crate) version: u64,
    pub(crate) nth: u64,
    pub(crate) at_ms: Ms,
    /// A word of [`crate::trail::ActorKind`]; empty in rows of earlier versions.
    pub(crate) actor: String,
    pub(crate) who: String,
    pub(crate) terminal: String,
    /// The name of the server key; empty if the shop's server did not act, and in rows of earlier versions.
    pub(crate) server_key: String,
    pub(crate) event: String,
    pub(crate) from_state: String,
    pub(crate) to_state: String,
    pub(crate) note: String,
    pub(crate) gateway_code: String,
    pub(crate) gateway_message: String,
    pub(crate) address: String,
    pub(crate) trace_id: String,
    pub(crate) code: String,
    pub(crate) call: String,
    pub(crate) about: String,
    pub(crate) hash: String,
    pub(crate) key_id: String,
    pub(crate) seal: u64,
}

impl AuditRow {
    /// The row of an entry. It is in no chain yet.
    fn new(shop: &str, chain: &str, version: u64, nth: u64, at_ms: Ms, entry: AuditEntry) -> Self {
        let AuditEntry {
            actor:
                Actor {
                    kind,
                    person,
                    terminal,
                    server_key,
                    address,
                    trace_id,
                },
            event,
            from_state,
            to_state,
            note,
            gateway_answer,
            code,
            call,
            about,
        } = entry;
        let (gateway_code, gateway_message) = match gateway_answer {
            Some(answer) => (answer.code.unwrap_or_default(), answer.message),
            None => Default::default(),
        };
        Self {
            shop: shop.to_owned(),
            chain: chain.to_owned(),
            seq: 0,
            version,
            nth,
            at_ms,
            actor: kind.as_str().to_owned(),
            who: person,
            terminal,
            server_key,
            event: event.to_owned(),
            from_state,
            to_state,
            note,
            gateway_code,
            gateway_message,
            address,
            trace_id,
            code: code.to_owned(),
            call,
            about,
            hash: String::new(),
            key_id: String::new(),
            seal: 0,
        }
    }

    /// The keyed hash of this row after the hash of the row before it. Each field is preceded by its length, so that no
    /// two contents give the same bytes. The seal is left out: it is set later. A row without a server key has the hash
    /// that earlier versions gave it.
    fn hash(&self, key: &key::AuditKey, before: &str) -> String {
        let mut mac = if self.server_key.is_empty() {
            key.mac("row 1")
        } else {
            let mut mac = key.mac("row 2");
            put(&mut mac, &self.server_key);
            mac
        };
        for text in [
            &self.shop,
            &self.chain,
            &self.actor,
            &self.who,
            &self.terminal,
            &self.event,
            &self.from_state,
            &self.to_state,
            &self.note,
            &self.gateway_code,
            &self.gateway_message,
            &self.address,
            &self.trace_id,
            &self.code,
            &self.call,
            &self.about,
        ] {
            put(&mut mac, text);
        }
        for number in [self.seq, self.version, self.nth, self.at_ms] {
            mac.update(&number.to_be_bytes());
        }
        put(&mut mac, before);
        hex::encode(mac.finalize().into_bytes())
    }
}

/// Adds a text to a hash, with its length.
fn put(mac: &mut key::KeyedHash, text: &str) {
    mac.update(&(text.len() as u64).to_be_bytes());
    mac.update(text.as_bytes());
}

/// The rows of these entries at the end of a chain, and its new end.
pub(crate) fn append(
    keys: &AuditKeys,
    (shop, chain): (&str, &str),
    end: ChainEnd,
    (version, at_ms): (u64, Ms),
    entries: Vec<AuditEntry>,
) -> (Vec<AuditRow>, ChainEnd) {
    let key = keys.current();
    let mut end = end;
    let rows = entries.into_iter().enumerate().map(|(nth, entry)| {
        let mut row = AuditRow::new(shop, chain, version, nth as u64, at_ms, entry);
        row.seq = end.seq + 1;
        row.hash = row.hash(key, &end.hash);
        row.key_id.clone_from(&key.id);
        end = ChainEnd {
            seq: row.seq,
            hash: row.hash.clone(),
        };
        row
    });
    let rows = rows.collect();
    (rows, end)
}

/// What is wrong with a row of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowFault {
    /// Rows before it are missing.
    Missing,
    /// Its content, its place or the row before it is not what was written.
    Changed,
    /// The key is not known here.
    KeyUnknown,
}

/// Checks the next row of a chain. `before` is the end so far, by the rows as they are stored: one changed row is one
/// fault, and the rows after it are checked all the same.
pub(crate) fn check(keys: &AuditKeys, before: &ChainEnd, row: &AuditRow) -> Result<(), RowFault> {
    if row.seq != before.seq + 1 {
        return Err(RowFault::Missing);
    }
    let Some(key) = keys.find(&row.key_id) else {
        return Err(RowFault::KeyUnknown);
    };
    if row.hash(key, &before.hash) == row.hash {
        Ok(())
    } else {
        Err(RowFault::Changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use crate::trail::{self, ActorKind};

    const KEY: &str = "an audit key of more than thirty-two characters";

    fn keys(current: &str, previous: &[&str]) -> AuditKeys {
        let previous: Vec<Secret> = previous.iter().copied().map(Secret::new).collect();
        AuditKeys::new(&Secret::new(current), &previous)
    }

    fn entry(note: &str) -> AuditEntry {
        AuditEntry {
            note: note.to_owned(),
            ..AuditEntry::new(ActorKind::Backend.into(), trail::STARTED)
        }
    }

    fn chain(keys: &AuditKeys, notes: &[&str]) -> Vec<AuditRow> {
        let entries = notes.iter().map(|note| entry(note)).collect();
        append(keys, ("demo", "K1"), ChainEnd::default(), (1, 7), entries).0
    }

    fn faults(keys: &AuditKeys, rows: &[AuditRow]) -> Vec<(u64, RowFault)> {
        let mut end = ChainEnd::default();
        let check = |row: &AuditRow| {
            let found = check(keys, &end, row).err().map(|fault| (row.seq, fault));
            end = ChainEnd {
                seq: row.seq,
                hash: row.hash.clone(),
            };
            found
        };
        rows.iter().filter_map(check).collect()
    }

    #[test]
    fn rule_41_a_changed_missing_or_moved_row_breaks_its_chain_once() {
        let keys = keys(KEY, &[]);
        let good = chain(&keys, &["a", "b", "c", "d"]);
        assert_eq!(faults(&keys, &good), []);
        type Change = fn(&mut AuditRow);
        let changes: [(&str, Change); 10] = [
            ("note", |row| row.note.push('!')),
            ("who", |row| row.who = "boss".to_owned()),
            ("server key", |row| row.server_key = "web".to_owned()),
            ("actor", |row| row.actor = "gateway".to_owned()),
            ("at", |row| row.at_ms += 1),
            ("to", |row| row.to_state = "paid".to_owned()),
            ("shop", |row| row.shop = "other".to_owned()),
            ("version", |row| row.version += 1),
            // The same letters in two other fields.
            ("fields", |row| {
                row.event.pop();
                row.from_state.insert(0, 'd');
            }),
            ("hash", |row| row.hash.replace_range(..1, "x")),
        ];
        for (what, change) in changes {
            let mut rows = good.clone();
            change(&mut rows[1]);
            let mut found = faults(&keys, &rows);
            // A changed hash breaks the next row, too.
            found.truncate(1);
            assert_eq!(found, [(2, RowFault::Changed)], "{what}");
        }
        let mut rows = good.clone();
        rows.remove(1);
        assert_eq!(faults(&keys, &rows), [(3, RowFault::Missing)]);
        let mut rows = good.clone();
        rows.swap(1, 2);
        (rows[1].seq, rows[2].seq) = (2, 3);
        let swapped = faults(&keys, &rows);
        assert!(swapped.contains(&(2, RowFault::Changed)), "{swapped:?}");
        assert!(swapped.contains(&(3, RowFault::Changed)), "{swapped:?}");
        let mut rows = good.clone();
        rows[1].chain = "K2".to_owned();
        assert_eq!(faults(&keys, &rows), [(2, RowFault::Changed)]);
    }

    #[test]
    fn rule_41_a_new_key_verifies_the_rows_of_an_old_one_that_it_knows() {
        let old = keys(KEY, &[]);
        let rows = chain(&old, &["a", "b"]);
        let other = "another audit key of thirty-two characters";
        let both = keys(other, &[KEY]);
        assert_eq!(faults(&both, &rows), []);
        let end = ChainEnd {
            seq: 2,
            hash: rows[1].hash.clone(),
        };
        let entries = vec![entry("c")];
        let (more, _) = append(&both, ("demo", "K1"), end, (2, 8), entries);
        let all = [rows.clone(), more].concat();
        assert_eq!(faults(&both, &all), [], "one chain with two keys");
        assert_ne!(all[0].key_id, all[2].key_id);
        let stranger = keys(other, &[]);
        let unknown = [(1, RowFault::KeyUnknown), (2, RowFault::KeyUnknown)];
        assert_eq!(faults(&stranger, &rows), unknown);
    }
}
