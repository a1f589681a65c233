//! The Wasm module, its glue, the npm package and the terminal's page.

use std::path::Path;

use crate::run::{cargo, command, root, run, step, target};
use crate::tools;
use crate::{lean, names};

/// What every supported browser's WebAssembly knows, and the compiler uses: the optimiser may use no more than that.
const FEATURES: [&str; 8] = [
    "--enable-mutable-globals",
    "--enable-sign-ext",
    "--enable-nontrapping-float-to-int",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-reference-types",
    "--enable-multivalue",
    "--enable-simd",
];

/// What the optimiser does: the reader's small steps into its loops, then small before fast, and functions that look
/// alike side by side, where brotli finds them. `-Oz` alone is a hundredth smaller, and a twentieth slower.
const PASSES: [&str; 5] = [
    "--flatten",
    "--rereloop",
    "-O3",
    "-Oz",
    "--reorder-functions-by-name",
];

/// How the module is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Fast to compile: demo and tests.
    Release,
    /// Small: what ships.
    Ship,
}

/// Builds the module and generates its glue into `pkg/wasm`.
pub(crate) fn build(profile: Profile) -> anyhow::Result<()> {
    tools::wasm_target()?;
    step("Building the module");
    let profile = match profile {
        Profile::Release => "release",
        Profile::Ship => "ship",
    };
    run(cargo(&[
        "build",
        "--package",
        "kaunter",
        "--lib",
        "--target",
        "wasm32-unknown-unknown",
        "--profile",
        profile,
    ]))?;
    let wasm = target()
        .join("wasm32-unknown-unknown")
        .join(profile)
        .join("kaunter.wasm");
    let out = root().join("pkg/wasm");
    if out.exists() {
        std::fs::remove_dir_all(&out)?;
    }
    step("Generating the module's glue");
    wasm_bindgen_cli_support::Bindgen::new()
        .input_path(wasm)
        .web(true)?
        .out_name("kaunter")
        .typescript(true)
        .omit_default_module_path(false)
        .generate(out)?;
    digits()
}

/// The table of currencies for the package's JavaScript, from the one that there is.
fn digits() -> anyhow::Result<()> {
    let fields = kaunter_core::money::DIGITS.map(|(digits, list)| format!("{digits}: {list:?}"));
    let text = format!(
        "// Written by `cargo xtask build` from `DIGITS` in src/core/money.rs.\nexport const DIGITS = {{ {} }};\n",
        fields.join(", ")
    );
    std::fs::write(root().join("pkg/wasm/digits.js"), text)?;
    Ok(())
}

/// Builds the terminal's page.
pub(crate) fn page() -> anyhow::Result<()> {
    tools::npm_packages()?;
    step("Building the terminal's page");
    run(command(
        "npm",
        &["run", "--silent", "build", "--workspace", "www"],
    ))
}

/// The package with a module that is fast to compile.
pub(crate) fn quick() -> anyhow::Result<()> {
    build(Profile::Release)?;
    papers()
}

/// The finished package: small, and complete.
pub(crate) fn ship() -> anyhow::Result<()> {
    tools::npm_packages()?;
    build(Profile::Ship)?;
    step("Optimising the module");
    let wasm = root().join("pkg/wasm/kaunter_bg.wasm");
    let (before, name) = (
        std::fs::metadata(&wasm)?.len(),
        wasm.to_string_lossy().into_owned(),
    );
    lean::without_sentences(&wasm)?;
    names::shorten(&root().join("pkg/wasm"))?;
    let mut optimise = command("npx", &["--no-install", "wasm-opt", "--mvp-features"]);
    optimise.args(FEATURES).args(PASSES);
    optimise.args([&name, "-o", &name]);
    run(optimise)?;
    papers()?;
    let after = std::fs::metadata(&wasm)?.len();
    println!("pkg is complete; the module has {after} bytes ({before} before wasm-opt)");
    Ok(())
}

/// What a package on its own needs besides code.
pub(crate) fn papers() -> anyhow::Result<()> {
    for paper in ["LICENSE-MIT", "LICENSE-APACHE"] {
        let from = root().join(paper);
        if Path::new(&from).exists() {
            std::fs::copy(from, root().join("pkg").join(paper))?;
        }
    }
    Ok(())
}
