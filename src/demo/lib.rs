//! The demo: the sandbox, the shop's server and a backend in one process, with keys that are made for the run.
//!
//! Two programs start it: `kaunter-demo`, which npm's `kaunter-sandbox` contains, and `cargo xtask demo`.

mod keys;
mod phone;
mod ports;
mod scratch;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context as _;
use clap::Args;
use kaunter_backend::{
    Config, GatewayConfig, GatewayKind, Secret, ServerKey, ShutdownSignals, TerminalConfig,
    VoidConfig, Words,
};
use kaunter_core::policy::Policy;
use kaunter_core::wire::Sales;

use keys::DemoKeys;
use ports::{Ports, taken};
use scratch::ScratchFolder;

/// What a person may choose.
#[derive(Args, Debug)]
pub struct DemoOptions {
    /// The terminal's port; the sandbox gets the next one. 0: two free ports.
    #[arg(long, default_value_t = 8787)]
    pub port: u16,
    /// A page of another machine that may call the backend, besides every page of this machine.
    #[arg(long, value_name = "URL")]
    pub origin: Vec<String>,
    /// Show the phone's page to real phones on the same network, by HTTPS. The default address is found.
    #[arg(long, value_name = "ADDRESS")]
    pub lan: Option<Option<IpAddr>>,
    /// Open the first link in the browser.
    #[arg(long)]
    pub open: bool,
}

/// The folders of the built pages.
#[derive(Clone, Debug)]
pub struct Pages {
    /// The cashier's terminal.
    pub terminal: PathBuf,
    /// The demo on one page, if it was built.
    pub demo: Option<PathBuf>,
}

/// A running demo.
#[derive(Debug)]
pub struct Demo {
    /// The address of the demo on one page, if there is that page.
    pub page: Option<String>,
    /// The address of the cashier's terminal.
    pub terminal: String,
    /// The address of the customer's phone.
    pub phone: String,
    /// The address of the sandbox: the gateway, the shop's server and the phone.
    pub sandbox: SocketAddr,
    parts: Parts,
}

/// What is stopped at the end. The store is removed after the backend has closed it.
#[derive(Debug)]
struct Parts {
    backend: kaunter_backend::Running,
    sandbox: kaunter_sandbox::Running,
    _store: ScratchFolder,
}

impl Demo {
    /// Starts the parts. Only errors are logged.
    ///
    /// # Errors
    /// A port is in use, there is no page, or the store can't be made.
    pub async fn start(options: &DemoOptions, pages: Pages) -> anyhow::Result<Self> {
        tracing_subscriber::fmt()
            .with_env_filter("error")
            .with_writer(std::io::stderr)
            .init();
        anyhow::ensure!(
            pages.terminal.join("index.html").is_file(),
            "{} has no index.html: name the folder of the built terminal",
            pages.terminal.display()
        );
        let ports = Ports::from(options.port)?;
        let keys = DemoKeys::new()?;
        let store = ScratchFolder::new()?;
        let page = pages.demo.is_some();
        let sandbox = kaunter_sandbox::Config {
            pages: pages.demo,
            lan: kaunter_sandbox::lan_address(options.lan)?,
            ..sandbox_config(ports.sandbox, &keys)
        };
        let sandbox = kaunter_sandbox::serve(sandbox)
            .await
            .map_err(|error| taken(ports.sandbox, error))?;
        let phone = format!("http://{}/_sim/phone", sandbox.addr);
        let terminal = TerminalConfig {
            dir: pages.terminal,
            token_url: Some(format!("http://{}/shop/token", sandbox.addr)),
            phone_url: Some(phone.clone()),
            name: Some("till-1".to_owned()),
            sandbox: true,
        };
        let backend = kaunter_backend::serve(Config {
            listen: ports.terminal,
            database: store.path().join("kaunter.db"),
            origins: options.origin.clone(),
            terminal: Some(terminal),
            ..backend_config(&sandbox, &keys)
        })
        .await
        .map_err(|error| taken(ports.terminal, error))?;
        introduce(sandbox.addr, backend.addr, &keys.server)?;
        Ok(Self {
            page: page.then(|| format!("http://{}/?world=server", sandbox.addr)),
            terminal: format!("http://{}/", backend.addr),
            phone,
            sandbox: sandbox.addr,
            parts: Parts {
                backend,
                sandbox,
                _store: store,
            },
        })
    }

