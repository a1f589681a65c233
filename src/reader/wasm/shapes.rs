//! The shapes that the reader gives to JavaScript, their TypeScript, and the words of the hints.

use std::fmt;

use kaunter_reader::{Found, Hint, Text};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::text::text_of;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &'static str = r#"
/**
 * A code in a picture. `bytes` are exact. `text` is decoded from them, each part in the character set that the code
 * names for it. Where it names none, `text` is UTF-8 if the bytes are valid UTF-8, else one character per byte
 * (Latin-1). Payment codes are ASCII.
 */
export interface DecodedCode {
  readonly text: string;
  readonly bytes: Uint8Array;
  /**
   * The first ECI number, if the code names a character set: 3 is Latin-1, 20 Shift JIS, 26 UTF-8. `null`: it names
   * none.
   */
  readonly eci: number | null;
  /**
   * The character set in which `text` was decoded, as `TextDecoder` names it; `null` if the code's parts have different
   * ones. `iso-8859-1` is one character per byte. Without an `eci`, `shift_jis` is kanji mode and `gb18030` hanzi mode.
   */
  readonly encoding: string | null;
  readonly corners: readonly [Point, Point, Point, Point];
}

/** A point of a picture, in pixels from the top left. */
export interface Point { readonly x: number; readonly y: number }

/** How to read a picture. */
export interface ReadOptions {
  /** The most codes to return, 1 to 255. Default: 16. Equal codes at two places of a picture are two. */
  readonly maxCodes?: number;
  /** `live`: takes bounded time and uses what earlier pictures taught. `still`: tries everything. */
  readonly effort?: "live" | "still";
}

/**
 * A code in a frame of a scan. `confirmed` is true if the frame gave two equal readings of it. `arrived` is true if the
 * picture was without the code for a second of this scan before.
 */
export interface Reading extends Omit<DecodedCode, "encoding"> { readonly confirmed: boolean; readonly arrived: boolean }

/** What would help while no code is read. */
export type ReaderHint = "closer" | "farther" | "glare" | "dark" | "hold_still";
"#;

#[wasm_bindgen]
extern "C" {
    /// `DecodedCode[]` of the declarations.
    #[wasm_bindgen(typescript_type = "DecodedCode[]")]
    #[derive(Debug)]
    pub type JsCodes;

    /// `Reading[]` of the declarations.
    #[wasm_bindgen(typescript_type = "Reading[]")]
    #[derive(Debug)]
    pub type JsReadings;

    /// A promise of `Reading[]`.
    #[wasm_bindgen(typescript_type = "Promise<Reading[]>")]
    #[derive(Debug)]
    pub type ReadingsPromise;
}

/// A point in the picture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// From the left.
    pub x: f32,
    /// From the top.
    pub y: f32,
}

/// A code in a picture. Its `Debug` prints lengths only: a code is money.
#[derive(Clone, PartialEq, Serialize)]
pub struct DecodedCode {
    /// The text, decoded from the bytes.
    pub text: String,
    /// The exact bytes.
    #[serde(serialize_with = "as_bytes")]
    pub bytes: Vec<u8>,
    /// The character set that the code names.
    pub eci: Option<u32>,
    /// The character set of the text.
    pub encoding: Option<&'static str>,
    /// Where it is.
    pub corners: [Point; 4],
}

/// A code in a frame of a scan, with the evidence for the till's gate. Its `Debug` prints lengths only.
#[derive(Clone, PartialEq, Serialize)]
pub struct Reading {
    /// The text, decoded from the bytes.
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
    /// The picture was without it for a while before.
    pub arrived: bool,
}

impl fmt::Debug for DecodedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DecodedCode({} bytes)", self.bytes.len())
    }
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (length, confirmed) = (self.bytes.len(), self.confirmed);
        write!(f, "Reading({length} bytes, confirmed: {confirmed})")
    }
}

fn as_bytes<S: serde::Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

fn points(found: &Found) -> [Point; 4] {
    found.corners.map(|corner| Point {
        x: corner.x,
        y: corner.y,
    })
}

impl From<Found> for DecodedCode {
    fn from(found: Found) -> Self {
        let Text { text, encoding } = text_of(&found);
        Self {
            corners: points(&found),
            text,
            bytes: found.bytes,
            eci: found.eci,
            encoding,
        }
    }
}

impl Reading {
    /// A code of a frame. `arrived`: the picture was without it for a while before.
    #[must_use]
    pub fn new(found: Found, arrived: bool) -> Self {
        Self {
            corners: points(&found),
            text: text_of(&found).text,
            bytes: found.bytes,
            eci: found.eci,
            confirmed: found.confirmed,
            arrived,
        }
    }
}

/// The word of the declarations.
#[must_use]
pub const fn hint_word(hint: Hint) -> &'static str {
    match hint {
        Hint::Closer => "closer",
        Hint::Farther => "farther",
        Hint::Glare => "glare",
        Hint::Dark => "dark",
        Hint::HoldStill => "hold_still",
    }
}

/// A plain object of JavaScript: `null` for `None`, `Uint8Array` for bytes.
pub(crate) fn to_js<T: Serialize>(value: &T) -> JsValue {
    value
        .serialize(&serde_wasm_bindgen::Serializer::new().serialize_missing_as_null(true))
        .expect("shapes hold only strings, safe numbers and bytes")
}
