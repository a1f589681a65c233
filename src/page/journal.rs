//! Keeps open trades across a reload: IndexedDB with strict durability, one row per trade.
//!
//! A row holds no code and no token. It is written before the creation is sent, again before the code is, and before a
//! cancel, a void or a verdict. [`Journal::put`] returns when the browser reports that the row is on the disk. Rows of
//! another shop or terminal on the same origin are left alone.
//!
//! A browser that stores nothing, or does not answer, causes an error here but stops no payment. The till warns and
//! goes on, because the backend stores each trade before it acts.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;

use js_sys::futures::JsFuture;
use js_sys::{Array, Promise, Reflect};
use kaunter_core::policy::Ms;
use kaunter_core::till::{OldRecord, Record};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use web_sys::IdbDatabase;

use super::{browser, clock};
use crate::types::read::from_js;
use crate::types::to_js;

const NAME: &str = "kaunter";
const VERSION: u32 = 1;
/// Stored data keeps the old name of a trade.
const STORE: &str = "attempts";
/// The maximum wait for a row: it takes milliseconds, or seconds on the cold disk of a busy tablet. Once a browser was
/// slower than this (a disk that hangs, a database process that died), the shorter wait below applies.
const LONGEST_MS: Ms = 5_000;
/// The maximum wait for a browser that did not answer, until it has answered once. A customer must not wait long twice.
const SILENT_MS: Ms = 250;
/// Marks an unreadable row that was reported to the page.
const TOLD: &str = "told";

/// A row. `scope` is its shop and terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Row {
    key: String,
    scope: String,
    record: Record,
}

/// A row with the names of an earlier version.
#[derive(Deserialize)]
struct OldRow {
    key: String,
    scope: String,
    record: OldRecord,
}

/// The row of this device. Its empty scope is no terminal's, so that no version takes it for a trade.
#[derive(Serialize, Deserialize)]
struct DeviceRow {
    key: String,
    scope: String,
    device: String,
}

/// Parses a row of this version, or of an earlier one; `None` if it is neither.
fn read(row: &JsValue) -> Option<Row> {
    let old = || {
        let old: OldRow = from_js(row.clone()).ok()?;
        Some(Row {
            key: old.key,
            scope: old.scope,
            record: old.record.renamed()?,
        })
    };
    // Every trade has an amount, so a record that has a trade's id has one, too.
    let is_whole = |row: &Row| row.record.trade_id.is_none() || row.record.sale.amount.is_some();
    let row = from_js(row.clone()).ok().or_else(old);
    row.filter(is_whole)
}

/// The journal of one terminal.
#[derive(Debug)]
pub struct Journal {
    scope: String,
    database: RefCell<Option<IdbDatabase>>,
    hung: Cell<bool>,
    persisted: Cell<bool>,
}

impl Journal {
    /// Opens the database, for no terminal yet.
    ///
    /// # Errors
    /// What the browser threw: it has no IndexedDB here, or one of a newer version; or it did not answer.
    pub async fn open() -> Result<Self, JsValue> {
        let hung = Cell::new(false);
        let database = in_time(&hung, Box::pin(async { open().await.map(JsValue::from) })).await?;
        Ok(Self {
            scope: String::new(),
            database: RefCell::new(Some(database.unchecked_into())),
            hung,
            persisted: Cell::new(false),
        })
    }

    /// The journal of one terminal. `scope` is the same after a reload, and differs between terminals.
    #[must_use]
    pub fn of(mut self, scope: &str) -> Self {
        scope.clone_into(&mut self.scope);
        self
    }

    /// The identity that this browser has stored; stores `fresh` if it has none. `None` if the database failed.
    pub async fn claim_device(&self, fresh: &str) -> Option<String> {
        let row = to_js(&DeviceRow {
            key: "device".to_owned(),
            scope: String::new(),
            device: fresh.to_owned(),
        });
        let claim = |database: &IdbDatabase| Ok(browser::claim(database, STORE, &row));
        let stored = self.done(&claim).await.ok()?;
        let stored: DeviceRow = from_js(stored).ok()?;
        Some(stored.device)
    }

