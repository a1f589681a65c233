//! Writes trades as CSV.

use kaunter_core::wire::{self, GatewayAnswer};

/// The columns of the sheet, in this order. docs/operating.md describes each.
const COLUMNS: [&str; 19] = [
    "created_at",
    "ref",
    "attempt",
    "amount",
    "currency",
    "wallet_id",
    "wallet",
    "terminal",
    "status",
    "since",
    "reason",
    "trade_id",
    "gateway_ref",
    "gateway_code",
    "gateway_message",
    "void_refused",
    "cashier",
    "decided_by",
    "single_person",
];

pub(super) fn head() -> Vec<u8> {
    [COLUMNS.join(",").as_bytes(), b"\r\n"].concat()
}

pub(super) fn lines(trades: &[wire::TradeView]) -> Vec<u8> {
    let mut sheet = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for trade in trades {
        let answer = trade.gateway_answer.as_ref();
        let refused = trade.void_refused.as_ref();
        let reason = trade.reason.map(crate::store::word);
        let row: [String; COLUMNS.len()] = [
            trade.created_at.clone(),
            plain(&trade.sale.reference),
            trade.attempt.to_string(),
            trade.sale.amount.decimal(),
            plain(&trade.sale.amount.currency),
            plain(&trade.wallet_id),
            plain(trade.wallet.as_ref().map_or("", |wallet| &wallet.name)),
            plain(&trade.terminal),
            crate::store::word(trade.status),
            trade.since.clone(),
            reason.unwrap_or_default(),
            plain(&trade.trade_id),
            plain(trade.gateway_ref.as_deref().unwrap_or_default()),
            plain(
                answer
                    .and_then(|answer| answer.code.as_deref())
                    .unwrap_or_default(),
            ),
            plain(answer.map_or("", |answer| &answer.message)),
            plain(&refused.map(in_one_field).unwrap_or_default()),
            plain(trade.cashier.as_deref().unwrap_or_default()),
            trade.decided_by.map(crate::store::word).unwrap_or_default(),
            trade.single_person.to_string(),
        ];
        // Writing to memory can't fail.
        let _ = sheet.write_record(row);
    }
    sheet.into_inner().unwrap_or_default()
}

/// Why a void was refused; "refused" if the gateway gave no reason.
fn in_one_field(refused: &GatewayAnswer) -> String {
    let code = refused.code.as_deref().unwrap_or_default();
    let text = format!("{code} {}", refused.message);
    match text.trim() {
        "" => "refused".to_owned(),
        text => text.to_owned(),
    }
}

/// A spreadsheet runs a cell that starts with one of these as a formula. A leading apostrophe marks it as text:
/// <https://owasp.org/www-community/attacks/CSV_Injection>.
fn plain(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}
