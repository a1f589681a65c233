//! Any modules of a code are wrong, and any of its picture's greys are off: its own text is read, or nothing.
//!
//! The input is four bytes (length of the text, error correction, pixels in a module, what else) and then pairs of
//! bytes, each of which is the place of a wrong module.
#![no_main]

use kaunter_reader::{Effort, Luma, Reader};
use libfuzzer_sys::fuzz_target;
use qrcode::{Color, EcLevel, QrCode};

/// The most modules that are wrong. A code that a few hundred modules turn into another one would be no misreading.
const MOST_WRONG: usize = 150;
/// Modules of light around the code.
const MARGIN: usize = 4;

fuzz_target!(|data: &[u8]| {
    let Some(([length, level, zoom, what], places)) = data.split_first_chunk() else {
        return;
    };
    let digit = |at: usize| char::from(b'0' + ((at * 7 + usize::from(*length)) % 10) as u8);
    let text: String = (0..10 + usize::from(*length) % 90).map(digit).collect();
    let level = [EcLevel::L, EcLevel::M, EcLevel::Q, EcLevel::H][usize::from(*level) % 4];
    let code = QrCode::with_error_correction_level(&text, level).expect("a hundred digits fit");
    let (side, colors) = (code.width(), code.to_colors());
    let mut dark: Vec<bool> = colors.iter().map(|color| *color == Color::Dark).collect();
    let (pairs, _) = places.as_chunks();
    for place in pairs.iter().take(MOST_WRONG) {
        let place = usize::from(u16::from_le_bytes(*place)) % dark.len();
        dark[place] = !dark[place];
    }
    let zoom = 2 + usize::from(*zoom) % 3;
    let width = (side + 2 * MARGIN) * zoom;
    let (light, black) = if what & 1 == 0 { (235, 20) } else { (20, 235) };
    let pixel = |at: usize| {
        let module = |at: usize| (at / zoom).checked_sub(MARGIN).filter(|at| *at < side);
        let is_dark = |(x, y): (usize, usize)| dark[y * side + x];
        if module(at % width).zip(module(at / width)).is_some_and(is_dark) {
            black
        } else {
            light
        }
    };
    let pixels: Vec<u8> = (0..width * width).map(pixel).collect();
    let luma = Luma::new(&pixels, width, width, width).expect("the sides agree");
    let effort = if what & 2 == 0 { Effort::Still } else { Effort::Live };
    for found in Reader::new().read(&luma, effort, 1 + usize::from(what & 4)) {
        assert_eq!(found.text, text);
    }
});
