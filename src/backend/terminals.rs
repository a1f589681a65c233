//! Which tokens are valid for a terminal, and which device acts for it. `kaunter_core::terminal` has the rules; this
//! reads and writes the rows for them.
//!
//! A row that was read is kept, because each call asks for it: as long as this process is the only one on the store, and
//! for at most two seconds otherwise. Minting reads it anew.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use std::time::Instant;

use kaunter_core::policy::{Ms, Policy};
use kaunter_core::terminal::{
    self, ActingDevice, DeviceRole, GENERATION_MAX_AGE_MS, ReadGeneration,
};

use crate::calls::caller::Caller;
use crate::clock::{Clock, wall_ms};
use crate::error::Problem;
use crate::limits::{MEMORY_DOUBT, MEMORY_LIFE};
use crate::store::{self, Store, TerminalRow};
use crate::token::Claims;
use crate::trail::{self, Actor, AuditEntry};

/// The terminals of this process's shop.
pub(crate) struct Terminals {
    store: Store,
    shop: String,
    clock: Clock,
    policy: Policy,
    known: Mutex<HashMap<String, KeptTerminal>>,
}

/// What is known of a terminal.
#[derive(Default)]
struct KeptTerminal {
    known: Option<Known>,
    /// Own changes that are under way, and how many began or ended. A read that overlaps one may show the row of before.
    writers: u32,
    writes: u64,
    /// Until then, a change may still be stored whose result never came.
    doubt_until: Option<Instant>,
}

/// A row, and when its read began.
#[derive(Clone)]
struct Known {
    row: TerminalRow,
    at: Instant,
    wall_ms: Ms,
    /// The time of being the only process in which it was read; 0 if others may have changed it since.
    epoch: u64,
    used: Instant,
}

impl Known {
    /// By both clocks: the monotonic one stops while the host sleeps, and the wall clock may be set.
    fn age_ms(&self, epoch: u64) -> Ms {
        if epoch != 0 && self.epoch == epoch {
            return 0;
        }
        let own = Ms::try_from(self.at.elapsed().as_millis()).unwrap_or(Ms::MAX);
        own.max(wall_ms().abs_diff(self.wall_ms))
    }
}

/// An own change of a terminal's row.
struct TerminalWriting<'a> {
    terminals: &'a Terminals,
    name: &'a str,
    began: u64,
    is_sure: bool,
}

impl TerminalWriting<'_> {
    /// The row is stored.
    fn done(mut self) {
        self.is_sure = true;
    }

    /// The row is stored, and this is what it is now, unless another change overlapped this one.
    fn heard(mut self, row: TerminalRow, known: Known) {
        self.is_sure = true;
        let mut terminals = self.terminals.lock();
        let entry = terminals.entry(self.name.to_owned()).or_default();
        if entry.writes == self.began && entry.writers == 1 {
            entry.known = Some(Known { row, ..known });
        }
    }
}

impl Drop for TerminalWriting<'_> {
    fn drop(&mut self) {
        let mut terminals = self.terminals.lock();
        let entry = terminals.entry(self.name.to_owned()).or_default();
        entry.writers = entry.writers.saturating_sub(1);
        entry.writes += 1;
        if !self.is_sure {
            entry.known = None;
            entry.doubt_until = Some(Instant::now() + MEMORY_DOUBT);
        }
    }
}

impl Terminals {
    pub(crate) fn new(store: Store, shop: String, clock: Clock, policy: Policy) -> Self {
        Self {
            store,
            shop,
            clock,
            policy,
            known: Mutex::default(),
        }
    }

    /// Turns a caller whose token was revoked into a stranger, and hears the device of any other terminal.
    pub(crate) async fn admit(&self, caller: Caller, device: Option<&str>) -> Caller {
        let Caller::Terminal(claims) = caller else {
            return caller;
        };
        match self.check(&claims).await {
            Ok(row) => {
                self.hear(&claims.terminal, &row, device).await;
                Caller::Terminal(claims)
            }
            Err(problem) => Caller::Stranger(problem),
        }
    }

