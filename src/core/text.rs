//! What a reference or a name may look like, so that no two differ in what nobody can see.
//!
//! The backend checks them here. The page has only the cheap check [`crate::wire::is_reference`]: this module's tables
//! are larger than the rest of its module.

use unicode_normalization::{UnicodeNormalization, is_nfc};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Why a text is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextFault {
    /// It has no character.
    Empty,
    /// It has more than the allowed number of characters.
    TooLong,
    /// A control character: a tab, a line break, a bell.
    Control,
    /// A character that shows nothing or turns the direction of the text: a zero-width space, a bidirectional control.
    Hidden,
    /// A line or paragraph separator (U+2028, U+2029).
    Separator,
    /// A space at an end.
    OuterSpace,
    /// A space that is not the ordinary one (U+0020), and looks like it: a no-break space, an ideographic space.
    OtherSpace,
    /// A code point that has no character, or only a private one: it looks different on each device, or like nothing.
    Unassigned,
    /// It is not in the composed form (NFC), so it can look like another text.
    NotComposed,
}

impl TextFault {
    /// What is wrong, and what to do.
    #[must_use]
    pub fn detail(self) -> &'static str {
        match self {
            Self::Empty => "The text is empty: send at least 1 character.",
            Self::TooLong => "The text is too long: send fewer characters.",
            Self::Control => {
                "The text has a control character, for example a tab or a line break: remove it."
            }
            Self::Hidden => {
                "The text has a character that can't be seen or that turns the direction of the text, for example a zero-width space: remove it."
            }
            Self::Separator => "The text has a line or paragraph separator: remove it.",
            Self::OuterSpace => "The text begins or ends with a space: remove it.",
            Self::OtherSpace => {
                "The text has a space that is not the ordinary one, for example a no-break space: write an ordinary space."
            }
            Self::Unassigned => {
                "The text has a character that Unicode does not define, or that is private: remove it."
            }
            Self::NotComposed => {
                "The text is not in Unicode's composed form, so it looks like another one: normalize it to NFC."
            }
        }
    }
}

/// Checks a sale's reference, or the name of a terminal or a person.
///
/// # Errors
/// The first [`TextFault`].
pub fn check(text: &str, max_chars: usize) -> Result<(), TextFault> {
    check_line(text, max_chars)?;
    text.chars().find_map(fault_in_name).map_or(Ok(()), Err)
}

/// Checks what a name and a sentence must have.
fn check_line(text: &str, max_chars: usize) -> Result<(), TextFault> {
    if text.is_empty() {
        return Err(TextFault::Empty);
    }
    if text.chars().count() > max_chars {
        return Err(TextFault::TooLong);
    }
    match text.chars().find_map(fault) {
        Some(fault) => Err(fault),
        None if text.trim() != text => Err(TextFault::OuterSpace),
        None if !is_nfc(text) => Err(TextFault::NotComposed),
        None => Ok(()),
    }
}

/// A sentence that a person typed, on one line and in the composed form: outer spaces are removed, and control
/// characters and other spaces become ordinary spaces. It may have characters that are newer than this program.
///
/// # Errors
/// The first [`TextFault`] that a person should mend.
pub fn sentence(text: &str, max_chars: usize) -> Result<String, TextFault> {
    let text: String = text
        .nfc()
        .map(|char| {
            let is_space = char.general_category() == GeneralCategory::SpaceSeparator;
            if is_space || char.is_control() {
                ' '
            } else {
                char
            }
        })
        .collect();
    let text = text.trim();
    check_line(text, max_chars)?;
    Ok(text.to_owned())
}

fn fault(char: char) -> Option<TextFault> {
    let category = char.general_category();
    if category == GeneralCategory::Control {
        Some(TextFault::Control)
    } else if category == GeneralCategory::LineSeparator
        || category == GeneralCategory::ParagraphSeparator
    {
        Some(TextFault::Separator)
    } else if category == GeneralCategory::Format || is_ignorable(char) {
        Some(TextFault::Hidden)
    } else {
        None
    }
}

