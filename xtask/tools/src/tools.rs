//! Finds the tools that the commands need. Installs what it may install, and names what is missing.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::run::{cargo, command, quietly, root, run, step, target};

const WASM: &str = "wasm32-unknown-unknown";

/// The wasm32 standard library. rustup is called only if an empty crate does not compile.
pub(crate) fn wasm_target() -> anyhow::Result<()> {
    if compiles_empty()? {
        return Ok(());
    }
    step("Installing the wasm32 target");
    run(command("rustup", &["target", "add", WASM]))?;
    if compiles_empty()? {
        Ok(())
    } else {
        bail!("this Rust can't compile for {WASM}: install the target's standard library")
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
    npm_ci("Installing the npm packages", &root())
}

/// The registry that the tests of the programs publish to.
pub(crate) fn npm_registry() -> anyhow::Result<()> {
    npm_ci(
        "Installing the tests' npm registry",
        &root().join("tests/programs"),
    )
}

/// Installs what the folder's lock file has. A copy of the last installed lock file is kept in node_modules.
fn npm_ci(what: &str, folder: &Path) -> anyhow::Result<()> {
    let wanted = folder.join("package-lock.json");
    let got = folder.join("node_modules/.kaunter-lock.json");
    if std::fs::read(&wanted).ok() == std::fs::read(&got).ok() {
        return Ok(());
    }
    step(what);
    let mut install = command(
        "npm",
        &["ci", "--no-audit", "--no-fund", "--loglevel=error"],
    );
    install.current_dir(folder);
    run(install)?;
    std::fs::copy(wanted, got)?;
    Ok(())
}

/// A browser, and the driver that the module's tests need.
pub(crate) struct Browser {
    pub(crate) chromium: PathBuf,
    pub(crate) driver: Option<PathBuf>,
}

impl Browser {
    /// For tests without a browser.
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

/// Finds Chromium, and ChromeDriver if it is needed. On Debian, root installs them.
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
        "Chromium and ChromeDriver of the same version are missing: install them (Debian: apt-get install chromium chromium-driver), or set CHROMIUM and CHROMEDRIVER to their paths"
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

/// Finds FFmpeg, which encodes the README's recording. On Debian, root installs it.
pub(crate) fn ffmpeg() -> anyhow::Result<()> {
    if which("ffmpeg").is_none() && is_debian_root() {
        step("Installing FFmpeg");
        debian(&["ffmpeg"])?;
    }
    if which("ffmpeg").is_none() {
        bail!("FFmpeg is missing: install it (Debian: apt-get install ffmpeg)");
    }
    Ok(())
}

/// Firefox and its driver.
pub(crate) struct Firefox {
    pub(crate) firefox: PathBuf,
    pub(crate) driver: PathBuf,
}

/// This version of the driver works with Firefox 128 and later. Debian has no package of it.
const GECKODRIVER: &str = "geckodriver@0.37.1";

/// Finds Firefox and geckodriver. On Debian, root installs Firefox and builds geckodriver once. Elsewhere the tests are
/// skipped with a message: [`missing`].
pub(crate) fn firefox() -> anyhow::Result<Option<Firefox>> {
    if is_debian_root() {
        if find_firefox().is_none() {
            step("Installing Firefox");
            debian(&["firefox-esr"])?;
        }
        if find_geckodriver().is_none() {
            step("Building geckodriver");
            // Into cargo's own folder, so that the next clone does not spend the two minutes again.
            let mut install = cargo(&["install", "--quiet", "--debug", "--locked", GECKODRIVER]);
            install.env("CARGO_PROFILE_DEV_DEBUG", "0");
            run(install)?;
        }
    }
    match (find_firefox(), find_geckodriver()) {
        (Some(firefox), Some(driver)) => Ok(Some(Firefox { firefox, driver })),
        (None, _) | (_, None) => missing(
            "Firefox and geckodriver: install Firefox and `cargo install --locked geckodriver`, or set FIREFOX and GECKODRIVER to their paths",
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

/// Zig, and the command of cargo that compiles and links with it: both are packages of PyPI.
const ZIG: [&str; 2] = ["cargo-zigbuild==0.24.1", "ziglang==0.15.2"];

/// The folder with cargo-zigbuild and zig. They are installed into a Python environment in the target folder.
pub(crate) fn zig() -> anyhow::Result<PathBuf> {
    let place = target().join("packages/tools");
    let folder = place.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let stamp = place.join("installed");
    if std::fs::read_to_string(&stamp).ok() == Some(ZIG.concat()) {
        return Ok(folder);
    }
    step("Installing zig");
    let mut python = command("python3", &["-m", "venv"]);
    python.arg(&place);
    run(python).context(
        "Python 3 with its module venv is needed (Debian: apt-get install python3-venv)",
    )?;
    let pip = folder.join("pip");
    let mut install = command(&pip.to_string_lossy(), &["install", "--quiet"]);
    install.arg("--disable-pip-version-check").args(ZIG);
    run(install)?;
    std::fs::write(stamp, ZIG.concat())?;
    Ok(folder)
}

/// The command of cargo that makes Debian packages.
const CARGO_DEB: &str = "3.8.0";

/// Builds cargo-deb once a machine, into cargo's own folder.
pub(crate) fn cargo_deb() -> anyhow::Result<()> {
    let said = cargo(&["deb", "--version"]).output();
    if said.is_ok_and(|output| output.stdout.trim_ascii().ends_with(CARGO_DEB.as_bytes())) {
        return Ok(());
    }
    step("Building cargo-deb");
    run(cargo(&[
        "install",
        "--quiet",
        "--locked",
        &format!("cargo-deb@{CARGO_DEB}"),
    ]))
}

fn find_geckodriver() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    named("GECKODRIVER")
        .or_else(|| which("geckodriver"))
        .or_else(|| Some(home?.join("bin/geckodriver")).filter(|path| path.is_file()))
}

/// WebKit's driver and a virtual screen, because WebKitGTK has no headless mode.
pub(crate) struct WebKit {
    pub(crate) driver: PathBuf,
    pub(crate) screen: Option<PathBuf>,
}

/// Finds WebKitGTK's driver and Xvfb. On Debian, root installs them. Elsewhere the tests are skipped: [`missing`].
pub(crate) fn webkit() -> anyhow::Result<Option<WebKit>> {
    if find_webkit().is_none() && is_debian_root() {
        step("Installing WebKitGTK");
        debian(&["webkit2gtk-driver", "xvfb", "xauth"])?;
    }
    match find_webkit() {
        Some(webkit) => Ok(Some(webkit)),
        None => missing(
            "WebKit's driver and Xvfb: install them (Debian: apt-get install webkit2gtk-driver xvfb xauth), or set SAFARIDRIVER to the driver's path",
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

/// Finds libfaketime, which sets the wall clock of one process, PgBouncer, a connection pooler, and OpenSSL, which makes
/// certificates. On Debian, root installs them. Elsewhere the desk's tests that need them are skipped with a message.
pub(crate) fn clock_and_pooler() -> anyhow::Result<()> {
    let found = || {
        has_faketime()
            && ["openssl", "pgbouncer", "systemd-analyze"]
                .into_iter()
                .all(|tool| which(tool).is_some())
    };
    if !found() && is_debian_root() {
        step("Installing libfaketime, PgBouncer, OpenSSL and systemd-analyze");
        debian(&["faketime", "pgbouncer", "openssl", "systemd"])?;
    }
    if !found() {
        missing::<()>(
            "libfaketime, PgBouncer, OpenSSL and systemd-analyze (Debian: apt-get install faketime pgbouncer openssl systemd)",
        )?;
    }
    Ok(())
}

/// Finds Wine, which starts programs of Windows, and tools for containers. On Debian, root installs them. Elsewhere the
/// tests that need them are skipped with a message.
pub(crate) fn wine_and_containers() -> anyhow::Result<()> {
    let found = || {
        Path::new(WINE).exists()
            && ["buildah", "docker-compose"]
                .into_iter()
                .all(|tool| which(tool).is_some())
    };
    if !found() && is_debian_root() {
        step("Installing Wine, Buildah and Docker Compose");
        debian(&["wine64", "buildah", "docker-compose"])?;
    }
    if !found() {
        missing::<()>(
            "Wine, Buildah and Docker Compose (Debian: apt-get install wine64 buildah docker-compose)",
        )?;
    }
    Ok(())
}

/// Debian's package puts no command on the path.
const WINE: &str = "/usr/lib/wine/wine64";

/// Debian keeps the library in a folder per architecture.
fn has_faketime() -> bool {
    ["x86_64", "aarch64"].iter().any(|kind| {
        let dir = format!("/usr/lib/{kind}-linux-gnu/faketime/libfaketimeMT.so.1");
        Path::new(&dir).exists()
    })
}

/// Reports a missing tool. Its tests are skipped on a developer's machine; in CI it is an error.
fn missing<T>(what: &str) -> anyhow::Result<Option<T>> {
    if std::env::var_os("CI").is_some_and(|value| value == "true") {
        bail!("missing: {what}");
    }
    println!("SKIPPED, because this is missing: {what}");
    Ok(None)
}
