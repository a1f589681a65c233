//! Draws the code that a customer scans from the till's display.

use std::fmt::Write as _;

use kaunter_core::wire;
use qrcode::bits::Bits;
use qrcode::{Color, EcLevel, QrCode, Version};

use crate::types::code::ShownCode;

/// About 15 % of the code may be unreadable, as on a scratched or shiny display, and the modules stay large.
const LEVEL: EcLevel = EcLevel::M;
/// The quiet zone: light modules around the code, as ISO/IEC 18004 requires. Readers search for it.
const QUIET: usize = 4;
/// The largest version of a QR code.
const MAX_VERSION: i16 = 40;

/// Draws the code; `None` if the text is longer than any QR code.
pub(super) fn draw(show: &wire::ShownCode) -> Option<ShownCode> {
    let payload = show.payload.0.clone();
    Some(ShownCode {
        svg: svg(&encode(payload.as_bytes())?),
        payload,
        expires_at: show.expires_at.clone(),
    })
}

/// The smallest code that holds the text as bytes. The library's automatic choice of modes would save a row or two of
/// modules, and makes the Wasm module larger.
fn encode(text: &[u8]) -> Option<QrCode> {
    (1..=MAX_VERSION).find_map(|version| {
        let mut bits = Bits::new(Version::Normal(version));
        bits.push_byte_data(text).ok()?;
        bits.push_terminator(LEVEL).ok()?;
        QrCode::with_bits(bits, LEVEL).ok()
    })
}

/// Dark on white, whatever the page's colors are. One path with a unit per module: it scales with its box.
fn svg(code: &QrCode) -> String {
    let width = code.width();
    let side = width + 2 * QUIET;
    let mut path = String::new();
    for (y, row) in code.to_colors().chunks(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|one, next| one == next) {
            if run[0] == Color::Dark {
                let _ = write!(
                    path,
                    "M{} {}h{}v1h-{}z",
                    x + QUIET,
                    y + QUIET,
                    run.len(),
                    run.len()
                );
            }
            x += run.len();
        }
    }
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{side}v{side}H0z"/><path fill="#000" d="{path}"/></svg>"##
    )
}
