//! Waking up: listeners that go away when dropped, and the two things that make a page ask at once.

use futures_channel::mpsc::UnboundedSender;
use futures_channel::oneshot;
use wasm_bindgen::prelude::*;
use web_sys::{AbortSignal, EventTarget};

use super::browser;

/// A listener; dropped, it listens no more.
#[derive(Debug)]
pub struct Listener {
    target: EventTarget,
    name: &'static str,
    hear: Closure<dyn FnMut(JsValue)>,
}

impl Listener {
    /// Listens to `name` on `target`.
    pub fn new(
        target: &EventTarget,
        name: &'static str,
        hear: impl FnMut(JsValue) + 'static,
    ) -> Self {
        let hear = Closure::<dyn FnMut(JsValue)>::new(hear);
        // Refused only where `target` is no event target, and its type says that it is one.
        let _ = target.add_event_listener_with_callback(name, hear.as_ref().unchecked_ref());
        Self {
            target: target.clone(),
            name,
            hear,
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self
            .target
            .remove_event_listener_with_callback(self.name, self.hear.as_ref().unchecked_ref());
    }
}

/// Waits until the caller aborts; without a signal, for ever.
pub async fn aborted(signal: Option<&AbortSignal>) {
    let Some(signal) = signal else {
        return std::future::pending().await;
    };
    if signal.aborted() {
        return;
    }
    let (send, receive) = oneshot::channel();
    let mut send = Some(send);
    let _listener = Listener::new(signal, "abort", move |_| {
        if let Some(send) = send.take() {
            let _ = send.send(());
        }
    });
    let _ = receive.await;
}

/// Why the caller aborted.
#[must_use]
pub fn reason(signal: &AbortSignal) -> JsValue {
    js_sys::Reflect::get(signal, &"reason".into()).unwrap_or_default()
}

/// Says so each time the page becomes visible, or the browser finds its network again.
#[derive(Debug)]
pub struct Waker {
    _listeners: Vec<Listener>,
}

impl Waker {
    /// Sends `()` for every reason to ask at once.
    #[must_use]
    pub fn new(woke: &UnboundedSender<()>) -> Self {
        let mut listeners = Vec::new();
        if let Some(window) = web_sys::window() {
            let online = woke.clone();
            listeners.push(Listener::new(&window, "online", move |_| {
                let _ = online.unbounded_send(());
            }));
            if let Some(document) = window.document() {
                let seen = woke.clone();
                let page = document.clone();
                listeners.push(Listener::new(&document, "visibilitychange", move |_| {
                    if !page.hidden() {
                        let _ = seen.unbounded_send(());
                    }
                }));
            }
        }
        Self {
            _listeners: listeners,
        }
    }
}

/// True while nobody sees the page.
#[must_use]
pub fn hidden() -> bool {
    browser::hidden()
}

/// False where the browser knows that it has no network; true promises nothing.
#[must_use]
pub fn online() -> bool {
    browser::online()
}

/// Tells the browser of an error that a callback threw, as if nobody had caught it: its author looks in the console.
pub fn report(error: &JsValue) {
    browser::report(error);
}
