//! Planted bugs: each `tests/planted/*.patch` is one wrong line in a rule, and names the test that must fail with it.
//!
//! All patches are applied to one copy of the sources, which is built once. A bug is inactive until a variable of the
//! environment names it, so a test that fails has met this bug only. The shipped sources have none of them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use super::{Outcome, programs, set_parts, tee_silently};
use crate::run::{cargo, command, root, run, target};
use crate::tools::{self, Browser};
use crate::with::with;

/// The variable that names the active bug.
const CHOSEN: &str = "KAUNTER_BUG";

/// One bug.
struct Bug {
    name: String,
    patch: PathBuf,
    /// What must fail, and what it must say then.
    catchers: Vec<(Catcher, String)>,
    /// The same in the simulation, for a long run.
    in_sales: Vec<(Catcher, String)>,
}

/// The test that catches a bug.
enum Catcher {
    /// Every path of small worlds.
    Walk,
    /// Simulated sales.
    Sales,
    /// Tests of core whose name contains this.
    Rules(String),
    /// A test of `tests/desk`: its file, and how its title ends.
    Desk(String, String),
}

impl Bug {
    fn catchers(&self, which: fn(&Catcher) -> bool) -> Vec<&(Catcher, String)> {
        self.catchers.iter().filter(|(by, _)| which(by)).collect()
    }
}

impl Catcher {
    fn is_at_the_desk(&self) -> bool {
        match self {
            Self::Desk(..) => true,
            Self::Walk | Self::Sales | Self::Rules(_) => false,
        }
    }
}

/// Each bug that core's own tests catch, or the simulation.
pub(super) fn by_core(browser: &Browser) -> anyhow::Result<Outcome> {
    hunt(browser, |bug| bug.catchers(|by| !by.is_at_the_desk()))
}

/// Each bug that a test of the backend over HTTP catches: the backend is built a second time for them.
pub(super) fn at_the_desk(browser: &Browser) -> anyhow::Result<Outcome> {
    hunt(browser, |bug| bug.catchers(Catcher::is_at_the_desk))
}

/// Bugs that the simulation must notice too, although a test of core is faster.
pub(super) fn in_the_simulation(browser: &Browser) -> anyhow::Result<Outcome> {
    hunt(browser, |bug| bug.in_sales.iter().collect())
}

fn hunt(
    browser: &Browser,
    catchers: fn(&Bug) -> Vec<&(Catcher, String)>,
) -> anyhow::Result<Outcome> {
    let bugs = bugs()?;
    let tree = planted_tree(&bugs)?;
    let mut outcome = Outcome::default();
    let mut backend = None;
    for bug in &bugs {
        for (catcher, words) in catchers(bug) {
            let mut command = match catcher {
                Catcher::Walk => core_tests(&tree, &["--test", "walk"], &[]),
                Catcher::Rules(filter) => core_tests(
                    &tree,
                    &["--lib", "--test", "rules", "--no-fail-fast"],
                    &[filter],
                ),
                Catcher::Sales => {
                    let mut sales = crate::sim::program();
                    sales.args(["--sales", "200000", "--seed", "1"]);
                    sales.current_dir(&tree);
                    sales
                }
                Catcher::Desk(file, title) => {
                    let backend = match &backend {
                        Some(built) => built,
                        None => &*backend.insert(planted_backend(&tree)?),
                    };
                    let mut node = command("node", &["--test", "--test-reporter=spec"]);
                    node.arg(format!("--test-name-pattern={}$", literal(title)))
                        .arg(root().join("tests/desk").join(file));
                    set_parts(&mut node, browser)?;
                    node.env("KAUNTER_BACKEND", backend);
                    node
                }
            };
            apart(&mut command)?;
            command.env(CHOSEN, &bug.name).env("KAUNTER_WALK", "all");
            let (good, text) = tee_silently(command)?;
            let caught = !good && text.contains(words.as_str());
            println!("{}: {}", bug.name, if caught { "caught" } else { "missed" });
            if !caught {
                println!("{text}");
            }
            outcome.passed += u32::from(caught);
            outcome.failed += u32::from(!caught);
        }
    }
    Ok(outcome)
}

