//! A code that was read.

use std::fmt;

use crate::code::charset::Part;
use crate::picture::point::Point;

/// A code in a picture. Its `Debug` prints the length only, because a payment code is worth money.
#[derive(Clone, PartialEq)]
pub struct Found {
    /// The content, byte for byte.
    pub bytes: Vec<u8>,
    /// The first ECI number, if the code declares a character set: 3 is Latin-1, 20 Shift JIS, 26 UTF-8.
    pub eci: Option<u32>,
    /// The character sets of the bytes, from the first byte to the last.
    pub parts: Vec<Part>,
    /// The bytes as text, without a decoder for other character sets than UTF-8 and Latin-1. See [`Found::text_by`].
    pub text: String,
    /// The code's own corners, in pixels of the picture: top left, top right, bottom right, bottom left.
    pub corners: [Point; 4],
    /// Whether digits without a check were read twice in this picture.
    ///
    /// The second time every module was sampled at another place, and both readings had error correction to spare.
    /// It is false for all other codes, which need no such proof.
    pub confirmed: bool,
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Found({} bytes)", self.bytes.len())
    }
}
