//! The figures as a page.

use std::fmt::Write as _;

use serde_json::Value;

use super::costs::{Stage, list, memory_per_till, per_sale, share, stages};
use super::load::Measured;
use super::plot;
use crate::run::root;

/// The stores.
const STORES: [(&str, &str); 2] = [("postgres", "PostgreSQL"), ("sqlite", "SQLite")];
/// The builds of a comparison.
const BUILDS: [&str; 2] = ["before", "after"];
/// The targets: numbers of tills, and the longest p99 of a look, in microseconds.
pub(super) const TARGETS: [(&str, u64, u64); 3] = [
    ("postgres", 5_000, 20_000),
    ("postgres", 10_000, 100_000),
    ("sqlite", 5_000, 20_000),
];
/// People write the page after this line.
const BY_HAND: &str = "<!-- By hand from here. -->";

pub(super) fn write(all: &Value) -> anyhow::Result<()> {
    let docs = root().join("docs");
    std::fs::create_dir_all(&docs)?;
    let mut text = head(all) + &ratios(all) + &targets(all);
    for (key, name) in STORES {
        if all[key].is_object() {
            text += &store(name, &all[key]);
        }
    }
    let file = docs.join("backend.md");
    // Keeps what people wrote below the figures.
    let words = std::fs::read_to_string(&file).unwrap_or_default();
    if let Some((_, words)) = words.split_once(BY_HAND) {
        text = format!("{text}\n{BY_HAND}{words}");
    }
    std::fs::write(&file, &text)?;
    std::fs::write(docs.join("backend.svg"), plot::drawn(all))?;
    println!("{text}");
    Ok(())
}

fn head(all: &Value) -> String {
    let model = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = model
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("?", |rest| rest.trim_start_matches([':', ' ', '\t']));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!(
        "# The backend, measured\n\n\
        Written by `cargo xtask bench backend` on {}: kaunter {} in release, SQLite (WAL, synchronous FULL), PostgreSQL {} with default settings and `pg_stat_statements`; {cores} processors ({}).\n\
        The backend has one processor of its own. The simulated tills, the database and the gateway (the sandbox) share the others.\n\
        Each till has its own connection and a payment that its customer never confirms. A look is `GET /v1/trades/{{trade_id}}`, every 2 s or at the pace that the backend asks for. It never waits for the gateway, so all of its time is added by the backend.\n\
        A question is the backend's own status check at the gateway. Its cost is measured while no till looks; the rest is the cost of the looks. A process asks at most 500 questions a second (`policy.questions_per_second`); a build without that setting asks about each payment every 2 s.\n\
        A payment is `POST .../code`. The gateway's own time is measured in the same run with direct calls to the sandbox. Times are p50 / p99 in milliseconds.\n\n",
        today(),
        env!("CARGO_PKG_VERSION"),
        all["postgres_version"].as_str().unwrap_or("?"),
        model.trim(),
    )
}

fn today() -> String {
    let mut date = std::process::Command::new("date");
    date.arg("+%Y-%m-%d");
    let said = date
        .output()
        .map(|output| output.stdout)
        .unwrap_or_default();
    String::from_utf8_lossy(&said).trim().to_owned()
}

pub(super) fn thousandths(us: u64) -> String {
    format!("{}.{:02}", us / 1000, us % 1000 / 10)
}

fn both(times: &Value) -> String {
    let at = |name: &str| times[name].as_u64().map_or("–".to_owned(), thousandths);
    format!("{} / {}", at("p50_us"), at("p99_us"))
}

fn optional(number: Option<f64>, decimals: usize) -> String {
    number.map_or("–".to_owned(), |number| format!("{number:.decimals$}"))
}

/// How many times less the later figure is.
fn times_less(before: Option<f64>, after: Option<f64>) -> String {
    let ratio = before
        .zip(after)
        .and_then(|(before, after)| share(before, after));
    ratio.map_or("–".to_owned(), |ratio| format!("{ratio:.1}"))
}

/// The comparison of two builds, if there are two: ratios first.
fn ratios(all: &Value) -> String {
    let mut rows = String::new();
    for (key, name) in STORES {
        let (before, after) = (stages(&all[key]["before"]), stages(&all[key]["after"]));
        for after in &after {
            let before = before.iter().find(|before| before.tills() == after.tills());
            if before.is_some() || all[key]["before"].is_object() {
                rows += &compared(name, before, after);
            }
        }
    }
    if rows.is_empty() {
        return rows;
    }
    format!(
        "## Before and after, in one run\n\n| store | tills | p99: times shorter | processor per look: times less | per question: times less | p99 before | p99 after | failed before | failed after | open before | open after |\n|---|---|---|---|---|---|---|---|---|---|---|\n{rows}\n![p50 and p99 of a look](backend.svg)\n\n"
    )
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of seconds")]
fn compared(store: &str, before: Option<&Stage<'_>>, after: &Stage<'_>) -> String {
    let p99 = |stage: Option<&Stage<'_>>| stage.map(|stage| stage.p99_us() as f64);
    let cost = |stage: Option<&Stage<'_>>, of: fn(&Stage<'_>, &str) -> Option<f64>| {
        stage.and_then(|stage| of(stage, "backend_ms"))
    };
    let less = |of: fn(&Stage<'_>, &str) -> Option<f64>| {
        times_less(cost(before, of), cost(Some(after), of))
    };
    let failed = |stage: &Stage<'_>| {
        let part = share(stage.looks.number("failed"), stage.look_count()).unwrap_or(1.0);
        format!("{:.1} %", part * 100.0)
    };
    let of_before = |say: &dyn Fn(&Stage<'_>) -> String| before.map_or("–".to_owned(), say);
    let (p99_text, open) = (
        |stage: &Stage<'_>| format!("{} ms", thousandths(stage.p99_us())),
        |stage: &Stage<'_>| stage.looks["open"].to_string(),
    );
    format!(
        "| {store} | {} | **{}** | **{}** | **{}** | {} | {} | {} | {} | {} | {} |\n",
        after.tills(),
        times_less(p99(before), p99(Some(after))),
        less(|stage, what| stage.per_look(what)),
        less(|stage, what| stage.per_question(what)),
        of_before(&p99_text),
        p99_text(after),
        of_before(&failed),
        failed(after),
        of_before(&open),
        open(after),
    )
}

