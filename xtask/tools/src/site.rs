//! The site that needs no server: static files for any web server, under any path.

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
        module::demo_page(&out.join("demo"))?;
        println!("\nthe site is in {}", out.display());
        Ok(())
    }
}
