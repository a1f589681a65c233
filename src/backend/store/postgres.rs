//! PostgreSQL, directly or behind a pooler that gives each transaction another connection (`pool_mode = transaction` of
//! PgBouncer: <https://www.pgbouncer.org/features.html>).

use std::io;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use sqlx::{AnyConnection, Connection, Executor, Row};

use super::{Pool, Store};
use crate::audit::AuditKeys;
use crate::limits::{
    POSTGRES_CONNECTIONS, POSTGRES_LIGHT_CONNECTIONS, SOLE_LEASE, STATEMENT_WAIT, STORE_WAIT,
};
use crate::secret::Secret;

/// For changes that move no trade: a commit does not wait for the disk.
const LIGHT: &str = "synchronous_commit = off";
/// A setting that PostgreSQL accepts at the start of a connection, because its name has a dot. Poolers do not know it.
const MARK: &str = "kaunter.direct";
/// A shared connection may hold statements that others prepared under our names.
const FORGET: &str = "DEALLOCATE ALL;";
/// The pause before a database that is starting up is tried again.
const PAUSE: Duration = Duration::from_millis(200);

/// The address of the database, without credentials.
pub(super) struct DatabaseAddress {
    server: String,
    database: String,
    user: String,
}

impl DatabaseAddress {
    pub(super) fn of(url: &Secret) -> anyhow::Result<Self> {
        // An error of sqlx may repeat the address.
        let options = PgConnectOptions::from_str(url.expose()).ok();
        let options = options.filter(|_| !hides_a_password(url)).ok_or_else(|| {
            anyhow::anyhow!(
                "KAUNTER_DATABASE_URL is not the address of a PostgreSQL: write it like postgres://user:password@host:5432/database?sslmode=verify-full, with %2F, %3F, %23 and %40 for /, ?, # and @ in the password"
            )
        })?;
        let server = match options.get_socket() {
            Some(socket) => socket.display().to_string(),
            None => format!("{}:{}", options.get_host(), options.get_port()),
        };
        let user = options.get_username().to_owned();
        Ok(Self {
            server,
            database: options.get_database().unwrap_or(&user).to_owned(),
            user,
        })
    }

    /// Why the database can't be opened, and what to do. The server's messages do not contain the password.
    pub(super) fn why(&self, error: &sqlx::Error) -> anyhow::Error {
        let server = &self.server;
        #[allow(
            clippy::wildcard_enum_match_arm,
            reason = "sqlx names more kinds with each release"
        )]
        let sentence = match error {
            sqlx::Error::Database(error) => self.refused(error.code().as_deref(), error.message()),
            sqlx::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                format!(
                    "no program listens at {server}: start PostgreSQL, or correct KAUNTER_DATABASE_URL"
                )
            }
            sqlx::Error::Io(error) if is_unknown_host(error) => format!(
                "the host of {server} is not known: correct KAUNTER_DATABASE_URL, or the name service of this machine"
            ),
            sqlx::Error::Io(error) => format!("{server} can't be reached: {error}"),
            sqlx::Error::PoolTimedOut => {
                format!(
                    "{server} does not answer: check the host in KAUNTER_DATABASE_URL, and the firewall"
                )
            }
            sqlx::Error::Tls(error) => {
                format!(
                    "{server} gives no TLS connection, which sslmode in KAUNTER_DATABASE_URL demands: {error}"
                )
            }
            sqlx::Error::Protocol(_) => {
                format!(
                    "{server} does not speak PostgreSQL's protocol: correct the port in KAUNTER_DATABASE_URL"
                )
            }
            sqlx::Error::Configuration(_) => {
                format!(
                    "the address of {server} has a parameter that can't be used: correct KAUNTER_DATABASE_URL"
                )
            }
            other => format!("{server}: {other}"),
        };
        anyhow::anyhow!("the database of KAUNTER_DATABASE_URL can't be opened: {sentence}")
    }

    /// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
    fn refused(&self, code: Option<&str>, message: &str) -> String {
        let Self {
            server,
            database,
            user,
        } = self;
        match code {
            Some("3D000") => format!(
                "{server} has no database \"{database}\": create it, or correct the name in KAUNTER_DATABASE_URL"
            ),
            Some("28P01") => {
                format!(
                    "{server} refuses the password of \"{user}\": correct it in KAUNTER_DATABASE_URL"
                )
            }
            Some("28000") => format!(
                "{server} refuses the user \"{user}\" ({message}): correct KAUNTER_DATABASE_URL, or the server's pg_hba.conf"
            ),
            Some("08P01") if message.contains("extra_float_digits") => format!(
                "the pooler at {server} refuses a startup parameter: add extra_float_digits to ignore_startup_parameters in its configuration"
            ),
            Some("08P01") if message.contains("statement pooling") => format!(
                "the pooler at {server} does not allow transactions: set pool_mode = transaction for this database"
            ),
            Some("53300") => format!(
                "{server} has no free connection ({message}): raise its limit, or stop other clients"
            ),
            Some("57P03") => {
                format!("{server} is starting or stopping ({message}): wait, and start again")
            }
            Some("42501") => format!(
                "\"{user}\" may not make tables in \"{database}\" ({message}): grant it CREATE on its schema"
            ),
            code => format!(
                "{server} answered: {message} ({})",
                code.unwrap_or("no code")
            ),
        }
    }
}

