//! The seal of a day: the numbers and the ends of all chains that got rows since the seal before it.

use hmac::Mac;
use jiff::civil::Date;
use kaunter_core::policy::Ms;

use super::key::KeyedHash;
use super::{AuditKeys, put};

/// The most days that are sealed at once after a time without a backend. Earlier ones have no seal of their own; their
/// rows are in the first one.
const MAX_DAYS: usize = 400;

/// The days that are over and have no seal, oldest first. `last` is the newest sealed day until `yesterday`.
pub(crate) fn due_days(last: Option<&str>, yesterday: &str) -> Vec<String> {
    let date = |text: &str| text.parse::<Date>().ok();
    let Some(end) = date(yesterday) else {
        return Vec::new();
    };
    let begin = last.and_then(date);
    let mut days = Vec::new();
    let mut day = end;
    while days.len() < MAX_DAYS && begin.is_none_or(|begin| day > begin) {
        days.push(day.to_string());
        // Without a seal, the trail begins here.
        match day.yesterday() {
            Ok(before) if begin.is_some() => day = before,
            Ok(_) | Err(_) => break,
        }
    }
    days.reverse();
    days
}

/// A seal, as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seal {
    pub(crate) shop: String,
    /// The day on the shop's clock, and the offset of that clock.
    pub(crate) day: String,
    pub(crate) utc_offset: String,
    /// The ordinal number, from 1.
    pub(crate) nth: u64,
    pub(crate) at_ms: Ms,
    pub(crate) chains: u64,
    pub(crate) rows: u64,
    /// See [`ChainEnds`].
    pub(crate) digest: String,
    pub(crate) hash: String,
    pub(crate) key_id: String,
}

impl Seal {
    /// Fills in what it covers, and its hash. `before` is the hash of the seal before it.
    pub(crate) fn close(&mut self, keys: &AuditKeys, ends: ChainEnds, before: &str) {
        (self.chains, self.rows, self.digest) = ends.finish();
        self.key_id.clone_from(&keys.current().id);
        self.hash = self.hashed(keys, before).unwrap_or_default();
    }

    /// The hash that it should have; `None` if its key is not known.
    pub(super) fn hashed(&self, keys: &AuditKeys, before: &str) -> Option<String> {
        let mut mac = keys.find(&self.key_id)?.mac("seal 1");
        for text in [&self.shop, &self.day, &self.utc_offset, &self.digest] {
            put(&mut mac, text);
        }
        for number in [self.nth, self.at_ms, self.chains, self.rows] {
            mac.update(&number.to_be_bytes());
        }
        put(&mut mac, before);
        Some(hex::encode(mac.finalize().into_bytes()))
    }
}

/// The digest of the rows of a seal, in the order of their chains: of each chain its name, how many rows it got, and
/// the number and the hash of the last one. It needs little memory for any number of rows.
pub(crate) struct ChainEnds {
    mac: KeyedHash,
    chains: u64,
    rows: u64,
    /// The chain whose rows come now: its name, how many came, and the last one.
    open: Option<(String, u64, u64, String)>,
}

impl ChainEnds {
    /// With the key for new seals.
    pub(crate) fn new(keys: &AuditKeys) -> Self {
        Self::with(keys.current().mac("ends 1"))
    }

    /// With the key of a stored seal; `None` if it is not known.
    pub(super) fn of(keys: &AuditKeys, key_id: &str) -> Option<Self> {
        Some(Self::with(keys.find(key_id)?.mac("ends 1")))
    }

    fn with(mac: KeyedHash) -> Self {
        Self {
            mac,
            chains: 0,
            rows: 0,
            open: None,
        }
    }

    /// Takes the next row.
    pub(crate) fn take(&mut self, chain: &str, seq: u64, hash: &str) {
        self.rows += 1;
        match &mut self.open {
            Some((name, count, last, end)) if name == chain => {
                *count += 1;
                *last = seq;
                hash.clone_into(end);
            }
            Some(_) | None => {
                self.end_chain();
                self.open = Some((chain.to_owned(), 1, seq, hash.to_owned()));
            }
        }
    }

    fn end_chain(&mut self) {
        let Some((name, count, last, hash)) = self.open.take() else {
            return;
        };
        self.chains += 1;
        put(&mut self.mac, &name);
        self.mac.update(&count.to_be_bytes());
        self.mac.update(&last.to_be_bytes());
        put(&mut self.mac, &hash);
    }

    /// How many chains and rows came, and the digest.
    pub(super) fn finish(mut self) -> (u64, u64, String) {
        self.end_chain();
        let digest = hex::encode(self.mac.finalize().into_bytes());
        (self.chains, self.rows, digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn rule_41_every_day_that_is_over_is_sealed_once() {
        let due = |last, yesterday| due_days(last, yesterday);
        assert_eq!(due(None, "2026-11-26"), ["2026-11-26"]);
        assert!(due(Some("2026-11-26"), "2026-11-26").is_empty());
        let missed = ["2026-02-27", "2026-02-28", "2026-03-01"];
        assert_eq!(due(Some("2026-02-26"), "2026-03-01"), missed);
        assert!(due(Some("2026-11-27"), "2026-11-26").is_empty());
        assert_eq!(due(Some("1970-01-01"), "2026-11-26").len(), MAX_DAYS);
        assert!(due(None, "").is_empty());
    }

    #[test]
    fn rule_41_a_seal_changes_with_every_row_that_it_covers() {
        let keys = AuditKeys::new(&Secret::new("a key"), &[]);
        let sealed = |rows: &[(&str, u64, &str)]| {
            let mut ends = ChainEnds::new(&keys);
            rows.iter()
                .for_each(|(c, seq, hash)| ends.take(c, *seq, hash));
            ends.finish()
        };
        let rows = [("K1", 1, "aa"), ("K1", 2, "bb"), ("K2", 1, "cc")];
        let (chains, count, digest) = sealed(&rows);
        assert_eq!((chains, count), (2, 3));
        for other in [
            &rows[..2],
            &rows[1..],
            &[("K1", 1, "aa"), ("K1", 2, "bx"), ("K2", 1, "cc")],
            &[("K1", 2, "bb"), ("K1", 3, "bb"), ("K2", 1, "cc")],
            &[("K1", 1, "aa"), ("K2", 2, "bb"), ("K2", 3, "cc")],
        ] {
            assert_ne!(sealed(other).2, digest, "{other:?}");
        }
        let mut seal = Seal::default();
        let mut ends = ChainEnds::new(&keys);
        ends.take("K1", 1, "aa");
        seal.close(&keys, ends, "before");
        assert_eq!(seal.hashed(&keys, "before"), Some(seal.hash.clone()));
        assert_ne!(seal.hashed(&keys, "other"), Some(seal.hash.clone()));
        let changed = Seal {
            rows: 2,
            ..seal.clone()
        };
        assert_ne!(changed.hashed(&keys, "before"), Some(seal.hash));
    }
}