/// Reads the folder. A patch begins with a sentence, and with the lines that name the tests that catch it.
fn bugs() -> anyhow::Result<Vec<Bug>> {
    let folder = root().join("tests/planted");
    let mut patches: Vec<PathBuf> = std::fs::read_dir(&folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<anyhow::Result<_>>()?;
    patches.sort();
    patches
        .into_iter()
        .map(|patch| bug(&patch).with_context(|| patch.display().to_string()))
        .collect()
}

fn bug(patch: &Path) -> anyhow::Result<Bug> {
    let text = std::fs::read_to_string(patch)?;
    let name = patch
        .file_stem()
        .and_then(|name| name.to_str())
        .context("no name")?;
    if !text.contains(&format!("\"{name}\"")) {
        bail!("the patch asks {CHOSEN} for another name than its file's");
    }
    let mut bug = Bug {
        name: name.to_owned(),
        patch: patch.to_owned(),
        catchers: Vec::new(),
        in_sales: Vec::new(),
    };
    let head = text.lines().take_while(|line| !line.starts_with("--- "));
    let mut last = None;
    for line in head {
        if let Some(by) = line.strip_prefix("Caught by: ") {
            last = Some((catcher(by)?, false));
        } else if let Some(by) = line.strip_prefix("With --long by: ") {
            last = Some((catcher(by)?, true));
        } else if let Some(words) = line.strip_prefix("Which says: ") {
            let (catcher, long) = last.take().context("\"Which says\" follows a catcher")?;
            if words.trim().is_empty() {
                bail!("\"Which says\" is empty");
            }
            let list = if long {
                &mut bug.in_sales
            } else {
                &mut bug.catchers
            };
            list.push((catcher, words.to_owned()));
        }
    }
    if last.is_some() || bug.catchers.is_empty() {
        bail!("each bug has a \"Caught by\" line, and \"Which says\" after it");
    }
    Ok(bug)
}

fn catcher(by: &str) -> anyhow::Result<Catcher> {
    let (part, rest) = by.split_once(' ').unwrap_or((by, ""));
    Ok(match part {
        "walk" => Catcher::Walk,
        "sales" => Catcher::Sales,
        "rules" => Catcher::Rules(rest.to_owned()),
        "desk" => {
            let (file, title) = rest.split_once(": ").context("desk FILE: TITLE")?;
            Catcher::Desk(file.to_owned(), title.to_owned())
        }
        other => bail!("nothing is called {other}: walk, sales, rules FILTER, desk FILE: TITLE"),
    })
}

/// A copy of the sources with every patch in it. A file that has not changed is not written: cargo would build it
/// again.
fn planted_tree(bugs: &[Bug]) -> anyhow::Result<PathBuf> {
    let folder = target().join("planted");
    let (fresh, tree) = (folder.join("fresh"), folder.join("tree"));
    if fresh.exists() {
        std::fs::remove_dir_all(&fresh)?;
    }
    for part in [
        "Cargo.toml",
        "Cargo.lock",
        "src",
        "vendor",
        "xtask",
        "tests",
        "pkg",
    ] {
        copy(&root().join(part), &fresh.join(part))?;
    }
    for bug in bugs {
        let mut apply = Command::new("git");
        apply
            .args(["apply", "--unidiff-zero"])
            .arg(&bug.patch)
            .current_dir(&fresh)
            // Without a repository: otherwise git resolves the paths from the repository's root.
            .env("GIT_CEILING_DIRECTORIES", &folder);
        run(apply).with_context(|| {
            format!(
                "tests/planted/{}.patch no longer fits the sources: make it again",
                bug.name
            )
        })?;
    }
    update(&fresh, &tree)?;
    std::fs::remove_dir_all(&fresh)?;
    Ok(tree)
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    if from.is_dir() {
        if from.file_name().is_some_and(|name| name == "node_modules") {
            return Ok(());
        }
        std::fs::create_dir_all(to)?;
        for entry in std::fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
    } else {
        let parent = to.parent().expect("it is in a folder");
        std::fs::create_dir_all(parent)?;
        std::fs::copy(from, to).with_context(|| from.display().to_string())?;
    }
    Ok(())
}

/// Makes `to` equal to `from`, and writes only the files that differ.
fn update(from: &Path, to: &Path) -> anyhow::Result<()> {
    if !from.is_dir() {
        let text = std::fs::read(from)?;
        if std::fs::read(to).ok().as_ref() != Some(&text) {
            std::fs::write(to, text)?;
        }
        return Ok(());
    }
    std::fs::create_dir_all(to)?;
    let names = |folder: &Path| -> anyhow::Result<BTreeSet<_>> {
        std::fs::read_dir(folder)?
            .map(|entry| Ok(entry?.file_name()))
            .collect()
    };
    let wanted = names(from)?;
    for gone in names(to)?.difference(&wanted) {
        let gone = to.join(gone);
        if gone.is_dir() {
            std::fs::remove_dir_all(gone)?;
        } else {
            std::fs::remove_file(gone)?;
        }
    }
    wanted
        .iter()
        .try_for_each(|name| update(&from.join(name), &to.join(name)))
}

fn core_tests(tree: &Path, which: &[&str], filters: &[&String]) -> Command {
    let mut tests = cargo(&["test", "--quiet", "--package", "kaunter-core"]);
    tests.args(which).arg("--").args(filters).current_dir(tree);
    tests
}

/// Builds a backend with all bugs, inactive, in another folder than the ordinary one.
fn planted_backend(tree: &Path) -> anyhow::Result<PathBuf> {
    let mut build = cargo(&["build", "--quiet", "--package", "kaunter-backend"]);
    build.current_dir(tree);
    apart(&mut build)?;
    run(build)?;
    let name = format!("kaunter-backend{}", std::env::consts::EXE_SUFFIX);
    let backend = target().join("planted").join(&name);
    std::fs::rename(target().join("debug").join(&name), &backend)?;
    tools::clock_and_pooler()?;
    // Restores the ordinary one at the common path.
    programs()?;
    Ok(backend)
}

/// Dependencies are shared with the ordinary build. The workspace's crates are not: cargo takes the copy for the same
/// workspace, and would link crates of one into programs of the other.
fn apart(command: &mut Command) -> anyhow::Result<()> {
    command.env("CARGO_TARGET_DIR", target());
    with(command, "planted")
}

/// The title as a pattern that matches nothing else.
fn literal(title: &str) -> String {
    let mut pattern = String::new();
    for sign in title.chars() {
        if !sign.is_alphanumeric() && sign != ' ' {
            pattern.push('\\');
        }
        pattern.push(sign);
    }
    pattern
}