    /// Refuses a token that was revoked, or about which the store says nothing.
    pub(crate) async fn check(&self, claims: &Claims) -> Result<TerminalRow, Problem> {
        let token = claims.generation;
        if let Some(known) = self.known(&claims.terminal) {
            let read = ReadGeneration {
                generation: known.row.generation,
                age_ms: known.age_ms(self.store.epoch()),
            };
            if terminal::decides(read, token) {
                terminal::check_generation(token, Some(read.generation))?;
                return Ok(known.row);
            }
        }
        let row = self.read(&claims.terminal).await;
        let generation = row.as_ref().ok().map(|row| row.generation);
        terminal::check_generation(token, generation)?;
        row
    }

    /// The generation for a new token. It is never one that was read before.
    pub(crate) async fn fresh_generation(&self, terminal: &str) -> Result<u64, Problem> {
        Ok(self.read(terminal).await?.generation)
    }

    /// The role of a device, by a row that is at most two seconds old.
    pub(crate) async fn role(
        &self,
        terminal: &str,
        device: Option<&str>,
    ) -> Result<DeviceRole, Problem> {
        let known = self.known(terminal);
        let epoch = self.store.epoch();
        let young = known.filter(|known| known.age_ms(epoch) < GENERATION_MAX_AGE_MS);
        let row = match young {
            Some(known) => known.row,
            None => self.read(terminal).await?,
        };
        Ok(self.role_in(&row, device))
    }

    fn role_in(&self, row: &TerminalRow, device: Option<&str>) -> DeviceRole {
        let now = self.clock.now_ms();
        terminal::role(row.acting.as_ref(), device, now, &self.policy)
    }

    /// Refuses a change by a device that only watches. A device that may act acts from now on.
    pub(crate) async fn act(&self, claims: &Claims, device: Option<&str>) -> Result<(), Problem> {
        let name = &claims.terminal;
        if self.role(name, device).await? == DeviceRole::Acts {
            return Ok(());
        }
        let Some(device) = device else {
            let row = self.read(name).await?;
            return Ok(terminal::check_device(self.role_in(&row, None))?);
        };
        let mut change = self.store.begin().await?;
        let mut row = store::take_terminal(&mut change, &self.shop, name).await?;
        terminal::check_device(self.role_in(&row, Some(device)))?;
        let before = row.acting.replace(self.heard_now(device));
        // The first device of a name is no news. One that follows another is.
        let replaces = before.is_some_and(|before| before.device != device);
        let entry = replaces.then(|| entry(claims.who(), trail::DEVICE_CHANGED, String::new()));
        self.write(change, name, row, entry).await
    }

    /// Makes this device act at once: a person has said so, with a reason.
    pub(crate) async fn take_over(
        &self,
        claims: &Claims,
        device: &str,
        reason: String,
    ) -> Result<(), Problem> {
        let name = &claims.terminal;
        let mut change = self.store.begin().await?;
        let mut row = store::take_terminal(&mut change, &self.shop, name).await?;
        row.acting = Some(self.heard_now(device));
        let entry = entry(claims.who(), trail::TAKEN_OVER, reason);
        self.write(change, name, row, Some(entry)).await
    }

    /// Ends every token of the terminal, and frees its name for another device. Returns the new generation.
    pub(crate) async fn revoke(
        &self,
        name: &str,
        who: Actor,
        event: &'static str,
    ) -> Result<u64, Problem> {
        let mut change = self.store.begin().await?;
        let mut row = store::take_terminal(&mut change, &self.shop, name).await?;
        row.generation += 1;
        row.acting = None;
        let generation = row.generation;
        let entry = entry(who, event, String::new());
        self.write(change, name, row, Some(entry)).await?;
        tracing::info!(generation, event, "the tokens of a terminal were revoked");
        Ok(generation)
    }

