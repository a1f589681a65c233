//! All checks and tests, the fastest first, so that a mistake is found early.

#[cfg(test)]
mod hosted;
mod in_browsers;
mod planted;

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::bail;
use clap::Args;

use crate::module;
use crate::run::{cargo, command, root, step, target, tee};
use crate::tools::{self, Browser};
use crate::with::with;

/// The options of the tests.
#[derive(Args)]
pub(crate) struct Test {
    /// Only the parts whose name contains this.
    #[arg(long)]
    only: Option<String>,
    /// Run the long parts too: once per issue, not after each change.
    #[arg(long, conflicts_with = "fast")]
    long: bool,
    /// Run only the parts that take seconds: for each commit.
    #[arg(long)]
    fast: bool,
}

/// The sum of all parts.
#[derive(Default)]
struct Tally {
    passed: u32,
    failed: u32,
    skipped: u32,
    broken: Vec<&'static str>,
    took: Vec<(&'static str, Duration)>,
}

/// A part: its name and its function.
type Part = (&'static str, fn(&Browser) -> anyhow::Result<Outcome>);

#[derive(Default)]
struct Outcome {
    passed: u32,
    failed: u32,
    skipped: u32,
}

impl Outcome {
    fn skipped(skipped: u32) -> Self {
        Self {
            skipped,
            ..Self::default()
        }
    }
}

const PARTS: [Part; 23] = [
    ("formatting", |_| check(cargo(&["fmt", "--all", "--check"]))),
    ("JavaScript format and lint", |_| check(biome())),
    ("clippy, native", |_| {
        check(cargo(&[
            "clippy",
            "--quiet",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ]))
    }),
    ("clippy, wasm", |_| {
        check(cargo(&[
            "clippy",
            "--quiet",
            "--package",
            "kaunter",
            "--package",
            "kaunter-reader-wasm",
            "--package",
            "kaunter-sandbox-wasm",
            "--all-targets",
            "--target",
            "wasm32-unknown-unknown",
            "--",
            "-D",
            "warnings",
        ]))
    }),
    ("documentation", |_| check(documentation())),
    ("fuzz targets compile", |_| check(fuzz_targets())),
    ("native tests", |_| native_tests(&[])),
    ("simulated sales", |_| simulated(1_000_000)),
    ("planted bugs are caught", planted::by_core),
    ("mistakes in the change are noticed", |_| mutants()),
    ("module tests in Chromium", in_browsers::chromium),
    ("module tests in Firefox", |_| in_browsers::firefox()),
    ("module tests in WebKitGTK", |_| in_browsers::webkit()),
    ("package", package),
    ("consumers", consumers),
    ("the site", site),
    ("types", |_| types()),
    ("end to end", end_to_end),
    ("the desk", desk),
    ("programs from npm", programs_from_npm),
    ("journal", journal),
    ("live camera", live),
    ("killed everywhere", killed_everywhere),
];

/// Parts that take seconds if everything is built: without the walk, and with a tenth of the sales.
const FAST_PARTS: [Part; 6] = [
    PARTS[0],
    PARTS[1],
    PARTS[2],
    ("native tests but the walk", |_| {
        native_tests(&["--skip", "rule_14_no_world"])
    }),
    ("a tenth of the simulated sales", |_| simulated(100_000)),
    ("types", |_| types_of_any_build()),
];

/// Parts that take longer. Each has a shorter part above.
const LONG_PARTS: [Part; 7] = [
    ("every kind of worlds is walked", |_| walk()),
    ("thousands of pictures are not misread", |_| {
        rust(crate::bench::reader::false_reads())
    }),
    ("planted bugs are caught at the desk", planted::at_the_desk),
    (
        "planted bugs are caught by the simulation too",
        planted::in_the_simulation,
    ),
    (
        "a start with 100,000 open trades, and a short processor",
        desk_at_its_limits,
    ),
    ("programs for other systems", programs_for_other_systems),
    ("the quick starts are followed", followed),
];

impl Test {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        tools::wasm_target()?;
        tools::npm_packages()?;
        let browser = if self.fast {
            Browser::none()
        } else {
            tools::browser(true)?
        };
        let mut tally = Tally::default();
        let usual: &[Part] = if self.fast { &FAST_PARTS } else { &PARTS };
        let long = LONG_PARTS.iter().filter(|_| self.long);
        for &(name, part) in usual.iter().chain(long) {
            if self
                .only
                .as_deref()
                .is_some_and(|only| !name.contains(only))
            {
                continue;
            }
            step(name);
            let began = Instant::now();
            let outcome = part(&browser);
            tally.took.push((name, began.elapsed()));
            match outcome {
                Ok(outcome) => {
                    tally.passed += outcome.passed;
                    tally.failed += outcome.failed;
                    tally.skipped += outcome.skipped;
                    if outcome.failed > 0 {
                        tally.broken.push(name);
                    }
                }
                Err(error) => {
                    println!("{name}: {error:#}");
                    tally.failed += 1;
                    tally.broken.push(name);
                }
            }
        }
        println!();
        for (name, took) in &tally.took {
            println!("{:>5} s  {name}", took.as_secs());
        }
        if !tally.broken.is_empty() {
            println!("\nfailed: {}", tally.broken.join("; "));
        }
        let skipped = match tally.skipped {
            0 => String::new(),
            some => format!(", {some} skipped"),
        };
        println!(
            "\n{} passed, {} failed{skipped}",
            tally.passed, tally.failed
        );
        if tally.failed > 0 {
            bail!("some tests failed");
        }
        if tally.passed == 0 {
            bail!("no test ran");
        }
        Ok(())
    }
}

/// A check without a count counts as one test.
fn check(command: Command) -> anyhow::Result<Outcome> {
    let (good, _) = tee(command)?;
    Ok(Outcome {
        passed: good.into(),
        failed: (!good).into(),
        skipped: 0,
    })
}

/// The formatter and the linter of JavaScript and TypeScript, as `biome.jsonc` configures them.
fn biome() -> Command {
    command(
        "npx",
        &["--no-install", "biome", "ci", "--error-on-warnings"],
    )
}

/// Builds the documentation without a warning: a broken link in a comment is an error.
fn documentation() -> Command {
    let mut doc = cargo(&[
        "doc",
        "--workspace",
        "--no-deps",
        "--document-private-items",
        "--quiet",
    ]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    doc
}

/// Compiles the fuzz targets, which are not in the workspace. Without the fuzzer itself, so that no C++ is compiled.
fn fuzz_targets() -> Command {
    let mut fuzz = cargo(&[
        "check",
        "--quiet",
        "--locked",
        "--manifest-path",
        "fuzz/Cargo.toml",
        "--no-default-features",
    ]);
    fuzz.env("CARGO_TARGET_DIR", target().join("fuzz"));
    fuzz
}

/// Counts the results of cargo's test harness.
fn rust(mut command: Command) -> anyhow::Result<Outcome> {
    command.env("RUST_BACKTRACE", "0");
    let (good, text) = tee(command)?;
    let results = || text.lines().filter(|line| line.contains("test result:"));
    let (passed, failed) = (sum(results(), " passed"), sum(results(), " failed"));
    Ok(Outcome {
        passed,
        failed: if good { failed } else { failed.max(1) },
        skipped: sum(results(), " ignored"),
    })
}

/// The sum of the numbers before a word.
fn sum<'a>(lines: impl Iterator<Item = &'a str>, word: &str) -> u32 {
    lines
        .filter_map(|line| {
            line.split_once(word)?
                .0
                .rsplit([' ', '.'])
                .next()?
                .parse::<u32>()
                .ok()
        })
        .sum()
}

/// Counts the results of Node's test runner.
fn node(folder: &str) -> anyhow::Result<Outcome> {
    node_with(folder, |_| Ok(()))
}

fn node_with(
    folder: &str,
    set: impl FnOnce(&mut Command) -> anyhow::Result<()>,
) -> anyhow::Result<Outcome> {
    let mut files: Vec<String> = std::fs::read_dir(root().join(folder))?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".test.mjs"))
        .map(|name| format!("{folder}/{name}"))
        .collect();
    files.sort();
    // Most tests wait for a deadline or a browser, so several files run at once. Tests that time frames, or need all of
    // the processor, run alone.
    let at_once = match folder {
        "tests/live" | "tests/desk/long" => "1",
        "tests/desk" => "3",
        _ => "2",
    };
    let concurrency = format!("--test-concurrency={at_once}");
    let mut args = vec!["--test", "--test-reporter=spec", concurrency.as_str()];
    args.extend(files.iter().map(String::as_str));
    let mut command = command("node", &args);
    set(&mut command)?;
    let (good, text) = tee(command)?;
    let count = |word: &str| {
        let lines = text
            .lines()
            .filter_map(|line| line.trim_start_matches(['ℹ', '#', ' ']).strip_prefix(word));
        lines
            .filter_map(|number| number.trim().parse::<u32>().ok())
            .sum::<u32>()
    };
    let (passed, failed) = (count("pass "), count("fail "));
    Ok(Outcome {
        passed,
        failed: if good { failed } else { failed.max(1) },
        skipped: count("skipped "),
    })
}

