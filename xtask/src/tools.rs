//! What a fresh machine lacks: found, installed where that is ours to do, or named.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::bail;

use crate::run::{command, quietly, root, run, step, target};

const WASM: &str = "wasm32-unknown-unknown";

/// The wasm32 standard library: rustup is asked only if an empty crate does not compile.
pub(crate) fn wasm_target() -> anyhow::Result<()> {
    if compiles_empty()? {
        return Ok(());
    }
    step("Installing the wasm32 target");
    run(command("rustup", &["target", "add", WASM]))?;
    if compiles_empty()? {
        Ok(())
    } else {
        bail!("this Rust compiles nothing for {WASM}: install its standard library")
    }
}

fn compiles_empty() -> anyhow::Result<bool> {
    let dir = target().join("xtask");
    std::fs::create_dir_all(&dir)?;
    let source = dir.join("empty.rs");
    std::fs::write(&source, "")?;
    let mut rustc = Command::new("rustc");
    rustc
        .args(["--target", WASM, "--crate-type", "rlib", "--out-dir"])
        .arg(&dir)
        .arg(&source)
        .current_dir(root());
    Ok(quietly(rustc))
}

/// The npm packages, at the versions of the lock file.
pub(crate) fn npm_packages() -> anyhow::Result<()> {
    if !quietly(command("npm", &["--version"])) {
        bail!("npm is missing: install Node 20 or later");
    }
    // The lock file that was installed last is kept beside the packages.
    let (wanted, got) = (
        root().join("package-lock.json"),
        root().join("node_modules/.kaunter-lock.json"),
    );
    if std::fs::read(&wanted).ok() == std::fs::read(&got).ok() {
        return Ok(());
    }
    step("Installing the npm packages");
    run(command(
        "npm",
        &["ci", "--no-audit", "--no-fund", "--loglevel=error"],
    ))?;
    std::fs::copy(wanted, got)?;
    Ok(())
}

/// A browser, and the driver that the module's tests need.
pub(crate) struct Browser {
    pub(crate) chromium: PathBuf,
    pub(crate) driver: Option<PathBuf>,
}

const CHROMIUM: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// Finds Chromium, and ChromeDriver where it is wanted; on Debian as root it installs them.
pub(crate) fn browser(with_driver: bool) -> anyhow::Result<Browser> {
    if let Some(browser) = find_browser(with_driver) {
        return Ok(browser);
    }
    let debian_root = Path::new("/etc/debian_version").exists() && is_root();
    if debian_root {
        step("Installing Chromium");
        let mut update = command("apt-get", &["update", "-qq"]);
        update.env("DEBIAN_FRONTEND", "noninteractive");
        run(update)?;
        let packages = [
            "install",
            "-y",
            "-qq",
            "--no-install-recommends",
            "chromium",
            "chromium-driver",
            "fonts-noto-core",
            "fonts-noto-cjk",
        ];
        let mut install = command("apt-get", &packages);
        install.env("DEBIAN_FRONTEND", "noninteractive");
        run(install)?;
        if let Some(browser) = find_browser(with_driver) {
            return Ok(browser);
        }
    }
    bail!(
        "Chromium and ChromeDriver of one version are missing: install them (Debian: apt-get install chromium chromium-driver), or name them in CHROMIUM and CHROMEDRIVER"
    )
}

fn find_browser(with_driver: bool) -> Option<Browser> {
    let chromium = named("CHROMIUM").or_else(|| CHROMIUM.iter().find_map(|name| which(name)))?;
    let driver = named("CHROMEDRIVER").or_else(|| which("chromedriver"));
    if with_driver && driver.is_none() {
        return None;
    }
    Some(Browser { chromium, driver })
}

fn named(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable)
        .map(PathBuf::from)
        .filter(|path| path.exists())
}

fn which(program: &str) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    std::env::split_paths(&paths)
        .map(|dir| dir.join(program))
        .find(|path| path.is_file())
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.starts_with(b"0\n"))
}
