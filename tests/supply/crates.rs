//! The crates of a product, from Cargo's metadata.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::npm;

/// What we ship.
pub(super) struct Product {
    pub(super) name: &'static str,
    /// The systems that it is built for.
    pub(super) targets: &'static [&'static str],
    /// The crates of the workspace that are built for it.
    pub(super) roots: &'static [&'static str],
    /// The npm packages that its JavaScript has inside.
    pub(super) bundled: &'static [&'static str],
}

/// A crate, or an npm package.
pub(super) struct Crate {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) licence: String,
    pub(super) authors: Vec<String>,
    pub(super) repository: Option<String>,
    /// Its folder.
    pub(super) folder: PathBuf,
    /// Whether it is of this workspace.
    pub(super) is_own: bool,
    /// The hash of the package in its registry.
    pub(super) hash: Option<(&'static str, String)>,
    /// The registry, as a package URL names it.
    pub(super) registry: &'static str,
    /// What it is linked with.
    pub(super) needs: BTreeSet<String>,
}

/// Crates by their id in Cargo's metadata.
pub(super) struct Crates(BTreeMap<String, Crate>);

impl Crates {
    /// Every crate of the workspace for these targets, with tools and tests.
    pub(super) fn of_the_workspace(targets: &[&str]) -> Self {
        let platforms = targets
            .iter()
            .flat_map(|target| ["--filter-platform", target]);
        let output = Command::new(env!("CARGO"))
            .args(["metadata", "--locked", "--format-version", "1"])
            .args(platforms)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "cargo metadata: {error}");
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let is_macro: BTreeMap<String, bool> = said["packages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|package| {
                let kinds = package["targets"].as_array().unwrap().iter();
                let is_macro = kinds
                    .flat_map(|target| target["kind"].as_array().unwrap())
                    .any(|kind| kind == "proc-macro");
                (text(&package["id"]), is_macro)
            })
            .collect();
        // A crate of the graph that is linked: no build script's, no test's, and no macro.
        let linked = |dependency: &Value| {
            let kinds = dependency["dep_kinds"].as_array().unwrap();
            kinds.iter().any(|kind| kind["kind"].is_null()) && !is_macro[&text(&dependency["pkg"])]
        };
        let checksums = checksums();
        let nodes = said["resolve"]["nodes"].as_array().unwrap();
        let mut needs: BTreeMap<String, BTreeSet<String>> = nodes
            .iter()
            .map(|node| {
                let edges = node["deps"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|one| linked(one));
                (
                    text(&node["id"]),
                    edges.map(|one| text(&one["pkg"])).collect(),
                )
            })
            .collect();
        let packages = said["packages"].as_array().unwrap().iter();
        let crates = packages.filter_map(|package| {
            let id = text(&package["id"]);
            let manifest = PathBuf::from(text(&package["manifest_path"]));
            let one = Crate {
                name: text(&package["name"]),
                version: text(&package["version"]),
                licence: text(&package["license"]),
                authors: package["authors"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(text)
                    .collect(),
                repository: package["repository"].as_str().map(str::to_owned),
                folder: manifest.parent().unwrap().to_owned(),
                is_own: package["source"].is_null(),
                hash: checksums
                    .get(&(text(&package["name"]), text(&package["version"])))
                    .map(|content| ("SHA-256", content.clone())),
                registry: "cargo",
                needs: needs.remove(&id)?,
            };
            Some((id, one))
        });
        Self(crates.collect())
    }

    /// The crates that are linked into a product.
    pub(super) fn of(product: &Product) -> Self {
        let Self(mut every) = Self::of_the_workspace(product.targets);
        let is_root = |one: &Crate| one.is_own && product.roots.contains(&one.name.as_str());
        let mut open: Vec<String> = every
            .iter()
            .filter(|(_, one)| is_root(one))
            .map(|(id, _)| id.clone())
            .collect();
        assert_eq!(open.len(), product.roots.len());
        let mut linked = BTreeMap::new();
        while let Some(id) = open.pop() {
            if let Some(one) = every.remove(&id) {
                open.extend(one.needs.iter().cloned());
                linked.insert(id, one);
            }
        }
        let own = linked.values_mut().find(|one| one.name == product.name);
        let bundled = product.bundled.iter().map(|name| npm::id(name));
        own.expect("a product is a crate").needs.extend(bundled);
        linked.extend(npm::packages(product.bundled));
        Self(linked)
    }

    /// Each, by name and version.
    pub(super) fn all(&self) -> impl Iterator<Item = &Crate> {
        let mut all: Vec<&Crate> = self.0.values().collect();
        all.sort_by_key(|one| (&one.name, &one.version));
        all.into_iter()
    }

    /// Those of other people.
    pub(super) fn others(&self) -> impl Iterator<Item = &Crate> {
        self.all().filter(|one| !one.is_own)
    }

    pub(super) fn get(&self, id: &str) -> &Crate {
        &self.0[id]
    }
}

/// The hashes of the packages, from Cargo.lock.
fn checksums() -> BTreeMap<(String, String), String> {
    let lock = fs::read_to_string(super::root().join("Cargo.lock")).unwrap();
    let lock: toml::Table = lock.parse().unwrap();
    let text = |value: &toml::Value| value.as_str().unwrap().to_owned();
    let packages = lock["package"].as_array().unwrap().iter();
    packages
        .filter_map(|package| {
            let checksum = text(package.get("checksum")?);
            Some((
                (text(&package["name"]), text(&package["version"])),
                checksum,
            ))
        })
        .collect()
}
