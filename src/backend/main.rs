//! The command `kaunter-backend`.

mod begin;
mod typed;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use kaunter_backend::{
    Config, NewPerson, Rebound, Reconciled, Reconciliation, ShutdownSignals, gateway_words, rebind,
    serve, verify,
};
use kaunter_core::wire::Right;

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
    /// Write a commented configuration, and a file with fresh keys beside it. No file is overwritten.
    Init(begin::Init),
    /// Say what is missing or unsafe, and start nothing.
    CheckConfig,
    /// Compare the gateway's report of a day with the store. Exits with 0 only if all of it matches, with 1 if it
    /// differs, and with 2 if it can't be compared. Changes nothing without `--apply`.
    Reconcile(Reconcile),
    /// The people who sign in at this backend: `[[people]]` of the configuration file. A running backend reads them at
    /// its next start.
    #[command(subcommand)]
    People(PeopleCommand),
    /// Act on the store.
    #[command(subcommand)]
    Store(StoreCommand),
    /// Read the audit trail.
    #[command(subcommand)]
    Audit(Audit),
    /// Show what the gateway says.
    #[command(subcommand)]
    Gateway(GatewayCommand),
    /// List the places where a test can kill this program.
    #[cfg(kill_points)]
    KillPoints,
}

#[derive(Subcommand)]
enum PeopleCommand {
    /// Add a person. The PIN or the password is read from the terminal, or one line from the standard input.
    Add {
        /// The name that the person types, and that the record of each trade keeps.
        name: String,
        /// What the person may do: `charge`, `cancel`, `void`, `review`, `list`.
        #[arg(long, value_delimiter = ',', required = true, value_parser = right)]
        rights: Vec<Right>,
        /// The terminals where the person may work; everywhere without it.
        #[arg(long, value_delimiter = ',')]
        terminals: Vec<String>,
    },
    /// List the people, their rights and their terminals.
    List,
    /// Remove a person.
    Remove {
        /// The name.
        name: String,
    },
}

fn right(text: &str) -> Result<Right, String> {
    serde_json::from_value(text.into())
        .map_err(|_| "use charge, cancel, void, review or list".to_owned())
}

#[derive(Subcommand)]
enum StoreCommand {
    /// Move the store to the shop and the gateway of this configuration. First stop every backend that uses it. Refused
    /// while a trade is open; the audit trail keeps who did it.
    Rebind {
        /// Who does it, for the audit trail.
        #[arg(long, value_name = "NAME")]
        by: String,
    },
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
    /// `trade_id`, `amount`, `currency`, `status`, `date`; again for each.
    #[arg(long, value_name = "COLUMN=NAME", value_parser = pair)]
    column: Vec<(String, String)>,
    /// Settle the trades under review that the report decides, after one question each to the gateway. What it would
    /// settle is printed first.
    #[arg(long, requires = "by")]
    apply: bool,
    /// The name of the person who vouches for the report, for the audit trail.
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Do not ask for a confirmation.
    #[arg(long)]
    yes: bool,
}

