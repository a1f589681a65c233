//! A PostgreSQL on loopback with its own data folder and default settings.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use super::machine::pinned;
use super::pgbouncer::PgBouncer;

/// The user who owns everything in it.
pub(super) const USER: &str = "kaunter";
/// Where Debian keeps its versions.
const BASE: &str = "/usr/lib/postgresql";

/// A running server. Dropping it stops it and removes its folder.
pub(super) struct Postgres {
    bin: PathBuf,
    dir: PathBuf,
    port: u16,
    processors: String,
    pub(super) version: String,
    /// Backends connect through it, if it is there.
    front: Option<PgBouncer>,
}

impl Postgres {
    /// On these processors. It counts its statements: that costs it a few percent, before and after alike.
    pub(super) fn start(processors: &str) -> anyhow::Result<Self> {
        let versions = std::fs::read_dir(BASE)
            .context("install PostgreSQL (Debian: apt-get install postgresql)")?;
        let newest = versions
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
            .max()
            .context("no version of PostgreSQL is there")?;
        let dir = std::env::temp_dir().join(format!("kaunter-bench-{}", std::process::id()));
        std::fs::create_dir_all(&dir)?;
        if is_root() {
            said(Command::new("chown").arg("postgres").arg(&dir))?;
        }
        let port = free_port()?;
        let server = Self {
            bin: Path::new(BASE).join(newest.to_string()).join("bin"),
            dir,
            port,
            processors: processors.to_owned(),
            version: newest.to_string(),
            front: None,
        };
        let data = server.dir.join("data");
        let data = data.to_str().context("the folder's name is no text")?;
        let init = [
            "--username",
            USER,
            "--auth",
            "trust",
            "--no-sync",
            "--pgdata",
            data,
        ];
        server.run("initdb", &init)?;
        let settings = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} -c shared_preload_libraries=pg_stat_statements",
            server.dir.display()
        );
        let log = server.dir.join("log").display().to_string();
        let start = [
            "--pgdata", data, "--wait", "--log", &log, "-o", &settings, "start",
        ];
        server.run("pg_ctl", &start)?;
        Ok(server)
    }

    /// The address of an empty database.
    pub(super) fn database(&self, name: &str) -> anyhow::Result<String> {
        self.client("createdb", &[name])?;
        self.ask(name, "CREATE EXTENSION pg_stat_statements")?;
        let port = self.front.as_ref().map_or(self.port, PgBouncer::port);
        Ok(format!("postgres://{USER}@127.0.0.1:{port}/{name}"))
    }

    /// Puts a PgBouncer before the server: addresses of databases are its own from now on.
    pub(super) fn pool(&mut self) -> anyhow::Result<()> {
        self.front = Some(PgBouncer::start(&self.processors, self.port)?);
        Ok(())
    }

    /// The first server process.
    pub(super) fn pid(&self) -> anyhow::Result<u32> {
        let text = std::fs::read_to_string(self.dir.join("data/postmaster.pid"))?;
        let first = text.lines().next().context("an empty postmaster.pid")?;
        Ok(first.parse()?)
    }

    /// The answer to a statement: rows of fields, with tabs between them.
    pub(super) fn ask(&self, database: &str, statement: &str) -> anyhow::Result<String> {
        let plain = ["--no-psqlrc", "--quiet", "--no-align", "--tuples-only"];
        let what = [
            "--field-separator",
            "\t",
            "--dbname",
            database,
            "--command",
            statement,
        ];
        self.client("psql", &[&plain[..], &what].concat())
    }

    /// Runs one of its programs as a client.
    fn client(&self, program: &str, args: &[&str]) -> anyhow::Result<String> {
        let port = self.port.to_string();
        let server = ["--host", "127.0.0.1", "--port", &port, "--username", USER];
        self.run(program, &[&server[..], args].concat())
    }

    fn run(&self, program: &str, args: &[&str]) -> anyhow::Result<String> {
        let mut command = without_root(&self.processors, &self.bin.join(program));
        // A server that inherits a pipe would keep it open for ever.
        said(command.args(args).current_dir("/"))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.dir.join("data").display().to_string();
        let _ = self.run(
            "pg_ctl",
            &["--pgdata", &data, "--mode", "immediate", "stop"],
        );
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

pub(super) fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

/// A command on these processors. PostgreSQL and PgBouncer refuse to run as root, so the user `postgres` runs them then.
pub(super) fn without_root(processors: &str, program: &Path) -> Command {
    if !is_root() {
        return pinned(processors, program);
    }
    let mut command = pinned(processors, "runuser");
    command.args(["-u", "postgres", "--"]).arg(program);
    command
}

fn is_root() -> bool {
    said(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

fn said(command: &mut Command) -> anyhow::Result<String> {
    let paper = std::env::temp_dir().join(format!("kaunter-said-{}", std::process::id()));
    let file = std::fs::File::create(&paper)?;
    let status = command
        .stdin(std::process::Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .status()?;
    let text = std::fs::read_to_string(&paper)?;
    std::fs::remove_file(&paper)?;
    if !status.success() {
        bail!("{command:?}: {text}");
    }
    Ok(text)
}
