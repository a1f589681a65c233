//! Routes of the HTTP API, and the layers that every call passes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, header, request::Parts};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use kaunter_core::wire::ProblemCode;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tracing::Instrument;

use crate::calls::audit::{self, CallOutcome, RecordedCall};
use crate::calls::caller::{Caller, TOKEN, is_wrong_key};
use crate::calls::device::{self, DEVICE};
use crate::calls::{
    days, gateway, payment, sales, sessions, sign_in, terminals, tokens, trades as calls, verdicts,
};
use crate::clock::Clock;
use crate::code_marks::CodeMarks;
use crate::config::Config;
use crate::connections::Peer;
use crate::error::Problem;
use crate::failed_keys::FailedKeys;
use crate::gateway::Gateway;
use crate::hosts::{self, HEALTH, Hosts};
use crate::limits::{Bounds, CallKind, Limits, LoggedTogether, MAX_BODY_BYTES};
use crate::load::{Load, PACE};
use crate::metrics::METRICS;
use crate::ownership;
use crate::people::People;
use crate::refused_keys::RefusedKeys;
use crate::terminal;
use crate::terminals::Terminals;
use crate::token::Tokens;
use crate::trace::{self, PeerAddress, TRACE};
use crate::trades::Trades;

/// For how long a browser keeps to https: a year, as OWASP recommends. Other hosts of the shop's domain may have no
/// https, so they are not included (<https://www.rfc-editor.org/rfc/rfc6797#section-6.1>).
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Where a sale begins.
const NEW_TRADE: &str = "/v1/trades";

/// What a handler needs.
pub(crate) struct App {
    pub(crate) config: Config,
    pub(crate) tokens: Tokens,
    pub(crate) marks: CodeMarks,
    pub(crate) failed_keys: FailedKeys,
    pub(crate) refused_keys: RefusedKeys,
    pub(crate) people: People,
    pub(crate) limits: Limits,
    pub(crate) load: Load,
    pub(crate) terminals: Terminals,
    pub(crate) trades: Trades,
}

impl App {
    pub(crate) async fn open(config: Config) -> anyhow::Result<Self> {
        let policy = config.scaled_policy();
        let store = ownership::open_own(&config).await?;
        store.join(&config).await;
        let gateway = Gateway::new(config.gateway.clone(), policy.clone(), &config.bounds)?;
        // A faster clock means more calls a minute.
        let scale = 1000 / config.time_scale_permille.clamp(1, 1000);
        let scaled = |calls: u32| calls.saturating_mul(u32::try_from(scale).unwrap_or(1));
        let bounds = Bounds {
            calls_per_minute: scaled(config.bounds.calls_per_minute),
            calls_per_minute_per_address: scaled(config.bounds.calls_per_minute_per_address),
            ..config.bounds.clone()
        };
        let clock = Clock::start();
        Ok(Self {
            terminals: Terminals::new(
                store.clone(),
                config.shop.clone(),
                clock.clone(),
                policy.clone(),
            ),
            tokens: Tokens::new(&config),
            marks: CodeMarks::new(&config),
            failed_keys: FailedKeys::new(),
            refused_keys: RefusedKeys::default(),
            people: People::new(config.people.clone()),
            limits: Limits::new(&bounds),
            load: Load::default(),
            trades: Trades::new(
                store,
                gateway,
                policy,
                (config.shop.clone(), config.sales),
                (clock, config.day),
                config.bounds.concurrent_gateway_requests,
                config.person_limits(),
            ),
            config,
        })
    }
}

