//! The two locks of [`super::sole`]: of files, or of a connection to PostgreSQL.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::time::Instant;

use sqlx::{AnyConnection, Row};

use super::{Pool, bigint, sqlite};
use crate::limits::{POOLED_LIFE, POOLED_RENEWAL};

/// The keys of the advisory locks: numbers of our own. They belong to one database.
const PROCESS_KEY: i64 = 7_524_869;
const WISH_KEY: i64 = 7_524_870;

/// Which lock.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lock {
    /// Held by each process on the store.
    Process,
    /// Held by a newcomer.
    Wish,
}

/// How a lock is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    None,
    Shared,
    Exclusive,
}

/// The locks of this process. They end with it, and with this value.
pub(super) enum Locks {
    /// Beside a SQLite file.
    Files { process: File, wish: File },
    /// Of a connection that is used for nothing else.
    Session(Box<AnyConnection>),
    /// Behind a pooler: a row in place of a lock.
    Row(PooledRow),
    /// The file system has no locks.
    Unsupported,
}

/// The row of a process behind a pooler.
pub(super) struct PooledRow {
    pool: Pool,
    process: String,
    renewed: Option<Instant>,
}

/// The time of the database.
const NOW_MS: &str = "(EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::BIGINT";

impl PooledRow {
    pub(super) fn new(pool: Pool, process: String) -> Self {
        Self {
            pool,
            process,
            renewed: None,
        }
    }

    /// Renews the row, if it is time.
    async fn renew(&mut self) -> sqlx::Result<()> {
        if self.renewed.is_some_and(|at| at.elapsed() < POOLED_RENEWAL) {
            return Ok(());
        }
        let mut connection = self.pool.connection().await?;
        let statement = format!(
            "INSERT INTO pooled_processes (process, seen_ms) VALUES ($1, {NOW_MS}) ON CONFLICT (process) DO UPDATE SET seen_ms = excluded.seen_ms"
        );
        sqlx::query(sqlx::AssertSqlSafe(statement))
            .bind(&self.process)
            .execute(&mut *connection)
            .await?;
        connection.commit().await?;
        self.renewed = Some(Instant::now());
        Ok(())
    }

    /// Whether no process is the only one now. The lock ends with its transaction.
    async fn is_shared(&mut self) -> sqlx::Result<bool> {
        self.renew().await?;
        let row = sqlx::query("SELECT pg_try_advisory_xact_lock_shared($1) AS done")
            .bind(PROCESS_KEY)
            .fetch_one(&mut *self.pool.connection().await?)
            .await?;
        row.try_get("done")
    }
}

impl Locks {
    /// Opens the files of the locks beside a SQLite file. They stay there.
    pub(super) fn beside(database: &Path) -> io::Result<Self> {
        let open = |end: &str| {
            let mut name = database.as_os_str().to_owned();
            name.push(end);
            sqlite::make(Path::new(&name))
        };
        let (process, wish) = (open("-process")?, open("-wish")?);
        match process.try_lock_shared() {
            Ok(()) => process.unlock()?,
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => {
                tracing::warn!(%error, "the file system of the store has no locks: each look reads the store");
                return Ok(Self::Unsupported);
            }
        }
        Ok(Self::Files { process, wish })
    }

    /// True if the system may release the locks while this process goes on.
    pub(super) fn may_be_lost(&self) -> bool {
        match self {
            Self::Files { .. } | Self::Unsupported => false,
            Self::Session(_) | Self::Row(_) => true,
        }
    }

    /// False while a process behind a pooler works on the store.
    pub(super) async fn may_be_sole(&mut self) -> sqlx::Result<bool> {
        match self {
            Self::Files { .. } => Ok(true),
            Self::Session(line) => {
                let statement = format!(
                    "SELECT COUNT(*) AS pooled FROM pooled_processes WHERE seen_ms > {NOW_MS} - $1"
                );
                let row = sqlx::query(sqlx::AssertSqlSafe(statement))
                    .bind(bigint(POOLED_LIFE.as_millis() as u64))
                    .fetch_one(&mut **line)
                    .await?;
                let pooled: i64 = row.try_get("pooled")?;
                Ok(pooled == 0)
            }
            Self::Row(row) => row.renew().await.map(|()| false),
            Self::Unsupported => Ok(false),
        }
    }

