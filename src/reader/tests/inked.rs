//! Question: are codes of unusual ink read: dots upon a picture, and pale modules beside strong ones?
//!
//! The floor of an ink is what was read when it was set, less one. A change that reads fewer fails by ink.
#![allow(clippy::unwrap_used, missing_docs)]

use kaunter_reader::{Effort, Luma, Reader};
use kaunter_scenes::{INKS, Ink, Strong, inked};

const SEED: u64 = 20_261_128;
const CODES: u64 = 6;

fn floor(ink: Ink) -> u64 {
    match ink {
        Ink::Pale(Strong::Timing) => 3,
        Ink::Dots(_) | Ink::Pale(Strong::Finders | Strong::Logo) => CODES - 1,
    }
}

#[test]
fn codes_of_unusual_ink_are_read_and_none_is_misread() {
    let mut low = Vec::new();
    for ink in INKS {
        let (mut read, mut misses) = (0, Vec::new());
        for number in 0..CODES {
            let scene = inked(SEED, ink, number);
            let (width, height) = (scene.width, scene.height);
            let luma = Luma::new(&scene.frames[0], width, height, width).unwrap();
            let found = Reader::new().read(&luma, Effort::Still, 1);
            assert!(
                found.iter().all(|found| found.text == scene.text),
                "{ink:?} {number} is misread"
            );
            read += found.len() as u64;
            if found.is_empty() {
                misses.push(number);
            }
        }
        println!("{ink:?}: {read} of {CODES}, not {misses:?}");
        if read < floor(ink) {
            low.push((ink, read));
        }
    }
    assert!(low.is_empty(), "fewer than before: {low:?}");
}
