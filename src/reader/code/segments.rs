//! What a code's data say: segments of digits, letters, bytes and kanji, and the character set that they name.
//!
//! rqrr reads the same bits, and hands on bytes only: it drops the ECI number, and takes digits and letters that are none
//! for others. Here both are kept apart, and a code whose bytes the two readings don't agree upon is none.

use crate::plane::layout::Version;

/// What a code says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) bytes: Vec<u8>,
    /// The character set that the code names, where it names one: of several, the first.
    pub(crate) eci: Option<u32>,
}

/// How many bits a segment's count has, in versions to 9, to 26, and above.
type CountBits = [usize; 3];

const DIGITS: CountBits = [10, 12, 14];
const LETTERS: CountBits = [9, 11, 13];
const BYTES: CountBits = [8, 16, 16];
const KANJI: CountBits = [8, 10, 12];

const ALPHABET: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/// Bits of codewords, the highest first.
struct Bits<'a> {
    data: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn left(&self) -> usize {
        self.data.len() * 8 - self.at
    }

    /// The number that the next `count` bits are, 16 at most.
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

/// The data codewords of a code, read; none where they end within a segment, or hold what no encoder writes.
pub(crate) fn read(data: &[u8], version: Version) -> Option<Reading> {
    let mut bits = Bits { data, at: 0 };
    let size = match version.number() {
        ..10 => 0,
        10..27 => 1,
        _ => 2,
    };
    let mut reading = Reading::default();
    while bits.left() >= 4 {
        let bytes = &mut reading.bytes;
        match bits.take(4)? {
            0 => break,
            1 => digits(&mut bits, DIGITS[size], bytes)?,
            2 => letters(&mut bits, LETTERS[size], bytes)?,
            4 => plain(&mut bits, BYTES[size], bytes)?,
            7 => {
                let eci = eci(&mut bits)?;
                reading.eci.get_or_insert(eci);
            }
            8 => kanji(&mut bits, KANJI[size], bytes)?,
            // Parts of a message, and the markers of other trades: no wallet's.
            _ => return None,
        }
    }
    Some(reading)
}

/// Three digits in ten bits, two in seven, one in four.
fn digits(bits: &mut Bits<'_>, count_bits: usize, bytes: &mut Vec<u8>) -> Option<()> {
    let mut left = bits.take(count_bits)?;
    while left > 0 {
        let (take, width) = match left {
            1 => (1, 4),
            2 => (2, 7),
            _ => (3, 10),
        };
        spell(bits.take(width)?, &ALPHABET[..10], take, bytes)?;
        left -= take;
    }
    Some(())
}

/// Two of forty-five letters in eleven bits, one in six.
fn letters(bits: &mut Bits<'_>, count_bits: usize, bytes: &mut Vec<u8>) -> Option<()> {
    let mut left = bits.take(count_bits)?;
    while left > 0 {
        let (take, width) = if left == 1 { (1, 6) } else { (2, 11) };
        spell(bits.take(width)?, ALPHABET, take, bytes)?;
        left -= take;
    }
    Some(())
}

/// Writes a number in `places` places of this alphabet; none where it needs more.
fn spell(number: usize, alphabet: &[u8], places: usize, bytes: &mut Vec<u8>) -> Option<()> {
    let (first, base) = (bytes.len(), alphabet.len());
    let mut rest = number;
    for _ in 0..places {
        bytes.push(alphabet[rest % base]);
        rest /= base;
    }
    bytes[first..].reverse();
    (rest == 0).then_some(())
}

fn plain(bits: &mut Bits<'_>, count_bits: usize, bytes: &mut Vec<u8>) -> Option<()> {
    for _ in 0..bits.take(count_bits)? {
        bytes.push(bits.take(8)? as u8);
    }
    Some(())
}

/// Shift JIS of two bytes, in thirteen bits.
fn kanji(bits: &mut Bits<'_>, count_bits: usize, bytes: &mut Vec<u8>) -> Option<()> {
    for _ in 0..bits.take(count_bits)? {
        let packed = bits.take(13)?;
        let off = ((packed / 0xc0) << 8) | (packed % 0xc0);
        let word = off + if off < 0x1f00 { 0x8140 } else { 0xc140 };
        bytes.extend([(word >> 8) as u8, word as u8]);
    }
    Some(())
}

/// A number of one, two or three bytes, as the first bits say.
fn eci(bits: &mut Bits<'_>) -> Option<u32> {
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
        // Three digits that are 1000, two letters that are 2025, an ECI of no length, a kind that is none.
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
