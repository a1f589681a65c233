//! `GET /v1/trades`: open trades, a day, or a sale, as JSON pages or as CSV. A sheet is streamed in parts: it is always
//! complete, and needs little memory.

mod sheet;

use std::ops::Range;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use kaunter_core::authority::Reach;
use kaunter_core::policy::Ms;
use kaunter_core::trade::Trade;
use kaunter_core::wire::{self, LIST_MAX_ROWS, ProblemCode, Right, TradeList};
use serde::Deserialize;

use super::{KnownCaller, check_query};
use crate::app::App;
use crate::clock::{rfc3339, wall_ms};
use crate::error::Problem;
use crate::limits::{LIST_ROWS, PAGE_ROWS};
use crate::store::{Filter, Mark};
use sheet::{head, lines};

/// The query of `GET /v1/trades`. All fields are text, so that an error can name the wrong one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TradesQuery {
    /// `true`: only open trades.
    open: Option<String>,
    /// Only trades of this sale, oldest first.
    #[serde(rename = "ref")]
    reference: Option<String>,
    /// `YYYY-MM-DD`, in the shop's time zone. Defaults to today if neither `ref` nor `open` is given.
    day: Option<String>,
    /// Only trades of this terminal.
    terminal: Option<String>,
    /// The maximum number of trades in one answer.
    limit: Option<String>,
    /// The cursor of the previous answer.
    cursor: Option<String>,
}

pub(crate) async fn list(
    State(app): State<Arc<App>>,
    either: KnownCaller,
    headers: HeaderMap,
    query: Result<Query<TradesQuery>, QueryRejection>,
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
    let request = query.read(&app, &either, is_sheet)?;
    let reference = request.filter.reference.as_deref();
    let may_ask = reference.is_none_or(|reference| either.may_charge(reference));
    if is_sheet {
        if !may_ask {
            return Err(Problem::new(ProblemCode::TokenForbidden));
        }
        return Sheet::open(app, either, request).await?.response();
    }
    let (next_cursor, trades) = request.page(&app, &either).await?;
    if trades.is_empty() && !may_ask {
        // The answer does not reveal whether the sale exists.
        return Err(Problem::new(ProblemCode::TokenForbidden));
    }
    let (from, to) = request.day.as_ref().map_or((None, None), |(_, span)| {
        (Some(rfc3339(span.start)), Some(rfc3339(span.end)))
    });
    Ok(Json(TradeList {
        from,
        to,
        trades,
        next_cursor,
    })
    .into_response())
}

/// A valid query that the caller may make.
struct ListRequest {
    filter: Filter,
    /// The day, and its range in milliseconds.
    day: Option<(String, Range<Ms>)>,
    limit: usize,
    after: Option<Mark>,
}

impl TradesQuery {
    fn read(self, app: &App, either: &KnownCaller, is_sheet: bool) -> Result<ListRequest, Problem> {
        check_query("ref", self.reference.as_deref())?;
        check_query("terminal", self.terminal.as_deref())?;
        let is_open = match self.open.as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(wrong("open", "true or false")),
        };
        if is_sheet && (self.limit.is_some() || self.cursor.is_some()) {
            let param = if self.limit.is_some() {
                "limit"
            } else {
                "cursor"
            };
            let detail =
                "A CSV has all rows in one answer: remove ?limit= and ?cursor=.".to_owned();
            return Err(Problem::with_detail(ProblemCode::BadRequest, detail).at(param));
        }
        let limit = match self.limit.as_deref().map(str::parse) {
            None => LIST_ROWS,
            Some(Ok(limit)) if (1..=LIST_MAX_ROWS).contains(&limit) => usize::from(limit),
            Some(_) => return Err(wrong("limit", &format!("1 to {LIST_MAX_ROWS}"))),
        };
        let today = || app.config.day.name(wall_ms());
        let day = match (self.day, &self.reference, is_open) {
            (Some(day), _, _) => Some(day),
            (None, None, false) => Some(today()),
            (None, Some(_), _) | (None, None, true) => None,
        };
        let day = match day {
            None => None,
            Some(day) => {
                let span = app.config.day.day(&day);
                let span = span.ok_or_else(|| wrong("day", "a day as YYYY-MM-DD"))?;
                Some((day, span))
            }
        };
        let after = match self.cursor {
            None => None,
            Some(cursor) => Some(Mark::read(&cursor, self.reference.is_some()).ok_or_else(
                || wrong("cursor", "the next_cursor of an answer to the same query"),
            )?),
        };
        let terminal = either.listed_terminal(self.terminal, self.reference.as_deref(), is_open)?;
        Ok(ListRequest {
            filter: Filter {
                shop: either.shop.clone(),
                span: day.as_ref().map(|(_, span)| span.clone()),
                reference: self.reference,
                terminal,
                is_open,
            },
            day,
            limit,
            after,
        })
    }
}

