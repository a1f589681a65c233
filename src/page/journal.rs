//! Open attempts survive a reload: IndexedDB, with strict durability, one row per attempt.
//!
//! A row holds no code and no token. It is written before the creation leaves and again before the code does;
//! [`Journal::put`] returns when the browser says that the row is on the disk. Rows of another shop or terminal
//! on the same origin are left alone.

use std::cell::RefCell;

use futures_channel::oneshot;
use js_sys::{Array, Object, Reflect};
use kaunter_core::till::Record;
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use web_sys::{
    IdbDatabase, IdbObjectStoreParameters, IdbOpenDbRequest, IdbRequest, IdbTransaction,
};

use super::signal::Listener;
use crate::types::read::from_js;
use crate::types::to_js;

const NAME: &str = "kaunter";
const VERSION: u32 = 1;
const STORE: &str = "attempts";

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
}

impl Journal {
    /// Opens it for one terminal: `scope` is the same after a reload, and another terminal's differs.
    ///
    /// # Errors
    /// What the browser threw: it has no IndexedDB here, or one of a newer version.
    pub async fn open(scope: &str) -> Result<Self, JsValue> {
        let database = open().await?;
        Ok(Self {
            scope: scope.to_owned(),
            database: RefCell::new(Some(database)),
        })
    }

    /// Stores a record; returns when it is durable.
    ///
    /// # Errors
    /// What the browser threw: the disk is full, or the database is gone.
    pub async fn put(&self, record: &Record) -> Result<(), JsValue> {
        let row = to_js(&Row {
            key: record.key.clone(),
            scope: self.scope.clone(),
            record: record.clone(),
        });
        self.write(|store| store.put(&row)).await
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
        let transaction = self.begin("readonly").await?;
        let request = transaction.object_store(STORE)?.get_all()?;
        let rows = answer(&request).await?;
        Ok(Array::from(&rows)
            .iter()
            .filter_map(|row| from_js::<Row>(row).ok())
            .filter(|row| row.scope == self.scope)
            .map(|row| row.record)
            .collect())
    }

    async fn write(
        &self,
        act: impl FnOnce(&web_sys::IdbObjectStore) -> Result<IdbRequest, JsValue>,
    ) -> Result<(), JsValue> {
        let transaction = self.begin("readwrite").await?;
        act(&transaction.object_store(STORE)?)?;
        complete(&transaction).await
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
