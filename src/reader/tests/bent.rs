//! Question: is a code read from paper that is not flat, or is seen from the side?
#![allow(clippy::unwrap_used, missing_docs)]

use kaunter_reader::{Effort, Luma, Reader};

const SIDE: usize = 260;
const MARGIN: f32 = 60.0;
const MODULE: f32 = 5.0;

/// A light picture of a code whose modules are where `place` says: from pixels to modules.
fn picture(text: &str, place: impl Fn(f32, f32) -> (f32, f32)) -> Vec<u8> {
    let code = qrcode::QrCode::new(text).unwrap();
    let (side, colors) = (code.width(), code.to_colors());
    let dark = |x: f32, y: f32| {
        let inside = x >= 0.0 && y >= 0.0 && x < side as f32 && y < side as f32;
        inside && colors[y as usize * side + x as usize] == qrcode::Color::Dark
    };
    let grey = |at: usize| {
        let (x, y) = ((at % SIDE) as f32, (at / SIDE) as f32);
        // The mean of four points of the pixel, as a camera's pixel sees an area.
        let points = [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)];
        let seen = points.iter().filter(|(dx, dy)| {
            let (x, y) = place((x + dx - MARGIN) / MODULE, (y + dy - MARGIN) / MODULE);
            dark(x, y)
        });
        215 - 45 * seen.count() as u8
    };
    (0..SIDE * SIDE).map(grey).collect()
}

fn read(pixels: &[u8]) -> Vec<String> {
    let luma = Luma::new(pixels, SIDE, SIDE, SIDE).unwrap();
    let found = Reader::new().read(&luma, Effort::Still, 1);
    found.into_iter().map(|found| found.text).collect()
}

#[test]
fn a_small_code_on_a_bottle_is_read() {
    // A cylinder seen from above its middle: rows sag, and modules get narrower at both sides.
    let radius = 17.0;
    let pixels = picture("BOTTLE 500 ML", |x, y| {
        let across = (x - 10.5) / radius;
        let angle = across.clamp(-0.99, 0.99).asin();
        let sag = 0.45 * radius * (1.0 - angle.cos());
        (10.5 + angle * radius, y - sag)
    });
    assert_eq!(read(&pixels), ["BOTTLE 500 ML"]);
}

#[test]
fn a_code_that_is_seen_from_the_side_is_read_where_it_is() {
    // A third as wide as high, upright and lying.
    let upright = |x: f32, y: f32| (x * 3.0, y - x * 0.8);
    let pixels = picture("SIDE VIEW", upright);
    assert_eq!(read(&pixels), ["SIDE VIEW"]);
    let lying = picture("SIDE VIEW", |x, y| upright(y, x));
    let luma = Luma::new(&lying, SIDE, SIDE, SIDE).unwrap();
    let found = Reader::new().read(&luma, Effort::Still, 1);
    let seen = found[0]
        .corners
        .map(|at| ((at.x - MARGIN) / MODULE, (at.y - MARGIN) / MODULE));
    // A code of 21 modules, mirrored.
    let expected = [(0.0, 0.0), (5.6, 7.0), (26.6, 7.0), (21.0, 0.0)];
    for ((x, y), (right, down)) in seen.into_iter().zip(expected) {
        assert!(
            (x - right).abs() < 1.5 && (y - down).abs() < 1.5,
            "{seen:?}"
        );
    }
}
