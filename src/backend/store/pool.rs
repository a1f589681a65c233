//! Connections to the database: for one statement, or for a transaction.

use std::ops::{Deref, DerefMut};

use sqlx::any::AnyPoolOptions;
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AnyPool, Connection, Executor, Transaction};

use super::sqlite;
use crate::limits::{STORE_TRUST, STORE_WAIT};
use crate::metrics::METRICS;

/// Connections of one kind.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    connections: AnyPool,
    /// The statements that begin a transaction, with settings for it alone.
    begin: String,
    /// True behind a pooler, which gives each transaction another connection. A prepared statement or a setting does
    /// not survive until the next one. So every statement runs in a transaction.
    shared: bool,
}

impl Pool {
    /// Opens connections of our own, with these settings.
    pub(super) async fn own(
        most: u32,
        settings: String,
        begin: &str,
        url: &str,
    ) -> sqlx::Result<Self> {
        let options = options(most).after_connect(move |connection, _| {
            let settings = settings.clone();
            Box::pin(async move {
                let settings = sqlx::AssertSqlSafe(settings);
                connection.execute(settings).await.map(drop)
            })
        });
        Ok(Self {
            connections: options.connect(url).await?,
            begin: begin.to_owned(),
            shared: false,
        })
    }

    /// Opens connections that others share; `begin` holds the settings.
    pub(super) async fn shared(most: u32, begin: String, url: &str) -> sqlx::Result<Self> {
        Ok(Self {
            connections: options(most).connect(url).await?,
            begin,
            shared: true,
        })
    }

    /// True for SQLite: it has one writer, and functions of its own for JSON.
    pub(super) fn is_sqlite(&self) -> bool {
        self.begin == sqlite::BEGIN
    }

    /// True behind a pooler.
    pub(super) fn is_shared(&self) -> bool {
        self.shared
    }

    /// For one statement.
    pub(super) async fn connection(&self) -> sqlx::Result<StatementConnection> {
        if self.shared {
            self.begin().await.map(StatementConnection::Shared)
        } else {
            self.connections
                .acquire()
                .await
                .map(StatementConnection::Own)
        }
    }

    /// Waits for a connection as a statement does, and gives it back. Costs nothing while one is free.
    pub(super) async fn turn(&self) {
        let most = self.connections.options().get_max_connections();
        if self.connections.num_idle() == 0 && self.connections.size() >= most {
            // A store that does not answer is a long wait, too.
            drop(self.connections.acquire().await);
        }
    }

    /// For a transaction.
    pub(super) async fn begin(&self) -> sqlx::Result<Transaction<'static, Any>> {
        let begin = sqlx::AssertSqlSafe(self.begin.clone());
        self.connections.begin_with(begin).await
    }

    /// For a transaction that only reads, and sees the store as it is at its first statement. It stops nobody.
    pub(super) async fn snapshot(&self) -> sqlx::Result<Transaction<'static, Any>> {
        if self.is_sqlite() {
            return self.connections.begin_with("BEGIN").await;
        }
        let mut snapshot = self.begin().await?;
        snapshot
            .execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            .await?;
        Ok(snapshot)
    }
}

fn options(most: u32) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(most)
        .acquire_timeout(STORE_WAIT)
        // sqlx would ask the database before each use, which takes as long as a statement.
        .test_before_acquire(false)
        .before_acquire(|connection, known| {
            Box::pin(async move {
                let is_fresh = known.idle_for < STORE_TRUST;
                Ok(is_sound(connection) && (is_fresh || connection.ping().await.is_ok()))
            })
        })
}

/// False for a connection that failed because the disk is full: the pool closes it. SQLite rolled
/// the transaction back by itself, so that sqlx's rollback fails and sqlx counts the transaction as open for ever.
fn is_sound(connection: &AnyConnection) -> bool {
    !connection.is_in_transaction()
}

/// A connection for one statement. Behind a pooler, the statement is rolled back unless [`Self::commit`] is called.
pub(super) enum StatementConnection {
    Own(PoolConnection<Any>),
    Shared(Transaction<'static, Any>),
}

impl StatementConnection {
    /// Commits.
    pub(super) async fn commit(self) -> sqlx::Result<()> {
        match self {
            Self::Own(_) => Ok(()),
            Self::Shared(transaction) => transaction.commit().await,
        }
    }
}

impl Deref for StatementConnection {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        match self {
            Self::Own(connection) => connection,
            Self::Shared(transaction) => transaction,
        }
    }
}

/// Each use is one statement, and is counted.
impl DerefMut for StatementConnection {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        METRICS.statement();
        match self {
            Self::Own(connection) => connection,
            Self::Shared(transaction) => transaction,
        }
    }
}
