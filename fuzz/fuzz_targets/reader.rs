//! Any picture, one frame after another: no panic, no code without bytes, no corner that is not a number.
//!
//! A frame is four bytes (cells across, cells down, pixels a cell, what else) and its cells. Cells make finders likely
//! that single pixels would not.
#![no_main]

use kaunter_core::gate::{Evidence, Gate};
use kaunter_reader::{Effort, Luma, Reader};
use libfuzzer_sys::fuzz_target;

/// Frames of one input, and the largest area of one. Its sides may be as unequal as a long screenshot's.
const MOST_FRAMES: usize = 4;
const MOST_AREA: usize = 160_000;
/// The most codes of a frame that are asked for: as for live frames, for one code, and for a sheet of labels.
const MOST_CODES: [usize; 4] = [4, 1, 16, 200];

fuzz_target!(|data: &[u8]| {
    let mut reader = Reader::new();
    let (mut gate, mut now_ms) = (Gate::new(), 0);
    let mut rest = data;
    for _ in 0..MOST_FRAMES {
        let Some(([across, down, zoom, what], cells)) = rest.split_first_chunk() else {
            return;
        };
        let (across, down) = (usize::from(*across) + 1, usize::from(*down) + 1);
        let zoom = usize::from(*zoom) % 32 + 1;
        let width = (across * zoom).min(MOST_AREA / 8);
        let height = (down * zoom).min(MOST_AREA / width);
        let stride = width + usize::from(*what >> 4);
        let count = (across * down).min(cells.len());
        let (cells, after) = cells.split_at(count);
        let cell = |at: usize| cells.get(at % cells.len().max(1)).copied().unwrap_or(255);
        let pixel = |at: usize| {
            let (x, y) = (at % stride / zoom, at / stride / zoom);
            let grey = cell(y * across + x.min(across - 1));
            // Half of the inputs are of two colours: noise is soon explored.
            if what & 4 == 0 {
                grey
            } else {
                255 * (grey & 1)
            }
        };
        let pixels: Vec<u8> = (0..stride * height).map(pixel).collect();
        let luma = Luma::new(&pixels, width, height, stride).expect("the sides agree");
        let effort = if what & 1 == 0 {
            Effort::Live
        } else {
            Effort::Still
        };
        let found = reader.read(&luma, effort, MOST_CODES[usize::from(what >> 5 & 3)]);
        for code in &found {
            assert!(!code.bytes.is_empty());
            assert!(
                code.corners
                    .iter()
                    .all(|corner| corner.x.is_finite() && corner.y.is_finite())
            );
            let evidence = Evidence {
                bytes: &code.bytes,
                text: &code.text,
                confirmed: code.confirmed,
                arrived: what & 16 != 0,
            };
            gate.see(evidence, now_ms);
        }
        let _ = gate.choose(now_ms);
        now_ms += 250;
        let _ = reader.hint();
        if what & 8 != 0 {
            reader.reset();
        }
        rest = after;
    }
});
