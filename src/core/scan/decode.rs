//! The only file that names rqrr: it finds grids in a picture of dark and light, and reads their bits.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::binarise::binarise;
use super::{Found, Luma, Point};

/// Every code of this picture; corners in the pixels of the picture that it was shrunk from.
///
/// rqrr has reachable panics. Where panics unwind, a picture that makes it panic holds no code; in the browser the
/// worker that runs this is the fence.
pub(super) fn codes(luma: &Luma<'_>, inverted: bool, shrink: usize) -> Vec<Found> {
    catch_unwind(AssertUnwindSafe(|| find(luma, inverted, shrink))).unwrap_or_default()
}

fn find(luma: &Luma<'_>, inverted: bool, shrink: usize) -> Vec<Found> {
    let bits = binarise(luma);
    let mut prepared =
        rqrr::PreparedImage::prepare_from_bitmap(luma.width(), luma.height(), |x, y| {
            bits.is_dark(x, y) != inverted
        });
    let grids = prepared.detect_grids();
    let mut found = Vec::new();
    for grid in grids {
        let mut bytes = Vec::new();
        // A code that holds nothing pays nothing.
        if grid.decode_to(&mut bytes).is_err() || bytes.is_empty() {
            continue;
        }
        found.push(Found {
            text: text(&bytes),
            bytes,
            corners: grid.bounds.map(|point| corner(&point, shrink)),
        });
    }
    found
}

/// UTF-8 where it is, else one character a byte, so that nothing is lost in the reading.
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a picture's side has far fewer bits than a float's mantissa"
)]
fn corner(point: &rqrr::Point, shrink: usize) -> Point {
    let scale = shrink as f32;
    Point {
        x: point.x as f32 * scale,
        y: point.y as f32 * scale,
    }
}
