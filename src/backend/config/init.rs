//! `kaunter-backend init`: writes a commented configuration, and a file of fresh keys beside it.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;
use zeroize::Zeroizing;

use super::env_file;
use super::file::File;
use crate::people::quoted;

/// The configuration as it is written, and as the Debian package has it.
const TEMPLATE: &str = include_str!("template.toml");
/// The lines that a value replaces.
const SHOP: &str = "# shop = \"my-shop\"";
const BASE_URL: &str = "# base_url = \"https://gateway.example/version1\"";
/// The keys that we make, and those that the gateway gives.
const OWN_KEYS: [&str; 3] = [
    "KAUNTER_SERVER_KEY",
    "KAUNTER_SIGNING_KEY",
    "KAUNTER_AUDIT_KEY",
];
const GATEWAY_KEYS: [&str; 4] = [
    "KAUNTER_GATEWAY_KEY",
    "KAUNTER_GATEWAY_SECRET",
    "KAUNTER_GATEWAY_MERCHANT",
    "KAUNTER_GATEWAY_PASSWORD",
];

/// What is known of a new configuration.
#[derive(Debug, Default)]
pub struct NewConfig {
    /// The name of the shop.
    pub shop: Option<String>,
    /// The address of the gateway.
    pub gateway: Option<String>,
    /// Writes the file of keys only: the configuration is there.
    pub only_keys: bool,
}

/// The files that were written. No key is in it.
#[derive(Debug, Serialize)]
pub struct Initialised {
    /// The configuration, if it was written.
    pub config: Option<PathBuf>,
    /// The file of keys.
    pub keys: PathBuf,
    /// The variables that are empty in it.
    pub empty: [&'static str; 4],
}

/// Writes the files of a new backend. Both can be read by this user only.
///
/// # Errors
/// One of them is there already, or can't be written. Then nothing is changed.
pub fn init(path: &Path, new: &NewConfig) -> anyhow::Result<Initialised> {
    let keys = env_file::path_of(path);
    anyhow::ensure!(
        keys != path,
        "{} is the name of the file of keys: name the configuration like kaunter.toml",
        path.display()
    );
    let config = (!new.only_keys).then_some(path);
    for file in config.into_iter().chain([keys.as_path()]) {
        anyhow::ensure!(
            std::fs::symlink_metadata(file).is_err(),
            "{} is there already, and no file is overwritten: move it away first, or name another configuration with --config",
            file.display()
        );
    }
    let text = text(new);
    File::read(path, &text)?;
    write(&keys, &fresh_keys()?)?;
    if let Some(config) = config
        && let Err(error) = write(config, &text)
    {
        // Keys without a configuration would stop the next try.
        let _ = std::fs::remove_file(&keys);
        return Err(error);
    }
    Ok(Initialised {
        config: config.map(Path::to_owned),
        keys,
        empty: GATEWAY_KEYS,
    })
}

fn text(new: &NewConfig) -> String {
    let mut text = TEMPLATE.to_owned();
    for (line, name, value) in [
        (SHOP, "shop", &new.shop),
        (BASE_URL, "base_url", &new.gateway),
    ] {
        if let Some(value) = value {
            text = text.replace(line, &format!("{name} = {}", quoted(value)));
        }
    }
    text
}

fn fresh_keys() -> anyhow::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(
        "# The keys of kaunter-backend. Only the backend's user may read this file, and nobody sends it to anybody.\n# A value stands as it is between its quotes. What the environment has counts before this file.\n\n# Made by `kaunter-backend init`. Your shop's server needs the first one too.\n".to_owned(),
    );
    for name in OWN_KEYS {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *bytes).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
        let key = Zeroizing::new(hex::encode(bytes.as_slice()));
        text.push_str(&format!("{name}='{}'\n", *key));
    }
    text.push_str("\n# From the gateway's portal.\n");
    for name in GATEWAY_KEYS {
        text.push_str(&format!("{name}=''\n"));
    }
    Ok(text)
}

/// Writes a new file. One that appeared meanwhile is not touched.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;

        options.mode(0o600);
    }
    let written = options.open(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.with_context(|| format!("{} can't be written", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The template with every setting that is a comment in it.
    fn all_settings() -> String {
        let lines = TEMPLATE.lines().map(|line| {
            let bare = line.strip_prefix("# ").unwrap_or_default();
            let is_table = bare.starts_with('[') && bare.ends_with(']');
            let is_setting = bare.split_once(" = ").is_some_and(|(name, _)| {
                name.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
            });
            match is_table || is_setting {
                true => bare,
                false => line,
            }
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn every_line_of_the_template_is_a_setting_of_today() {
        let path = Path::new("kaunter.toml");
        let read = |text: &str| File::read(path, text).map(drop);
        assert_eq!(read(TEMPLATE).map_err(|error| error.to_string()), Ok(()));
        let all = all_settings();
        assert!(all.lines().filter(|line| line.contains(" = ")).count() > 12);
        assert_eq!(
            read(&all).map_err(|error| error.to_string()),
            Ok(()),
            "{all}"
        );
    }

    #[test]
    fn a_given_value_replaces_its_line() {
        assert!(TEMPLATE.contains(SHOP) && TEMPLATE.contains(BASE_URL));
        let new = NewConfig {
            shop: Some("Kedai \"A\"".to_owned()),
            gateway: Some("https://gateway.example/version1".to_owned()),
            only_keys: false,
        };
        let text = text(&new);
        let file = File::read(Path::new("kaunter.toml"), &text).expect("it is valid");
        assert_eq!(file.shop.as_deref(), Some("Kedai \"A\""));
        assert_eq!(file.gateway.base_url, new.gateway);
    }
}