    /// Prints the addresses, and how long the start took.
    pub fn tell(&self, began: Instant) {
        println!("ready after {:.1} s\n", began.elapsed().as_secs_f32());
        if let Some(page) = &self.page {
            println!("  The demo, on one page    {page}");
        }
        println!("  The cashier's terminal   {}", self.terminal);
        println!("  The customer's phone     {}\n", self.phone);
        if let Some(address) = &self.parts.sandbox.phone {
            phone::show(address);
            if let (Some(_), Some((lan, _))) = (&self.page, address.split_once("/_sim/")) {
                println!("  Check that device        {lan}/check.html\n");
            }
        }
    }

    /// Waits until a person or a supervisor ends the demo.
    ///
    /// # Errors
    /// The system's signals can't be heard.
    pub async fn wait(&self, options: &DemoOptions) -> anyhow::Result<()> {
        let mut ends = ShutdownSignals::watch()?;
        if options.open && !open(self.page.as_ref().unwrap_or(&self.terminal)) {
            println!("(no browser could be started: open the link yourself)");
        }
        println!(
            "Type an amount, press Charge, and hold the phone's page in front of the camera. Ctrl-C stops the demo."
        );
        ends.next().await;
        Ok(())
    }

    /// Stops all parts, and removes the store.
    pub async fn stop(self) {
        self.parts.backend.stop().await;
        self.parts.sandbox.stop().await;
    }
}

fn sandbox_config(listen: SocketAddr, keys: &DemoKeys) -> kaunter_sandbox::Config {
    kaunter_sandbox::Config {
        listen,
        key: keys.key.clone(),
        secret: keys.secret.clone(),
        merchant: keys::MERCHANT.to_owned(),
        password: keys.password.clone(),
        profile: kaunter_sandbox::Profile::Sandbox,
        is_lean: false,
        seed: 1,
        time_permille: 1000,
        state: None,
        backend: None,
        server_key: None,
        pages: None,
        lan: None,
    }
}

/// The parts of the backend's configuration that no option changes.
fn backend_config(sandbox: &kaunter_sandbox::Running, keys: &DemoKeys) -> Config {
    Config {
        listen: sandbox.addr,
        network: kaunter_backend::NetworkConfig::default(),
        database: PathBuf::new(),
        database_url: None,
        shop: "demo".to_owned(),
        server_keys: vec![ServerKey::all(Secret::new(keys.server.clone()))],
        signing_key: Secret::new(keys.signing.clone()),
        previous_signing_key: None,
        audit_key: None,
        audit_keys_previous: Vec::new(),
        people: Vec::new(),
        token_life_s: 600,
        origins: Vec::new(),
        local_pages: true, // every development server
        sales: Sales::Open,
        test_wallets: true,
        gateway: GatewayConfig {
            kind: GatewayKind::default(),
            base_url: format!("http://{}/version1", sandbox.addr),
            key: Secret::new(keys.key.clone()),
            secret: Secret::new(keys.secret.clone()),
            merchant: Secret::new(keys::MERCHANT),
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
        terminal: None,
    }
}

/// Sends the backend's address to the shop's server. It is the only HTTP call here, so there is no client library.
fn introduce(sandbox: SocketAddr, backend: SocketAddr, server_key: &str) -> anyhow::Result<()> {
    use std::io::{Read as _, Write as _};
    let body = format!(r#"{{"backend":"http://{backend}","server_key":"{server_key}"}}"#);
    let mut stream = std::net::TcpStream::connect(sandbox)?;
    write!(
        stream,
        "POST /_sim/shop HTTP/1.1\r\nhost: {sandbox}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .context("the shop's server does not answer")?;
    anyhow::ensure!(
        answer.starts_with("HTTP/1.1 204"),
        "the shop's server refused the backend's address"
    );
    Ok(())
}

/// Opens an address in the system's browser; false if none could be started.
fn open(address: &str) -> bool {
    let (program, args): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(windows) {
        ("rundll32", &["url.dll,FileProtocolHandler"])
    } else {
        ("xdg-open", &[])
    };
    std::process::Command::new(program)
        .args(args)
        .arg(address)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
