//! `cargo xtask`: builds the tools with visible progress, and runs the command with them.
//!
//! The tools contain the backend, the sandbox and wasm-bindgen, and their first build takes minutes. This program has
//! no dependency, so it starts within two seconds and can print that.

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
    let mut build = Command::new(cargo);
    build
        .args(["build", "--package", TOOLS])
        .current_dir(root());
    if !succeeds(&mut build) {
        eprintln!("cargo xtask: the tools could not be built; see cargo's error above");
        return ExitCode::FAILURE;
    }
    if succeeds(Command::new(tools).args(args)) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
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