/// Sales on virtual time: no sale is charged twice, reported wrongly, or left open.
fn simulated(sales: u32) -> anyhow::Result<Outcome> {
    let mut program = crate::sim::program();
    program.args(["--sales", &sales.to_string()]);
    check(program)
}

/// Builds with visible progress, then tests.
fn native_tests(more: &[&str]) -> anyhow::Result<Outcome> {
    crate::run::run(cargo(&["test", "--workspace", "--no-run"]))?;
    let mut tests = cargo(&["test", "--workspace", "--quiet", "--"]);
    tests.args(more);
    rust(tests)
}

/// Every kind of worlds; the native tests leave most of the large ones out.
fn walk() -> anyhow::Result<Outcome> {
    let mut walk = cargo(&["test", "--package", "kaunter-core", "--test", "walk"]);
    walk.args(["--", "--nocapture"]).env("KAUNTER_WALK", "all");
    rust(walk)
}

/// Tests the mutants in the lines of both machines that the last change touched.
fn mutants() -> anyhow::Result<Outcome> {
    let Some(found) = crate::mutants::of_the_change()? else {
        return Ok(Outcome::skipped(1));
    };
    found.tell();
    Ok(Outcome {
        passed: found.caught,
        failed: u32::try_from(found.unexplained.len())?,
        skipped: u32::from(found.cut_short),
    })
}

