//! `cargo xtask bench backend`: how much time the backend adds to the gateway's, and how much memory and CPU it uses.

mod page;

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::machine::Program;
use super::postgres::Postgres;
use crate::run::{cargo, run, step, target};

/// The limits of the load.
#[derive(clap::Args)]
pub(crate) struct Rush {
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Numbers of tills that check a payment every 2 s; one measurement each.
    #[arg(long, value_delimiter = ',', default_values_t = [10, 100, 300, 1000])]
    tills: Vec<u64>,
    /// Numbers of sales per second; one measurement each.
    #[arg(long, value_delimiter = ',', default_values_t = [5, 20, 50, 100])]
    sales: Vec<u64>,
    /// Only this store; the other store keeps the figures of the last run.
    #[arg(long, value_parser = ["sqlite", "postgres"])]
    only: Option<String>,
}

/// How many tills check one payment.
const ASKERS: u64 = 50;

/// The sandbox and a backend on one store; restarted for each measurement.
struct Parts {
    sandbox: Program,
    backend: Program,
    keys: Vec<(&'static str, String)>,
}

impl Rush {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        step("Building in release");
        let build = ["build", "--quiet", "--release"];
        let packages = [
            "--package",
            "kaunter-backend",
            "--package",
            "kaunter-sandbox",
        ];
        run(cargo(&[&build[..], &packages[..]].concat()))?;
        let postgres = Postgres::start()?;
        let mut all = self.before()?;
        for store in ["sqlite", "postgres"] {
            if self.only.as_deref().is_some_and(|only| only != store) {
                continue;
            }
            all[store] = self.measure(store, &postgres)?;
        }
        all["postgres_version"] = json!(postgres.version);
        std::fs::write(kept(), serde_json::to_string_pretty(&all)?)?;
        page::write(&all)
    }

    /// The figures of the last run, if only one store is measured.
    fn before(&self) -> anyhow::Result<Value> {
        if self.only.is_none() {
            return Ok(json!({}));
        }
        let text = std::fs::read_to_string(kept()).unwrap_or_else(|_| "{}".to_owned());
        Ok(serde_json::from_str(&text)?)
    }

    fn measure(&self, store: &str, postgres: &Postgres) -> anyhow::Result<Value> {
        let mut count = 0;
        let mut one = |name: &str, number: u64, what: &str| -> anyhow::Result<Value> {
            step(&format!("{store}: {number} {what}"));
            count += 1;
            let url = match store {
                "postgres" => Some(postgres.database(&format!("bench_{count}"))?),
                _ => None,
            };
            let parts = Parts::start(url)?;
            let told = parts.load(name, number, self.seconds)?;
            println!("{told}");
            Ok(told)
        };
        let mut told = json!({"tills": [], "sales": []});
        let mut keep = |list: &str, value: Value| {
            if let Some(list) = told[list].as_array_mut() {
                list.push(value);
            }
        };
        for tills in &self.tills {
            keep("tills", one("tills", *tills, "tills ask")?);
        }
        for rate in &self.sales {
            keep("sales", one("sales", *rate, "sales a second")?);
        }
        told["askers"] = one("askers", ASKERS, "askers of one payment")?;
        Ok(told)
    }
}

fn kept() -> PathBuf {
    target().join("bench/backend.json")
}

impl Parts {
    fn start(database_url: Option<String>) -> anyhow::Result<Self> {
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
        if let Some(url) = database_url {
            keys.push(("KAUNTER_DATABASE_URL", url));
        }
        let mut command = program("kaunter-sandbox");
        command.args(["--seed", "1"]).envs(keys.iter().cloned());
        let sandbox = Program::start(command, &dir.join("sandbox.log"))?;
        let config = dir.join("kaunter.toml");
        // As in production, but with a deadline longer than the measurement, and a call limit that allows more sales
        // per till than a person could make.
        let text = format!(
            "listen = \"127.0.0.1:0\"\ndatabase = {:?}\nshop = \"load\"\n[limits]\ncalls_per_minute = 100000\n[gateway]\nbase_url = \"{}/version1\"\nprofile = \"sandbox\"\n[policy]\ndeadline_ms = 3600000\n",
            dir.join("kaunter.db"),
            sandbox.address
        );
        std::fs::write(&config, text)?;
        let mut command = program("kaunter-backend");
        command.arg("--config").arg(config);
        command
            .env_remove("KAUNTER_LOG")
            .env_remove("RUST_LOG")
            .envs(keys.iter().cloned());
        let backend = Program::start(command, &dir.join("backend.log"))?;
        Ok(Self {
            sandbox,
            backend,
            keys,
        })
    }

    fn load(&self, rush: &str, number: u64, seconds: u64) -> anyhow::Result<Value> {
        let count = match rush {
            "sales" => "--rate",
            "askers" => "--askers",
            _ => "--tills",
        };
        let before_ms = self.backend.cpu_ms()?;
        let output = program("kaunter-load")
            .args(["--backend", &self.backend.address])
            .args(["--sandbox", &self.sandbox.address])
            .args(["--seconds", &seconds.to_string()])
            .args([rush, count, &number.to_string()])
            .envs(self.keys.iter().cloned())
            .output()?;
        let wrong = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{wrong}");
        let mut told: Value = serde_json::from_slice(&output.stdout).context("no JSON")?;
        told["memory_mib"] = json!(self.backend.memory_mib()?);
        told["cpu_ms"] = json!(self.backend.cpu_ms()? - before_ms);
        Ok(told)
    }
}

fn program(name: &str) -> Command {
    Command::new(target().join("release").join(name))
}

fn fresh() -> anyhow::Result<String> {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    Ok(format!("sandbox-{}", hex::encode(bytes)))
}