/// True for a password with an unescaped `/`, `?` or `#`. The address would be cut there, and parts of the password
/// shown as a port or a database.
fn hides_a_password(url: &Secret) -> bool {
    let text = url.expose();
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    rest.find(['/', '?', '#'])
        .is_some_and(|end| !rest[..end].contains('@') && rest[end..].contains('@'))
}

fn is_unknown_host(error: &io::Error) -> bool {
    // Errors of the resolver have no kind of their own.
    error.to_string().contains("lookup")
}

/// Opens connections with settings of their own. Behind a pooler, each statement runs in a transaction with its
/// settings.
pub(super) async fn open(
    address: &DatabaseAddress,
    url: &Secret,
    keys: Arc<AuditKeys>,
) -> sqlx::Result<Store> {
    let wait_ms = STATEMENT_WAIT.as_millis();
    let waits = [
        format!("statement_timeout = {wait_ms}"),
        format!("lock_timeout = {wait_ms}"),
    ];
    let all = |word: &str, light: bool| {
        let light = light.then(|| LIGHT.to_owned());
        let all = waits.iter().cloned().chain(light);
        all.map(|setting| format!("{word} {setting};"))
            .collect::<String>()
    };
    if is_direct(url).await? {
        let own =
            async |most, light| Pool::own(most, all("SET", light), "BEGIN", url.expose()).await;
        let pool = own(POSTGRES_CONNECTIONS, false).await?;
        let light = own(POSTGRES_LIGHT_CONNECTIONS, true).await?;
        return Ok(Store::new(pool, light, keys));
    }
    let server = &address.server;
    tracing::info!("{server} is a connection pooler: each statement runs in its own transaction");
    let unprepared = with(url, "statement-cache-capacity", "0");
    let shared = async |most, light| {
        let begin = format!("BEGIN; {FORGET} {}", all("SET LOCAL", light));
        Pool::shared(most, begin, unprepared.expose()).await
    };
    let pool = shared(POSTGRES_CONNECTIONS, false).await?;
    let light = shared(POSTGRES_LIGHT_CONNECTIONS, true).await?;
    Ok(Store::new(pool, light, keys))
}

/// Opens the connection that holds this process's locks.
pub(super) async fn session(url: &Secret) -> sqlx::Result<AnyConnection> {
    let mut line = AnyConnection::connect(url.expose()).await?;
    let wait_ms = SOLE_LEASE.as_millis();
    let settings = format!("SET statement_timeout = {wait_ms}; SET idle_session_timeout = 0;");
    line.execute(sqlx::AssertSqlSafe(settings)).await?;
    Ok(line)
}

/// True without a pooler. PostgreSQL keeps a setting from the start of a connection; a pooler loses or refuses it.
async fn is_direct(url: &Secret) -> sqlx::Result<bool> {
    let unprepared = with(url, "statement-cache-capacity", "0");
    match connected(&with(&unprepared, &format!("options[{MARK}]"), "on")).await {
        Ok(mut line) => {
            let query = format!("SELECT COALESCE(current_setting('{MARK}', true), '') AS mark");
            let row = sqlx::raw_sql(sqlx::AssertSqlSafe(query))
                .fetch_one(&mut line)
                .await?;
            let mark: String = row.try_get("mark")?;
            line.close().await?;
            Ok(mark == "on")
        }
        Err(first @ sqlx::Error::Database(_)) => match connected(&unprepared).await {
            Ok(line) => line.close().await.map(|()| false),
            // The cause is the error of the plain connection, and not our setting.
            Err(sqlx::Error::Database(error)) => Err(sqlx::Error::Database(error)),
            Err(_) => Err(first),
        },
        Err(error) => Err(error),
    }
}

/// Opens a connection. A database that has just started gets a little time.
async fn connected(url: &Secret) -> sqlx::Result<AnyConnection> {
    let began = Instant::now();
    loop {
        let connecting = AnyConnection::connect(url.expose());
        let left = STORE_WAIT.saturating_sub(began.elapsed());
        let error = match tokio::time::timeout(left, connecting).await {
            Ok(Ok(line)) => return Ok(line),
            Ok(Err(error)) => error,
            Err(_) => return Err(sqlx::Error::PoolTimedOut),
        };
        if !is_starting(&error) || began.elapsed() + PAUSE > STORE_WAIT {
            return Err(error);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn is_starting(error: &sqlx::Error) -> bool {
    if let sqlx::Error::Io(error) = error {
        return error.kind() == io::ErrorKind::ConnectionRefused;
    }
    let refused = error.as_database_error();
    refused.is_some_and(|error| error.code().as_deref() == Some("57P03"))
}

/// The same address with one more parameter.
fn with(url: &Secret, name: &str, value: &str) -> Secret {
    let Ok(mut url) = reqwest::Url::parse(url.expose()) else {
        return url.clone();
    };
    url.query_pairs_mut().append_pair(name, value);
    Secret::new(url.as_str())
}
