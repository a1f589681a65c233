//! Lists of trades: what a query asks for, who may make it, and page by page what it shows.
//!
//! The functions are pure. The backend reads the rows from its database, the sandbox from memory.

use std::ops::Range;

use serde::Deserialize;

use crate::authority::{Authority, Reach};
use crate::calendar::{Offset, rfc3339};
use crate::desk::{self, Refused};
use crate::policy::Ms;
use crate::trade::Trade;
use crate::wire::{LIST_MAX_ROWS, ProblemCode, Right, TradeList, TradeView};

/// The number of trades in one answer, if the query names none.
pub const LIST_ROWS: usize = 100;

/// The query of `GET /v1/trades`. All fields are text, so that an error can name the wrong one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// `true`: only open trades.
    pub open: Option<String>,
    /// Only trades of this sale, oldest first.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    /// `YYYY-MM-DD`, in the shop's time zone. Defaults to today if neither `ref` nor `open` is given.
    pub day: Option<String>,
    /// Only trades of this terminal.
    pub terminal: Option<String>,
    /// The maximum number of trades in one answer.
    pub limit: Option<String>,
    /// The cursor of the previous answer.
    pub cursor: Option<String>,
}

/// Which trades are listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Only trades created in this range of milliseconds.
    pub span: Option<Range<Ms>>,
    /// Only trades of this sale, oldest first. Without it, newest first.
    pub reference: Option<String>,
    /// Only trades of this terminal.
    pub terminal: Option<String>,
    /// Only open trades.
    pub is_open: bool,
}

/// The position of the last trade of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// Newest first: the time at which the trade was created, and its id.
    Time(Ms, String),
    /// Within a sale: the ordinal number of the trade.
    Attempt(u32),
}

/// A valid query that the caller may make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListRequest {
    /// Which trades are listed.
    pub filter: Filter,
    /// The day, if the list is of one. Its range is the filter's.
    pub day: Option<String>,
    /// The most trades of an answer.
    pub limit: usize,
    /// The position after which the list goes on.
    pub after: Option<Cursor>,
}

