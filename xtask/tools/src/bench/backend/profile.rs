//! Where the time goes: the statements of PostgreSQL, and with Linux's `perf` the functions of the backend.

use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::super::machine::Pins;
use super::super::postgres::Postgres;
use super::parts::Parts;
use super::{Rush, words};
use crate::run::{step, target};

const RESET: &str = "SELECT pg_stat_statements_reset(); SELECT pg_stat_reset_shared('wal')";
/// How often each statement ran, and for how many milliseconds in all.
const STATEMENTS: &str = "SELECT calls, round(total_exec_time::numeric, 1), wal_bytes, replace(left(query, 120), chr(10), ' ') FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND query NOT LIKE '%pg_stat_%' ORDER BY calls DESC LIMIT 40";
/// How many functions are listed, each with the functions that it calls.
const FUNCTIONS: usize = 150;

pub(super) fn run(postgres: &Postgres, pins: &Pins, rush: &Rush) -> anyhow::Result<()> {
    let seconds = rush.seconds.to_string();
    let tills = rush.first_tills().to_string();
    let rate = rush.sales.first().copied().unwrap_or(50).to_string();
    let loads = [
        words(&[
            "--seconds",
            &seconds,
            "tills",
            "--tills",
            &tills,
            "--silence",
            &seconds,
            "--opening",
            "120",
        ]),
        words(&["--seconds", &seconds, "sales", "--rate", &rate]),
    ];
    let folder = rush.builds().remove(0).1;
    for (nth, args) in loads.iter().enumerate() {
        let database = format!("profile_{nth}");
        let parts = Parts::start(&folder, Some((postgres, &database)), pins)?;
        let (mut perf, mut wrong) = (None, None);
        parts.load(args, |line| {
            if let Some(phase) = line["begins"].as_str() {
                perf = parts
                    .backends
                    .first()
                    .and_then(|one| record(one.pid(), phase));
                wrong = postgres.ask(&database, RESET).err();
            } else if let Err(error) = report(postgres, &database, line, perf.take()) {
                wrong = Some(error);
            }
        })?;
        if let Some(wrong) = wrong {
            return Err(wrong);
        }
    }
    Ok(())
}

fn picture(phase: &str) -> std::path::PathBuf {
    target().join(format!("bench/backend-{phase}.perf"))
}

/// `None` without `perf`.
fn record(pid: u32, phase: &str) -> Option<Child> {
    let file = picture(phase);
    Command::new("perf")
        .args([
            "record",
            "--quiet",
            "--call-graph",
            "dwarf,16384",
            "--freq",
            "149",
        ])
        .args(["--pid", &pid.to_string(), "--output"])
        .arg(file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()
}

fn report(
    postgres: &Postgres,
    database: &str,
    line: &Value,
    perf: Option<Child>,
) -> anyhow::Result<()> {
    let phase = line["ends"].as_str().unwrap_or_default();
    step(&format!("Profile of {phase}: {line}"));
    println!(
        "calls, milliseconds, bytes for the log, statement\n{}",
        postgres.ask(database, STATEMENTS)?
    );
    let Some(mut perf) = perf else {
        println!("no perf: install it to see the backend's functions");
        return Ok(());
    };
    Command::new("kill")
        .args(["-INT", &perf.id().to_string()])
        .status()?;
    perf.wait()?;
    let told = Command::new("perf")
        .args([
            "report",
            "--stdio",
            "--children",
            "--no-inline",
            "--sort",
            "symbol",
            "--call-graph",
            "none",
        ])
        .arg("--input")
        .arg(picture(phase))
        .output()?;
    let text = String::from_utf8_lossy(&told.stdout);
    let lines = text.lines().filter(|line| line.contains('%'));
    lines
        .take(FUNCTIONS)
        .for_each(|line| println!("{}", line.trim_end()));
    Ok(())
}
