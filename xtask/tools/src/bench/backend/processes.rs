//! Several backends on one PostgreSQL: what a look and a question cost all of them together, by their number.

use serde_json::json;

use super::super::machine::Pins;
use super::super::postgres::Postgres;
use super::costs::stages;
use super::parts::Parts;
use super::{Rush, tills_look};
use crate::run::{step, target};

pub(super) fn run(
    postgres: &Postgres,
    pins: &Pins,
    rush: &Rush,
    most: usize,
) -> anyhow::Result<()> {
    println!(
        "backends | tills | p99 of a look, ms | µs per look | µs per question | statements per look | per question | MiB in all"
    );
    for count in 1..=most {
        step(&format!("{count} backends"));
        let name = format!("processes_{count}");
        let folder = target().join("release");
        let parts = Parts::several(count, &folder, Some((postgres, &name)), pins)?;
        let args = tills_look(&rush.first_tills().to_string());
        let told = parts.load(&rush.with_seconds(&args), |_| ())?;
        for stage in stages(&json!({"tills": told})) {
            let us = |ms: Option<f64>| ms.unwrap_or(0.0) * 1_000.0;
            println!(
                "{count} | {} | {} | {:.0} | {:.0} | {:.2} | {:.2} | {}",
                stage.looks["open"],
                stage.p99_us() / 1_000,
                us(stage.per_look("backend_ms")),
                us(stage.per_question("backend_ms")),
                stage.per_look("statements").unwrap_or(0.0),
                stage.per_question("statements").unwrap_or(0.0),
                stage.looks["used"]["memory_kib"].as_u64().unwrap_or(0) / 1_024,
            );
        }
    }
    Ok(())
}
