//! The bytes of a report as text: UTF-8 or UTF-16, with or without a byte order mark.

use anyhow::bail;

/// Decodes a report. Line ends become `\n`, so that a line's number is the one that an editor shows.
///
/// # Errors
/// The bytes are neither UTF-8 nor UTF-16.
pub(super) fn decode(bytes: &[u8]) -> anyhow::Result<String> {
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => utf_16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf_16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        // The first letter of a report is ASCII, so that one of its two bytes is zero in UTF-16.
        [_, 0, ..] => utf_16(bytes, u16::from_le_bytes),
        [0, _, ..] => utf_16(bytes, u16::from_be_bytes),
        _ => String::from_utf8(bytes.to_vec()).ok(),
    };
    match text {
        Some(text) => Ok(text.replace("\r\n", "\n").replace('\r', "\n")),
        None => bail!("the report is neither UTF-8 nor UTF-16: save it as UTF-8"),
    }
}

fn utf_16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    String::from_utf16(&units).ok().filter(|_| rest.is_empty())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::decode;

    #[test]
    fn every_encoding_gives_the_same_text() {
        let text = "id,amount\nKAUNTER-é商店,12.50\n";
        let written = text.replace('\n', "\r\n");
        let units = || written.encode_utf16();
        let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = units().flat_map(u16::to_be_bytes).collect();
        for bytes in [
            written.as_bytes().to_vec(),
            [&[0xef, 0xbb, 0xbf], written.as_bytes()].concat(),
            [&[0xff, 0xfe], &little[..]].concat(),
            [&[0xfe, 0xff], &big[..]].concat(),
            little.clone(),
            big.clone(),
            text.replace('\n', "\r").into_bytes(),
        ] {
            assert_eq!(decode(&bytes).unwrap(), text);
        }
        assert!(decode(b"caf\xe9").is_err(), "Windows-1252");
        assert!(decode(&little[..7]).is_err(), "half a character");
        assert_eq!(decode(b"").unwrap(), "");
    }
}