    /// Stores a record; returns when it is durable.
    ///
    /// # Errors
    /// What the browser threw: the disk is full, or the database is gone.
    pub async fn put(&self, record: &Record) -> Result<(), JsValue> {
        if !self.persisted.replace(true) {
            // Runs after a tap of the cashier, which some browsers require. Not awaited: Firefox prompts its user. If
            // it is refused, the backend's list still has the trade.
            browser::persist();
        }
        self.write(None, &self.row(record)).await
    }

    /// Removes one record and stores another, in one transaction.
    ///
    /// # Errors
    /// What the browser threw.
    pub async fn swap(&self, key: &str, record: &Record) -> Result<(), JsValue> {
        self.write(Some(key), &self.row(record)).await
    }

    /// Removes a record.
    ///
    /// # Errors
    /// What the browser threw.
    pub async fn forget(&self, key: &str) -> Result<(), JsValue> {
        self.write(Some(key), &JsValue::UNDEFINED).await
    }

    /// Every record of this terminal. A row that can't be read is left for the version that wrote it.
    ///
    /// # Errors
    /// What the browser threw.
    pub async fn all(&self) -> Result<Vec<Record>, JsValue> {
        let rows = self.rows().await?;
        let own = rows
            .iter()
            .filter_map(read)
            .filter(|row| row.scope == self.scope);
        Ok(own.map(|row| row.record).collect())
    }

    /// How many rows of this terminal, or without a terminal, can't be read and are not marked yet. They stay, marked:
    /// a newer version of this page may read them, and a developer can look at them.
    ///
    /// # Errors
    /// What the browser threw.
    pub async fn unreadable(&self) -> Result<usize, JsValue> {
        let rows = self.rows().await?;
        let new: Vec<_> = rows.into_iter().filter(|row| self.is_news(row)).collect();
        for row in &new {
            Reflect::set(row, &TOLD.into(), &JsValue::TRUE)?;
            self.write(None, row).await?;
        }
        Ok(new.len())
    }

    fn is_news(&self, row: &JsValue) -> bool {
        let field = |name: &str| Reflect::get(row, &name.into()).unwrap_or_default();
        let foreign = field("scope")
            .as_string()
            .is_some_and(|scope| scope != self.scope);
        let readable = read(row).is_some();
        !foreign && !readable && field(TOLD).is_falsy()
    }

    fn row(&self, record: &Record) -> JsValue {
        to_js(&Row {
            key: record.key.clone(),
            scope: self.scope.clone(),
            record: record.clone(),
        })
    }

    async fn rows(&self) -> Result<Vec<JsValue>, JsValue> {
        let rows = self
            .done(&|database| browser::rows(database, STORE))
            .await?;
        Ok(Array::from(&rows).iter().collect())
    }

    async fn write(&self, gone: Option<&str>, row: &JsValue) -> Result<(), JsValue> {
        self.done(&|database| browser::write(database, STORE, gone, row))
            .await
            .map(drop)
    }

    /// Works on the database, with a timeout. Reopens a connection that the browser has closed.
    async fn done(
        &self,
        act: &dyn Fn(&IdbDatabase) -> Result<Promise, JsValue>,
    ) -> Result<JsValue, JsValue> {
        let work = Box::pin(async {
            let known = self.database.borrow().clone();
            let begun = known.and_then(|database| act(&database).ok());
            let begun = match begun {
                Some(begun) => begun,
                None => {
                    let database = open().await?;
                    let begun = act(&database);
                    self.database.replace(Some(database));
                    begun?
                }
            };
            JsFuture::from(begun).await
        });
        in_time(&self.hung, work).await
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        if let Some(database) = self.database.borrow_mut().take() {
            database.close();
        }
    }
}

/// Awaits the browser, with a timeout that is shorter after it did not answer.
async fn in_time(
    hung: &Cell<bool>,
    work: Pin<Box<dyn Future<Output = Result<JsValue, JsValue>> + '_>>,
) -> Result<JsValue, JsValue> {
    let longest_ms = if hung.get() { SILENT_MS } else { LONGEST_MS };
    let done = clock::within(longest_ms, work).await;
    hung.set(done.is_none());
    done.unwrap_or_else(|| Err(JsValue::from_str("the database does not answer")))
}

async fn open() -> Result<IdbDatabase, JsValue> {
    let opened = browser::open_database(NAME, VERSION, STORE);
    JsFuture::from(opened).await?.dyn_into()
}
