//! Connections to the database, and how each is used: one for one statement, or inside a transaction of its own.

use std::ops::{Deref, DerefMut};

use sqlx::any::AnyPoolOptions;
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AnyPool, Connection, Executor, Transaction};

use crate::limits::STORE_WAIT;

/// Connections of one kind.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    connections: AnyPool,
    /// How a transaction begins, with what holds for it alone.
    begin: String,
    /// Whoever stands between this process and the database gives each transaction another connection of its own: a
    /// statement that was prepared, or a setting that was set, is not there any more in the next. So every statement has a
    /// transaction.
    shared: bool,
}

impl Pool {
    /// Connections of our own, with these settings.
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

    /// Connections that others share; `begin` holds the settings.
    pub(super) async fn shared(most: u32, begin: String, url: &str) -> sqlx::Result<Self> {
        Ok(Self {
            connections: options(most).connect(url).await?,
            begin,
            shared: true,
        })
    }

    /// For one statement.
    pub(super) async fn line(&self) -> sqlx::Result<Line> {
        if self.shared {
            self.begin().await.map(Line::Shared)
        } else {
            self.connections.acquire().await.map(Line::Own)
        }
    }

    /// For a transaction.
    pub(super) async fn begin(&self) -> sqlx::Result<Transaction<'static, Any>> {
        let begin = sqlx::AssertSqlSafe(self.begin.clone());
        self.connections.begin_with(begin).await
    }
}

fn options(most: u32) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(most)
        .acquire_timeout(STORE_WAIT)
        .before_acquire(|connection, _| Box::pin(async move { Ok(is_sound(connection)) }))
}

/// A statement that fails on a full disk rolls its transaction back by itself, and the rollback that follows fails: the
/// connection believes for ever that it is inside of one, and takes no other. It is closed; a new one takes its place.
fn is_sound(connection: &AnyConnection) -> bool {
    !connection.is_in_transaction()
}

/// A connection for one statement. What it wrote stays only if it is kept.
pub(super) enum Line {
    Own(PoolConnection<Any>),
    Shared(Transaction<'static, Any>),
}

impl Line {
    /// Keeps what was written.
    pub(super) async fn keep(self) -> sqlx::Result<()> {
        match self {
            Self::Own(_) => Ok(()),
            Self::Shared(transaction) => transaction.commit().await,
        }
    }
}

impl Deref for Line {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        match self {
            Self::Own(connection) => connection,
            Self::Shared(transaction) => transaction,
        }
    }
}

impl DerefMut for Line {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        match self {
            Self::Own(connection) => connection,
            Self::Shared(transaction) => transaction,
        }
    }
}
