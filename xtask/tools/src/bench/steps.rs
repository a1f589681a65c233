//! Counts the instructions of each step of the reader with valgrind. Use it on a busy machine, or to find differences
//! of a few percent.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use kaunter_scenes::{Category, scene};

use crate::run::{cargo, step, target};

const SEED: u64 = 7;
/// How often the program repeats the step. The count of a run without the step is subtracted.
const TIMES: u64 = 10;

/// Prints a table: a frame of each size of a camera, and each step.
pub(super) fn run() -> anyhow::Result<()> {
    step("Building the bench");
    let program = program()?;
    for number in 0..2 {
        let scene = scene(SEED, Category::Nominal, number);
        let (width, height) = (scene.width, scene.height);
        let picture = target().join(format!("bench/steps-{number}.grey"));
        std::fs::create_dir_all(target().join("bench"))?;
        std::fs::write(&picture, &scene.frames[0])?;
        let frame = [
            picture.display().to_string(),
            width.to_string(),
            height.to_string(),
        ];
        let names = Command::new(&program)
            .args(["--once", "List"])
            .args(&frame)
            .output()?;
        let names = String::from_utf8(names.stdout)?;
        let idle = counted(&program, "Nothing", &frame)?;
        step(&format!("{width} x {height}, thousands of instructions"));
        for name in names.split_whitespace() {
            let all = counted(&program, name, &frame)?;
            println!("{name:10} {:>9}", all.saturating_sub(idle) / TIMES / 1_000);
        }
    }
    Ok(())
}

/// The bench's program, as cargo builds it for `cargo bench`.
fn program() -> anyhow::Result<PathBuf> {
    let mut build = cargo(&[
        "bench",
        "--package",
        "kaunter-reader",
        "--bench",
        "reader",
        "--no-run",
    ]);
    let output = build.arg("--message-format=json").output()?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr));
    }
    let text = String::from_utf8(output.stdout)?;
    let executable = text.lines().rev().find_map(|line| {
        let (_, rest) = line.split_once(r#""executable":""#)?;
        Some(PathBuf::from(rest.split('"').next()?))
    });
    executable.context("cargo named no program")
}

/// Instructions of one run.
fn counted(program: &Path, name: &str, frame: &[String]) -> anyhow::Result<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["--once", name])
        .args(frame)
        .output()
        .context("valgrind: install it with your system's packages")?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = text
        .lines()
        .find_map(|line| line.split_once("Collected : "));
    let count = line.and_then(|(_, count)| count.trim().parse().ok());
    count.with_context(|| format!("valgrind said no count: {text}"))
}