/// What only a name may not have.
fn fault_in_name(char: char) -> Option<TextFault> {
    let category = char.general_category();
    if category == GeneralCategory::SpaceSeparator && char != ' ' {
        Some(TextFault::OtherSpace)
    } else if category == GeneralCategory::Unassigned || category == GeneralCategory::PrivateUse {
        Some(TextFault::Unassigned)
    } else {
        None
    }
}

/// Characters that show nothing although they are letters or marks: `Default_Ignorable_Code_Point` without the format
/// characters, <https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point>, and the blank Braille pattern (U+2800).
fn is_ignorable(char: char) -> bool {
    matches!(
        char,
        '\u{34f}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{2065}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_41_a_name_that_could_look_like_another_is_refused() {
        for good in [
            "INV/2026/0001",
            "till 1",
            "Aminah binti Ali",
            "张伟",
            "José",
            "a@b:c",
            "x",
        ] {
            assert_eq!(check(good, 64), Ok(()), "{good}");
        }
        for (bad, fault) in [
            ("", TextFault::Empty),
            ("a\tb", TextFault::Control),
            ("a\nb", TextFault::Control),
            ("a\u{85}b", TextFault::Control),
            ("boss\u{202e}1-llit", TextFault::Hidden),
            ("\u{2066}a\u{2069}", TextFault::Hidden),
            ("till\u{200b}1", TextFault::Hidden),
            ("\u{feff}till", TextFault::Hidden),
            ("ti\u{ad}ll", TextFault::Hidden),
            ("till\u{3164}1", TextFault::Hidden),
            ("till\u{fe0f}", TextFault::Hidden),
            ("a\u{2028}b", TextFault::Separator),
            ("a\u{2029}b", TextFault::Separator),
            (" a", TextFault::OuterSpace),
            ("a\u{a0}", TextFault::OuterSpace),
            ("a\u{3000}", TextFault::OuterSpace),
            ("Aina\u{2800}", TextFault::Hidden),
            ("Aina\u{a0}Ali", TextFault::OtherSpace),
            ("Aina\u{2009}Ali", TextFault::OtherSpace),
            ("Aina\u{3000}Ali", TextFault::OtherSpace),
            ("Aina\u{e000}", TextFault::Unassigned),
            ("Aina\u{f8ff}", TextFault::Unassigned),
            ("Aina\u{378}", TextFault::Unassigned),
            ("Aina\u{fdd0}", TextFault::Unassigned),
            ("Jose\u{301}", TextFault::NotComposed),
            ("\u{212b}", TextFault::NotComposed),
        ] {
            assert_eq!(check(bad, 64), Err(fault), "{bad:?}");
            assert!(fault.detail().ends_with('.'));
        }
        assert_eq!(check(&"é".repeat(64), 64), Ok(()), "characters, not bytes");
        assert_eq!(check(&"é".repeat(65), 64), Err(TextFault::TooLong));
    }

    #[test]
    fn rule_41_a_sentence_is_one_line_in_the_composed_form() {
        assert_eq!(sentence(" wrong\nitem ", 20).as_deref(), Ok("wrong item"));
        assert_eq!(sentence("cafe\u{301}", 20).as_deref(), Ok("café"));
        assert_eq!(sentence("a\u{a0}b\u{3000}c", 20).as_deref(), Ok("a b c"));
        assert_eq!(
            sentence("thanks \u{f8ff}", 20).as_deref(),
            Ok("thanks \u{f8ff}")
        );
        assert_eq!(sentence("a\u{2800}b", 20), Err(TextFault::Hidden));
        assert_eq!(sentence("a\u{2028}b", 20), Err(TextFault::Separator));
        assert_eq!(sentence("a\u{202e}b", 20), Err(TextFault::Hidden));
        assert_eq!(sentence(" \n", 20), Err(TextFault::Empty));
    }
}
