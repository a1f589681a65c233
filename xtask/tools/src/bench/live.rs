//! Draws the scenes of the live bench as grey pictures, and starts the bench, which makes films of them.

use std::path::Path;

use anyhow::Context as _;
use clap::Args;
use kaunter_scenes::{Category, SIZES, Scene, focusing, nothing, scene};

use crate::run::{command, run, step, target};
use crate::test::programs;
use crate::{module, tools};

/// The number of frames until the lens is in focus. docs/live.md states it.
const FOCUS_FRAMES: usize = 14;

/// The sharp scenes, by their names in the table.
const SHARP: [(&str, Category); 4] = [
    ("easy", Category::Nominal),
    ("small", Category::Small),
    ("dark", Category::Dark),
    ("dim", Category::Dim),
];

/// The options of the live bench.
#[derive(Args)]
pub(crate) struct Live {
    /// Scenes per cell.
    #[arg(long, default_value_t = 15)]
    scenes: u64,
    /// The same seed draws the same scenes.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Measures only the cells whose name contains this, for example `small-640x480`; the report keeps the other cells.
    #[arg(long, default_value = "")]
    only: String,
    /// Measures the package in `pkg` without building it.
    #[arg(long)]
    as_built: bool,
    /// Only writes the report again, without measuring.
    #[arg(long)]
    report_only: bool,
}

impl Live {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let browser = tools::browser(false)?;
        let drawn = target().join("bench/live");
        if !(self.report_only || self.as_built) {
            module::ship()?;
            programs()?;
        }
        if !self.report_only {
            step("Drawing the scenes");
            draw(&drawn, self.scenes, self.seed)
                .with_context(|| format!("drawing into {}", drawn.display()))?;
        }
        step("Scanning");
        tools::npm_packages()?;
        std::fs::create_dir_all(crate::run::root().join("docs"))?;
        let mut bench = command("node", &["tests/bench/live/run.mjs", "--drawn"]);
        bench
            .arg(&drawn)
            .args(["--only", &self.only, "--scenes", &self.scenes.to_string()])
            .env("CHROMIUM", browser.chromium);
        if self.report_only {
            bench.arg("--report-only");
        }
        run(bench)
    }
}

/// The number of scenes of this seed in a manifest.
fn drawn(manifest: &str, seed: u64) -> Option<u64> {
    let rest = manifest.strip_prefix(&format!(r#"{{"seed":{seed},"count":"#))?;
    rest.split(',').next()?.parse().ok()
}

/// Writes each frame as PGM, and a manifest. Does nothing if there are enough scenes of the same seed.
fn draw(dir: &Path, scenes: u64, seed: u64) -> anyhow::Result<()> {
    let manifest = dir.join("manifest.json");
    let there = std::fs::read_to_string(&manifest).unwrap_or_default();
    if drawn(&there, seed).is_some_and(|count| count >= scenes) {
        return Ok(());
    }
    if dir.exists() {
        std::fs::remove_dir_all(dir)?;
    }
    std::fs::create_dir_all(dir)?;
    let mut entries = Vec::new();
    let mut empty = Vec::new();
    for (at, (width, height)) in (0..).zip(SIZES) {
        for number in (0..scenes).map(|number| 2 * number + at) {
            for (word, category) in SHARP {
                entries.push(keep(dir, word, number, &scene(seed, category, number))?);
            }
            let focus = focusing(seed, number, FOCUS_FRAMES);
            entries.push(keep(dir, "focusing", number, &focus)?);
        }
        let name = format!("nothing-{at}.pgm");
        let bare = nothing(seed, at);
        std::fs::write(dir.join(&name), pgm(&bare, &bare.frames[0]))?;
        empty.push(format!(r#""{width}x{height}":"{name}""#));
    }
    let text = format!(
        "{{\"seed\":{seed},\"count\":{scenes},\"empty\":{{{}}},\"scenes\":[\n{}\n]}}\n",
        empty.join(","),
        entries.join(",\n")
    );
    Ok(std::fs::write(manifest, text)?)
}

fn keep(dir: &Path, word: &str, number: u64, scene: &Scene) -> anyhow::Result<String> {
    let mut names = Vec::new();
    for (at, frame) in scene.frames.iter().enumerate() {
        let name = format!("{word}-{number}-{at}.pgm");
        std::fs::write(dir.join(&name), pgm(scene, frame))?;
        names.push(format!("{name:?}"));
    }
    Ok(format!(
        r#"{{"scene":"{word}","width":{},"text":"{}","frames":[{}]}}"#,
        scene.width,
        scene.text,
        names.join(",")
    ))
}

fn pgm(scene: &Scene, frame: &[u8]) -> Vec<u8> {
    let mut bytes = format!("P5\n{} {}\n255\n", scene.width, scene.height).into_bytes();
    bytes.extend(frame);
    bytes
}
