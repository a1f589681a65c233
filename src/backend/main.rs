//! The command `kaunter-backend`.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use kaunter_backend::{Config, serve};

/// Keeps the gateway's secret, and knows what became of the money.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// The configuration file.
    #[arg(long, default_value = "kaunter.toml")]
    config: PathBuf,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Say what is missing or unsafe, and start nothing.
    CheckConfig {
        /// The configuration file.
        #[arg(long, default_value = "kaunter.toml")]
        config: PathBuf,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    if let Some(Command::CheckConfig { config }) = args.command {
        Config::load(&config)?;
        println!("{}: good", config.display());
        return Ok(());
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
