//! Removes the code for panic messages from a Wasm module.
//!
//! A browser does not show a panic's message: the module traps, and JavaScript gets a `RuntimeError`. So each function
//! that builds such a message is replaced by a trap, and each `Debug::fmt` by a function that writes nothing.
//! Source locations and the texts of panics are overwritten with zeros, and items that are not used any more are removed.
//! `cargo xtask build --quick` skips this step.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use anyhow::bail;
use walrus::ir::{Call, Const, Instr, InstrSeq, Value, Visitor, dfs_in_order};
use walrus::{
    ConstExpr, Data, DataKind, FunctionBuilder, FunctionId, FunctionKind, LocalFunction, Module,
    ModuleConfig, ValType,
};

/// The functions that build a panic's message. Each becomes a trap.
const SENTENCES: [&str; 19] = [
    "core::panicking::",
    "core::cell::panic_",
    "core::fmt::builders::",
    "<core::fmt::builders::",
    "<std::panicking::panic_handler::",
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

/// Removes the code and the texts of panic messages from the module at this path.
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
    let mut traps = HashSet::new();
    for (id, name) in functions {
        if SENTENCES.iter().any(|known| name.starts_with(known)) {
            replace(&mut module, id, &[])?;
            traps.insert(id);
        } else if name.ends_with(DEBUG) {
            replace(&mut module, id, &[ValType::I32])?;
        }
    }
    let texts = blank_texts(&mut module, &traps);
    let places = blank_places(&mut module);
    let count = traps.len();
    // Not every module has all of them. With less than half, the names have probably changed.
    if count < SENTENCES.len() / 2 || texts == 0 || places == 0 {
        bail!(
            "found {count} functions of panics, {texts} texts and {places} source locations: this compiler names or passes them differently, so correct lean.rs"
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

/// Replaces a function's body by a trap. If `known` has the result types, the new body returns 0 instead, which is a
/// formatter's `Ok`.
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

/// The numbers of a module that may be the address of a panic's text.
#[derive(Default)]
struct Texts {
    /// How often each number stands in the code, or as an aligned word in the data.
    uses: HashMap<u32, u32>,
    /// For each number: how often it stands in the straight-line code before a call of a function that traps, and the
    /// constant after it, which is the text's length. That code ends with the trap, so nothing else there uses the number.
    passed: HashMap<u32, (u32, Option<u32>)>,
}

impl Texts {
    fn count(&mut self, number: u32) {
        *self.uses.entry(number).or_default() += 1;
    }

    fn are_used_elsewhere(&self, address: u32, times: u32) -> bool {
        self.uses.get(&address) != Some(&times)
    }
}

/// Collects the numbers of one function.
struct InFunction<'a> {
    texts: &'a mut Texts,
    traps: &'a HashSet<FunctionId>,
}

/// The number that this instruction pushes.
fn number(instr: &Instr) -> Option<u32> {
    if let Instr::Const(Const {
        value: Value::I32(number),
    }) = instr
    {
        Some(number.cast_unsigned())
    } else {
        None
    }
}

/// The fixed part of the address that this instruction loads from.
fn fixed_address(instr: &Instr) -> Option<u32> {
    if let Instr::Load(load) = instr {
        load.arg.offset.try_into().ok()
    } else {
        None
    }
}

/// True for an instruction of straight-line code: it neither calls nor branches.
fn is_straight(instr: &Instr) -> bool {
    matches!(
        instr,
        Instr::Const(_)
            | Instr::LocalGet(_)
            | Instr::LocalSet(_)
            | Instr::LocalTee(_)
            | Instr::GlobalGet(_)
            | Instr::GlobalSet(_)
            | Instr::Load(_)
            | Instr::Store(_)
            | Instr::Binop(_)
            | Instr::Unop(_)
    )
}

impl<'instr> Visitor<'instr> for InFunction<'_> {
    fn start_instr_seq(&mut self, sequence: &'instr InstrSeq) {
        let instrs: Vec<&Instr> = sequence.instrs.iter().map(|(instr, _)| instr).collect();
        for (at, instr) in instrs.iter().enumerate() {
            for number in number(instr).into_iter().chain(fixed_address(instr)) {
                self.texts.count(number);
            }
            let Instr::Call(Call { func }) = instr else {
                continue;
            };
            if !self.traps.contains(func) {
                continue;
            }
            let straight = instrs[..at].iter().rev();
            let length = straight.take_while(|instr| is_straight(instr)).count();
            for before in at - length..at {
                if let Some(text) = number(instrs[before]) {
                    let passed = self.texts.passed.entry(text).or_default();
                    *passed = (passed.0 + 1, number(instrs[before + 1]));
                }
            }
        }
    }
}

/// Overwrites with zeros the texts that are only passed to functions that trap.
fn blank_texts(module: &mut Module, traps: &HashSet<FunctionId>) -> usize {
    let mut texts = Texts::default();
    for (_, function) in module.funcs.iter_local() {
        let mut visitor = InFunction {
            texts: &mut texts,
            traps,
        };
        dfs_in_order(&mut visitor, function, function.entry_block());
    }
    for (data, start) in module
        .data
        .iter()
        .filter_map(|data| Some((data, start_of(data)?)))
    {
        let first = start.next_multiple_of(4) - start;
        for word in data.value.get(first..).unwrap_or_default().chunks_exact(4) {
            texts.count(u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
        }
    }
    let mut blanked = 0;
    let all: Vec<_> = module.data.iter().map(walrus::Data::id).collect();
    for id in all {
        let data = module.data.get_mut(id);
        let Some(start) = start_of(data) else {
            continue;
        };
        for (address, (times, next)) in &texts.passed {
            if texts.are_used_elsewhere(*address, *times) {
                continue;
            }
            let at = (*address as usize).checked_sub(start);
            let bytes = at.and_then(|at| data.value.get_mut(at..));
            if let Some(bytes) = bytes
                && let Some(text) = text_at(bytes, *next)
            {
                bytes[text].fill(0);
                blanked += 1;
            }
        }
    }
    blanked
}

/// Where the text is, if a panic's text begins here: a text of the length that is passed with it, or a template of
/// format arguments. A template is a list of texts with their length before each; numbers from 128 on stand for values,
/// and 0 ends it.
fn text_at(bytes: &[u8], length: Option<u32>) -> Option<std::ops::Range<usize>> {
    let is_text = |bytes: &[u8]| bytes.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\n'));
    let of = |length: usize| {
        let text = bytes.get(..length)?;
        (length >= 4 && is_text(text)).then_some(0..length)
    };
    // Format arguments without a value are a text, with its length times two, plus one.
    let plain = length.and_then(|length| of(length as usize).or_else(|| of(length as usize / 2)));
    plain.or_else(|| {
        let length = usize::from(*bytes.first()?);
        let text = bytes.get(1..=length)?;
        let ends = *bytes.get(length + 1)?;
        let is_template = (4..128).contains(&length) && (ends == 0 || ends >= 128);
        (is_template && is_text(text)).then_some(1..length + 1)
    })
}

/// Where a segment of data lies in the memory.
fn start_of(data: &Data) -> Option<usize> {
    if let DataKind::Active {
        offset: ConstExpr::Value(Value::I32(start)),
        ..
    } = data.kind
    {
        Some(start.cast_unsigned() as usize)
    } else {
        None
    }
}

/// Overwrites with zeros each source location: a pointer to the file's name, its length, a line and a column; and then the names.
fn blank_places(module: &mut Module) -> usize {
    let mut places = 0;
    let all: Vec<_> = module.data.iter().map(walrus::Data::id).collect();
    for id in all {
        let data = module.data.get_mut(id);
        let Some(start) = start_of(data) else {
            continue;
        };
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