impl ListQuery {
    /// Checks a query. `authority` is `None` for the shop's server, and `now` is the time of day.
    ///
    /// A sheet has all rows, so it takes neither a limit nor a cursor.
    ///
    /// # Errors
    /// [`Refused`] with the first field that is wrong, or `token_forbidden`.
    pub fn read(
        self,
        authority: Option<&Authority<'_>>,
        offset: Offset,
        now: Ms,
        is_sheet: bool,
    ) -> Result<ListRequest, Refused> {
        desk::check_query("ref", self.reference.as_deref())?;
        desk::check_query("terminal", self.terminal.as_deref())?;
        let is_open = match self.open.as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(wrong("open", "?open= takes true or false.")),
        };
        if is_sheet && (self.limit.is_some() || self.cursor.is_some()) {
            let param = if self.limit.is_some() {
                "limit"
            } else {
                "cursor"
            };
            let detail = "A CSV has all rows in one answer: remove ?limit= and ?cursor=.";
            return Err(wrong(param, detail));
        }
        let limit = match self.limit.as_deref().map(str::parse) {
            None => LIST_ROWS,
            Some(Ok(limit)) if (1..=LIST_MAX_ROWS).contains(&limit) => usize::from(limit),
            Some(_) => return Err(wrong("limit", "?limit= takes 1 to 500.")),
        };
        let day = match (self.day, &self.reference, is_open) {
            (Some(day), _, _) => Some(day),
            (None, None, false) => Some(offset.name(now)),
            (None, Some(_), _) | (None, None, true) => None,
        };
        let span = day.as_deref().map(|day| {
            let span = offset.day(day);
            span.ok_or_else(|| wrong("day", "?day= takes a day as YYYY-MM-DD."))
        });
        let span = span.transpose()?;
        let is_sale = self.reference.is_some();
        let after = self.cursor.map(|cursor| {
            let detail = "?cursor= takes the next_cursor of an answer to the same query.";
            Cursor::read(&cursor, is_sale).ok_or_else(|| wrong("cursor", detail))
        });
        let after = after.transpose()?;
        let terminal = listed_terminal(self.terminal, authority, is_sale, is_open)?;
        Ok(ListRequest {
            filter: Filter {
                span,
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

fn wrong(param: &'static str, detail: &'static str) -> Refused {
    Refused {
        code: ProblemCode::BadRequest,
        param: Some(param),
        detail: Some(detail),
    }
}

/// The terminal whose trades are listed; `None` is every terminal.
///
/// A token with the right `list` lists the whole shop. Without it, it lists the open trades of its own terminal, and
/// the status of a sale that it may charge.
fn listed_terminal(
    asked: Option<String>,
    authority: Option<&Authority<'_>>,
    is_sale: bool,
    is_open: bool,
) -> Result<Option<String>, Refused> {
    // The token decides which fields of a sale's trades are shown.
    let Some(authority) = authority.filter(|_| !is_sale) else {
        return Ok(asked);
    };
    if !is_open {
        desk::check_list(authority)?;
        return Ok(asked);
    }
    match asked {
        None if authority.rights.contains(&Right::List) => Ok(None),
        None => Ok(Some(authority.terminal.to_owned())),
        Some(terminal) => {
            if terminal != authority.terminal {
                authority.require(Right::List)?;
            }
            Ok(Some(terminal))
        }
    }
}

impl Cursor {
    /// As a cursor of the API.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Time(created_ms, trade_id) => format!("{created_ms}-{trade_id}"),
            Self::Attempt(attempt) => attempt.to_string(),
        }
    }

    /// Parses the cursor of a caller, for a list of this kind.
    #[must_use]
    pub fn read(text: &str, is_sale: bool) -> Option<Self> {
        if is_sale {
            return text.parse().ok().map(Self::Attempt);
        }
        let (created_ms, trade_id) = text.split_once('-')?;
        let is_id = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let is_good = (1..=20).contains(&trade_id.len()) && trade_id.bytes().all(is_id);
        let created_ms = created_ms.parse().ok().filter(|_| is_good)?;
        Some(Self::Time(created_ms, trade_id.to_owned()))
    }
}

impl Filter {
    /// The position of this trade.
    #[must_use]
    pub fn cursor(&self, trade: &Trade) -> Cursor {
        let facts = trade.facts();
        match self.reference {
            Some(_) => Cursor::Attempt(facts.attempt),
            None => Cursor::Time(trade.created_ms(), facts.trade_id.clone()),
        }
    }
}

impl ListRequest {
    /// The page with these rows, of which one more than [`ListRequest::limit`] was read: then there is a next page.
    ///
    /// # Errors
    /// `token_forbidden` if the token may not even learn whether the sale exists.
    pub fn page(
        &self,
        authority: Option<&Authority<'_>>,
        rows: &[&Trade],
        now: Ms,
    ) -> Result<TradeList, ProblemCode> {
        let is_last = rows.len() <= self.limit;
        let rows = &rows[..rows.len().min(self.limit)];
        let last = rows.last().filter(|_| !is_last);
        let trades = self.readable(authority, rows.iter().copied(), now);
        if trades.is_empty() && !self.may_ask(authority) {
            return Err(ProblemCode::TokenForbidden);
        }
        let text = |ms: fn(&Range<Ms>) -> Ms| self.filter.span.as_ref().map(ms).map(rfc3339);
        Ok(TradeList {
            from: text(|span| span.start),
            to: text(|span| span.end),
            trades,
            next_cursor: last.map(|row| self.filter.cursor(row).text()),
        })
    }

    /// Whether the caller may learn that the list is empty.
    #[must_use]
    pub fn may_ask(&self, authority: Option<&Authority<'_>>) -> bool {
        let reference = self.filter.reference.as_deref();
        reference.is_none_or(|reference| desk::may_ask_about(authority, reference))
    }

    /// The part of these rows that the caller may read. Lists other than a sale's show whole trades only.
    pub fn readable<'a>(
        &self,
        authority: Option<&Authority<'_>>,
        rows: impl IntoIterator<Item = &'a Trade>,
        now: Ms,
    ) -> Vec<TradeView> {
        let view = |row: &Trade| {
            let reach = match (desk::reach(authority, row.facts()), &self.filter.reference) {
                (Reach::Standing, None) => Reach::Nothing,
                (reach, _) => reach,
            };
            reach.limit(row.view(now, rfc3339))
        };
        rows.into_iter().filter_map(view).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_no_other_text_is_one() {
        let cursors = [
            (Cursor::Time(1_764_236_000_000, "K7Q-2".to_owned()), false),
            (Cursor::Attempt(7), true),
        ];
        for (cursor, is_sale) in cursors {
            let text = cursor.text();
            assert_eq!(Cursor::read(&text, is_sale).as_ref(), Some(&cursor));
            assert_eq!(Cursor::read(&text, !is_sale), None);
        }
        for text in ["", "-", "1-", "-K", "x-K", "1-K K", "1-' OR 1", "-1", "1.5"] {
            assert_eq!(Cursor::read(text, false), None, "{text}");
        }
    }

    #[test]
    fn a_query_names_its_wrong_field() {
        let param = |query: ListQuery, is_sheet| {
            let read = query.read(None, Offset::default(), 0, is_sheet);
            read.map(|_| ()).map_err(|refused| refused.param)
        };
        let some = |text: &str| Some(text.to_owned());
        let nothing = ListQuery::default;
        assert_eq!(param(nothing(), false), Ok(()));
        let limit = |limit: &str| ListQuery {
            limit: some(limit),
            ..nothing()
        };
        assert_eq!(param(limit(&LIST_MAX_ROWS.to_string()), false), Ok(()));
        for wrong in ["0", "-1", "x", &(LIST_MAX_ROWS + 1).to_string()] {
            assert_eq!(param(limit(wrong), false), Err(Some("limit")), "{wrong}");
        }
        assert_eq!(param(limit("1"), true), Err(Some("limit")));
        for (query, at) in [
            (
                ListQuery {
                    open: some("yes"),
                    ..nothing()
                },
                "open",
            ),
            (
                ListQuery {
                    day: some("today"),
                    ..nothing()
                },
                "day",
            ),
            (
                ListQuery {
                    cursor: some("x"),
                    ..nothing()
                },
                "cursor",
            ),
            (
                ListQuery {
                    reference: some(""),
                    ..nothing()
                },
                "ref",
            ),
            (
                ListQuery {
                    terminal: some("a\nb"),
                    ..nothing()
                },
                "terminal",
            ),
        ] {
            assert_eq!(param(query, false), Err(Some(at)));
        }
        let detail = limit("0").read(None, Offset::default(), 0, false);
        let detail = detail.err().and_then(|refused| refused.detail);
        assert_eq!(
            detail,
            Some(&*format!("?limit= takes 1 to {LIST_MAX_ROWS}."))
        );
    }
}