fn tee_silently(mut command: Command) -> anyhow::Result<(bool, String)> {
    let output = command.output()?;
    let text = [output.stdout, output.stderr].concat();
    Ok((
        output.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    ))
}

fn package(browser: &Browser) -> anyhow::Result<Outcome> {
    ship()?;
    real_parts("tests/packaging", browser)
}

/// The core of the tools; `cargo xtask consumers` runs all.
fn consumers(browser: &Browser) -> anyhow::Result<Outcome> {
    ship()?;
    real_parts("tests/consumers", browser)
}

/// Builds the documentation's site, visits it, and runs the documents' code.
fn site(browser: &Browser) -> anyhow::Result<Outcome> {
    ship()?;
    real_parts("tests/site", browser)
}

/// Follows the site's quick starts in new projects.
fn followed(browser: &Browser) -> anyhow::Result<Outcome> {
    ship()?;
    real_parts("tests/site/long", browser)
}

fn end_to_end(browser: &Browser) -> anyhow::Result<Outcome> {
    ship()?;
    module::page()?;
    real_parts("tests/terminal", browser)
}

/// Compiles the package's declarations with the package.
fn types() -> anyhow::Result<Outcome> {
    ship()?;
    node("tests/types")
}

/// The same with any built package: its declarations do not depend on the optimisation.
fn types_of_any_build() -> anyhow::Result<Outcome> {
    if !root().join("pkg/wasm/till.d.ts").exists() {
        module::quick()?;
    }
    node("tests/types")
}

