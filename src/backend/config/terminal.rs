//! The cashier's page.

use std::path::PathBuf;

use serde::Deserialize;

/// The cashier's terminal as this backend serves it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TerminalConfig {
    /// The folder of the built page.
    pub dir: PathBuf,
    /// Where the page gets its tokens: the shop's server.
    pub token_url: String,
    /// The sandbox's phone, where there is one.
    pub phone_url: Option<String>,
    /// The page says that no money moves.
    #[serde(default)]
    pub sandbox: bool,
}
