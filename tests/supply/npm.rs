//! The npm packages that are bundled into a product: what package-lock.json says of them, and their own folders.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;

use serde_json::Value;

use super::crates::Crate;

/// What a bundled package names, but the bundle does not have: declarations, and Lit's stand-in for the DOM on a server,
/// which xtask/bundle.mjs replaces.
const NOT_BUNDLED: [&str; 2] = ["@types/trusted-types", "@lit-labs/ssr-dom-shim"];

/// The id of a package beside Cargo's ids.
pub(super) fn id(name: &str) -> String {
    format!("npm:{name}")
}

/// These packages and those that they need, by id.
pub(super) fn packages(names: &[&str]) -> BTreeMap<String, Crate> {
    let read = |path: &str| fs::read_to_string(super::root().join(path)).unwrap();
    let lock: Value = serde_json::from_str(&read("package-lock.json")).unwrap();
    let mut open: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut found = BTreeMap::new();
    while let Some(name) = open.pop() {
        let path = format!("node_modules/{name}");
        let locked = &lock["packages"][&path];
        let manifest: Value = serde_json::from_str(&read(&format!("{path}/package.json"))).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        assert_eq!(locked["version"], manifest["version"], "run npm install");
        let needs: Vec<String> = locked["dependencies"]
            .as_object()
            .map(|needs| needs.keys().cloned().collect())
            .unwrap_or_default();
        let needs: Vec<String> = needs
            .into_iter()
            .filter(|need| !NOT_BUNDLED.contains(&need.as_str()))
            .collect();
        let one = Crate {
            name: name.clone(),
            version: text(&locked["version"]),
            licence: text(&locked["license"]),
            authors: vec![text(&manifest["author"])],
            repository: manifest["repository"]["url"].as_str().map(str::to_owned),
            folder: super::root().join(&path),
            is_own: false,
            hash: Some(("SHA-512", hex(&text(&locked["integrity"])))),
            registry: "npm",
            needs: needs.iter().map(|need| id(need)).collect::<BTreeSet<_>>(),
        };
        if found.insert(id(&name), one).is_none() {
            open.extend(needs);
        }
    }
    found
}

/// The hash of a lock file's `sha512-` and base64, in hexadecimal digits.
fn hex(integrity: &str) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let written = integrity.strip_prefix("sha512-").expect("npm's hash");
    let mut bits: u32 = 0;
    let mut count = 0;
    let mut text = String::new();
    for digit in written.trim_end_matches('=').bytes() {
        let value = DIGITS.iter().position(|known| *known == digit).unwrap();
        bits = ((bits << 6) | u32::try_from(value).unwrap()) & 0xffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            let _ = write!(text, "{:02x}", (bits >> count) & 0xff);
        }
    }
    text
}
