//! The command `kaunter-load`: many tills at once, for `cargo xtask bench backend`. Limited in number and time, and to
//! loopback. Prints its measurements as one line of JSON.

mod direct;
mod sales;
mod shop;
mod tills;
mod times;

use std::process::ExitCode;

use anyhow::ensure;
use clap::{Parser, Subcommand};

use direct::Direct;
use shop::ShopClient;

/// A load of many tills.
#[derive(Parser)]
struct LoadArgs {
    /// The backend.
    #[arg(long)]
    backend: reqwest::Url,
    /// The sandbox.
    #[arg(long)]
    sandbox: reqwest::Url,
    /// How long is measured.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    #[command(subcommand)]
    load: Load,
}

#[derive(Subcommand)]
enum Load {
    /// So many tills, each with a payment that is pending, ask every two seconds.
    Tills {
        #[arg(long)]
        tills: usize,
    },
    /// So many sales begin each second: created, handed over, paid.
    Sales {
        #[arg(long)]
        rate: u64,
    },
    /// So many ask about one and the same payment every two seconds.
    Askers {
        #[arg(long)]
        askers: usize,
    },
}

/// The limits of a load.
const MAX_TILLS: usize = 5_000;
const MAX_RATE: u64 = 1_000;
const MAX_SECONDS: u64 = 120;

#[tokio::main]
async fn main() -> ExitCode {
    match run(LoadArgs::parse()).await {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("kaunter-load: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: LoadArgs) -> anyhow::Result<serde_json::Value> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    for url in [&args.backend, &args.sandbox] {
        let host = url.host_str().unwrap_or_default();
        ensure!(host == "127.0.0.1", "{url} is not on this machine");
    }
    ensure!(args.seconds <= MAX_SECONDS, "too long");
    let shop = ShopClient::new(&args.backend, &args.sandbox)?;
    let direct = Direct::sign_in(&args.sandbox).await?;
    match args.load {
        Load::Tills { tills } => {
            ensure!(tills <= MAX_TILLS, "too many");
            tills::one_payment_each(&shop, direct, tills, args.seconds).await
        }
        Load::Askers { askers } => {
            ensure!(askers <= MAX_TILLS, "too many");
            tills::all_one(&shop, direct, askers, args.seconds).await
        }
        Load::Sales { rate } => {
            ensure!((1..=MAX_RATE).contains(&rate), "too many");
            sales::rush(&shop, direct, rate, args.seconds).await
        }
    }
}
