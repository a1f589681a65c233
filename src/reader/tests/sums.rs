//! Are codes read that no single frame shows well enough?
#![allow(clippy::unwrap_used)]

use kaunter_reader::{Effort, Found, Luma, Reader};

const SIZE: (usize, usize) = (320, 240);
const MODULE: usize = 5;
const LEFT: usize = 80;
const TOP: usize = 40;

/// A code on light ground, with a reflection over some of its rows of modules, right of the finders.
fn frame(text: &str, reflection: std::ops::Range<usize>) -> Vec<u8> {
    let version = qrcode::Version::Normal(3);
    let code = qrcode::QrCode::with_version(text, version, qrcode::EcLevel::L).unwrap();
    let side = code.width();
    let pixel = |at: usize| {
        let (x, y) = (at % SIZE.0, at / SIZE.0);
        let (x, y) = (x.wrapping_sub(LEFT) / MODULE, y.wrapping_sub(TOP) / MODULE);
        let inside = x < side && y < side;
        if inside && x > 8 && reflection.contains(&y) {
            250
        } else if inside && code[(x, y)] == qrcode::Color::Dark {
            40
        } else {
            200
        }
    };
    (0..SIZE.0 * SIZE.1).map(pixel).collect()
}

fn read(reader: &mut Reader, pixels: &[u8]) -> Vec<Found> {
    let luma = Luma::new(pixels, SIZE.0, SIZE.1, SIZE.0).unwrap();
    reader.read(&luma, Effort::Live, 1)
}

#[test]
fn a_code_under_a_reflection_that_moves_is_read_from_two_frames() {
    let text = "134503098230927349";
    let frames = [frame(text, 9..15), frame(text, 15..20)];
    for pixels in &frames {
        assert!(
            read(&mut Reader::new(), pixels).is_empty(),
            "one frame is enough"
        );
    }
    let mut reader = Reader::new();
    let counts = (0..4).map(|at| read(&mut reader, &frames[at % 2]));
    let readings: Vec<Vec<Found>> = counts.collect();
    // Two frames are one reading. The next reading has two frames of its own.
    let counts: Vec<usize> = readings.iter().map(Vec::len).collect();
    assert_eq!(counts, [0, 1, 0, 1]);
    for found in readings.iter().flatten() {
        assert_eq!((&*found.text, found.confirmed), (text, false));
    }
}

#[test]
fn frames_of_two_codes_at_one_place_are_not_added_up() {
    let frames = [
        frame("134503098230927349", 9..15),
        frame("620455112097731864", 15..20),
    ];
    let mut reader = Reader::new();
    for pixels in frames.iter().cycle().take(6) {
        assert!(read(&mut reader, pixels).is_empty());
    }
}
