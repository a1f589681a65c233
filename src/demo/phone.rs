//! Shows where a real phone finds the phone's page.

use std::io::IsTerminal as _;

use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;

/// Prints the address, and its QR code for the phone's camera.
pub(crate) fn show(address: &str) {
    if let Ok(code) = QrCode::new(address) {
        // Black on white, also where the terminal writes white on black.
        let is_terminal = std::io::stdout().is_terminal();
        let (on, off) = if is_terminal {
            ("\x1b[30;107m", "\x1b[0m")
        } else {
            ("", "")
        };
        let drawn = code.render::<Dense1x2>().quiet_zone(true).build();
        for line in drawn.lines() {
            println!("  {on}{line}{off}");
        }
    }
    println!("  For a real phone         {address}");
    println!("  The certificate is this demo's own: the phone asks once whether to trust it.\n");
}