fn targets(all: &Value) -> String {
    let mut text = "## Targets\n\n".to_owned();
    for (key, tills, most_us) in TARGETS {
        let name = STORES
            .iter()
            .find(|(own, _)| *own == key)
            .map_or("", |(_, name)| name);
        let found = stages(&all[key]["after"]);
        let found = found.iter().find(|stage| stage.tills() == tills);
        let told = found.map_or("not measured in this run".to_owned(), |stage| {
            let good = stage.is_whole() && stage.looks["failed"] == 0 && stage.p99_us() < most_us;
            let met = if good { "met" } else { "not met" };
            format!(
                "{} ms, {} of {} looks failed: {met}",
                thousandths(stage.p99_us()),
                stage.looks["failed"],
                stage.look_count(),
            )
        });
        // Writing to memory can't fail.
        let _ = writeln!(
            text,
            "- {tills} tills on {name}, no look fails, p99 below {} ms: {told}.",
            most_us / 1000
        );
    }
    text + "\n"
}

fn store(name: &str, told: &Value) -> String {
    let mut text = format!("## {name}\n\n");
    let builds: Vec<_> = BUILDS
        .iter()
        .filter(|build| told[**build].is_object())
        .collect();
    text += "| build | tills open | looks per second | time of a look | longest time of a till without an answer | failed | pace | questions per second | µs of the processor per look | per question | statements per look | per question | backend's part of a processor | database's | memory |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n";
    for build in &builds {
        for stage in stages(&told[**build]) {
            text += &tills_row(build, &stage);
        }
    }
    text += "\n";
    for build in &builds {
        let stages = stages(&told[**build]);
        // Questions that are asked together cost less, so more tills may cost less each.
        let whole = stages.iter().filter(|stage| stage.is_whole());
        let carried = whole.filter_map(Stage::tills_per_core).reduce(f64::max);
        let _ = writeln!(
            text,
            "{build}: one processor carries {} such tills. A till with its connection and its open trade takes {} KiB.",
            optional(carried, 0),
            optional(memory_per_till(&told[**build]), 1),
        );
    }
    text += "\n| build | sales per second | made per second | paid | failed | begin | payment | the gateway's part of it | statements per sale | flushes per sale | ms of the processor per sale | memory |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n";
    for build in &builds {
        for one in list(&told[**build]["sales"]) {
            text += &sales_row(build, one);
        }
    }
    if let Some(one) = list(&told["after"]["askers"]).first() {
        let _ = writeln!(
            text,
            "\n{} tills look at one payment: {} looks, {} questions in {:.0} s.",
            one["tills"],
            one["looks"]["count"],
            one["questions"],
            one.number("seconds"),
        );
    }
    text + "\n"
}

fn tills_row(build: &str, stage: &Stage<'_>) -> String {
    let (looks, used) = (stage.looks, &stage.looks["used"]);
    let us = |ms: Option<f64>| optional(ms.map(|ms| ms * 1_000.0), 0);
    let part = |ms: f64| ms / looks.number("seconds").max(1.0) / 1_000.0;
    format!(
        "| {build} | {} | {:.0} | {} | {} s | {} | {:.1} s | {:.0} | {} | {} | {} | {} | {:.2} | {:.2} | {:.0} MiB |\n",
        looks["open"],
        share(stage.look_count(), looks.number("seconds")).unwrap_or(0.0),
        both(&looks["looks"]),
        thousandths(looks["gaps"]["max_us"].as_u64().unwrap_or(0) / 1_000),
        failures(looks),
        looks.number("pace_ms") / 1_000.0,
        stage.per_second("questions"),
        us(stage.per_look("backend_ms")),
        us(stage.per_question("backend_ms")),
        optional(stage.per_look("statements"), 2),
        optional(stage.per_question("statements"), 2),
        stage.busy(),
        part(used.number("database_ms")),
        used.number("memory_kib") / 1024.0,
    )
}

fn sales_row(build: &str, one: &Value) -> String {
    let made = share(one.number("paid"), one.number("seconds"));
    format!(
        "| {build} | {} | {} | {} of {} | {} | {} | {} | {} | {} | {} | {} | {:.0} MiB |\n",
        one["rate"],
        optional(made, 0),
        one["paid"],
        one["sales"],
        failures(one),
        both(&one["begin"]),
        both(&one["pay"]),
        both(&one["gateway"]),
        optional(per_sale(one, "statements"), 1),
        optional(per_sale(one, "flushes"), 2),
        optional(per_sale(one, "backend_ms"), 2),
        one["used"].number("memory_kib") / 1024.0,
    )
}

/// How many failed, and of which kinds.
pub(super) fn failures(told: &Value) -> String {
    let kinds = told["failures"].as_object().into_iter().flatten();
    let kinds: Vec<String> = kinds
        .map(|(kind, count)| format!("{count} × {kind}"))
        .collect();
    if kinds.is_empty() {
        return "0".to_owned();
    }
    kinds.join(", ")
}
