//! Listeners that are removed when dropped, and the two events after which a page checks at once.

use futures_channel::mpsc::UnboundedSender;
use futures_channel::oneshot;
use wasm_bindgen::prelude::*;
use web_sys::{AbortSignal, DomException, EventTarget};

use super::browser;

/// A listener. Dropping it removes it.
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
        // Fails only if `target` is not an event target, which its type rules out.
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

/// The reason of the abort. Chrome has it [from 98 on](https://developer.mozilla.org/docs/Web/API/AbortSignal/reason):
/// before that, an `AbortError`.
#[must_use]
pub fn reason(signal: &AbortSignal) -> JsValue {
    let reason = js_sys::Reflect::get(signal, &"reason".into()).unwrap_or_default();
    if !reason.is_undefined() {
        return reason;
    }
    DomException::new_with_message_and_name("The call was aborted.", "AbortError")
        .map_or(JsValue::UNDEFINED, Into::into)
}

/// Reports when the page becomes visible, or the browser is online again.
#[derive(Debug)]
pub struct Waker {
    _listeners: Vec<Listener>,
}

impl Waker {
    /// Sends `()` for every such event.
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

/// True while the page is hidden.
#[must_use]
pub fn hidden() -> bool {
    browser::hidden()
}

/// False if the browser knows that it is offline; true promises nothing.
#[must_use]
pub fn online() -> bool {
    browser::online()
}

/// Reports an error of a callback as uncaught, so that its author sees it in the console.
pub fn report(error: &JsValue) {
    browser::report(error);
}
