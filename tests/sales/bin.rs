//! The command `kaunter-sales`; `cargo xtask sim` builds it in release and runs it.

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use kaunter_sales::{Tally, run, trace};

/// Findings that are reported one by one.
const MOST_TOLD: usize = 20;

/// Simulates sales on virtual time; exits with 1 if a rule was broken.
#[derive(Parser)]
struct Args {
    /// How many sales.
    #[arg(long, default_value_t = 100_000)]
    sales: u64,
    /// The seed. The same seed gives the same history.
    #[arg(long)]
    seed: Option<u64>,
    /// Print the whole history of this sale instead.
    #[arg(long, value_name = "SALE")]
    trace: Option<u64>,
    /// The number of threads. By default, one for each core.
    #[arg(long)]
    threads: Option<usize>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let seed = args
        .seed
        .unwrap_or_else(|| u64::from(rand::random::<u32>()));
    let tally = match args.trace {
        Some(sale) => {
            let (story, tally) = trace(seed, sale);
            story.iter().for_each(|line| println!("{line}"));
            tally
        }
        None => {
            let threads = args
                .threads
                .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
            let began = Instant::now();
            let tally = run(args.sales, seed, threads);
            print!("{tally}");
            let ms = began.elapsed().as_millis().max(1);
            let rate = u128::from(args.sales) * 1_000 / ms;
            println!("{rate:>12} sales a second ({ms} ms on {threads} threads)");
            tally
        }
    };
    tell(&tally, seed, args.sales);
    ExitCode::from(u8::from(!tally.findings.is_empty()))
}

fn tell(tally: &Tally, seed: u64, sales: u64) {
    for finding in tally.findings.iter().take(MOST_TOLD) {
        println!("{:?}: {}", finding.kind, finding.what);
        println!(
            "  cargo xtask sim --seed {seed} --sales {sales} --trace {}",
            finding.sale
        );
    }
    println!("seed {seed}");
    println!("{}", tally.verdict());
}
