//! Words of the gateway that the configuration does not know, until the store has them.
//!
//! An adapter notes each one, and [`crate::unknown_words`] moves them into the store. A word that was never seen in
//! this process is stored with the answer that held it, and its repetitions later.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

use kaunter_core::policy::Ms;

use crate::limits::MAX_UNKNOWN_WORDS;
use crate::metrics::METRICS;

/// Which word: of which call and which field. The word is masked, as the gateway's sentences are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WordKey {
    pub(crate) call: String,
    pub(crate) field: String,
    pub(crate) word: String,
}

/// A word, its last sentence, and how often it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnknownWord {
    pub(crate) key: WordKey,
    pub(crate) message: String,
    pub(crate) first_ms: Ms,
    pub(crate) last_ms: Ms,
    pub(crate) count: u64,
}

/// The words that the store does not have yet.
#[derive(Default)]
pub(crate) struct UnknownWords {
    noted: Mutex<Noted>,
}

#[derive(Default)]
struct Noted {
    waiting: BTreeMap<WordKey, UnknownWord>,
    /// Words that this process has noted before.
    seen: BTreeSet<WordKey>,
    has_new: bool,
}

impl UnknownWords {
    /// Counts a word. Beyond [`MAX_UNKNOWN_WORDS`] it is counted in the metrics only.
    pub(crate) fn note(&self, call: &'static str, word: UnknownWord) {
        METRICS.unknown_word(call);
        let mut noted = self.lock();
        if noted.seen.len() < MAX_UNKNOWN_WORDS && noted.seen.insert(word.key.clone()) {
            noted.has_new = true;
            let WordKey {
                field, word: code, ..
            } = &word.key;
            tracing::warn!(
                call,
                field,
                gateway_code = code,
                gateway_message = word.message,
                "the gateway used a word that gateway.words does not have: see `kaunter-backend gateway words`"
            );
        }
        noted.add(word);
    }

    /// True if a word waits that this process had never seen before.
    pub(crate) fn has_new(&self) -> bool {
        self.lock().has_new
    }

    /// Removes the words that wait.
    pub(crate) fn take(&self) -> Vec<UnknownWord> {
        let mut noted = self.lock();
        noted.has_new = false;
        std::mem::take(&mut noted.waiting).into_values().collect()
    }

    /// Takes words back that could not be stored.
    pub(crate) fn put_back(&self, words: Vec<UnknownWord>) {
        let mut noted = self.lock();
        words.into_iter().for_each(|word| noted.add(word));
    }

    fn lock(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().expect("nobody panics while holding it")
    }
}

impl Noted {
    fn add(&mut self, word: UnknownWord) {
        let has_room = self.waiting.len() < MAX_UNKNOWN_WORDS;
        match self.waiting.get_mut(&word.key) {
            Some(kept) => {
                kept.count = kept.count.saturating_add(word.count);
                kept.first_ms = kept.first_ms.min(word.first_ms);
                if word.last_ms >= kept.last_ms {
                    (kept.last_ms, kept.message) = (word.last_ms, word.message);
                }
            }
            None if has_room => {
                self.waiting.insert(word.key.clone(), word);
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str, at_ms: Ms) -> UnknownWord {
        UnknownWord {
            key: WordKey {
                call: "pay".to_owned(),
                field: "code".to_owned(),
                word: text.to_owned(),
            },
            message: format!("at {at_ms}"),
            first_ms: at_ms,
            last_ms: at_ms,
            count: 1,
        }
    }

    #[test]
    fn a_word_waits_once_and_is_new_once() {
        let words = UnknownWords::default();
        words.note("pay", word("4777", 1));
        words.note("pay", word("4777", 2));
        assert!(words.has_new());
        let taken = words.take();
        assert_eq!(
            taken,
            [UnknownWord {
                message: "at 2".to_owned(),
                first_ms: 1,
                count: 2,
                ..word("4777", 2)
            }]
        );
        words.note("pay", word("4777", 3));
        assert!(!words.has_new(), "its repetitions wait");
        words.put_back(taken);
        assert_eq!(words.take()[0].count, 3);
    }

    #[test]
    fn a_gateway_that_invents_words_fills_no_memory() {
        let words = UnknownWords::default();
        for at in 0..MAX_UNKNOWN_WORDS as u64 + 50 {
            words.note("pay", word(&at.to_string(), at));
        }
        assert_eq!(words.take().len(), MAX_UNKNOWN_WORDS);
    }
}
