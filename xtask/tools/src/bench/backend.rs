//! `cargo xtask bench backend`: what a look, a question to the gateway and a sale cost the backend, how long they take,
//! and what it does with more and more tills. With another build's programs, both are measured in one run.

mod costs;
mod load;
mod overload;
mod page;
mod parts;
mod plot;
mod processes;
mod profile;
mod rows;
mod soak;
mod ways;

use std::path::PathBuf;

use serde_json::{Value, json};

use super::machine::Pins;
use super::postgres::Postgres;
use crate::run::{cargo, run, step, target};
use load::Measured;
use parts::Parts;

/// The limits of the load.
#[derive(clap::Args)]
pub(crate) struct Rush {
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// Rising numbers of tills that look at a pending payment every 2 s; one measurement each.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 2_000, 5_000, 10_000])]
    tills: Vec<u64>,
    /// The most tills on SQLite.
    #[arg(long, default_value_t = 5_000)]
    sqlite_tills: u64,
    /// Numbers of sales per second; one measurement each.
    #[arg(long, value_delimiter = ',', default_values_t = [50, 200, 500])]
    sales: Vec<u64>,
    /// Only this store; the other store keeps the figures of the last run.
    #[arg(long, value_parser = ["sqlite", "postgres"])]
    only: Option<String>,
    /// A folder with an earlier `kaunter-backend`: it is measured too, and the page compares them.
    #[arg(long, value_name = "FOLDER")]
    before: Option<PathBuf>,
    /// Instead: so many minutes with the first number of tills and with sales beside them, on PostgreSQL. Prints the
    /// backend's memory each minute, and how fast it grows.
    #[arg(long, value_name = "MINUTES")]
    soak: Option<u64>,
    /// Instead: the statements of PostgreSQL, and with Linux's `perf` the functions, that the first number of tills and
    /// the first number of sales cost.
    #[arg(long)]
    profile: bool,
    /// Instead: sales at the first rate, in a PostgreSQL that has so many sales already.
    #[arg(long, value_delimiter = ',')]
    rows: Vec<u64>,
    /// Instead: the tills share so many backends on one PostgreSQL.
    #[arg(long)]
    processes: Option<usize>,
    /// Instead: the first number of tills at twice the capacity of the backend's processor and back, with sales at the
    /// first rate beside them.
    #[arg(long)]
    overload: bool,
    /// Instead: the first number of tills, and all rates of sales, on PostgreSQL without a pooler and then behind a
    /// PgBouncer.
    #[arg(long)]
    pgbouncer: bool,
    /// Instead: the same without `commit_delay` of PostgreSQL and then with so many microseconds.
    #[arg(long, value_name = "MICROSECONDS", value_delimiter = ',')]
    commit_delay: Vec<u64>,
}

/// How many tills look at one payment.
const ASKERS: u64 = 50;
/// Seconds in which nobody looks: what the backend uses then, its questions to the gateway cost.
const SILENCE: u64 = 5;
/// The longest time to open the tills of one number, in seconds. From 5,000 to 10,000 tills, that takes some 50 new
/// payments a second.
const OPENING: u64 = 100;

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
        let pins = Pins::of_this_machine();
        let mut postgres = Postgres::start(&pins.others)?;
        if let Some(minutes) = self.soak {
            return soak::run(&postgres, &pins, self.first_tills(), minutes);
        }
        if self.profile {
            return profile::run(&postgres, &pins, &self);
        }
        if !self.rows.is_empty() {
            return rows::run(&postgres, &pins, &self, &self.rows);
        }
        if let Some(count) = self.processes {
            return processes::run(&postgres, &pins, &self, count);
        }
        if self.overload {
            return overload::run(&postgres, &pins, &self);
        }
        if self.pgbouncer || !self.commit_delay.is_empty() {
            return ways::run(&mut postgres, &pins, &self);
        }
        let mut all = self.kept_figures()?;
        for store in ["postgres", "sqlite"] {
            if self.only.as_deref().is_some_and(|only| only != store) {
                continue;
            }
            for (name, folder) in self.builds() {
                all[store][name] = self.measure((store, name), &folder, &postgres, &pins)?;
                // What is measured is kept, even if a later part fails.
                all["postgres_version"] = json!(postgres.version);
                std::fs::write(kept(), serde_json::to_string_pretty(&all)?)?;
                page::write(&all)?;
            }
        }
        Ok(())
    }

    fn first_tills(&self) -> u64 {
        self.tills.first().copied().unwrap_or(1_000)
    }

    /// The arguments of a load, with the length of a measurement.
    fn with_seconds(&self, args: &[String]) -> Vec<String> {
        [&["--seconds".to_owned(), self.seconds.to_string()], args].concat()
    }

    /// The builds that are measured: this one, and an earlier one before it.
    fn builds(&self) -> Vec<(&'static str, PathBuf)> {
        let mut builds = Vec::new();
        if let Some(folder) = &self.before {
            builds.push(("before", folder.clone()));
        }
        builds.push(("after", target().join("release")));
        builds
    }

    /// The figures of the last run, for what this run does not measure.
    fn kept_figures(&self) -> anyhow::Result<Value> {
        if self.only.is_none() && self.before.is_some() {
            return Ok(json!({}));
        }
        let text = std::fs::read_to_string(kept()).unwrap_or_else(|_| "{}".to_owned());
        Ok(serde_json::from_str(&text)?)
    }

    fn measure(
        &self,
        (store, build): (&str, &str),
        folder: &std::path::Path,
        postgres: &Postgres,
        pins: &Pins,
    ) -> anyhow::Result<Value> {
        let mut count = 0;
        let mut one = |what: &str, args: &[String]| -> anyhow::Result<Vec<Value>> {
            step(&format!("{store}, {build}: {what}"));
            count += 1;
            let database = format!("bench_{build}_{count}");
            let postgres = (store == "postgres").then_some((postgres, database.as_str()));
            let parts = Parts::start(folder, postgres, pins)?;
            parts.load(&self.with_seconds(args), |told| {
                if told["ends"].is_string() {
                    println!("{told}");
                }
            })
        };
        let tills = self
            .tills
            .iter()
            .filter(|tills| store == "postgres" || **tills <= self.sqlite_tills);
        let tills = tills.map(u64::to_string).collect::<Vec<_>>().join(",");
        let looks = one(&format!("{tills} tills look"), &tills_look(&tills))?;
        let mut sales = Vec::new();
        for rate in &self.sales {
            let told = one(
                &format!("{rate} sales a second"),
                &words(&["sales", "--rate", &rate.to_string()]),
            )?;
            let broke = told.iter().any(|told| told.number("failed") > 0.0);
            sales.extend(told);
            if broke {
                // More sales per second say nothing new.
                break;
            }
        }
        let mut askers = Vec::new();
        if build == "after" {
            askers = one(
                &format!("{ASKERS} tills look at one payment"),
                &words(&["askers", "--askers", &ASKERS.to_string()]),
            )?;
        }
        Ok(json!({"tills": looks, "sales": sales, "askers": askers}))
    }
}

/// The load of rising numbers of tills that look, and then are silent.
fn tills_look(tills: &str) -> Vec<String> {
    let (silence, opening) = (SILENCE.to_string(), OPENING.to_string());
    words(&[
        "tills",
        "--tills",
        tills,
        "--silence",
        &silence,
        "--opening",
        &opening,
    ])
}

fn kept() -> PathBuf {
    target().join("bench/backend.json")
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
