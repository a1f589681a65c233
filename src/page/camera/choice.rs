//! Remembers the camera that the cashier chose, by its id and its label. Browsers give a camera a new id when they
//! forget a site; Safari does at every load of a page.

use js_sys::Reflect;
use wasm_bindgen::JsValue;
use web_sys::Storage;

use super::device;
use crate::types::event::CameraDevice;

/// What is stored for a terminal.
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

    /// The id and the label of the chosen camera.
    #[must_use]
    pub fn get(&self) -> Option<(String, String)> {
        let kept = storage()?.get_item(&self.key).ok()??;
        let (id, label) = kept.split_once('\n')?;
        Some((id.to_owned(), label.to_owned()))
    }

    /// Remembers a camera, or none. Without storage, the browser forgets it when the page is closed.
    pub fn set(&self, camera: Option<(&str, &str)>) {
        let Some(storage) = storage() else { return };
        let _ = match camera {
            Some((id, label)) => storage.set_item(&self.key, &format!("{id}\n{label}")),
            None => storage.remove_item(&self.key),
        };
    }

    /// The current id of the chosen camera: its own, or that of the camera with its label.
    pub(super) async fn id(&self) -> Option<String> {
        let (id, label) = self.get()?;
        let there = device::all(None).await.ok()?;
        Some(find(&there, &id, &label).map_or(id, |camera| camera.device_id.clone()))
    }
}

/// The camera with this id, else the one with this label.
pub(super) fn find<'a>(
    there: &'a [CameraDevice],
    id: &str,
    label: &str,
) -> Option<&'a CameraDevice> {
    let by_id = there.iter().find(|camera| camera.device_id == id);
    by_id.or_else(|| {
        let same = |camera: &&CameraDevice| !label.is_empty() && camera.label == label;
        there.iter().find(same)
    })
}

/// `localStorage` is a getter that throws if the browser blocks storage.
pub(in crate::page) fn storage() -> Option<Storage> {
    let window: JsValue = web_sys::window()?.into();
    let storage = Reflect::get(&window, &"localStorage".into()).ok()?;
    storage
        .is_object()
        .then(|| wasm_bindgen::JsCast::unchecked_into(storage))
}
