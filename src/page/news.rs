//! Messages between the tabs of a terminal: a tab that gets a change sends it to the others, which check the status at
//! once.
//!
//! A message is a hint: a trade's id and its version. Only the backend says how the trade stands. In a browser without
//! a BroadcastChannel, each tab checks at its own pace.

use std::cell::RefCell;

use futures_channel::mpsc::UnboundedSender;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsCast;
use web_sys::{BroadcastChannel, MessageEvent};

use super::signal::Listener;
use crate::types::read::from_js;
use crate::types::to_js;

/// The list of seen trades is cleared at this length. That costs one more status check, and a tab may stay open for
/// years.
const MAX_SEEN: usize = 1_000;

/// A trade has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TradeChange {
    /// Its id.
    pub trade_id: String,
    /// Its version now.
    pub version: u64,
}

/// The channel of one terminal, and the newest version of each trade that this tab has seen.
#[derive(Debug)]
pub struct News {
    channel: Option<BroadcastChannel>,
    _listener: Option<Listener>,
    seen: RefCell<Vec<(String, u64)>>,
}

impl News {
    /// Joins the tabs of this scope. Their messages go to `changes`.
    #[must_use]
    pub fn join(scope: &str, changes: UnboundedSender<TradeChange>) -> Self {
        let channel = BroadcastChannel::new(&format!("kaunter|{scope}")).ok();
        let listener = channel.as_ref().map(|channel| {
            Listener::new(channel, "message", move |event| {
                let data = event.unchecked_ref::<MessageEvent>().data();
                // Other messages on this channel are ignored.
                if let Ok(change) = from_js(data) {
                    let _ = changes.unbounded_send(change);
                }
            })
        });
        Self {
            channel,
            _listener: listener,
            seen: RefCell::default(),
        }
    }

    /// True if this tab has not seen that version yet.
    #[must_use]
    pub fn is_new(&self, trade_id: &str, version: u64) -> bool {
        let seen = self.seen.borrow();
        let known = seen.iter().find(|(known, _)| known == trade_id);
        known.is_none_or(|(_, seen)| version > *seen)
    }

    /// Notes that this tab has seen that version. If it is new here, sends it to the other tabs and returns true.
    pub fn tell(&self, trade_id: &str, version: u64) -> bool {
        if !self.is_new(trade_id, version) {
            return false;
        }
        let mut seen = self.seen.borrow_mut();
        if seen.len() >= MAX_SEEN {
            seen.clear();
        }
        seen.retain(|(known, _)| known != trade_id);
        seen.push((trade_id.to_owned(), version));
        if let Some(channel) = &self.channel {
            let change = TradeChange {
                trade_id: trade_id.to_owned(),
                version,
            };
            // Fails once the channel is closed, and then the till is closed too.
            let _ = channel.post_message(&to_js(&change));
        }
        true
    }

    /// Closes the channel.
    pub fn leave(&self) {
        if let Some(channel) = &self.channel {
            channel.close();
        }
    }
}

impl Drop for News {
    fn drop(&mut self) {
        self.leave();
    }
}
