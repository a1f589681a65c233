//! `GET /v1/audit`: the audit trail of a day. And what a call leaves in the trail besides the moves of a trade: a
//! refusal, or an action of the shop's server.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{MatchedPath, Query, Request, State};
use axum::http::Method;
use axum::response::Response;
use kaunter_core::audit::is_recorded;
use kaunter_core::list::LIST_ROWS;
use kaunter_core::wire::{GatewayAnswer, LIST_MAX_ROWS, ProblemCode};
use serde::{Deserialize, Serialize};

use super::Server;
use super::caller::Caller;
use crate::app::App;
use crate::audit::AuditRow;
use crate::clock::{rfc3339, wall_ms};
use crate::error::Problem;
use crate::id::is_id;
use crate::store::AuditMark;
use crate::trail::{Actor, ActorKind, AuditEntry, SERVER_CALL};

/// The query of `GET /v1/audit`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuditQuery {
    /// `YYYY-MM-DD`, in the shop's time zone. Defaults to today.
    day: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

/// A part of a day's trail.
#[derive(Serialize)]
pub(crate) struct AuditList {
    from: String,
    to: String,
    entries: Vec<AuditView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// An entry as the API shows it. Entries of earlier versions have no actor and no place in a chain, and `who` has the
/// cashier and the terminal.
#[derive(Serialize)]
pub(crate) struct AuditView {
    at: String,
    chain: String,
    seq: Option<u64>,
    trade_id: Option<String>,
    actor: Option<String>,
    who: Option<String>,
    terminal: Option<String>,
    server_key: Option<String>,
    event: String,
    from: Option<String>,
    to: Option<String>,
    reason: Option<String>,
    gateway_answer: Option<GatewayAnswer>,
    code: Option<String>,
    call: Option<String>,
    address: Option<String>,
    trace_id: Option<String>,
}

impl From<AuditRow> for AuditView {
    fn from(row: AuditRow) -> Self {
        let filled = |text: String| Some(text).filter(|text| !text.is_empty());
        let trade_id = if row.seq == 0 {
            Some(row.chain.clone())
        } else {
            filled(row.about)
        };
        let answered = !row.gateway_code.is_empty() || !row.gateway_message.is_empty();
        Self {
            at: rfc3339(row.at_ms),
            chain: row.chain,
            seq: Some(row.seq).filter(|seq| *seq > 0),
            trade_id,
            actor: filled(row.actor),
            who: filled(row.who),
            terminal: filled(row.terminal),
            server_key: filled(row.server_key),
            event: row.event,
            from: filled(row.from_state),
            to: filled(row.to_state),
            reason: filled(row.note),
            gateway_answer: answered.then_some(GatewayAnswer {
                code: filled(row.gateway_code),
                message: row.gateway_message,
            }),
            code: filled(row.code),
            call: filled(row.call),
            address: filled(row.address),
            trace_id: filled(row.trace_id),
        }
    }
}

pub(crate) async fn list(
    State(app): State<Arc<App>>,
    _: Server,
    query: Result<Query<AuditQuery>, QueryRejection>,
) -> Result<Json<AuditList>, Problem> {
    let Query(query) = query.map_err(|_| {
        let detail = "This call takes ?day=, ?limit= and ?cursor=, each once.";
        Problem::with_detail(ProblemCode::BadRequest, detail.to_owned())
    })?;
    let limit = match query.limit.as_deref().map(str::parse) {
        None => LIST_ROWS,
        Some(Ok(limit)) if (1..=LIST_MAX_ROWS).contains(&limit) => usize::from(limit),
        Some(_) => return Err(wrong("limit", &format!("1 to {LIST_MAX_ROWS}"))),
    };
    let day = query.day.unwrap_or_else(|| app.config.day.name(wall_ms()));
    let span = app.config.day.day(&day);
    let span = span.ok_or_else(|| wrong("day", "a day as YYYY-MM-DD"))?;
    let after = match query.cursor {
        None => None,
        Some(cursor) => Some(
            AuditMark::read(&cursor)
                .filter(|mark| span.contains(&mark.at_ms))
                .ok_or_else(|| wrong("cursor", "the next_cursor of an answer to the same query"))?,
        ),
    };
    let store = app.trades.store();
    // Reads one row more than a page holds, to know whether there is a next page.
    let mut rows = store
        .audit_page(&app.config.shop, span.clone(), after.as_ref(), limit + 1)
        .await?;
    let is_last = rows.len() <= limit;
    rows.truncate(limit);
    let last = rows.last().filter(|_| !is_last);
    Ok(Json(AuditList {
        from: rfc3339(span.start),
        to: rfc3339(span.end),
        next_cursor: last.map(|row| AuditMark::of(row).text()),
        entries: rows.into_iter().map(AuditView::from).collect(),
    }))
}

fn wrong(param: &str, takes: &str) -> Problem {
    Problem::with_detail(ProblemCode::BadRequest, format!("?{param}= takes {takes}.")).at(param)
}

/// What a handler says about an action of the shop's server, as an extension of its answer.
#[derive(Clone, Default)]
pub(crate) struct ServerAction {
    pub(crate) event: &'static str,
    /// The person and the terminal that it is about.
    pub(crate) person: String,
    pub(crate) terminal: String,
    pub(crate) note: String,
}

/// As an extension of an answer: the change itself has recorded the call.
#[derive(Clone, Copy)]
pub(crate) struct RecordedInChange;

/// What the trail says about a call.
pub(crate) struct RecordedCall {
    looks: bool,
    /// The method and the route. The path may hold any text that a stranger sent.
    name: String,
    trade_id: String,
}

impl RecordedCall {
    pub(crate) fn of(request: &Request) -> Self {
        let route = request.extensions().get::<MatchedPath>();
        let route = route.map_or("-", MatchedPath::as_str);
        let names_trade = route.starts_with("/v1/trades/{trade_id}");
        let id = request.uri().path().split('/').nth(3).unwrap_or_default();
        // Another text is no id, and is not recorded.
        let is_id = names_trade && is_id(id);
        Self {
            looks: request.method() == Method::GET,
            name: format!("{} {route}", request.method()),
            trade_id: if is_id { id.to_owned() } else { String::new() },
        }
    }

