//! Question: is a code read from a clean, a dark, a small, a rotated and a large picture? Is anything read from noise?
#![allow(clippy::unwrap_used, missing_docs)]

use kaunter_reader::{Effort, Luma, Reader, luma_from_rgba};
use proptest::prelude::*;

const TEXT: &str = "hQVDUFYwMWETTwegAAAAVVVVUAhQcm9kdWN0MWETTwegAAAAZmZmUAhQcm9kdWN0MmJJWggSNFZ4kBI0WF8gDkNBUkRIT0xERVIvRU1WXy0IcnVlc2RlZW5kIZ8QBwYBCgMAAACfJghYT9OF+iNLzJ82AgABnzcEbVjvEw==";

/// A picture of a code: dark on light, `module` pixels a module, in the middle of `width` x `height`.
fn picture(text: &str, module: usize, width: usize, height: usize, inverted: bool) -> Vec<u8> {
    let code = qrcode::QrCode::new(text).unwrap();
    let modules = code.width();
    let (left, top) = (
        (width - modules * module) / 2,
        (height - modules * module) / 2,
    );
    let colors = code.to_colors();
    let mut pixels = vec![if inverted { 20 } else { 235 }; width * height];
    for (at, color) in colors.iter().enumerate() {
        if *color == qrcode::Color::Dark {
            let (x0, y0) = (left + at % modules * module, top + at / modules * module);
            for y in y0..y0 + module {
                pixels[y * width + x0..][..module].fill(if inverted { 235 } else { 20 });
            }
        }
    }
    pixels
}

fn read(pixels: &[u8], width: usize, height: usize, frames: usize, effort: Effort) -> Vec<String> {
    let luma = Luma::new(pixels, width, height, width).unwrap();
    let mut reader = Reader::new();
    let frames = (0..frames).map(|_| reader.read(&luma, effort, 4));
    let read = frames
        .into_iter()
        .find(|codes| !codes.is_empty())
        .unwrap_or_default();
    read.into_iter().map(|code| code.text).collect()
}

#[test]
fn live_reads_light_and_dark_small_and_large_within_two_frames() {
    for (module, width, height, inverted) in [
        (6, 640, 480, false),
        (6, 640, 480, true),
        (3, 640, 480, false),
        (9, 1280, 720, false),
        (9, 1280, 720, true),
    ] {
        let pixels = picture(TEXT, module, width, height, inverted);
        assert_eq!(
            read(&pixels, width, height, 2, Effort::Live),
            [TEXT],
            "{module} {width} inverted: {inverted}"
        );
    }
}

#[test]
fn a_still_photo_of_twelve_megapixels_is_read() {
    let pixels = picture(TEXT, 20, 4000, 3000, false);
    assert_eq!(read(&pixels, 4000, 3000, 1, Effort::Still), [TEXT]);
}

#[test]
fn corners_are_those_of_the_code_in_the_picture_that_was_given() {
    let pixels = picture("CORNERS", 10, 640, 480, false);
    let luma = Luma::new(&pixels, 640, 480, 640).unwrap();
    let codes = Reader::new().read(&luma, Effort::Live, 1);
    assert_eq!(codes.len(), 1);
    let side = 210.0;
    let expected = [
        (320.0 - side / 2.0, 240.0 - side / 2.0),
        (320.0 + side / 2.0, 240.0 - side / 2.0),
        (320.0 + side / 2.0, 240.0 + side / 2.0),
        (320.0 - side / 2.0, 240.0 + side / 2.0),
    ];
    for (corner, (x, y)) in codes[0].corners.iter().zip(expected) {
        assert!(
            (corner.x - x).abs() < 20.0 && (corner.y - y).abs() < 20.0,
            "{corner:?} is not near {x} {y}"
        );
    }
}

#[test]
fn rgba_becomes_grey_by_weight() {
    assert_eq!(
        luma_from_rgba(&[255, 255, 255, 255, 0, 0, 0, 255, 0, 255, 0, 0]),
        [255, 0, 149]
    );
}

#[test]
fn a_picture_that_lies_about_its_size_is_refused() {
    assert!(Luma::new(&[0; 99], 10, 10, 10).is_err());
    assert!(Luma::new(&[0; 100], 10, 10, 9).is_err());
    assert!(Luma::new(&[], 0, 0, 0).is_err());
    assert!(Luma::new(&[0; 8], 2, usize::MAX, usize::MAX).is_err());
}

