//! A backend at twice the capacity of its processor, and back.

use serde_json::Value;

use super::super::machine::Pins;
use super::super::postgres::Postgres;
use super::load::Measured;
use super::page::failures;
use super::parts::Parts;
use super::{OPENING, Rush, words};
use crate::run::{step, target};

/// The rows of the table: what `kaunter-load` calls them, and what they are.
const PHASES: [(&str, &str); 4] = [
    ("usual", "before: every till looks every 2 s"),
    ("capacity", "the capacity: some look again at once"),
    ("twice", "twice the capacity, whatever pace is asked for"),
    ("back", "after: every till looks as it is asked"),
];

pub(super) fn run(postgres: &Postgres, pins: &Pins, rush: &Rush) -> anyhow::Result<()> {
    let tills = rush.first_tills().to_string();
    let sales = rush.sales.first().copied().unwrap_or(50).to_string();
    step(&format!("{tills} tills, {sales} sales a second"));
    let name = Some((postgres, "overload"));
    let parts = Parts::start(&target().join("release"), name, pins)?;
    println!(
        "| phase | looks per second | looks failed | time of a look, p50 / p99 ms | slowest till | slowest pace | new sales begun | refused | failed | backend's part of a processor |\n|---|---|---|---|---|---|---|---|---|---|"
    );
    let opening = OPENING.to_string();
    let args = words(&[
        "overload",
        "--tills",
        &tills,
        "--sales",
        &sales,
        "--opening",
        &opening,
    ]);
    let told = parts.load(&rush.with_seconds(&args), |told| {
        for (phase, words) in PHASES {
            if told["ends"] == phase {
                println!("{}", row(words, told));
            }
        }
    })?;
    for end in told.iter().filter(|told| told["ends"] == "end") {
        println!(
            "each till looked every {} ms; new sales were refused for {:.1} s after it, and looks were slower for {:.1} s; {} sales that had begun were not paid",
            end["pause_ms"],
            end.number("refused_for_seconds"),
            end.number("slow_for_seconds"),
            end["lost"],
        );
    }
    Ok(())
}

fn row(words: &str, told: &Value) -> String {
    let ms = |times: &str, name: &str| told[times].number(name) / 1_000.0;
    let sales = &told["sales"];
    format!(
        "| {words} | {:.0} | {} | {:.1} / {:.1} | {:.1} s | {:.1} s | {} | {} | {} | {:.2} |",
        told.number("looks_per_second"),
        failures(told),
        ms("looks", "p50_us"),
        ms("looks", "p99_us"),
        ms("gaps", "max_us") / 1_000.0,
        told.number("pace_ms") / 1_000.0,
        sales["begun"],
        sales["refused"],
        failures(sales),
        told["used"].number("backend_ms") / told.number("seconds") / 1_000.0,
    )
}
