//! The figures as a page and a plot.

use std::fmt::Write as _;

use serde_json::Value;

use crate::run::root;

/// The target: 1,000 tills on PostgreSQL, 99 % of the status checks within 20 ms.
const TARGET_TILLS: u64 = 1_000;
const TARGET_US: u64 = 20_000;

const STORES: [(&str, &str, &str); 2] = [
    ("sqlite", "SQLite", "#e8590c"),
    ("postgres", "PostgreSQL", "#0b7285"),
];

pub(super) fn write(all: &Value) -> anyhow::Result<()> {
    let docs = root().join("docs");
    std::fs::create_dir_all(&docs)?;
    let mut text = head(all);
    for (key, name, _) in STORES {
        if all[key].is_object() {
            text += &store(name, &all[key]);
        }
    }
    text += &target(all);
    let file = docs.join("backend.md");
    // Keeps what people wrote below the figures.
    let words = std::fs::read_to_string(&file).unwrap_or_default();
    if let Some((_, words)) = words.split_once(BY_HAND) {
        text = format!("{text}\n{BY_HAND}{words}");
    }
    std::fs::write(&file, &text)?;
    std::fs::write(docs.join("backend.svg"), plot(all))?;
    println!("{text}");
    Ok(())
}

/// People write the page after this line.
const BY_HAND: &str = "<!-- By hand from here. -->";

