//! Drives one charge: does each step of [`Charge`] in the browser, and returns the result to the machine as an event.
//!
//! The code is kept in memory here, and handed over when the machine says so. Dropping the driver drops every task; the
//! journal keeps the trade.

mod ending;
mod progress;
mod tasks;

pub(super) use ending::closed;

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures_util::future::AbortHandle;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use kaunter_core::policy::Ms;
use kaunter_core::till::{Charge, ChargeEvent, ChargeStep, Hint, Plan, Record, Reply};
use kaunter_core::wire::{CodeMode, NewTrade, SaleInput};

use super::backend::CallError;
use super::till::Till;
use super::{clock, random_hex, signal};
use crate::types::code::{Confidence, Scan};
use crate::types::error::{Fail, Rejection};
use crate::types::options::ScanOptions;
use crate::types::outcome::Outcome;

/// How a task ended.
enum TaskEnd {
    /// An event for the machine.
    Heard(ChargeEvent),
    /// The answer to a call as an event, and the error if there was no answer.
    Answered(ChargeEvent, Option<Box<CallError>>),
    /// The answer to a status check. The page gets it as an event too.
    Replied(Reply),
    /// The scan ended, with a code or an error.
    Saw(Box<Result<Scan, Rejection>>),
    /// The caller's picker chose a wallet, or threw.
    Picked(Result<Picked, Rejection>),
    /// The page is visible again, or its network is back.
    Woke,
    /// The caller aborted.
    Aborted,
    /// The till closes.
    Closing,
    /// A scan that was stopped.
    Nothing,
}

/// The answer of the caller's picker.
enum Picked {
    /// This wallet, by its id.
    Wallet(String),
    /// No wallet: there is no picker, or it returned `undefined`.
    Nothing,
    /// The cashier cancelled.
    Cancelled,
}

type Tasks = FuturesUnordered<Pin<Box<dyn Future<Output = TaskEnd>>>>;

/// One charge in progress.
pub(super) struct Driver {
    till: Rc<Till>,
    charge: Charge,
    options: ScanOptions,
    code: Option<Scan>,
    tasks: Tasks,
    look: Option<AbortHandle>,
    inbox: UnboundedReceiver<ChargeEvent>,
    event_sender: UnboundedSender<ChargeEvent>,
    /// The reason for the caller, if the machine only knows that the charge was cancelled.
    failure: Option<Rejection>,
    /// The last problem from the backend: the machine keeps only its code.
    refused: Option<Fail>,
    /// The last version that an event reported to the page.
    told_version: u64,
    handed_ms: Option<Ms>,
    /// A customer has scanned our code. The elapsed time counts from then.
    scanned: bool,
    closing: bool,
    /// The trade existed before: an abort only stops watching it, and cancels nothing.
    only_watches: bool,
    /// The caller does not want any more events.
    stopped: Option<Rejection>,
}

impl Driver {
    /// A new charge: with a given code, with one that the camera will read, or with one that the till shows.
    pub(super) fn new(
        till: &Rc<Till>,
        sale: SaleInput,
        options: ScanOptions,
        code: Option<Scan>,
        mode: CodeMode,
    ) -> Self {
        let plan = Plan {
            sale,
            mode,
            wallet: options.wallet.clone(),
            code: code.as_ref().map(hint),
            keys: [random_hex(), random_hex()],
        };
        let charge = Charge::new(plan, till.policy().clone());
        let mut driver = Self::of(till, charge, options);
        if let Some(code) = code {
            driver.keep(code);
        }
        driver
    }

    /// A trade that exists: its status is checked, and no code is handed over.
    pub(super) fn resume(till: &Rc<Till>, record: Record, options: ScanOptions) -> Self {
        let charge = Charge::resume(record, till.policy().clone(), clock::now_ms());
        let mut driver = Self::of(till, charge, options);
        driver.handed_ms = Some(clock::now_ms());
        driver.only_watches = true;
        driver
    }

    /// A trade that another tab or till is working on.
    pub(super) fn follow(till: &Rc<Till>, record: Record, options: ScanOptions) -> Self {
        let charge = Charge::follow(record, till.policy().clone(), clock::now_ms());
        let mut driver = Self::of(till, charge, options);
        driver.handed_ms = Some(clock::now_ms());
        driver.only_watches = true;
        driver
    }

    fn of(till: &Rc<Till>, charge: Charge, options: ScanOptions) -> Self {
        let (event_sender, inbox) = unbounded();
        Self {
            till: Rc::clone(till),
            charge,
            options,
            code: None,
            tasks: FuturesUnordered::new(),
            look: None,
            inbox,
            event_sender,
            failure: None,
            refused: None,
            told_version: 0,
            handed_ms: None,
            scanned: false,
            closing: false,
            only_watches: false,
            stopped: None,
        }
    }

    /// Drives the charge to its end.
    pub(super) async fn run(mut self) -> Result<Outcome, Rejection> {
        let (woke, mut wakes) = unbounded();
        let _waker = signal::Waker::new(&woke);
        self.listen();
        let mut watched = None;
        loop {
            match self.charge.next() {
                ChargeStep::Done(end) => return self.finish(end),
                ChargeStep::Wait(due) => {
                    watched = watched.or_else(|| self.watch());
                    self.tell();
                    let letter = self.inbox.select_next_some().map(TaskEnd::Heard);
                    let woken = wakes.select_next_some().map(|()| TaskEnd::Woke);
                    let due = clock::until(due).map(|()| TaskEnd::Heard(ChargeEvent::Tick));
                    let told = clock::first_of(self.tasks.select_next_some(), letter);
                    let end = clock::first_of(told, clock::first_of(woken, due)).await;
                    self.done(end);
                    if self.closing {
                        return self.leave();
                    }
                    if let Some(reason) = self.stopped.take() {
                        return Err(self.stop_watching(reason));
                    }
                }
                step @ (ChargeStep::Scan
                | ChargeStep::StopScan
                | ChargeStep::Pick
                | ChargeStep::Journal(_)
                | ChargeStep::Forget(_)
                | ChargeStep::Yield(..)
                | ChargeStep::Create(_)
                | ChargeStep::HandOver(_)
                | ChargeStep::Show(_)
                | ChargeStep::Ask(_)
                | ChargeStep::Cancel(_)
                | ChargeStep::Notice(_)) => self.act(step).await,
            }
        }
    }

