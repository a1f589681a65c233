//! The identity of the device that calls, from the header `Kaunter-Device`. It is no secret and proves nothing: it tells
//! two devices apart that work under one terminal's name.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use kaunter_core::terminal::is_device;
use kaunter_core::wire::ProblemCode;

use crate::app::App;
use crate::error::Problem;

/// The header of a device's identity.
pub(crate) const DEVICE: HeaderName = HeaderName::from_static("kaunter-device");

/// The caller's device; `None` if the caller names none.
pub(crate) struct Device(pub(crate) Option<String>);

/// The identity, if it is one.
pub(crate) fn of(headers: &HeaderMap) -> Option<&str> {
    let sent = headers.get(&DEVICE)?.to_str().ok()?;
    is_device(sent).then_some(sent)
}

impl Device {
    pub(crate) fn as_deref(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl FromRequestParts<Arc<App>> for Device {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Problem> {
        let device = of(&parts.headers).map(str::to_owned);
        if device.is_none() && parts.headers.contains_key(&DEVICE) {
            let detail = "The header Kaunter-Device takes 32 lower-case hex digits: the device's random identity.";
            return Err(Problem::with_detail(
                ProblemCode::BadRequest,
                detail.to_owned(),
            ));
        }
        Ok(Self(device))
    }
}
