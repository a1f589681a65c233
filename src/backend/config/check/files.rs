//! The files and folders, and who else may use them.

use std::path::Path;

use super::super::environment::{KeyFile, OldDatabase, mode};
use super::{Check, Look, found, refuse, warn};

/// Others may write.
const WRITE: u32 = 0o022;
/// Others may read.
const READ: u32 = 0o044;
/// Everybody may write.
const WRITE_ALL: u32 = 0o002;

pub(super) const CHECKS: &[Check] = &[
    refuse(
        "--config",
        "may be written by every user of this machine, who could send the shop's money elsewhere",
        "let only the backend's user write it, with chmod 644 or less",
        |look| config_file(look, |mode| mode & WRITE_ALL != 0),
    ),
    warn(
        "--config",
        "may be written by a group of users, who could send the shop's money elsewhere",
        "let only the backend's user write it, with chmod 644 or less",
        |look| config_file(look, |mode| mode & WRITE != 0 && mode & WRITE_ALL == 0),
    ),
    warn(
        "--config, people",
        "may be read by other users of this machine, who could guess the PINs from their hashes",
        "let only the backend's user read it, with chmod 600",
        |look| match look.config.people.is_empty() {
            true => Vec::new(),
            false => config_file(look, |mode| mode & READ != 0),
        },
    ),
    refuse(
        "each variable with _FILE, kaunter.env",
        "other users of this machine may write",
        "let only the backend's user write it, with chmod 600",
        |look| key_files(look, |mode| mode & WRITE != 0),
    ),
    warn(
        "each variable with _FILE, kaunter.env",
        "other users of this machine may read",
        "let only the backend's user read it, with chmod 600",
        |look| key_files(look, |mode| mode & READ != 0 && mode & WRITE == 0),
    ),
    warn(
        "each variable with _FILE",
        "is not read, because the variable without _FILE is set too",
        "remove one of the two",
        |look| look.around.unread_files.clone(),
    ),
    warn(
        "kaunter.env",
        "is in the file of keys, and this backend does not read it",
        "correct its name, or remove it",
        |look| look.around.unknown_variables.clone(),
    ),
    refuse(
        "database",
        "is the address of a database and not a file",
        "name a file, or set KAUNTER_DATABASE_URL in the environment",
        |look| found(is_sqlite(look) && is_address(look), "database"),
    ),
    refuse(
        "database",
        "is a folder",
        "name a file, like kaunter.db",
        |look| {
            let path = &look.config.database;
            found(
                is_sqlite(look) && path.is_dir(),
                format!("database = {path:?}"),
            )
        },
    ),
    refuse(
        "database",
        "is in a folder that does not exist",
        "make the folder, and let only the backend's user use it",
        |look| database_folder(look, |folder| !folder.is_dir()),
    ),
    refuse(
        "database",
        "is in a folder where this user may not write",
        "give the folder to the backend's user",
        |look| database_folder(look, |folder| folder.is_dir() && !is_writable(folder)),
    ),
    warn(
        "database",
        "is in a folder where other users of this machine may write, so they can replace it",
        "use a folder of its own, with chmod 700",
        |look| {
            database_folder(look, |folder| {
                mode(folder).is_some_and(|mode| mode & WRITE != 0)
            })
        },
    ),
    refuse(
        "DATABASE_URL, DATABASE_URL_FILE",
        "has KAUNTER_ before its name now",
        "rename it. It has the address of the shop's PostgreSQL; without it the backend would use another store, and could charge a paid sale again",
        |look| match look.around.old_database {
            OldDatabase::Ours(name) if is_sqlite(look) => vec![name.to_owned()],
            OldDatabase::None | OldDatabase::Foreign | OldDatabase::Ours(_) => Vec::new(),
        },
    ),
    warn(
        "DATABASE_URL",
        "is set, and this backend does not read it",
        "the store is the SQLite file of `database`. For a PostgreSQL, set KAUNTER_DATABASE_URL",
        |look| {
            let is_foreign = matches!(look.around.old_database, OldDatabase::Foreign);
            found(is_foreign && is_sqlite(look), "DATABASE_URL")
        },
    ),
    refuse(
        "terminal.dir",
        "is missing, and no page came with this program",
        "name the folder of the built page",
        |look| {
            let page = look.config.terminal.as_ref();
            let has_none = page.is_some_and(|page| page.dir.as_os_str().is_empty());
            found(has_none, "terminal.dir")
        },
    ),
    refuse(
        "terminal.dir",
        "would serve every file of this machine",
        "name the folder of the built page",
        |look| {
            let is_root =
                page_folder(look).is_some_and(|dir| dir.has_root() && dir.parent().is_none());
            found(is_root, "terminal.dir = \"/\"")
        },
    ),
    refuse(
        "terminal.dir",
        "has the configuration, the store or a key inside, and would serve it",
        "name the folder of the built page",
        |look| {
            let Some(dir) = page_folder(look).filter(|dir| dir.parent().is_some()) else {
                return Vec::new();
            };
            let is_inside = |file: &Path| {
                let file = file.canonicalize().or_else(|_| {
                    // The store may not be there yet.
                    folder(file).canonicalize()
                });
                file.is_ok_and(|file| file.starts_with(&dir))
            };
            let store = is_sqlite(look).then_some(look.config.database.as_path());
            let keys = look.around.key_files.iter().map(|file| file.path.as_path());
            let tls = look.config.network.tls.iter().map(|tls| tls.key.as_path());
            let mut files = look
                .around
                .path
                .as_deref()
                .into_iter()
                .chain(store)
                .chain(keys)
                .chain(tls);
            found(files.any(is_inside), "terminal.dir")
        },
    ),
    warn(
        "terminal.dir",
        "has no index.html, so there is no page for the cashier",
        "build the page with `npm run build --workspace www`, and name its folder",
        |look| {
            let page = look.config.terminal.as_ref();
            let page = page.filter(|page| !page.dir.as_os_str().is_empty());
            let is_empty = page.is_some_and(|page| !page.dir.join("index.html").is_file());
            found(is_empty, "terminal.dir")
        },
    ),
];

