//! p99 (a line) and p50 (dashes) of a look by the number of tills, for each build and store. Both axes are logarithmic.

use serde_json::Value;

use super::costs::stages;
use super::page::TARGETS;

const WIDTH: u64 = 640;
const HEIGHT: u64 = 320;
const LEFT: u64 = 60;
const RIGHT: u64 = 620;
const TOP: u64 = 40;
const BOTTOM: u64 = 280;
/// The fewest tills and the shortest time on the picture, and how many tenfold steps fit.
const LEAST_TILLS: u64 = 1_000;
const LEAST_US: u64 = 100;
const TILL_DECADES: u64 = 1;
const TIME_DECADES: u64 = 5;

/// Store, build, its name and its colour.
const LINES: [(&str, &str, &str, &str); 4] = [
    ("postgres", "before", "PostgreSQL, before", "#99bccb"),
    ("postgres", "after", "PostgreSQL, after", "#0b7285"),
    ("sqlite", "before", "SQLite, before", "#f4b8a0"),
    ("sqlite", "after", "SQLite, after", "#e8590c"),
];

pub(super) fn drawn(all: &Value) -> String {
    let mut parts = vec![format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="11"><rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>"##
    )];
    for (tills, label) in [
        (1_000, "1,000"),
        (2_000, "2,000"),
        (5_000, "5,000"),
        (10_000, "10,000 tills"),
    ] {
        let x = across(tills);
        parts.push(format!(r##"<line x1="{x}" y1="{TOP}" x2="{x}" y2="{BOTTOM}" stroke="#eee"/><text x="{x}" y="296" text-anchor="middle">{label}</text>"##));
    }
    for (us, label) in [
        (100, "0.1 ms"),
        (1_000, "1 ms"),
        (10_000, "10 ms"),
        (100_000, "100 ms"),
        (1_000_000, "1 s"),
        (10_000_000, "10 s"),
    ] {
        let y = up(us);
        parts.push(format!(r##"<line x1="{LEFT}" y1="{y}" x2="{RIGHT}" y2="{y}" stroke="#eee"/><text x="54" y="{y}" text-anchor="end">{label}</text>"##));
    }
    for (_, tills, us) in TARGETS {
        let (x, y) = (across(tills), up(us));
        parts.push(format!(r##"<line x1="{}" y1="{y}" x2="{x}" y2="{y}" stroke="#c92a2a" stroke-width="2"/><text x="{x}" y="{}" text-anchor="end" fill="#c92a2a">target</text>"##, x - 30, y - 4));
    }
    for (nth, (store, build, name, colour)) in (0..).zip(LINES) {
        let x = LEFT + nth * 145;
        parts.push(format!(r#"<rect x="{x}" y="12" width="10" height="10" fill="{colour}"/><text x="{}" y="21">{name}</text>"#, x + 15));
        for (at, dashes) in [("p99_us", ""), ("p50_us", r#" stroke-dasharray="4 3""#)] {
            parts.push(line(&all[store][build], at, colour, dashes));
        }
    }
    parts.push(
        r#"<text x="620" y="314" text-anchor="end">line: p99, dashes: p50</text></svg>"#.to_owned(),
    );
    parts.join("\n") + "\n"
}

fn line(build: &Value, at: &str, colour: &str, dashes: &str) -> String {
    let points: Vec<String> = stages(build)
        .iter()
        .filter_map(|stage| {
            let us = stage.looks["looks"][at].as_u64()?;
            let open = stage.looks["open"].as_u64()?;
            Some(format!("{},{}", across(open), up(us)))
        })
        .collect();
    format!(
        r#"<polyline points="{}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>"#,
        points.join(" ")
    )
}

fn across(tills: u64) -> u64 {
    let steps = thousandths_of_decades(tills, LEAST_TILLS).min(TILL_DECADES * 1_000);
    LEFT + steps * (RIGHT - LEFT) / (TILL_DECADES * 1_000)
}

fn up(us: u64) -> u64 {
    let steps = thousandths_of_decades(us, LEAST_US).min(TIME_DECADES * 1_000);
    BOTTOM - steps * (BOTTOM - TOP) / (TIME_DECADES * 1_000)
}

/// How many powers of ten this is above the least, in thousandths.
fn thousandths_of_decades(number: u64, least: u64) -> u64 {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place on a picture"
    )]
    {
        ((number.max(least) as f64 / least as f64).log10() * 1000.0) as u64
    }
}
