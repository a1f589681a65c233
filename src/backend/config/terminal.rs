//! The settings of the cashier's page.

use std::path::PathBuf;

use serde::Deserialize;

/// The cashier's page, as this backend serves it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TerminalConfig {
    /// The folder of the built page. Without it, the page that came with this program; empty if there is none.
    #[serde(default = "shipped_or_none")]
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

/// The cashier's page that came with this program: `share/kaunter/terminal` beside its folder, as npm's packages, the
/// Debian package and the container have it.
#[must_use]
pub fn shipped_pages() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?.canonicalize().ok()?;
    let pages = program.parent()?.parent()?.join("share/kaunter/terminal");
    pages.join("index.html").is_file().then_some(pages)
}

fn shipped_or_none() -> PathBuf {
    shipped_pages().unwrap_or_default()
}
