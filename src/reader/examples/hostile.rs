//! How long hostile pictures keep the reader: `cargo run --release -p kaunter-reader --example hostile`.
//!
//! For each kind and size the slowest of a live reader's frames, and a still one, in milliseconds; the fastest of nine runs
//! of each frame. A till that reads thirty frames a second has 33; what a customer may wait for one frame is 50.
#![allow(clippy::unwrap_used)]

use std::time::Instant;

use kaunter_reader::{Effort, Luma, Reader};
use kaunter_scenes::{HOSTILE, hostile};

const SIZES: [(usize, usize); 3] = [(640, 480), (1280, 720), (1920, 1080)];
const RUNS: usize = 9;

/// The fastest of some runs of a frame after so many others, for passes take turns: a busy machine slows, and nothing
/// makes faster.
fn fastest_ms(luma: &Luma<'_>, effort: Effort, before: usize) -> f64 {
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let mut reader = Reader::new();
            for _ in 0..before {
                reader.read(luma, effort, 4);
            }
            let start = Instant::now();
            reader.read(luma, effort, 4);
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[0]
}

fn main() {
    for (width, height) in SIZES {
        let mut worst = (0.0_f64, 0.0_f64);
        for kind in HOSTILE {
            let pixels = hostile(kind, width, height, 1);
            let luma = Luma::new(&pixels, width, height, width).unwrap();
            let frames = (0..3).map(|before| fastest_ms(&luma, Effort::Live, before));
            let live = frames.fold(0.0, f64::max);
            let still = fastest_ms(&luma, Effort::Still, 0);
            println!("{width}x{height} {kind:?}: live {live:.1}, still {still:.1}");
            worst = (worst.0.max(live), worst.1.max(still));
        }
        println!(
            "{width}x{height} worst: live {:.1}, still {:.1}",
            worst.0, worst.1
        );
    }
}
