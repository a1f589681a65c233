//! The till's camera: how the phone is held, and what lens, lamp and sensor do to its picture.

mod trouble;

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::Category;
use crate::code::Screen;
pub use trouble::{TROUBLES, Trouble};

/// The sizes of a till camera's pictures.
pub const SIZES: [(usize, usize); 2] = [(640, 480), (1280, 720)];
/// The number of frames in a scene.
pub const FRAMES: usize = 3;
/// Rays along a pixel's side. Several rays for each pixel smooth the edges of modules.
const RAYS: usize = 2;
/// Distance of the camera in picture widths. It gives a tilted code its perspective.
const EYE: f32 = 1.6;
/// Standard deviation, in modules, of the blur with which a camera begins to focus.
const LOST: f32 = 2.2;

/// How a scene is shot.
#[derive(Clone)]
pub(crate) struct Shot {
    width: usize,
    height: usize,
    side: f32,
    /// Pixels in a module, if the code faces the camera.
    module: f32,
    /// Rotations in radians: around both axes of the picture, and in its plane.
    slant: (f32, f32),
    turn: f32,
    middle: (f32, f32),
    /// The blur's standard deviation, and the hand's movement during a frame, in pixels.
    blur: f32,
    motion: (f32, f32),
    /// The light of a reflected lamp, and its place and size in pixels.
    lamp: (f32, (f32, f32), f32),
    /// The part of the light that bleeds, and the standard deviation of its distance in pixels.
    bloom: (f32, f32),
    noise: f32,
    gain: f32,
    ambient: f32,
    /// The strength of the moire pattern, and its period in pixels.
    beat: (f32, f32),
}

impl Shot {
    pub(crate) fn plan(
        category: Category,
        side: f32,
        (width, height): (usize, usize),
        dice: &mut ChaCha8Rng,
    ) -> Self {
        let scale = width as f32 / 640.0;
        let most = height as f32 * 0.8 / (side + 8.0);
        let mut between = |from: f32, to: f32| dice.random_range(from..to);
        let module = match category {
            Category::Tiny => between(1.55, 1.95),
            Category::Small => between(2.0, 2.9),
            Category::Combined => between(2.6, 4.5).min(most),
            Category::Nominal
            | Category::Perspective
            | Category::Rotation
            | Category::Defocus
            | Category::Motion
            | Category::Glare
            | Category::Dim
            | Category::Bloom
            | Category::Noise
            | Category::Dark
            | Category::DarkSoft
            | Category::Logo
            | Category::Dots
            | Category::Moire => between(3.0, 7.0 * scale.sqrt()).min(most),
        };
        let blur_scale = module.min(5.0);
        let mut shot = Self {
            width,
            height,
            side,
            module,
            slant: (between(-0.12, 0.12), between(-0.12, 0.12)),
            turn: between(-0.15, 0.15),
            middle: (0.0, 0.0),
            blur: between(0.25, 0.5),
            motion: (0.0, 0.0),
            lamp: (0.0, (0.0, 0.0), 1.0),
            bloom: (0.0, 1.0),
            noise: between(0.004, 0.012),
            gain: between(0.85, 1.0),
            ambient: between(0.0, 0.06),
            beat: (0.0, 1.0),
        };
        shot.middle = shot.place(&mut between);
        match category {
            Category::Perspective => shot.slant = (between(0.4, 0.7), between(-0.5, 0.5)),
            Category::Rotation => shot.turn = between(-3.1, 3.1),
            Category::Defocus => shot.blur = between(0.55, 0.85) * blur_scale,
            Category::Motion => {
                let (way, length) = (between(0.0, 3.1), between(0.8, 1.6) * blur_scale);
                shot.motion = (way.cos() * length, way.sin() * length);
            }
            Category::Glare => {
                let reach = side * module * 0.35;
                let at = (between(-reach, reach), between(-reach, reach));
                let at = (shot.middle.0 + at.0, shot.middle.1 + at.1);
                shot.lamp = (between(0.7, 1.1), at, side * module * between(0.1, 0.18));
            }
            Category::Bloom | Category::DarkSoft => {
                shot.bloom = (between(0.15, 0.35), between(0.8, 1.6) * blur_scale);
                shot.gain = between(1.0, 1.25);
            }
            Category::Dim => shot.noise = between(0.006, 0.015),
            Category::Noise => shot.noise = between(0.05, 0.09),
            Category::Moire => shot.beat = (between(0.08, 0.2), between(2.2, 6.0)),
            Category::Combined => {
                shot.blur = between(0.3, 0.5) * blur_scale;
                shot.noise = between(0.015, 0.035);
                shot.turn = between(-0.6, 0.6);
                shot.slant = (between(-0.35, 0.35), between(-0.35, 0.35));
                shot.bloom = (between(0.05, 0.15), blur_scale);
            }
            Category::Nominal
            | Category::Small
            | Category::Tiny
            | Category::Dark
            | Category::Logo
            | Category::Dots => {}
        }
        shot
    }

