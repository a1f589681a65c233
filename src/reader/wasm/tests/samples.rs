//! Do the declarations of the reader's module say what Rust writes? Each shape and each word is written here into
//! `tests/types/reader_samples.ts`, typed as the module declares it; `tests/types` compiles that file.
//! `KAUNTER_UPDATE=1` writes it anew.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test says where it stopped")]

use kaunter_reader::Hint;
use kaunter_reader_wasm::shapes::{DecodedCode, Point, Reading, hint_word};
use serde::Serialize;

/// A value that must be assignable to a type, and whose fields are exactly the type's.
fn shape(kind: &str, value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap();
    let fields = value.as_object().unwrap();
    let texts = fields.iter().map(|(name, value)| match name.as_str() {
        "bytes" => format!("{name}: new Uint8Array({value})"),
        _ => format!("{name}: {value}"),
    });
    let texts: Vec<String> = texts.collect();
    let names: Vec<String> = fields.keys().map(|name| format!("{name}: true")).collect();
    format!(
        "export const a{kind}: {kind} = {{ {} }};\nexport const fieldsOf{kind}: Record<keyof {kind}, true> = {{ {} }};\n",
        texts.join(", "),
        names.join(", ")
    )
}

#[test]
fn the_samples_are_what_rust_writes() {
    let corners = [(0.0, 0.0), (9.5, 0.0), (9.5, 9.5), (0.0, 9.5)].map(|(x, y)| Point { x, y });
    let code = DecodedCode {
        text: "2".to_owned(),
        bytes: vec![50],
        eci: None,
        encoding: Some("utf-8"),
        corners,
    };
    let reading = Reading {
        text: "2".to_owned(),
        bytes: vec![50],
        eci: Some(26),
        corners,
        confirmed: true,
        arrived: false,
    };
    // A hint that is missing here does not compile.
    let known = |hint: Hint| match hint {
        Hint::Closer | Hint::Farther | Hint::Glare | Hint::Dark | Hint::HoldStill => {
            hint_word(hint)
        }
    };
    let all = [
        Hint::Closer,
        Hint::Farther,
        Hint::Glare,
        Hint::Dark,
        Hint::HoldStill,
    ];
    let hints: Vec<String> = all.map(|hint| format!("{:?}: true", known(hint))).to_vec();
    let text = format!(
        "// Written by src/reader/wasm/tests/samples.rs: what the reader's module hands to JavaScript, as it declares it.\n\
         import type {{ DecodedCode, Reading, ReaderHint }} from \"../../pkg/wasm/reader.js\";\n\n{}{}\
         export const wordsOfReaderHint: Record<ReaderHint, true> = {{ {} }};\n",
        shape("DecodedCode", &code),
        shape("Reading", &reading),
        hints.join(", ")
    );
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../tests/types/reader_samples.ts"
    );
    if std::env::var_os("KAUNTER_UPDATE").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == text,
        "tests/types/reader_samples.ts is not what Rust writes now: run this test with KAUNTER_UPDATE=1, and read the difference"
    );
}
