//! Runs `cargo mutants` on both machines and their policy. A test must notice each mutant, or docs/mutants.md must give
//! the reason why no test can.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::Args;

use crate::run::{cargo, command, root, step, target};

/// The version with which docs/mutants.md was written. Other versions make other mutants.
const VERSION: &str = "27.1.0";
/// The number of random cases per property test: a tenth of the usual. Mutants that matter fail in the first dozen.
const CASES: &str = "32";
/// The time limit for the mutants of a change in `cargo xtask test`.
const CHANGE_LIMIT: Duration = Duration::from_secs(180);
/// The files that are mutated.
const PLACES: [&str; 7] = [
    "src/core/trade.rs",
    "src/core/trade",
    "src/core/till.rs",
    "src/core/till",
    "src/core/policy.rs",
    "src/core/sale.rs",
    "src/core/authority.rs",
];

/// Which mutants to test.
#[derive(Args)]
pub(crate) struct Mutants {
    /// Only those in lines that have changed since this revision.
    #[arg(long, value_name = "REV")]
    in_diff: Option<String>,
    /// One part of all mutants, for example 1/8. Parts can run one after another, or on several machines.
    #[arg(long, value_name = "K/N")]
    shard: Option<String>,
}

/// The result of a run.
pub(crate) struct Found {
    pub(crate) caught: u32,
    /// Survivors without a reason in docs/mutants.md.
    pub(crate) unexplained: Vec<String>,
    /// The time limit came before the last mutant.
    pub(crate) cut_short: bool,
}

impl Mutants {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let mut args = Vec::new();
        if let Some(shard) = self.shard {
            args.extend(["--shard".to_owned(), shard]);
        }
        let found = match self.in_diff {
            Some(revision) => match diff_since(&revision)? {
                Some(diff) => plant(&[args, in_diff(&diff)].concat(), None)?,
                None => {
                    println!("no line of the machines has changed since {revision}");
                    return Ok(());
                }
            },
            None => plant(&args, None)?,
        };
        found.tell();
        if !found.unexplained.is_empty() {
            bail!("no test notices some mutants: add a test, or a reason in docs/mutants.md");
        }
        Ok(())
    }
}

impl Found {
    pub(crate) fn tell(&self) {
        for name in &self.unexplained {
            println!("survives without a reason in docs/mutants.md: {name}");
        }
        let more = if self.cut_short {
            "; the time limit came before the last one: cargo xtask mutants --in-diff REV tests them all"
        } else {
            ""
        };
        println!(
            "{} caught, {} survive without a reason{more}",
            self.caught,
            self.unexplained.len()
        );
    }
}

/// Tests the mutants in the lines of the last change: since the branch left main, or of the last commit. There are none
/// without a git history.
pub(crate) fn of_the_change() -> anyhow::Result<Option<Found>> {
    let Some(base) = base() else {
        println!("skipped: there is no git history that shows the last change");
        return Ok(None);
    };
    let Some(diff) = diff_since(&base)? else {
        println!("no line of the machines has changed since {base}");
        return Ok(None);
    };
    plant(&in_diff(&diff), Some(CHANGE_LIMIT)).map(Some)
}

fn base() -> Option<String> {
    let git = |args: &[&str]| {
        let output = command("git", args).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
    };
    let head = git(&["rev-parse", "HEAD"])?;
    // On main itself, and on no branch, the change is the last commit.
    let branch = git(&["symbolic-ref", "--short", "-q", "HEAD"]);
    let left_main = branch
        .filter(|branch| branch != "main")
        .and_then(|_| git(&["merge-base", "HEAD", "origin/main"]));
    left_main
        .filter(|base| *base != head)
        .or_else(|| git(&["rev-parse", "HEAD~1"]))
}

