//! Times each step of the reader, and readings of whole frames: `cargo bench -p kaunter-reader`.
//!
//! On a machine that is too busy to time anything, `cargo xtask bench steps` counts instructions instead.
//! It runs this program under valgrind, one step at a time.
#![allow(missing_docs, clippy::expect_used)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group};
use kaunter_reader::steps::{STEPS, Steps};
use kaunter_reader::{Effort, Luma, Reader, luma_from_rgba};
use kaunter_scenes::{Category, Hostile, Scene, hostile, nothing, scene};

const SEED: u64 = 7;

/// Pictures of one camera size: a plain code, a blurred one, a dim one, a counter without a code, and white noise.
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

/// Runs one step of a picture ten times, so that valgrind can count its instructions: `--once STEP FILE WIDTH HEIGHT`.
///
/// The step `Nothing` does nothing, for comparison. `List` prints the names of all steps.
fn once(args: &[String]) -> Option<()> {
    const TIMES: usize = 10;
    let [step, file, width, height] = args else {
        return None;
    };
    let (width, height) = (width.parse().ok()?, height.parse().ok()?);
    let pixels = std::fs::read(file).ok()?;
    let luma = Luma::new(&pixels, width, height, width).ok()?;
    if step == "List" {
        let names = STEPS.map(|step| format!("{step:?}"));
        println!("{} Live Still", names.join(" "));
        return Some(());
    }
    let prepared = Steps::of(luma);
    let known = STEPS.iter().find(|known| format!("{known:?}") == *step);
    let efforts = [Effort::Live, Effort::Still];
    let effort = efforts.iter().find(|effort| format!("{effort:?}") == *step);
    for _ in 0..TIMES {
        if let Some(step) = known {
            black_box(prepared.take(*step));
        }
        if let Some(effort) = effort {
            black_box(Reader::new().read(&luma, *effort, 1));
        }
    }
    Some(())
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if let Some(at) = args.iter().position(|arg| arg == "--once") {
        once(&args[at + 1..]).expect("--once STEP FILE WIDTH HEIGHT");
        return;
    }
    all();
    Criterion::default().configure_from_args().final_summary();
}
