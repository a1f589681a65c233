//! Counted work. Every bound of the reader is one of operations; in tests of the reader they are counted, so that a
//! bound that is missing shows as a number and not as a slow afternoon. Outside tests nothing of it is there.

/// So many steps of pixels, of rays, or of triples were done.
#[inline(always)]
pub(super) fn spend(steps: usize) {
    #[cfg(test)]
    tests::DONE.with(|done| done.set(done.get() + steps));
    #[cfg(not(test))]
    let _ = steps;
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used)]
    use std::cell::Cell;

    use kaunter_scenes::{HOSTILE, hostile};

    use super::super::{Effort, Luma, Reader};

    thread_local! {
        pub(in super::super) static DONE: Cell<usize> = const { Cell::new(0) };
    }

    /// Steps that any picture may cost, whatever its size; each takes some three nanoseconds.
    const MOST: usize = 15_000_000;
    const SIZES: [(usize, usize); 4] = [(640, 480), (1280, 720), (1920, 1080), (2600, 1950)];

    fn spent(pixels: &[u8], width: usize, height: usize, effort: Effort) -> usize {
        let luma = Luma::new(pixels, width, height, width).unwrap();
        let mut reader = Reader::new();
        // The first live frame takes every pass; the second begins where the first had a code, or goes by its finders.
        let frames = (0..2).map(|_| {
            DONE.with(|done| done.set(0));
            reader.read(&luma, effort, 4);
            DONE.with(Cell::take)
        });
        frames.max().unwrap_or_default()
    }

    #[test]
    fn a_hostile_frame_is_bounded_in_its_steps() {
        let mut worst = Vec::new();
        for kind in HOSTILE {
            for (width, height) in SIZES {
                let pixels = hostile(kind, width, height, 1);
                let steps = spent(&pixels, width, height, Effort::Live);
                println!("{steps:>9} {width}x{height} {kind:?}");
                if steps > MOST {
                    worst.push((kind, width, steps));
                }
            }
        }
        assert!(worst.is_empty(), "unbounded: {worst:?}");
    }
}
