//! A grey picture with a few shapes to paint on it.

/// Light from 0 to 1, row by row.
pub(crate) struct Canvas {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) light: Vec<f32>,
}

impl Canvas {
    pub(crate) fn new(width: usize, height: usize, light: f32) -> Self {
        Self {
            width,
            height,
            light: vec![light; width * height],
        }
    }

    /// Paints each pixel for whose middle `shade` gives a light.
    pub(crate) fn each(&mut self, shade: impl Fn(f32, f32) -> Option<f32>) {
        let whole = (self.width as f32, self.height as f32);
        self.paint((0.0, 0.0), whole, |x, y| {
            shade(x, y).map(|light| (light, 1.0))
        });
    }

    /// A square with round corners, by its middle and half its side; a disc if the radius is half the side.
    pub(crate) fn rounded(&mut self, (x, y): (f32, f32), half: f32, radius: f32, light: f32) {
        let from = (x - half - 1.0, y - half - 1.0);
        self.paint(from, (2.0 * half + 2.0, 2.0 * half + 2.0), |u, v| {
            let over = ((u - x).abs() - half + radius, (v - y).abs() - half + radius);
            let outside = over.0.max(0.0).hypot(over.1.max(0.0));
            let far = outside + over.0.max(over.1).min(0.0) - radius;
            Some((light, (0.5 - far).clamp(0.0, 1.0)))
        });
    }

    /// A square by its corner and side.
    pub(crate) fn square(&mut self, corner: (f32, f32), side: f32, light: f32) {
        self.rectangle(corner, (side, side), light);
    }

    pub(crate) fn rectangle(
        &mut self,
        (x, y): (f32, f32),
        (width, height): (f32, f32),
        light: f32,
    ) {
        // The part of a pixel that lies within a stretch.
        let part = |at: f32, from: f32, long: f32| {
            ((at + 0.5).min(from + long) - (at - 0.5).max(from)).clamp(0.0, 1.0)
        };
        self.paint((x - 1.0, y - 1.0), (width + 2.0, height + 2.0), |u, v| {
            Some((light, part(u, x, width) * part(v, y, height)))
        });
    }

    pub(crate) fn line(&mut self, from: (f32, f32), to: (f32, f32), width: f32, light: f32) {
        let reach = width * 0.5 + 1.0;
        let corner = (from.0.min(to.0) - reach, from.1.min(to.1) - reach);
        let size = (
            (from.0 - to.0).abs() + 2.0 * reach,
            (from.1 - to.1).abs() + 2.0 * reach,
        );
        let way = (to.0 - from.0, to.1 - from.1);
        let long = (way.0 * way.0 + way.1 * way.1).max(1e-6);
        self.paint(corner, size, |u, v| {
            let part = ((u - from.0) * way.0 + (v - from.1) * way.1) / long;
            let part = part.clamp(0.0, 1.0);
            let far = (u - from.0 - way.0 * part).hypot(v - from.1 - way.1 * part) - width * 0.5;
            Some((light, (0.5 - far).clamp(0.0, 1.0)))
        });
    }

    /// Mixes each pixel of a box with a light, by the part of it that is covered.
    fn paint(
        &mut self,
        (left, top): (f32, f32),
        (width, height): (f32, f32),
        shade: impl Fn(f32, f32) -> Option<(f32, f32)>,
    ) {
        let within = |from: f32, long: f32, most: usize| {
            (from.max(0.0) as usize).min(most)..((from + long).max(0.0).ceil() as usize).min(most)
        };
        for y in within(top, height, self.height) {
            for x in within(left, width, self.width) {
                if let Some((light, part)) = shade(x as f32 + 0.5, y as f32 + 0.5) {
                    let pixel = &mut self.light[y * self.width + x];
                    *pixel += (light - *pixel) * part;
                }
            }
        }
    }
}
