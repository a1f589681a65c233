//! `kaunter-backend init`: the files of a new backend, and what to do with them.

use std::path::Path;
use std::process::ExitCode;

use kaunter_backend::{NewConfig, init};

/// What is known of the new backend.
#[derive(clap::Args)]
pub(crate) struct Init {
    /// The name of the shop, for which the shop's server mints tokens.
    #[arg(long, value_name = "NAME")]
    shop: Option<String>,
    /// The gateway's address, with its version.
    #[arg(long, value_name = "URL")]
    gateway: Option<String>,
    /// Write the file of keys only: the configuration is there.
    #[arg(long)]
    only_keys: bool,
}

impl Init {
    /// Writes the files, and prints the steps that follow. No key is printed.
    pub(crate) fn run(self, config: &Path, json: bool) -> anyhow::Result<ExitCode> {
        let written = init(
            config,
            &NewConfig {
                shop: self.shop,
                gateway: self.gateway,
                only_keys: self.only_keys,
            },
        )?;
        if json {
            println!("{}", serde_json::to_string(&written)?);
            return Ok(ExitCode::SUCCESS);
        }
        let keys = written.keys.display();
        if let Some(config) = &written.config {
            println!("{} was written: the settings", config.display());
        }
        println!("{keys} was written: fresh keys, for this user only\n");
        println!("1. Write the gateway's values into {keys}:");
        println!("   {}", written.empty.join(", "));
        println!(
            "2. Run `kaunter-backend --config {} check-config`: it says what is missing.",
            config.display()
        );
        println!("3. Give KAUNTER_SERVER_KEY of {keys} to the shop's server, and to nobody else.");
        println!("Keep {keys} out of version control.");
        Ok(ExitCode::SUCCESS)
    }
}
