//! Question: which laws do recognition and the gate keep for any code?
//!
//! The fuzz targets under `fuzz/` search for hours; this test searches for seconds.
#![allow(clippy::unwrap_used, missing_docs)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kaunter_core::emv;
use kaunter_core::gate::{Evidence, Gate};
use kaunter_core::wallet::{Kind, recognise, suggest};
use proptest::prelude::*;

fn read(text: &str) -> Evidence<'_> {
    Evidence {
        bytes: text.as_bytes(),
        text,
        confirmed: false,
        arrived: false,
    }
}

/// Shows a picture's codes to a gate. The index of the one that passes.
fn look(gate: &mut Gate, codes: &[Evidence<'_>], now_ms: u64) -> Option<usize> {
    codes.iter().for_each(|code| gate.see(*code, now_ms));
    let passed = gate.choose(now_ms)?;
    codes.iter().position(|code| code.bytes == passed)
}

/// A TLV object of a tag and a value of fewer than 128 bytes.
fn object(tag: &[u8], value: &[u8]) -> Vec<u8> {
    [tag, &[u8::try_from(value.len()).unwrap()], value].concat()
}

/// A consumer's code with these applications, each an AID and some private bytes.
fn consumer(applications: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let template = |(aid, private): &(Vec<u8>, Vec<u8>)| {
        let inside = [object(&[0x4F], aid), object(&[0x63], private)].concat();
        object(&[0x61], &inside)
    };
    let templates = applications.iter().flat_map(template);
    object(&[0x85], b"CPV01")
        .into_iter()
        .chain(templates)
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

proptest! {
    /// Recognition never refuses a code of the camera that is alone in the picture: it passes, and once.
    #[test]
    fn every_code_that_stays_alone_passes_once(text in "\\PC{1,80}|[0-9]{1,30}|hQVDUFYwMW[A-Za-z0-9+/]{0,80}") {
        let mut gate = Gate::new();
        let passed = [0, 33, 900, 1_800, 2_700, 3_600].map(|now_ms| look(&mut gate, &[read(&text)], now_ms).is_some());
        prop_assert_eq!(passed.iter().filter(|passed| **passed).count(), 1);
        let names = ["Alipay", "WeChat Pay", "GrabPay"];
        prop_assert!(suggest(&recognise(&text), &names).is_none_or(|at| at < names.len()));
    }

    /// However often a code of an earlier sale is read, it passes only after it came into the picture again.
    #[test]
    fn rule_48_no_left_over_code_passes(text in "[A-Z0-9-]{1,30}|[0-9]{16,24}", arrivals in prop::collection::vec(any::<bool>(), 1..8)) {
        let mut gate = Gate::new();
        gate.used(&text, "first");
        gate.begin("second");
        let mut has_arrived = false;
        for arrived in arrivals {
            has_arrived |= arrived;
            let passed = look(&mut gate, &[Evidence { arrived, ..read(&text) }], 0);
            prop_assert!(has_arrived || passed.is_none(), "a left-over code was taken");
        }
    }

    /// Whatever else is in the picture, in whatever order: a shop's code never passes beside a customer's, and of two
    /// customers' codes that are shown together neither passes.
    #[test]
    fn rule_49_a_customers_code_passes_before_all_others_or_not_at_all(
        phones in prop::collection::vec("28[0-9]{16}", 1..3),
        others in prop::collection::vec("https://[a-z]{1,9}|https://qr.alipay.com/[a-z]{1,9}|[A-Z]{3}-[0-9]{1,9}", 0..4),
        shuffle in any::<prop::sample::Index>(),
        frames in 1..30_u64,
    ) {
        let mut codes: Vec<Evidence<'_>> = phones.iter().chain(&others).map(|text| read(text)).collect();
        let middle = shuffle.index(codes.len());
        codes.rotate_left(middle);
        let are_two = phones.iter().any(|phone| *phone != phones[0]);
        let mut gate = Gate::new();
        for frame in 0..frames {
            let Some(at) = look(&mut gate, &codes, frame * 250) else { continue };
            prop_assert!(phones.contains(&codes[at].text.to_owned()), "the wrong code was taken");
            prop_assert!(!are_two, "one of two codes was taken");
            break;
        }
        prop_assert_eq!(gate.sees_several(), are_two);
    }

    #[test]
    fn blanks_around_a_code_change_nothing(text in "\\PC{0,60}|[0-9]{16,24}", blanks in "[ \\t\\r\\n]{0,3}") {
        let trimmed = text.trim();
        prop_assert_eq!(recognise(trimmed), recognise(&format!("{blanks}{trimmed}{blanks}")));
    }

    /// A consumer's code is recognised by its applications. A part of it is not a code.
    #[test]
    fn a_part_of_a_consumers_code_is_not_a_code(
        applications in prop::collection::vec((prop::collection::vec(any::<u8>(), 5..=16), prop::collection::vec(any::<u8>(), 0..60)), 1..4),
        cut in any::<prop::sample::Index>(),
        more in prop::collection::vec(any::<u8>(), 1..3),
    ) {
        let bytes = consumer(&applications);
        let kind = recognise(&STANDARD.encode(&bytes)).kind;
        let expected: Vec<String> = applications.iter().map(|(aid, _)| hex(aid)).collect();
        prop_assert_eq!(kind, Kind::EmvConsumer { aids: expected, label: None });
        // Cut between two templates, it is a shorter code. Cut anywhere else, it is not a code.
        let at = cut.index(bytes.len());
        let ends: Vec<usize> = (1..applications.len()).map(|count| consumer(&applications[..count]).len()).collect();
        if !ends.contains(&at) {
            prop_assert!(emv::consumer(&STANDARD.encode(&bytes[..at])).is_none(), "cut at {at}");
        }
        if more[0] == 0 || more.len() == 1 {
            let longer = [bytes, more].concat();
            prop_assert!(emv::consumer(&STANDARD.encode(longer)).is_none(), "something after the end");
        }
    }

    /// A merchant's code with one wrong character is refused by its CRC.
    #[test]
    fn a_merchants_code_with_a_wrong_character_is_refused(at in 0_usize..146, by in 1_u8..10) {
        let good = "00020101021126340014A00000061500010106890053020212520458125303458540512.505802MY5905KEDAI6012KUALA LUMPUR6304";
        let good = format!("{good}{}", crc(good));
        prop_assert!(emv::merchant(&good).is_some(), "{good}");
        let mut bytes = good.clone().into_bytes();
        let at = at % bytes.len();
        bytes[at] = if bytes[at].is_ascii_digit() { b'0' + (bytes[at] - b'0' + by) % 10 } else { bytes[at] ^ 1 };
        let bad = String::from_utf8(bytes).unwrap();
        prop_assert!(emv::merchant(&bad).is_none(), "{bad}");
        prop_assert!(emv::merchant(&good.to_lowercase()).is_none());
    }
}

/// The CRC by its definition, bit by bit. It shares nothing with the code under test.
fn crc(text: &str) -> String {
    let mut rest = 0xFFFF_u32;
    for bit in text
        .bytes()
        .flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1))
    {
        let top = rest >> 15 & 1;
        rest = (rest << 1 & 0xFFFF) ^ if top != u32::from(bit) { 0x1021 } else { 0 };
    }
    format!("{rest:04X}")
}
