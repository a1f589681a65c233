//! Runs the packed package in every tool of `tests/consumers`, and writes docs/tools.md.

use clap::Args;

use crate::run::{command, run, step, target};
use crate::test::programs;
use crate::{module, tools};

/// The options of the consumers.
#[derive(Args)]
pub(crate) struct Consumers {
    /// Only the consumers with these words in their names, separated by commas, for example `vite,next`; the others
    /// keep their last results.
    #[arg(long, default_value = "")]
    only: String,
    /// Takes the package in `pkg` without building it.
    #[arg(long)]
    as_built: bool,
}

impl Consumers {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let browser = tools::browser(false)?;
        tools::npm_packages()?;
        if !self.as_built {
            module::ship()?;
        }
        programs()?;
        step("Consumers");
        let mut consumers = command("node", &["tests/consumers/run.mjs", "--only", &self.only]);
        consumers
            .env("CHROMIUM", browser.chromium)
            .env("KAUNTER_SANDBOX", target().join("debug/kaunter-sandbox"))
            .env("KAUNTER_BACKEND", target().join("debug/kaunter-backend"));
        run(consumers)
    }
}
