//! Times the reader on hostile pictures: `cargo run --release -p kaunter-reader --example hostile`.
//!
//! It prints milliseconds for each kind and size: the slowest live frame, and a still one.
//! Each figure is the fastest of nine runs.
//! At thirty frames a second a till has 33 ms for a frame. A customer notices 50.
#![allow(clippy::unwrap_used)]

use std::time::Instant;

use kaunter_reader::{Effort, Luma, Reader};
use kaunter_scenes::{HOSTILE, hostile};

const SIZES: [(usize, usize); 3] = [(640, 480), (1280, 720), (1920, 1080)];
const RUNS: usize = 9;

/// The fastest of several runs of a frame that follows `before` others, because passes take turns from frame to frame.
///
/// The fastest run is the one that other programs disturbed least.
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
