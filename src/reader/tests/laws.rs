//! Question: which laws does the reader keep for any picture?
//!
//! The fuzz target `reader` under `fuzz/` searches for hours; this test searches for seconds.
#![allow(clippy::unwrap_used, missing_docs)]

use kaunter_reader::{Effort, Luma, Reader};
use proptest::prelude::*;

/// A picture that is partly even, partly noise and partly a lattice. Noise alone would end in the first step.
fn pixels(seed: u64, count: usize, width: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let kinds = seed.to_le_bytes();
    let mut pixel = |at: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let (x, y) = (at % width, at / width);
        match kinds[(x / 40 + y / 40) % 8] % 4 {
            0 => 200,
            1 => state.to_le_bytes()[3],
            2 => u8::from((x / 3 + y / 3) % 2 == 0) * 255,
            _ => u8::from(matches!(x / 2 % 8, 0 | 2..=4 | 6)) * 255,
        }
    };
    (0..count).map(&mut pixel).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Frames of any size, any stride and any bytes follow each other, at both efforts.
    #[test]
    fn a_reader_reads_anything_and_the_same_twice(
        frames in prop::collection::vec((any::<u64>(), 1_usize..400, 1_usize..400, 0_usize..9, any::<bool>()), 1..5),
        max in 0_usize..5,
    ) {
        let mut readers = [Reader::new(), Reader::new()];
        for (seed, width, height, gap, still) in frames {
            let stride = width + gap;
            let bytes = pixels(seed, stride * height, stride);
            let luma = Luma::new(&bytes, width, height, stride).unwrap();
            let effort = if still { Effort::Still } else { Effort::Live };
            let [first, second] = readers.each_mut().map(|reader| reader.read(&luma, effort, max));
            prop_assert_eq!(&first, &second);
            prop_assert!(first.len() <= max);
            for code in first {
                prop_assert!(!code.bytes.is_empty());
                prop_assert!(code.corners.iter().all(|corner| corner.x.is_finite() && corner.y.is_finite()));
            }
            let [first, second] = readers.each_ref().map(Reader::hint);
            prop_assert_eq!(first, second);
        }
    }
}

/// Such a picture is halved until it is small enough to search, and then may be narrower than a code.
#[test]
fn a_picture_may_be_as_long_and_narrow_as_it_likes() {
    for (narrow, long) in [(25, 6_400), (21, 60_000), (80, 60_000)] {
        for (width, height) in [(narrow, long), (long, narrow)] {
            let bytes = pixels(7, width * height, width);
            let luma = Luma::new(&bytes, width, height, width).unwrap();
            for effort in [Effort::Live, Effort::Still] {
                for max in [1, 200] {
                    assert!(Reader::new().read(&luma, effort, max).is_empty());
                }
            }
        }
    }
}
