//! Benchmarks against other programs, in one run. Never a test.

mod backend;
mod live;
mod machine;
mod postgres;
mod steps;

use std::path::PathBuf;

use anyhow::Context as _;
use kaunter_scenes::write_till_set;

use crate::run::{command, root, run, step, target};
use crate::{module, tools};

/// What to measure.
#[derive(clap::Subcommand)]
pub(crate) enum Bench {
    /// The reader and other QR readers; writes docs/reader.md and docs/reader.svg.
    Reader {
        /// Scenes of each category of the till set.
        #[arg(long, default_value_t = 20)]
        scenes: u64,
        /// The same seed draws the same scenes.
        #[arg(long, default_value_t = 7)]
        seed: u64,
        /// A folder of photos with a manifest.json: a list of { "path", "cat", "truth": [], "negative" }.
        #[arg(long, value_name = "DIR")]
        photos: Option<PathBuf>,
    },
    /// The backend under a rising load of tills, on SQLite and PostgreSQL; writes docs/backend.md and docs/backend.svg.
    Backend(backend::Rush),
    /// Live scanners with one camera; writes docs/live.md and docs/live.svg.
    Live(live::Live),
    /// Counts the instructions of each step of the reader with valgrind. `cargo bench -p kaunter-reader` measures time.
    Steps,
}

impl Bench {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Reader {
                scenes,
                seed,
                photos,
            } => reader(scenes, seed, photos),
            Self::Live(live) => live.run(),
            Self::Backend(rush) => rush.run(),
            Self::Steps => steps::run(),
        }
    }
}

fn reader(scenes: u64, seed: u64, photos: Option<PathBuf>) -> anyhow::Result<()> {
    module::ship()?;
    step("Drawing the till set");
    let till = target().join("bench/till");
    write_till_set(&till, seed, scenes)
        .with_context(|| format!("drawing into {}", till.display()))?;
    step("Reading");
    std::fs::create_dir_all(root().join("docs"))?;
    tools::npm_packages()?;
    let mut measure = command("node", &["tests/bench/reader.mjs"]);
    measure
        .arg("--till")
        .arg(&till)
        .args(["--seed", &seed.to_string()]);
    if let Some(photos) = photos {
        measure.arg("--photos").arg(photos);
    }
    run(measure)
}
