//! The demo: the sandbox, the shop's server and the backend in one process. It prints two links.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use clap::Args;
use kaunter_backend::{
    GatewayConfig, GatewayKind, Secret, ServerKey, TerminalConfig, VoidConfig, Words,
};
use kaunter_core::policy::Policy;
use kaunter_core::wire::Sales;

use crate::module;
use crate::run::{command, quietly, root, run, step, target};
use crate::tools;

/// The variable with the key of a shop's server of your own.
const SERVER_KEY: &str = "KAUNTER_SERVER_KEY";

/// The options of the demo.
#[derive(Args)]
pub(crate) struct Demo {
    /// The terminal's port; the sandbox gets the next one. Default: two free ports.
    #[arg(long)]
    port: Option<u16>,
    /// Other origins whose pages may call the backend, besides every page of this machine.
    #[arg(long)]
    origin: Vec<String>,
    /// Open the terminal in the browser.
    #[arg(long)]
    open: bool,
    /// Take one payment automatically, in a headless Chromium whose camera shows a phone.
    #[arg(long)]
    auto: bool,
    /// With --auto: the gateway's fault at the payment (cut, reset_after, ...).
    #[arg(long)]
    fault: Option<String>,
}

impl Demo {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let began = Instant::now();
        module::quick()?;
        module::page()?;
        let runtime = tokio::runtime::Runtime::new()?;
        runtime.block_on(self.serve(began))
    }

    async fn serve(self, began: Instant) -> anyhow::Result<()> {
        step("Starting sandbox, shop and backend");
        // Only warnings are logged.
        tracing_subscriber::fmt()
            .with_env_filter("error")
            .with_writer(std::io::stderr)
            .init();
        let loopback = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let keys = Keys::new()?;
        let sandbox = kaunter_sandbox::serve(kaunter_sandbox::Config {
            listen: loopback(self.port.map_or(0, |port| port.saturating_add(1))),
            key: keys.key.clone(),
            secret: keys.secret.clone(),
            merchant: "sandbox-merchant".to_owned(),
            password: keys.password.clone(),
            profile: kaunter_sandbox::Profile::Sandbox,
            seed: 1,
            time_permille: 1000,
            state: None,
            backend: None,
            server_key: None,
        })
        .await?;
        let dir = target().join("demo");
        std::fs::create_dir_all(&dir)?;
        let backend = kaunter_backend::serve(kaunter_backend::Config {
            listen: loopback(self.port.unwrap_or(0)),
            network: kaunter_backend::NetworkConfig::default(),
            database: dir.join(format!("kaunter-{}.db", std::process::id())),
            database_url: None,
            shop: "demo".to_owned(),
            server_keys: vec![ServerKey::all(Secret::new(keys.server.clone()))],
            signing_key: Secret::new(keys.signing.clone()),
            previous_signing_key: None,
            audit_key: None,
            audit_keys_previous: Vec::new(),
            people: Vec::new(),
            token_life_s: 600,
            origins: self.origin.clone(),
            local_pages: true, // every development server
            sales: Sales::Open,
            test_wallets: true,
            gateway: GatewayConfig {
                kind: GatewayKind::default(),
                base_url: format!("http://{}/version1", sandbox.addr),
                key: Secret::new(keys.key.clone()),
                secret: Secret::new(keys.secret.clone()),
                merchant: Secret::new("sandbox-merchant"),
                password: Secret::new(keys.password.clone()),
                proxy: None,
                ca_file: None,
                currency: "MYR".to_owned(),
                max_amount_minor: 5_000_000,
                can_cancel: None,
                unpaid_final_after_ms: None,
                void: VoidConfig::default(),
                wallets: std::collections::BTreeMap::new(),
                words: Words::of(kaunter_backend::Profile::Sandbox),
            },
            policy: Policy::default(),
            time_scale_permille: 1000,
            bounds: kaunter_backend::Bounds::default(),
            day: kaunter_backend::Offset::default(),
            report: kaunter_backend::ReportConfig::default(),
            terminal: Some(TerminalConfig {
                dir: root().join("www/dist"),
                token_url: Some(format!("http://{}/shop/token", sandbox.addr)),
                phone_url: Some(format!("http://{}/_sim/phone", sandbox.addr)),
                name: Some("till-1".to_owned()),
                sandbox: true,
            }),
        })
        .await?;
        let terminal = format!("http://{}/", backend.addr);
        let phone = format!("http://{}/_sim/phone", sandbox.addr);
        introduce(sandbox.addr, &terminal, &keys.server)?;
        println!("ready after {:.1} s\n", began.elapsed().as_secs_f32());
        println!("  The cashier's terminal   {terminal}");
        println!("  The customer's phone     {phone}\n");
        let done = if self.auto {
            self.drive(&terminal, sandbox.addr).await
        } else {
            if self.open {
                open(&terminal);
            }
            println!(
                "Type an amount, press Charge, and hold the phone's page in front of the camera. Ctrl-C stops the demo."
            );
            Ok(tokio::signal::ctrl_c().await?)
        };
        backend.stop().await;
        sandbox.stop().await;
        done
    }

    async fn drive(&self, terminal: &str, sandbox: SocketAddr) -> anyhow::Result<()> {
        let browser = tools::browser(false)?;
        let mut auto = command("node", &["tests/terminal/auto.mjs"]);
        auto.env("KAUNTER_TERMINAL", terminal)
            .env("KAUNTER_SANDBOX_URL", format!("http://{sandbox}"))
            .env("CHROMIUM", browser.chromium)
            .env("KAUNTER_OUT", target().join("demo"))
            .env("KAUNTER_FAULT", self.fault.clone().unwrap_or_default());
        tokio::task::spawn_blocking(move || run(auto)).await?
    }
}

/// Sends the backend's address to the shop's server. It is the only HTTP call here, so there is no client library.
fn introduce(sandbox: SocketAddr, backend: &str, server_key: &str) -> anyhow::Result<()> {
    use std::io::{Read, Write};
    let body = format!(
        r#"{{"backend":"{}","server_key":"{server_key}"}}"#,
        backend.trim_end_matches('/')
    );
    let mut stream = std::net::TcpStream::connect(sandbox)?;
    write!(
        stream,
        "POST /_sim/shop HTTP/1.1\r\nhost: {sandbox}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    anyhow::ensure!(
        answer.starts_with("HTTP/1.1 204"),
        "the shop's server refused the backend's address"
    );
    Ok(())
}

/// New keys for each demo. Their prefix marks them as the sandbox's, so that the backend refuses them for a real
/// gateway.
struct Keys {
    key: String,
    secret: String,
    password: String,
    server: String,
    signing: String,
}

impl Keys {
    fn new() -> anyhow::Result<Self> {
        let fresh = || -> anyhow::Result<String> {
            let mut bytes = [0; 24];
            getrandom::fill(&mut bytes)
                .map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
            Ok(format!("sandbox-{}", hex::encode(bytes)))
        };
        Ok(Self {
            key: fresh()?,
            secret: fresh()?,
            password: fresh()?,
            // A shop's server of your own needs the same key.
            server: match std::env::var(SERVER_KEY) {
                Ok(given) if !given.is_empty() => given,
                Ok(_) | Err(_) => fresh()?,
            },
            signing: fresh()?,
        })
    }
}

fn open(address: &str) {
    let opener = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    if !quietly(command(opener, &[address])) {
        println!("(no browser could be started: open the link yourself)");
    }
}
