//! The monotonic clock, and the only waits by time: laptops sleep and wall clocks jump, so nothing counts ticks.

use js_sys::{Function, Reflect};
use kaunter_core::policy::Ms;
use wasm_bindgen::{JsCast, JsValue};

/// The longest that `setTimeout` takes; a longer one would fire at once.
const LONGEST_MS: Ms = i32::MAX as Ms;

/// `performance.now()`, in milliseconds with a fraction; works on the page, in a worker and in Node.
#[must_use]
pub fn exact_ms() -> f64 {
    let performance = Reflect::get(&js_sys::global(), &"performance".into());
    let read = performance.and_then(|performance| {
        let now: Function = Reflect::get(&performance, &"now".into())?.dyn_into()?;
        now.call0(&performance)
    });
    read.ok().as_ref().and_then(JsValue::as_f64).unwrap_or(0.0)
}

/// The same, in whole milliseconds: the machine's time.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a monotonic clock is not negative, and milliseconds since the page began are few"
)]
pub fn now_ms() -> Ms {
    exact_ms() as Ms
}

/// Waits so long. Dropped, it waits no more.
pub async fn sleep(ms: Ms) {
    let mut left = ms;
    while left > 0 {
        let part = left.min(LONGEST_MS);
        gloo_timers::future::TimeoutFuture::new(u32::try_from(part).expect("LONGEST_MS fits"))
            .await;
        left -= part;
    }
}

/// Waits until then; `Ms::MAX` is never.
pub async fn until(due: Ms) {
    if due == Ms::MAX {
        std::future::pending::<()>().await;
    }
    sleep(due.saturating_sub(now_ms())).await;
}
