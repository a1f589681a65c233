//! Serves the cashier's terminal from the backend's own origin: no CORS, one certificate, one address.

use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use kaunter_core::wire::ProblemCode;
use serde_json::json;
use tower_http::services::ServeDir;

use crate::config::Config;
use crate::error::Problem;

/// What the page may use: the camera, a scanner at a port, sounds, and a screen that stays on. Copying a support code
/// needs `clipboard-write`. A policy has no word for "all others", so each is named; a browser ignores what it does not
/// know (<https://www.w3.org/TR/permissions-policy/>).
const PERMISSIONS: &str = "camera=(self), screen-wake-lock=(self), autoplay=(self), hid=(self), serial=(self), usb=(self), clipboard-write=(self), accelerometer=(), bluetooth=(), browsing-topics=(), clipboard-read=(), display-capture=(), encrypted-media=(), fullscreen=(), gamepad=(), geolocation=(), gyroscope=(), idle-detection=(), keyboard-map=(), local-fonts=(), magnetometer=(), microphone=(), midi=(), otp-credentials=(), payment=(), picture-in-picture=(), publickey-credentials-create=(), publickey-credentials-get=(), storage-access=(), sync-xhr=(), window-management=(), xr-spatial-tracking=()";

/// Serves every path that is not part of the API.
pub(crate) fn routes(config: &Config) -> Router {
    let Some(terminal) = &config.terminal else {
        return Router::new().fallback(async || Problem::new(ProblemCode::RouteNotFound));
    };
    let settings = json!({
        "token_url": terminal.token_url,
        "phone_url": terminal.phone_url,
        "sandbox": terminal.sandbox,
        "currency": config.gateway.currency,
        "sales": config.sales,
        "can_cancel": config.gateway.cancels(),
        "terminal": terminal.name,
    });
    let policy = page_policy(terminal.token_url.as_deref().unwrap_or_default());
    let not_found = get(async || Problem::new(ProblemCode::RouteNotFound).into_response());
    Router::new()
        .route("/terminal.json", get(async move || Json(settings)))
        .fallback_service(ServeDir::new(&terminal.dir).fallback(not_found))
        .layer(middleware::from_fn(move |request, next| {
            guarded(request, next, policy.clone())
        }))
}

/// The page may load scripts and Wasm of this origin, call this origin and the shop's server, and use the camera.
/// Nothing else. With Trusted Types no text becomes markup or the address of a script: only the package's policy may make
/// the address of its worker, and `lit-html` is the one of lit, for a page of the shop's own in `[terminal] dir`.
fn page_policy(token_url: &str) -> HeaderValue {
    let shop = reqwest::Url::parse(token_url)
        .map(|url| url.origin().ascii_serialization())
        .unwrap_or_default();
    let policy = format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob: mediastream:; font-src 'self'; worker-src 'self'; connect-src 'self' {shop}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types kaunter lit-html"
    );
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

async fn guarded(request: Request, next: Next, policy: HeaderValue) -> Response {
    let path = request.uri().path();
    // A folder's answer leads to the same path with a `/` at its end, and `//folder/` is an address of another host.
    // Hidden files, like `.env`, are no part of a page.
    let is_hidden = path.replace("%2e", ".").replace("%2E", ".").contains("/.");
    let mut response = match path.starts_with("//") || is_hidden {
        true => Problem::new(ProblemCode::RouteNotFound).into_response(),
        false => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.insert("permissions-policy", HeaderValue::from_static(PERMISSIONS));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
