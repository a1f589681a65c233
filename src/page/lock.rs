//! One owner per sale across the tabs of a browser: Web Locks. A killed tab's lock is free at once.
//!
//! web-sys has them only behind an unstable flag; this is all that is needed of them.

use std::cell::RefCell;
use std::rc::Rc;

use futures_channel::oneshot;
use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    type Locks;

    #[wasm_bindgen(method, catch)]
    fn request(
        this: &Locks,
        name: &str,
        options: &JsValue,
        held: &JsValue,
    ) -> Result<Promise, JsValue>;
}

/// What came of asking for a lock.
#[derive(Debug)]
pub enum Asked {
    /// It is ours until dropped.
    Ours(Lock),
    /// Another tab, or another charge of this one, holds it.
    Taken,
}

/// A lock of ours; dropped, it is free soon.
#[derive(Debug)]
pub struct Lock {
    release: Option<Function>,
    freed: Option<oneshot::Receiver<()>>,
}

impl Lock {
    fn none() -> Self {
        Self {
            release: None,
            freed: None,
        }
    }

    /// Lets go, and waits until the browser says so: who asks next finds it free.
    pub async fn free(mut self) {
        let freed = self.freed.take();
        drop(self);
        if let Some(freed) = freed {
            let _ = freed.await;
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some(release) = &self.release {
            let _ = release.call0(&JsValue::UNDEFINED);
        }
    }
}

/// Asks for a lock without waiting for it. A browser that has no locks gives every one: the backend stands behind them.
pub async fn ask(name: &str) -> Asked {
    let Some(locks) = locks() else {
        return Asked::Ours(Lock::none());
    };
    let (tell_freed, freed) = oneshot::channel::<()>();
    let (send, receive) = oneshot::channel();
    let send = Rc::new(RefCell::new(Some(send)));
    let told = Rc::clone(&send);
    let held = Closure::once_into_js(move |lock: JsValue| -> JsValue {
        let tell = |asked| {
            if let Some(send) = told.borrow_mut().take() {
                // Nobody waits any more: the lock is dropped here, and free.
                let _ = send.send(asked);
            }
        };
        if lock.is_null() || lock.is_undefined() {
            tell(Asked::Taken);
            return JsValue::UNDEFINED;
        }
        let mut release = None;
        let kept = Promise::new(&mut |resolve, _| release = Some(resolve));
        tell(Asked::Ours(Lock {
            release,
            freed: Some(freed),
        }));
        kept.into()
    });
    let options = Object::new();
    let _ = Reflect::set(&options, &"ifAvailable".into(), &JsValue::TRUE);
    let request = locks.request(name, &options, &held);
    if let Ok(promise) = request {
        // A refusal (a page without an origin) ends the wait below; the browser has no locks then.
        crate::page::spawn(async move {
            if js_sys::futures::JsFuture::from(promise).await.is_err() {
                send.borrow_mut().take();
            }
            let _ = tell_freed.send(());
        });
    } else {
        send.borrow_mut().take();
    }
    receive.await.unwrap_or(Asked::Ours(Lock::none()))
}

fn locks() -> Option<Locks> {
    let navigator: JsValue = web_sys::window()?.navigator().into();
    let locks = Reflect::get(&navigator, &"locks".into()).ok()?;
    locks.is_object().then(|| locks.unchecked_into())
}
