//! Draws pictures with many codes, codes at the picture's border, and pictures that are much longer than wide.

use std::ops::Range;

use qrcode::{Color, EcLevel, QrCode, Version};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A picture, and the texts of the codes in it.
#[derive(Debug)]
pub struct ManyPicture {
    /// The codes' texts.
    pub texts: Vec<String>,
    /// Pixels in a row.
    pub width: usize,
    /// The number of rows.
    pub height: usize,
    /// The greys, row by row.
    pub pixels: Vec<u8>,
}

/// How many codes a picture shows, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Many {
    /// A sheet of 24 to 140 small codes of one size, in rows, turned by some degrees.
    Sheet,
    /// Three to eight codes of any size, dark on light or light on dark, each turned by any angle.
    Mixed,
    /// Two or three dense codes (version 13), one below the other. They fill the picture up to its border.
    Dense,
    /// One code that fills the picture up to its border, dark on light or light on dark.
    Cut,
    /// A screenshot of 150 to 800 pixels by 5,000 to 20,000, along either side, with one code in it.
    Strip,
}

/// All kinds, in the order of the tables in docs/reader.md.
pub const MANY: [Many; 5] = [
    Many::Sheet,
    Many::Mixed,
    Many::Dense,
    Many::Cut,
    Many::Strip,
];

/// Draws the picture of this number of its kind.
#[must_use]
pub fn many_scene(seed: u64, many: Many, number: u64) -> ManyPicture {
    let mut dice = ChaCha8Rng::seed_from_u64(seed ^ 0x6d61_6e79_636f_6465);
    dice.set_stream(many as u64 * 1_000_003 + number);
    let dice = &mut dice;
    match many {
        Many::Sheet => sheet(dice),
        Many::Mixed => mixed(dice),
        Many::Dense => dense(dice),
        Many::Cut => cut(dice),
        Many::Strip => strip(dice),
    }
}

/// Rays along a pixel's side, to smooth edges that lie between pixels.
const RAYS: usize = 3;
/// The quiet zone of ISO/IEC 18004, in modules.
const QUIET: f32 = 4.0;

/// Where a code is drawn: its middle, the pixels of a module, and the cosine and sine of its angle.
#[derive(Clone, Copy)]
struct Place {
    x: f32,
    y: f32,
    module: f32,
    turn: (f32, f32),
    light_on_dark: bool,
}

impl ManyPicture {
    fn new(width: usize, height: usize, ground: u8) -> Self {
        Self {
            texts: Vec::new(),
            width,
            height,
            pixels: vec![ground; width * height],
        }
    }

    /// Draws a code and as many modules of margin around it.
    fn draw(&mut self, text: &str, code: &QrCode, place: Place, margin: f32) {
        let side = code.width() as f32;
        let reach = (side * 0.5 + margin) * place.module * 1.5 + 1.0;
        let pixels = |middle: f32, end: usize| {
            let clamped = |at: f32| at.clamp(0.0, end as f32) as usize;
            clamped(middle - reach)..clamped(middle + reach + 1.0)
        };
        for y in pixels(place.y, self.height) {
            for x in pixels(place.x, self.width) {
                let pixel = &mut self.pixels[y * self.width + x];
                let mut sum = 0;
                for ray in 0..RAYS * RAYS {
                    let off = |ray: usize| (ray as f32 + 0.5) / RAYS as f32;
                    let right = x as f32 + off(ray % RAYS) - place.x;
                    let down = y as f32 + off(ray / RAYS) - place.y;
                    let (cosine, sine) = place.turn;
                    let u = (right * cosine + down * sine) / place.module + side * 0.5;
                    let v = (down * cosine - right * sine) / place.module + side * 0.5;
                    sum +=
                        u32::from(light(code, u, v, margin, place.light_on_dark).unwrap_or(*pixel));
                }
                *pixel = (sum / (RAYS * RAYS) as u32) as u8;
            }
        }
        self.texts.push(text.to_owned());
    }
}

