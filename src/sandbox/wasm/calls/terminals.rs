//! `POST /v1/sign-out`, `POST /v1/terminals/take-over`: who may work under a terminal's name.

use kaunter_core::desk;
use kaunter_core::wire::{ProblemCode, RevokedTerminal, Right, TakeOver, TakenOver};

use super::CallResult;
use crate::answer::Answer;
use crate::counter::Counter;
use crate::problem::Problem;
use crate::request::Request;

impl Counter {
    /// Counts a sign-out. A token here is a text that the page makes up, so that it stays valid.
    pub(super) fn sign_out(&mut self, request: &Request<'_>) -> CallResult {
        let terminal = request.terminal()?.name;
        let mut known = self.generations.iter_mut();
        let generation = match known.find(|(name, _)| name == terminal) {
            Some((_, generation)) => {
                *generation += 1;
                *generation
            }
            None => {
                self.generations.push((terminal.to_owned(), 1));
                1
            }
        };
        let terminal = terminal.to_owned();
        Ok(Answer::json(
            200,
            &RevokedTerminal {
                terminal,
                generation,
            },
        ))
    }

    pub(super) fn take_over(&mut self, request: &Request<'_>) -> CallResult {
        let terminal = request.terminal()?;
        terminal.authority().require(Right::Charge)?;
        let TakeOver { reason } = request.body()?;
        desk::check_take_over(&reason)?;
        let Some(device) = request.device()? else {
            let detail = "Only a device with an identity can take over: send it in Kaunter-Device.";
            return Err(Problem::with_detail(ProblemCode::BadRequest, detail));
        };
        self.devices.take_over(terminal.name, device, self.now);
        let terminal = terminal.name.to_owned();
        Ok(Answer::json(200, &TakenOver { terminal }))
    }
}
