//! The command `kaunter-backend`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use kaunter_backend::{Config, gateway_words, reconcile, serve};

/// Keeps the gateway's secret, and knows what became of the money.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// The configuration file.
    #[arg(
        long,
        global = true,
        env = "KAUNTER_CONFIG",
        default_value = "kaunter.toml"
    )]
    config: PathBuf,
    /// Write JSON on the standard output.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Start the backend: what happens without a command, too.
    Serve,
    /// Say what is missing or unsafe, and start nothing.
    CheckConfig,
    /// Compare the gateway's report of a day with the store. Exits with 0 only if all of it matches, with 1 if it
    /// differs, and with 2 if it can't be compared.
    Reconcile(Reconcile),
    /// Show what the gateway says.
    #[command(subcommand)]
    Gateway(GatewayCommand),
    /// List the places where a test can kill this program.
    #[cfg(kill_points)]
    KillPoints,
}

#[derive(Subcommand)]
enum GatewayCommand {
    /// List the gateway's words that the configuration does not know, as TOML for `[gateway.words]`.
    Words,
}

/// What is compared. The columns and words of the report stand under `[report]` of the configuration.
#[derive(clap::Args)]
struct Reconcile {
    /// The gateway's report: CSV with a line of names.
    file: PathBuf,
    /// The day that it is of, `YYYY-MM-DD`, on the shop's clock (`utc_offset` of the configuration).
    #[arg(long)]
    day: String,
    /// The report's name of a column, if it is not the configuration's: `amount=Amount (MYR)`. Of `gateway_ref`,
    /// `trade_id`, `amount`, `status`; again for each.
    #[arg(long, value_name = "COLUMN=NAME", value_parser = pair)]
    column: Vec<(String, String)>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (column, name) = text.split_once('=').ok_or("write it as COLUMN=NAME")?;
    Ok((column.to_owned(), name.to_owned()))
}

/// The comparison could not be made at all.
const INCOMPARABLE: u8 = 2;

fn main() -> ExitCode {
    // Runs before there is a second thread, and before any secret is read.
    kaunter_backend::harden();
    start()
}

#[tokio::main]
async fn start() -> ExitCode {
    let args = Args::parse();
    let compares = matches!(args.command, Some(Command::Reconcile(_)));
    match run(args).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("kaunter-backend: {error:#}");
            if compares {
                ExitCode::from(INCOMPARABLE)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}

async fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.command {
        Some(Command::CheckConfig) => check(&args.config, args.json),
        Some(Command::Reconcile(options)) => compare(&args.config, options, args.json).await,
        Some(Command::Gateway(GatewayCommand::Words)) => words(&args.config, args.json).await,
        #[cfg(kill_points)]
        Some(Command::KillPoints) => {
            print!("{}", kaunter_backend::kill_points());
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Serve) | None => run_backend(&args.config, args.json).await,
    }
}

fn check(config: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let found = Config::inspect(config);
    if json {
        let (good, error, warnings) = match &found {
            Ok((_, warnings)) => (true, None, warnings.as_slice()),
            Err(error) => (false, Some(error.to_string()), [].as_slice()),
        };
        let told = serde_json::json!({
            "config": config.display().to_string(),
            "good": good,
            "error": error,
            "warnings": warnings,
        });
        println!("{told}");
    }
    let (_, warnings) = match found {
        Err(_) if json => return Ok(ExitCode::FAILURE),
        found => found?,
    };
    if !json {
        for warning in warnings {
            eprintln!("warning: {warning}");
        }
        println!("{}: good", config.display());
    }
    Ok(ExitCode::SUCCESS)
}

async fn compare(config: &Path, options: Reconcile, json: bool) -> anyhow::Result<ExitCode> {
    let mut config = Config::load(config)?;
    for (column, name) in options.column {
        let own = match column.as_str() {
            "gateway_ref" => &mut config.report.gateway_ref,
            "trade_id" => &mut config.report.trade_id,
            "amount" => &mut config.report.amount,
            "status" => &mut config.report.status,
            _ => anyhow::bail!(
                "--column {column} is not known: use gateway_ref, trade_id, amount or status"
            ),
        };
        *own = name;
    }
    let found = reconcile(&config, &options.file, &options.day).await?;
    if json {
        println!("{}", found.json());
    } else {
        print!("{}", found.table());
    }
    Ok(if found.all_match() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn words(config: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let found = gateway_words(&Config::load(config)?).await?;
    if json {
        println!("{}", serde_json::to_string(&found)?);
    } else {
        print!("{}", found.toml);
    }
    Ok(ExitCode::SUCCESS)
}

async fn run_backend(config: &Path, json: bool) -> anyhow::Result<ExitCode> {
    kaunter_backend::log();
    let mut ends = ShutdownSignals::watch()?;
    let running = serve(Config::load(config)?).await?;
    let address = format!("http://{}", running.addr);
    if json {
        println!("{}", serde_json::json!({ "listening": address }));
    } else {
        println!("listening on {address}");
    }
    ends.next().await;
    tokio::select! {
        _ = running.stop() => Ok(ExitCode::SUCCESS),
        // A second signal ends the process at once; stored trades are resumed after the next start.
        () = ends.next() => Ok(ExitCode::FAILURE),
    }
}

/// Waits for Ctrl-C of the terminal, or SIGTERM of a supervisor.
struct ShutdownSignals {
    #[cfg(unix)]
    term: tokio::signal::unix::Signal,
}

impl ShutdownSignals {
    fn watch() -> std::io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            term: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = self.term.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    }
}
