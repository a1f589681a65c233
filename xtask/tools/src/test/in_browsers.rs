//! Runs the modules' tests in each browser. A missing browser is skipped with a message; in CI it is an error.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::{Outcome, rust, tee_silently};
use crate::run::{cargo, root, run, target};
use crate::tools::{self, Browser};

/// The modules' tests, by the browser whose driver the variable names.
fn tests(variable: &str, driver: &Path) -> anyhow::Result<Command> {
    let mut tests = cargo(&MODULE_TESTS);
    tests.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner()?);
    // The runner takes the first driver variable that is set, in its own order, so the others are removed.
    for other in ["GECKODRIVER", "SAFARIDRIVER", "CHROMEDRIVER"] {
        tests.env_remove(other);
    }
    tests.env(variable, driver);
    Ok(tests)
}

/// wasm-bindgen's runner in the module's version; built on first use.
fn runner() -> anyhow::Result<PathBuf> {
    static BUILT: OnceLock<()> = OnceLock::new();
    if BUILT.get().is_none() {
        run(cargo(&["build", "--package", "kaunter-runner"]))?;
        BUILT.get_or_init(|| ());
    }
    let name = format!("kaunter-runner{}", std::env::consts::EXE_SUFFIX);
    Ok(target().join("debug").join(name))
}

const MODULE_TESTS: [&str; 9] = [
    "test",
    "--package",
    "kaunter",
    "--package",
    "kaunter-reader-wasm",
    "--test",
    "web",
    "--target",
    "wasm32-unknown-unknown",
];

/// `webdriver.json` gives it a camera: the browser's own test picture.
pub(super) fn chromium(browser: &Browser) -> anyhow::Result<Outcome> {
    let driver = browser.driver.as_deref().expect("asked for with a driver");
    rust(tests("CHROMEDRIVER", driver)?)
}

/// As in Chromium, the camera included.
pub(super) fn firefox() -> anyhow::Result<Outcome> {
    let Some(firefox) = tools::firefox()? else {
        return Ok(Outcome::skipped(1));
    };
    let mut tests = tests("GECKODRIVER", &firefox.driver)?;
    let binary = firefox.firefox.to_string_lossy();
    tests.env("GECKODRIVER_ARGS", format!("--binary '{binary}'"));
    rust(tests)
}

/// A test that needs a camera has the word in its name.
const CAMERA: &str = "camera";

/// WebKitGTK's driver can't grant the camera, so tests that need it are skipped and named.
pub(super) fn webkit() -> anyhow::Result<Outcome> {
    let Some(webkit) = tools::webkit()? else {
        return Ok(Outcome::skipped(1));
    };
    let mut list = tests("SAFARIDRIVER", &webkit.driver)?;
    list.args(["--", "--list", CAMERA]);
    let (_, text) = tee_silently(list)?;
    let left_out = text.lines().filter(|line| line.ends_with(": test"));
    let left_out: Vec<&str> = left_out.collect();
    for test in &left_out {
        println!("SKIPPED, because WebKitGTK has no camera here: {test}");
    }
    let mut rest = tests("SAFARIDRIVER", &webkit.driver)?;
    rest.args(["--", "--skip", CAMERA]);
    if let Some(screen) = &webkit.screen {
        rest = on_screen(screen, &rest);
    }
    let mut outcome = rust(rest)?;
    outcome.skipped += u32::try_from(left_out.len())?;
    Ok(outcome)
}

/// The same command on a virtual screen.
fn on_screen(screen: &Path, command: &Command) -> Command {
    let mut shown = Command::new(screen);
    shown
        .arg("--auto-servernum")
        .arg(command.get_program())
        .args(command.get_args())
        .current_dir(root());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shown.env(name, value),
            None => shown.env_remove(name),
        };
    }
    shown
}
