//! The monotonic clock, and every wait by time. Laptops sleep and wall clocks jump, so nothing counts ticks.

use std::future::Future;
use std::pin::pin;

use futures_util::future::{Either, select};
use kaunter_core::policy::Ms;
use wasm_bindgen::prelude::*;

/// The maximum of `setTimeout`: a longer one would fire at once.
const LONGEST_MS: Ms = i32::MAX as Ms;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance)]
    fn now() -> f64;
}

/// `performance.now()`, in milliseconds with a fraction. Works on the page, in a worker and in Node.
#[must_use]
pub fn exact_ms() -> f64 {
    now()
}

/// `performance.now()` in whole milliseconds: the machine's time.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a monotonic clock is not negative, and milliseconds since the page began are few"
)]
pub fn now_ms() -> Ms {
    exact_ms() as Ms
}

/// Waits for a time. Dropping it cancels the timer.
pub async fn sleep(ms: Ms) {
    let mut left = ms;
    while left > 0 {
        let part = left.min(LONGEST_MS);
        gloo_timers::future::TimeoutFuture::new(u32::try_from(part).expect("LONGEST_MS fits"))
            .await;
        left -= part;
    }
}

/// The result of a future within a time, or `None`. Then, or when this is dropped, the future is dropped too.
pub async fn within<T>(ms: Ms, future: impl Future<Output = T>) -> Option<T> {
    match select(pin!(future), pin!(sleep(ms))).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(((), _)) => None,
    }
}

/// The result of the first of two futures; the other is dropped.
pub async fn first_of<T>(one: impl Future<Output = T>, other: impl Future<Output = T>) -> T {
    select(pin!(one), pin!(other)).await.factor_first().0
}

/// Waits until then; `Ms::MAX` is never.
pub async fn until(due: Ms) {
    if due == Ms::MAX {
        std::future::pending::<()>().await;
    }
    sleep(due.saturating_sub(now_ms())).await;
}
