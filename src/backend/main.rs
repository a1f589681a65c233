//! The command `kaunter-backend`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use kaunter_backend::{Config, serve};

/// Keeps the gateway's secret, and knows what became of the money.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// The configuration file.
    #[arg(long, global = true, default_value = "kaunter.toml")]
    config: PathBuf,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Say what is missing or unsafe, and start nothing.
    CheckConfig,
    /// List the places where a test can kill this program.
    #[cfg(kill_points)]
    KillPoints,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kaunter-backend: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> anyhow::Result<()> {
    match args.command {
        Some(Command::CheckConfig) => {
            Config::load(&args.config)?;
            println!("{}: good", args.config.display());
            return Ok(());
        }
        #[cfg(kill_points)]
        Some(Command::KillPoints) => {
            print!("{}", kaunter_backend::kill_points());
            return Ok(());
        }
        None => {}
    }
    let filter = tracing_subscriber::EnvFilter::try_from_default_env();
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter.unwrap_or_else(|_| "info".into()))
        .with_writer(std::io::stderr)
        .init();
    let running = serve(Config::load(&args.config)?).await?;
    println!("listening on http://{}", running.addr);
    tokio::signal::ctrl_c().await?;
    running.stop().await;
    Ok(())
}
