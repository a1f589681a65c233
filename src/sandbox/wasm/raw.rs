//! The boundary to JavaScript: translates and delegates.

use js_sys::Uint8Array;
use kaunter_core::policy::Ms;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::counter::Counter;
use crate::ending::Ending;
use crate::faults::Fault;
use crate::request::Request;
use crate::settings::Settings;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &'static str = r#"
/** The settings of a sandbox. */
export interface RawSettings {
  readonly seed?: number;
  readonly approval?: "auto" | "manual";
  readonly codeMemoryS?: number;
}

/** An answer of the backend. */
export interface RawAnswer { readonly status: number; readonly body: string; readonly retryAfterS: number | undefined }

/** An amount in minor units. */
export interface RawMoney { readonly minor: number; readonly currency: string }

/** Money that was really charged or given back. */
export interface RawLedgerEntry {
  readonly ref: string;
  readonly tradeId: string;
  readonly kind: "charge" | "refund";
  readonly amount: RawMoney;
  readonly at: string;
}

/** A payment that the phone asks its customer about. */
export interface RawWaiting {
  readonly tradeId: string;
  readonly ref: string;
  readonly amount: RawMoney;
  readonly walletId: string;
}

/** A code that a customer shows. `modules` has `size * size` bytes, 1 for dark. */
export interface RawPhoneCode {
  readonly text: string;
  readonly svg: string;
  readonly size: number;
  readonly modules: Uint8Array;
}
"#;

/// The counter in a page. Times are milliseconds of `Date.now()`.
#[wasm_bindgen]
#[derive(Debug)]
pub struct RawSandbox(Counter);

#[derive(Serialize)]
struct RawPhoneCode {
    text: String,
    svg: String,
    size: usize,
    #[serde(with = "serde_wasm_bindgen::preserve")]
    modules: Uint8Array,
}

#[wasm_bindgen]
impl RawSandbox {
    /// A counter without any trade.
    ///
    /// # Errors
    /// The settings have a wrong value.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "RawSettings")] settings: JsValue,
    ) -> Result<Self, JsError> {
        Ok(Self(Counter::new(read(settings)?)))
    }

    /// A counter that goes on from a text of [`RawSandbox::state`].
    ///
    /// # Errors
    /// The text is no state of this version.
    pub fn restore(
        #[wasm_bindgen(unchecked_param_type = "RawSettings")] settings: JsValue,
        text: &str,
    ) -> Result<Self, JsError> {
        Ok(Self(Counter::restore(read(settings)?, text)?))
    }

    /// The text of everything that must survive a reload.
    #[must_use]
    pub fn state(&self) -> String {
        self.0.state()
    }

    /// Answers a call of the backend's API. `path` has the query with it.
    #[wasm_bindgen(unchecked_return_type = "RawAnswer")]
    #[must_use]
    pub fn call(
        &mut self,
        now_ms: f64,
        method: &str,
        path: &str,
        token: Option<String>,
        device: Option<String>,
        body: Option<String>,
    ) -> JsValue {
        let request = Request {
            method,
            path,
            token: token.as_deref(),
            device: device.as_deref(),
            body: body.as_deref(),
        };
        to_js(&self.0.call(ms(now_ms), &request))
    }

    /// Runs what is due.
    pub fn tick(&mut self, now_ms: f64) {
        self.0.tick(ms(now_ms));
    }

    /// When [`RawSandbox::tick`] is needed next.
    #[wasm_bindgen(js_name = wakesAt)]
    #[must_use]
    pub fn wakes_at(&self) -> Option<f64> {
        self.0.wakes_at().map(js_ms)
    }

    /// Turns a fault on or off.
    ///
    /// # Errors
    /// There is no fault with this name.
    #[wasm_bindgen(js_name = setFault)]
    pub fn set_fault(&mut self, name: &str, is_on: bool) -> Result<(), JsError> {
        let fault = Fault::of(name).ok_or_else(|| JsError::new("no such fault"))?;
        self.0.set_fault(fault, is_on);
        Ok(())
    }

    /// Plans how payments of this sale end, whatever their amount: a status, or the reason of a refusal.
    ///
    /// # Errors
    /// No payment ends so.
    pub fn plan(&mut self, reference: &str, ending: &str) -> Result<(), JsError> {
        let ending = Ending::of(ending).ok_or_else(|| JsError::new("no payment ends so"))?;
        self.0.plan(reference, ending);
        Ok(())
    }

    /// A fresh code of a wallet; without an id, of the first one.
    ///
    /// # Errors
    /// There is no such wallet.
    #[wasm_bindgen(js_name = phoneCode, unchecked_return_type = "RawPhoneCode")]
    pub fn phone_code(
        &mut self,
        now_ms: f64,
        wallet_id: Option<String>,
    ) -> Result<JsValue, JsError> {
        self.0.tick(ms(now_ms));
        let code = self.0.phone_code(wallet_id.as_deref());
        let code = code.ok_or_else(|| JsError::new("no such wallet: see the session's wallets"))?;
        Ok(to_js(&RawPhoneCode {
            svg: code.svg(),
            text: code.text,
            size: code.size,
            modules: Uint8Array::from(code.modules.as_slice()),
        }))
    }

    /// The customer confirms the oldest payment that waits. False if there is none.
    pub fn approve(&mut self, now_ms: f64) -> bool {
        self.0.answer(ms(now_ms), true)
    }

    /// The customer declines the oldest payment that waits. False if there is none.
    pub fn decline(&mut self, now_ms: f64) -> bool {
        self.0.answer(ms(now_ms), false)
    }

    /// The customer scans a code that a till shows. False if no till shows it, or if it was used.
    pub fn scan(&mut self, now_ms: f64, payload: &str) -> bool {
        self.0.scan(ms(now_ms), payload)
    }

    /// What was really charged and given back, in the order of time.
    #[wasm_bindgen(unchecked_return_type = "RawLedgerEntry[]")]
    #[must_use]
    pub fn ledger(&self) -> JsValue {
        to_js(&self.0.ledger())
    }

    /// What the phone asks its customer about, the oldest first.
    #[wasm_bindgen(unchecked_return_type = "RawWaiting[]")]
    #[must_use]
    pub fn waiting(&self) -> JsValue {
        to_js(&self.0.waiting())
    }
}

fn read(settings: JsValue) -> Result<Settings, JsError> {
    serde_wasm_bindgen::from_value(settings).map_err(|error| JsError::new(&error.to_string()))
}

fn to_js<T: Serialize>(value: &T) -> JsValue {
    serde_wasm_bindgen::to_value(value).expect("the types hold only texts and safe numbers")
}

/// A time of `Date.now()`. A value that is not a time becomes 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, and makes 0 of NaN"
)]
fn ms(now_ms: f64) -> Ms {
    now_ms as Ms
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a time of this millennium has less than 53 bits"
)]
fn js_ms(ms: Ms) -> f64 {
    ms as f64
}
