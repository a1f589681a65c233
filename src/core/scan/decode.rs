//! From modules to what a code says. The only file that names rqrr: it reads the bits of a grid.
//!
//! rqrr sees only grids that [`prove`] has found to be codes. Its corrections and its reading are its own: a code that
//! two decoders don't agree upon is not read.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::codewords::prove;
use super::modules::Modules;

/// What a code says.
pub(super) struct Payload {
    pub(super) bytes: Vec<u8>,
    /// The code was seen in a mirror.
    pub(super) mirrored: bool,
}

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
pub(super) fn decode(modules: &Modules) -> Option<Payload> {
    let sound = prove(modules)?;
    let grid = rqrr::Grid::new(Grid(sound.modules));
    let read = catch_unwind(AssertUnwindSafe(|| {
        let mut bytes = Vec::new();
        grid.decode_to(&mut bytes).map(|_| bytes)
    }));
    let bytes = read.ok()?.ok()?;
    (!bytes.is_empty()).then_some(Payload {
        bytes,
        mirrored: sound.mirrored,
    })
}

/// UTF-8 where it is, else one character a byte, so that nothing is lost in the reading.
pub(super) fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::codewords::tests::drawn;
    use super::*;

    #[test]
    fn a_code_says_what_was_drawn_mirrored_or_not() {
        let text = "hQVDUFYwMWETTwegAAAAVVVVUAhQcm9kdWN0MQ==";
        for version in [3, 7, 20, 40] {
            let modules = drawn(text, version, qrcode::EcLevel::M);
            let straight = decode(&modules).unwrap();
            let mirrored = decode(&modules.mirrored()).unwrap();
            assert_eq!(straight.bytes, text.as_bytes());
            assert_eq!(mirrored.bytes, text.as_bytes());
            assert!(!straight.mirrored && mirrored.mirrored);
        }
    }

    #[test]
    fn an_empty_code_is_none() {
        assert!(decode(&drawn("", 1, qrcode::EcLevel::M)).is_none());
    }

    #[test]
    fn text_is_utf_8_or_one_character_a_byte() {
        assert_eq!(text("é".as_bytes()), "é");
        assert_eq!(text(&[0x41, 0xe9]), "Aé");
    }
}
