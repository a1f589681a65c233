//! `cargo xtask`: builds the tools with visible progress, and runs the command with them.
//!
//! The tools contain the backend, the sandbox and wasm-bindgen, and their first build takes minutes. This program has
//! no dependency, so it starts within two seconds and can print that.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// The package of the tools, and the name of its program.
const TOOLS: &str = "kaunter-tools";

fn main() -> ExitCode {
    let tools = program();
    let args: Vec<_> = std::env::args_os().skip(1).collect();
    if tools.is_file() {
        println!("cargo xtask: updating the tools");
    } else {
        println!(
            "cargo xtask: building the tools; the first time takes about two minutes on two cores"
        );
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = outside_cargo(cargo);
    build
        .args(["build", "--package", TOOLS])
        .current_dir(root());
    if !succeeds(&mut build) {
        eprintln!("cargo xtask: the tools could not be built; see cargo's error above");
        return ExitCode::FAILURE;
    }
    if succeeds(outside_cargo(tools).args(args)) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// A program without the variables that cargo sets for this one.
///
/// The build script of `ring` runs again whenever they change. With them, the backend would be built anew after each
/// change from `cargo build` to `cargo xtask`.
fn outside_cargo(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    for name in names {
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    command
}

/// The workspace's folder.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask has a parent folder")
}

/// Where cargo leaves the tools.
fn program() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root().join("target"), |dir| root().join(dir));
    target
        .join("debug")
        .join(format!("{TOOLS}{}", std::env::consts::EXE_SUFFIX))
}

fn succeeds(command: &mut Command) -> bool {
    match command.status() {
        Ok(status) => status.success(),
        Err(error) => {
            eprintln!(
                "cargo xtask: {} could not be started: {error}",
                command.get_program().to_string_lossy()
            );
            false
        }
    }
}
