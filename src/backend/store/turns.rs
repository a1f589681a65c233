//! One change of a trade at a time in this process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::OwnedMutexGuard;

type TurnList = Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>;

/// The trades that are being changed.
#[derive(Debug, Default)]
pub(super) struct Turns {
    waiting: Arc<TurnList>,
}

impl Turns {
    pub(super) async fn take(&self, trade_id: &str) -> Turn {
        let turn = {
            let mut waiting = lock(&self.waiting);
            Arc::clone(waiting.entry(trade_id.to_owned()).or_default())
        };
        Turn {
            waiting: Arc::clone(&self.waiting),
            trade_id: trade_id.to_owned(),
            guard: Some(turn.lock_owned().await),
        }
    }
}

/// The turn of a change. The next one begins when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    waiting: Arc<TurnList>,
    trade_id: String,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut waiting = lock(&self.waiting);
        drop(self.guard.take());
        // Nobody else waits: only the list holds it.
        if waiting
            .get(&self.trade_id)
            .is_some_and(|turn| Arc::strong_count(turn) == 1)
        {
            waiting.remove(&self.trade_id);
        }
    }
}

fn lock(
    waiting: &TurnList,
) -> std::sync::MutexGuard<'_, HashMap<String, Arc<tokio::sync::Mutex<()>>>> {
    waiting.lock().expect("nobody panics while holding it")
}
