//! `GET /v1/trades`: open trades, a day, or a sale, as JSON pages or as CSV. A sheet is streamed in parts: it is always
//! complete, and needs little memory.

mod sheet;

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use kaunter_core::list::{Cursor, ListQuery, ListRequest};
use kaunter_core::trade::Trade;
use kaunter_core::wire::ProblemCode;

use super::KnownCaller;
use crate::app::App;
use crate::clock::wall_ms;
use crate::error::Problem;
use crate::limits::PAGE_ROWS;
use sheet::{head, lines};

pub(crate) async fn list(
    State(app): State<Arc<App>>,
    either: KnownCaller,
    headers: HeaderMap,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    either.admit(&app)?;
    let Query(query) = query.map_err(|_| {
        let detail =
            "This call takes ?open=, ?ref=, ?day=, ?terminal=, ?limit= and ?cursor=, each once.";
        Problem::with_detail(ProblemCode::BadRequest, detail.to_owned())
    })?;
    let is_sheet = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/csv"));
    let authority = either.authority();
    let request = query.read(authority.as_ref(), app.config.day, wall_ms(), is_sheet)?;
    if is_sheet {
        if !request.may_ask(authority.as_ref()) {
            return Err(Problem::new(ProblemCode::TokenForbidden));
        }
        return Sheet::open(app, either, request).await?.response();
    }
    let store = app.trades.store();
    // Reads one row more than a page holds, to know whether there is a next page.
    let rows = store.list(
        &either.shop,
        &request.filter,
        request.after.as_ref(),
        request.limit + 1,
    );
    let rows = rows.await?;
    let rows: Vec<&Trade> = rows.iter().collect();
    let list = request.page(authority.as_ref(), &rows, app.trades.now_ms())?;
    Ok(Json(list).into_response())
}

const SHEET: [(header::HeaderName, &str); 1] = [(header::CONTENT_TYPE, "text/csv; charset=utf-8")];

/// A list that is streamed as CSV.
struct Sheet {
    app: Arc<App>,
    either: KnownCaller,
    request: ListRequest,
    next: Next,
}

/// What is written next.
enum Next {
    First(Vec<Trade>),
    After(Cursor),
    Nothing,
}

impl Sheet {
    /// Reads the first part before the headers are sent, so that a store error still gets its own status.
    async fn open(
        app: Arc<App>,
        either: KnownCaller,
        request: ListRequest,
    ) -> Result<Self, Problem> {
        let store = app.trades.store();
        let rows = store.list(&either.shop, &request.filter, None, PAGE_ROWS);
        let rows = rows.await?;
        Ok(Self {
            app,
            either,
            request,
            next: Next::First(rows),
        })
    }

    fn response(self) -> Result<Response, Problem> {
        let day = self.request.day.clone();
        let parts = stream::unfold(self, async |mut sheet| {
            let part = sheet.part().await.transpose()?;
            Some((part, sheet))
        });
        let body = Body::from_stream(parts);
        Ok(match day {
            None => (SHEET, body).into_response(),
            Some(day) => {
                // `day` was parsed as a date: it holds only digits and dashes.
                let name = format!("attachment; filename=\"trades-{day}.csv\"");
                (SHEET, [(header::CONTENT_DISPOSITION, name)], body).into_response()
            }
        })
    }

    /// The next part; `None` at the end. A store error in the middle aborts the body, so that half a day never looks
    /// complete.
    async fn part(&mut self) -> sqlx::Result<Option<Vec<u8>>> {
        let (rows, first) = match std::mem::replace(&mut self.next, Next::Nothing) {
            Next::First(rows) => (rows, true),
            Next::After(cursor) => {
                let store = self.app.trades.store();
                let (shop, filter) = (&self.either.shop, &self.request.filter);
                let rows = store.list(shop, filter, Some(&cursor), PAGE_ROWS);
                (rows.await?, false)
            }
            Next::Nothing => return Ok(None),
        };
        if let Some(row) = rows.last().filter(|_| rows.len() == PAGE_ROWS) {
            self.next = Next::After(self.request.filter.cursor(row));
        }
        let authority = self.either.authority();
        let now = self.app.trades.now_ms();
        let trades = self.request.readable(authority.as_ref(), &rows, now);
        let head = if first { head() } else { Vec::new() };
        Ok(Some([head, lines(&trades)].concat()))
    }
}