/// A code of this version, drawn at `module` pixels in the middle of a square of `side`.
fn square(version: i16, module: usize, side: usize) -> Vec<u8> {
    let size = qrcode::Version::Normal(version);
    let code = qrcode::QrCode::with_version(TEXT, size, qrcode::EcLevel::L).unwrap();
    let (modules, colors) = (code.width(), code.to_colors());
    let first = (side - modules * module) / 2;
    let mut pixels = vec![235; side * side];
    for (at, color) in colors.iter().enumerate() {
        if *color == qrcode::Color::Dark {
            let (x, y) = (first + at % modules * module, first + at / modules * module);
            for y in y..y + module {
                pixels[y * side + x..][..module].fill(20);
            }
        }
    }
    pixels
}

#[test]
fn every_version_that_holds_the_code_is_read_up_to_40() {
    for version in 9..=40 {
        let side = (17 + 4 * version as usize + 12) * 5;
        let pixels = square(version, 5, side);
        assert_eq!(
            read(&pixels, side, side, 1, Effort::Still),
            [TEXT],
            "version {version}"
        );
    }
}

#[test]
fn several_codes_in_one_picture_are_each_read_once() {
    let texts = ["FIRST", "SECOND", "THIRD", "FOURTH"];
    let (width, height) = (1280, 720);
    let mut pixels = vec![235; width * height];
    for (at, text) in texts.iter().enumerate() {
        let tile = picture(text, 8, 300, 300, false);
        let (left, top) = (at % 2 * 640 + 120, at / 2 * 340 + 30);
        for (y, row) in tile.chunks_exact(300).enumerate() {
            pixels[(top + y) * width + left..][..300].copy_from_slice(row);
        }
    }
    let mut codes = read(&pixels, width, height, 1, Effort::Still);
    codes.sort_unstable();
    assert_eq!(codes, ["FIRST", "FOURTH", "SECOND", "THIRD"]);
}

#[test]
fn a_mirrored_code_is_read_dark_or_light() {
    for inverted in [false, true] {
        let mut pixels = picture(TEXT, 6, 640, 480, inverted);
        for row in pixels.chunks_exact_mut(640) {
            row.reverse();
        }
        assert_eq!(read(&pixels, 640, 480, 1, Effort::Still), [TEXT]);
    }
}

#[test]
fn a_code_turned_any_way_is_read() {
    let drawn = picture(TEXT, 6, 480, 480, false);
    for degrees in (0..360).step_by(15) {
        let (sine, cosine) = (degrees as f32).to_radians().sin_cos();
        let turned = |at: usize| {
            let (x, y) = ((at % 480) as f32 - 239.5, (at / 480) as f32 - 239.5);
            let (u, v) = (x * cosine + y * sine + 240.0, y * cosine - x * sine + 240.0);
            let inside = (0.0..480.0).contains(&u) && (0.0..480.0).contains(&v);
            if inside {
                drawn[v as usize * 480 + u as usize]
            } else {
                235
            }
        };
        let pixels: Vec<u8> = (0..480 * 480).map(turned).collect();
        assert_eq!(
            read(&pixels, 480, 480, 1, Effort::Still),
            [TEXT],
            "{degrees} degrees"
        );
    }
}

#[test]
fn a_second_reading_costs_less_than_half_and_a_third_looks_everywhere() {
    let (width, height) = (1280, 720);
    let pixels = picture(TEXT, 4, width, height, false);
    let luma = Luma::new(&pixels, width, height, width).unwrap();
    let mut reader = Reader::new();
    let mut works = Vec::new();
    for frame in 0..3 {
        assert_eq!(
            reader.read(&luma, Effort::Live, 1).len(),
            1,
            "frame {frame}"
        );
        works.push(reader.work());
    }
    assert!(works[1] * 2 < works[0], "{works:?}");
    assert_eq!(works[2], works[0], "a code beside it would be seen now");
    // If the code is gone, the whole picture is searched too, at the cost of its region.
    let empty = vec![235; width * height];
    let empty = Luma::new(&empty, width, height, width).unwrap();
    let mut fresh = Reader::new();
    fresh.read(&empty, Effort::Still, 1);
    let whole = fresh.work();
    assert!(reader.read(&empty, Effort::Live, 1).is_empty());
    assert!(reader.work() < whole + whole / 4);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn noise_holds_no_code_and_no_panic(seed in any::<u64>(), width in 1_usize..300, height in 1_usize..300) {
        let mut state = seed | 1;
        let pixels: Vec<u8> = (0..width * height).map(|_| { state ^= state << 13; state ^= state >> 7; state ^= state << 17; state.to_le_bytes()[3] }).collect();
        prop_assert!(read(&pixels, width, height, 1, Effort::Still).is_empty());
    }
}