fn head(all: &Value) -> String {
    let model = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = model
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("?", |rest| rest.trim_start_matches([':', ' ', '\t']));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!(
        "# The backend, measured\n\nWritten by `cargo xtask bench backend` on {}: kaunter {} in release, SQLite (WAL, synchronous FULL), PostgreSQL {} with default settings; {cores} cores ({}).\nThe simulated tills, the database, the gateway (the sandbox) and the backend share them.\nA status check is `GET /v1/trades/{{trade_id}}`. It never waits for the gateway, so all of its time is added by the backend.\nA payment is `POST .../code`. The gateway's own time is subtracted; it is measured in the same run with direct calls to the sandbox. Times are p50 / p99 in milliseconds.\n\n",
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

fn ms(value: &Value) -> String {
    thousandths(value.as_u64().unwrap_or(0))
}

fn thousandths(us: u64) -> String {
    format!("{}.{:02}", us / 1000, us % 1000 / 10)
}

fn both(times: &Value) -> String {
    format!("{} / {}", ms(&times["p50_us"]), ms(&times["p99_us"]))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn per_second(count: &Value, seconds: &Value) -> u64 {
    count.as_u64().unwrap_or(0) / seconds.as_u64().unwrap_or(1).max(1)
}

fn store(name: &str, told: &Value) -> String {
    let mut text = format!(
        "## {name}\n\n| tills that check every 2 s | checks per second | time of a check | gateway queries per second | time of a gateway query | failed | memory | processor |\n|---|---|---|---|---|---|---|---|\n"
    );
    for one in list(&told["tills"]) {
        // Writing to memory can't fail.
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} MiB | {} s |",
            one["tills"],
            per_second(&one["polls"]["count"], &one["seconds"]),
            both(&one["polls"]),
            per_second(&one["questions"], &one["seconds"]),
            both(&one["gateway"]),
            one["failed"],
            one["memory_mib"],
            seconds(&one["cpu_ms"]),
        );
    }
    let _ = writeln!(
        text,
        "\n| sales per second | paid | failed | creation | payment | the gateway's part of it | added by the backend | memory | processor |\n|---|---|---|---|---|---|---|---|---|"
    );
    for one in list(&told["sales"]) {
        let added = |at: &str| {
            let through = one["pay"][at].as_u64().unwrap_or(0);
            thousandths(through.saturating_sub(one["gateway"][at].as_u64().unwrap_or(0)))
        };
        let _ = writeln!(
            text,
            "| {} | {} of {} | {} | {} | {} | {} | {} / {} | {} MiB | {} s |",
            one["rate"],
            one["paid"],
            one["sales"],
            one["failed"],
            both(&one["create"]),
            both(&one["pay"]),
            both(&one["gateway"]),
            added("p50_us"),
            added("p99_us"),
            one["memory_mib"],
            seconds(&one["cpu_ms"]),
        );
    }
    let askers = &told["askers"];
    let _ = writeln!(
        text,
        "\n{} tills check one payment: {} status checks, {} gateway queries in {} s and the 2 s before.\n",
        askers["askers"], askers["polls"]["count"], askers["questions"], askers["seconds"],
    );
    text
}

fn seconds(cpu_ms: &Value) -> String {
    let ms = cpu_ms.as_u64().unwrap_or(0);
    format!("{}.{}", ms / 1000, ms % 1000 / 100)
}

fn target(all: &Value) -> String {
    let found = list(&all["postgres"]["tills"])
        .iter()
        .find(|one| one["tills"] == TARGET_TILLS);
    let Some(p99_us) = found.and_then(|one| one["polls"]["p99_us"].as_u64()) else {
        return "## Target\n\nNot measured in this run.\n\n".to_owned();
    };
    let met = if p99_us < TARGET_US { "met" } else { "not met" };
    format!(
        "## Target\n\n{TARGET_TILLS} tills that check every 2 s, p99 of a check on PostgreSQL below {} ms: {} ms, {met}.\n\n![Time of a status check](backend.svg)\n",
        TARGET_US / 1000,
        thousandths(p99_us),
    )
}

/// p99 (a line) and p50 (dashes) of a status check by the number of tills; both axes are logarithmic.
fn plot(all: &Value) -> String {
    let (width, height, left, bottom) = (640, 300, 60, 260);
    let mut parts = vec![format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" font-size="11"><rect width="{width}" height="{height}" fill="#fff"/>"##
    )];
    for (tills, label) in [(10, "10"), (100, "100"), (1000, "1,000 tills")] {
        let x = across(tills);
        parts.push(format!(r##"<line x1="{x}" y1="20" x2="{x}" y2="{bottom}" stroke="#eee"/><text x="{x}" y="276" text-anchor="middle">{label}</text>"##));
    }
    for (us, label) in [
        (100, "0.1 ms"),
        (1_000, "1 ms"),
        (10_000, "10 ms"),
        (100_000, "100 ms"),
    ] {
        let y = up(us);
        parts.push(format!(r##"<line x1="{left}" y1="{y}" x2="620" y2="{y}" stroke="#eee"/><text x="54" y="{y}" text-anchor="end">{label}</text>"##));
    }
    let y = up(TARGET_US);
    parts.push(format!(r##"<line x1="{left}" y1="{y}" x2="620" y2="{y}" stroke="#c92a2a" stroke-dasharray="2 3"/><text x="66" y="{}" fill="#c92a2a">target, p99</text>"##, y - 4));
    for (nth, (key, name, colour)) in (0..).zip(STORES) {
        let x = 300 + nth * 110;
        parts.push(format!(r#"<rect x="{x}" y="8" width="10" height="10" fill="{colour}"/><text x="{}" y="17">{name}</text>"#, x + 15));
        for (at, dashes) in [("p99_us", ""), ("p50_us", r#" stroke-dasharray="4 3""#)] {
            let points: Vec<String> = list(&all[key]["tills"])
                .iter()
                .filter_map(|one| {
                    let (tills, us) = (one["tills"].as_u64()?, one["polls"][at].as_u64()?);
                    Some(format!("{},{}", across(tills), up(us)))
                })
                .collect();
            parts.push(format!(
                r#"<polyline points="{}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>"#,
                points.join(" ")
            ));
        }
    }
    parts.push(
        r#"<text x="620" y="292" text-anchor="end">line: p99, dashes: p50</text></svg>"#.to_owned(),
    );
    parts.join("\n") + "\n"
}

/// The x position of a number of tills: 10 at 60, 1,000 at 620.
fn across(tills: u64) -> u64 {
    60 + decades(tills.max(10), 10) * 280 / 1000
}

/// The y position of a duration in microseconds: 0.1 ms at 260, 100 ms at 20.
fn up(us: u64) -> u64 {
    260_u64.saturating_sub(decades(us.max(100), 100) * 80 / 1000)
}

/// How many powers of ten this is above the minimum, in thousandths.
fn decades(number: u64, least: u64) -> u64 {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place on a picture"
    )]
    {
        ((number as f64 / least as f64).log10() * 1000.0) as u64
    }
}
