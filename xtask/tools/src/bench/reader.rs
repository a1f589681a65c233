//! Draws pictures, and reads them with Kaunter and with other readers.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use kaunter_scenes::{write_kind_set, write_lookalikes, write_till_set};

use crate::run::{cargo, command, root, run, step, target};
use crate::{module, tools};

/// Pictures of each lookalike that all readers read. Ours alone reads many more of them: see [`false_reads`].
const LOOKALIKES: u64 = 8;

/// Which pictures to read.
#[derive(clap::Args)]
pub(crate) struct Pictures {
    /// Scenes of each category of the till set.
    #[arg(long, default_value_t = 20)]
    scenes: u64,
    /// Pictures of each kind of the kind set.
    #[arg(long, default_value_t = 16)]
    kinds: u64,
    /// The same seed draws the same pictures.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// A folder of photos with a manifest.json: a list of { "path", "set", "cat", "truth": [], "negative" }.
    #[arg(long, value_name = "DIR")]
    photos: Option<PathBuf>,
    /// BoofCV's benchmark as PGM or PNG: a folder with a manifest.json, or that file: { "path", "cat", "codes" }.
    #[arg(long, value_name = "DIR")]
    boofcv: Option<PathBuf>,
    /// Writes the pictures that Kaunter does not read into this folder, as PNG.
    #[arg(long, value_name = "DIR")]
    misses: Option<PathBuf>,
}

impl Pictures {
    pub(crate) fn read(self) -> anyhow::Result<()> {
        module::ship()?;
        step("Drawing the sets");
        let sets = ["till", "kinds", "lookalikes"].map(|set| target().join("bench").join(set));
        let [till, kinds, lookalikes] = &sets;
        let within = |folder: &Path| format!("drawing into {}", folder.display());
        write_till_set(till, self.seed, self.scenes).with_context(|| within(till))?;
        write_kind_set(kinds, self.seed, self.kinds).with_context(|| within(kinds))?;
        write_lookalikes(lookalikes, self.seed, LOOKALIKES).with_context(|| within(lookalikes))?;
        step("Reading what holds no code, and wrecks");
        run(false_reads())?;
        step("Reading");
        std::fs::create_dir_all(root().join("docs"))?;
        tools::npm_packages()?;
        let mut measure = command("node", &["tests/bench/reader.mjs"]);
        measure.args(["--seed", &self.seed.to_string()]);
        measure.args(["--checked", "2,100 drawn lookalikes and 5,000 wrecks"]);
        let folders = [
            ("--till", Some(till)),
            ("--kinds", Some(kinds)),
            ("--lookalikes", Some(lookalikes)),
            ("--photos", self.photos.as_ref()),
            ("--boofcv", self.boofcv.as_ref()),
            ("--misses", self.misses.as_ref()),
        ];
        for (word, folder) in folders {
            if let Some(folder) = folder {
                measure.arg(word).arg(folder);
            }
        }
        run(measure)
    }
}

/// Thousands of pictures without a code, and of wrecked ones: the long form of the reader's test.
pub(crate) fn false_reads() -> std::process::Command {
    let mut test = cargo(&[
        "test",
        "--release",
        "--package",
        "kaunter-reader",
        "--test",
        "false_reads",
    ]);
    test.args(["--", "--nocapture"])
        .env("KAUNTER_FALSE_READS", "all");
    test
}