    /// A place of the code's middle at which all of it is in the picture, if it fits.
    fn place(&self, between: &mut impl FnMut(f32, f32) -> f32) -> (f32, f32) {
        let room = |size: usize| {
            let room = (size as f32 - self.module * (self.side + 6.0)) * 0.5;
            room.max(0.0)
        };
        let (right, down) = (room(self.width), room(self.height));
        (between(-right, right + 1e-3), between(-down, down + 1e-3))
    }

    /// Moves the phone to where a module has this many pixels, or as many as fit.
    pub(crate) fn hold_at(&mut self, module: f32, dice: &mut ChaCha8Rng) {
        let most = self.height as f32 * 0.8 / (self.side + 8.0);
        self.module = module.min(most);
        self.middle = self.place(&mut |from, to| dice.random_range(from..to));
    }

    /// A shot in good light and in focus, of a code that nearly faces the camera.
    ///
    /// A module has this many pixels, or as many as fit.
    pub(crate) fn good(
        side: f32,
        module: f32,
        size: (usize, usize),
        dice: &mut ChaCha8Rng,
    ) -> Self {
        let mut shot = Self::plan(Category::Nominal, side, size, dice);
        shot.hold_at(module, dice);
        shot
    }

    /// The same shot before the camera has focused: `left` is 1 at the start and 0 in focus.
    pub(crate) fn out_of_focus(&self, left: f32) -> Self {
        Self {
            blur: self.blur + left * LOST * self.module,
            ..self.clone()
        }
    }

    /// Renders a frame. The hand trembles from frame to frame.
    pub(crate) fn frame(&self, screen: &impl Screen, dice: &mut ChaCha8Rng) -> Vec<u8> {
        let tremble = (dice.random_range(-1.5..1.5), dice.random_range(-1.5..1.5));
        let mut light = self.expose(screen, tremble);
        self.bleed(&mut light);
        if self.motion != (0.0, 0.0) {
            self.drag(&mut light);
        }
        blur(&mut light, self.width, self.blur);
        let (lamp, place, size) = self.lamp;
        let pixels = light.iter().enumerate().map(|(at, light)| {
            let (x, y) = self.off_middle(at);
            let far = ((x - place.0).powi(2) + (y - place.1).powi(2)) / (2.0 * size * size);
            let beat =
                1.0 + self.beat.0 * ((x + 0.3 * y) * std::f32::consts::TAU / self.beat.1).sin();
            let seen = light * beat * self.gain + self.ambient + lamp * (-far).exp();
            ((seen + bell(dice) * self.noise) * 255.0).clamp(0.0, 255.0) as u8
        });
        pixels.collect()
    }

    fn off_middle(&self, at: usize) -> (f32, f32) {
        let (x, y) = (at % self.width, at / self.width);
        (
            x as f32 + 0.5 - self.width as f32 * 0.5,
            y as f32 + 0.5 - self.height as f32 * 0.5,
        )
    }

    /// Casts rays from each pixel to the screen's plane. Behind it is a grey counter.
    fn expose(&self, screen: &impl Screen, tremble: (f32, f32)) -> Vec<f32> {
        let counter = 0.22;
        let eye = EYE * self.width as f32;
        let ((sx, cx), (sy, cy)) = (self.slant.0.sin_cos(), self.slant.1.sin_cos());
        let (st, ct) = self.turn.sin_cos();
        // The plane's axes in the camera's coordinates.
        let across = (ct * cy, st * cx + ct * sy * sx, st * sx - ct * sy * cx);
        let along = (-st * cy, ct * cx - st * sy * sx, ct * sx + st * sy * cx);
        let normal = cross(across, along);
        let mut light = vec![counter; self.width * self.height];
        for (at, light) in light.iter_mut().enumerate() {
            let (x, y) = self.off_middle(at);
            let mut sum = 0.0;
            for ray in 0..RAYS * RAYS {
                let step = |at: usize| (at as f32 + 0.5) / RAYS as f32 - 0.5;
                let ray = (
                    x + step(ray % RAYS) - self.middle.0 - tremble.0,
                    y + step(ray / RAYS) - self.middle.1 - tremble.1,
                    eye,
                );
                let reach = normal.2 * eye / dot(normal, ray);
                let hit = (ray.0 * reach, ray.1 * reach, (reach - 1.0) * eye);
                let u = dot(hit, across) / self.module + self.side * 0.5;
                let v = dot(hit, along) / self.module + self.side * 0.5;
                sum += screen.light(u, v).unwrap_or(counter);
            }
            *light = sum / (RAYS * RAYS) as f32;
        }
        light
    }

