//! Many minutes with as many tills, and with sales that begin and end beside them: does the backend's memory grow?

use serde_json::Value;

use super::super::machine::Pins;
use super::super::postgres::Postgres;
use super::load::Measured;
use super::parts::Parts;
use super::words;
use crate::run::{step, target};

/// Sales per second beside the tills that wait.
const TURNOVER: u64 = 5;
/// The first minutes do not count for the slope: buffers and caches reach their size.
const WARM: usize = 3;

pub(super) fn run(
    postgres: &Postgres,
    pins: &Pins,
    tills: u64,
    minutes: u64,
) -> anyhow::Result<()> {
    step(&format!(
        "{tills} tills look for {minutes} minutes, {TURNOVER} sales a second beside them"
    ));
    let parts = Parts::start(&target().join("release"), Some((postgres, "soak")), pins)?;
    let mut memory = Vec::new();
    let args = words(&[
        "--seconds",
        "59",
        "tills",
        "--tills",
        &tills.to_string(),
        "--rounds",
        &minutes.to_string(),
        "--turnover",
        &TURNOVER.to_string(),
        "--opening",
        "120",
    ]);
    parts.load(&args, |told| {
        if told["ends"] == "looks" {
            memory.push(told["used"].number("memory_kib"));
            println!("{}", minute(memory.len(), told));
        }
    })?;
    if let Some(slope) = slope(memory.get(WARM..).unwrap_or_default()) {
        println!(
            "memory grows by {slope:.1} KiB a minute, from minute {} on",
            WARM + 1
        );
    }
    Ok(())
}

fn minute(nth: usize, told: &Value) -> String {
    let used = &told["used"];
    format!(
        "minute {nth}: {:.1} MiB, {} looks, {} failed, p99 {:.1} ms, {} questions, backend {:.0} % of a processor",
        used.number("memory_kib") / 1024.0,
        told["looks"]["count"],
        told["failed"],
        told["looks"].number("p99_us") / 1000.0,
        told["questions"],
        used.number("backend_ms") / told.number("seconds") / 10.0,
    )
}

/// The growth from one value to the next: the line of least squares.
fn slope(values: &[f64]) -> Option<f64> {
    let count = u32::try_from(values.len())
        .ok()
        .filter(|count| *count > 1)?;
    let middle = f64::from(count - 1) / 2.0;
    let mean = values.iter().sum::<f64>() / f64::from(count);
    let (mut both, mut own) = (0.0, 0.0);
    for (nth, value) in (0..count).zip(values) {
        let along = f64::from(nth) - middle;
        both += along * (value - mean);
        own += along * along;
    }
    Some(both / own)
}
