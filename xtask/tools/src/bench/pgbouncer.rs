//! A PgBouncer in transaction mode before the measured PostgreSQL.

use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use super::postgres::{USER, free_port, without_root};

/// Where Debian and a build from source put it.
const PROGRAMS: [&str; 3] = [
    "/usr/sbin/pgbouncer",
    "/usr/bin/pgbouncer",
    "/usr/local/bin/pgbouncer",
];
/// The longest time until it listens.
const START: Duration = Duration::from_secs(10);

/// A running PgBouncer. Dropping it stops it and removes its folder.
pub(super) struct PgBouncer {
    child: Child,
    dir: PathBuf,
    port: u16,
}

impl PgBouncer {
    /// On these processors, before the server at this port. The size of the pool is PgBouncer's own.
    pub(super) fn start(processors: &str, behind: u16) -> anyhow::Result<Self> {
        let program = PROGRAMS
            .map(Path::new)
            .into_iter()
            .find(|path| path.exists());
        let program = program.context("install PgBouncer (Debian: apt-get install pgbouncer)")?;
        let dir = std::env::temp_dir().join(format!("kaunter-bouncer-{}", std::process::id()));
        std::fs::create_dir_all(&dir)?;
        let (users, config, port) = (dir.join("users"), dir.join("pgbouncer.ini"), free_port()?);
        std::fs::write(&users, format!("\"{USER}\" \"\"\n"))?;
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={behind}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = trust\nauth_file = {}\npool_mode = transaction\nignore_startup_parameters = extra_float_digits\n",
            users.display(),
        );
        std::fs::write(&config, settings)?;
        let log = std::fs::File::create(dir.join("log"))?;
        let mut command = without_root(processors, program);
        command.arg(&config).current_dir("/").stdin(Stdio::null());
        command.stdout(log.try_clone()?).stderr(log);
        let child = command.spawn()?;
        let front = Self { child, dir, port };
        let began = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            ensure!(began.elapsed() < START, "PgBouncer does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(front)
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        // `runuser` may stand before it, and hands this signal on.
        let _ = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}