    /// True while nobody else wants a place: no newcomer, and no process behind a pooler.
    pub(super) async fn is_free_of_wishes(&mut self) -> sqlx::Result<bool> {
        if let Self::Session(line) = self {
            // One statement: it runs four times a second.
            let statement = format!(
                "SELECT CASE WHEN EXISTS (SELECT 1 FROM pooled_processes WHERE seen_ms > {NOW_MS} - $1) THEN false WHEN pg_try_advisory_lock($2) THEN pg_advisory_unlock($2) ELSE false END AS free"
            );
            let row = sqlx::query(sqlx::AssertSqlSafe(statement))
                .bind(bigint(POOLED_LIFE.as_millis() as u64))
                .bind(WISH_KEY)
                .fetch_one(&mut **line)
                .await?;
            return row.try_get("free");
        }
        let is_free = self.may_be_sole().await?
            && self.change(Lock::Wish, Hold::None, Hold::Exclusive).await?;
        if is_free {
            self.change(Lock::Wish, Hold::Exclusive, Hold::None).await?;
        }
        Ok(is_free)
    }

    /// Holds a lock in another way, without waiting. False if others hold it: then this process holds it as before. Only
    /// who holds `Wish` exclusively may go from shared to exclusive.
    pub(super) async fn change(&mut self, lock: Lock, from: Hold, to: Hold) -> sqlx::Result<bool> {
        match self {
            Self::Files { process, wish } => {
                let file = match lock {
                    Lock::Process => process,
                    Lock::Wish => wish,
                };
                Ok(change_file(file, from, to)?)
            }
            Self::Session(line) => change_session(line, lock, from, to).await,
            Self::Row(row) => match (lock, to) {
                (Lock::Process, Hold::Shared) => row.is_shared().await,
                (Lock::Process | Lock::Wish, _) => Ok(true),
            },
            Self::Unsupported => Ok(true),
        }
    }
}

fn change_file(file: &File, from: Hold, to: Hold) -> io::Result<bool> {
    let taken = match to {
        Hold::None => return file.unlock().map(|()| true),
        Hold::Shared => file.try_lock_shared(),
        Hold::Exclusive => file.try_lock(),
    };
    match taken {
        Ok(()) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
        Err(TryLockError::WouldBlock) => {
            // An attempt that fails may release what was held: <https://man7.org/linux/man-pages/man2/flock.2.html>.
            if from == Hold::Shared {
                file.lock_shared()?;
            }
            Ok(false)
        }
    }
}

/// A session may hold a lock in both ways at once, so that nobody comes in between.
async fn change_session(
    line: &mut AnyConnection,
    lock: Lock,
    from: Hold,
    to: Hold,
) -> sqlx::Result<bool> {
    let key = match lock {
        Lock::Process => PROCESS_KEY,
        Lock::Wish => WISH_KEY,
    };
    let take = match to {
        Hold::None => None,
        Hold::Shared => Some("SELECT pg_try_advisory_lock_shared($1) AS done"),
        Hold::Exclusive => Some("SELECT pg_try_advisory_lock($1) AS done"),
    };
    let release = match from {
        Hold::None => None,
        Hold::Shared => Some("SELECT pg_advisory_unlock_shared($1) AS done"),
        Hold::Exclusive => Some("SELECT pg_advisory_unlock($1) AS done"),
    };
    for statement in [take, release].into_iter().flatten() {
        let row = sqlx::query(statement)
            .bind(key)
            .fetch_one(&mut *line)
            .await?;
        if !row.try_get::<bool, _>("done")? {
            return Ok(false);
        }
    }
    Ok(true)
}
