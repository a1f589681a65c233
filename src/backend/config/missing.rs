//! What a configuration lacks, each with the line to add.

use std::path::Path;

use super::ConfigError;
use super::env_file;

/// Variables that the gateway gives to the shop.
const OF_THE_GATEWAY: &str = "KAUNTER_GATEWAY_";

/// The names of the settings and variables that are missing.
#[derive(Default)]
pub(super) struct Missing {
    settings: Vec<&'static str>,
    variables: Vec<String>,
}

impl Missing {
    /// A required setting; an empty text if it is missing.
    pub(super) fn setting(&mut self, name: &'static str, value: Option<String>) -> String {
        value.unwrap_or_else(|| {
            self.settings.push(name);
            String::new()
        })
    }

    /// The same with the variables that were not found.
    pub(super) fn with(self, variables: Vec<String>) -> Self {
        Self { variables, ..self }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.settings.is_empty() && self.variables.is_empty()
    }

    /// Says all that is missing in the configuration at this path, and then what else is wrong with it.
    pub(super) fn error(&self, path: &Path, rest: Result<Vec<String>, ConfigError>) -> ConfigError {
        let keys = env_file::path_of(path);
        let (path, keys) = (path.display(), keys.display());
        let settings = self.settings.iter().map(|name| match *name {
            "gateway.base_url" => format!(
                "{name} is missing: add the line `base_url = \"https://...\"` under [gateway] of {path}, with the address that your gateway gave you"
            ),
            name => format!(
                "{name} is missing: add the line `{name} = \"...\"` to {path}, above its first table; it is the name for which your shop's server mints tokens"
            ),
        });
        let variables = self.variables.iter().map(|name| {
            let value = match name.starts_with(OF_THE_GATEWAY) {
                true => "with the value from the gateway's portal",
                false => "with what `openssl rand -hex 32` prints",
            };
            format!(
                "{name} is missing: add the line `{name}='...'` to {keys}, {value}; or set it, or {name}_FILE with the path of a file, in the environment"
            )
        });
        let mut all: Vec<String> = settings.chain(variables).collect();
        match rest {
            Ok(_) => {}
            Err(ConfigError::Refused(refused)) => {
                all.extend(refused.into_iter().filter(|one| !self.is_about(one)));
            }
            Err(other) => all.push(other.to_string()),
        }
        ConfigError::Missing(all)
    }

    /// Whether a sentence is about a value that is missing, which says nothing new.
    fn is_about(&self, sentence: &str) -> bool {
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || "_.".contains(letter);
        let mut words = sentence.split(|letter| !is_part(letter));
        let first = words.clone().next();
        // The shop is also a common word.
        let is_named = self.settings.iter().any(|name| match name.contains('.') {
            true => words.clone().any(|word| word == *name),
            false => first == Some(*name),
        });
        is_named || words.any(|word| self.variables.iter().any(|name| name == word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_once_and_the_rest_follows() {
        let mut missing = Missing::default();
        assert_eq!(missing.setting("shop", None), "");
        assert_eq!(missing.setting("gateway.base_url", Some("x".into())), "x");
        let missing = missing.with(vec!["KAUNTER_SIGNING_KEY".to_owned()]);
        let rest = [
            "shop must be a name of 1 to 64 characters: ...",
            "KAUNTER_SERVER_KEY and KAUNTER_SIGNING_KEY are equal: ...",
            "KAUNTER_SIGNING_KEY can be guessed: ...",
            "--config may be written by every user, who could send the shop's money elsewhere: ...",
        ];
        let rest = rest.map(str::to_owned).to_vec();
        let told = missing.error(Path::new("a/k.toml"), Err(ConfigError::Refused(rest)));
        let told = told.to_string();
        let starts: Vec<&str> = told
            .lines()
            .filter_map(|line| line.split(' ').next())
            .collect();
        assert_eq!(
            starts,
            ["shop", "KAUNTER_SIGNING_KEY", "--config"],
            "{told}"
        );
        assert!(
            told.contains("`KAUNTER_SIGNING_KEY='...'` to a/k.env,"),
            "{told}"
        );
    }
}
