//! The character sets of a code: which part of its bytes is in which, and what they say as text.
//!
//! A code names a character set by its ECI number (AIM ITS/04-023). The tables of these sets are larger than the
//! reader, so the caller brings a decoder: in a browser and in Node that is `TextDecoder`.

use crate::found::Found;

/// The ECI number of Shift JIS, in which kanji mode is.
pub(super) const SHIFT_JIS: u32 = 20;
/// The ECI number of GB 2312, in which hanzi mode is.
pub(super) const GB_2312: u32 = 29;
/// The ECI numbers of ISO 8859-1 (Latin-1): 1 is the older one, 3 the newer.
const LATIN_1: [u32; 2] = [1, 3];

const UTF_8_NAME: &str = "utf-8";
const LATIN_1_NAME: &str = "iso-8859-1";

/// Decodes bytes in the character set of this name; `None` if it does not know the set, or the bytes are not valid.
pub type Decode<'a> = &'a dyn Fn(&str, &[u8]) -> Option<String>;

/// Bytes of a code that are in one character set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The ECI number of the set; `None` if the code names none, and for digits and letters, which are ASCII.
    pub eci: Option<u32>,
    /// Where it ends, in bytes from the start of the code. It starts where the part before it ends.
    pub end: usize,
}

/// What a code says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The characters.
    pub text: String,
    /// The name of the character set from which they were decoded, as `TextDecoder` has it.
    ///
    /// `None` if the code's parts have different ones.
    pub encoding: Option<&'static str>,
}

impl Found {
    /// What the code says, if its character sets are decoded by `decode`.
    ///
    /// Bytes without a named set are UTF-8 if they are valid. Otherwise they are in the set of the code's kanji or
    /// hanzi mode, if it has one. What can't be decoded is UTF-8, or gives one character for each byte: no byte is
    /// lost.
    #[must_use]
    pub fn text_by(&self, decode: Decode<'_>) -> Text {
        text(&self.bytes, self.eci, &self.parts, decode)
    }
}

/// As [`Found::text_by`]. `eci` is the first number that the code names.
pub(crate) fn text(bytes: &[u8], eci: Option<u32>, parts: &[Part], decode: Decode<'_>) -> Text {
    // A set that is not named is that of a mode.
    let of_mode = match eci {
        Some(_) => None,
        None => parts.iter().find_map(|part| part.eci),
    };
    let mut text = String::new();
    let mut names: Option<Option<&'static str>> = None;
    let mut start = 0;
    for part in parts {
        let own = bytes.get(start..part.end).unwrap_or_default();
        start = part.end;
        let (characters, name) = part_text(own, part.eci, of_mode, decode);
        text.push_str(&characters);
        // ASCII is the same in all sets that a code mixes it with.
        if name == UTF_8_NAME && own.is_ascii() {
            continue;
        }
        names = Some(match names {
            Some(known) => known.filter(|known| *known == name),
            None => Some(name),
        });
    }
    Text {
        text,
        encoding: names.unwrap_or(Some(UTF_8_NAME)),
    }
}

/// The text of a part, and the name of its character set.
fn part_text(
    bytes: &[u8],
    eci: Option<u32>,
    of_mode: Option<u32>,
    decode: Decode<'_>,
) -> (String, &'static str) {
    // A code that declares Latin-1 is never read as UTF-8.
    let is_latin_1 = eci.is_some_and(|eci| LATIN_1.contains(&eci));
    let utf_8 = std::str::from_utf8(bytes).ok().filter(|_| !is_latin_1);
    let set = match utf_8 {
        Some(_) => eci,
        None => eci.or(of_mode),
    };
    if let Some(name) = set.and_then(name)
        && let Some(text) = decode(name, bytes)
    {
        return (text, name);
    }
    match utf_8 {
        Some(text) => (text.to_owned(), UTF_8_NAME),
        None => (
            bytes.iter().map(|byte| char::from(*byte)).collect(),
            LATIN_1_NAME,
        ),
    }
}

