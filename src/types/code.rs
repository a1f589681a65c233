//! Codes that were read, as JavaScript sees them.

use std::fmt;

use js_sys::{Array, Reflect, Uint8Array};
use kaunter_core::code::trimmed;
use kaunter_core::wallet;
use kaunter_core::wire::CODE_MAX_BYTES;
use kaunter_reader::Found;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::sale::Wallet;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &'static str = r#"
/**
 * A code in a picture. The bytes are the truth, the text is a reading of them: UTF-8 where they are, else a character a byte.
 * Of other sets, `new TextDecoder("shift_jis").decode(bytes)` and its like make text.
 */
export interface DecodedCode {
  readonly text: string;
  readonly bytes: Uint8Array;
  /** The character set that the code names, as its ECI number: 3 is Latin-1, 20 Shift JIS, 26 UTF-8; `null`: it names none. */
  readonly eci: number | null;
  readonly corners: readonly [Point, Point, Point, Point];
}
/** A point in the picture, in its pixels. */
export interface Point { readonly x: number; readonly y: number }

/** What a code seems to be: a hint for the screen, never a reason to refuse. */
export interface CodeInfo {
  readonly kind: "wechat_pay" | "alipay" | "unionpay" | "emv_consumer" | "merchant" | "opaque";
  /** "DuitNow", "QRIS", ... */
  readonly scheme: string | null;
  readonly confidence: "official" | "reported" | "guess" | "none";
}

/** Where a code came from. */
export type ScanSource = "camera" | "file" | "manual";

/** A code that was scanned. */
export interface Scan extends Omit<DecodedCode, "corners"> {
  readonly source: ScanSource;
  /** When it was read, on the clock of `performance.now()`, as an event's `timeStamp`. */
  readonly timeStamp: number;
  readonly info: CodeInfo;
  readonly wallet: Wallet | null;
  readonly corners: DecodedCode["corners"] | null;
}

/** How hard to look. `live`: bounded time, learns from frame to frame. `still`: every pass. */
export interface ReadOptions { readonly maxCodes?: number; readonly effort?: "live" | "still" }
"#;

#[wasm_bindgen]
extern "C" {
    /// A promise of a `Scan`.
    #[wasm_bindgen(typescript_type = "Promise<Scan>")]
    #[derive(Debug)]
    pub type ScanPromise;

    /// `DecodedCode[]` of the declarations.
    #[wasm_bindgen(typescript_type = "DecodedCode[]")]
    #[derive(Debug)]
    pub type JsCodes;

    /// A promise of `DecodedCode[]`.
    #[wasm_bindgen(typescript_type = "Promise<DecodedCode[]>")]
    #[derive(Debug)]
    pub type CodesPromise;

    /// `CodeInfo` of the declarations.
    #[wasm_bindgen(typescript_type = "CodeInfo")]
    #[derive(Debug)]
    pub type JsCodeInfo;

    /// What a picture can come as.
    #[wasm_bindgen(typescript_type = "ImageBitmapSource | Blob")]
    #[derive(Debug)]
    pub type JsImage;
}

/// A point in the picture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// From the left.
    pub x: f32,
    /// From the top.
    pub y: f32,
}

/// A code in a picture. Its `Debug` tells lengths only: a code is money.
#[derive(Clone, PartialEq, Serialize)]
pub struct DecodedCode {
    /// The reading.
    pub text: String,
    /// The truth.
    #[serde(serialize_with = "as_bytes")]
    pub bytes: Vec<u8>,
    /// The character set that the code names.
    pub eci: Option<u32>,
    /// Where it is.
    pub corners: [Point; 4],
}

impl fmt::Debug for DecodedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DecodedCode({} bytes)", self.bytes.len())
    }
}

/// Where a code came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ScanSource {
    /// The live camera.
    Camera,
    /// A picture.
    File,
    /// Typed.
    Manual,
}

/// A code that was scanned. Its `Debug` tells lengths only.
#[derive(Clone, PartialEq, Serialize)]
pub struct Scan {
    /// The reading.
    pub text: String,
    /// The truth.
    #[serde(serialize_with = "as_bytes")]
    pub bytes: Vec<u8>,
    /// The character set that the code names.
    pub eci: Option<u32>,
    /// Where it came from.
    pub source: ScanSource,
    /// `performance.now()` of its reading.
    #[serde(rename = "timeStamp")]
    pub time_stamp: f64,
    /// What it seems to be.
    pub info: CodeInfo,
    /// Whose it seems to be.
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
    /// What is handed over: the text without what surrounds the code.
    #[must_use]
    pub fn code(&self) -> String {
        trimmed(&self.text).into_owned()
    }

    /// True where the backend would take it at all.
    #[must_use]
    pub fn is_sendable(&self) -> bool {
        let code = self.code();
        !code.is_empty() && code.len() <= CODE_MAX_BYTES
    }
}

fn as_bytes<S: serde::Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

/// What a code seems to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CodeInfo {
    /// Whose family.
    pub kind: Kind,
    /// "DuitNow", "QRIS", ...
    pub scheme: Option<String>,
    /// How sure.
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
    /// Nothing that we know.
    Opaque,
}

/// How sure a recognition is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// The wallet's own documents say so.
    Official,
    /// Somebody reports it.
    Reported,
    /// A guess by its shape.
    Guess,
    /// Nothing says so.
    None,
}

/// Codes that a worker, or another instance of the module, has made plain objects of.
///
/// # Errors
/// What does not fit: another version's worker.
pub fn codes_from_js(codes: JsValue) -> Result<Vec<DecodedCode>, JsValue> {
    let codes = codes.dyn_into::<Array>().ok();
    let codes = codes.and_then(|codes| codes.iter().map(|code| code_from_js(&code)).collect());
    codes.ok_or_else(|| JsValue::from_str("codes that can't be read"))
}

fn code_from_js(code: &JsValue) -> Option<DecodedCode> {
    let get = |object: &JsValue, name: &str| Reflect::get(object, &name.into()).unwrap_or_default();
    let number = |object: &JsValue, name: &str| get(object, name).as_f64();
    let corners = get(code, "corners").dyn_into::<Array>().ok()?;
    let mut points = [Point { x: 0.0, y: 0.0 }; 4];
    for (point, corner) in points.iter_mut().zip(corners.iter()) {
        let (x, y) = (number(&corner, "x")?, number(&corner, "y")?);
        (point.x, point.y) = (x as f32, y as f32);
    }
    Some(DecodedCode {
        text: get(code, "text").as_string()?,
        bytes: get(code, "bytes").dyn_into::<Uint8Array>().ok()?.to_vec(),
        eci: number(code, "eci").map(|eci| eci as u32),
        corners: points,
    })
}

impl From<Found> for DecodedCode {
    fn from(found: Found) -> Self {
        Self {
            text: found.text,
            bytes: found.bytes,
            eci: found.eci,
            corners: found.corners.map(|corner| Point {
                x: corner.x,
                y: corner.y,
            }),
        }
    }
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
