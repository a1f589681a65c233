//! Draws the code that a customer scans from the till's display.

use std::fmt::Write as _;

use kaunter_core::wire;
use qrcodegen_no_heap::{QrCode, QrCodeEcc, Version};

use crate::types::code::ShownCode;

/// About 15 % of the code may be unreadable, as on a scratched or shiny display, and the modules stay large.
const LEVEL: QrCodeEcc = QrCodeEcc::Medium;
/// The quiet zone: light modules around the code, as ISO/IEC 18004 requires. Readers search for it.
const QUIET: i32 = 4;

/// Draws the code; `None` if the text is longer than any QR code.
pub(super) fn draw(show: &wire::ShownCode) -> Option<ShownCode> {
    let payload = show.payload.0.clone();
    Some(ShownCode {
        svg: svg(payload.as_bytes())?,
        payload,
        expires_at: show.expires_at.clone(),
    })
}

/// The smallest code that holds the text as bytes, dark on white whatever the page's colors are. One path with a unit
/// per module: it scales with its box.
///
/// The library's automatic choice of modes would save a row or two of modules, and makes the Wasm module larger.
fn svg(text: &[u8]) -> Option<String> {
    let length = Version::MAX.buffer_len();
    let (mut data, mut drawn) = (vec![0; length], vec![0; length]);
    data.get_mut(..text.len())?.copy_from_slice(text);
    let code = QrCode::encode_binary(
        &mut data,
        text.len(),
        &mut drawn,
        LEVEL,
        Version::MIN,
        Version::MAX,
        None,
        false,
    );
    let code = code.ok()?;
    let mut path = String::new();
    for y in 0..code.size() {
        let mut x = 0;
        while x < code.size() {
            let start = x;
            while code.get_module(x, y) {
                x += 1;
            }
            let run = x - start;
            if run > 0 {
                let (x, y) = (start + QUIET, y + QUIET);
                let _ = write!(path, "M{x} {y}h{run}v1h-{run}z");
            }
            x += 1;
        }
    }
    let side = code.size() + 2 * QUIET;
    Some(format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{side}v{side}H0z"/><path fill="#000" d="{path}"/></svg>"##
    ))
}