fn config_file(look: &Look<'_>, is_wrong: fn(u32) -> bool) -> Vec<String> {
    let path = look.around.path.iter();
    path.filter(|path| mode(path).is_some_and(is_wrong))
        .map(|path| path.display().to_string())
        .collect()
}

fn key_files(look: &Look<'_>, is_wrong: fn(u32) -> bool) -> Vec<String> {
    let files = look.around.key_files.iter();
    files
        .filter(|file| mode(&file.path).is_some_and(is_wrong))
        .map(KeyFile::told)
        .collect()
}

/// True if the store is the file of `database`.
fn is_sqlite(look: &Look<'_>) -> bool {
    look.config.database_url.is_none()
}

fn is_address(look: &Look<'_>) -> bool {
    let text = look.config.database.to_string_lossy();
    text.contains("://") || text.starts_with("sqlite:")
}

fn folder(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => file,
    }
}

fn database_folder(look: &Look<'_>, is_wrong: fn(&Path) -> bool) -> Vec<String> {
    let path = &look.config.database;
    let is_file = is_sqlite(look) && !is_address(look) && !path.is_dir();
    found(
        is_file && is_wrong(folder(path)),
        format!("database = {path:?}"),
    )
}

fn page_folder(look: &Look<'_>) -> Option<std::path::PathBuf> {
    let page = look.config.terminal.as_ref()?;
    if page.dir.as_os_str().is_empty() {
        return None;
    }
    Some(page.dir.canonicalize().unwrap_or_else(|_| page.dir.clone()))
}

/// Whether this process may make files in a folder. SQLite makes two files beside its own.
fn is_writable(folder: &Path) -> bool {
    #[cfg(unix)]
    {
        use nix::unistd::{AccessFlags, access};

        access(folder, AccessFlags::W_OK | AccessFlags::X_OK).is_ok()
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        true
    }
}