/// The routes of this backend.
pub(crate) fn router(app: Arc<App>) -> Router {
    let cors = cors(&app.config);
    let pages = terminal::routes(&app.config)
        .layer(middleware::from_fn_with_state(Arc::clone(&app), counted));
    let hosts = Hosts::new(&app.config.network);
    let router = Router::new()
        .route("/v1/terminal-tokens", post(tokens::mint))
        .route("/v1/terminals/revoke", post(terminals::revoke))
        .route("/v1/terminals/take-over", post(terminals::take_over))
        .route("/v1/sign-out", post(terminals::sign_out))
        .route("/v1/sign-in", post(sign_in::sign_in))
        .route("/v1/sign-in/renew", post(sign_in::renew))
        .route("/v1/sessions", post(sessions::open))
        .route(NEW_TRADE, post(calls::create).get(days::list))
        .route("/v1/trades/{trade_id}", get(calls::get))
        .route("/v1/trades/{trade_id}/code", post(calls::code))
        .route("/v1/trades/{trade_id}/cancel", post(calls::cancel))
        .route(
            "/v1/trades/{trade_id}/void",
            post(calls::void).get(calls::void_status),
        )
        .route("/v1/trades/{trade_id}/verdict", post(verdicts::give))
        .route("/v1/sales", get(sales::get).put(sales::register))
        .route("/v1/sales/give-up", post(sales::give_up))
        .route("/v1/audit", get(audit::list))
        .route("/v1/gateway/unknown-words", get(gateway::unknown_words))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn_with_state(Arc::clone(&app), limited))
        .route(HEALTH, get(healthy))
        .route("/openapi.json", get(openapi))
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(Arc::clone(&app))
        .fallback_service(pages)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        // Inside of CORS, so that a page of a configured origin can read the refusal.
        .layer(middleware::from_fn_with_state(hosts, hosts::checked))
        .layer(cors)
        .layer(middleware::from_fn(traced));
    match app.config.network.hsts {
        true => router.layer(SetResponseHeaderLayer::overriding(
            header::STRICT_TRANSPORT_SECURITY,
            HSTS,
        )),
        false => router,
    }
}

/// Allows exactly the configured origins; by default no other origin.
fn cors(config: &Config) -> CorsLayer {
    let (origins, local_pages) = (config.origins.clone(), config.local_pages);
    let is_allowed = move |origin: &HeaderValue, _: &Parts| {
        let origin = origin.to_str().unwrap_or_default();
        origins.iter().any(|allowed| allowed == origin) || local_pages && is_local(origin)
    };
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(is_allowed))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([
            header::AUTHORIZATION,
            TOKEN,
            header::CONTENT_TYPE,
            header::ACCEPT,
            TRACE,
            DEVICE,
        ])
        // A page of another origin can read only the headers that are listed here (CORS).
        .expose_headers([header::RETRY_AFTER, TRACE, PACE])
        .max_age(Duration::from_secs(3600))
}

/// Whether a page of this origin is served by this machine, on whatever port.
fn is_local(origin: &str) -> bool {
    let host = ["http://", "https://"]
        .iter()
        .find_map(|scheme| origin.strip_prefix(scheme));
    let name = host.and_then(|host| match host.split_once(':') {
        Some((name, port)) => port.parse::<u16>().ok().map(|_| name),
        None => Some(host),
    });
    matches!(name, Some("localhost" | "127.0.0.1"))
}

async fn method_not_allowed() -> Problem {
    Problem::new(ProblemCode::MethodNotAllowed)
}

/// Counts a call of the API that has no route as one without a token. Which credential came with it does not matter, so
/// that nobody learns here whether a guessed key is right.
async fn counted(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let stranger = Caller::Stranger(Problem::new(ProblemCode::RouteNotFound));
    if is_api(&request)
        && let Some(Peer(address)) = request.extensions().get().copied()
        && let Err(problem) = app.limits.admit_address(&stranger, address)
    {
        return app.limits.refuse_address(problem, address);
    }
    next.run(request).await
}

fn is_api(request: &Request) -> bool {
    request.uri().path().starts_with("/v1/")
}

/// Limits how many calls run at once, refuses new sales while the backend is past its capacity, and asks pages for the
/// pace of their looks. Authenticates the caller before the body is read.
async fn limited(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = admitted(&app, request, next).await;
    app.load
        .ask_pace(&mut response, app.trades.policy().poll_ms);
    response
}

/// What the call does, by its route.
fn kind(request: &Request) -> CallKind {
    if request.method() == Method::GET {
        CallKind::Look
    } else if request.uri().path() == NEW_TRADE {
        CallKind::NewSale
    } else {
        CallKind::Change
    }
}

