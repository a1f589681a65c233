//! Waking up: listeners that go away when dropped, and the two things that make a page ask at once.

use futures_channel::mpsc::UnboundedSender;
use futures_channel::oneshot;
use wasm_bindgen::prelude::*;
use web_sys::{AbortSignal, EventTarget};

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
    web_sys::window()
        .and_then(|window| window.document())
        .is_some_and(|document| document.hidden())
}

/// False where the browser knows that it has no network; true promises nothing.
#[must_use]
pub fn online() -> bool {
    web_sys::window().is_none_or(|window| window.navigator().on_line())
}

/// Tells the browser of an error that a callback threw, as if nobody had caught it: its author looks in the console.
pub fn report(error: &JsValue) {
    let global = js_sys::global();
    let report = js_sys::Reflect::get(&global, &"reportError".into()).ok();
    if let Some(report) = report.and_then(|report| report.dyn_into::<js_sys::Function>().ok()) {
        let _ = report.call1(&global, error);
    }
}
