//! Question: is every code read where a picture shows many, at its border, and in pictures much longer than wide?
#![allow(clippy::unwrap_used, missing_docs)]

use kaunter_reader::{Effort, Luma, Reader};
use kaunter_scenes::{MANY, Many, ManyPicture, many_scene};

const SEED: u64 = 20_261_128;
const PICTURES: u64 = 4;
/// More than any of the pictures has.
const MAX_CODES: usize = 200;

fn read(picture: &ManyPicture, reader: &mut Reader, effort: Effort, max: usize) -> Vec<String> {
    let luma = Luma::new(
        &picture.pixels,
        picture.width,
        picture.height,
        picture.width,
    )
    .unwrap();
    let found = reader.read(&luma, effort, max);
    found.into_iter().map(|found| found.text).collect()
}

/// The codes of some pictures, and how many of them were read.
fn score(many: Many) -> (usize, usize) {
    let (mut right, mut all) = (0, 0);
    for number in 0..PICTURES {
        let picture = many_scene(SEED, many, number);
        let mut texts = read(&picture, &mut Reader::new(), Effort::Still, MAX_CODES);
        all += picture.texts.len();
        for text in &picture.texts {
            if let Some(at) = texts.iter().position(|read| read == text) {
                texts.remove(at);
                right += 1;
            }
        }
        assert!(
            texts.is_empty(),
            "read twice, or never drawn: {many:?} {number} {texts:?}"
        );
    }
    (right, all)
}

#[test]
fn every_code_of_a_still_picture_is_read() {
    for many in MANY {
        let (right, all) = score(many);
        println!("{many:?}: {right} of {all}");
        assert!(right * 100 >= all * 98, "{many:?}: {right} of {all}");
    }
}

#[test]
fn codes_in_a_camera_s_view_are_all_read_within_a_few_frames() {
    // As `src/reader/wasm/live.rs` asks for.
    const MAX_CODES: usize = 4;
    const FRAMES: usize = 6;
    for number in 0..PICTURES {
        let picture = many_scene(SEED, Many::Mixed, number);
        let mut reader = Reader::new();
        let frames = (0..FRAMES).map(|_| read(&picture, &mut reader, Effort::Live, MAX_CODES));
        let mut seen: Vec<String> = frames.flatten().collect();
        seen.sort();
        seen.dedup();
        let expected = picture.texts.len().min(MAX_CODES);
        assert!(seen.len() >= expected, "{number}: {seen:?} of {expected}");
        assert!(seen.iter().all(|text| picture.texts.contains(text)));
    }
}
