//! The routes of the backend's API that a till and a shop's server call.
//!
//! Each handler asks core's rules and the store, as the backend's does.

mod lists;
mod sales;
mod sessions;
mod terminals;
mod trades;

use kaunter_core::policy::Ms;
use kaunter_core::wire::ProblemCode;

use crate::answer::Answer;
use crate::counter::Counter;
use crate::problem::Problem;
use crate::request::{Caller, Request};

/// The result of a call.
type CallResult = Result<Answer, Problem>;

impl Counter {
    /// Answers a call, after what was due until now.
    pub fn call(&mut self, now: Ms, request: &Request<'_>) -> Answer {
        self.tick(now);
        let answered = self.hear(request).and_then(|()| self.route(request));
        answered.unwrap_or_else(Problem::answer)
    }

    /// Notes that a device made a call.
    fn hear(&mut self, request: &Request<'_>) -> Result<(), Problem> {
        if let (Ok(Caller::Terminal(terminal)), Some(device)) =
            (request.caller(), request.device()?)
        {
            let (now, policy) = (self.now, &self.policy);
            self.devices.hear(terminal.name, device, now, policy);
        }
        Ok(())
    }

    fn route(&mut self, request: &Request<'_>) -> CallResult {
        let segments = request.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (segments.as_slice(), request.method) {
            (["healthz"], "GET") => Ok(Answer {
                status: 200,
                body: "ok\n".to_owned(),
                retry_after_s: None,
            }),
            (["v1", "sessions"], "POST") => self.session(request),
            (["v1", "sign-out"], "POST") => self.sign_out(request),
            (["v1", "terminals", "take-over"], "POST") => self.take_over(request),
            (["v1", "trades"], "POST") => self.create(request),
            (["v1", "trades"], "GET") => self.list(request),
            (["v1", "trades", trade_id], "GET") => self.status(request, trade_id),
            (["v1", "trades", trade_id, "code"], "POST") => self.code(request, trade_id),
            (["v1", "trades", trade_id, "cancel"], "POST") => self.cancel(request, trade_id),
            (["v1", "trades", trade_id, "void"], "POST") => self.void(request, trade_id),
            (["v1", "trades", trade_id, "void"], "GET") => self.read(request, trade_id, true),
            (["v1", "trades", trade_id, "verdict"], "POST") => self.verdict(request, trade_id),
            (["v1", "sales"], "GET") => self.sale(request),
            (["v1", "sales"], "PUT") => self.register(request),
            (["v1", "sales", "give-up"], "POST") => self.give_up(request),
            (
                ["healthz"]
                | ["v1", "sessions" | "sign-out" | "trades" | "sales"]
                | ["v1", "terminals", "take-over"]
                | ["v1", "sales", "give-up"]
                | ["v1", "trades", _]
                | ["v1", "trades", _, "code" | "cancel" | "void" | "verdict"],
                _,
            ) => Err(ProblemCode::MethodNotAllowed.into()),
            (_, _) => Err(ProblemCode::RouteNotFound.into()),
        }
    }
}