    /// Forgets what is too old to decide anything, and terminals that nobody uses.
    pub(crate) fn forget_old(&self) {
        let epoch = self.store.epoch();
        let is_kept = |known: &Known| {
            known.age_ms(epoch) < GENERATION_MAX_AGE_MS && known.used.elapsed() < MEMORY_LIFE
        };
        self.lock().retain(|_, entry| {
            let is_doubted = entry
                .doubt_until
                .is_some_and(|until| Instant::now() < until);
            entry.writers > 0 || is_doubted || entry.known.as_ref().is_some_and(is_kept)
        });
    }

    /// Begins an own change of the row.
    fn writing<'a>(&'a self, name: &'a str) -> TerminalWriting<'a> {
        let mut known = self.lock();
        let entry = known.entry(name.to_owned()).or_default();
        entry.writers += 1;
        entry.writes += 1;
        TerminalWriting {
            terminals: self,
            name,
            began: entry.writes,
            is_sure: false,
        }
    }

    fn heard_now(&self, device: &str) -> ActingDevice {
        ActingDevice {
            device: device.to_owned(),
            heard_ms: self.clock.now_ms(),
        }
    }

    /// Stores that the acting device was heard, once per heartbeat. No call fails because of it.
    async fn hear(&self, name: &str, row: &TerminalRow, device: Option<&str>) {
        let acting = row.acting.as_ref();
        let Some(acting) = acting.filter(|acting| device == Some(&acting.device)) else {
            return;
        };
        let now = self.clock.now_ms();
        if !terminal::hears_again(acting, now, &self.policy) {
            return;
        }
        let known = self.known(name);
        let writing = self.writing(name);
        let heard = self
            .store
            .hear_device(&self.shop, name, &acting.device, now)
            .await;
        match (heard, known) {
            (Ok(true), Some(known)) if known.row == *row => {
                let heard = ActingDevice {
                    heard_ms: now,
                    ..acting.clone()
                };
                let row = TerminalRow {
                    acting: Some(heard),
                    ..row.clone()
                };
                writing.heard(row, known);
            }
            (Ok(_), _) => {
                self.forget(name);
                writing.done();
            }
            (Err(error), _) => {
                tracing::warn!(%error, "it could not be stored that a device was heard: its next call tries again");
            }
        }
    }

    async fn write(
        &self,
        mut change: store::Change,
        name: &str,
        row: TerminalRow,
        entry: Option<AuditEntry>,
    ) -> Result<(), Problem> {
        let now = self.clock.now_ms();
        let writing = self.writing(name);
        store::set_terminal(&mut change, (&self.shop, name), &row, entry, now).await?;
        change.commit().await?;
        // What is known of the row may be older than this change. The next call reads it.
        self.forget(name);
        writing.done();
        Ok(())
    }

    fn forget(&self, name: &str) {
        if let Some(entry) = self.lock().get_mut(name) {
            entry.known = None;
        }
    }

    async fn read(&self, name: &str) -> Result<TerminalRow, Problem> {
        let (at, wall_ms, epoch) = (Instant::now(), wall_ms(), self.store.epoch());
        let writes = |entry: &KeptTerminal| (entry.writes, entry.writers);
        let before = self.lock().get(name).map(writes).unwrap_or_default();
        let row = self.store.terminal(&self.shop, name).await?;
        let mut known = self.lock();
        let entry = known.entry(name.to_owned()).or_default();
        let is_doubted = entry
            .doubt_until
            .is_some_and(|until| Instant::now() < until);
        let is_sure = writes(entry) == before && entry.writers == 0 && !is_doubted;
        if entry.known.as_ref().is_none_or(|known| known.at <= at) {
            entry.known = Some(Known {
                row: row.clone(),
                at,
                wall_ms,
                epoch: if is_sure { epoch } else { 0 },
                used: Instant::now(),
            });
        }
        Ok(row)
    }

    fn known(&self, name: &str) -> Option<Known> {
        let mut known = self.lock();
        let known = known.get_mut(name)?.known.as_mut()?;
        known.used = Instant::now();
        Some(known.clone())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, KeptTerminal>> {
        self.known.lock().expect("nobody panics while holding it")
    }
}

fn entry(who: Actor, event: &'static str, note: String) -> AuditEntry {
    AuditEntry {
        note,
        ..AuditEntry::new(who, event)
    }
}