/// The grey of a point of a code or its margin; `None` outside.
fn light(code: &QrCode, u: f32, v: f32, margin: f32, light_on_dark: bool) -> Option<u8> {
    let side = code.width() as f32;
    let held = |at: f32| at >= -margin && at < side + margin;
    if !held(u) || !held(v) {
        return None;
    }
    let inside = |at: f32| (at >= 0.0 && at < side).then_some(at as usize);
    let dark = inside(u)
        .zip(inside(v))
        .is_some_and(|at| code[at] == Color::Dark);
    Some(if dark == light_on_dark { 225 } else { 35 })
}

fn code(text: &str, version: i16) -> QrCode {
    QrCode::with_version(text, Version::Normal(version), EcLevel::M)
        .expect("the version has room for the text")
}

/// A short text with this number in it.
fn numbered(dice: &mut ChaCha8Rng, number: usize) -> String {
    format!("{number:03}-{:06}", dice.random_range(0..1_000_000))
}

fn turn(degrees: f32) -> (f32, f32) {
    (degrees.to_radians().cos(), degrees.to_radians().sin())
}

fn sheet(dice: &mut ChaCha8Rng) -> ManyPicture {
    let (across, down) = (dice.random_range(6..15), dice.random_range(4..11));
    let version = dice.random_range(1..3);
    let module = dice.random_range(2.5..4.0);
    let gap = dice.random_range(3.0..9.0);
    let (cosine, sine) = turn(dice.random_range(-12.0..12.0));
    let pitch = (17.0 + 4.0 * f32::from(version) + gap) * module;
    let (width, height) = (across as f32 * pitch, down as f32 * pitch);
    let room = 2.0 * QUIET * module;
    let turned = |along: f32, beside: f32| along * cosine + beside * sine.abs() + room;
    let (right, bottom) = (turned(width, height), turned(height, width));
    let mut canvas = ManyPicture::new(right as usize, bottom as usize, 225);
    for number in 0..across * down {
        let text = numbered(dice, number);
        let along = ((number % across) as f32 + 0.5) * pitch - width * 0.5;
        let below = ((number / across) as f32 + 0.5) * pitch - height * 0.5;
        let place = Place {
            x: right * 0.5 + along * cosine - below * sine,
            y: bottom * 0.5 + along * sine + below * cosine,
            module,
            turn: (cosine, sine),
            light_on_dark: false,
        };
        canvas.draw(&text, &code(&text, version), place, 0.0);
    }
    canvas
}

fn mixed(dice: &mut ChaCha8Rng) -> ManyPicture {
    let mut canvas = ManyPicture::new(1280, 720, dice.random_range(120..=240));
    let count = dice.random_range(3..9);
    let mut taken: Vec<(f32, f32, f32)> = Vec::new();
    for number in 0..count {
        let text = numbered(dice, number);
        let version = dice.random_range(1..5);
        let module = dice.random_range(2.5..7.0);
        let reach = (8.5 + 2.0 * f32::from(version) + QUIET) * module * 1.45;
        let inside = |dice: &mut ChaCha8Rng, end: f32| dice.random_range(reach..end - reach);
        // Where no room is left, the picture has fewer codes.
        let free = (0..200).find_map(|_| {
            let (x, y) = (inside(dice, 1280.0), inside(dice, 720.0));
            let apart =
                |(left, top, other): &(f32, f32, f32)| (x - left).hypot(y - top) > reach + other;
            taken.iter().all(apart).then_some((x, y))
        });
        let Some((x, y)) = free else { continue };
        taken.push((x, y, reach));
        let place = Place {
            x,
            y,
            module,
            turn: turn(dice.random_range(0.0..360.0)),
            light_on_dark: dice.random_range(0..4) == 0,
        };
        canvas.draw(&text, &code(&text, version), place, QUIET);
    }
    canvas
}