    fn bleed(&self, light: &mut [f32]) {
        let (part, reach) = self.bloom;
        if part > 0.0 {
            let mut halo = light.to_vec();
            blur(&mut halo, self.width, reach);
            for (light, halo) in light.iter_mut().zip(halo) {
                *light = *light * (1.0 - part) + halo * part * 2.0;
            }
        }
    }

    /// Averages each pixel along the hand's movement.
    fn drag(&self, light: &mut [f32]) {
        const STOPS: i32 = 9;
        let still = light.to_vec();
        let (width, height) = (self.width as i32, self.height as i32);
        for (at, light) in light.iter_mut().enumerate() {
            let (x, y) = ((at % self.width) as i32, (at / self.width) as i32);
            let sum: f32 = (0..STOPS)
                .map(|stop| {
                    let part = stop as f32 / (STOPS - 1) as f32 - 0.5;
                    let x = (x + (self.motion.0 * part).round() as i32).clamp(0, width - 1);
                    let y = (y + (self.motion.1 * part).round() as i32).clamp(0, height - 1);
                    still[(y * width + x) as usize]
                })
                .sum();
            *light = sum / STOPS as f32;
        }
    }
}

/// A nearly normal random number with standard deviation 1: the sum of four uniform ones.
pub(crate) fn bell(dice: &mut ChaCha8Rng) -> f32 {
    let dice: u64 = dice.random();
    let sum: u64 = (0..4).map(|at| dice >> (16 * at) & 0xffff).sum();
    (sum as f32 / 65_535.0 - 2.0) * 3.0_f32.sqrt()
}

fn dot(a: (f32, f32, f32), b: (f32, f32, f32)) -> f32 {
    a.0 * b.0 + a.1 * b.1 + a.2 * b.2
}

fn cross(a: (f32, f32, f32), b: (f32, f32, f32)) -> (f32, f32, f32) {
    (
        a.1 * b.2 - a.2 * b.1,
        a.2 * b.0 - a.0 * b.2,
        a.0 * b.1 - a.1 * b.0,
    )
}

/// Blurs by a Gaussian with this standard deviation, along rows and then along columns.
pub(crate) fn blur(light: &mut [f32], width: usize, sigma: f32) {
    let reach = (sigma * 2.5).ceil().max(1.0) as usize;
    let weights: Vec<f32> = (0..=reach)
        .map(|at| (-((at * at) as f32) / (2.0 * sigma * sigma)).exp())
        .collect();
    let sum = weights[0] + 2.0 * weights[1..].iter().sum::<f32>();
    let height = light.len() / width;
    let mut rows = vec![0.0; light.len()];
    for (row, out) in light.chunks_exact(width).zip(rows.chunks_exact_mut(width)) {
        for (x, out) in out.iter_mut().enumerate() {
            *out = row[x] * weights[0];
            for (far, weight) in weights.iter().enumerate().skip(1) {
                let (left, right) = (x.saturating_sub(far), (x + far).min(width - 1));
                *out += (row[left] + row[right]) * weight;
            }
        }
    }
    for y in 0..height {
        let out = &mut light[y * width..][..width];
        for (x, out) in out.iter_mut().enumerate() {
            *out = rows[y * width + x] * weights[0];
        }
        for (far, weight) in weights.iter().enumerate().skip(1) {
            let (above, below) = (y.saturating_sub(far), (y + far).min(height - 1));
            for (x, out) in out.iter_mut().enumerate() {
                *out += (rows[above * width + x] + rows[below * width + x]) * weight;
            }
        }
        out.iter_mut().for_each(|light| *light /= sum * sum);
    }
}
