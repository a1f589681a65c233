//! Reads the pictures of a set, and prints how many are read, which are misread, and how long it takes.
//!
//! `cargo run --release -p kaunter-reader --example read_set -- MANIFEST.json [--live] [--misses] [--reps N]`
//!
//! The manifest is a list of `{ "path", "cat", "truth": [], "negative", "frame" }`; pictures are binary PGM.
//! A row may have `codes` instead, the corners of every code: `[[[x, y] x 4] ...]`. Then all codes of the picture count,
//! and a code is read where a reading's box meets its own.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use kaunter_reader::{Effort, Found, Luma, Reader};
use serde_json::Value;

/// The most codes that are asked for where a picture shows many.
const MAX_CODES: usize = 200;

#[derive(Default)]
struct Tally {
    scenes: usize,
    read: usize,
    wrong: usize,
    ms: Vec<f64>,
}

impl Tally {
    fn print(&mut self, name: &str) {
        self.ms.sort_by(f64::total_cmp);
        let at =
            |part: f64| self.ms[((self.ms.len() as f64 * part) as usize).min(self.ms.len() - 1)];
        let mean = self.ms.iter().sum::<f64>() / self.ms.len() as f64;
        println!(
            "{name:32} {:4}/{:4} wrong {}  ms median {:.2} p95 {:.2} mean {mean:.2}",
            self.read,
            self.scenes,
            self.wrong,
            at(0.5),
            at(0.95)
        );
    }
}

struct Picture {
    pixels: Vec<u8>,
    width: usize,
    height: usize,
}

impl Picture {
    fn luma(&self) -> Luma<'_> {
        Luma::new(&self.pixels, self.width, self.height, self.width).unwrap()
    }
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

/// The box around some corners: left, top, right, bottom.
fn around(corners: impl Iterator<Item = (f64, f64)>) -> [f64; 4] {
    let none = [f64::MAX, f64::MAX, f64::MIN, f64::MIN];
    corners.fold(none, |[left, top, right, bottom], (x, y)| {
        [left.min(x), top.min(y), right.max(x), bottom.max(y)]
    })
}

/// How many of a picture's codes are read, each by a reading of its own.
fn hits(codes: &[Value], found: &[Found]) -> usize {
    let corner = |at: &Value| (at[0].as_f64().unwrap(), at[1].as_f64().unwrap());
    let mut readings: Vec<[f64; 4]> = found
        .iter()
        .map(|found| around(found.corners.iter().map(|at| (at.x.into(), at.y.into()))))
        .collect();
    let meets = |a: &[f64; 4], b: &[f64; 4]| {
        a[2].min(b[2]) > a[0].max(b[0]) && a[3].min(b[3]) > a[1].max(b[1])
    };
    let mut hits = 0;
    for code in codes {
        let own = around(code.as_array().unwrap().iter().map(corner));
        if let Some(at) = readings.iter().position(|reading| meets(reading, &own)) {
            readings.remove(at);
            hits += 1;
        }
    }
    hits
}

/// Reads every code of every picture, and prints the share of each category and the mean of the shares.
fn read_all(rows: &[Value], folder: &Path, misses: bool) {
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let mut reader = Reader::new();
    for row in rows {
        let picture = picture(&folder.join(row["path"].as_str().unwrap()));
        let luma = picture.luma();
        reader.reset();
        let start = Instant::now();
        let found = reader.read(&luma, Effort::Still, MAX_CODES);
        let tally = tallies
            .entry(row["cat"].as_str().unwrap().to_owned())
            .or_default();
        tally.ms.push(start.elapsed().as_secs_f64() * 1e3);
        let codes = row["codes"].as_array().unwrap();
        let read = hits(codes, &found);
        tally.read += read;
        tally.scenes += codes.len();
        if misses && read < codes.len() {
            println!("{read} of {} {}", codes.len(), row["path"]);
        }
    }
    let share = |tally: &Tally| 100.0 * tally.read as f64 / tally.scenes as f64;
    let mean = tallies.values().map(share).sum::<f64>() / tallies.len() as f64;
    for (name, tally) in &mut tallies {
        let share = share(tally);
        tally.print(&format!("{name:16} {share:5.1} %"));
    }
    println!("mean of the categories {mean:.2} %");
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
    if rows.first().is_some_and(|row| !row["codes"].is_null()) {
        read_all(&rows, manifest.parent().unwrap(), has("--misses"));
        return;
    }
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
        let luma = picture.luma();
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
        tally.print(name);
    }
}
