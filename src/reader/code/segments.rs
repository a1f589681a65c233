//! Reads the segments of a code's data: digits, letters, bytes, kanji and hanzi, and the character sets that the code
//! declares.
//!
//! `rqrr` reads the same bits, but drops the ECI number, does not know hanzi, and accepts digits and letters that no
//! encoder writes. A code whose bytes differ between the two readings is not read.

use super::charset::{GB_2312, Part, SHIFT_JIS};
use crate::plane::layout::Version;

/// The content of a code.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) bytes: Vec<u8>,
    /// The first ECI number, if the code has one: it declares the character set.
    pub(crate) eci: Option<u32>,
    /// The character sets of the bytes.
    pub(crate) parts: Vec<Part>,
    /// The number of bytes before the first hanzi.
    pub(crate) until_hanzi: Option<usize>,
}

impl Reading {
    /// The bytes that `rqrr` should read too.
    pub(crate) fn without_hanzi(&self) -> &[u8] {
        &self.bytes[..self.until_hanzi.unwrap_or(self.bytes.len())]
    }

    /// The bytes after the last part are in this character set.
    fn end_part(&mut self, eci: Option<u32>) {
        let end = self.bytes.len();
        let begin = self.parts.last().map_or(0, |part| part.end);
        match self.parts.last_mut() {
            _ if end == begin => {}
            Some(part) if part.eci == eci => part.end = end,
            _ => self.parts.push(Part { eci, end }),
        }
    }
}

/// The bits of a segment's character count in versions 1 to 9, 10 to 26, and 27 to 40 (ISO/IEC 18004, table 3).
type CountBits = [usize; 3];

const DIGITS: CountBits = [10, 12, 14];
const LETTERS: CountBits = [9, 11, 13];
const BYTES: CountBits = [8, 16, 16];
const KANJI: CountBits = [8, 10, 12];
/// The same for hanzi (GB/T 18284).
const HANZI: CountBits = KANJI;
/// The number of the character set in a hanzi segment: GB 2312. No other is defined.
const HANZI_SET: usize = 1;

/// The characters of an alphanumeric segment by their values (table 5).
const ALPHABET: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/// Reads bits of codewords, the highest bit first.
struct BitReader<'a> {
    data: &'a [u8],
    at: usize,
}

impl BitReader<'_> {
    /// Bits that are left.
    fn left(&self) -> usize {
        self.data.len() * 8 - self.at
    }

    /// The next `count` bits, at most 16, as a number; `None` if fewer are left.
    fn take(&mut self, count: usize) -> Option<usize> {
        if self.left() < count {
            return None;
        }
        let mut number = 0;
        for _ in 0..count {
            let bit = self.data.get(self.at / 8)? >> (7 - self.at % 8) & 1;
            number = number << 1 | usize::from(bit);
            self.at += 1;
        }
        Some(number)
    }
}

/// Reads the data codewords. `None` if they end within a segment, or hold something that no encoder writes.
pub(crate) fn read(data: &[u8], version: Version) -> Option<Reading> {
    let mut bits = BitReader { data, at: 0 };
    let size = match version.number() {
        ..10 => 0,
        10..27 => 1,
        _ => 2,
    };
    let mut reading = Reading::default();
    let mut named = None;
    while bits.left() >= 4 {
        let bytes = &mut reading.bytes;
        let eci = match bits.take(4)? {
            0 => break,
            1 => {
                digits(&mut bits, DIGITS[size], bytes)?;
                None
            }
            2 => {
                letters(&mut bits, LETTERS[size], bytes)?;
                None
            }
            4 => {
                plain(&mut bits, BYTES[size], bytes)?;
                named
            }
            7 => {
                named = Some(eci(&mut bits)?);
                reading.eci = reading.eci.or(named);
                continue;
            }
            8 => {
                kanji(&mut bits, KANJI[size], bytes)?;
                Some(SHIFT_JIS)
            }
            13 => {
                reading.until_hanzi.get_or_insert(bytes.len());
                hanzi(&mut bits, HANZI[size], bytes)?;
                Some(GB_2312)
            }
            // Structured append and FNC1: no wallet uses them.
            _ => return None,
        };
        reading.end_part(eci);
    }
    Some(reading)
}

/// Reads digits: three in ten bits, two in seven, one in four.
fn digits(bits: &mut BitReader<'_>, count_bits: usize, bytes: &mut Vec<u8>) -> Option<()> {
    let mut left = bits.take(count_bits)?;
    while left > 0 {
        let (take, width) = match left {
            1 => (1, 4),
            2 => (2, 7),
            _ => (3, 10),
        };
        write_number(bits.take(width)?, &ALPHABET[..10], take, bytes)?;
        left -= take;
    }
    Some(())
}

/// Reads letters: two in eleven bits, one in six.
fn letters(bits: &mut BitReader<'_>, count_bits: usize, bytes: &mut Vec<u8>) -> Option<()> {
    let mut left = bits.take(count_bits)?;
    while left > 0 {
        let (take, width) = if left == 1 { (1, 6) } else { (2, 11) };
        write_number(bits.take(width)?, ALPHABET, take, bytes)?;
        left -= take;
    }
    Some(())
}

/// Writes a number with `places` digits of this alphabet; `None` if it needs more.
fn write_number(number: usize, alphabet: &[u8], places: usize, bytes: &mut Vec<u8>) -> Option<()> {
    let (first, base) = (bytes.len(), alphabet.len());
    let mut rest = number;
    for _ in 0..places {
        bytes.push(alphabet[rest % base]);
        rest /= base;
    }
    bytes[first..].reverse();
    (rest == 0).then_some(())
}

