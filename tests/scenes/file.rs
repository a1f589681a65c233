//! Draws a code as a program exports it, without a camera.

use crate::Picture;
use crate::code::Screen;

/// Rays along a pixel's side. Several rays for each pixel smooth edges that lie between pixels.
const RAYS: usize = 3;

/// Draws a code with this many pixels in a module, and this many modules around it.
pub(crate) fn exported(screen: &impl Screen, text: &str, module: f32, margin: f32) -> Picture {
    let side = ((screen.side() + 2.0 * margin) * module).round() as usize;
    let light = |at: usize| {
        let place = |pixel: usize, ray: usize| {
            (pixel as f32 + (ray as f32 + 0.5) / RAYS as f32) / module - margin
        };
        let rays = 0..RAYS * RAYS;
        let sum: f32 = rays
            .map(|ray| {
                let (x, y) = (place(at % side, ray % RAYS), place(at / side, ray / RAYS));
                screen.light(x, y).unwrap_or(1.0)
            })
            .sum();
        (sum * 255.0 / (RAYS * RAYS) as f32).clamp(0.0, 255.0) as u8
    };
    Picture {
        texts: vec![text.to_owned()],
        width: side,
        height: side,
        pixels: (0..side * side).map(light).collect(),
    }
}
