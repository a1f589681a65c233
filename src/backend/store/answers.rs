//! Answers of the gateway without news, while several processes have the store: the others see that the question is
//! over, and one of them may ask the next one. Such an answer rides with the next statement about status checks. If none
//! comes for a while, the answers that wait share one.
//!
//! Until then, it is in the memory of this process only. If the process ends, the others wait until the answer counts as
//! lost.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::Store;
use super::batch::Item;
use super::looks::Note;
use crate::limits::MAX_BATCH_ROWS;

/// Answers that wait for a statement, by the id of their trade.
#[derive(Debug, Default)]
pub(super) struct Answers {
    waiting: Mutex<HashMap<String, (Note, Instant)>>,
}

impl Answers {
    /// The last answer of a trade replaces the one before.
    pub(super) fn add(&self, note: Note) {
        self.lock().insert(note.key(), (note, Instant::now()));
    }

    /// Adds answers to a statement. A trade that it changes already needs no answer any more.
    pub(super) fn join(&self, notes: &mut Vec<Note>) {
        let mut waiting = self.lock();
        for note in notes.iter() {
            waiting.remove(&note.key());
        }
        let ids: Vec<String> = waiting.keys().cloned().collect();
        let most = MAX_BATCH_ROWS.saturating_sub(notes.len());
        let taken = ids.iter().take(most).filter_map(|id| waiting.remove(id));
        notes.extend(taken.map(|(note, _)| note));
    }

    /// True if an answer waits for that long.
    fn has_older(&self, than: Duration) -> bool {
        let waiting = self.lock();
        waiting.values().any(|(_, since)| since.elapsed() >= than)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (Note, Instant)>> {
        self.waiting.lock().expect("nobody panics while holding it")
    }
}

impl Store {
    /// Stores the answers without news that wait, if one of them waits for that long.
    pub(crate) async fn note_answers(&self, than: Duration) {
        if !self.answers.has_older(than) {
            return;
        }
        self.standing.entitled().await;
        if let Err(error) = self.clone().note_together(Vec::new()).await {
            tracing::warn!(%error, "answers without news could not be stored: the gateway will be asked again");
        }
    }
}