/// Reads bytes.
fn plain(bits: &mut BitReader<'_>, count_bits: usize, bytes: &mut Vec<u8>) -> Option<()> {
    for _ in 0..bits.take(count_bits)? {
        bytes.push(bits.take(8)? as u8);
    }
    Some(())
}

/// Reads characters of two Shift JIS bytes, in thirteen bits each (ISO/IEC 18004, kanji mode).
fn kanji(bits: &mut BitReader<'_>, count_bits: usize, bytes: &mut Vec<u8>) -> Option<()> {
    for _ in 0..bits.take(count_bits)? {
        let packed = bits.take(13)?;
        let off = ((packed / 0xc0) << 8) | (packed % 0xc0);
        let word = off + if off < 0x1f00 { 0x8140 } else { 0xc140 };
        bytes.extend([(word >> 8) as u8, word as u8]);
    }
    Some(())
}

/// Reads characters of two GB 2312 bytes, in thirteen bits each (GB/T 18284, hanzi mode).
fn hanzi(bits: &mut BitReader<'_>, count_bits: usize, bytes: &mut Vec<u8>) -> Option<()> {
    if bits.take(4)? != HANZI_SET {
        return None;
    }
    for _ in 0..bits.take(count_bits)? {
        let packed = bits.take(13)?;
        let (row, column) = (packed / 0x60, packed % 0x60);
        // A row of GB 2312 has 94 characters. The rows 10 to 15 are empty, so they are left out.
        if column >= 94 {
            return None;
        }
        let first = row + if row < 10 { 0xa1 } else { 0xa6 };
        bytes.extend([first as u8, (column + 0xa1) as u8]);
    }
    Some(())
}

/// Reads an ECI number. Its first bits say whether it has one, two or three bytes.
fn eci(bits: &mut BitReader<'_>) -> Option<u32> {
    let first = bits.take(8)?;
    let number = match first {
        ..0x80 => first,
        0x80..0xc0 => (first & 0x3f) << 8 | bits.take(8)?,
        0xc0..0xe0 => (first & 0x1f) << 16 | bits.take(16)?,
        _ => return None,
    };
    u32::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use qrcode::bits::Bits as Writer;

    fn written(version: i16, write: impl Fn(&mut Writer)) -> Vec<u8> {
        let mut writer = Writer::new(qrcode::Version::Normal(version));
        write(&mut writer);
        writer.push_terminator(qrcode::EcLevel::L).unwrap();
        writer.into_bytes()
    }

    fn read_back(version: i16, write: impl Fn(&mut Writer)) -> Reading {
        let number = usize::try_from(version).unwrap();
        read(&written(version, write), Version::new(number).unwrap()).unwrap()
    }

    #[test]
    fn every_kind_of_segment_is_read_at_every_size_of_its_count() {
        for version in [9, 10, 26, 27, 40] {
            let reading = read_back(version, |writer| {
                writer.push_numeric_data(b"28012345678901234567").unwrap();
                writer.push_alphanumeric_data(b"TNG-7Q2M $%*+-./:").unwrap();
                writer.push_byte_data(&[0, 0x7f, 0x80, 0xff]).unwrap();
                writer
                    .push_kanji_data(&[0x93, 0x5f, 0xe4, 0xaa, 0x9f, 0xfc, 0xe0, 0x40])
                    .unwrap();
                writer.push_numeric_data(b"7").unwrap();
                writer.push_alphanumeric_data(b"A").unwrap();
            });
            let mut expected = b"28012345678901234567TNG-7Q2M $%*+-./:".to_vec();
            expected.extend([0, 0x7f, 0x80, 0xff]);
            expected.extend([0x93, 0x5f, 0xe4, 0xaa, 0x9f, 0xfc, 0xe0, 0x40]);
            expected.extend(b"7A");
            assert_eq!(reading.bytes, expected, "version {version}");
            assert_eq!(reading.eci, None);
        }
    }

    #[test]
    fn the_first_named_character_set_is_kept_whatever_its_length() {
        for eci in [3, 26, 127, 128, 16_383, 16_384, 999_999] {
            let reading = read_back(5, |writer| {
                writer.push_eci_designator(eci).unwrap();
                writer.push_byte_data("é".as_bytes()).unwrap();
                writer.push_eci_designator(20).unwrap();
                writer.push_byte_data(b"x").unwrap();
            });
            assert_eq!(reading.eci, Some(eci));
            assert_eq!(reading.bytes, "éx".as_bytes());
        }
    }

    #[test]
    fn what_no_encoder_writes_is_none() {
        let version = Version::new(2).unwrap();
        // Three digits with the value 1000, two letters with 2025, an ECI without a valid length, an unknown mode.
        for data in [
            [0b0001_0000, 0b0000_1111, 0b1110_1000],
            [0b0010_0000, 0b0001_0111, 0b1110_1001],
            [0b0111_1111, 0b0000_0000, 0b0000_0000],
            [0b0011_0000, 0b0000_0000, 0b0000_0000],
        ] {
            assert_eq!(read(&data, version), None, "{data:?}");
        }
    }

    #[test]
    fn data_that_end_within_a_segment_are_none_and_no_panic() {
        let data = written(7, |writer| writer.push_byte_data(b"0123456789").unwrap());
        for end in 1..11 {
            assert_eq!(read(&data[..end], Version::new(7).unwrap()), None);
        }
        assert_eq!(
            read(&[], Version::new(1).unwrap()),
            Some(Reading::default())
        );
    }
}
