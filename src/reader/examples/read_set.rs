//! Reads the pictures of a set, and prints how many are read, which are misread, and how long it takes.
//!
//! `cargo run --release -p kaunter-reader --example read_set -- MANIFEST.json [--live] [--misses] [--reps N]`
//!
//! The manifest is a list of `{ "path", "cat", "truth": [], "negative", "frame" }`; pictures are binary PGM.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use kaunter_reader::{Effort, Luma, Reader};
use serde_json::Value;

#[derive(Default)]
struct Tally {
    scenes: usize,
    read: usize,
    wrong: usize,
    ms: Vec<f64>,
}

struct Picture {
    pixels: Vec<u8>,
    width: usize,
    height: usize,
}

fn picture(path: &Path) -> Picture {
    let bytes = std::fs::read(path).unwrap();
    let mut at = 0;
    let mut word = || {
        let from = at;
        while !bytes[at].is_ascii_whitespace() {
            at += 1;
        }
        at += 1;
        String::from_utf8(bytes[from..at - 1].to_vec()).unwrap()
    };
    assert_eq!(word(), "P5");
    let (width, height) = (word().parse().unwrap(), word().parse().unwrap());
    word();
    let pixels = bytes[at..].to_vec();
    Picture {
        pixels,
        width,
        height,
    }
}

/// A text as `tests/bench/reader.mjs` compares it: printable ASCII only, with each white space as one blank.
fn folded(text: &str) -> String {
    let plain: String = text
        .chars()
        .filter(|c| c.is_ascii_graphic() || c.is_whitespace())
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| args.iter().any(|arg| arg == flag);
    let reps = args.iter().position(|arg| arg == "--reps");
    let reps: usize = reps.map_or(1, |at| args[at + 1].parse().unwrap());
    let manifest = Path::new(&args[0]);
    let rows: Vec<Value> = serde_json::from_slice(&std::fs::read(manifest).unwrap()).unwrap();
    let live = has("--live");
    let effort = if live { Effort::Live } else { Effort::Still };
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let mut reader = Reader::new();
    let mut scene_read = false;
    for row in &rows {
        let frame = row["frame"].as_u64().unwrap_or(0);
        if frame > 0 && !live {
            continue;
        }
        let truth: Vec<String> = row["truth"]
            .as_array()
            .map(|all| all.iter().map(|t| folded(t.as_str().unwrap())).collect())
            .unwrap_or_default();
        let negative = row["negative"].as_bool().unwrap_or(false);
        let picture = picture(
            &manifest
                .parent()
                .unwrap()
                .join(row["path"].as_str().unwrap()),
        );
        let luma = Luma::new(
            &picture.pixels,
            picture.width,
            picture.height,
            picture.width,
        );
        let luma = luma.unwrap();
        if frame == 0 {
            reader.reset();
            scene_read = false;
        }
        let mut times = Vec::new();
        let mut read = Vec::new();
        for rep in 0..reps {
            if rep > 0 {
                reader.reset();
            }
            let start = Instant::now();
            read = reader.read(&luma, effort, 1);
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
        times.sort_by(f64::total_cmp);
        let size = row["res"].as_str().unwrap_or("");
        let right = read
            .iter()
            .any(|found| truth.contains(&folded(&found.text)));
        let wrong = !read.is_empty() && !right && (negative || !truth.is_empty());
        let name = format!(
            "{}/{}",
            row["set"].as_str().unwrap_or(""),
            row["cat"].as_str().unwrap()
        );
        let all = format!(
            "= {} {size}{}",
            row["set"].as_str().unwrap_or(""),
            if negative { " none" } else { "" }
        );
        for name in [name, all] {
            let tally = tallies.entry(name).or_default();
            tally.ms.push(times[times.len() / 2]);
            tally.wrong += usize::from(wrong);
            if truth.is_empty() {
                continue;
            }
            tally.scenes += usize::from(frame == 0);
            tally.read += usize::from(right && !scene_read);
        }
        scene_read |= right;
        if wrong {
            println!("WRONG {} {:?}", row["path"], read[0].text);
        }
        if has("--misses") && !right && !negative && !truth.is_empty() {
            println!("miss {}", row["path"]);
        }
    }
    for (name, tally) in &mut tallies {
        tally.ms.sort_by(f64::total_cmp);
        let at =
            |part: f64| tally.ms[((tally.ms.len() as f64 * part) as usize).min(tally.ms.len() - 1)];
        let mean = tally.ms.iter().sum::<f64>() / tally.ms.len() as f64;
        println!(
            "{name:32} {:4}/{:4} wrong {}  ms median {:.2} p95 {:.2} mean {mean:.2}",
            tally.read,
            tally.scenes,
            tally.wrong,
            at(0.5),
            at(0.95)
        );
    }
}
