//! The sandbox and a backend on one store, each in a process of its own. Every measurement starts them anew.

use std::path::Path;

use super::super::machine::{Pins, Program, pinned};
use super::super::postgres::Postgres;
use crate::run::target;

/// The running programs.
pub(super) struct Parts<'a> {
    pub(super) sandbox: Program,
    /// One, or several on one store.
    pub(super) backends: Vec<Program>,
    pub(super) keys: Vec<(&'static str, String)>,
    /// The database server, and the name of the database.
    pub(super) postgres: Option<(&'a Postgres, String)>,
    pub(super) pins: Pins,
}

/// The settings of the measured backend. As in production, but with a deadline longer than any measurement, and with
/// more sales per till than a person could make. The tills' addresses are shops of 100 tills, so that limits per address
/// stay as they are.
fn settings(database: &Path, gateway: &str) -> String {
    format!(
        "listen = \"127.0.0.1:0\"\ndatabase = {database:?}\nshop = \"load\"\n[limits]\ncalls_per_minute = 100000\nconnections = 12000\nconnections_per_address = 9000\n[gateway]\nbase_url = \"{gateway}/version1\"\nprofile = \"sandbox\"\n[policy]\ndeadline_ms = 7200000\n",
    )
}

impl<'a> Parts<'a> {
    /// Starts the backend of this folder, with the sandbox of this build.
    pub(super) fn start(
        folder: &Path,
        postgres: Option<(&'a Postgres, &str)>,
        pins: &Pins,
    ) -> anyhow::Result<Self> {
        Self::several(1, folder, postgres, pins)
    }

    /// Starts several backends of this folder on one store.
    pub(super) fn several(
        count: usize,
        folder: &Path,
        postgres: Option<(&'a Postgres, &str)>,
        pins: &Pins,
    ) -> anyhow::Result<Self> {
        let dir = target().join("bench/backend");
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(&dir)?;
        let mut keys = Vec::new();
        for name in [
            "KAUNTER_GATEWAY_KEY",
            "KAUNTER_GATEWAY_SECRET",
            "KAUNTER_GATEWAY_MERCHANT",
            "KAUNTER_GATEWAY_PASSWORD",
            "KAUNTER_SERVER_KEY",
            "KAUNTER_SIGNING_KEY",
        ] {
            keys.push((name, fresh()?));
        }
        if let Some((postgres, name)) = postgres {
            keys.push(("KAUNTER_DATABASE_URL", postgres.database(name)?));
        }
        let mut command = pinned(&pins.others, target().join("release/kaunter-sandbox"));
        command.args(["--seed", "1", "--lean"]);
        command.envs(keys.iter().cloned());
        let sandbox = Program::start(command, &dir.join("sandbox.log"))?;
        let config = dir.join("kaunter.toml");
        std::fs::write(&config, settings(&dir.join("kaunter.db"), &sandbox.address))?;
        let mut backends = Vec::new();
        for nth in 0..count {
            let mut command = pinned(&pins.backend, folder.join("kaunter-backend"));
            command.arg("--config").arg(&config);
            command
                .env_remove("KAUNTER_LOG")
                .env_remove("RUST_LOG")
                .envs(keys.iter().cloned());
            let log = dir.join(format!("backend-{nth}.log"));
            backends.push(Program::start(command, &log)?);
        }
        Ok(Self {
            sandbox,
            backends,
            keys,
            postgres: postgres.map(|(postgres, name)| (postgres, name.to_owned())),
            pins: pins.clone(),
        })
    }
}

fn fresh() -> anyhow::Result<String> {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    Ok(format!("sandbox-{}", hex::encode(bytes)))
}
