//! The commands of the repository: `cargo xtask demo | test | build | site | sim | bench | consumers | programs`.

mod bench;
mod consumers;
mod demo;
mod lean;
mod module;
mod mutants;
mod names;
mod programs;
mod recording;
mod release;
mod run;
mod sim;
mod site;
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
    /// Build everything and start the demo: prints the links of the terminal and of the customer's phone.
    Demo(demo::Demo),
    /// Run all checks and tests; the last line is `N passed, N failed`.
    Test(test::Test),
    /// Build the npm package in `pkg`.
    Build {
        /// Skip the optimisation for size, as the demo does: takes half a minute.
        #[arg(long)]
        quick: bool,
        /// Build one module only, as it ships, into this folder: shows what a change costs in bytes.
        #[arg(long, value_names = ["NAME", "OUT"], num_args = 2, conflicts_with = "quick")]
        only: Vec<String>,
    },
    /// Build the site that needs no server: the demo as static files.
    Site(site::Site),
    /// Take a payment in the demo's page, and write the README's recording of it.
    Recording,
    /// Simulate sales on virtual time with the real machines of page and backend; fail if a rule is broken.
    Sim(sim::Sim),
    /// Mutate both machines and their policy; fail if no test notices a mutant and docs/mutants.md gives no reason.
    Mutants(mutants::Mutants),
    /// Write a release's version into each file that has it, and pack the package; RELEASING.md has the other steps.
    Release(release::Release),
    /// Build backend and demo for other systems, and pack them for npm and Debian.
    Programs(programs::Programs),
    /// Try the packed package in every tool of tests/consumers; write docs/tools.md.
    Consumers(consumers::Consumers),
    /// Measure and compare with other programs; write the results into docs.
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
        Command::Build { quick: true, .. } => module::quick(),
        Command::Build { only, .. } => match only.as_slice() {
            [name, out] => module::only(name, std::path::Path::new(out)),
            _ => module::ship(),
        },
        Command::Site(site) => site.run(),
        Command::Recording => recording::record(),
        Command::Sim(sim) => sim.run(),
        Command::Mutants(mutants) => mutants.run(),
        Command::Release(release) => release.run(),
        Command::Programs(programs) => programs.run(),
        Command::Consumers(consumers) => consumers.run(),
        Command::Bench(bench) => bench.run(),
    }
}
