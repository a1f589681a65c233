//! What a fresh machine lacks: found, installed where that is ours to do, or named.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::bail;

use crate::run::{cargo, command, quietly, root, run, step, target};

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

impl Browser {
    /// For tests that look at none.
    pub(crate) fn none() -> Self {
        Self {
            chromium: PathBuf::new(),
            driver: None,
        }
    }
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
    if is_debian_root() {
        step("Installing Chromium");
        debian(&[
            "chromium",
            "chromium-driver",
            "fonts-noto-core",
            "fonts-noto-cjk",
        ])?;
        if let Some(browser) = find_browser(with_driver) {
            return Ok(browser);
        }
    }
    bail!(
        "Chromium and ChromeDriver of one version are missing: install them (Debian: apt-get install chromium chromium-driver), or name them in CHROMIUM and CHROMEDRIVER"
    )
}

/// Installs packages of Debian.
fn debian(packages: &[&str]) -> anyhow::Result<()> {
    for args in [
        &["update", "-qq"][..],
        &["install", "-y", "-qq", "--no-install-recommends"],
    ] {
        let mut apt = command("apt-get", args);
        if args[0] == "install" {
            apt.args(packages);
        }
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        run(apt)?;
    }
    Ok(())
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

fn is_debian_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    Path::new("/etc/debian_version").exists()
        && id.is_ok_and(|output| output.stdout.starts_with(b"0\n"))
}

/// Firefox, and the driver through which tests speak to it.
pub(crate) struct Firefox {
    pub(crate) firefox: PathBuf,
    pub(crate) driver: PathBuf,
}

/// The driver of this version knows every Firefox from 128 on; Debian has no package of it.
const GECKODRIVER: &str = "geckodriver@0.37.1";

/// Finds Firefox and geckodriver. On Debian as root it installs the one and, once, builds the other; elsewhere its
/// tests are skipped, and that is said: [`missing`].
pub(crate) fn firefox() -> anyhow::Result<Option<Firefox>> {
    if is_debian_root() {
        if find_firefox().is_none() {
            step("Installing Firefox");
            debian(&["firefox-esr"])?;
        }
        if find_geckodriver().is_none() {
            step("Building geckodriver");
            // Into cargo's own folder: two minutes that the next clone need not spend again.
            let mut install = cargo(&["install", "--quiet", "--debug", "--locked", GECKODRIVER]);
            install.env("CARGO_PROFILE_DEV_DEBUG", "0");
            run(install)?;
        }
    }
    match (find_firefox(), find_geckodriver()) {
        (Some(firefox), Some(driver)) => Ok(Some(Firefox { firefox, driver })),
        (None, _) | (_, None) => missing(
            "Firefox and geckodriver: install Firefox and `cargo install --locked geckodriver`, or name them in FIREFOX and GECKODRIVER",
        ),
    }
}

fn find_firefox() -> Option<PathBuf> {
    named("FIREFOX").or_else(|| {
        ["firefox", "firefox-esr"]
            .iter()
            .find_map(|name| which(name))
    })
}

fn find_geckodriver() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    named("GECKODRIVER")
        .or_else(|| which("geckodriver"))
        .or_else(|| Some(home?.join("bin/geckodriver")).filter(|path| path.is_file()))
}

/// WebKit's driver, and a screen that nobody sees: it has no headless mode.
pub(crate) struct WebKit {
    pub(crate) driver: PathBuf,
    pub(crate) screen: Option<PathBuf>,
}

/// Finds WebKitGTK's driver and Xvfb; on Debian as root it installs them. Elsewhere as [`firefox`].
pub(crate) fn webkit() -> anyhow::Result<Option<WebKit>> {
    if find_webkit().is_none() && is_debian_root() {
        step("Installing WebKitGTK");
        debian(&["webkit2gtk-driver", "xvfb", "xauth"])?;
    }
    match find_webkit() {
        Some(webkit) => Ok(Some(webkit)),
        None => missing(
            "WebKit's driver and a screen: install them (Debian: apt-get install webkit2gtk-driver xvfb xauth), or name the driver in SAFARIDRIVER",
        ),
    }
}

fn find_webkit() -> Option<WebKit> {
    let driver = named("SAFARIDRIVER")
        .or_else(|| which("WebKitWebDriver"))
        .or_else(|| which("safaridriver"))?;
    let screen = which("xvfb-run");
    let has_screen = screen.is_some() || cfg!(target_os = "macos");
    has_screen.then_some(WebKit { driver, screen })
}

/// What the desk's tests need besides: a library that lies about the wall clock, and a pooler before PostgreSQL. Found, or on
/// Debian as root installed; elsewhere their tests are skipped, and that is said.
pub(crate) fn clock_and_pooler() -> anyhow::Result<()> {
    let found = || has_faketime() && which("pgbouncer").is_some();
    if !found() && is_debian_root() {
        step("Installing libfaketime and PgBouncer");
        debian(&["faketime", "pgbouncer"])?;
    }
    if !found() {
        missing::<()>("libfaketime and PgBouncer (Debian: apt-get install faketime pgbouncer)")?;
    }
    Ok(())
}

/// Debian keeps it in a folder of the machine's kind.
fn has_faketime() -> bool {
    ["x86_64", "aarch64"].iter().any(|kind| {
        let dir = format!("/usr/lib/{kind}-linux-gnu/faketime/libfaketimeMT.so.1");
        Path::new(&dir).exists()
    })
}

/// A browser that is not there skips its tests at a developer's desk; in CI it is an error.
fn missing<T>(what: &str) -> anyhow::Result<Option<T>> {
    if std::env::var_os("CI").is_some_and(|value| value == "true") {
        bail!("missing: {what}");
    }
    println!("SKIPPED, because it is missing: {what}");
    Ok(None)
}
