//! Codes, as JavaScript gets them: read by the till, or shown by it.

use std::fmt;

use kaunter_core::code::trimmed;
use kaunter_core::wallet;
use kaunter_core::wire::CODE_MAX_BYTES;
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use super::wallet::Wallet;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &'static str = r#"
// The types of the reader's module.
import type { DecodedCode, Point } from "./reader.js";

/** What a code seems to be. It is a hint for the screen, and never a reason to refuse a code. */
export interface CodeInfo {
  /** `emv_consumer`: an EMVCo code of a customer. `merchant`: a shop's code, with which nobody pays here. */
  readonly kind: "wechat_pay" | "alipay" | "unionpay" | "emv_consumer" | "merchant" | "opaque";
  /** The payment scheme, for example "DuitNow" or "QRIS"; `null` if the code names none. */
  readonly scheme: string | null;
  /** The source of `kind`: the wallet's own documents, other people's reports, or a guess by the code's form. */
  readonly confidence: "official" | "reported" | "guess" | "none";
}

/** Where a code came from: the live camera, a hand scanner, a picture, or text. */
export type ScanSource = "camera" | "hand_scanner" | "file" | "manual";

/** A code that was scanned. */
export interface Scan extends Omit<DecodedCode, "corners" | "encoding"> {
  readonly source: ScanSource;
  /** When the code was read, in ms, on the clock of `performance.now()`. */
  readonly timeStamp: number;
  readonly info: CodeInfo;
  /** The wallet that the code seems to belong to; `null` if the code does not say. */
  readonly wallet: Wallet | null;
  /** The corners of the code; `null` if it did not come from a picture. */
  readonly corners: DecodedCode["corners"] | null;
}
"#;

#[wasm_bindgen]
extern "C" {
    /// A promise of a `Scan`.
    #[wasm_bindgen(typescript_type = "Promise<Scan>")]
    #[derive(Debug)]
    pub type ScanPromise;

    /// `CodeInfo` of the declarations.
    #[wasm_bindgen(typescript_type = "CodeInfo")]
    #[derive(Debug)]
    pub type JsCodeInfo;
}

/// A point in the picture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// From the left.
    pub x: f32,
    /// From the top.
    pub y: f32,
}

/// A code that the reader read in a frame, with the evidence that the gate needs. Its `Debug` prints lengths only: a
/// code is money.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// The text.
    pub text: String,
    /// The exact bytes.
    #[serde(serialize_with = "as_bytes")]
    pub bytes: Vec<u8>,
    /// The character set that the code names.
    pub eci: Option<u32>,
    /// Where it is.
    pub corners: [Point; 4],
    /// The frame gave two equal readings, both with error correction to spare.
    pub confirmed: bool,
    /// The picture was without it for a while of this scan before.
    pub arrived: bool,
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (length, confirmed) = (self.bytes.len(), self.confirmed);
        write!(f, "Reading({length} bytes, confirmed: {confirmed})")
    }
}

/// Where a code came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ScanSource {
    /// The live camera.
    Camera,
    /// A hand scanner.
    HandScanner,
    /// A picture.
    File,
    /// Typed.
    Manual,
}

/// A code that was scanned. Its `Debug` prints lengths only.
#[derive(Clone, PartialEq, Serialize)]
pub struct Scan {
    /// The text.
    pub text: String,
    /// The exact bytes.
    #[serde(serialize_with = "as_bytes")]
    pub bytes: Vec<u8>,
    /// The character set that the code names.
    pub eci: Option<u32>,
    /// Where it came from.
    pub source: ScanSource,
    /// `performance.now()` when it was read.
    #[serde(rename = "timeStamp")]
    pub time_stamp: f64,
    /// What kind of code it seems to be.
    pub info: CodeInfo,
    /// Which wallet it seems to belong to.
    pub wallet: Option<Wallet>,
    /// Where it is in the picture.
    pub corners: Option<[Point; 4]>,
}

impl fmt::Debug for Scan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scan({} bytes, {:?})", self.bytes.len(), self.source)
    }
}

impl Scan {
    /// What is handed over: the text without the whitespace around it.
    #[must_use]
    pub fn code(&self) -> String {
        trimmed(&self.text).into_owned()
    }

    /// True if the backend accepts a code of this form.
    #[must_use]
    pub fn is_sendable(&self) -> bool {
        let code = self.code();
        !code.is_empty() && code.len() <= CODE_MAX_BYTES
    }
}

/// A code on display.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownCode {
    /// As an SVG picture.
    pub svg: String,
    /// The text of the code.
    pub payload: String,
    /// When it expires.
    pub expires_at: String,
}

fn as_bytes<S: serde::Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

/// What kind of code it seems to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CodeInfo {
    /// The family of codes.
    pub kind: Kind,
    /// "DuitNow", "QRIS", ...
    pub scheme: Option<String>,
    /// How certain that is.
    pub confidence: Confidence,
}

/// Families of codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// WeChat Pay.
    WechatPay,
    /// Alipay and its partners.
    Alipay,
    /// UnionPay's digits.
    #[serde(rename = "unionpay")]
    UnionPay,
    /// EMVCo, shown by a customer.
    EmvConsumer,
    /// EMVCo or another, shown by a shop.
    Merchant,
    /// An unknown family.
    Opaque,
}

/// How certain a recognition is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// The wallet's own documents say so.
    Official,
    /// Others report it.
    Reported,
    /// A guess by its shape.
    Guess,
    /// Unknown.
    None,
}

impl CodeInfo {
    /// What a code is, and which of these wallets it seems to belong to.
    #[must_use]
    pub fn of(text: &str, wallets: &[Wallet]) -> (Self, Option<Wallet>) {
        let recognised = wallet::recognise(text);
        let names: Vec<&str> = wallets.iter().map(|wallet| wallet.name.as_str()).collect();
        let suggested = wallet::suggest(&recognised, &names);
        let suggested = suggested.and_then(|at| wallets.get(at)).cloned();
        (Self::from(recognised), suggested)
    }
}

impl From<wallet::Recognised> for CodeInfo {
    fn from(recognised: wallet::Recognised) -> Self {
        Self {
            kind: match recognised.kind {
                wallet::Kind::WeChatPay => Kind::WechatPay,
                wallet::Kind::Alipay => Kind::Alipay,
                wallet::Kind::UnionPay => Kind::UnionPay,
                wallet::Kind::EmvConsumer { .. } => Kind::EmvConsumer,
                wallet::Kind::Merchant => Kind::Merchant,
                wallet::Kind::Opaque => Kind::Opaque,
            },
            scheme: recognised.scheme,
            confidence: match recognised.confidence {
                wallet::Confidence::Official => Confidence::Official,
                wallet::Confidence::Reported => Confidence::Reported,
                wallet::Confidence::Guess => Confidence::Guess,
                wallet::Confidence::None => Confidence::None,
            },
        }
    }
}
