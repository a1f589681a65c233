//! All set-up is code: `cargo xtask demo | test | build | sim | bench`.

mod bench;
mod demo;
mod lean;
mod module;
mod mutants;
mod names;
mod release;
mod run;
mod sim;
mod test;
mod tools;
mod with;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Kaunter's commands.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build everything and take a simulated payment: prints two links, the terminal and the customer's phone.
    Demo(demo::Demo),
    /// Every check and every test; ends with one line, `N passed, N failed`.
    Test(test::Test),
    /// Leave the finished npm package in `pkg`.
    Build {
        /// Without the size: the module as the demo has it, in half a minute.
        #[arg(long)]
        quick: bool,
    },
    /// Simulate sales on virtual time with the real machines of page and backend; fails if a rule was broken.
    Sim(sim::Sim),
    /// Plant mistakes in both machines and their policy; fails if one is noticed by no test and docs/mutants.md has no reason.
    Mutants(mutants::Mutants),
    /// Write the version of a release wherever it stands, and pack the package; RELEASING.md has the steps around it.
    Release(release::Release),
    /// Measure beside others, and write what came of it into docs.
    #[command(subcommand)]
    Bench(bench::Bench),
}

fn main() -> ExitCode {
    if let Some(code) = with::as_compiler() {
        return code;
    }
    match obey() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn obey() -> anyhow::Result<()> {
    match Args::parse().command {
        Command::Demo(demo) => demo.run(),
        Command::Test(test) => test.run(),
        Command::Build { quick: true } => module::quick(),
        Command::Build { quick: false } => module::ship(),
        Command::Sim(sim) => sim.run(),
        Command::Mutants(mutants) => mutants.run(),
        Command::Release(release) => release.run(),
        Command::Bench(bench) => bench.run(),
    }
}
