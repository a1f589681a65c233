//! `cargo xtask release VERSION`: writes the version into each file that has it, and packs the package.
//!
//! It does not commit, tag or publish: RELEASING.md has the steps before and after.

use anyhow::{Context as _, bail, ensure};
use clap::Args;

use crate::module;
use crate::run::{cargo, command, root, run, step};

/// The version of the next release.
#[derive(Args)]
pub(crate) struct Release {
    /// Three numbers, like 0.2.0.
    version: String,
}

/// Each file that holds the version, with the text before and after it.
const PLACES: [(&str, &str, &str); 5] = [
    ("Cargo.toml", "[workspace.package]\nversion = \"", "\""),
    ("pkg/package.json", "\"version\": \"", "\""),
    ("pkg/load.js", "export const version = \"", "\""),
    ("www/package.json", "\"kaunter\": \"", "\""),
    ("tests/package.json", "\"kaunter\": \"", "\""),
];

/// The end of an address that belongs to nobody: RFC 2606 reserves it.
const EXAMPLE: &str = ".example/";

/// The heading of the changes that are not released yet.
const UNRELEASED: &str = "## Unreleased\n";

impl Release {
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        let numbers: Vec<&str> = self.version.split('.').collect();
        let is_number = |text: &&str| text.parse::<u32>().is_ok_and(|n| n.to_string() == **text);
        ensure!(
            numbers.len() == 3 && numbers.iter().all(is_number),
            "{} is not a version: give three numbers, like 0.2.0",
            self.version
        );
        ensure!(
            !read("pkg/package.json")?.contains(EXAMPLE),
            "pkg/package.json has example addresses: write the project's own `homepage`, `repository` and `bugs`"
        );
        let changes = command("git", &["status", "--porcelain"]).output()?;
        ensure!(
            changes.status.success() && changes.stdout.is_empty(),
            "the tree has changes: commit or remove them first"
        );
        let changelog = read("CHANGELOG.md")?;
        let (head, news) = changelog
            .split_once(UNRELEASED)
            .context("CHANGELOG.md has no section \"Unreleased\"")?;
        ensure!(
            news.trim_start().starts_with(['#', '-']) && !news.trim_start().starts_with("## "),
            "the section \"Unreleased\" of CHANGELOG.md is empty"
        );
        step("Writing the version");
        for (file, before, after) in PLACES {
            let text = read(file)?;
            let (start, end) = place(&text, before, after).context(file)?;
            let text = [&text[..start], self.version.as_str(), &text[end..]].concat();
            std::fs::write(root().join(file), text)?;
            println!("{file}");
        }
        let version = &self.version;
        let text = format!("{head}{UNRELEASED}\n## {version}\n{news}");
        std::fs::write(root().join("CHANGELOG.md"), text)?;
        step("Writing the lock files");
        run(cargo(&["update", "--quiet", "--workspace"]))?;
        run(command(
            "npm",
            &["install", "--package-lock-only", "--no-audit", "--no-fund"],
        ))?;
        step("Writing the notices and the bills of materials");
        let mut supply = cargo(&["test", "--quiet", "--test", "supply"]);
        supply.env("KAUNTER_UPDATE", "1");
        run(supply)?;
        module::ship()?;
        step("Packing");
        run(command("npm", &["pack", "--workspace", "pkg"]))?;
        println!(
            "\nLook at the list of files above. Then commit, tag and publish, as RELEASING.md says."
        );
        Ok(())
    }
}

fn read(file: &str) -> anyhow::Result<String> {
    std::fs::read_to_string(root().join(file)).with_context(|| file.to_owned())
}

/// The position of the version in the text: its start and its end.
fn place(text: &str, before: &str, after: &str) -> anyhow::Result<(usize, usize)> {
    let start = text
        .find(before)
        .context("the text before the version was not found")?
        + before.len();
    let Some(length) = text[start..].find(after) else {
        bail!("the version has no end");
    };
    Ok((start, start + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_has_the_same_version() {
        for (file, before, after) in PLACES {
            let text = read(file).expect("the file is there");
            let (start, end) = place(&text, before, after).expect(file);
            assert_eq!(&text[start..end], env!("CARGO_PKG_VERSION"), "{file}");
        }
    }
}
