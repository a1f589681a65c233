//! The three Wasm modules, their glue, the npm package and the terminal's page.

use std::path::Path;

use anyhow::Context;

use crate::run::{cargo, command, root, run, step, target};
use crate::tools;
use crate::{lean, names};

/// The WebAssembly features that the compiler uses. Every supported browser has them; the optimiser may use no others.
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

/// The optimiser's passes. Only size counts here: the compiler has inlined what is hot in the reader. A function with
/// one caller is inlined only if it is tiny, because brotli compresses similar functions well and inlining makes them
/// different. docs/decisions/0024-two-modules.md has the numbers.
const PASSES: [&str; 6] = [
    "-Oz",
    "--flatten",
    "--rereloop",
    "-Oz",
    "-Oz",
    "--one-caller-inline-max-function-size=20",
];

/// Orders functions by name: functions with similar names are similar, so brotli compresses them better.
const ORDER: &str = "--reorder-functions-by-name";

/// The size up to which the compiler inlines functions of the published reader, in place of 225 at its level.
///
/// It saves 3 % of the module and costs no time. Larger: more copies of cold functions. Smaller: calls in loops.
const INLINED: &str =
    "target.wasm32-unknown-unknown.rustflags=['-C','llvm-args=-inline-threshold=70']";

/// A Wasm module of the package.
struct Module {
    /// Its crate.
    package: &'static str,
    /// The name of its files in `pkg/wasm`.
    name: &'static str,
    /// Whether its glue can make a new instance, which is needed after a trap.
    resets: bool,
}

/// The till's module, which every page loads; the reader's, which a page loads for its first scan; and the sandbox's,
/// which only `kaunter/sandbox` loads.
const MODULES: [Module; 3] = [
    Module {
        package: "kaunter",
        name: "till",
        resets: false,
    },
    Module {
        package: "kaunter-reader-wasm",
        name: "reader",
        resets: true,
    },
    Module {
        package: "kaunter-sandbox-wasm",
        name: "sandbox",
        resets: false,
    },
];

/// Draws the pictures of the demo's page that checks a device. It is no part of the package.
const SCENES: Module = Module {
    package: "kaunter-scenes-wasm",
    name: "scenes",
    resets: false,
};

/// How the modules are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Profile {
    /// Fast to compile: demo and tests.
    Release,
    /// Optimised for size: the published package.
    Ship,
}

/// Builds the modules and generates their glue into `pkg/wasm`.
fn build(profile: Profile) -> anyhow::Result<()> {
    tools::wasm_target()?;
    step("Building the modules");
    let profile = match profile {
        Profile::Release => "release",
        Profile::Ship => "ship",
    };
    // One by one: in a common build, cargo would give each the dependency features of the other too.
    for module in &MODULES {
        compile(module, profile)?;
    }
    let out = root().join("pkg/wasm");
    if out.exists() {
        std::fs::remove_dir_all(&out)?;
    }
    step("Generating the modules' glue");
    for module in &MODULES {
        glue(module, profile, &out)?;
    }
    digits()
}

fn compile(module: &Module, profile: &str) -> anyhow::Result<()> {
    let mut build = cargo(&["build", "--package", module.package, "--lib"]);
    build.args(["--target", "wasm32-unknown-unknown"]);
    build.args(["--profile", profile]);
    if profile == "ship" && module.name == "reader" {
        build.args(["--config", INLINED]);
    }
    run(build)
}

/// Writes `NAME.js`, `NAME.d.ts` and `NAME.wasm`.
fn glue(module: &Module, profile: &str, out: &Path) -> anyhow::Result<()> {
    let name = module.name;
    let file = module.package.replace('-', "_");
    let wasm = target()
        .join("wasm32-unknown-unknown")
        .join(profile)
        .join(format!("{file}.wasm"));
    wasm_bindgen_cli_support::Bindgen::new()
        .input_path(wasm)
        .web(true)?
        .out_name(name)
        .typescript(true)
        // The package passes the module. A default address would make bundlers copy it a second time.
        .omit_default_module_path(true)
        .reset_state_function(module.resets)
        .generate(out)?;
    // wasm-bindgen names it `NAME_bg.wasm`, and has no option for that.
    std::fs::rename(
        out.join(format!("{name}_bg.wasm")),
        out.join(format!("{name}.wasm")),
    )?;
    let glue = out.join(format!("{name}.js"));
    let text = std::fs::read_to_string(&glue)?;
    let text = text.replace(&format!("{name}_bg.wasm"), &format!("{name}.wasm"));
    std::fs::write(glue, text)?;
    // These declarations are only for callers that load the module without its glue.
    std::fs::remove_file(out.join(format!("{name}_bg.wasm.d.ts")))?;
    Ok(())
}

