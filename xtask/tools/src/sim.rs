//! Runs the release build of `kaunter-sales`: sales on virtual time.

use std::process::Command;

use crate::run::{cargo, run};

/// The options of the simulation.
#[derive(clap::Args)]
pub(crate) struct Sim {
    /// How many sales.
    #[arg(long, default_value_t = 1_000_000)]
    sales: u64,
    /// The same seed gives the same history. Default: a random seed, which is printed.
    #[arg(long)]
    seed: Option<u64>,
    /// Print the whole history of this sale instead.
    #[arg(long, value_name = "SALE")]
    trace: Option<u64>,
}

impl Sim {
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        run(self.command())?;
        Ok(())
    }

    fn command(&self) -> Command {
        let mut command = program();
        command.args(["--sales", &self.sales.to_string()]);
        for (name, value) in [("--seed", self.seed), ("--trace", self.trace)] {
            if let Some(value) = value {
                command.args([name, &value.to_string()]);
            }
        }
        command
    }
}

/// `kaunter-sales`, built in release and run.
pub(crate) fn program() -> Command {
    cargo(&[
        "run",
        "--quiet",
        "--release",
        "--package",
        "kaunter-sales",
        "--",
    ])
}