/// The name of a character set for `TextDecoder` (<https://encoding.spec.whatwg.org/#names-and-labels>), by its ECI
/// number. `None` for UTF-8, ASCII and Latin-1, which need no decoder, and for sets that it does not know.
fn name(eci: u32) -> Option<&'static str> {
    Some(match eci {
        4 => "iso-8859-2",
        5 => "iso-8859-3",
        6 => "iso-8859-4",
        7 => "iso-8859-5",
        8 => "iso-8859-6",
        9 => "iso-8859-7",
        10 => "iso-8859-8",
        11 => "iso-8859-9",
        12 => "iso-8859-10",
        13 => "iso-8859-11",
        15 => "iso-8859-13",
        16 => "iso-8859-14",
        17 => "iso-8859-15",
        18 => "iso-8859-16",
        SHIFT_JIS => "shift_jis",
        21 => "windows-1250",
        22 => "windows-1251",
        23 => "windows-1252",
        24 => "windows-1256",
        25 => "utf-16be",
        28 => "big5",
        // GB 18030 has all characters of GB 2312, in the same bytes.
        GB_2312 | 32 => "gb18030",
        30 => "euc-kr",
        31 => "gbk",
        33 => "utf-16le",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A decoder that gives the set's name and the bytes' number, and refuses a part with a byte 0xff.
    fn said(eci: Option<u32>, parts: &[(Option<u32>, &[u8])]) -> (String, Option<&'static str>) {
        let mut bytes = Vec::new();
        let parts: Vec<Part> = parts
            .iter()
            .map(|(eci, own)| {
                bytes.extend_from_slice(own);
                let end = bytes.len();
                Part { eci: *eci, end }
            })
            .collect();
        let decode = |name: &str, own: &[u8]| {
            (!own.contains(&0xff)).then(|| format!("<{name} {}>", own.len()))
        };
        let Text { text, encoding } = text(&bytes, eci, &parts, &decode);
        (text, encoding)
    }

    #[test]
    fn each_part_is_decoded_in_its_own_set() {
        let sjis: &[u8] = &[0x93, 0x5f];
        type Case<'a> = (
            Option<u32>,
            &'a [(Option<u32>, &'a [u8])],
            &'a str,
            Option<&'a str>,
        );
        let cases: [Case<'_>; 9] = [
            (None, &[], "", Some("utf-8")),
            (None, &[(None, b"TNG-7Q2M")], "TNG-7Q2M", Some("utf-8")),
            (Some(26), &[(Some(26), "é".as_bytes())], "é", Some("utf-8")),
            (
                Some(20),
                &[(None, b"1"), (Some(20), sjis), (None, b"2")],
                "1<shift_jis 2>2",
                Some("shift_jis"),
            ),
            (
                Some(20),
                &[(Some(20), sjis), (Some(28), sjis)],
                "<shift_jis 2><big5 2>",
                None,
            ),
            (
                Some(3),
                &[(Some(3), "é".as_bytes()), (Some(26), "é".as_bytes())],
                "Ã©é",
                None,
            ),
            // UTF-16 has bytes below 0x80, and is not ASCII.
            (
                Some(25),
                &[(Some(25), &[0, 0x41])],
                "<utf-16be 2>",
                Some("utf-16be"),
            ),
            // In kanji mode, other bytes are Shift JIS too, if they are not UTF-8.
            (
                None,
                &[(Some(20), sjis), (None, &[0xb1])],
                "<shift_jis 2><shift_jis 1>",
                Some("shift_jis"),
            ),
            (
                None,
                &[(Some(20), sjis), (None, "é".as_bytes())],
                "<shift_jis 2>é",
                None,
            ),
        ];
        for (eci, parts, expected, encoding) in cases {
            assert_eq!(said(eci, parts), (expected.to_owned(), encoding));
        }
    }

    #[test]
    fn what_no_decoder_knows_loses_no_byte() {
        let broken: &[u8] = &[0x93, 0xff];
        for eci in [None, Some(2), Some(20), Some(26), Some(899)] {
            let expected = ("\u{93}ÿ".to_owned(), Some("iso-8859-1"));
            assert_eq!(said(eci, &[(eci, broken)]), expected, "{eci:?}");
        }
        // A maker who names Shift JIS and writes UTF-8.
        let decode = |_: &str, _: &[u8]| None;
        let part = Part {
            eci: Some(20),
            end: 2,
        };
        let said = text("é".as_bytes(), Some(20), &[part], &decode);
        assert_eq!((&*said.text, said.encoding), ("é", Some("utf-8")));
    }
}
