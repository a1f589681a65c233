//! Question: how many pictures of each kind are read, and is any misread?
//!
//! The floor of a kind is what was read when it was set, less one. A change that reads fewer fails by kind.
#![allow(clippy::unwrap_used, missing_docs)]

use kaunter_reader::{Effort, Luma, Reader};
use kaunter_scenes::{KINDS, Kind, kind_scene};

const SEED: u64 = 20_261_128;

/// Pictures of a kind. Large ones are few; src/reader/tests/many.rs has more of them.
fn pictures(kind: Kind) -> u64 {
    if matches!(kind, Kind::Sheet | Kind::Strip) {
        2
    } else {
        4
    }
}

/// The least number of [`pictures`] that are read.
fn floor(kind: Kind) -> usize {
    match kind {
        Kind::Sheet | Kind::Strip => 1,
        Kind::Pale => 2,
        Kind::AllDots
        | Kind::PictureDots
        | Kind::Round
        | Kind::Styled
        | Kind::Gaps
        | Kind::Mixed
        | Kind::Stacked
        | Kind::Border
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
        for number in 0..pictures(kind) {
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
            // A sheet of a hundred codes counts if 95 of them are read.
            read += usize::from(found.len() * 20 >= picture.texts.len() * 19);
        }
        println!("{kind:?}: {read} of {}", pictures(kind));
        if read < floor(kind) {
            low.push((kind, read));
        }
    }
    assert!(low.is_empty(), "fewer than before: {low:?}");
}

/// Camera frames of each of these kinds, and the least number that the first look must read: what was read, less one.
const FRAMES: u64 = 16;
const LEAST_AT_FIRST: usize = 12;

#[test]
fn a_camera_reads_dots_and_squares_with_gaps_in_its_first_frame() {
    for kind in [Kind::AllDots, Kind::Gaps] {
        let is_read = |number: &u64| {
            let picture = kind_scene(SEED, kind, 2 * number + 1);
            let (width, height) = (picture.width, picture.height);
            let luma = Luma::new(&picture.pixels, width, height, width).unwrap();
            let found = Reader::new().read(&luma, Effort::Live, 1);
            found.iter().any(|code| picture.texts.contains(&code.text))
        };
        let read = (0..FRAMES).filter(is_read).count();
        println!("{kind:?}: {read} of {FRAMES}");
        assert!(read >= LEAST_AT_FIRST, "{kind:?}: {read} of {FRAMES}");
    }
}
