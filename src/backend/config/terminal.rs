//! The settings of the cashier's page.

use std::path::PathBuf;

use serde::Deserialize;

/// The cashier's page, as this backend serves it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TerminalConfig {
    /// The folder of the built page.
    pub dir: PathBuf,
    /// The address of the shop's server where the page gets its tokens. Without it, people sign in at the backend.
    pub token_url: Option<String>,
    /// The address of the sandbox's phone, if there is one.
    pub phone_url: Option<String>,
    /// The name of the shop's only terminal. Without it, each device asks once for a name of its own.
    #[serde(default)]
    pub name: Option<String>,
    /// Whether the page says that no money moves.
    #[serde(default)]
    pub sandbox: bool,
}
