//! Any text, as it is, as the inside of a consumer's code, and as a merchant's: no panic, and what is said is in the text.
#![no_main]

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use kaunter_core::emv;
use kaunter_core::wallet::{Kind, recognise, suggest};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    look(&text);
    let inside = [b"\x85\x05CPV01".as_slice(), data].concat();
    for code in [STANDARD.encode(&inside), URL_SAFE_NO_PAD.encode(&inside)] {
        look(&code);
    }
    look(&format!("000201{text}"));
    if let Some(code) = emv::merchant(&format!("000201{text}")) {
        assert!(code.amount.is_none_or(|amount| text.contains(&amount)));
    }
});

fn look(text: &str) {
    let recognised = recognise(text);
    if let Kind::EmvConsumer { aids, .. } = &recognised.kind {
        assert!(!aids.is_empty());
        assert!(aids.iter().all(|aid| (10..=32).contains(&aid.len())));
    }
    assert!(suggest(&recognised, &["Alipay", "WeChat Pay"]).is_none_or(|at| at < 2));
}
