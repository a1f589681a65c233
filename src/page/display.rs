//! Our code as a picture: what the gateway's text looks like when a customer is to scan it.

use std::fmt::Write as _;

use kaunter_core::wire;
use qrcode::bits::Bits;
use qrcode::{Color, EcLevel, QrCode, Version};

use crate::types::sale::ShownCode;

/// Half of what is lost on a scratched or shining display is read all the same, and the modules stay large.
const LEVEL: EcLevel = EcLevel::M;
/// Light modules around the code, by its standard: readers look for them.
const QUIET: usize = 4;
/// The largest QR code.
const MAX_VERSION: i16 = 40;

/// Draws it; none where the text is longer than any QR code.
pub(super) fn draw(show: &wire::ShownCode) -> Option<ShownCode> {
    let payload = show.payload.0.clone();
    Some(ShownCode {
        svg: svg(&encode(payload.as_bytes())?),
        payload,
        expires_at: show.expires_at.clone(),
    })
}

/// The smallest code that holds the text as bytes. The library's own choice of denser modes would save a row or two of
/// modules, and its part of the library would come with the module.
fn encode(text: &[u8]) -> Option<QrCode> {
    (1..=MAX_VERSION).find_map(|version| {
        let mut bits = Bits::new(Version::Normal(version));
        bits.push_byte_data(text).ok()?;
        bits.push_terminator(LEVEL).ok()?;
        QrCode::with_bits(bits, LEVEL).ok()
    })
}

/// Dark on white whatever the page around it looks like, as one path of a unit per module: it scales with its box.
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
