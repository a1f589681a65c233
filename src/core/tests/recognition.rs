//! Question: is each code of the test vectors recognised as its own kind, and as no other?
#![allow(clippy::unwrap_used, missing_docs)]

use kaunter_core::emv;
use kaunter_core::wallet::{Confidence, Kind, recognise};
use serde_json::Value;

fn vectors() -> Vec<Value> {
    let text = include_str!("../../../tests/corpus/codes.json");
    serde_json::from_str(text).unwrap()
}

#[test]
fn every_vector_is_recognised() {
    let vectors = vectors();
    assert!(vectors.len() >= 93, "vectors went missing");
    for vector in &vectors {
        let name = vector["name"].as_str().unwrap();
        let text = vector["text"].as_str().unwrap();
        let recognised = recognise(text);
        let kind = match &recognised.kind {
            Kind::WeChatPay => "wechat_pay",
            Kind::Alipay => "alipay",
            Kind::UnionPay => "unionpay",
            Kind::EmvConsumer { aids, label } => {
                let expected: Vec<_> = vector["aids"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|aid| aid.as_str().unwrap())
                    .collect();
                assert_eq!(*aids, expected, "{name}");
                if let Some(expected) = vector["label"].as_str() {
                    assert_eq!(label.as_deref(), Some(expected), "{name}");
                }
                "emv_consumer"
            }
            Kind::Merchant => "merchant",
            Kind::Opaque => "opaque",
        };
        let confidence = match recognised.confidence {
            Confidence::Official => "official",
            Confidence::Reported => "reported",
            Confidence::Guess => "guess",
            Confidence::None => "none",
        };
        assert_eq!(kind, vector["kind"], "{name}");
        assert_eq!(confidence, vector["confidence"], "{name}");
        if let Some(scheme) = vector["scheme"].as_str() {
            assert_eq!(recognised.scheme.as_deref(), Some(scheme), "{name}");
        }
    }
}

#[test]
fn a_merchants_code_tells_what_it_holds() {
    for vector in vectors() {
        let name = vector["name"].as_str().unwrap();
        let Some(code) = emv::merchant(vector["text"].as_str().unwrap()) else {
            assert!(vector["dynamic"].is_null(), "{name} was not read");
            continue;
        };
        assert_eq!(Some(code.dynamic), vector["dynamic"].as_bool(), "{name}");
        if let Some(currency) = vector["currency"].as_str() {
            assert_eq!(code.currency, Some(currency), "{name}");
        }
        if let Some(acquirer) = vector["acquirer"].as_str() {
            assert_eq!(code.acquirer, Some(acquirer), "{name}");
        }
        if let Some(minor) = vector["amount_minor"].as_u64() {
            let amount = kaunter_core::money::Money::parse(&code.amount.unwrap(), "MYR").unwrap();
            assert_eq!(amount.minor, minor, "{name}");
        }
    }
}

/// Each row of the table of codes has a vector, and so does each known scheme, acquirer and application.
#[test]
fn every_row_of_the_table_has_a_vector() {
    let mut seen = std::collections::BTreeSet::new();
    for vector in vectors() {
        let text = vector["text"].as_str().unwrap();
        let recognised = recognise(text);
        let name = match recognised.kind {
            Kind::WeChatPay => "WeChatPay",
            Kind::Alipay => "Alipay",
            Kind::UnionPay => "UnionPay",
            Kind::EmvConsumer { .. } => "EmvConsumer",
            Kind::Merchant => "Merchant",
            Kind::Opaque => "Opaque",
        };
        seen.insert(name.to_owned());
        seen.extend(recognised.scheme.map(|scheme| format!("{name} {scheme}")));
        if let Some(code) = emv::merchant(text) {
            seen.extend(code.acquirer.map(|acquirer| format!("by {acquirer}")));
        }
    }
    let rows = [
        "WeChatPay",
        "WeChatPay Hong Kong",
        "Alipay",
        "UnionPay",
        "EmvConsumer",
        "EmvConsumer PayNet",
        "EmvConsumer QRIS",
        "EmvConsumer UnionPay",
        "EmvConsumer GCash",
        "Merchant",
        "Merchant DuitNow",
        "Merchant PayNow",
        "Merchant QRIS",
        "Merchant PromptPay",
        "Merchant VietQR",
        "Merchant QR Ph",
        "Merchant HKQR",
        "Merchant Alipay",
        "Merchant WeChat Pay",
        "by Touch 'n Go",
        "by GrabPay",
        "by Boost",
        "by ShopeePay",
        "by Maybank",
        "by PayDibs",
        "Opaque",
    ];
    let missing: Vec<_> = rows.iter().filter(|row| !seen.contains(**row)).collect();
    assert!(missing.is_empty(), "no vector of {missing:?}");
}
