//! Removes from a payment code's text the characters that a scanner, a keyboard or a clipboard puts around it.

use std::borrow::Cow;

/// The code itself: without invisible characters and AIM identifiers around it, and with ASCII digits only.
///
/// Everything else belongs to the code, including blanks inside it. Trimming twice changes nothing, so that page and
/// backend may both do it. These characters are removed or replaced:
///
/// - Hand scanners append a carriage return, a line feed or a tab.
/// - They may also prepend QR's symbology identifier of ISO/IEC 15424, `]Q0` to `]Q6`.
/// - Input methods for Chinese and Japanese type full-width digits.
/// - Clipboards add blanks, byte order marks and direction marks.
///
/// ```
/// use kaunter_core::code::trimmed;
/// assert_eq!(trimmed("]Q3134503098230927349\r\n"), "134503098230927349");
/// assert_eq!(trimmed("１３４５ AB"), "1345 AB");
/// ```
#[must_use]
pub fn trimmed(text: &str) -> Cow<'_, str> {
    let code = bare(text);
    if code.contains(is_full_width_digit) {
        let ascii = code.chars().map(|char| match full_width_digit(char) {
            Some(digit) => char::from(b'0' + digit),
            None => char,
        });
        // An identifier with a full-width digit is recognised only now.
        return Cow::Owned(trimmed(&ascii.collect::<String>()).into_owned());
    }
    Cow::Borrowed(code)
}

/// The code without the characters around it, but with full-width digits as they are.
///
/// Recognition uses this: no wallet's code has full-width digits.
#[must_use]
pub fn bare(text: &str) -> &str {
    let mut code = text.trim_matches(is_unseen);
    while let Some(rest) = after_identifier(code) {
        code = rest.trim_start_matches(is_unseen);
    }
    code
}

/// The text behind an AIM identifier of QR; `None` if it does not begin with one.
fn after_identifier(text: &str) -> Option<&str> {
    text.strip_prefix("]Q")?
        .strip_prefix(|modifier| ('0'..='6').contains(&modifier))
}

/// Whether a character is invisible: white space, a control character, or one of Unicode's class `Cf` that is typed.
fn is_unseen(char: char) -> bool {
    char.is_whitespace()
        || char.is_control()
        || matches!(char,
            '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}')
}

/// The value of a full-width digit.
fn full_width_digit(char: char) -> Option<u8> {
    let at = u32::from(char).checked_sub(u32::from('０'))?;
    u8::try_from(at).ok().filter(|digit| *digit < 10)
}

fn is_full_width_digit(char: char) -> bool {
    full_width_digit(char).is_some()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_surrounds_a_code_is_not_the_code() {
        let code = "134503098230927349";
        for around in [
            "\r\n", "\n", "\t", " ", "\u{A0}", "\u{3000}", "\u{2003}", "\u{202F}", "\u{85}",
            "\u{2028}", "\u{200B}", "\u{200D}", "\u{2060}", "\u{FEFF}", "\u{200E}", "\u{2066}",
            "\u{0}", "\u{1D}", "\u{4}", "\u{7F}", "\u{9F}",
        ] {
            for text in [
                format!("{code}{around}"),
                format!("{around}{code}"),
                format!("{around}{around}{code} {around}"),
            ] {
                assert_eq!(trimmed(&text), code, "{text:?}");
            }
        }
        for modifier in 0..=6 {
            assert_eq!(trimmed(&format!("]Q{modifier}{code}\r")), code);
            assert_eq!(trimmed(&format!("\u{2}]Q{modifier} {code}\u{3}")), code);
        }
        assert_eq!(trimmed("１３４５０３０９８２３０９２７３４９"), code);
        assert_eq!(trimmed("]Q３134503098230927349"), code);
    }

    #[test]
    fn the_codes_own_characters_stay() {
        for code in [
            "hQVDUFYwMWEU TwegAAAGAggII",
            "a\tb",
            "a\u{A0}b",
            "]Q7123",
            "]Q",
            "Q3123",
            "]q3123",
            "]C1123",
            "[Q3123",
            "ＡＢ",
            "٣٤٥",
            "a\u{0}b",
            "abc]Q3",
            "http://x/?a=１",
        ] {
            let ascii = code.replace('１', "1");
            assert_eq!(trimmed(code), ascii, "{code:?}");
        }
        for nothing in ["", " ", "\r\n", "]Q3", "]Q3\r\n", "\u{FEFF}"] {
            assert_eq!(trimmed(nothing), "", "{nothing:?}");
        }
    }

    proptest! {
        #[test]
        fn to_trim_again_changes_nothing(text in "(\\]Q[0-9０-９]|[ \\r\\n\u{FEFF}]|.)*") {
            let once = trimmed(&text).into_owned();
            prop_assert_eq!(trimmed(&once), once.as_str());
        }

        #[test]
        fn letters_and_ascii_digits_pass(text in "[A-Za-z0-9]([A-Za-z0-9+/= ]*[A-Za-z0-9=])?") {
            prop_assert_eq!(trimmed(&text), text.as_str());
        }
    }
}
