//! Checks what other people's code we ship: its licences, its notices, its sources, and the bills of materials.
//!
//! `KAUNTER_UPDATE=1` writes the notices (`THIRD-PARTY.txt`) and the bills (`sbom.cdx.json`) of the npm package and of both
//! programs anew. `cargo xtask release` does so with each version.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test says where it stopped")]

#[path = "supply/crates.rs"]
mod crates;
#[path = "supply/licence.rs"]
mod licence;
#[path = "supply/notices.rs"]
mod notices;
#[path = "supply/npm.rs"]
mod npm;
#[path = "supply/sbom.rs"]
mod sbom;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crates::{Crates, Product};
use serde_json::Value;

/// The systems of the programs: `packaging/npm/targets.json`.
const SYSTEMS: &[&str] = &[
    "x86_64-unknown-linux-musl",
    "aarch64-unknown-linux-musl",
    "x86_64-pc-windows-gnu",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
];

/// The products, each with the folder of its notices and its bill.
const PRODUCTS: [(Product, &str); 3] = [
    (
        Product {
            name: "kaunter",
            targets: &["wasm32-unknown-unknown"],
            roots: &["kaunter", "kaunter-reader-wasm", "kaunter-sandbox-wasm"],
            bundled: &["lit"],
        },
        "pkg",
    ),
    (
        Product {
            name: "kaunter-backend",
            targets: SYSTEMS,
            roots: &["kaunter-backend"],
            bundled: &[],
        },
        "src/backend",
    ),
    (
        Product {
            name: "kaunter-demo",
            targets: SYSTEMS,
            roots: &["kaunter-demo"],
            bundled: &[],
        },
        "src/demo",
    ),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn deny() -> toml::Table {
    let text = fs::read_to_string(root().join("deny.toml")).unwrap();
    text.parse().unwrap()
}

/// The licences that may be shipped.
fn allowed(deny: &toml::Table) -> BTreeSet<&str> {
    let allow = deny["licenses"]["allow"].as_array().unwrap().iter();
    allow.map(|licence| licence.as_str().unwrap()).collect()
}

/// Asserts that the file has this text; with `KAUNTER_UPDATE=1`, writes it.
fn check(path: &Path, text: &str) {
    if std::env::var_os("KAUNTER_UPDATE").is_some() {
        fs::write(path, text).unwrap();
    }
    let there = fs::read_to_string(path).unwrap_or_default();
    assert!(
        there == text,
        "{} is not what the lock files say: run this test with KAUNTER_UPDATE=1",
        path.display()
    );
}

#[test]
fn every_crate_has_a_licence_that_is_allowed_and_none_is_banned() {
    let deny = deny();
    let allow = allowed(&deny);
    let banned: BTreeSet<&str> = deny["bans"]["deny"]
        .as_array()
        .unwrap()
        .iter()
        .map(|ban| ban["crate"].as_str().unwrap())
        .collect();
    let mut wrong = Vec::new();
    for (product, _) in &PRODUCTS {
        // Tools and tests count too: `cargo deny` checks the whole workspace.
        let crates = Crates::of_the_workspace(product.targets);
        assert!(crates.all().count() > 100, "the whole workspace");
        for one in crates.all() {
            if !licence::is_allowed(&one.licence, &allow) {
                wrong.push(format!("{}: {:?} is not allowed", one.name, one.licence));
            }
            if banned.contains(one.name.as_str()) {
                wrong.push(format!("{} is banned", one.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_systems_are_those_of_the_npm_packages() {
    let text = fs::read_to_string(root().join("packaging/npm/targets.json")).unwrap();
    let listed: Value = serde_json::from_str(&text).unwrap();
    let listed = listed.as_array().unwrap().iter();
    let listed: Vec<&str> = listed.map(|one| one["target"].as_str().unwrap()).collect();
    assert_eq!(listed, SYSTEMS);
}

#[test]
fn every_crate_comes_from_this_workspace_or_from_the_one_registry() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let lock: toml::Table = lock.parse().unwrap();
    let mut sources = BTreeSet::new();
    for package in lock["package"].as_array().unwrap() {
        let Some(source) = package.get("source") else {
            continue;
        };
        sources.insert(source.as_str().unwrap());
        let name = &package["name"];
        assert!(
            package.get("checksum").is_some(),
            "{name:?} has no checksum"
        );
    }
    assert_eq!(sources.len(), 1, "{sources:?}");
    assert!(sources.iter().all(|source| source.starts_with("registry+")));
}

#[test]
fn the_notices_have_the_licence_of_every_crate_that_is_shipped() {
    let deny = deny();
    let allow = allowed(&deny);
    for (product, folder) in &PRODUCTS {
        let shipped = Crates::of(product);
        let text = notices::text(product, &shipped);
        for one in shipped.others() {
            let line = format!("{} {} ", one.name, one.version);
            assert!(text.contains(&line), "{} is missing", one.name);
            assert!(licence::is_allowed(&one.licence, &allow), "{}", one.name);
            assert!(
                notices::has_terms(one),
                "{} has no text and no standard licence",
                one.name
            );
        }
        check(&root().join(folder).join("THIRD-PARTY.txt"), &text);
    }
}

#[test]
fn the_bills_of_materials_name_every_crate_that_is_shipped() {
    for (product, folder) in &PRODUCTS {
        let shipped = Crates::of(product);
        let text = sbom::text(product, &shipped);
        check(&root().join(folder).join("sbom.cdx.json"), &text);
        let bill: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(bill["bomFormat"], "CycloneDX");
        assert_eq!(bill["specVersion"], "1.6");
        let components = bill["components"].as_array().unwrap();
        let named: BTreeSet<(&str, &str)> = components
            .iter()
            .map(|one| {
                (
                    one["name"].as_str().unwrap(),
                    one["version"].as_str().unwrap(),
                )
            })
            .collect();
        let there: BTreeSet<(&str, &str)> = shipped
            .all()
            .map(|one| (one.name.as_str(), one.version.as_str()))
            .filter(|(name, _)| *name != product.name)
            .collect();
        assert_eq!(named, there);
        // Each reference is unique, and leads to a component.
        let own = bill["metadata"]["component"]["bom-ref"].as_str().unwrap();
        let refs: Vec<&str> = components
            .iter()
            .map(|one| one["bom-ref"].as_str().unwrap())
            .chain([own])
            .collect();
        let unique: BTreeSet<&str> = refs.iter().copied().collect();
        assert_eq!(unique.len(), refs.len());
        for edge in bill["dependencies"].as_array().unwrap() {
            assert!(unique.contains(edge["ref"].as_str().unwrap()), "{edge}");
            for to in edge["dependsOn"].as_array().unwrap() {
                assert!(unique.contains(to.as_str().unwrap()), "{edge}");
            }
        }
        let version = &bill["metadata"]["component"]["version"];
        assert_eq!(version, env!("CARGO_PKG_VERSION"));
    }
}