fn wrong(param: &str, takes: &str) -> Problem {
    Problem::with_detail(ProblemCode::BadRequest, format!("?{param}= takes {takes}.")).at(param)
}

impl KnownCaller {
    /// The terminal whose trades are listed; `None` is every terminal.
    ///
    /// A token with the right `list` lists the whole shop. Without it, it lists the open trades of its own terminal,
    /// and the status of a sale that it may charge.
    fn listed_terminal(
        &self,
        asked: Option<String>,
        reference: Option<&str>,
        is_open: bool,
    ) -> Result<Option<String>, Problem> {
        let Some(claims) = &self.claims else {
            return Ok(asked);
        };
        if reference.is_some() {
            // The token decides which fields of a trade are shown.
            return Ok(asked);
        }
        if !is_open {
            self.require_list()?;
            return Ok(asked);
        }
        match asked {
            None if claims.rights.contains(&Right::List) => Ok(None),
            None => Ok(Some(claims.terminal.clone())),
            Some(terminal) => {
                if terminal != claims.terminal {
                    claims.authority().require(Right::List)?;
                }
                Ok(Some(terminal))
            }
        }
    }
}

impl ListRequest {
    /// Reads a page, and the cursor of the next one.
    async fn page(
        &self,
        app: &App,
        either: &KnownCaller,
    ) -> Result<(Option<String>, Vec<wire::TradeView>), Problem> {
        let store = app.trades.store();
        // Reads one row more than a page holds, to know whether there is a next page.
        let mut rows = store
            .list(&self.filter, self.after.as_ref(), self.limit + 1)
            .await?;
        let is_last = rows.len() <= self.limit;
        rows.truncate(self.limit);
        let last = rows.last().filter(|_| !is_last);
        let next = last.map(|row| self.filter.mark(row).text());
        Ok((next, self.readable(app, either, &rows)))
    }

    /// The part of these rows that the caller may read. Lists other than a sale's show whole trades only.
    fn readable(&self, app: &App, either: &KnownCaller, rows: &[Trade]) -> Vec<wire::TradeView> {
        let view = |row: &Trade| {
            let reach = match (either.reach(row.facts()), &self.filter.reference) {
                (Reach::Standing, None) => Reach::Nothing,
                (reach, _) => reach,
            };
            reach.limit(app.trades.wire(row))
        };
        rows.iter().filter_map(view).collect()
    }
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
    After(Mark),
    Nothing,
}

impl Sheet {
    /// Reads the first part before the headers are sent, so that a store error still gets its own status.
    async fn open(
        app: Arc<App>,
        either: KnownCaller,
        request: ListRequest,
    ) -> Result<Self, Problem> {
        let rows = app.trades.store().list(&request.filter, None, PAGE_ROWS);
        let rows = rows.await?;
        Ok(Self {
            app,
            either,
            request,
            next: Next::First(rows),
        })
    }

    fn response(self) -> Result<Response, Problem> {
        let day = self.request.day.as_ref().map(|(day, _)| day.clone());
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
            Next::After(mark) => {
                let store = self.app.trades.store();
                let filter = &self.request.filter;
                (store.list(filter, Some(&mark), PAGE_ROWS).await?, false)
            }
            Next::Nothing => return Ok(None),
        };
        if let Some(row) = rows.last().filter(|_| rows.len() == PAGE_ROWS) {
            self.next = Next::After(self.request.filter.mark(row));
        }
        let trades = self.request.readable(&self.app, &self.either, &rows);
        let head = if first { head() } else { Vec::new() };
        Ok(Some([head, lines(&trades)].concat()))
    }
}
