//! Masks the gateway's own words before they are logged or shown: one short line, without anything secret that we
//! sent.

use kaunter_core::wire::GatewayAnswer;

/// Replaces what is masked.
const MASK: &str = "***";
/// The maximum length of a sentence, in characters.
const MAX_CHARS: usize = 200;
/// The maximum length of a code, in characters.
const CODE_MAX_CHARS: usize = 32;
/// This many digits in a row are masked: a wallet's code, a card or a phone number. The ids of this trade are kept.
const LONG_DIGITS: usize = 12;
/// Words of at least this many characters are masked.
const LONG_WORD: usize = 24;
/// A shorter secret is masked only where it is a whole word.
const SHORT: usize = 6;

/// Masks and shortens. `secrets` were sent and must not be shown; `ids` are this trade's own.
pub(crate) fn mask(answer: GatewayAnswer, secrets: &[&str], ids: &[&str]) -> GatewayAnswer {
    let mask = |text: &str, most: usize| {
        let text = masked(&one_line(text), secrets);
        let text = digits_masked(&long_words_masked(&text, ids), ids);
        text.chars().take(most).collect::<String>()
    };
    GatewayAnswer {
        code: answer
            .code
            .map(|code| mask(&code, CODE_MAX_CHARS))
            .filter(|code| !code.is_empty()),
        message: mask(&answer.message, MAX_CHARS),
    }
}

/// Logs what the gateway said. A refusal is a warning, unless it answers a status check.
pub(crate) fn log(call: &'static str, answer: &GatewayAnswer, is_loud: bool) {
    let (gateway_code, gateway_message) = (answer.code.as_deref(), answer.message.as_str());
    if is_loud {
        tracing::warn!(
            call,
            gateway_code,
            gateway_message,
            "the gateway refused the call"
        );
    } else {
        tracing::debug!(call, gateway_code, gateway_message, "the gateway answered");
    }
}

/// Removes control characters, and characters that reverse or hide a part of the line.
fn one_line(text: &str) -> String {
    let hidden = |char: char| {
        char.is_control()
            || matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}')
    };
    let shown: String = text
        .chars()
        .map(|char| if hidden(char) { ' ' } else { char })
        .collect();
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn masked(text: &str, secrets: &[&str]) -> String {
    let mut secrets: Vec<String> = secrets
        .iter()
        .flat_map(|secret| {
            let form = percent_encoded(secret);
            let address = form.replace('+', "%20");
            let markup = secret.replace('&', "&amp;");
            [one_line(secret), form, address, markup]
        })
        .filter(|secret| !secret.is_empty())
        .collect();
    // Longest first: a secret may contain another one.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets.dedup();
    let mut text = text.to_owned();
    for secret in &secrets {
        text = without(&text, secret);
    }
    text
}

/// Masks a secret, in upper or lower case.
fn without(text: &str, secret: &str) -> String {
    // The length of ASCII text does not change with its case: the offsets hold for both.
    let (lower, own) = (text.to_ascii_lowercase(), secret.to_ascii_lowercase());
    let (mut out, mut at) = (String::new(), 0);
    while let Some(found) = lower[at..].find(&own) {
        let (start, end) = (at + found, at + found + own.len());
        let word = |char: Option<char>| !char.is_some_and(char::is_alphanumeric);
        let alone = word(lower[..start].chars().next_back()) && word(lower[end..].chars().next());
        out += &text[at..start];
        out += if own.len() >= SHORT || alone {
            MASK
        } else {
            &text[start..end]
        };
        at = end;
    }
    out + &text[at..]
}

/// As a form encodes it.
fn percent_encoded(text: &str) -> String {
    let mut url = reqwest::Url::parse("http://localhost/").expect("a constant address");
    url.query_pairs_mut().append_key_only(text);
    url.query().unwrap_or_default().to_owned()
}

/// Masks long runs of digits, also in groups with spaces or dashes between.
fn digits_masked(text: &str, ids: &[&str]) -> String {
    let (mut out, mut run) = (String::new(), String::new());
    for char in text.chars() {
        let joins = matches!(char, ' ' | '-') && run.ends_with(|last: char| last.is_ascii_digit());
        if char.is_ascii_digit() || joins {
            run.push(char);
        } else {
            flush(&mut out, &mut run, ids);
            out.push(char);
        }
    }
    flush(&mut out, &mut run, ids);
    out
}

