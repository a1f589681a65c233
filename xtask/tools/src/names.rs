//! Shortens the names of the imports and exports between a module and its glue: each is long and has a hash.
//! Removes what the module does not use from its glue.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, ensure};
use walrus::ModuleConfig;

/// Gives each import and each export a short name, in the module and in its glue.
pub(crate) fn shorten(folder: &Path, name: &str) -> anyhow::Result<()> {
    let wasm = folder.join(format!("{name}.wasm"));
    // The imports from the glue.
    let own = format!("./{name}_bg.js");
    let mut module = ModuleConfig::new()
        .generate_name_section(true)
        .parse_file(&wasm)?;
    let (mut imports, mut exports) = (HashMap::new(), HashMap::new());
    for import in module.imports.iter_mut() {
        // The hand-written JavaScript keeps its own names.
        if import.module == own {
            let short = format!("i{}", imports.len());
            imports.insert(std::mem::replace(&mut import.name, short.clone()), short);
        }
    }
    for export in module.exports.iter_mut() {
        if export.name != "memory" {
            let short = format!("e{}", exports.len());
            exports.insert(std::mem::replace(&mut export.name, short.clone()), short);
        }
    }
    module.emit_wasm_file(&wasm)?;

    let glue = folder.join(format!("{name}.js"));
    let text = std::fs::read_to_string(&glue)?;
    // The glue's object of functions has one key per line. Its calls of the module begin with `wasm.`.
    let (text, keys) = renamed(&text, "\n        ", ":", &imports);
    let (text, _) = renamed(&text, "wasm.", "", &exports);
    ensure!(
        keys == imports.len(),
        "{keys} of {} imports are in the glue",
        imports.len()
    );
    let text = without_unused(&without_comments(&text));
    std::fs::write(&glue, text)?;

    let types = folder.join(format!("{name}.d.ts"));
    let text = std::fs::read_to_string(&types).context("the glue's types")?;
    let (text, known) = renamed(&text, "\n    readonly ", ":", &exports);
    ensure!(known > 0, "the glue's types name no export");
    std::fs::write(&types, text)?;
    Ok(())
}

/// The glue without wasm-bindgen's comments: a page downloads this file, and the declarations have the same comments.
fn without_comments(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    let mut is_comment = false;
    for line in text.lines() {
        let bare = line.trim();
        is_comment |= bare.starts_with("/**");
        if !is_comment && !bare.starts_with("//") {
            made.push_str(line);
            made.push('\n');
        }
        is_comment &= !bare.ends_with("*/");
    }
    made
}

/// The glue without the functions that the module does not import any more: the removal of panic messages leaves some.
/// Those in use have short names by now.
fn without_unused(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    let mut is_unused = false;
    for line in text.lines() {
        is_unused |= line.starts_with("        __wbg_") && line.contains(": function(");
        if !is_unused {
            made.push_str(line);
            made.push('\n');
        }
        is_unused &= line != "        },";
    }
    made
}

/// Replaces each old name that is between these two texts. Returns the new text and the number of replacements.
fn renamed(
    text: &str,
    before: &str,
    behind: &str,
    names: &HashMap<String, String>,
) -> (String, usize) {
    let (mut made, mut count) = (String::with_capacity(text.len()), 0);
    let mut parts = text.split(before);
    made.push_str(parts.next().unwrap_or_default());
    for part in parts {
        made.push_str(before);
        let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let (name, rest) = part.split_at(
            part.find(|letter| !is_of_name(letter))
                .unwrap_or(part.len()),
        );
        match names.get(name).filter(|_| rest.starts_with(behind)) {
            Some(short) => {
                made.push_str(short);
                count += 1;
            }
            None => made.push_str(name),
        }
        made.push_str(rest);
    }
    (made, count)
}
