//! `cargo xtask demo`: builds everything, and starts the demo of `src/demo`. It prints the links of its pages.

use std::net::SocketAddr;
use std::time::Instant;

use clap::Args;
use kaunter_demo::{DemoOptions, Pages};

use crate::module;
use crate::run::{command, root, run, step, target};
use crate::tools;

/// The options of the demo.
#[derive(Args)]
pub(crate) struct Demo {
    #[command(flatten)]
    options: DemoOptions,
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
        let pages = Pages {
            terminal: root().join("www/dist"),
            demo: Some(target().join("demo/page")),
        };
        module::demo_page(&target().join("demo/page"))?;
        let runtime = tokio::runtime::Runtime::new()?;
        runtime.block_on(self.serve(began, pages))
    }

    async fn serve(self, began: Instant, pages: Pages) -> anyhow::Result<()> {
        step("Starting sandbox, shop and backend");
        let demo = kaunter_demo::Demo::start(&self.options, pages).await?;
        demo.tell(began);
        let done = if self.auto {
            self.drive(&demo.terminal, demo.sandbox).await
        } else {
            demo.wait(&self.options).await
        };
        demo.stop().await;
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
