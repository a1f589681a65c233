//! Our code as a picture: what the gateway's text looks like when a customer is to scan it.

use kaunter_core::wire::Show;
use qrcode::render::svg::Color;
use qrcode::{EcLevel, QrCode};

use crate::types::sale::ShownCode;

/// The picture's side, in its own units: it scales with the box that it is put into.
const SIDE: u32 = 320;

/// Draws it; none where the text is longer than any QR code.
pub(super) fn draw(show: &Show) -> Option<ShownCode> {
    let payload = show.payload.0.clone();
    // M: half of what is lost on a scratched or shining display is read all the same, and the modules stay large.
    let code = QrCode::with_error_correction_level(&payload, EcLevel::M).ok()?;
    // Dark on white with the quiet zone, whatever the page around it looks like.
    let svg = code
        .render::<Color<'_>>()
        .min_dimensions(SIDE, SIDE)
        .dark_color(Color("#000"))
        .light_color(Color("#fff"))
        .build();
    Some(ShownCode {
        svg: inline(&svg).to_owned(),
        payload,
        expires_at: show.expires_at.clone(),
    })
}

/// Without the declaration of a file: this goes into a page.
fn inline(svg: &str) -> &str {
    svg.find("<svg").map_or(svg, |at| &svg[at..])
}
