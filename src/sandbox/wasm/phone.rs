//! What the page plays around the counter: the phone with its codes, the payments that wait for it, and the ledger.

use kaunter_core::calendar::rfc3339;
use kaunter_core::money::Money;
use kaunter_core::policy::Ms;
use kaunter_model::wallets::{WALLETS, wallet};
use qrcodegen_no_heap::{QrCode, QrCodeEcc, Version};
use serde::Serialize;

use crate::counter::Counter;
use crate::gateway::EntryKind;

/// About 15 % of the code may be unreadable: a phone's display has glare and scratches.
const LEVEL: QrCodeEcc = QrCodeEcc::Medium;

/// A code that a customer shows.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneCode {
    /// Its content.
    pub text: String,
    /// How many modules it is wide and high, without a quiet zone.
    pub size: usize,
    /// The modules, row by row: 1 is dark.
    pub modules: Vec<u8>,
}

/// Prints lengths only, as every code's `Debug` does.
impl std::fmt::Debug for PhoneCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "PhoneCode({} bytes, {} modules)",
            self.text.len(),
            self.size
        )
    }
}

impl PhoneCode {
    /// Draws a text; `None` if it is longer than any QR code.
    fn of(text: String) -> Option<Self> {
        let length = Version::MAX.buffer_len();
        let (mut data, mut drawn) = (vec![0; length], vec![0; length]);
        data.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        let code = QrCode::encode_binary(
            &mut data,
            text.len(),
            &mut drawn,
            LEVEL,
            Version::MIN,
            Version::MAX,
            None,
            false,
        )
        .ok()?;
        let side = code.size();
        let rows = (0..side).flat_map(|y| (0..side).map(move |x| (x, y)));
        Some(Self {
            text,
            size: usize::try_from(side).ok()?,
            modules: rows.map(|(x, y)| code.get_module(x, y).into()).collect(),
        })
    }

    /// The code as a picture, dark on white, with the quiet zone of four modules that ISO/IEC 18004 requires.
    #[must_use]
    pub fn svg(&self) -> String {
        const QUIET: usize = 4;
        let side = self.size + 2 * QUIET;
        let mut path = String::new();
        for (at, module) in self.modules.iter().enumerate() {
            if *module == 1 {
                let (x, y) = (at % self.size + QUIET, at / self.size + QUIET);
                path.push_str(&format!("M{x} {y}h1v1h-1z"));
            }
        }
        format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{side}v{side}H0z"/><path fill="#000" d="{path}"/></svg>"##
        )
    }
}

/// A payment that the phone asks its customer about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// The trade.
    pub trade_id: String,
    /// The sale's reference.
    #[serde(rename = "ref")]
    pub reference: String,
    /// The amount.
    pub amount: Money,
    /// The wallet.
    pub wallet_id: String,
}

/// Money that was really charged or given back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LedgerEntry {
    /// The sale's reference.
    #[serde(rename = "ref")]
    pub reference: String,
    /// The trade.
    pub trade_id: String,
    /// Which of the two.
    pub kind: EntryKind,
    /// The amount.
    pub amount: Money,
    /// When it moved.
    pub at: String,
}

impl Counter {
    /// A fresh code of this wallet, or of the first one. `None` if there is no such wallet.
    pub fn phone_code(&mut self, wallet_id: Option<&str>) -> Option<PhoneCode> {
        let wallet = wallet_id.map_or(Some(&WALLETS[0]), wallet)?;
        PhoneCode::of(wallet.code(|limit| self.dice.below(limit)))
    }

    /// The customer confirms or declines the oldest payment that the phone asks about. False if there is none.
    pub fn answer(&mut self, now: Ms, yes: bool) -> bool {
        self.tick(now);
        self.gateway.answer(yes, self.now)
    }

    /// The customer scans a code that a till shows. False if no till shows it, or if it was used.
    pub fn scan(&mut self, now: Ms, payload: &str) -> bool {
        self.tick(now);
        let sale = |row: usize| self.store.trade(row).facts().sale.clone();
        self.gateway.scan(payload, sale, self.now)
    }

    /// What the phone asks its customer about, the oldest first.
    #[must_use]
    pub fn waiting(&self) -> Vec<Waiting> {
        let trades = self.gateway.trades.iter().enumerate();
        let asks = trades.filter(|(_, trade)| trade.asks());
        asks.map(|(row, _)| {
            let facts = self.store.trade(row).facts();
            Waiting {
                trade_id: facts.trade_id.clone(),
                reference: facts.sale.reference.clone(),
                amount: facts.sale.amount.clone(),
                wallet_id: facts.wallet_id.clone(),
            }
        })
        .collect()
    }

    /// What was really charged and given back, in the order of time.
    #[must_use]
    pub fn ledger(&self) -> Vec<LedgerEntry> {
        let trades = self.gateway.trades.iter().enumerate();
        let mut entries: Vec<(Ms, LedgerEntry)> = trades
            .flat_map(|(row, trade)| {
                let facts = self.store.trade(row).facts();
                trade.entries.iter().map(move |(kind, at)| {
                    let entry = LedgerEntry {
                        reference: facts.sale.reference.clone(),
                        trade_id: facts.trade_id.clone(),
                        kind: *kind,
                        amount: facts.sale.amount.clone(),
                        at: rfc3339(*at),
                    };
                    (*at, entry)
                })
            })
            .collect();
        entries.sort_by_key(|(at, _)| *at);
        entries.into_iter().map(|(_, entry)| entry).collect()
    }
}
