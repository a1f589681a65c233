//! A drawn picture with all the codes in it, and how a sharp one is drawn.

/// A picture, and the texts of the codes in it.
#[derive(Debug)]
pub struct Picture {
    /// The codes' texts. A text that is drawn twice is here twice. Empty if there is no code.
    pub texts: Vec<String>,
    /// Pixels in a row.
    pub width: usize,
    /// The number of rows.
    pub height: usize,
    /// The greys, row by row.
    pub pixels: Vec<u8>,
}

/// A flat thing that shows one code: a screen, a print, a file.
pub(crate) trait Surface {
    /// Modules in a side of the code.
    fn side(&self) -> f32;

    /// The light of a point, from 0 to 1. The point is in modules from the code's corner; `None` is outside the surface.
    fn light(&self, x: f32, y: f32) -> Option<f32>;
}

/// Rays along a pixel's side. Several rays for each pixel smooth edges that lie between pixels.
const RAYS: usize = 3;

/// Draws a surface without a camera, as a program exports it: this many pixels in a module, and modules around it.
pub(crate) fn exported(surface: &impl Surface, text: &str, module: f32, margin: f32) -> Picture {
    let side = ((surface.side() + 2.0 * margin) * module).round() as usize;
    let light = |at: usize| {
        let place = |pixel: usize, ray: usize| {
            (pixel as f32 + (ray as f32 + 0.5) / RAYS as f32) / module - margin
        };
        let rays = 0..RAYS * RAYS;
        let sum: f32 = rays
            .map(|ray| {
                let (x, y) = (place(at % side, ray % RAYS), place(at / side, ray / RAYS));
                surface.light(x, y).unwrap_or(1.0)
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
