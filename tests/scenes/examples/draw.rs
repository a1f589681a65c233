//! Writes a set of drawn pictures: `cargo run --release -p kaunter-scenes --example draw -- SET DIR [SEED] [COUNT]`.
//!
//! A set is `till`, `kinds`, `lookalikes` or `wrecks`.
//!
//! The count is the number of pictures of each kind or category. Any reader can then be tried on `DIR/manifest.json`.
#![allow(clippy::expect_used)]

use std::path::Path;

use kaunter_scenes::{write_kind_set, write_lookalikes, write_till_set, write_wrecks};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [set, folder, rest @ ..] = words.as_slice() else {
        panic!("the words are: SET DIR [SEED] [COUNT]");
    };
    let number = |at: usize, usual: u64| {
        rest.get(at).map_or(usual, |word| {
            word.parse().expect("a seed and a count are numbers")
        })
    };
    let (folder, seed, count) = (Path::new(folder), number(0, 7), number(1, 20));
    match set.as_str() {
        "till" => write_till_set(folder, seed, count),
        "kinds" => write_kind_set(folder, seed, count),
        "lookalikes" => write_lookalikes(folder, seed, count),
        "wrecks" => write_wrecks(folder, seed, count),
        other => panic!("no set is called {other}"),
    }
    .expect("the folder can be written");
}
