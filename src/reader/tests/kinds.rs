//! Question: how many pictures of each kind are read, and is any misread?
//!
//! The floor of a kind is what was read when it was set, less one. A change that reads fewer fails by kind.
#![allow(clippy::unwrap_used, missing_docs)]

use kaunter_reader::{Effort, Luma, Reader};
use kaunter_scenes::{KINDS, Kind, kind_scene};

const SEED: u64 = 20_261_128;
/// Pictures of each kind. Half of them are files, and half are camera frames.
const PICTURES: u64 = 4;

/// The least number of [`PICTURES`] that are read.
fn floor(kind: Kind) -> usize {
    match kind {
        Kind::AllDots | Kind::Pale => 2,
        Kind::PictureDots
        | Kind::Round
        | Kind::Styled
        | Kind::Gaps
        | Kind::Coloured
        | Kind::Gradient
        | Kind::Logo
        | Kind::Margin
        | Kind::Inverted
        | Kind::Specks
        | Kind::Ink
        | Kind::Small
        | Kind::Dense
        | Kind::Mirrored => 3,
    }
}

#[test]
fn each_kind_is_read_and_nothing_is_misread() {
    let mut low = Vec::new();
    for kind in KINDS {
        let mut read = 0;
        for number in 0..PICTURES {
            let picture = kind_scene(SEED, kind, number);
            let luma = Luma::new(
                &picture.pixels,
                picture.width,
                picture.height,
                picture.width,
            );
            let found = Reader::new().read(&luma.unwrap(), Effort::Still, picture.texts.len());
            let is_drawn = found.iter().all(|code| picture.texts.contains(&code.text));
            assert!(is_drawn, "{kind:?} {number} is misread");
            read += usize::from(found.len() == picture.texts.len());
        }
        println!("{kind:?}: {read} of {PICTURES}");
        if read < floor(kind) {
            low.push((kind, read));
        }
    }
    assert!(low.is_empty(), "fewer than before: {low:?}");
}
