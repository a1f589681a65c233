//! `cargo xtask programs`: builds backend and demo for other systems, and packs them for npm and Debian.
//!
//! Zig is the C compiler and the linker for Linux and Windows, on every machine. Apple's frameworks are on Apple's
//! systems only, so programs for macOS are built there.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use clap::Args;
use serde_json::Value;

use crate::module;
use crate::run::{cargo, command, root, run, step, target};
use crate::tools;

/// Where the packages are left, in the target folder.
const OUT: &str = "packages";
/// The profile of Cargo.toml.
const PROFILE: &str = "programs";
/// The programs, each with its crate's name.
const PROGRAMS: [&str; 2] = ["kaunter-backend", "kaunter-demo"];
/// The targets with a Debian package, and Debian's names of them.
const DEBIAN: [(&str, &str); 2] = [
    ("x86_64-unknown-linux-musl", "amd64"),
    ("aarch64-unknown-linux-musl", "arm64"),
];

/// What is built.
#[derive(Args)]
pub(crate) struct Programs {
    /// Only this target of packaging/npm/targets.json; again for each. By default all that this machine can build.
    #[arg(long, value_name = "TRIPLE")]
    target: Vec<String>,
    /// Take the terminal's page as it is built already.
    #[arg(long)]
    as_built: bool,
    /// Make Debian packages of the backend for Linux too.
    #[arg(long)]
    deb: bool,
}

impl Programs {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let targets = match self.target.is_empty() {
            true => possible()?,
            false => self.target,
        };
        if !self.as_built {
            module::ship()?;
            module::page()?;
        }
        let zig = zig(&targets)?;
        for triple in &targets {
            build(triple, zig.as_deref())?;
        }
        pack(&targets)?;
        if self.deb {
            for (triple, name) in DEBIAN {
                if targets.iter().any(|target| target == triple) {
                    debian(triple, name)?;
                }
            }
        }
        println!("\nthe packages are in {}", target().join(OUT).display());
        Ok(())
    }
}

/// All that this machine can build, with the page that is built.
pub(crate) fn everywhere() -> anyhow::Result<()> {
    let all = Programs {
        target: Vec::new(),
        as_built: true,
        deb: cfg!(target_os = "linux"),
    };
    all.run()
}

/// Whether only a machine of Apple builds this target.
fn is_apple(triple: &str) -> bool {
    triple.ends_with("-apple-darwin")
}

/// The targets of the list that this machine can build.
fn possible() -> anyhow::Result<Vec<String>> {
    let file = root().join("packaging/npm/targets.json");
    let listed: Value = serde_json::from_str(&std::fs::read_to_string(file)?)?;
    let listed = listed.as_array().context("the targets are a list")?;
    let all = listed
        .iter()
        .filter_map(|one| one["target"].as_str().map(str::to_owned));
    Ok(all
        .filter(|triple| is_apple(triple) == cfg!(target_os = "macos"))
        .collect())
}

/// The folder of zig and of cargo-zigbuild, if a target needs them.
fn zig(targets: &[String]) -> anyhow::Result<Option<PathBuf>> {
    match targets.iter().any(|triple| !is_apple(triple)) {
        true => tools::zig().map(Some),
        false => Ok(None),
    }
}

/// Builds both programs for a target.
fn build(triple: &str, zig: Option<&Path>) -> anyhow::Result<()> {
    step(&format!("Building for {triple}"));
    run(command("rustup", &["target", "add", triple]))?;
    let zig = zig.filter(|_| !is_apple(triple));
    let mut build = cargo(&[if zig.is_some() { "zigbuild" } else { "build" }]);
    build.args([
        "--locked",
        "--profile",
        PROFILE,
        "--target",
        triple,
        "--bins",
    ]);
    for program in PROGRAMS {
        build.args(["--package", program]);
    }
    if let Some(zig) = zig {
        first_on_path(&mut build, zig)?;
    }
    run(build)
}

fn first_on_path(command: &mut Command, folder: &Path) -> anyhow::Result<()> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder.to_owned()).chain(std::env::split_paths(&path));
    command.env("PATH", std::env::join_paths(folders)?);
    Ok(())
}

/// Where cargo leaves the programs of a target.
fn built(triple: &str) -> PathBuf {
    target().join(triple).join(PROFILE)
}

/// Writes the npm packages, and packs each.
fn pack(targets: &[String]) -> anyhow::Result<()> {
    step("Packing for npm");
    let out = target().join(OUT);
    std::fs::create_dir_all(&out)?;
    let folders = out.join("npm");
    let mut assemble = command("node", &["xtask/programs.mjs"]);
    assemble.arg(&folders);
    for triple in targets {
        assemble.arg(format!("{triple}={}", built(triple).display()));
    }
    let written = assemble.output().context("node could not be started")?;
    let said = String::from_utf8_lossy(&written.stderr);
    ensure!(
        written.status.success(),
        "the packages could not be written: {said}"
    );
    for folder in String::from_utf8(written.stdout)?.lines() {
        let mut pack = command("npm", &["pack", "--silent", folder, "--pack-destination"]);
        pack.arg(&out);
        run(pack)?;
    }
    Ok(())
}

/// Makes the Debian package from a program that is built.
fn debian(triple: &str, name: &str) -> anyhow::Result<()> {
    step(&format!("Packing for Debian on {name}"));
    tools::cargo_deb()?;
    let mut deb = cargo(&[
        "deb",
        "--package",
        "kaunter-backend",
        "--no-build",
        "--no-strip",
    ]);
    deb.args(["--profile", PROFILE, "--target", triple, "--output"]);
    deb.arg(
        target()
            .join(OUT)
            .join(format!("kaunter-backend_{name}.deb")),
    );
    run(deb)
}
