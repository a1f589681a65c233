//! Each step of the reader, and whole readings of frames with a code and without.
//!
//! `cargo bench -p kaunter-core` times them. Where a machine is too busy for times, `cargo xtask bench steps` counts
//! instructions instead: it runs this program under valgrind, one step at a time (`--once STEP SIZE`).
#![allow(missing_docs, clippy::expect_used)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group};
use kaunter_core::scan::steps::{STEPS, Steps};
use kaunter_core::scan::{Effort, Luma, Reader, luma_from_rgba};
use kaunter_scenes::{Category, Hostile, Scene, hostile, nothing, scene};

const SEED: u64 = 7;

/// Pictures of each of a camera's sizes: a plain code, a small one in noise's place, none, and the worst of the hostile.
fn pictures(number: u64) -> Vec<(&'static str, Scene)> {
    let code = scene(SEED, Category::Nominal, number);
    let (width, height) = (code.width, code.height);
    let snow = Scene {
        text: String::new(),
        width,
        height,
        frames: vec![hostile(Hostile::Snow, width, height, SEED)],
    };
    vec![
        ("code", code),
        ("blurred", scene(SEED, Category::Defocus, number)),
        ("dim", scene(SEED, Category::Dim, number)),
        ("nothing", nothing(SEED, number)),
        ("snow", snow),
    ]
}

fn luma(scene: &Scene) -> Luma<'_> {
    Luma::new(&scene.frames[0], scene.width, scene.height, scene.width)
        .expect("a scene is a picture")
}

fn steps(c: &mut Criterion) {
    for number in 0..2 {
        let code = scene(SEED, Category::Nominal, number);
        let mut group = c.benchmark_group(format!("{}x{}", code.width, code.height));
        let rgba: Vec<u8> = code.frames[0]
            .iter()
            .flat_map(|grey| [*grey, *grey, *grey, 255])
            .collect();
        group.bench_function("Grey", |b| b.iter(|| luma_from_rgba(black_box(&rgba))));
        let prepared = Steps::of(luma(&code));
        for step in STEPS {
            assert!(prepared.leads_to(step), "the scene's code is not seen");
            group.bench_function(format!("{step:?}"), |b| {
                b.iter(|| prepared.take(black_box(step)))
            });
        }
        group.finish();
    }
}

fn readings(c: &mut Criterion) {
    for number in 0..2 {
        for (name, scene) in pictures(number) {
            let mut group = c.benchmark_group(format!("{}x{}/{name}", scene.width, scene.height));
            for effort in [Effort::Live, Effort::Still] {
                let luma = luma(&scene);
                let mut reader = Reader::new();
                group.bench_function(format!("{effort:?}"), |b| {
                    b.iter(|| reader.read(black_box(&luma), effort, 1));
                });
            }
            group.finish();
        }
    }
}

criterion_group! {
    name = all;
    config = Criterion::default().sample_size(30).without_plots();
    targets = steps, readings
}

/// `--once STEP NUMBER`: one step of one picture ten times more than without the step, for a counter of instructions.
fn once(step: &str, number: u64) {
    const TIMES: usize = 10;
    let code = scene(SEED, Category::Nominal, number);
    let prepared = Steps::of(luma(&code));
    if step == "List" {
        let names = STEPS.map(|step| format!("{step:?}"));
        println!("Nothing {} Live Still", names.join(" "));
        return;
    }
    for _ in 0..TIMES {
        if let Some(step) = STEPS.iter().find(|known| format!("{known:?}") == step) {
            black_box(prepared.take(*step));
        }
        for effort in [Effort::Live, Effort::Still] {
            if format!("{effort:?}") == step {
                black_box(Reader::new().read(&luma(&code), effort, 1));
            }
        }
    }
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if let Some(at) = args.iter().position(|arg| arg == "--once") {
        let number = args.get(at + 2).and_then(|number| number.parse().ok());
        once(
            args.get(at + 1).map_or("List", String::as_str),
            number.unwrap_or(0),
        );
        return;
    }
    all();
    Criterion::default().configure_from_args().final_summary();
}
