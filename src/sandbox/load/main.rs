//! The command `kaunter-load`: many tills at once, for `cargo xtask bench backend`. Limited in number and time, and to
//! loopback. Prints what it measures as lines of JSON.
//!
//! It is one thread, so that its own processor time stays small beside the backend's. Each till has one connection, and
//! the tills of a shop share an address, as in reality.

mod direct;
mod line;
mod overload;
mod report;
mod round;
mod sales;
mod shop;
mod till;
mod tills;
mod times;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::ensure;
use clap::{Parser, Subcommand};

use direct::Direct;
use shop::ShopClient;
use tills::Rounds;

/// A load of many tills.
#[derive(Parser)]
struct LoadArgs {
    /// The backend. Of several on one store, each till calls one.
    #[arg(long, required = true)]
    backend: Vec<reqwest::Url>,
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
    /// So many tills, each with a payment that is pending, look every two seconds.
    Tills {
        /// Rising numbers: the tills of the number before stay open.
        #[arg(long, value_delimiter = ',')]
        tills: Vec<usize>,
        /// How often each number is measured.
        #[arg(long, default_value_t = 1)]
        rounds: u64,
        /// Seconds in which nobody looks, after the rounds: they show what the questions to the gateway cost.
        #[arg(long, default_value_t = 0)]
        silence: u64,
        /// The longest time to open the tills of one number, in seconds.
        #[arg(long, default_value_t = 60)]
        opening: u64,
        /// Sales per second beside the tills that wait.
        #[arg(long, default_value_t = 0)]
        turnover: u64,
    },
    /// So many tills look, at twice the backend's capacity and back, and sales begin beside them.
    Overload {
        #[arg(long)]
        tills: usize,
        /// Sales per second.
        #[arg(long)]
        sales: u64,
        /// The longest time to open the tills, in seconds.
        #[arg(long, default_value_t = 60)]
        opening: u64,
    },
    /// So many sales begin each second: created, handed over, paid.
    Sales {
        #[arg(long)]
        rate: u64,
    },
    /// So many look at one and the same payment every two seconds.
    Askers {
        #[arg(long)]
        askers: usize,
    },
}

/// The limits of a load.
const MAX_TILLS: usize = 20_000;
const MAX_RATE: u64 = 2_000;
const MAX_SECONDS: u64 = 600;
const MAX_ROUNDS: u64 = 120;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(LoadArgs::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kaunter-load: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: LoadArgs) -> anyhow::Result<()> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    for url in args.backend.iter().chain([&args.sandbox]) {
        let host = url.host_str().unwrap_or_default();
        ensure!(host == "127.0.0.1", "{url} is not on this machine");
    }
    ensure!(args.seconds <= MAX_SECONDS, "too long");
    let span = Duration::from_secs(args.seconds);
    let shop = ShopClient::new(&args.backend, &args.sandbox)?;
    match args.load {
        Load::Tills {
            tills,
            rounds,
            silence,
            opening,
            turnover,
        } => {
            let most = tills.iter().copied().max().unwrap_or(0);
            ensure!(
                most <= MAX_TILLS && tills.is_sorted(),
                "too many, or not rising"
            );
            ensure!(rounds <= MAX_ROUNDS && turnover <= MAX_RATE, "too many");
            ensure!(silence.max(opening) <= MAX_SECONDS, "too long");
            if turnover > 0 {
                tokio::spawn(sales::beside(shop.clone(), turnover, most));
            }
            let plan = Rounds {
                tills,
                span,
                rounds,
                silence: Duration::from_secs(silence),
                opening: Duration::from_secs(opening),
            };
            tills::rise(&shop, &plan).await
        }
        Load::Overload {
            tills,
            sales,
            opening,
        } => {
            ensure!(tills <= MAX_TILLS && sales <= MAX_RATE, "too many");
            ensure!(opening <= MAX_SECONDS, "too long");
            let opening = Duration::from_secs(opening);
            overload::run(&shop, tills, sales, span, opening).await
        }
        Load::Askers { askers } => {
            ensure!(askers <= MAX_TILLS, "too many");
            tills::all_one(&shop, askers, span).await
        }
        Load::Sales { rate } => {
            ensure!((1..=MAX_RATE).contains(&rate), "too many");
            let direct = Direct::sign_in(&args.sandbox).await?;
            sales::rush(&shop, direct, rate, span).await
        }
    }
}
