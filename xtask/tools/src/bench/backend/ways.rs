//! What a PgBouncer and `commit_delay` change: the same tills and sales on one PostgreSQL, without them and with each.

use anyhow::Context as _;
use serde_json::json;

use super::super::machine::Pins;
use super::super::postgres::Postgres;
use super::costs::{per_sale, stages};
use super::load::Measured;
use super::parts::Parts;
use super::{Rush, tills_look, words};
use crate::run::{step, target};

/// One way to use the database.
struct Way {
    name: String,
    /// Microseconds that PostgreSQL waits before a flush, for other changes to join it.
    commit_delay: u64,
}

pub(super) fn run(postgres: &mut Postgres, pins: &Pins, rush: &Rush) -> anyhow::Result<()> {
    let way = |name: String, commit_delay| Way { name, commit_delay };
    let direct = way("direct".to_owned(), 0);
    let delays = rush.commit_delay.iter();
    let delays = delays.map(|us| way(format!("commit_delay = {us}"), *us));
    for way in std::iter::once(direct).chain(delays) {
        one(postgres, pins, rush, &way)?;
    }
    if rush.pgbouncer {
        postgres.pool()?;
        one(postgres, pins, rush, &way("PgBouncer".to_owned(), 0))?;
    }
    Ok(())
}

fn one(postgres: &Postgres, pins: &Pins, rush: &Rush, way: &Way) -> anyhow::Result<()> {
    let name = way.name.replace([' ', '='], "").to_lowercase();
    step(&format!("{}: tills", way.name));
    let parts = start(postgres, pins, way, &format!("{name}_tills"))?;
    let args = tills_look(&rush.first_tills().to_string());
    let told = parts.load(&rush.with_seconds(&args), |_| ())?;
    drop(parts);
    for stage in stages(&json!({"tills": told})) {
        let us = |what| stage.per_look(what).unwrap_or(0.0) * 1_000.0;
        println!(
            "{}: {} tills, {} looks failed, p50 and p99 of a look {} and {} us, {:.0} us and {:.2} statements per look, {:.2} statements per question",
            way.name,
            stage.looks["open"],
            stage.looks["failed"],
            stage.looks["looks"]["p50_us"],
            stage.p99_us(),
            us("backend_ms"),
            stage.per_look("statements").unwrap_or(0.0),
            stage.per_question("statements").unwrap_or(0.0),
        );
    }
    for rate in &rush.sales {
        step(&format!("{}: {rate} sales a second", way.name));
        let parts = start(postgres, pins, way, &format!("{name}_sales_{rate}"))?;
        let args = words(&["sales", "--rate", &rate.to_string()]);
        let told = parts.load(&rush.with_seconds(&args), |_| ())?;
        let told = told.first().context("no figures")?;
        println!(
            "{}: {rate} sales a second, {:.0} made a second, {} failed, p50 and p99 of a begin {} and {} us, of a payment {} and {} us, {:.2} flushes and {:.1} statements and {:.2} ms of the database and {:.2} ms of the backend per sale",
            way.name,
            told.number("paid") / told.number("seconds"),
            told["failed"],
            told["begin"]["p50_us"],
            told["begin"]["p99_us"],
            told["pay"]["p50_us"],
            told["pay"]["p99_us"],
            per_sale(told, "flushes").unwrap_or(0.0),
            per_sale(told, "statements").unwrap_or(0.0),
            per_sale(told, "database_ms").unwrap_or(0.0),
            per_sale(told, "backend_ms").unwrap_or(0.0),
        );
    }
    Ok(())
}

fn start<'a>(
    postgres: &'a Postgres,
    pins: &Pins,
    way: &Way,
    database: &str,
) -> anyhow::Result<Parts<'a>> {
    let parts = Parts::start(&target().join("release"), Some((postgres, database)), pins)?;
    if way.commit_delay > 0 {
        // Running sessions take it over.
        let set = format!("ALTER SYSTEM SET commit_delay = {}", way.commit_delay);
        postgres.ask(database, &set)?;
    } else {
        postgres.ask(database, "ALTER SYSTEM RESET commit_delay")?;
    }
    postgres.ask(database, "SELECT pg_reload_conf()")?;
    Ok(parts)
}
