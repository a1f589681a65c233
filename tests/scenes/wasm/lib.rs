//! Draws scenes of the till set in a page: the demo's page "Check this device" reads them on the device that opens it.
//!
//! The scenes are those of `kaunter-scenes`, so a device reads the same pixels as every other one.

use kaunter_scenes::{CATEGORIES, scene};
use wasm_bindgen::prelude::*;

/// A camera frame, and the text of the code in it.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Picture {
    text: String,
    width: usize,
    height: usize,
    grey: Vec<u8>,
}

/// Draws the scene of this number. All kinds of scenes follow each other, in both sizes of a till's camera.
#[wasm_bindgen]
#[must_use]
pub fn draw(seed: u32, number: u32) -> Picture {
    let kinds = CATEGORIES.len() as u32;
    let category = CATEGORIES[(number % kinds) as usize];
    let mut scene = scene(u64::from(seed), category, u64::from(number / kinds));
    Picture {
        text: scene.text,
        width: scene.width,
        height: scene.height,
        grey: scene.frames.swap_remove(0),
    }
}

#[wasm_bindgen]
impl Picture {
    /// The code's text.
    #[must_use]
    pub fn text(&self) -> String {
        self.text.clone()
    }

    /// Pixels in a row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// The number of rows.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// A byte for each pixel, row by row.
    #[must_use]
    pub fn grey(&self) -> Vec<u8> {
        self.grey.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_draw_all_kinds_and_both_sizes_and_a_number_draws_the_same_again() {
        let [first, second] = [draw(1, 0), draw(1, 17)];
        assert_eq!((first.width(), second.width()), (640, 1280));
        assert_eq!(first.grey().len(), 640 * 480);
        assert_ne!(first.text(), second.text());
        assert_eq!(draw(1, 0).grey(), first.grey());
    }
}
