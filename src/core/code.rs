//! The text of a payment code without what a scanner, a keyboard or a clipboard puts around it.

use std::borrow::Cow;

/// The code itself: nothing that cannot be seen at its ends, no AIM symbology identifier of QR (`]Q0` to `]Q6`) before it, and
/// ASCII digits in place of full-width ones. All else is the code's own, inner blanks too.
///
/// Hand scanners put a carriage return, a line feed or a tab behind a code, and the identifier of ISO/IEC 15424 before it;
/// an input method for Chinese or Japanese types full-width digits; a clipboard adds blanks, byte order marks and marks of
/// direction. To trim what is trimmed changes nothing, so page and backend may both do it.
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
        // What was no identifier with a full-width digit may be one now.
        return Cow::Owned(trimmed(&ascii.collect::<String>()).into_owned());
    }
    Cow::Borrowed(code)
}

/// The text between what surrounds it, as it came: a hint about a code is taken from this, and full-width digits are no
/// wallet's.
#[must_use]
pub fn bare(text: &str) -> &str {
    let mut code = text.trim_matches(is_unseen);
    while let Some(rest) = after_identifier(code) {
        code = rest.trim_start_matches(is_unseen);
    }
    code
}

/// What is behind an AIM identifier of QR; none where the text has none.
fn after_identifier(text: &str) -> Option<&str> {
    text.strip_prefix("]Q")?
        .strip_prefix(|modifier| ('0'..='6').contains(&modifier))
}

/// White space, control characters, and the characters of Unicode's class `Cf` that a keyboard or a clipboard leaves.
fn is_unseen(char: char) -> bool {
    char.is_whitespace()
        || char.is_control()
        || matches!(char,
            '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}')
}

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