#[derive(Subcommand)]
enum Audit {
    /// Find rows that were changed, removed, moved or added. Exits with 0 if there are none, with 1 if there are some,
    /// and with 2 if the trail can't be read.
    Verify,
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
    let compares = matches!(
        args.command,
        Some(Command::Reconcile(_) | Command::Audit(_))
    );
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
        Some(Command::Init(options)) => options.run(&args.config, args.json),
        Some(Command::CheckConfig) => check(&args.config, args.json),
        Some(Command::Reconcile(options)) => compare(&args.config, options, args.json).await,
        Some(Command::People(command)) => people(&args.config, command, args.json),
        Some(Command::Store(StoreCommand::Rebind { by })) => {
            move_store(&args.config, &by, args.json).await
        }
        Some(Command::Audit(Audit::Verify)) => verify_audit(&args.config, args.json).await,
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

fn word(right: &Right) -> String {
    let value = serde_json::to_value(right).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

fn people(config: &Path, command: PeopleCommand, json: bool) -> anyhow::Result<ExitCode> {
    match command {
        PeopleCommand::Add {
            name,
            rights,
            terminals,
        } => {
            let person = NewPerson {
                name,
                rights,
                terminals,
            };
            kaunter_backend::add_person(config, &person, &typed::secret()?)?;
            if json {
                println!("{}", serde_json::to_string(&person)?);
            } else {
                println!("{} was added: start the backend again", person.name);
            }
            Ok(ExitCode::SUCCESS)
        }
        PeopleCommand::List => {
            let people = kaunter_backend::list_people(config)?;
            if json {
                println!("{}", serde_json::to_string(&people)?);
                return Ok(ExitCode::SUCCESS);
            }
            for person in people {
                let rights: Vec<String> = person.rights.iter().map(word).collect();
                let terminals = match person.terminals.is_empty() {
                    true => "every terminal".to_owned(),
                    false => person.terminals.join(", "),
                };
                println!("{}: {} at {terminals}", person.name, rights.join(", "));
            }
            Ok(ExitCode::SUCCESS)
        }
        PeopleCommand::Remove { name } => {
            kaunter_backend::remove_person(config, &name)?;
            if json {
                println!("{}", serde_json::json!({ "removed": name }));
            } else {
                println!(
                    "{name} was removed: start the backend again, and open tokens end within 15 minutes"
                );
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn move_store(config: &Path, who: &str, json: bool) -> anyhow::Result<ExitCode> {
    let rebound = rebind(&Config::load(config)?, who).await?;
    if json {
        println!("{}", serde_json::to_string(&rebound)?);
        return Ok(ExitCode::SUCCESS);
    }
    let Rebound {
        from_shop,
        from_gateway,
        shop,
        gateway,
    } = rebound;
    let from = match (from_shop, from_gateway) {
        (Some(shop), Some(gateway)) => format!("the shop \"{shop}\" with the gateway {gateway}"),
        _ => "nobody".to_owned(),
    };
    println!("the store belonged to {from}; now it is that of \"{shop}\" with {gateway}");
    Ok(ExitCode::SUCCESS)
}

async fn compare(config: &Path, options: Reconcile, json: bool) -> anyhow::Result<ExitCode> {
    let mut config = Config::load(config)?;
    for (column, name) in options.column {
        let report = &mut config.report;
        match column.as_str() {
            "gateway_ref" => report.gateway_ref = name,
            "trade_id" => report.trade_id = name,
            "amount" => report.amount = name,
            "currency" => report.currency = Some(name),
            "status" => report.status = name,
            "date" => report.date = Some(name),
            _ => anyhow::bail!(
                "--column {column} is not known: use gateway_ref, trade_id, amount, currency, status or date"
            ),
        }
    }
    let report = Reconciliation::open(&config, &options.file, &options.day).await?;
    let mut found = report.result();
    if let (true, Some(by)) = (options.apply, &options.by) {
        let count = found.proposals().count();
        if json {
            eprint!("{}", found.table());
        } else {
            print!("{}", found.table());
        }
        if count > 0 && (options.yes || confirm(count, by)?) {
            let settled = report.settle(&config, by).await?;
            // What is left after that.
            let after = Reconciliation::open(&config, &options.file, &options.day).await?;
            found = Reconciled {
                reviews: settled,
                ..after.result()
            };
            if !json {
                print!("\nafter that, ");
            }
        } else if !json {
            println!("\nnothing was settled");
            return Ok(code(&found));
        }
    }
    if json {
        println!("{}", found.json());
    } else {
        print!("{}", found.table());
    }
    Ok(code(&found))
}

fn code(found: &Reconciled) -> ExitCode {
    if found.all_match() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Asks the person at the terminal.
fn confirm(count: usize, by: &str) -> anyhow::Result<bool> {
    use std::io::{IsTerminal as _, Write as _};

    if !std::io::stdin().is_terminal() {
        anyhow::bail!("nobody is here to confirm: read what would be settled, and add --yes");
    }
    eprint!("Settle {count} of them in the name of {by}? Type yes: ");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(answer.trim().eq_ignore_ascii_case("yes"))
}

async fn verify_audit(config: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let found = verify(&Config::load(config)?).await?;
    if json {
        println!("{}", found.json());
    } else {
        print!("{}", found.table());
    }
    Ok(if found.is_good() {
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
    let scheme = if running.is_tls { "https" } else { "http" };
    let address = format!("{scheme}://{}", running.addr);
    let operator = running.operator.map(|addr| format!("http://{addr}"));
    if json {
        let told = serde_json::json!({ "listening": address, "operator": operator });
        println!("{told}");
    } else {
        if let Some(operator) = operator {
            println!("the operator's listener is {operator}");
        }
        println!("listening on {address}");
    }
    ends.next().await;
    tokio::select! {
        _ = running.stop() => Ok(ExitCode::SUCCESS),
        // A second signal ends the process at once; stored trades are resumed after the next start.
        () = ends.again() => Ok(ExitCode::FAILURE),
    }
}
