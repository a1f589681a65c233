//! Shares one statement between callers of the same moment. One statement is under way; who comes meanwhile is served by
//! the next one, which begins a pause after this one began, or at once for somebody who must not wait. So a lone caller
//! does not wait, and many callers cost few statements.

use std::collections::{HashMap, HashSet, VecDeque};
use std::future::Future;
use std::hash::Hash;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::Value;
use sqlx::Row;
use sqlx::any::AnyRow;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::{Pool, Store, bigint};
use crate::limits::MAX_BATCH_ROWS;

/// A caller's part of a statement.
pub(super) trait Item: Send + 'static {
    /// What one statement may have only once.
    type Key: Eq + Hash + Send;
    /// What the caller gets.
    type Answer: Send + 'static;

    fn key(&self) -> Self::Key;
}

/// Callers that wait for the next statement.
pub(super) struct Batch<I: Item> {
    waiting: Mutex<Waiting<I>>,
    /// From the begin of one statement to the begin of the next.
    pause: Duration,
    hurry: Notify,
}

/// Whether a caller may wait for the batch's pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    Waits,
    /// Only for the statement that is under way.
    Hurries,
}

struct Waiting<I: Item> {
    callers: VecDeque<(I, oneshot::Sender<sqlx::Result<I::Answer>>)>,
    is_under_way: bool,
}

impl<I: Item> std::fmt::Debug for Batch<I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Batch")
    }
}

impl<I: Item> Batch<I> {
    pub(super) fn new(pause: Duration) -> Arc<Self> {
        Arc::new(Self {
            waiting: Mutex::new(Waiting {
                callers: VecDeque::new(),
                is_under_way: false,
            }),
            pause,
            hurry: Notify::new(),
        })
    }

    /// Runs this item with others in one statement, which begins after this call. `run` gets one item of each key, and
    /// gives their answers in the same order.
    async fn join<R, F>(
        self: &Arc<Self>,
        (item, patience): (I, Patience),
        run: R,
    ) -> sqlx::Result<I::Answer>
    where
        R: Fn(Vec<I>) -> F + Send + Sync + 'static,
        F: Future<Output = sqlx::Result<Vec<I::Answer>>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let begins = {
            let mut waiting = self.lock();
            waiting.callers.push_back((item, answer));
            !std::mem::replace(&mut waiting.is_under_way, true)
        };
        if patience == Patience::Hurries {
            self.hurry.notify_one();
        }
        if begins {
            // A task of its own: a caller that goes away must not stop the statement of the others.
            tokio::spawn(Arc::clone(self).run(run));
        }
        answered.await.unwrap_or_else(|_| Err(failed()))
    }

    async fn run<R, F>(self: Arc<Self>, run: R)
    where
        R: Fn(Vec<I>) -> F + Send + Sync + 'static,
        F: Future<Output = sqlx::Result<Vec<I::Answer>>> + Send + 'static,
    {
        while let Some((items, callers)) = self.take() {
            let next = Instant::now() + self.pause;
            match run(items).await {
                Ok(answers) => {
                    for (caller, answer) in callers.into_iter().zip(answers) {
                        let _ = caller.send(Ok(answer));
                    }
                }
                Err(error) => {
                    // An error has one owner.
                    let mut callers = callers.into_iter();
                    if let Some(first) = callers.next() {
                        let _ = first.send(Err(error));
                    }
                    for caller in callers {
                        let _ = caller.send(Err(failed()));
                    }
                }
            }
            if self.lock().callers.len() < MAX_BATCH_ROWS {
                tokio::select! {
                    () = tokio::time::sleep_until(next) => {}
                    () = self.hurry.notified() => {}
                }
            }
        }
    }

    /// The callers of the next statement. `None` if nobody waits: then no statement is under way.
    #[allow(clippy::type_complexity, reason = "two lists of one length")]
    fn take(&self) -> Option<(Vec<I>, Vec<oneshot::Sender<sqlx::Result<I::Answer>>>)> {
        let mut waiting = self.lock();
        let (mut items, mut callers) = (Vec::new(), Vec::new());
        let mut keys = HashSet::new();
        let mut later = VecDeque::new();
        while items.len() < MAX_BATCH_ROWS
            && let Some((item, caller)) = waiting.callers.pop_front()
        {
            if caller.is_closed() {
                continue;
            }
            if keys.insert(item.key()) {
                items.push(item);
                callers.push(caller);
            } else {
                later.push_back((item, caller));
            }
        }
        while let Some(repeated) = later.pop_back() {
            waiting.callers.push_front(repeated);
        }
        waiting.is_under_way = !items.is_empty();
        waiting.is_under_way.then_some((items, callers))
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<I>> {
        self.waiting.lock().expect("nobody panics while holding it")
    }
}

fn failed() -> sqlx::Error {
    sqlx::Error::Io(io::Error::other("the shared statement failed"))
}

impl Store {
    /// The patience of a till: it hurries while few statements are needed, because this process is the only one.
    pub(super) fn patience(&self) -> Patience {
        match self.standing.epoch() {
            0 => Patience::Waits,
            _ => Patience::Hurries,
        }
    }

    /// Gives this item to the next statement of the batch, which `run` runs.
    pub(super) async fn share<I, R, F>(
        &self,
        batch: &Arc<Batch<I>>,
        item: (I, Patience),
        run: R,
    ) -> sqlx::Result<I::Answer>
    where
        I: Item,
        R: Fn(Self, Vec<I>) -> F + Send + Sync + 'static,
        F: Future<Output = sqlx::Result<Vec<I::Answer>>> + Send + 'static,
    {
        let store = self.clone();
        batch
            .join(item, move |items| run(store.clone(), items))
            .await
    }
}

/// Runs one statement for these rows, which it takes as JSON. Returns what `read` makes of each row that it answers, by
/// the text in the column `key`.
///
/// PostgreSQL also gets their number as a `LIMIT`: without it, it expects a hundred rows, and reads a small table whole.
pub(super) async fn together<T>(
    pool: &Pool,
    (of_sqlite, of_postgres): (&'static str, &'static str),
    rows: Vec<Value>,
    (key, read): (&str, impl Fn(&AnyRow) -> sqlx::Result<T>),
) -> sqlx::Result<HashMap<String, T>> {
    let count = bigint(rows.len() as u64);
    let rows = Value::from(rows).to_string();
    let query = match pool.is_sqlite() {
        true => sqlx::query(of_sqlite).bind(rows),
        false => sqlx::query(of_postgres).bind(rows).bind(count),
    };
    let mut connection = pool.connection().await?;
    let answered = query.fetch_all(&mut *connection).await?;
    connection.commit().await?;
    let pair = |row: &AnyRow| Ok((row.try_get(key)?, read(row)?));
    answered.iter().map(pair).collect()
}
