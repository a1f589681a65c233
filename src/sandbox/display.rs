//! A code on a till's display, and the customer who scans it. Only with the profile `sandbox`: PayDibs publishes
//! nothing about this, so the words are the sandbox's own.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use kaunter_core::money::Money;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Sandbox;
use crate::customer::Customer;
use crate::faults::{Call, Fault, Line};
use crate::gateway::{Payer, customer_pays};
use crate::ledger::Place;

/// The gateway's word for "the customer scans the merchant's code".
pub(crate) const PAY_TYPE: &str = "USM";
/// The field of `create-trade`'s answer that holds the code's text.
pub(crate) const FIELD: &str = "merchant_qr_code";
/// A scheme of the sandbox's own: only its phone accepts these codes.
const SCHEME: &str = "MY.EXAMPLE.KAUNTER";
/// The default balance of a customer.
const BALANCE: u64 = 1_000_000;

pub(crate) fn routes() -> Router<Sandbox> {
    Router::new().route("/scan", post(scan))
}

/// An EMVCo merchant code for one payment, built like DuitNow's: the merchant, the amount and the trade.
pub(crate) fn payload(gateway_ref: &str, amount: u64) -> String {
    let amount = Money {
        minor: amount,
        currency: "MYR".to_owned(),
    };
    let account = [field(0, SCHEME), field(1, "990001"), field(2, "SIM0000001")].concat();
    let text = [
        field(0, "01"),
        field(1, "12"),
        field(26, &account),
        field(52, "5999"),
        field(53, "458"),
        field(54, &amount.decimal()),
        field(58, "MY"),
        field(59, "Sandbox"),
        field(60, "Kuala Lumpur"),
        field(62, &field(5, gateway_ref)),
        // The CRC covers its own tag and length.
        "6304".to_owned(),
    ]
    .concat();
    let crc = crc(text.as_bytes());
    format!("{text}{crc:04X}")
}

fn field(tag: u8, value: &str) -> String {
    format!("{tag:02}{:02}{value}", value.chars().count())
}

/// CRC-16 with polynomial 0x1021 from 0xFFFF, as EMVCo requires. Independent of the reader's, so that each checks the
/// other.
fn crc(bytes: &[u8]) -> u16 {
    let mut crc: u16 = 0xFFFF;
    for byte in bytes {
        for bit in (0..8).rev() {
            let carry = (crc >> 15) ^ (u16::from(*byte >> bit) & 1);
            crc = (crc << 1) ^ (0x1021 * carry);
        }
    }
    crc
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scanned {
    payload: String,
    #[serde(default)]
    customer: Customer,
    balance: Option<u64>,
}

/// The wallet's app has scanned a code, and the customer decides. A code works once.
async fn scan(
    State(sandbox): State<Sandbox>,
    Json(scanned): Json<Scanned>,
) -> Result<Json<Value>, (StatusCode, &'static str)> {
    let mut world = sandbox.world.lock().await;
    let now_ms = sandbox.now_ms();
    world.settle(now_ms);
    let shown = |trade: &&crate::ledger::Trade| trade.payload.as_ref() == Some(&scanned.payload);
    let Some(trade) = world.trades.iter().find(shown) else {
        return Err((StatusCode::NOT_FOUND, "no till shows this code"));
    };
    if trade.place != Place::Created {
        return Err((StatusCode::CONFLICT, "this code was used, or was withdrawn"));
    }
    let (trade_id, gateway_ref) = (trade.trade_id.clone(), trade.gateway_ref.clone());
    let payer = Payer {
        customer: scanned.customer,
        balance: scanned.balance.unwrap_or(BALANCE),
        code: scanned.payload,
    };
    let (answer, effects) = customer_pays(&sandbox, &mut world, &gateway_ref, payer, None, now_ms);
    if effects.answer_lost {
        // No call of the till is answered here. A lost answer is that of the next call about it.
        world.script.lines.push(Line {
            call: Some(Call::Status),
            trade_id: Some(trade_id.clone()),
            nth: None,
            times: None,
            fault: Fault::Cut,
            seen: 0,
            dice: None,
        });
    }
    world.save();
    let place = world.trade(&gateway_ref).map(|trade| trade.place);
    let refused = answer.err().map(|(_, why)| why);
    Ok(Json(
        json!({"trade_id": trade_id, "place": place, "refused": refused}),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_on_display_reads_as_what_it_is() {
        let code = kaunter_core::emv::merchant(&payload("20260101120000123456", 1250));
        let code = code.expect("its structure and its CRC hold");
        assert_eq!(
            (code.amount.as_deref(), code.currency, code.dynamic),
            (Some("12.50"), Some("MYR"), true)
        );
        assert_eq!(code.scheme, None);
    }
}
