//! Open attempts survive a reload: IndexedDB, with strict durability, one row per attempt.
//!
//! A row holds no code and no token. It is written before the creation leaves, again before the code does, and before a
//! cancel, a void or a verdict; [`Journal::put`] returns when the browser says that the row is on the disk. Rows of
//! another shop or terminal on the same origin are left alone.
//!
//! A browser that keeps nothing, or does not answer, is an error here and no stop for the money: the till says so and
//! goes on, for the backend stores before it acts.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::pin;

use futures_channel::oneshot;
use futures_util::future::{Either, select};
use js_sys::futures::JsFuture;
use js_sys::{Array, Function, Object, Promise, Reflect};
use kaunter_core::policy::Ms;
use kaunter_core::till::Record;
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use web_sys::{
    IdbDatabase, IdbObjectStoreParameters, IdbOpenDbRequest, IdbRequest, IdbTransaction,
};

use super::clock;
use super::signal::Listener;
use crate::types::read::from_js;
use crate::types::to_js;

const NAME: &str = "kaunter";
const VERSION: u32 = 1;
const STORE: &str = "attempts";
/// A row is on the disk within milliseconds, on a busy tablet's cold disk within seconds. A browser that has not answered
/// by then (a disk that hangs, a database process that died) is not waited for so long again.
const LONGEST_MS: Ms = 5_000;
/// How long a browser that was silent is waited for until it has answered once: no customer waits long for it twice.
const SILENT_MS: Ms = 250;
/// On a row that can't be read: somebody was told.
const TOLD: &str = "told";

#[wasm_bindgen]
extern "C" {
    /// A database whose transactions take options: web-sys has those only behind an unstable flag.
    type Database;

    #[wasm_bindgen(method, catch)]
    fn transaction(
        this: &Database,
        store: &str,
        mode: &str,
        options: &JsValue,
    ) -> Result<IdbTransaction, JsValue>;
}

/// A row. `scope` says whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Row {
    key: String,
    scope: String,
    record: Record,
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
    /// Opens it for one terminal: `scope` is the same after a reload, and another terminal's differs.
    ///
    /// # Errors
    /// What the browser threw: it has no IndexedDB here, or one of a newer version; or it did not answer.
    pub async fn open(scope: &str) -> Result<Self, JsValue> {
        let hung = Cell::new(false);
        let database = in_time(&hung, open()).await?;
        Ok(Self {
            scope: scope.to_owned(),
            database: RefCell::new(Some(database)),
            hung,
            persisted: Cell::new(false),
        })
    }

    /// Stores a record; returns when it is durable.
    ///
    /// # Errors
    /// What the browser threw: the disk is full, or the database is gone.
    pub async fn put(&self, record: &Record) -> Result<(), JsValue> {
        if !self.persisted.replace(true) {
            persist();
        }
        let row = self.row(record);
        self.write(|store| store.put(&row)).await
    }

    /// Removes one record and stores another, both or neither.
    ///
    /// # Errors
    /// What the browser threw.
    pub async fn swap(&self, key: &str, record: &Record) -> Result<(), JsValue> {
        let (key, row) = (JsValue::from_str(key), self.row(record));
        self.write(|store| store.delete(&key).and_then(|_| store.put(&row)))
            .await
    }

    /// Removes a record.
    ///
    /// # Errors
    /// What the browser threw.
    pub async fn forget(&self, key: &str) -> Result<(), JsValue> {
        let key = JsValue::from_str(key);
        self.write(|store| store.delete(&key)).await
    }

    /// Every record of this terminal. A row that can't be read is left for the version that wrote it.
    ///
    /// # Errors
    /// What the browser threw.
    pub async fn all(&self) -> Result<Vec<Record>, JsValue> {
        let rows = self.rows().await?;
        let own = rows
            .iter()
            .filter_map(|row| from_js::<Row>(row.clone()).ok())
            .filter(|row| row.scope == self.scope);
        Ok(own.map(|row| row.record).collect())
    }

    /// How many rows, of this terminal or of nobody, can't be read and were not told of before. They stay, marked as
    /// told: for a newer version of this page, or for whoever looks into the browser.
    ///
    /// # Errors
    /// What the browser threw.
    pub async fn unreadable(&self) -> Result<usize, JsValue> {
        let rows = self.rows().await?;
        let new: Vec<_> = rows.into_iter().filter(|row| self.is_news(row)).collect();
        for row in &new {
            Reflect::set(row, &TOLD.into(), &JsValue::TRUE)?;
            self.write(|store| store.put(row)).await?;
        }
        Ok(new.len())
    }

    fn is_news(&self, row: &JsValue) -> bool {
        let field = |name: &str| Reflect::get(row, &name.into()).unwrap_or_default();
        let foreign = field("scope")
            .as_string()
            .is_some_and(|scope| scope != self.scope);
        let readable = from_js::<Row>(row.clone()).is_ok();
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
        let read = async {
            let transaction = self.begin("readonly").await?;
            let request = transaction.object_store(STORE)?.get_all()?;
            answer(&request).await
        };
        let rows = in_time(&self.hung, read).await?;
        Ok(Array::from(&rows).iter().collect())
    }

    async fn write(
        &self,
        act: impl FnOnce(&web_sys::IdbObjectStore) -> Result<IdbRequest, JsValue>,
    ) -> Result<(), JsValue> {
        let write = async {
            let transaction = self.begin("readwrite").await?;
            act(&transaction.object_store(STORE)?)?;
            complete(&transaction).await
        };
        in_time(&self.hung, write).await
    }

    /// A transaction; a connection that the browser has closed is opened once more.
    async fn begin(&self, mode: &str) -> Result<IdbTransaction, JsValue> {
        let known = self.database.borrow().clone();
        if let Some(transaction) = known.and_then(|database| begin(&database, mode).ok()) {
            return Ok(transaction);
        }
        let database = open().await?;
        self.database.replace(Some(database.clone()));
        begin(&database, mode)
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        if let Some(database) = self.database.borrow_mut().take() {
            database.close();
        }
    }
}

