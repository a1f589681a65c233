//! The command `kaunter-demo`, which npm's `kaunter-sandbox` starts.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context as _;
use clap::Parser;
use kaunter_demo::{Demo, DemoOptions, Pages};

/// A counter with a simulated gateway: the cashier's terminal, the customer's phone, the shop's server and a backend. No
/// real money.
#[derive(Parser)]
#[command(version)]
struct DemoArgs {
    #[command(flatten)]
    options: DemoOptions,
    /// The folder of the built terminal; by default the one that came with this program.
    #[arg(long, value_name = "FOLDER")]
    pages: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(DemoArgs::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kaunter-demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(DemoArgs { options, pages }: DemoArgs) -> anyhow::Result<()> {
    let began = Instant::now();
    let pages = pages.or_else(kaunter_backend::shipped_pages).context(
        "no terminal came with this program: name the folder of its built pages with --pages",
    )?;
    let pages = Pages {
        terminal: pages,
        demo: None,
    };
    let demo = Demo::start(&options, pages).await?;
    demo.tell(began);
    demo.wait(&options).await?;
    demo.stop().await;
    Ok(())
}
