//! Question: how many of the till's scenes are read in each category, and is any misread?
//!
//! The floor of a category is what was read when it was set, less one. A change that reads fewer fails by category.
#![allow(clippy::unwrap_used, missing_docs)]

use kaunter_reader::{Effort, Luma, Reader};
use kaunter_scenes::{CATEGORIES, Category, Scene, nothing, scene};

const SEED: u64 = 20_261_124;
const SCENES: u64 = 8;

fn read(scene: &Scene, frame: usize, reader: &mut Reader, effort: Effort) -> Vec<String> {
    let luma = Luma::new(&scene.frames[frame], scene.width, scene.height, scene.width).unwrap();
    let found = reader.read(&luma, effort, 1);
    found.into_iter().map(|found| found.text).collect()
}

fn floor(category: Category) -> u64 {
    match category {
        Category::Defocus => 5,
        Category::Noise | Category::Combined => 6,
        Category::Nominal
        | Category::Small
        | Category::Tiny
        | Category::Perspective
        | Category::Rotation
        | Category::Motion
        | Category::Glare
        | Category::Dim
        | Category::Bloom
        | Category::Dark
        | Category::DarkSoft
        | Category::Logo
        | Category::Dots
        | Category::Moire => SCENES - 1,
    }
}

/// The least number of all scenes that are read within three live frames.
const MIN_LIVE: u64 = 133;

#[test]
fn the_till_set_is_read_and_nothing_is_misread() {
    let (mut all, mut all_live, mut low) = (0, 0, Vec::new());
    for category in CATEGORIES {
        let (mut still, mut live) = (0, 0);
        for number in 0..SCENES {
            let scene = scene(SEED, category, number);
            let mut reader = Reader::new();
            let codes = read(&scene, 0, &mut reader, Effort::Still);
            assert!(
                codes.iter().all(|code| *code == scene.text),
                "{category:?} {number} is misread"
            );
            still += u64::from(!codes.is_empty());
            reader.reset();
            let frames = 0..scene.frames.len();
            let seen = frames.map(|frame| read(&scene, frame, &mut reader, Effort::Live));
            let codes: Vec<String> = seen.flatten().collect();
            assert!(
                codes.iter().all(|code| *code == scene.text),
                "{category:?} {number} is misread live"
            );
            live += u64::from(!codes.is_empty());
        }
        println!("{category:?}: {still} of {SCENES} in one frame, {live} in three live ones");
        if still < floor(category) {
            low.push((category, still));
        }
        all += still;
        all_live += live;
    }
    println!(
        "all: {all} in one frame, {all_live} in three live ones, of {}",
        SCENES * 17
    );
    assert!(all_live >= MIN_LIVE, "{all_live} in three live frames");
    assert!(low.is_empty(), "fewer than before: {low:?}");
}

#[test]
fn a_counter_without_a_phone_holds_no_code() {
    for number in 0..24 {
        let scene = nothing(SEED, number);
        let codes = read(&scene, 0, &mut Reader::new(), Effort::Still);
        assert!(codes.is_empty(), "picture {number}");
    }
}
