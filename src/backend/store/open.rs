//! Opens the store, or says why it can't be opened and what to do. No error contains the address of a database: it may
//! hold a password.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::migrate::{MigrateError, Migrator};

use super::locks::{Locks, PooledRow};
use super::{Store, postgres, sqlite};
use crate::audit::AuditKeys;
use crate::config::Config;
use crate::id;
use crate::secret::Secret;

/// The tables, and every migration.
static TABLES: Migrator = sqlx::migrate!("./migrations");
/// The lock of migrations: a number of our own, because sqlx's lock belongs to a session.
const TABLES_LOCK: &str = "SELECT pg_advisory_xact_lock(7524868)";

impl Store {
    /// Opens the store of this configuration.
    pub(crate) async fn of(config: &Config) -> anyhow::Result<Self> {
        let keys = Arc::new(config.audit_keys());
        Self::open(&config.database, config.database_url.as_ref(), keys).await
    }

    /// Opens the PostgreSQL of `url`, or the SQLite file, which is created if it is missing. Runs the migrations.
    pub(super) async fn open(
        file: &Path,
        url: Option<&Secret>,
        keys: Arc<AuditKeys>,
    ) -> anyhow::Result<Self> {
        sqlx::any::install_default_drivers();
        match url {
            Some(url) => {
                let address = postgres::DatabaseAddress::of(url)?;
                let store = postgres::open(&address, url, keys)
                    .await
                    .map_err(|error| address.why(&error))?;
                let tables = store.tables_in_a_transaction().await;
                tables.map_err(|error| why(&error, |error| address.why(error)))?;
                let filled = store.fill_gateway_refs().await;
                filled.map_err(|error| address.why(&error))?;
                let filled = store.fill_audit_shops().await;
                filled.map_err(|error| address.why(&error))?;
                Ok(store)
            }
            None => {
                sqlite::prepare(file)?;
                let store = sqlite::open(file, keys)
                    .await
                    .map_err(|error| sqlite::why(file, &error))?;
                let mut connection = store
                    .pool
                    .connection()
                    .await
                    .map_err(|error| sqlite::why(file, &error))?;
                let tables = TABLES.run(&mut *connection).await;
                tables.map_err(|error| why(&error, |error| sqlite::why(file, error)))?;
                drop(connection);
                let filled = store.fill_gateway_refs().await;
                filled.map_err(|error| sqlite::why(file, &error))?;
                let filled = store.fill_audit_shops().await;
                filled.map_err(|error| sqlite::why(file, &error))?;
                Ok(store)
            }
        }
    }

    /// Takes this process's place on the store, before its first change. Who only reads takes none.
    pub(crate) async fn join(&self, config: &Config) {
        self.join_at(config.database_url.clone(), config.database.clone())
            .await;
    }

    pub(super) async fn join_at(&self, url: Option<Secret>, file: PathBuf) {
        let pool = self.pool.clone();
        let open = move || {
            let (url, file, pool) = (url.clone(), file.clone(), pool.clone());
            async move {
                match url {
                    None => Ok(Locks::beside(&file)?),
                    Some(_) if pool.is_shared() => {
                        let process = id::random('P').map_err(std::io::Error::other)?;
                        Ok(Locks::Row(PooledRow::new(pool, process)))
                    }
                    Some(url) => Ok(Locks::Session(Box::new(postgres::session(&url).await?))),
                }
            }
        };
        self.standing.join(open).await;
    }

    /// Runs all migrations or none, one process at a time. The lock ends with the transaction, so that it also works
    /// behind a pooler.
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

/// Why the migrations can't run.
fn why(error: &MigrateError, store: impl Fn(&sqlx::Error) -> anyhow::Error) -> anyhow::Error {
    #[allow(
        clippy::wildcard_enum_match_arm,
        reason = "sqlx names more kinds with each release"
    )]
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => store(error),
        MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..) => anyhow::anyhow!(
            "a newer version of this program made the store's tables: start that version, or set another database"
        ),
        MigrateError::VersionMismatch(_) => anyhow::anyhow!(
            "another build of this program made the store's tables: start that build, or set another database"
        ),
        other => anyhow::anyhow!("the store's tables can't be migrated: {other}"),
    }
}
