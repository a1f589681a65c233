//! Decodes modules to bytes and text. This is the only file that names `rqrr`, which reads the bits of a grid.
//!
//! `rqrr` sees only grids that [`prove`] has found to be codes, and corrects and reads them by itself.
//! A code on which the two decoders disagree is not read.
//! [`segments`] keeps the ECI numbers, which `rqrr` drops. It reads hanzi too, which `rqrr` does not know: `rqrr` must
//! then have read the same bytes up to the first hanzi.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::codewords::{Orientation, ProvenCode, prove, prove_with_erasures};
use super::segments::{self, Reading};
use crate::modules::modules::Modules;

/// A decoded code.
pub(crate) struct Payload {
    pub(crate) reading: Reading,
    /// The corrected data codewords that it was read from.
    pub(crate) data: Vec<u8>,
    pub(crate) orientation: Orientation,
    /// Each block had correction for one more wrong codeword.
    pub(crate) has_spare: bool,
}

/// Modules in the form that `rqrr` reads.
struct Grid(Modules);

impl rqrr::BitGrid for Grid {
    fn size(&self) -> usize {
        self.0.side()
    }

    fn bit(&self, y: usize, x: usize) -> bool {
        self.0.is_dark(x, y)
    }
}

/// Decodes modules. `None` if they are no code, or one without content.
///
/// `rqrr` can panic. Where panics unwind, such modules count as no code.
/// In the browser panics abort the instance, and the worker that runs it is replaced.
pub(crate) fn decode(modules: &Modules) -> Option<Payload> {
    payload(prove(modules)?)
}

/// Decodes modules of which some are uncertain. `confidence` is as in [`prove_with_erasures`].
pub(crate) fn decode_with_erasures(modules: &Modules, confidence: &[f32]) -> Option<Payload> {
    payload(prove_with_erasures(modules, confidence)?)
}

fn payload(proven: ProvenCode) -> Option<Payload> {
    let grid = rqrr::Grid::new(Grid(proven.modules));
    let read = catch_unwind(AssertUnwindSafe(|| {
        let mut bytes = Vec::new();
        match grid.decode_to(&mut bytes) {
            Ok(_) => Some((bytes, End::Whole)),
            // It has corrected the code then, and has read all segments before this one.
            Err(rqrr::DeQRError::UnknownDataType) => Some((bytes, End::UnknownMode)),
            Err(_) => None,
        }
    }));
    let (bytes, end) = read.ok()??;
    let reading = segments::read(&proven.data, proven.version)?;
    let expected = match reading.until_hanzi {
        Some(_) => End::UnknownMode,
        None => End::Whole,
    };
    let agree = end == expected && bytes == reading.without_hanzi();
    (agree && !reading.bytes.is_empty()).then_some(Payload {
        reading,
        data: proven.data,
        orientation: proven.orientation,
        has_spare: proven.has_spare,
    })
}

/// How far `rqrr` has read.
#[derive(PartialEq)]
enum End {
    Whole,
    /// Up to a segment whose mode it does not know.
    UnknownMode,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::code::charset::text;
    use crate::modules::modules::tests::drawn;

    #[test]
    fn a_code_says_what_was_drawn_mirrored_or_not() {
        let text = "hQVDUFYwMWETTwegAAAAVVVVUAhQcm9kdWN0MQ==";
        for version in [3, 7, 20, 40] {
            let modules = drawn(text, version, qrcode::EcLevel::M);
            let straight = decode(&modules).unwrap();
            let mirrored = decode(&modules.mirrored()).unwrap();
            assert_eq!(straight.reading.bytes, text.as_bytes());
            assert_eq!(mirrored.reading.bytes, text.as_bytes());
            let seen = [straight.orientation, mirrored.orientation];
            assert_eq!(seen, [Orientation::Straight, Orientation::Mirrored]);
        }
    }

    /// A pseudo-random generator (xorshift64).
    fn numbers(mut seed: u64) -> impl FnMut(usize) -> usize {
        move |below| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            (seed % below as u64) as usize
        }
    }

    #[test]
    fn damaged_digits_are_right_or_have_no_correction_to_spare() {
        let text = "134503098230927349";
        let mut number = numbers(20_261_125);
        let (mut with_spare, mut at_its_limit) = (0, 0);
        for level in [qrcode::EcLevel::L, qrcode::EcLevel::M] {
            let whole = drawn(text, 1, level);
            for _ in 0..10_000 {
                let mut modules = whole.clone();
                for _ in 0..number(60) {
                    let (x, y) = (number(21), number(21));
                    modules.set(x, y, !modules.is_dark(x, y));
                }
                let Some(payload) = decode(&modules) else {
                    continue;
                };
                if payload.has_spare {
                    assert_eq!(payload.reading.bytes, text.as_bytes());
                    with_spare += 1;
                } else {
                    at_its_limit += 1;
                }
            }
        }
        let counts = [with_spare, at_its_limit];
        assert!(counts.iter().all(|count| *count > 500), "{counts:?}");
    }

    #[test]
    fn an_empty_code_is_none() {
        assert!(decode(&drawn("", 1, qrcode::EcLevel::M)).is_none());
    }

    /// The reading and the text of a code that is made of these segments.
    fn said(write: impl Fn(&mut qrcode::bits::Bits)) -> (Reading, String) {
        let mut bits = qrcode::bits::Bits::new(qrcode::Version::Normal(4));
        write(&mut bits);
        bits.push_terminator(qrcode::EcLevel::M).unwrap();
        let code = qrcode::QrCode::with_bits(bits, qrcode::EcLevel::M).unwrap();
        let dark = code.to_colors();
        let dark = dark.iter().map(|color| *color == qrcode::Color::Dark);
        let payload = decode(&Modules::new(code.width(), dark.collect())).unwrap();
        let Reading {
            bytes, eci, parts, ..
        } = &payload.reading;
        let text = text(bytes, *eci, parts, &|_, _| None).text;
        (payload.reading, text)
    }

    #[test]
    fn bytes_are_kept_as_they_are_and_text_is_what_they_are_said_to_be() {
        let latin = [0x41, 0xe9];
        let kanji = [0x93, 0x5f, 0xe4, 0xaa];
        let binary: Vec<u8> = (0..40_u8).map(|at| at.wrapping_mul(13)).collect();
        let cases: [(Option<u32>, &[u8], &str); 7] = [
            (None, "é".as_bytes(), "é"),
            (Some(26), "é".as_bytes(), "é"),
            (Some(3), "é".as_bytes(), "Ã©"),
            (Some(3), &latin, "Aé"),
            (None, &latin, "Aé"),
            (Some(20), &kanji, "\u{93}_äª"),
            (
                None,
                &binary,
                &binary
                    .iter()
                    .map(|byte| char::from(*byte))
                    .collect::<String>(),
            ),
        ];
        for (eci, bytes, expected) in cases {
            let (reading, text) = said(|bits| {
                if let Some(eci) = eci {
                    bits.push_eci_designator(eci).unwrap();
                }
                bits.push_byte_data(bytes).unwrap();
            });
            assert_eq!((reading.eci, &*reading.bytes), (eci, bytes));
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn kanji_are_kept_as_shift_jis() {
        let (reading, _) = said(|bits| bits.push_kanji_data(&[0x93, 0x5f, 0xe4, 0xaa]).unwrap());
        assert_eq!(reading.bytes, [0x93, 0x5f, 0xe4, 0xaa]);
    }
}
