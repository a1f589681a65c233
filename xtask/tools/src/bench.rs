//! Benchmarks against other programs, in one run. Never a test.

mod backend;
mod live;
mod machine;
mod pgbouncer;
mod postgres;
pub(crate) mod reader;
mod steps;

/// What to measure.
#[derive(clap::Subcommand)]
pub(crate) enum Bench {
    /// The reader and other QR readers; writes docs/reader.md and docs/reader.svg.
    Reader(reader::Pictures),
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
            Self::Reader(pictures) => pictures.read(),
            Self::Live(live) => live.run(),
            Self::Backend(rush) => rush.run(),
            Self::Steps => steps::run(),
        }
    }
}
