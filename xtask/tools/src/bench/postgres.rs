//! A PostgreSQL on loopback with its own data folder and default settings.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use super::machine::pinned;

/// Where Debian keeps its versions.
const BASE: &str = "/usr/lib/postgresql";

/// A running server. Dropping it stops it and removes its folder.
pub(super) struct Postgres {
    bin: PathBuf,
    dir: PathBuf,
    port: u16,
    processors: String,
    pub(super) version: String,
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
        // PostgreSQL refuses to run as root, so the user `postgres` runs it.
        if is_root() {
            said(Command::new("chown").arg("postgres").arg(&dir))?;
        }
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let server = Self {
            bin: Path::new(BASE).join(newest.to_string()).join("bin"),
            dir,
            port,
            processors: processors.to_owned(),
            version: newest.to_string(),
        };
        let data = server.dir.join("data");
        let data = data.to_str().context("the folder's name is no text")?;
        let init = [
            "--username",
            "kaunter",
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
        let port = self.port.to_string();
        let make = [
            "--host",
            "127.0.0.1",
            "--port",
            &port,
            "--username",
            "kaunter",
            name,
        ];
        self.run("createdb", &make)?;
        self.ask(name, "CREATE EXTENSION pg_stat_statements")?;
        Ok(format!("postgres://kaunter@127.0.0.1:{port}/{name}"))
    }

    /// The first server process.
    pub(super) fn pid(&self) -> anyhow::Result<u32> {
        let text = std::fs::read_to_string(self.dir.join("data/postmaster.pid"))?;
        let first = text.lines().next().context("an empty postmaster.pid")?;
        Ok(first.parse()?)
    }

    /// The answer to a statement: rows of fields, with tabs between them.
    pub(super) fn ask(&self, database: &str, statement: &str) -> anyhow::Result<String> {
        let port = self.port.to_string();
        let address = [
            "--host",
            "127.0.0.1",
            "--port",
            &port,
            "--username",
            "kaunter",
        ];
        let plain = ["--no-psqlrc", "--quiet", "--no-align", "--tuples-only"];
        let what = [
            "--field-separator",
            "\t",
            "--dbname",
            database,
            "--command",
            statement,
        ];
        self.run("psql", &[&address[..], &plain, &what].concat())
    }

    fn run(&self, program: &str, args: &[&str]) -> anyhow::Result<String> {
        let program = self.bin.join(program);
        let mut command = if is_root() {
            let mut command = pinned(&self.processors, "runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            pinned(&self.processors, program)
        };
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
