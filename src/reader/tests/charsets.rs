//! Are the bytes of a code exact, whatever character set it names, and are its kanji and hanzi read? Which part is in
//! which set?
//!
//! The codes are drawn here, segment by segment. `KAUNTER_UPDATE=1` writes them to `tests/corpus/charsets.json`, where
//! the tests of Node and of the browsers find them with the texts that they must say.
#![allow(clippy::unwrap_used, missing_docs)]

use kaunter_reader::{Effort, Luma, Part, Reader};
use qrcode::canvas::Canvas;
use qrcode::{Color, EcLevel, Version};
use serde_json::json;

/// Pixels of a module and modules of a margin.
const MODULE: usize = 4;
const MARGIN: usize = 4;

/// A segment of a code.
#[derive(Clone, Copy)]
enum Segment {
    Eci(usize),
    Digits(&'static [u8]),
    Letters(&'static [u8]),
    Bytes(&'static [u8]),
    /// Shift JIS.
    Kanji(&'static [u8]),
    /// GB 2312.
    Hanzi(&'static [u8]),
}
use Segment::{Bytes, Digits, Eci, Hanzi, Kanji, Letters};

/// A code: its name, its segments, its text, and the set from which the text is decoded.
type Case = (
    &'static str,
    &'static [Segment],
    &'static str,
    Option<&'static str>,
);

#[rustfmt::skip]
const CASES: &[Case] = &[
    ("no set, ASCII", &[Letters(b"TNG-7Q2M"), Digits(b"28012")], "TNG-7Q2M28012", Some("utf-8")),
    ("no set, UTF-8", &[Bytes(b"\xe4\xbb\x98\xe6\xac\xbe")], "付款", Some("utf-8")),
    ("no set, other bytes", &[Bytes(b"Caf\xe9 \xa35")], "Café £5", Some("iso-8859-1")),
    ("ECI 3", &[Eci(3), Bytes(b"Caf\xe9 \xa35"), Digits(b"250")], "Café £5250", Some("iso-8859-1")),
    ("ECI 4", &[Eci(4), Bytes(b"Zap\xb3a\xe6")], "Zapłać", Some("iso-8859-2")),
    ("ECI 5", &[Eci(5), Bytes(b"\xa1allas")], "Ħallas", Some("iso-8859-3")),
    ("ECI 6", &[Eci(6), Bytes(b"\xa9iauliai \xbb")], "Šiauliai ģ", Some("iso-8859-4")),
    ("ECI 7", &[Eci(7), Bytes(b"\xbe\xdf\xdb\xd0\xe2\xd0")], "Оплата", Some("iso-8859-5")),
    ("ECI 8", &[Eci(8), Bytes(b"\xcf\xe1\xd9")], "دفع", Some("iso-8859-6")),
    ("ECI 9", &[Eci(9), Bytes(b"\xd0\xeb\xe7\xf1\xf9\xec\xde")], "Πληρωμή", Some("iso-8859-7")),
    ("ECI 10", &[Eci(10), Bytes(b"\xfa\xf9\xec\xe5\xed")], "תשלום", Some("iso-8859-8")),
    ("ECI 11", &[Eci(11), Bytes(b"\xd6deme \xfeimdi")], "Ödeme şimdi", Some("iso-8859-9")),
    ("ECI 12", &[Eci(12), Bytes(b"\xc5\xbf")], "Åŋ", Some("iso-8859-10")),
    ("ECI 13", &[Eci(13), Bytes(b"\xa8\xe8\xd2\xc2")], "จ่าย", Some("iso-8859-11")),
    ("ECI 15", &[Eci(15), Bytes(b"Maks\xe2jums")], "Maksājums", Some("iso-8859-13")),
    ("ECI 16", &[Eci(16), Bytes(b"\xd0y")], "Ŵy", Some("iso-8859-14")),
    ("ECI 17", &[Eci(17), Bytes(b"5 \xa4")], "5 €", Some("iso-8859-15")),
    ("ECI 20", &[Eci(20), Bytes(b"\x82\xa8\x8ex\x95\xa5\x82\xa2")], "お支払い", Some("shift_jis")),
    ("ECI 21", &[Eci(21), Bytes(b"P\xb3atno\x9c\xe6")], "Płatność", Some("windows-1250")),
    ("ECI 22", &[Eci(22), Bytes(b"\xce\xef\xeb\xe0\xf2\xe0")], "Оплата", Some("windows-1251")),
    // Node 20 takes windows-1252 for Latin-1, so there is no byte from 0x80 to 0x9f here.
    ("ECI 23", &[Eci(23), Bytes(b"Caf\xe9 \xa35")], "Café £5", Some("windows-1252")),
    ("ECI 24", &[Eci(24), Bytes(b"\xcf\xdd\xda")], "دفع", Some("windows-1256")),
    ("ECI 25", &[Eci(25), Bytes(b"N\xd8k>"), Digits(b"12")], "付款12", Some("utf-16be")),
    ("ECI 26", &[Eci(26), Bytes(b"\xe4\xbb\x98\xe6\xac\xbe")], "付款", Some("utf-8")),
    ("ECI 28", &[Eci(28), Bytes(b"\xa5I\xb4\xda\xbdX")], "付款碼", Some("big5")),
    ("ECI 29", &[Eci(29), Bytes(b"\xb8\xb6\xbf\xee\xc2\xeb")], "付款码", Some("gb18030")),
    ("ECI 30", &[Eci(30), Bytes(b"\xb0\xe1\xc1\xa6 \xc4\xda\xb5\xe5")], "결제 코드", Some("euc-kr")),
    ("ECI 31", &[Eci(31), Bytes(b"\xb8\xb6\xbf\xee\xb4a")], "付款碼", Some("gbk")),
    ("ECI 32", &[Eci(32), Bytes(b"\xa2\xe3\x952\x826")], "€𠀀", Some("gb18030")),
    ("ECI 33", &[Eci(33), Bytes(b"\xd8N>k")], "付款", Some("utf-16le")),
    ("an ECI that nobody knows", &[Eci(899), Bytes(b"\x93_")], "\u{93}_", Some("iso-8859-1")),
    ("ECI 20 upon bytes that are UTF-8", &[Eci(20), Bytes(b"\xe4\xbb\x98")], "付", Some("utf-8")),
    ("two sets", &[Eci(20), Bytes(b"\x8ex\x95\xa5"), Eci(28), Bytes(b"\xa5I\xb4\xda"), Digits(b"1")], "支払付款1", None),
    ("three sets", &[Eci(3), Bytes(b"\xa35 "), Eci(26), Bytes(b"\xc3\xa9 "), Eci(22), Bytes(b"\xce")], "£5 é О", None),
    ("kanji mode", &[Kanji(b"\x93_\xe4\xaa")], "点茗", Some("shift_jis")),
    ("kanji mode, letters and digits", &[Letters(b"TNG:"), Kanji(b"\x8ex\x95\xa5"), Digits(b"25")], "TNG:支払25", Some("shift_jis")),
    ("kanji mode, katakana as bytes", &[Bytes(b"\xc3\xbd\xc4 "), Kanji(b"\x8ex\x95\xa5")], "ﾃｽﾄ 支払", Some("shift_jis")),
    ("kanji mode, UTF-8 as bytes", &[Kanji(b"\x8ex\x95\xa5"), Bytes(b"\xe2\x82\xac5")], "支払€5", None),
    ("hanzi mode", &[Hanzi(b"\xb8\xb6\xbf\xee\xc2\xeb")], "付款码", Some("gb18030")),
    ("hanzi mode, both halves of its table", &[Letters(b"TNG:"), Hanzi(b"\xa3\xac\xd2\xbb"), Digits(b"25")], "TNG:，一25", Some("gb18030")),
    ("hanzi mode, UTF-8 too", &[Eci(26), Bytes(b"\xe2\x82\xac5 "), Hanzi(b"\xb8\xb6\xbf\xee")], "€5 付款", None),
];

/// Bits, the highest first.
#[derive(Default)]
struct Bits(Vec<bool>);

impl Bits {
    fn put(&mut self, number: usize, count: usize) {
        let bits = (0..count).rev().map(|at| number >> at & 1 == 1);
        self.0.extend(bits);
    }

    /// Writes a segment of a code up to version 9.
    fn segment(&mut self, segment: Segment) {
        let value = |byte: u8| {
            let alphabet = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
            alphabet.iter().position(|known| *known == byte).unwrap()
        };
        match segment {
            Eci(number) => {
                self.put(7, 4);
                match number {
                    ..128 => self.put(number, 8),
                    _ => self.put(0x8000 | number, 16),
                }
            }
            Digits(digits) => {
                self.head(1, digits.len(), 10);
                for three in digits.chunks(3) {
                    let number = three
                        .iter()
                        .fold(0, |number, byte| number * 10 + value(*byte));
                    self.put(number, [4, 7, 10][three.len() - 1]);
                }
            }
            Letters(letters) => {
                self.head(2, letters.len(), 9);
                for two in letters.chunks(2) {
                    let number = two
                        .iter()
                        .fold(0, |number, byte| number * 45 + value(*byte));
                    self.put(number, [6, 11][two.len() - 1]);
                }
            }
            Bytes(bytes) => {
                self.head(4, bytes.len(), 8);
                bytes
                    .iter()
                    .for_each(|byte| self.put(usize::from(*byte), 8));
            }
            Kanji(bytes) => {
                self.head(8, bytes.len() / 2, 8);
                self.pairs(bytes, |word| {
                    let off = word - if word < 0xe000 { 0x8140 } else { 0xc140 };
                    (off >> 8) * 0xc0 + (off & 0xff)
                });
            }
            Hanzi(bytes) => {
                self.put(13, 4);
                self.head(1, bytes.len() / 2, 8);
                self.pairs(bytes, |word| {
                    let off = word - if word < 0xb000 { 0xa1a1 } else { 0xa6a1 };
                    (off >> 8) * 0x60 + (off & 0xff)
                });
            }
        }
    }

    fn head(&mut self, mode: usize, count: usize, count_bits: usize) {
        self.put(mode, 4);
        self.put(count, count_bits);
    }

    fn pairs(&mut self, bytes: &[u8], pack: impl Fn(usize) -> usize) {
        for pair in bytes.chunks(2) {
            let word = usize::from(pair[0]) << 8 | usize::from(pair[1]);
            self.put(pack(word), 13);
        }
    }
}

/// Data codewords of the versions 1 to 4 at level M (ISO/IEC 18004, table 7).
const CAPACITY: [usize; 4] = [16, 28, 44, 64];

/// The modules of the smallest code with these segments, row by row, and its side.
fn drawn(segments: &[Segment]) -> (Vec<bool>, usize) {
    let mut bits = Bits::default();
    segments.iter().for_each(|segment| bits.segment(*segment));
    let needed = bits.0.len().div_ceil(8);
    let at = CAPACITY.iter().position(|room| *room >= needed).unwrap();
    let room = CAPACITY[at] * 8;
    bits.put(0, 4.min(room - bits.0.len()));
    bits.put(0, bits.0.len().next_multiple_of(8) - bits.0.len());
    for pad in [0xec, 0x11].iter().cycle() {
        if bits.0.len() == room {
            break;
        }
        bits.put(*pad, 8);
    }
    let byte = |bits: &[bool]| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
    let data: Vec<u8> = bits.0.chunks(8).map(byte).collect();
    let version = Version::Normal(at as i16 + 1);
    let (data, correction) = qrcode::ec::construct_codewords(&data, version, EcLevel::M).unwrap();
    let mut canvas = Canvas::new(version, EcLevel::M);
    canvas.draw_all_functional_patterns();
    canvas.draw_data(&data, &correction);
    let colors = canvas.apply_best_mask().into_colors();
    let dark = colors.iter().map(|color| *color == Color::Dark).collect();
    (dark, version.width() as usize)
}

/// The code with its margin, in grey.
fn picture(dark: &[bool], modules: usize) -> (Vec<u8>, usize) {
    let side = (modules + 2 * MARGIN) * MODULE;
    let mut pixels = vec![235; side * side];
    for (at, pixel) in pixels.iter_mut().enumerate() {
        let place = |pixel: usize| {
            (pixel / MODULE)
                .checked_sub(MARGIN)
                .filter(|at| *at < modules)
        };
        if let (Some(x), Some(y)) = (place(at % side), place(at / side))
            && dark[y * modules + x]
        {
            *pixel = 20;
        }
    }
    (pixels, side)
}

/// The bytes and their parts, as the segments have them.
fn expected(segments: &[Segment]) -> (Vec<u8>, Option<u32>, Vec<Part>) {
    let (mut all, mut first, mut named) = (Vec::new(), None, None);
    let mut parts: Vec<Part> = Vec::new();
    for segment in segments {
        let (bytes, eci) = match *segment {
            Eci(number) => {
                named = Some(number as u32);
                first = first.or(named);
                continue;
            }
            Digits(bytes) | Letters(bytes) => (bytes, None),
            Bytes(bytes) => (bytes, named),
            Kanji(bytes) => (bytes, Some(20)),
            Hanzi(bytes) => (bytes, Some(29)),
        };
        all.extend_from_slice(bytes);
        if parts.last().is_some_and(|part| part.eci == eci) {
            parts.pop();
        }
        let end = all.len();
        parts.push(Part { eci, end });
    }
    (all, first, parts)
}

#[test]
fn bytes_are_exact_and_each_part_has_its_character_set() {
    for (name, segments, ..) in CASES {
        let (dark, modules) = drawn(segments);
        let (pixels, side) = picture(&dark, modules);
        let luma = Luma::new(&pixels, side, side, side).unwrap();
        let found = Reader::new().read(&luma, Effort::Live, 1);
        let found = found
            .first()
            .unwrap_or_else(|| panic!("{name} is not read"));
        let (bytes, eci, parts) = expected(segments);
        assert_eq!(found.bytes, bytes, "{name}");
        assert_eq!((found.eci, &found.parts), (eci, &parts), "{name}");
    }
}

#[test]
fn hanzi_that_no_encoder_writes_are_not_read() {
    // GB 2312 has 94 columns. This is column 94, counted from 0.
    let (dark, modules) = drawn(&[Hanzi(b"\xb8\xff")]);
    let (pixels, side) = picture(&dark, modules);
    let luma = Luma::new(&pixels, side, side, side).unwrap();
    assert!(Reader::new().read(&luma, Effort::Still, 1).is_empty());
}

#[test]
fn the_corpus_has_these_codes() {
    let cases = CASES.iter().map(|(name, segments, text, encoding)| {
        let (dark, modules) = drawn(segments);
        let (bytes, eci, _) = expected(segments);
        let row = |row: &[bool]| -> String {
            row.iter().map(|dark| if *dark { '#' } else { '.' }).collect()
        };
        let rows: Vec<String> = dark.chunks(modules).map(row).collect();
        json!({ "name": name, "eci": eci, "encoding": encoding, "text": text, "bytes": bytes, "rows": rows })
    });
    let lines: Vec<String> = cases.map(|case| case.to_string()).collect();
    let text = format!("[\n{}\n]\n", lines.join(",\n"));
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/corpus/charsets.json"
    );
    if std::env::var_os("KAUNTER_UPDATE").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == text,
        "tests/corpus/charsets.json is not what is drawn now: run this test with KAUNTER_UPDATE=1"
    );
}
