//! Writes drawn pictures into a folder, as PGM files with a manifest that lists them.
//!
//! An entry of the manifest is `{"path", "set", "cat", "negative", "truth": []}`. `truth` has the codes' texts.

use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use crate::{CATEGORIES, KINDS, LOOKALIKES, Picture, kind_scene, lookalike, nothing, scene, wreck};

/// Writes the first frame of each scene of the till set, and twice as many pictures without a code as a category has.
///
/// # Errors
/// If a file can't be written.
pub fn write_till_set(folder: &Path, seed: u64, scenes: u64) -> io::Result<()> {
    let mut set = Set::create(folder, "till")?;
    for category in CATEGORIES {
        for number in 0..scenes {
            set.add(
                &format!("{category:?}"),
                number,
                scene(seed, category, number).into(),
            )?;
        }
    }
    for number in 0..2 * scenes {
        set.add("nothing", number, nothing(seed, number).into())?;
    }
    set.finish()
}

/// Writes this many pictures of each kind of code.
///
/// # Errors
/// If a file can't be written.
pub fn write_kind_set(folder: &Path, seed: u64, pictures: u64) -> io::Result<()> {
    let mut set = Set::create(folder, "kinds")?;
    for kind in KINDS {
        for number in 0..pictures {
            set.add(&format!("{kind:?}"), number, kind_scene(seed, kind, number))?;
        }
    }
    set.finish()
}

/// Writes this many pictures of each lookalike. They hold no code.
///
/// # Errors
/// If a file can't be written.
pub fn write_lookalikes(folder: &Path, seed: u64, pictures: u64) -> io::Result<()> {
    let mut set = Set::create(folder, "lookalikes")?;
    for kind in LOOKALIKES {
        for number in 0..pictures {
            set.add(&format!("{kind:?}"), number, lookalike(seed, kind, number))?;
        }
    }
    set.finish()
}

/// Writes this many wrecked codes.
///
/// # Errors
/// If a file can't be written.
pub fn write_wrecks(folder: &Path, seed: u64, pictures: u64) -> io::Result<()> {
    let mut set = Set::create(folder, "wrecks")?;
    for number in 0..pictures {
        set.add("wreck", number, wreck(seed, number))?;
    }
    set.finish()
}

struct Set<'a> {
    folder: &'a Path,
    name: &'a str,
    manifest: String,
}

impl<'a> Set<'a> {
    fn create(folder: &'a Path, name: &'a str) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let manifest = String::new();
        Ok(Self {
            folder,
            name,
            manifest,
        })
    }

    fn add(&mut self, category: &str, number: u64, picture: Picture) -> io::Result<()> {
        let category = category.to_lowercase();
        let path = format!("{category}-{number}.pgm");
        let mut pgm = format!("P5\n{} {}\n255\n", picture.width, picture.height).into_bytes();
        pgm.extend(&picture.pixels);
        fs::write(self.folder.join(&path), pgm)?;
        let (set, none) = (self.name, picture.texts.is_empty());
        // Drawn texts have letters, digits and a few signs that JSON does not escape, as Rust does not.
        let truth = format!("{:?}", picture.texts);
        let comma = if self.manifest.is_empty() { "" } else { ",\n" };
        write!(
            self.manifest,
            r#"{comma}{{"path":"{path}","set":"{set}","cat":"{category}","negative":{none},"truth":{truth}}}"#
        )
        .map_err(io::Error::other)
    }

    fn finish(self) -> io::Result<()> {
        fs::write(
            self.folder.join("manifest.json"),
            format!("[\n{}\n]\n", self.manifest),
        )
    }
}
