//! `GET /v1/trades`: a day's trades, a sale's, or the open ones.

use kaunter_core::list::ListQuery;
use kaunter_core::trade::Trade;
use kaunter_core::wire::ProblemCode;

use super::CallResult;
use crate::answer::Answer;
use crate::counter::Counter;
use crate::problem::Problem;
use crate::request::Request;
use crate::settings::offset;

impl Counter {
    pub(super) fn list(&mut self, request: &Request<'_>) -> CallResult {
        let caller = request.caller()?;
        let Some(query) = request.query::<ListQuery>() else {
            let detail = "This call takes ?open=, ?ref=, ?day=, ?terminal=, ?limit= and ?cursor=, each once.";
            return Err(Problem::with_detail(ProblemCode::BadRequest, detail));
        };
        let authority = caller.authority();
        let asked = query.read(authority.as_ref(), offset(), self.now, false)?;
        let rows = self
            .store
            .list(&asked.filter, asked.after.as_ref(), asked.limit + 1);
        let rows: Vec<&Trade> = rows.into_iter().map(|row| self.store.trade(row)).collect();
        let list = asked.page(authority.as_ref(), &rows, self.now)?;
        Ok(Answer::json(200, &list))
    }
}