/// Writes the table of currencies for the package's JavaScript, from core's table.
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

/// Builds what draws the pictures of the page that checks a device, for `www/vite.demo.config.js`.
fn scenes() -> anyhow::Result<()> {
    step("Building the scenes of the demo");
    compile(&SCENES, "release")?;
    glue(&SCENES, "release", &target().join("scenes"))
}

/// Builds the demo's page: static files that work under any path. It needs [`quick`] or [`ship`] before.
pub(crate) fn demo_page(out: &Path) -> anyhow::Result<()> {
    tools::npm_packages()?;
    step("Building the demo's page");
    let mut build = command("npm", &["run", "--silent", "build:demo"]);
    build
        .args(["--workspace", "www", "--", "--outDir"])
        .arg(out);
    run(build)
}

/// Builds the documentation's site, with a link to the demo beside it. `base` is its path at the web server.
pub(crate) fn documentation(out: &Path, base: &str) -> anyhow::Result<()> {
    tools::npm_packages()?;
    step("Building the documentation");
    let mut build = command("npm", &["run", "--silent", "build"]);
    build
        .args([
            "--workspace",
            "docs/site",
            "--",
            "--demo",
            "--base",
            base,
            "--out",
        ])
        .arg(out);
    run(build)
}

/// Builds the package with modules that compile fast.
pub(crate) fn quick() -> anyhow::Result<()> {
    tools::npm_packages()?;
    build(Profile::Release)?;
    scenes()?;
    bundle()?;
    papers()
}

/// Builds the published package, optimised for size.
pub(crate) fn ship() -> anyhow::Result<()> {
    tools::npm_packages()?;
    build(Profile::Ship)?;
    step("Optimising the modules");
    for module in &MODULES {
        optimise(module, &root().join("pkg/wasm"))?;
    }
    scenes()?;
    bundle()?;
    papers()?;
    println!("pkg is complete");
    Ok(())
}

/// Builds one module as it ships into `out`, to see its size. The package stays as it is.
pub(crate) fn only(name: &str, out: &Path) -> anyhow::Result<()> {
    tools::wasm_target()?;
    tools::npm_packages()?;
    let module = MODULES.iter().find(|module| module.name == name);
    let module = module.with_context(|| format!("there is no module {name}"))?;
    compile(module, "ship")?;
    glue(module, "ship", out)?;
    optimise(module, out)
}

fn optimise(module: &Module, folder: &Path) -> anyhow::Result<()> {
    let name = module.name;
    let wasm = folder.join(format!("{name}.wasm"));
    let (before, path) = (
        std::fs::metadata(&wasm)?.len(),
        wasm.to_string_lossy().into_owned(),
    );
    lean::without_sentences(&wasm)?;
    names::shorten(folder, name)?;
    let mut optimise = command("npx", &["--no-install", "wasm-opt", "--mvp-features"]);
    optimise.args(FEATURES).args(PASSES).arg(ORDER);
    optimise.args([&path, "-o", &path]);
    run(optimise)?;
    let after = std::fs::metadata(&wasm)?.len();
    println!("{name}.wasm has {after} bytes ({before} before wasm-opt)");
    Ok(())
}

/// Makes one minified file of each glue, of the worker, of the script for pages without modules, and of
/// `kaunter/testing`.
fn bundle() -> anyhow::Result<()> {
    step("Bundling the package's JavaScript");
    run(command("node", &["xtask/bundle.mjs"]))?;
    run(command("node", &["xtask/testing.mjs"]))
}

/// Copies the files that a published package needs besides code.
fn papers() -> anyhow::Result<()> {
    for paper in ["LICENSE-MIT", "LICENSE-APACHE"] {
        let from = root().join(paper);
        if Path::new(&from).exists() {
            std::fs::copy(from, root().join("pkg").join(paper))?;
        }
    }
    Ok(())
}