/// Writes a run of digits with its separators: this trade's ids unchanged, a long run masked.
fn flush(out: &mut String, run: &mut String, ids: &[&str]) {
    let is_id = |part: &str| ids.contains(&part.trim_end_matches([' ', '-']));
    let mut rest = String::new();
    for part in run.split_inclusive([' ', '-']) {
        if is_id(part) || is_id(run) {
            hide(out, &mut rest);
            out.push_str(part);
        } else {
            rest.push_str(part);
        }
    }
    hide(out, &mut rest);
    run.clear();
}

fn hide(out: &mut String, digits: &mut String) {
    let shown = digits.trim_end_matches([' ', '-']);
    if shown.bytes().filter(u8::is_ascii_digit).count() >= LONG_DIGITS {
        out.push_str(MASK);
        out.push_str(&digits[shown.len()..]);
    } else {
        out.push_str(digits);
    }
    digits.clear();
}

/// Masks words that are longer than those of a language: codes, tokens and addresses. A call does not know the codes
/// that other calls sent.
fn long_words_masked(text: &str, ids: &[&str]) -> String {
    let word = |word: &str| {
        let bare = word.trim_matches(|char: char| !char.is_alphanumeric());
        let long = bare.chars().count() >= LONG_WORD && !ids.contains(&bare);
        if long {
            MASK.to_owned()
        } else {
            word.to_owned()
        }
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str, secrets: &[&str], ids: &[&str]) -> String {
        let answer = GatewayAnswer {
            code: None,
            message: text.to_owned(),
        };
        mask(answer, secrets, ids).message
    }

    #[test]
    fn rule_12_what_was_sent_in_confidence_does_not_come_back() {
        let code = "https://qr.wallet.example/p?c=Ab+9/x";
        for echo in [
            format!("bad code {code}"),
            format!("BAD CODE {}", code.to_uppercase()),
            format!("bad code {}", percent_encoded(code)),
            format!("bad\ncode\t{code}!"),
        ] {
            let shown = message(&echo, &[code], &[]);
            assert!(!shown.to_lowercase().contains("ab+9"), "{shown}");
            assert!(shown.to_lowercase().starts_with("bad code ***"), "{shown}");
        }
        assert_eq!(
            message("login M1 unknown, M10 not", &["M1"], &[]),
            "login *** unknown, M10 not"
        );
    }

    #[test]
    fn long_digits_are_masked_unless_they_are_this_trades_id() {
        let id = "20261127000000000001";
        assert_eq!(
            message("code 134567890123456789 is old", &[], &[id]),
            "code *** is old"
        );
        assert_eq!(
            message("card 4111 1111 1111 1111 refused", &[], &[id]),
            "card *** refused"
        );
        assert_eq!(
            message(&format!("trade {id} is closed"), &[], &[id]),
            format!("trade {id} is closed")
        );
        assert_eq!(
            message("other 20261127000000000002", &[], &[id]),
            "other ***"
        );
        assert_eq!(
            message(&format!("{id} 4111 1111 1111 1111"), &[], &[id]),
            format!("{id} ***"),
            "an id hides nothing beside it"
        );
        assert_eq!(
            message("QR hQVDUFYwMWEJTwegAAAGFQAB expired", &[], &[id]),
            "QR *** expired"
        );
        assert_eq!(
            message("Minimum amount is RM 1.00", &[], &[id]),
            "Minimum amount is RM 1.00"
        );
        assert_eq!(
            message("call 03-1234 5678 now", &[], &[]),
            "call 03-1234 5678 now"
        );
    }

    #[test]
    fn a_sentence_stays_on_one_line_and_short() {
        assert_eq!(message("a\r\nb\u{202e}c\u{0}d", &[], &[]), "a b c d");
        assert_eq!(message(&"xy ".repeat(5_000), &[], &[]).len(), MAX_CHARS);
    }
}
