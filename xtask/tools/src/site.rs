//! The site that needs no server: the documentation, and the demo beside it, as static files for any web server.

use std::path::{PathBuf, absolute};

use clap::Args;

use crate::module;
use crate::run::target;

/// The options of the site.
#[derive(Args)]
pub(crate) struct Site {
    /// The folder to write. Default: `target/site`.
    #[arg(long)]
    out: Option<PathBuf>,
    /// The path of the site at its web server, with a slash at both ends.
    #[arg(long, default_value = "/")]
    base: String,
    /// Skip the optimisation of the modules for size.
    #[arg(long)]
    quick: bool,
}

impl Site {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let out = absolute(self.out.unwrap_or_else(|| target().join("site")))?;
        match self.quick {
            true => module::quick()?,
            false => module::ship()?,
        }
        // The documentation's builder empties its folder, so the demo comes second.
        module::documentation(&out, &self.base)?;
        module::demo_page(&out.join("demo"))?;
        println!("\nthe site is in {}", out.display());
        Ok(())
    }
}