/// The changes of the machines since a revision, in a file.
fn diff_since(revision: &str) -> anyhow::Result<Option<PathBuf>> {
    let mut git = command("git", &["diff", revision, "--"]);
    let output = git.args(PLACES).output().context("git")?;
    if !output.status.success() {
        bail!("git does not know the revision {revision}");
    }
    if output.stdout.is_empty() {
        return Ok(None);
    }
    let file = target().join("mutants.diff");
    std::fs::write(&file, output.stdout)?;
    Ok(Some(file))
}

fn in_diff(diff: &Path) -> Vec<String> {
    vec!["--in-diff".to_owned(), diff.display().to_string()]
}

/// Runs cargo mutants up to a time limit.
fn plant(args: &[String], limit: Option<Duration>) -> anyhow::Result<Found> {
    let program = program()?;
    step("Planting mistakes");
    let out = target();
    let mut mutants = Command::new(program);
    mutants
        .args(["mutants", "--package", "kaunter-core", "--output"])
        .arg(&out)
        .args(args)
        .current_dir(root())
        .env("PROPTEST_CASES", CASES)
        .env("RUST_BACKTRACE", "0");
    let mut child = mutants.spawn().context("cargo mutants")?;
    let began = Instant::now();
    let mut cut_short = false;
    let code = loop {
        if let Some(status) = child.try_wait()? {
            break status.code();
        }
        if limit.is_some_and(|limit| began.elapsed() > limit) {
            cut_short = true;
            // On SIGINT it removes its copies and writes its lists.
            crate::run::run(command("kill", &["-INT", &child.id().to_string()]))?;
            child.wait()?;
            break None;
        }
        std::thread::sleep(Duration::from_millis(200));
    };
    // Exit codes. 0: all were caught. 2: some were missed. 3: some timed out, which counts as caught.
    if !cut_short && !matches!(code, Some(0 | 2 | 3)) {
        bail!("cargo mutants failed ({code:?})");
    }
    judge(&out.join("mutants.out"), cut_short)
}

fn judge(out: &Path, cut_short: bool) -> anyhow::Result<Found> {
    let lines = |name: &str| -> Vec<String> {
        let text = std::fs::read_to_string(out.join(name)).unwrap_or_default();
        text.lines().map(nameless).collect()
    };
    let explained = explained()?;
    let caught = lines("caught.txt").len() + lines("timeout.txt").len();
    let mut unexplained = lines("missed.txt");
    unexplained.retain(|name| !explained.contains(name));
    Ok(Found {
        caught: u32::try_from(caught)?,
        unexplained,
        cut_short,
    })
}

/// A mutant's name without its line number, which changes often: `src/core/till.rs: replace ...`.
fn nameless(line: &str) -> String {
    let mut parts = line.splitn(4, ':');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(file), Some(_), Some(_), Some(what)) => format!("{file}:{what}"),
        _ => line.to_owned(),
    }
}

/// The survivors that docs/mutants.md gives a reason for: its list items that begin with a name.
fn explained() -> anyhow::Result<Vec<String>> {
    let text = std::fs::read_to_string(root().join("docs/mutants.md"))?;
    let items = text.lines().filter_map(|line| {
        let (name, reason) = line.strip_prefix("- `")?.split_once("`: ")?;
        (!reason.trim().is_empty()).then(|| name.to_owned())
    });
    Ok(items.collect())
}

/// `cargo-mutants`, installed under the target folder if this version is missing.
fn program() -> anyhow::Result<PathBuf> {
    let says = |program: &Path| {
        let output = Command::new(program)
            .args(["mutants", "--version"])
            .output();
        output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(VERSION))
    };
    let global = PathBuf::from("cargo-mutants");
    if says(&global) {
        return Ok(global);
    }
    let tools = target().join("tools");
    let own = tools.join("bin/cargo-mutants");
    if !says(&own) {
        step("Installing cargo-mutants");
        let mut install = cargo(&["install", "--quiet", "--debug", "--locked", "--root"]);
        install
            .arg(&tools)
            .args(["--version", VERSION, "cargo-mutants"]);
        crate::run::run(install)?;
    }
    Ok(own)
}
