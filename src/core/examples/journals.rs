//! Writes this version's journals into the corpus: a row of every state as a backend stores it, and a page's records.
//!
//! `cargo run -p kaunter-core --example journals`; a release commits what it leaves under `tests/corpus/journals`.

#[path = "../tests/journals/tour.rs"]
mod tour;

use std::path::Path;

fn main() -> std::io::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus/journals");
    let folder = corpus.join(env!("CARGO_PKG_VERSION"));
    std::fs::create_dir_all(&folder)?;
    let trades = serde_json::to_string_pretty(&tour::rows())?;
    std::fs::write(folder.join("trades.json"), trades + "\n")?;
    let records = serde_json::to_string_pretty(&tour::records())?;
    std::fs::write(folder.join("records.json"), records + "\n")?;
    println!("{}", folder.display());
    Ok(())
}
