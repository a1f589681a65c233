//! From modules to what a code says. The only file that names rqrr: it reads the bits of a grid.
//!
//! rqrr sees only grids that [`prove`] has found to be codes. Its corrections and its reading are its own: a code that
//! two decoders don't agree upon is not read. What rqrr drops, the ECI number, is [`segments`]'.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::codewords::{Sound, prove, prove_in_doubt};
use super::segments::{self, Reading};
use crate::modules::modules::Modules;

/// What a code says.
pub(crate) struct Payload {
    pub(crate) reading: Reading,
    /// The code was seen in a mirror.
    pub(crate) mirrored: bool,
    /// It could have been corrected with one more codeword wrong in each block.
    pub(crate) spare: bool,
}

/// ECI numbers of ISO 8859-1, the older and the newer.
const LATIN_1: [u32; 2] = [1, 3];

struct Grid(Modules);

impl rqrr::BitGrid for Grid {
    fn size(&self) -> usize {
        self.0.side()
    }

    fn bit(&self, y: usize, x: usize) -> bool {
        self.0.is_dark(x, y)
    }
}

/// What these modules say, if they are a code. A code that holds nothing pays nothing, and is none.
///
/// rqrr has reachable panics. Where panics unwind, modules that make it panic are no code; in the browser the worker
/// that runs this is the fence.
pub(crate) fn decode(modules: &Modules) -> Option<Payload> {
    payload(prove(modules)?)
}

/// The same where some modules are in doubt: each is as certain as this says.
pub(crate) fn decode_in_doubt(modules: &Modules, certain: &[f32]) -> Option<Payload> {
    payload(prove_in_doubt(modules, certain)?)
}

fn payload(sound: Sound) -> Option<Payload> {
    let grid = rqrr::Grid::new(Grid(sound.modules));
    let read = catch_unwind(AssertUnwindSafe(|| {
        let mut bytes = Vec::new();
        grid.decode_to(&mut bytes).map(|_| bytes)
    }));
    let bytes = read.ok()?.ok()?;
    let reading = segments::read(&sound.data, sound.version)?;
    (!bytes.is_empty() && bytes == reading.bytes).then_some(Payload {
        reading,
        mirrored: sound.mirrored,
        spare: sound.spare,
    })
}

/// UTF-8 where it is, else one character a byte, so that nothing is lost in the reading. A code that says it is Latin-1
/// is never taken for UTF-8; sets of more characters are the caller's to read.
pub(crate) fn text(reading: &Reading) -> String {
    let characters = || reading.bytes.iter().map(|byte| char::from(*byte)).collect();
    if reading.eci.is_some_and(|eci| LATIN_1.contains(&eci)) {
        return characters();
    }
    match std::str::from_utf8(&reading.bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => characters(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
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
            assert!(!straight.mirrored && mirrored.mirrored);
        }
    }

    /// Numbers that follow from a seed, the same everywhere.
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
        let (mut spare, mut at_its_limit) = (0, 0);
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
                if payload.spare {
                    assert_eq!(payload.reading.bytes, text.as_bytes());
                    spare += 1;
                } else {
                    at_its_limit += 1;
                }
            }
        }
        assert!(spare > 500 && at_its_limit > 500, "{spare} {at_its_limit}");
    }

    #[test]
    fn an_empty_code_is_none() {
        assert!(decode(&drawn("", 1, qrcode::EcLevel::M)).is_none());
    }

    /// What a code of these segments says, and its text.
    fn said(write: impl Fn(&mut qrcode::bits::Bits)) -> (Reading, String) {
        let mut bits = qrcode::bits::Bits::new(qrcode::Version::Normal(4));
        write(&mut bits);
        bits.push_terminator(qrcode::EcLevel::M).unwrap();
        let code = qrcode::QrCode::with_bits(bits, qrcode::EcLevel::M).unwrap();
        let dark = code.to_colors();
        let dark = dark.iter().map(|color| *color == qrcode::Color::Dark);
        let payload = decode(&Modules::new(code.width(), dark.collect())).unwrap();
        let text = text(&payload.reading);
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