    /// The trade that the path names, if it names one.
    pub(crate) fn trade_id(&self) -> Option<&str> {
        Some(self.trade_id.as_str()).filter(|id| !id.is_empty())
    }
}

/// How a call was answered, as far as the trail needs it.
pub(crate) struct CallOutcome {
    is_success: bool,
    code: Option<ProblemCode>,
    action: Option<ServerAction>,
    is_recorded: bool,
}

impl CallOutcome {
    pub(crate) fn of(response: &Response) -> Self {
        let extensions = response.extensions();
        Self {
            is_success: response.status().is_success(),
            code: extensions.get::<ProblemCode>().copied(),
            action: extensions.get::<ServerAction>().cloned(),
            is_recorded: extensions.get::<RecordedInChange>().is_some(),
        }
    }
}

/// Records a call that a terminal may not make, and what the shop's server changed. What the shop's server may not do is
/// in the log only, because its calls have no limit. The answer does not depend on it:
/// a store that fails is in the log.
pub(crate) async fn record(app: &App, caller: &Caller, call: RecordedCall, answered: CallOutcome) {
    let (shop, store) = (&app.config.shop, app.trades.store());
    if let (Caller::Server(server), Some(code)) = (caller, answered.code)
        && [401, 403].contains(&code.status())
    {
        app.refused_keys.log(&server.key, &call.name, code);
    }
    let done = match caller {
        Caller::Terminal(claims) => {
            let Some(code) = answered.code.filter(|code| is_recorded(*code)) else {
                return;
            };
            let entry = AuditEntry::refusal(claims.who(), code, call.name, call.trade_id);
            store.record_refusal(shop, &entry, wall_ms()).await
        }
        Caller::Server(_) if !call.looks && answered.is_success && !answered.is_recorded => {
            let entry = server_entry(call, answered.action);
            store.record(shop, &entry, wall_ms()).await
        }
        Caller::Server(_) | Caller::Stranger(_) => return,
    };
    if let Err(error) = done {
        tracing::error!(%error, "a call could not be recorded in the audit trail");
    }
}

fn server_entry(call: RecordedCall, action: Option<ServerAction>) -> AuditEntry {
    let mut actor = Actor::from(ActorKind::Server);
    let (event, note) = match action {
        None => (SERVER_CALL, String::new()),
        Some(action) => {
            actor.person = action.person;
            actor.terminal = action.terminal;
            (action.event, action.note)
        }
    };
    AuditEntry {
        note,
        call: call.name,
        about: call.trade_id,
        ..AuditEntry::new(actor, event)
    }
}
