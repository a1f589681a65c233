//! Compiles the workspace's crates with a `--cfg`, and their dependencies without it, so that these are built once.
//!
//! It uses cargo's `RUSTC_WORKSPACE_WRAPPER`: cargo calls the wrapper instead of the compiler for workspace members,
//! and keeps the results of each wrapper apart. The wrapper is this program under the name of the `--cfg`.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::Context;

use crate::run::target;

/// The folder of the copies of this program, one for each `--cfg`.
const FOLDER: &str = "with";

/// Compiles the workspace's members with `--cfg NAME` in this command.
pub(crate) fn with(command: &mut Command, cfg: &str) -> anyhow::Result<()> {
    let wrapper = target()
        .join(FOLDER)
        .join(format!("{cfg}{}", std::env::consts::EXE_SUFFIX));
    let folder = wrapper.parent().expect("it is in a folder");
    std::fs::create_dir_all(folder)?;
    // Written to a new file and renamed, because another run may be executing the old one.
    let fresh = wrapper.with_extension("fresh");
    std::fs::copy(std::env::current_exe()?, &fresh)
        .and_then(|_| std::fs::rename(&fresh, &wrapper))
        .with_context(|| format!("{}", wrapper.display()))?;
    command.env("RUSTC_WORKSPACE_WRAPPER", wrapper);
    Ok(())
}

/// If cargo called this program instead of the compiler: the compiler's command, with one more `--cfg`.
pub(crate) fn as_compiler() -> Option<ExitCode> {
    let mut args = std::env::args_os();
    let own = args.next()?;
    let cfg = cfg_of(Path::new(&own))?;
    let compiler = args.next()?;
    let rest: Vec<OsString> = args.collect();
    let status = Command::new(compiler)
        .args(rest)
        .arg("--cfg")
        .arg(cfg)
        .status();
    let good = status.is_ok_and(|status| status.success());
    Some(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn cfg_of(own: &Path) -> Option<OsString> {
    let folder = own.parent()?.file_name()?;
    (folder == FOLDER).then(|| own.file_stem().map(ToOwned::to_owned))?
}
