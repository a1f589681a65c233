//! Question: how many steps may a picture cost, whatever it shows?
//!
//! Steps are counted inside the reader (`work.rs`), so these tests are part of it. A step takes about three nanoseconds.
#![allow(clippy::unwrap_used)]

use std::cell::Cell;

use kaunter_scenes::{CATEGORIES, HOSTILE, Hostile, hostile, scene};

use crate::work::counted::DONE;
use crate::{Effort, Luma, Reader};

/// The steps that any live frame of any size may cost.
const MAX_STEPS: usize = 15_000_000;
const SIZES: [(usize, usize); 4] = [(640, 480), (1280, 720), (1920, 1080), (2600, 1950)];
/// The largest still picture that is read at full size, and the steps that it may cost: for one code, and for all.
///
/// Measured: 14 and 104 million, of rings at random places.
const STILL_SIDE: usize = 2600;
const MAX_STILL: usize = 20_000_000;
const MAX_STILL_ALL: usize = 150_000_000;
/// Rings that may all be finders: side by side, and one over the other.
const RINGS: [Hostile; 2] = [Hostile::Finders(9), Hostile::Strewn(4)];
/// The steps that a camera's picture of one code may cost if all codes are asked for.
///
/// Measured: 2.5 million, and 10 million where noise makes chance candidates.
const MAX_OF_ONE: usize = 15_000_000;
/// More codes than a picture shows: all of them are wanted.
const ALL: usize = 200;
const SEED: u64 = 20_261_128;

/// The most steps of some frames that one reader reads one after another.
fn spent(pixels: &[u8], width: usize, height: usize, effort: Effort, max: usize) -> usize {
    let luma = Luma::new(pixels, width, height, width).unwrap();
    let mut reader = Reader::new();
    // The first live frame gets every pass. The second starts at the first one's code, or at its finders.
    let frames = if effort == Effort::Live { 2 } else { 1 };
    let steps = (0..frames).map(|_| {
        DONE.with(|done| done.set(0));
        reader.read(&luma, effort, max);
        DONE.with(Cell::take)
    });
    steps.max().unwrap_or_default()
}

#[test]
fn a_hostile_frame_is_bounded_in_its_steps() {
    let mut worst = Vec::new();
    for kind in HOSTILE {
        for (width, height) in SIZES {
            let pixels = hostile(kind, width, height, 1);
            let steps = spent(&pixels, width, height, Effort::Live, 4);
            println!("{steps:>9} {width}x{height} {kind:?}");
            if steps > MAX_STEPS {
                worst.push((kind, width, steps));
            }
        }
    }
    assert!(worst.is_empty(), "unbounded: {worst:?}");
}

#[test]
fn a_hostile_still_of_any_size_is_bounded_in_its_steps() {
    for kind in RINGS {
        let pixels = hostile(kind, STILL_SIDE, STILL_SIDE, 1);
        for (max, bound) in [(1, MAX_STILL), (ALL, MAX_STILL_ALL)] {
            let steps = spent(&pixels, STILL_SIDE, STILL_SIDE, Effort::Still, max);
            assert!(
                steps <= bound,
                "{steps} steps for {max} codes among {kind:?}"
            );
        }
    }
}

#[test]
fn asking_for_all_codes_of_a_still_with_one_is_bounded_in_its_steps() {
    for category in CATEGORIES {
        for number in 0..2 {
            let scene = scene(SEED, category, number);
            let size = (scene.width, scene.height);
            let steps = spent(&scene.frames[0], size.0, size.1, Effort::Still, ALL);
            assert!(steps <= MAX_OF_ONE, "{steps} steps: {category:?} {number}");
        }
    }
}
