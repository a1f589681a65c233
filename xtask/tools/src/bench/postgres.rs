//! A PostgreSQL on loopback with its own data folder and default settings.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

/// Where Debian keeps its versions.
const BASE: &str = "/usr/lib/postgresql";

/// A running server. Dropping it stops it and removes its folder.
pub(super) struct Postgres {
    bin: PathBuf,
    dir: PathBuf,
    port: u16,
    pub(super) version: String,
}

impl Postgres {
    pub(super) fn start() -> anyhow::Result<Self> {
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
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={}",
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
        Ok(format!("postgres://kaunter@127.0.0.1:{port}/{name}"))
    }

    fn run(&self, program: &str, args: &[&str]) -> anyhow::Result<String> {
        let program = self.bin.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
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
