//! Question: does a live reader find a phone's code beside larger ones that stay in the picture?
#![allow(clippy::unwrap_used, missing_docs)]

use kaunter_reader::{Effort, Luma, Reader};

const WIDTH: usize = 1280;
const HEIGHT: usize = 720;
/// A shop's sticker beside the till, and a menu.
const STICKER: (&str, usize, usize, usize) =
    ("https://qr.alipay.com/fkx05632jxvtyuaz3kbq9e2", 60, 140, 12);
const MENU: (&str, usize, usize, usize) = ("https://shop.example/menu/table/5", 500, 60, 10);

/// Codes, each with its text, its place from the left and from the top, and the pixels of a module.
fn picture(codes: &[(&str, usize, usize, usize)]) -> Vec<u8> {
    let mut pixels = vec![225; WIDTH * HEIGHT];
    for (text, left, top, module) in codes {
        let code = qrcode::QrCode::new(text).unwrap();
        for (at, color) in code.to_colors().into_iter().enumerate() {
            let (x, y) = (
                left + at % code.width() * module,
                top + at / code.width() * module,
            );
            for row in pixels.chunks_mut(WIDTH).skip(y).take(*module) {
                row[x..x + module].fill(if color == qrcode::Color::Dark {
                    25
                } else {
                    225
                });
            }
        }
    }
    pixels
}

#[test]
fn a_small_code_is_read_within_four_frames_beside_larger_ones_that_stay() {
    for module in [2, 3, 4, 6] {
        let phone = ("TNG-7Q2M", 950, 420, module);
        let mut reader = Reader::new();
        let mut read = |codes: &[(&str, usize, usize, usize)]| {
            let pixels = picture(codes);
            let luma = Luma::new(&pixels, WIDTH, HEIGHT, WIDTH).unwrap();
            reader.read(&luma, Effort::Live, 4)
        };
        for _ in 0..10 {
            assert!(!read(&[STICKER, MENU]).is_empty());
        }
        let found = (0..4).any(|_| {
            read(&[STICKER, MENU, phone])
                .iter()
                .any(|found| found.text == phone.0)
        });
        assert!(found, "{module} pixels a module");
    }
}
