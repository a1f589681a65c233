//! A folder for one run.

use std::fs::DirBuilder;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::keys::random;

/// A new folder that only this user can use. It is removed when it is dropped.
#[derive(Debug)]
pub(crate) struct ScratchFolder(PathBuf);

impl ScratchFolder {
    pub(crate) fn new() -> anyhow::Result<Self> {
        // Nobody can guess the name and make the folder first.
        let path = std::env::temp_dir().join(format!("kaunter-demo-{}", random()?));
        private()
            .create(&path)
            .with_context(|| format!("{} can't be made", path.display()))?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

/// Makes folders that only this user can use. On Windows the user's own folder of temporary files is private.
fn private() -> DirBuilder {
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;

        let mut builder = DirBuilder::new();
        builder.mode(0o700);
        builder
    }
    #[cfg(not(unix))]
    DirBuilder::new()
}

impl Drop for ScratchFolder {
    fn drop(&mut self) {
        // What can't be removed is left to the system, which clears its temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
