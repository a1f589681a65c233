//! The command `kaunter-sandbox`.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use kaunter_sandbox::{Config, Profile, lan_address, serve};

/// A gateway that can do everything to us that the world can. Never real money.
#[derive(Parser)]
#[command(version)]
struct SandboxArgs {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Serve the phone's page to real phones on the same network, by HTTPS. The default address is found.
    #[arg(long, value_name = "ADDRESS")]
    lan: Option<Option<IpAddr>>,
    /// The merchant's API key.
    #[arg(long, env = "KAUNTER_GATEWAY_KEY")]
    key: String,
    /// The merchant's API secret.
    #[arg(long, env = "KAUNTER_GATEWAY_SECRET")]
    secret: String,
    /// The merchant's code.
    #[arg(long, env = "KAUNTER_GATEWAY_MERCHANT")]
    merchant: String,
    /// The merchant's password.
    #[arg(long, env = "KAUNTER_GATEWAY_PASSWORD")]
    password: String,
    /// Which words the gateway knows.
    #[arg(long, value_enum, default_value = "sandbox")]
    profile: Profile,
    /// Names and codes come out of this: the same seed, the same names.
    #[arg(long)]
    seed: Option<u64>,
    /// Keep the books in this file.
    #[arg(long)]
    state: Option<PathBuf>,
    /// Its own durations, times this.
    #[arg(long, default_value_t = 1.0)]
    time_scale: f64,
    /// The backend that the shop's server calls.
    #[arg(long)]
    backend: Option<String>,
    /// The shop's server key there.
    #[arg(long, env = "KAUNTER_SERVER_KEY")]
    server_key: Option<String>,
    /// Count requests instead of logging them, and draw no pictures of codes: for a load of many tills.
    #[arg(long)]
    lean: bool,
    /// A folder with pages to serve: the demo.
    #[arg(long)]
    pages: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(SandboxArgs::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kaunter-sandbox: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: SandboxArgs) -> anyhow::Result<()> {
    let seed = args.seed.unwrap_or_else(rand::random);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a factor, clamped to what makes sense"
    )]
    let time_permille = (args.time_scale.clamp(0.001, 1000.0) * 1000.0) as u64;
    let running = serve(Config {
        listen: args.listen,
        key: args.key,
        secret: args.secret,
        merchant: args.merchant,
        password: args.password,
        profile: args.profile,
        seed,
        time_permille,
        state: args.state,
        backend: args.backend,
        server_key: args.server_key,
        is_lean: args.lean,
        pages: args.pages,
        lan: lan_address(args.lan)?,
    })
    .await?;
    println!("listening on http://{}", running.addr);
    if let Some(phone) = &running.phone {
        println!("the phone's page for real phones is {phone}");
    }
    println!("a sandbox: no real money; seed {seed}");
    tokio::signal::ctrl_c().await?;
    running.stop().await;
    Ok(())
}
