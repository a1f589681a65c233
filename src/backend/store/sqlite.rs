//! SQLite: one file for one process.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use sqlx::{AnyConnection, Connection, Executor};

use super::{Pool, Store};
use crate::audit::AuditKeys;
use crate::config::mode;
use crate::limits::{SQLITE_CONNECTIONS, STATEMENT_WAIT};

/// For every connection: a commit is on the disk when it returns, and a second writer waits.
const FULL: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;";
/// For changes that move no trade: a commit reaches the disk with the next full one.
const LIGHT: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;";
/// A change waits for its turn as the one writer here, and not in the middle.
pub(super) const BEGIN: &str = "BEGIN IMMEDIATE";
/// The first bytes of an SQLite file: <https://www.sqlite.org/fileformat.html>.
const MAGIC: &[u8] = b"SQLite format 3\0";
/// Files that SQLite creates beside the database, with its permissions: <https://www.sqlite.org/tempfiles.html>.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Creates the file if it is missing, and removes the permissions of other users. They could read the shop's sales, or
/// block the database with a lock.
pub(super) fn prepare(file: &Path) -> anyhow::Result<()> {
    let name = file.display();
    let folder = folder(file);
    let refuse = |error: &io::Error| {
        #[allow(
            clippy::wildcard_enum_match_arm,
            reason = "the rest says itself what it is"
        )]
        let cause = match error.kind() {
            io::ErrorKind::PermissionDenied => "this user may not write it".to_owned(),
            io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
            io::ErrorKind::ReadOnlyFilesystem => "its file system is read-only".to_owned(),
            io::ErrorKind::StorageFull => "its disk is full".to_owned(),
            _ => error.to_string(),
        };
        anyhow::anyhow!(
            "the store {name} can't be opened: {cause}; let this program's user write it and its folder, or correct `database`"
        )
    };
    if !folder.is_dir() {
        let folder = folder.display();
        anyhow::bail!(
            "the store {name} can't be opened: the folder {folder} does not exist; create it, or correct `database`"
        );
    }
    let mut begins = Vec::new();
    let opened = make(file).map_err(|error| refuse(&error))?;
    let read = opened.take(MAGIC.len() as u64).read_to_end(&mut begins);
    read.map_err(|error| refuse(&error))?;
    // Another program's file: it is left as it is.
    if !begins.is_empty() && begins != MAGIC {
        return Err(no_database(file));
    }
    close(file);
    for end in BESIDE {
        let mut beside = file.as_os_str().to_owned();
        beside.push(end);
        close(&PathBuf::from(beside));
    }
    if let Some(open) = mode(folder).filter(|mode| mode & 0o077 != 0) {
        let folder = folder.display();
        tracing::warn!(
            "other users of this machine have access to the store's folder {folder} (mode {open:o}): chmod 700 {folder}"
        );
    }
    Ok(())
}

fn folder(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if parent != Path::new("") => parent,
        Some(_) | None => Path::new("."),
    }
}

pub(super) fn make(file: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;

        options.mode(0o600);
    }
    options.open(file)
}

/// Permissions of other users.
fn close(file: &Path) {
    #[cfg(unix)]
    if mode(file).is_some_and(|mode| mode & 0o077 != 0) {
        use std::fs::{Permissions, set_permissions};
        use std::os::unix::fs::PermissionsExt as _;

        let name = file.display();
        match set_permissions(file, Permissions::from_mode(0o600)) {
            Ok(()) => {
                tracing::warn!(
                    "other users of this machine had access to {name}: its mode is 600 now"
                )
            }
            Err(error) => tracing::warn!(
                "other users of this machine have access to {name}, and its mode can't be changed: {error}; chmod 600 {name}"
            ),
        }
    }
    #[cfg(not(unix))]
    let _ = file;
}

pub(super) async fn open(file: &Path, keys: Arc<AuditKeys>) -> sqlx::Result<Store> {
    let text = file.to_str().context("its path is not UTF-8");
    let text = text.map_err(|error| sqlx::Error::Configuration(error.into()))?;
    let url = format!("sqlite:{}?mode=rwc", escaped(text));
    // The pool would retry until its timeout, and report only that.
    let mut first = AnyConnection::connect(&url).await?;
    first.execute(sqlx::AssertSqlSafe(settings(FULL))).await?;
    first.close().await?;
    let open = async |most, kind: &str| Pool::own(most, settings(kind), BEGIN, &url).await;
    let (pool, light) = (open(SQLITE_CONNECTIONS, FULL).await?, open(1, LIGHT).await?);
    Ok(Store::new(pool, light, keys))
}

fn settings(kind: &str) -> String {
    let wait_ms = STATEMENT_WAIT.as_millis();
    format!("{kind} PRAGMA busy_timeout = {wait_ms};")
}

/// A path, escaped for an address.
fn escaped(path: &str) -> String {
    path.replace('%', "%25")
        .replace('?', "%3F")
        .replace('#', "%23")
}

fn no_database(file: &Path) -> anyhow::Error {
    let name = file.display();
    anyhow::anyhow!(
        "the store {name} is not a SQLite database: set another file in `database`, or move this file away"
    )
}

pub(super) fn why(file: &Path, error: &sqlx::Error) -> anyhow::Error {
    let name = file.display();
    // <https://www.sqlite.org/rescode.html>; the lower eight bits are the kind.
    let code = error
        .as_database_error()
        .and_then(|error| error.code()?.parse::<u32>().ok());
    match code.map(|code| code & 0xff) {
        Some(26) => no_database(file),
        Some(11) => anyhow::anyhow!(
            "the store {name} is damaged: keep a copy of it, and restore the last backup"
        ),
        Some(5 | 6) => {
            anyhow::anyhow!("another program has locked the store {name}: stop that program first")
        }
        Some(8) => anyhow::anyhow!(
            "the store {name} can't be written: let this program's user write it and its folder"
        ),
        Some(13) => anyhow::anyhow!(
            "the store {name} can't be written, because its disk is full: free some space"
        ),
        Some(_) | None => anyhow::anyhow!("the store {name} can't be opened: {error}"),
    }
}
