//! Checks the configuration before anything starts. A table says what is refused and what gives a warning.
//!
//! A value that is unsafe or meaningless for certain is refused. A value that may be intended gives a warning: for
//! example, a PostgreSQL on another machine without `sslmode=verify-full` may be behind a tunnel, which this program
//! can't see. docs/operating.md has the same table.

mod addresses;
mod durations;
mod files;
mod gateway;
mod keys;
mod network;
mod people;
mod report;

use std::net::IpAddr;
use std::path::PathBuf;

use reqwest::Url;

use super::environment::{KeyFile, OldDatabase};
use super::{Config, ConfigError};

/// What a row of the table does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    /// The backend does not start.
    Refused,
    /// The backend starts, and logs the sentence.
    Warning,
}

/// A row of the table. Its sentence is what [`Check::find`] returns, then `problem`, then `advice`.
struct Check {
    /// The settings that it looks at.
    #[cfg_attr(not(test), allow(dead_code, reason = "for the documents"))]
    setting: &'static str,
    effect: Effect,
    /// What is wrong with them.
    problem: &'static str,
    /// What to do.
    advice: &'static str,
    /// The settings that are wrong. Never with a value that may be a secret.
    find: fn(&Look<'_>) -> Vec<String>,
}

const fn refuse(
    setting: &'static str,
    problem: &'static str,
    advice: &'static str,
    find: fn(&Look<'_>) -> Vec<String>,
) -> Check {
    Check {
        setting,
        effect: Effect::Refused,
        problem,
        advice,
        find,
    }
}

const fn warn(
    setting: &'static str,
    problem: &'static str,
    advice: &'static str,
    find: fn(&Look<'_>) -> Vec<String>,
) -> Check {
    Check {
        effect: Effect::Warning,
        ..refuse(setting, problem, advice, find)
    }
}

/// The table, in parts.
const TABLE: [&[Check]; 8] = [
    addresses::CHECKS,
    network::CHECKS,
    keys::CHECKS,
    people::CHECKS,
    gateway::CHECKS,
    durations::CHECKS,
    files::CHECKS,
    report::CHECKS,
];

/// What the checks look at beside the configuration. A program that makes its [`Config`] itself has none of it.
#[derive(Default)]
pub(super) struct Surroundings {
    /// The configuration file.
    pub(super) path: Option<PathBuf>,
    /// `listen` accepts other machines, and no TLS is in front.
    pub(super) is_plain: bool,
    /// `behind_tls`: a proxy is in front.
    pub(super) is_behind_proxy: bool,
    /// The sandbox's words are assumed.
    pub(super) assumes_sandbox: bool,
    /// Both `gateway.profile` and `gateway.words` are there.
    pub(super) has_profile_and_words: bool,
    pub(super) key_files: Vec<KeyFile>,
    /// Variables with `_FILE` whose value comes from the variable without it.
    pub(super) unread_files: Vec<String>,
    /// Variables of the file of keys that this backend does not read.
    pub(super) unknown_variables: Vec<String>,
    pub(super) old_database: OldDatabase,
}

/// What a check sees.
struct Look<'a> {
    config: &'a Config,
    around: &'a Surroundings,
}

impl Look<'_> {
    /// True if the gateway is on another machine: it takes real money.
    fn is_real(&self) -> bool {
        self.base_url().is_some_and(|base| !is_loopback(&base))
    }

    /// True for a test: another clock, with a gateway on this machine.
    fn is_test(&self) -> bool {
        let is_here = self.base_url().is_some_and(|base| is_loopback(&base));
        is_here && self.config.time_scale_permille != 1000
    }

    fn base_url(&self) -> Option<Url> {
        Url::parse(&self.config.gateway.base_url).ok()
    }
}

impl Config {
    /// Refuses a configuration that is unsafe.
    ///
    /// # Errors
    /// [`ConfigError::Refused`] with a sentence for each row of the table that is not kept.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.check_in(&Surroundings::default()).map(drop)
    }

    /// The same with what is around it. Returns the warnings.
    pub(super) fn check_in(&self, around: &Surroundings) -> Result<Vec<String>, ConfigError> {
        if let Some(files) = &self.network.tls {
            crate::tls::check(files)?;
        }
        self.gateway.authorities()?;
        let look = Look {
            config: self,
            around,
        };
        let (mut refused, mut warnings) = (Vec::new(), Vec::new());
        for check in TABLE.into_iter().flatten() {
            let sentences = (check.find)(&look)
                .into_iter()
                .map(|found| format!("{found} {}: {}", check.problem, check.advice));
            match check.effect {
                Effect::Refused => refused.extend(sentences),
                Effect::Warning => warnings.extend(sentences),
            }
        }
        match refused.is_empty() {
            true => Ok(warnings),
            false => Err(ConfigError::Refused(refused)),
        }
    }
}

/// A setting, if it is wrong.
fn found(is_wrong: bool, setting: impl Into<String>) -> Vec<String> {
    is_wrong.then(|| setting.into()).into_iter().collect()
}

pub(super) fn has_credentials(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// True for plain http to another machine.
pub(super) fn is_plain(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| url.scheme() == "http" && !is_loopback(&url))
}

fn is_loopback(address: &Url) -> bool {
    address.host_str().is_some_and(is_local)
}

fn is_local(host: &str) -> bool {
    host == "localhost"
        || host
            .trim_matches(['[', ']'])
            .parse::<IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

/// The word that two of these lists share, with their names.
fn shared<'a>(
    lists: &[(&'a str, &'a [String])],
    is_same: fn(&str, &str) -> bool,
) -> Option<(&'a str, &'a str, &'a str)> {
    lists.iter().enumerate().find_map(|(at, (name, list))| {
        lists[at + 1..].iter().find_map(|(other, words)| {
            let word = list
                .iter()
                .find(|word| words.iter().any(|own| is_same(own, word)))?;
            Some((word.as_str(), *name, *other))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows of the documented table, without the marks of code.
    fn documented() -> Vec<Vec<String>> {
        let text = include_str!("../../../docs/operating.md").replace('`', "");
        let rows = text
            .lines()
            .skip_while(|line| *line != "| setting | problem | effect | what to do |")
            .skip(2)
            .take_while(|line| line.starts_with('|'));
        rows.map(|row| {
            let cells = row.trim_matches('|').split('|');
            cells.map(|cell| cell.trim().to_owned()).collect()
        })
        .collect()
    }

    #[test]
    fn the_documents_have_the_same_table() {
        let rows = TABLE.into_iter().flatten().map(|check| {
            let effect = match check.effect {
                Effect::Refused => "refused",
                Effect::Warning => "warning",
            };
            [check.setting, check.problem, effect, check.advice]
                .map(|cell| cell.replace('`', ""))
                .to_vec()
        });
        let rows: Vec<_> = rows.collect();
        let lines = |rows: &[Vec<String>]| -> Vec<String> {
            rows.iter()
                .map(|row| format!("| {} |", row.join(" | ")))
                .collect()
        };
        assert_eq!(lines(&documented()).join("\n"), lines(&rows).join("\n"));
    }
}
