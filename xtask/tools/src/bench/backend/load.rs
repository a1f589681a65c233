//! Runs the simulated tills, and reads what each process and the database used between two lines of their report.

use std::io::{BufRead, BufReader, Read as _};
use std::process::Stdio;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::super::machine::{cpu_ms, family_cpu_ms, memory_kib, pinned};
use super::parts::Parts;
use crate::run::target;

/// The statements of this database, with those that begin and end a transaction, and how often PostgreSQL waited for the
/// disk.
const COUNTS: &str = "SELECT (SELECT COALESCE(SUM(calls), 0) FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND query NOT LIKE '%pg_stat_%'), (SELECT wal_sync FROM pg_stat_wal)";

/// Figures of the report.
pub(super) trait Measured {
    fn number(&self, name: &str) -> f64;
}

impl Measured for Value {
    fn number(&self, name: &str) -> f64 {
        self[name].as_f64().unwrap_or(0.0)
    }
}

/// What was used so far.
struct Used {
    backend_ms: u64,
    load_ms: u64,
    sandbox_ms: u64,
    database_ms: u64,
    statements: u64,
    flushes: u64,
}

impl Parts<'_> {
    /// Runs `kaunter-load`, and tells its lines as they come. Each of its figures comes with what was used meanwhile.
    pub(super) fn load(
        &self,
        args: &[String],
        mut told: impl FnMut(&Value),
    ) -> anyhow::Result<Vec<Value>> {
        let mut command = pinned(&self.pins.others, target().join("release/kaunter-load"));
        for backend in &self.backends {
            command.args(["--backend", &backend.address]);
        }
        command
            .args(["--sandbox", &self.sandbox.address])
            .args(args)
            .envs(self.keys.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let lines = BufReader::new(child.stdout.take().context("no output")?).lines();
        let (mut all, mut before) = (Vec::new(), None);
        for line in lines {
            let mut line: Value = serde_json::from_str(&line?).context("no JSON")?;
            let used = self.used(child.id())?;
            if line["begins"].is_string() {
                told(&line);
                before = Some(used);
                continue;
            }
            let before = before.take().context("an end without a beginning")?;
            line["used"] = json!({
                "backend_ms": used.backend_ms.saturating_sub(before.backend_ms),
                "load_ms": used.load_ms.saturating_sub(before.load_ms),
                "sandbox_ms": used.sandbox_ms.saturating_sub(before.sandbox_ms),
                "database_ms": used.database_ms.saturating_sub(before.database_ms),
                "statements": used.statements.saturating_sub(before.statements),
                "flushes": used.flushes.saturating_sub(before.flushes),
                "memory_kib": self.backends.iter().try_fold(0, |all, backend| anyhow::Ok(all + memory_kib(backend.pid())?))?,
            });
            told(&line);
            all.push(line);
        }
        let mut wrong = String::new();
        if let Some(mut errors) = child.stderr.take() {
            errors.read_to_string(&mut wrong)?;
        }
        ensure!(child.wait()?.success(), "{wrong}");
        Ok(all)
    }

    fn used(&self, load: u32) -> anyhow::Result<Used> {
        let (mut database_ms, mut statements, mut flushes) = (0, 0, 0);
        if let Some((postgres, name)) = &self.postgres {
            database_ms = family_cpu_ms(postgres.pid()?)?;
            let counts = postgres.ask(name, COUNTS)?;
            let mut counts = counts.trim().split('\t').map(str::parse);
            statements = counts.next().context("no count")??;
            flushes = counts.next().context("no count")??;
        }
        Ok(Used {
            backend_ms: self
                .backends
                .iter()
                .try_fold(0, |all, backend| anyhow::Ok(all + cpu_ms(backend.pid())?))?,
            load_ms: cpu_ms(load)?,
            sandbox_ms: cpu_ms(self.sandbox.pid())?,
            database_ms,
            statements,
            flushes,
        })
    }
}