fn dense(dice: &mut ChaCha8Rng) -> ManyPicture {
    const VERSION: i16 = 13;
    const SIDE: usize = 17 + 4 * VERSION as usize;
    let module = dice.random_range(2..5);
    let count = dice.random_range(2..4);
    let gap = dice.random_range(2..6) * module;
    let height = count * (SIDE * module + gap) - gap;
    let mut canvas = ManyPicture::new(SIDE * module, height, 225);
    for number in 0..count {
        let text = dense_text(dice, number);
        let middle = SIDE as f32 * module as f32 * 0.5;
        let place = Place {
            x: middle,
            y: (number * (SIDE * module + gap)) as f32 + middle,
            module: module as f32,
            turn: turn(0.0),
            light_on_dark: false,
        };
        canvas.draw(&text, &code(&text, VERSION), place, 0.0);
    }
    canvas
}

/// A text that fills most of a code of version 13.
fn dense_text(dice: &mut ChaCha8Rng, number: usize) -> String {
    let rest = (0..300).map(|_| char::from(b'a' + dice.random_range(0..26)));
    format!("{number} ").chars().chain(rest).collect()
}

fn cut(dice: &mut ChaCha8Rng) -> ManyPicture {
    let text = numbered(dice, 0);
    let version = dice.random_range(1..8);
    let code = code(&text, version);
    let module = dice.random_range(3..21);
    let side = code.width() * module;
    let mut canvas = ManyPicture::new(side, side, 225);
    let middle = side as f32 * 0.5;
    let place = Place {
        x: middle,
        y: middle,
        module: module as f32,
        turn: turn(90.0 * dice.random_range(0..4) as f32),
        light_on_dark: dice.random_range(0..3) == 0,
    };
    canvas.draw(&text, &code, place, 0.0);
    canvas
}

/// The widths and the lengths of strips, in pixels.
const WIDTHS: Range<usize> = 150..801;
const LENGTHS: Range<usize> = 5_000..20_001;
/// Pixels of a line of text, and of the gap after it.
const LINE: usize = 14;
const LINES: usize = 24;

fn strip(dice: &mut ChaCha8Rng) -> ManyPicture {
    let (width, length) = (dice.random_range(WIDTHS), dice.random_range(LENGTHS));
    let mut canvas = ManyPicture::new(width, length, 245);
    write_lines(&mut canvas, dice);
    let text = numbered(dice, 0);
    let version = dice.random_range(1..4);
    let code = code(&text, version);
    let most = (width as f32 / (code.width() as f32 + 2.0 * QUIET)).min(9.0);
    let module = dice.random_range(2.0_f32.min(most * 0.9)..most);
    let reach = (code.width() as f32 * 0.5 + QUIET) * module;
    let place = Place {
        x: dice.random_range(reach..=width as f32 - reach),
        y: dice.random_range(reach..length as f32 - reach),
        module,
        turn: turn(0.0),
        light_on_dark: false,
    };
    canvas.draw(&text, &code, place, QUIET);
    let picture = canvas;
    if dice.random_range(0..4) == 0 {
        lain(&picture)
    } else {
        picture
    }
}

/// Draws lines of strokes, as a text has them from afar.
fn write_lines(canvas: &mut ManyPicture, dice: &mut ChaCha8Rng) {
    let width = canvas.width;
    for line in canvas.pixels.chunks_exact_mut(width * LINES) {
        let end = dice.random_range(width / 3..width - 8);
        let mut at = 8;
        while at < end {
            let (stroke, tall) = (dice.random_range(1..4), dice.random_range(4..LINE));
            for row in line.chunks_exact_mut(width).take(LINE).skip(LINE - tall) {
                row[at..(at + stroke).min(width)].fill(60);
            }
            at += stroke + dice.random_range(1..6);
        }
    }
}

/// The same picture with its rows as columns. The code in it is mirrored, and readers know mirrored codes.
fn lain(picture: &ManyPicture) -> ManyPicture {
    let (width, height) = (picture.height, picture.width);
    let pixel = |at: usize| picture.pixels[at % width * picture.width + at / width];
    ManyPicture {
        texts: picture.texts.clone(),
        width,
        height,
        pixels: (0..width * height).map(pixel).collect(),
    }
}
