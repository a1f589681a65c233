//! The camera that the cashier chose, remembered for a terminal: by its id, and by its label, for browsers give a
//! camera a new id when they forget a site (Safari at every load of a page).

use js_sys::Reflect;
use wasm_bindgen::JsValue;
use web_sys::Storage;

use super::device;
use crate::types::event::Camera as Device;

/// What a terminal remembers.
#[derive(Debug)]
pub struct Choice {
    key: String,
}

impl Choice {
    /// The choice of this terminal.
    #[must_use]
    pub fn of(scope: &str) -> Self {
        Self {
            key: format!("kaunter|camera|{scope}"),
        }
    }

    /// The id and the label of the camera that was chosen.
    #[must_use]
    pub fn get(&self) -> Option<(String, String)> {
        let kept = storage()?.get_item(&self.key).ok()??;
        let (id, label) = kept.split_once('\n')?;
        Some((id.to_owned(), label.to_owned()))
    }

    /// Remembers a camera, or none. A browser that keeps nothing asks again tomorrow.
    pub fn set(&self, camera: Option<(&str, &str)>) {
        let Some(storage) = storage() else { return };
        let _ = match camera {
            Some((id, label)) => storage.set_item(&self.key, &format!("{id}\n{label}")),
            None => storage.remove_item(&self.key),
        };
    }

    /// The id that the chosen camera has today: its own, or that of the one with its label.
    pub(super) async fn id(&self) -> Option<String> {
        let (id, label) = self.get()?;
        let there = device::all(None).await.ok()?;
        Some(find(&there, &id, &label).map_or(id, |camera| camera.device_id.clone()))
    }
}

/// The camera of this id, else the one of this label.
pub(super) fn find<'a>(there: &'a [Device], id: &str, label: &str) -> Option<&'a Device> {
    let by_id = there.iter().find(|camera| camera.device_id == id);
    by_id.or_else(|| {
        let same = |camera: &&Device| !label.is_empty() && camera.label == label;
        there.iter().find(same)
    })
}

/// Storage is a getter that throws where a browser blocks it.
fn storage() -> Option<Storage> {
    let window: JsValue = web_sys::window()?.into();
    let storage = Reflect::get(&window, &"localStorage".into()).ok()?;
    storage
        .is_object()
        .then(|| wasm_bindgen::JsCast::unchecked_into(storage))
}
