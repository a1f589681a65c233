//! Opens the store, or says why it can't be opened and what to do. No sentence holds the address of a database: there may be
//! a password in it.

use std::path::Path;

use sqlx::migrate::{MigrateError, Migrator};

use super::{Store, postgres, sqlite};
use crate::secret::Secret;

/// The tables, and every change of them.
static TABLES: Migrator = sqlx::migrate!("./migrations");
/// Whoever changes the tables holds this lock: a number of our own, not that of sqlx, which locks a session.
const TABLES_LOCK: &str = "SELECT pg_advisory_xact_lock(7524868)";

impl Store {
    /// Opens the PostgreSQL that `url` names, or the SQLite file, which is made where it is not there; brings the
    /// tables up to date.
    pub(crate) async fn open(file: &Path, url: Option<&Secret>) -> anyhow::Result<Self> {
        sqlx::any::install_default_drivers();
        match url {
            Some(url) => {
                let place = postgres::Place::of(url)?;
                let store = postgres::open(&place, url)
                    .await
                    .map_err(|error| place.why(&error))?;
                let tables = store.tables_in_a_transaction().await;
                tables.map_err(|error| why(&error, |error| place.why(error)))?;
                let filled = store.fill_gateway_refs().await;
                filled.map_err(|error| place.why(&error))?;
                Ok(store)
            }
            None => {
                sqlite::prepare(file)?;
                let store = sqlite::open(file)
                    .await
                    .map_err(|error| sqlite::why(file, &error))?;
                let mut line = store
                    .pool
                    .line()
                    .await
                    .map_err(|error| sqlite::why(file, &error))?;
                let tables = TABLES.run(&mut *line).await;
                tables.map_err(|error| why(&error, |error| sqlite::why(file, error)))?;
                drop(line);
                let filled = store.fill_gateway_refs().await;
                filled.map_err(|error| sqlite::why(file, &error))?;
                Ok(store)
            }
        }
    }

    /// All of it or nothing, and one process at a time. Its lock ends with the transaction, whoever shares the connection.
    async fn tables_in_a_transaction(&self) -> Result<(), MigrateError> {
        let mut change = self.begin().await?;
        sqlx::query(TABLES_LOCK).execute(&mut *change).await?;
        let mut tables = Migrator {
            migrations: TABLES.migrations.clone(),
            ..Migrator::DEFAULT
        };
        tables.set_locking(false);
        tables.run(&mut *change).await?;
        change.commit().await?;
        Ok(())
    }
}

/// Why the tables can't be brought up to date.
fn why(error: &MigrateError, store: impl Fn(&sqlx::Error) -> anyhow::Error) -> anyhow::Error {
    #[allow(
        clippy::wildcard_enum_match_arm,
        reason = "sqlx names more kinds with each release"
    )]
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => store(error),
        MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..) => anyhow::anyhow!(
            "the store's tables are of a newer version of this program: start that one, or name another database"
        ),
        MigrateError::VersionMismatch(_) => anyhow::anyhow!(
            "the store's tables were made by another build of this program: start that one, or name another database"
        ),
        other => anyhow::anyhow!("the store's tables can't be brought up to date: {other}"),
    }
}
