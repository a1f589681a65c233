//! A code that was read.

use std::fmt;

use crate::picture::point::Point;

/// A code in a picture. Its `Debug` tells a length only: a code is money.
#[derive(Clone, PartialEq)]
pub struct Found {
    /// The truth.
    pub bytes: Vec<u8>,
    /// The character set that the code names, by its ECI number, where it names one: 3 is Latin-1, 20 Shift JIS, 26 UTF-8.
    pub eci: Option<u32>,
    /// A reading of it: UTF-8, or one character a byte.
    pub text: String,
    /// Top left, top right, bottom right, bottom left of the code itself.
    pub corners: [Point; 4],
    /// Bare digits that were read twice in this picture, each time at other places of every module and with some error
    /// correction to spare. Other codes need no such proof, and have none.
    pub confirmed: bool,
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Found({} bytes)", self.bytes.len())
    }
}
