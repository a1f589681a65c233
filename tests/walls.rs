//! Checks which crate depends on which, as `src/README.md` describes it. Cargo's metadata has the dependencies.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test says where it stopped")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Pairs of crates of which the first must not reach the second, not even through others.
const NEVER: [(&str, &str); 21] = [
    ("kaunter-backend", "kaunter-reader"),
    ("kaunter-sandbox", "kaunter-reader"),
    ("kaunter-sandbox", "kaunter-backend"),
    ("kaunter-sales", "kaunter-reader"),
    ("kaunter-sales", "kaunter-backend"),
    ("kaunter-sales", "kaunter-sandbox"),
    // The till's module does not contain the reader, nor the reader's module the till, so a trap stays in one of them.
    ("kaunter", "kaunter-reader"),
    ("kaunter", "kaunter-reader-wasm"),
    ("kaunter-reader-wasm", "kaunter-core"),
    ("kaunter-reader-wasm", "kaunter"),
    ("kaunter-backend", "kaunter-reader-wasm"),
    ("kaunter", "kaunter-backend"),
    ("kaunter", "kaunter-sandbox"),
    ("kaunter-backend", "kaunter-model"),
    // A shop's program has no play money.
    ("kaunter-backend", "kaunter-demo"),
    // The till's module does not contain the sandbox: a till with real money has no play money.
    ("kaunter", "kaunter-sandbox-wasm"),
    ("kaunter", "kaunter-model"),
    ("kaunter-sandbox-wasm", "kaunter"),
    ("kaunter-sandbox-wasm", "kaunter-backend"),
    ("kaunter-sandbox-wasm", "kaunter-sandbox"),
    ("kaunter-sandbox-wasm", "kaunter-reader"),
];

/// The crates of the workspace that a crate's manifest names.
#[derive(Debug, Default)]
struct Named {
    /// What it is built with.
    built_with: BTreeSet<String>,
    /// What only its tests, examples and benches use.
    tested_with: BTreeSet<String>,
}

/// Every crate of the workspace.
fn workspace() -> BTreeMap<String, Named> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = said["packages"].as_array().unwrap();
    let name = |value: &Value| value["name"].as_str().unwrap().to_owned();
    let members: BTreeSet<String> = packages.iter().map(name).collect();
    let named = |package: &Value| {
        let mut named = Named::default();
        // The reader's own tests turn on a feature of it, so that it names itself.
        let is_other = |other: &String| members.contains(other) && *other != name(package);
        for dependency in package["dependencies"].as_array().unwrap() {
            let list = match dependency["kind"].as_str() {
                Some("dev") => &mut named.tested_with,
                Some(_) | None => &mut named.built_with,
            };
            list.extend(Some(name(dependency)).filter(is_other));
        }
        named
    };
    packages.iter().map(|one| (name(one), named(one))).collect()
}

/// Every crate of the workspace that building this one takes.
fn reached(workspace: &BTreeMap<String, Named>, from: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from.to_owned()];
    while let Some(next) = open.pop() {
        for named in &workspace[&next].built_with {
            if reached.insert(named.clone()) {
                open.push(named.clone());
            }
        }
    }
    reached
}

#[test]
fn core_and_reader_name_no_crate_of_the_workspace() {
    let workspace = workspace();
    let (core, reader) = (&workspace["kaunter-core"], &workspace["kaunter-reader"]);
    let only = |name: &str| BTreeSet::from([name.to_owned()]);
    assert!(core.built_with.is_empty(), "{core:?}");
    // Core's tests run its machines at a counter in memory, which reaches nothing but core.
    assert_eq!(core.tested_with, only("kaunter-model"));
    assert_eq!(reached(&workspace, "kaunter-model"), only("kaunter-core"));
    assert!(reader.built_with.is_empty(), "{reader:?}");
    // The reader's tests draw their pictures with it, and it reaches nothing itself.
    assert_eq!(reader.tested_with, only("kaunter-scenes"));
    assert!(reached(&workspace, "kaunter-scenes").is_empty());
}

#[test]
fn no_crate_reaches_one_that_it_must_not_know() {
    let workspace = workspace();
    // The search itself works.
    assert!(reached(&workspace, "kaunter-tools").contains("kaunter-core"));
    assert!(reached(&workspace, "kaunter-reader-wasm").contains("kaunter-reader"));
    for (from, never) in NEVER {
        assert!(workspace.contains_key(never), "{never} is no crate");
        let reached = reached(&workspace, from);
        assert!(!reached.contains(never), "{from} reaches {never}");
    }
}