    /// While this trade is on screen, no keeper checks it.
    fn watch(&self) -> Option<super::till::Watched> {
        let trade_id = self.charge.record().trade_id.clone()?;
        Some(self.till.watch(trade_id, self.event_sender.clone()))
    }

    fn listen(&mut self) {
        let caller = self.options.signal.clone();
        if caller.is_some() {
            self.tasks.push(Box::pin(async move {
                signal::aborted(caller.as_ref()).await;
                TaskEnd::Aborted
            }));
        }
        let closing = self.till.closing();
        self.tasks.push(Box::pin(async move {
            signal::aborted(closing.as_ref()).await;
            TaskEnd::Closing
        }));
    }

    fn done(&mut self, end: TaskEnd) {
        let event = match end {
            TaskEnd::Heard(event) => event,
            TaskEnd::Answered(event, why) => {
                self.refused = why.map(|why| Fail::from(*why));
                event
            }
            TaskEnd::Replied(reply) => {
                let paced = ChargeEvent::Paced(self.till.backend().pace_ms());
                self.charge.handle(paced, clock::now_ms());
                self.tell_progress(&reply);
                ChargeEvent::StatusReplied(reply)
            }
            TaskEnd::Saw(seen) => match *seen {
                Ok(scan) => {
                    let hint = hint(&scan);
                    self.keep(scan);
                    ChargeEvent::Scanned(hint)
                }
                Err(rejection) => self.give_up(rejection),
            },
            TaskEnd::Picked(Ok(Picked::Wallet(id))) => ChargeEvent::Picked(Some(id)),
            TaskEnd::Picked(Ok(Picked::Nothing)) => ChargeEvent::Picked(None),
            TaskEnd::Picked(Ok(Picked::Cancelled)) => ChargeEvent::Cancel,
            TaskEnd::Picked(Err(rejection)) => self.give_up(rejection),
            TaskEnd::Woke => ChargeEvent::Woke,
            TaskEnd::Aborted if self.only_watches => {
                self.stopped = self.options.signal.as_ref().map(abort);
                return;
            }
            TaskEnd::Aborted => {
                if self.failure.is_none() {
                    self.failure = self.options.signal.as_ref().map(abort);
                }
                ChargeEvent::Cancel
            }
            TaskEnd::Closing => {
                self.closing = true;
                return;
            }
            TaskEnd::Nothing => return,
        };
        self.charge.handle(event, clock::now_ms());
    }

    /// Keeps the code for the hand-over. No other sale gets it while it stays in the picture.
    fn keep(&mut self, scan: Scan) {
        self.till.eye().used(&scan, self.reference());
        self.code = Some(scan);
    }

    fn reference(&self) -> &str {
        &self.charge.record().sale.reference
    }

    fn give_up(&mut self, rejection: Rejection) -> ChargeEvent {
        self.failure = Some(rejection);
        ChargeEvent::Cancel
    }

    async fn act(&mut self, step: ChargeStep) {
        match step {
            ChargeStep::Scan => self.look(),
            ChargeStep::StopScan => {
                if let Some(look) = self.look.take() {
                    look.abort();
                }
            }
            ChargeStep::Pick => self.pick(),
            ChargeStep::Journal(record) => {
                self.till.journal(&record).await;
                self.charge.handle(ChargeEvent::Journalled, clock::now_ms());
            }
            ChargeStep::Forget(key) => self.till.forget(&key).await,
            ChargeStep::Yield(key, other) => self.till.give_way(&key, &other).await,
            ChargeStep::Create(trade) => self.post(Post::Create(Box::new(trade))),
            ChargeStep::HandOver(trade_id) => self.hand_over(trade_id),
            ChargeStep::Show(show) => self.show(&show),
            ChargeStep::Ask(trade_id) => {
                let till = Rc::clone(&self.till);
                let sale = self.charge.record().sale.clone();
                self.tasks.push(Box::pin(async move {
                    let reply = till.backend().trade(&trade_id, Some(&sale)).await;
                    TaskEnd::Replied(reply.map_err(|trouble| trouble.fault()))
                }));
            }
            ChargeStep::Cancel(trade_id) => self.cancel(trade_id),
            ChargeStep::Notice(code) => {
                let fail = Fail::new(code.into());
                let trade_id = self.charge.record().trade_id.clone();
                self.till.announcer().warning(&match trade_id {
                    Some(trade_id) => fail.about(&trade_id),
                    None => fail,
                });
            }
            ChargeStep::Wait(_) | ChargeStep::Done(_) => unreachable!("run() takes these"),
        }
    }
}

/// A call whose answer is an event.
enum Post {
    /// Creates this trade.
    Create(Box<NewTrade>),
    /// Hands the code over to the trade with this id.
    HandOver(String, String),
}

/// What a code says about its wallet.
fn hint(scan: &Scan) -> Hint {
    Hint {
        wallet: scan.wallet.as_ref().map(|wallet| wallet.wallet_id.clone()),
        official: scan.info.confidence == Confidence::Official,
    }
}

fn abort(signal: &web_sys::AbortSignal) -> Rejection {
    Rejection::Thrown(signal::reason(signal))
}