/// Tests of the backend over HTTP; one test also has a page.
fn desk(browser: &Browser) -> anyhow::Result<Outcome> {
    tools::clock_and_pooler()?;
    ship()?;
    real_parts("tests/desk", browser)
}

/// More open trades than a chain has, and less of a processor than the tills need.
fn desk_at_its_limits(browser: &Browser) -> anyhow::Result<Outcome> {
    ship()?;
    real_parts("tests/desk/long", browser)
}

/// The packages of the programs, from a registry on this machine.
fn programs_from_npm(browser: &Browser) -> anyhow::Result<Outcome> {
    tools::npm_registry()?;
    ship()?;
    module::page()?;
    real_parts("tests/programs", browser)
}

/// Builds the programs for other systems, and starts those that this machine can start.
fn programs_for_other_systems(browser: &Browser) -> anyhow::Result<Outcome> {
    tools::wine_and_containers()?;
    ship()?;
    module::page()?;
    crate::programs::everywhere()?;
    real_parts("tests/systems", browser)
}

/// Tests of the journal in Chromium and Firefox.
fn journal(browser: &Browser) -> anyhow::Result<Outcome> {
    ship()?;
    module::page()?;
    real_parts("tests/journal", browser)
}

/// The published package, built once per run.
fn ship() -> anyhow::Result<()> {
    static SHIPPED: std::sync::OnceLock<()> = std::sync::OnceLock::new();
    if SHIPPED.get().is_none() {
        module::ship()?;
        SHIPPED.get_or_init(|| ());
    }
    Ok(())
}

/// Tests of the camera and the reader in Chromium; those of the frames' ways also in Firefox and WebKitGTK.
fn live(browser: &Browser) -> anyhow::Result<Outcome> {
    ship()?;
    tools::webkit()?;
    real_parts("tests/live", browser)
}

/// Builds a backend with kill points, besides the ordinary one.
fn killed_everywhere(browser: &Browser) -> anyhow::Result<Outcome> {
    let mut build = cargo(&["build", "--quiet", "--package", "kaunter-backend"]);
    with(&mut build, "kill_points")?;
    crate::run::run(build)?;
    let name = format!("kaunter-backend{}", std::env::consts::EXE_SUFFIX);
    let backend = target().join("kill").join(&name);
    std::fs::create_dir_all(target().join("kill"))?;
    // Restores the ordinary one at the common path.
    std::fs::rename(target().join("debug").join(&name), &backend)?;
    programs()?;
    node_with("tests/kill", |command| {
        set_parts(command, browser)?;
        command.env("KAUNTER_BACKEND", &backend);
        Ok(())
    })
}

/// Runs tests that start the backend, the sandbox and a browser.
fn real_parts(folder: &str, browser: &Browser) -> anyhow::Result<Outcome> {
    programs()?;
    node_with(folder, |command| set_parts(command, browser))
}

/// Builds sandbox, backend and demo.
pub(crate) fn programs() -> anyhow::Result<()> {
    crate::run::run(cargo(&[
        "build",
        "--quiet",
        "--package",
        "kaunter-sandbox",
        "--package",
        "kaunter-backend",
        "--package",
        "kaunter-demo",
    ]))?;
    Ok(())
}

/// The variables by which a test finds the programs. FIREFOX and GECKODRIVER are set only if Firefox is installed.
fn set_parts(command: &mut Command, browser: &Browser) -> anyhow::Result<()> {
    if let Some(firefox) = tools::firefox()? {
        command
            .env("FIREFOX", firefox.firefox)
            .env("GECKODRIVER", firefox.driver);
    }
    command
        .env("CHROMIUM", &browser.chromium)
        .env("KAUNTER_SANDBOX", target().join("debug/kaunter-sandbox"))
        .env("KAUNTER_BACKEND", target().join("debug/kaunter-backend"))
        .env("KAUNTER_OUT", target().join("screens"));
    Ok(())
}
