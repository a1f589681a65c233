//! `GET /v1/trades`: what is open, or a day, as JSON or for a spreadsheet. A day is written out page by page, however long
//! it is: nothing is left out, and little is held.

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
use kaunter_core::wire::{self, GatewayAnswer, ProblemCode, TradeList};
use serde::Deserialize;

use super::Either;
use crate::app::App;
use crate::clock::rfc3339;
use crate::error::Problem;
use crate::limits::PAGE_ROWS;
use crate::store::{Mark, Stored};

/// What `GET /v1/trades` is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    /// Present: what is open.
    open: Option<String>,
    /// `YYYY-MM-DD`, on the shop's clock.
    day: Option<String>,
}

pub(crate) async fn list(
    State(app): State<Arc<App>>,
    either: Either,
    headers: HeaderMap,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Response, Problem> {
    either.admit(&app)?;
    let refuse = || {
        let detail = "Ask for ?open= or for ?day=YYYY-MM-DD.".to_owned();
        Problem::because(ProblemCode::BadRequest, detail)
    };
    let Query(which) = which.map_err(|_| refuse())?;
    let sheet = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/csv"));
    match (which.open, which.day) {
        (Some(_), None) => open(&app, &either, sheet).await,
        (None, Some(day)) => {
            either.require_list()?;
            let span = app.config.day.day(&day).ok_or_else(refuse)?;
            let form = if sheet { Form::Sheet } else { Form::Json };
            Day::open(app, either.shop, span, form)
                .await?
                .response(&day)
        }
        (Some(_), Some(_)) | (None, None) => Err(refuse()),
    }
}

async fn open(app: &App, either: &Either, sheet: bool) -> Result<Response, Problem> {
    let claims = either.claims.as_ref();
    // A token reads what is open at its own terminal; one for one sale, of that sale.
    let terminal = claims.map(|claims| claims.terminal.as_str());
    let store = app.trades.store();
    let rows = store.open_trades(Some(&either.shop), terminal).await?;
    let trades: Vec<_> = rows
        .iter()
        .filter(|stored| either.reach(stored.trade.facts()) == Reach::Whole)
        .map(|stored| app.trades.wire(&stored.trade))
        .collect();
    if sheet {
        let text = [head(), lines(&trades)].concat();
        return Ok((SHEET, text).into_response());
    }
    Ok(Json(TradeList {
        from: None,
        to: None,
        trades,
    })
    .into_response())
}

const SHEET: [(header::HeaderName, &str); 1] = [(header::CONTENT_TYPE, "text/csv; charset=utf-8")];
const JSON: [(header::HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/json")];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Sheet,
}

/// A day as it is written out.
struct Day {
    app: Arc<App>,
    shop: String,
    span: Range<Ms>,
    form: Form,
    next: Next,
}

/// What is written next.
enum Next {
    First(Vec<Stored>),
    After(Mark),
    Nothing,
}

impl Day {
    /// Reads the first page: a store that fails is told while there is still a status to tell it by.
    async fn open(
        app: Arc<App>,
        shop: String,
        span: Range<Ms>,
        form: Form,
    ) -> Result<Self, Problem> {
        let rows = app.trades.store().between(&shop, &span, None).await?;
        Ok(Self {
            app,
            shop,
            span,
            form,
            next: Next::First(rows),
        })
    }

    fn response(self, day: &str) -> Result<Response, Problem> {
        let form = self.form;
        let parts = stream::unfold(self, async |mut day| {
            let part = day.part().await.transpose()?;
            Some((part, day))
        });
        let body = Body::from_stream(parts);
        Ok(match form {
            Form::Json => (JSON, body).into_response(),
            Form::Sheet => {
                // `day` was read as a date: it holds nothing but digits and dashes.
                let name = format!("attachment; filename=\"trades-{day}.csv\"");
                (SHEET, [(header::CONTENT_DISPOSITION, name)], body).into_response()
            }
        })
    }

    /// The next part; none at the end. A store that fails in the middle breaks the body off: half a day never looks whole.
    async fn part(&mut self) -> sqlx::Result<Option<Vec<u8>>> {
        let (rows, first) = match std::mem::replace(&mut self.next, Next::Nothing) {
            Next::First(rows) => (rows, true),
            Next::After(mark) => {
                let store = self.app.trades.store();
                let rows = store.between(&self.shop, &self.span, Some(&mark)).await?;
                (rows, false)
            }
            Next::Nothing => return Ok(None),
        };
        let last = rows.len() < PAGE_ROWS;
        if let Some(row) = rows.last().filter(|_| !last) {
            self.next = Next::After(Mark::after(row));
        }
        let trades: Vec<_> = rows
            .iter()
            .map(|stored| self.app.trades.wire(&stored.trade))
            .collect();
        Ok(Some(match self.form {
            Form::Sheet if first => [head(), lines(&trades)].concat(),
            Form::Sheet => lines(&trades),
            Form::Json => self.json(&trades, first, last),
        }))
    }

    fn json(&self, trades: &[wire::Trade], first: bool, last: bool) -> Vec<u8> {
        let mut text = String::new();
        if first {
            let (from, to) = (rfc3339(self.span.start), rfc3339(self.span.end));
            text = format!(r#"{{"from":"{from}","to":"{to}","trades":["#);
        }
        for (nth, trade) in trades.iter().enumerate() {
            if nth > 0 || !first {
                text.push(',');
            }
            text +=
                &serde_json::to_string(trade).expect("a trade is a tree of strings and numbers");
        }
        if last {
            text += "]}";
        }
        text.into_bytes()
    }
}

/// The columns of the sheet, in this order; docs/operating.md tells what each is.
const COLUMNS: [&str; 15] = [
    "created_at",
    "ref",
    "attempt",
    "amount",
    "currency",
    "wallet_id",
    "terminal",
    "status",
    "since",
    "reason",
    "trade_id",
    "gateway_ref",
    "gateway_code",
    "gateway_message",
    "void_refused",
];

fn head() -> Vec<u8> {
    [COLUMNS.join(",").as_bytes(), b"\r\n"].concat()
}

fn lines(trades: &[wire::Trade]) -> Vec<u8> {
    let mut sheet = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for trade in trades {
        let said = trade.gateway_answer.as_ref();
        let refused = trade.void_refused.as_ref();
        let reason = trade.reason.map(crate::store::word);
        let row: [String; COLUMNS.len()] = [
            trade.created_at.clone(),
            plain(&trade.sale.reference),
            trade.attempt.to_string(),
            trade.sale.amount.decimal(),
            plain(&trade.sale.amount.currency),
            plain(&trade.wallet_id),
            plain(&trade.terminal),
            crate::store::word(trade.status),
            trade.since.clone(),
            reason.unwrap_or_default(),
            plain(&trade.trade_id),
            plain(trade.gateway_ref.as_deref().unwrap_or_default()),
            plain(
                said.and_then(|said| said.code.as_deref())
                    .unwrap_or_default(),
            ),
            plain(said.map_or("", |said| &said.message)),
            plain(&refused.map(in_one_field).unwrap_or_default()),
        ];
        // Writing to memory can't fail.
        let _ = sheet.write_record(row);
    }
    sheet.into_inner().unwrap_or_default()
}

/// Why a void was refused; "refused" where the gateway said nothing.
fn in_one_field(refused: &GatewayAnswer) -> String {
    let code = refused.code.as_deref().unwrap_or_default();
    let said = format!("{code} {}", refused.message);
    match said.trim() {
        "" => "refused".to_owned(),
        said => said.to_owned(),
    }
}

/// A spreadsheet takes what starts with one of these for a formula, and runs it: an apostrophe says that it is text.
fn plain(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}