fn begin(database: &IdbDatabase, mode: &str) -> Result<IdbTransaction, JsValue> {
    let options = Object::new();
    Reflect::set(&options, &"durability".into(), &"strict".into())?;
    database
        .unchecked_ref::<Database>()
        .transaction(STORE, mode, &options)
}

/// What the browser does, unless it takes too long, or did before.
async fn in_time<T>(
    hung: &Cell<bool>,
    deed: impl Future<Output = Result<T, JsValue>>,
) -> Result<T, JsValue> {
    let longest_ms = if hung.get() { SILENT_MS } else { LONGEST_MS };
    match select(pin!(deed), pin!(clock::sleep(longest_ms))).await {
        Either::Left((done, _)) => {
            hung.set(false);
            done
        }
        Either::Right(((), _)) => {
            hung.set(true);
            Err(JsValue::from_str("the database does not answer"))
        }
    }
}

/// Asks the browser to keep this origin's storage when space is short. Asked before the first record of a page, which a
/// tap of the cashier caused, and not waited for: Firefox asks its user. Refused, the backend's list is the second memory.
fn persist() {
    let ask = || -> Result<Promise, JsValue> {
        let navigator: JsValue = web_sys::window().ok_or(JsValue::NULL)?.navigator().into();
        let storage = Reflect::get(&navigator, &"storage".into())?;
        let persist: Function = Reflect::get(&storage, &"persist".into())?.dyn_into()?;
        persist.call0(&storage)?.dyn_into()
    };
    if let Ok(asked) = ask() {
        crate::page::spawn(async move {
            let _ = JsFuture::from(asked).await;
        });
    }
}

async fn open() -> Result<IdbDatabase, JsValue> {
    let window = web_sys::window().ok_or_else(|| JsValue::from_str("no window"))?;
    let factory = window
        .indexed_db()?
        .ok_or_else(|| JsValue::from_str("no IndexedDB"))?;
    let request: IdbOpenDbRequest = factory.open_with_u32(NAME, VERSION)?;
    let fresh = request.clone();
    let _upgrade = Listener::new(&request, "upgradeneeded", move |_| {
        // A store that is there already is what we wanted.
        let _ = make_store(&fresh);
    });
    let database: IdbDatabase = answer(&request).await?.dyn_into()?;
    let closing = database.clone();
    // A newer version in another tab must not wait for us.
    let close = Closure::<dyn FnMut()>::new(move || closing.close());
    database.set_onversionchange(Some(close.as_ref().unchecked_ref()));
    close.forget();
    Ok(database)
}

fn make_store(request: &IdbOpenDbRequest) -> Result<(), JsValue> {
    let database: IdbDatabase = request.result()?.dyn_into()?;
    let parameters = IdbObjectStoreParameters::new();
    parameters.set_key_path(&"key".into());
    database.create_object_store_with_optional_parameters(STORE, &parameters)?;
    Ok(())
}

/// Waits for a request's answer.
async fn answer(request: &IdbRequest) -> Result<JsValue, JsValue> {
    wait(request, "success", &["error", "blocked"])
        .await
        .map_err(|event| request.error().ok().flatten().map_or(event, JsValue::from))?;
    request.result()
}

/// Waits until the transaction is on the disk: `complete`, not a request's `success`.
async fn complete(transaction: &IdbTransaction) -> Result<(), JsValue> {
    wait(transaction, "complete", &["error", "abort"])
        .await
        .map_err(|event| transaction.error().map_or(event, JsValue::from))
}

async fn wait(
    target: &web_sys::EventTarget,
    good: &'static str,
    bad: &[&'static str],
) -> Result<(), JsValue> {
    let (send, receive) = oneshot::channel();
    let send = std::rc::Rc::new(RefCell::new(Some(send)));
    let tell = |result: fn(JsValue) -> Result<(), JsValue>| {
        let send = std::rc::Rc::clone(&send);
        move |event: JsValue| {
            if let Some(send) = send.borrow_mut().take() {
                let _ = send.send(result(event));
            }
        }
    };
    let _good = Listener::new(target, good, tell(|_| Ok(())));
    let _bad: Vec<_> = bad
        .iter()
        .map(|name| Listener::new(target, name, tell(Err)))
        .collect();
    receive
        .await
        .unwrap_or_else(|_| Err(JsValue::from_str("the database went away")))
}
