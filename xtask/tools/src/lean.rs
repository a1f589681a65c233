//! Removes the code for panic messages from a Wasm module.
//!
//! A browser does not show a panic's message: the module traps, and JavaScript gets a `RuntimeError`. So each function
//! that builds such a message is replaced by a trap. Functions that format a value for debugging write nothing, and the
//! names of source files are overwritten with blanks. Nothing else changes. `cargo xtask build --quick` skips this
//! step.

use std::collections::HashMap;
use std::path::Path;

use anyhow::bail;
use walrus::ir::Value;
use walrus::{
    ConstExpr, DataKind, FunctionBuilder, FunctionId, FunctionKind, LocalFunction, Module,
    ModuleConfig, ValType,
};

/// The functions that build a panic's message. Each becomes a trap.
const SENTENCES: [&str; 16] = [
    "core::panicking::",
    "core::cell::panic_",
    "core::option::expect_failed",
    "core::option::unwrap_failed",
    "core::result::unwrap_failed",
    "core::slice::index::slice_index_fail",
    "core::slice::copy_from_slice_impl::len_mismatch_fail",
    "core::slice::sort::shared::smallsort::panic_on_ord_violation",
    "core::str::slice_error_fail",
    "alloc::raw_vec::handle_error",
    "alloc::alloc::handle_alloc_error",
    "std::panicking::begin_panic",
    "std::panicking::panic_",
    "std::thread::local::panic_",
    "__rustc::rust_begin_unwind",
    "__rustc::rust_panic",
];

/// The functions that format a value for debugging.
const DEBUG: &str = " as core::fmt::Debug>::fmt";

/// Removes them from the module at this path.
pub(crate) fn without_sentences(path: &Path) -> anyhow::Result<()> {
    let mut module = ModuleConfig::new()
        .generate_name_section(true)
        .parse_file(path)?;
    let functions: Vec<(FunctionId, String)> = module
        .funcs
        .iter()
        .filter(|function| matches!(function.kind, FunctionKind::Local(_)))
        .filter_map(|function| Some((function.id(), plain(function.name.as_deref()?))))
        .collect();
    let mut traps = 0;
    for (id, name) in functions {
        if SENTENCES.iter().any(|known| name.starts_with(known)) {
            replace(&mut module, id, &[])?;
            traps += 1;
        } else if name.ends_with(DEBUG) {
            replace(&mut module, id, &[ValType::I32])?;
        }
    }
    let places = blank_places(&mut module);
    if traps < SENTENCES.len() / 2 || places == 0 {
        bail!(
            "found {traps} functions of panics and {places} source locations: this compiler names them differently, so correct the lists in lean.rs"
        );
    }
    walrus::passes::gc::run(&mut module);
    module.emit_wasm_file(path)
}

/// The name without the compiler's hashes: `core[0123456789abcdef]::cell::f::h0123456789abcdef`.
fn plain(name: &str) -> String {
    let is_hash =
        |text: &str| text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let name = match name.rsplit_once("::h") {
        Some((name, hash)) if is_hash(hash) => name,
        Some(_) | None => name,
    };
    let mut parts = name.split('[');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once(']') {
            Some((hash, rest)) if is_hash(hash) => plain.push_str(rest),
            Some(_) | None => {
                plain.push('[');
                plain.push_str(part);
            }
        }
    }
    plain
}

/// A body that traps, or, for a known result type, a body that returns 0: a formatter's `Ok`.
fn replace(module: &mut Module, id: FunctionId, known: &[ValType]) -> anyhow::Result<()> {
    let function = module.funcs.get(id);
    let (name, kind) = (function.name.clone(), module.types.get(function.ty()));
    let (params, results) = (kind.params().to_vec(), kind.results().to_vec());
    if !known.is_empty() && known != results {
        bail!("{name:?} gives {results:?}");
    }
    let mut body = FunctionBuilder::new(&mut module.types, &params, &results);
    if known.is_empty() {
        body.func_body().unreachable();
    } else {
        body.func_body().const_(Value::I32(0));
    }
    let args = params.iter().map(|kind| module.locals.add(*kind)).collect();
    let body: LocalFunction = body.local_func(args);
    module.funcs.get_mut(id).kind = FunctionKind::Local(body);
    Ok(())
}

/// Blanks each source location: a pointer to the file's name, its length, a line and a column; and then the names.
fn blank_places(module: &mut Module) -> usize {
    let mut places = 0;
    let all: Vec<_> = module.data.iter().map(walrus::Data::id).collect();
    for id in all {
        let data = module.data.get_mut(id);
        let DataKind::Active {
            offset: ConstExpr::Value(Value::I32(start)),
            ..
        } = data.kind
        else {
            continue;
        };
        let start = start.cast_unsigned() as usize;
        let mut names = HashMap::new();
        let first = start.next_multiple_of(4) - start;
        for at in (first..data.value.len().saturating_sub(15)).step_by(4) {
            if let Some((name, length)) = name_of_place(&data.value, at, start) {
                data.value[at..at + 16].fill(0);
                names.insert(name, length);
                places += 1;
            }
        }
        for (name, length) in names {
            data.value[name..name + length].fill(0);
        }
    }
    places
}

/// Where the name is, if this is a source location.
fn name_of_place(bytes: &[u8], at: usize, start: usize) -> Option<(usize, usize)> {
    let word = |at: usize| {
        let word = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(u32::from_le_bytes(word) as usize)
    };
    let (name, length, line, column) = (word(at)?, word(at + 4)?, word(at + 8)?, word(at + 12)?);
    let name = name.checked_sub(start)?;
    let text = bytes.get(name..name.checked_add(length)?)?;
    let is_name = text.ends_with(b".rs") && text.iter().all(|byte| byte.is_ascii_graphic());
    (is_name && (1..100_000).contains(&line) && (1..1_000).contains(&column))
        .then_some((name, length))
}