async fn admitted(app: &Arc<App>, mut request: Request, next: Next) -> Response {
    let kind = kind(&request);
    let caller = Caller::of(request.headers(), app);
    let address = request.extensions().get().map(|Peer(address)| *address);
    if is_wrong_key(&caller, request.headers())
        && let Some(problem) = app.failed_keys.count(address).await
    {
        return LoggedTogether::answer(problem);
    }
    let call = RecordedCall::of(&request);
    if let Some(address) = address
        && let Err(problem) = app.limits.admit_address(&caller, address)
        && !payment::is_part_of_one(app, &caller, call.trade_id()).await
    {
        return app.limits.refuse_address(problem, address);
    }
    if kind == CallKind::NewSale
        && matches!(caller, Caller::Terminal(_))
        && let Err(problem) = app.load.admit_sale()
    {
        return LoggedTogether::answer(problem);
    }
    match app.limits.permit(&caller, kind).await {
        Ok(permit) => {
            let sender = device::of(request.headers());
            // A token that was revoked is refused below, and its refusal is recorded under its name.
            let admitted = app.terminals.admit(caller.clone(), sender).await;
            if let Some(address) = address
                && admitted.is_revoked()
                && let Err(problem) = app.limits.admit_address(&admitted, address)
            {
                return app.limits.refuse_address(problem, address);
            }
            if let Some(checked) = admitted.checked_token() {
                request.extensions_mut().insert(checked);
            }
            request.extensions_mut().insert(admitted);
            let answering = async {
                let response = next.run(request).await;
                // The call has its answer: waiting for the store here must not keep the next one out.
                drop(permit);
                audit::record(app, &caller, call, CallOutcome::of(&response)).await;
                response
            };
            trace::with_key(caller.server_key().to_owned(), answering).await
        }
        Err(problem) => problem.into_response(),
    }
}

/// Adds the trace id to every log line of the call, and sets the security headers of the answer.
pub(crate) async fn traced(request: Request, next: Next) -> Response {
    let trace_id = trace::of(request.headers());
    // Logs the route and not the path: a path may hold any text that a stranger sent.
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("-", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    let span = tracing::info_span!("call", %method, route, %trace_id);
    let is_api = is_api(&request);
    let looks = method == Method::GET;
    let address = request.extensions().get::<PeerAddress>().copied();
    let began = Instant::now();
    let call = async {
        let response = next.run(request).await;
        if is_api && response.status().is_client_error() && !is_problem(&response) {
            // Refused by axum before our handler ran: for example, a path that is not UTF-8.
            return Problem::new(ProblemCode::RouteNotFound).into_response();
        }
        response
    };
    let call = trace::from(address, call.instrument(span.clone()));
    let call = trace::within(trace_id.clone(), call);
    let mut response = call.await;
    let (status, took) = (response.status().as_u16(), began.elapsed());
    METRICS.answered(method.as_str(), &route, status, took);
    if is_api {
        let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        // Status checks are logged at `debug`: every till makes one every two seconds.
        let is_quiet = (looks && status < 400) || is_logged_together(&response);
        span.in_scope(|| match is_quiet {
            true => tracing::debug!(status, duration_ms, "answered"),
            false => tracing::info!(status, duration_ms, "answered"),
        });
    }
    response
        .headers_mut()
        .insert(TRACE, trace::value(&trace_id));
    set_security_headers(&mut response, is_api);
    response
}

fn is_logged_together(response: &Response) -> bool {
    response.extensions().get::<LoggedTogether>().is_some()
}

fn is_problem(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind == "application/problem+json")
}

/// Sets the security headers.
fn set_security_headers(response: &mut Response, is_api: bool) {
    let headers = response.headers_mut();
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    headers.insert(
        "cross-origin-opener-policy",
        HeaderValue::from_static("same-origin"),
    );
    // Pages bring their own policy. Every other answer may load and run nothing.
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(
            "default-src 'none'; frame-ancestors 'none'",
        ));
    if is_api {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// Answers pages of every origin: a page whose origin is not in `origins` learns that the address is right. It learns
/// nothing else, and sends no token.
async fn healthy() -> Response {
    let any = [(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
    (any, "ok\n").into_response()
}

async fn openapi() -> Response {
    let text = include_str!("openapi.json");
    let value: serde_json::Value =
        serde_json::from_str(text).expect("the file is JSON: a test reads it");
    Json(value).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_page_has_any_port_and_no_other_host() {
        for origin in [
            "http://localhost",
            "http://localhost:4200",
            "https://127.0.0.1:8443",
        ] {
            assert!(is_local(origin), "{origin}");
        }
        for origin in [
            "null",
            "http://localhost:",
            "http://localhost:1.evil.example",
            "http://localhost.evil.example:80",
            "https://till.shop.example",
        ] {
            assert!(!is_local(origin), "{origin}");
        }
    }
}
