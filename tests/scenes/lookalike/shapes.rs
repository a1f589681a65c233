//! Things on a counter, and prints, that are round or striped.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::canvas::Canvas;

/// Rings of a finder pattern's proportions; `corner` is the corners' radius, from 0 to 1 for a circle.
pub(super) fn finder(
    canvas: &mut Canvas,
    at: (f32, f32),
    reach: f32,
    corner: f32,
    dice: &mut ChaCha8Rng,
) {
    let (dark, light) = (dice.random_range(0.0..0.35), dice.random_range(0.6..1.0));
    let (dark, light) = if dice.random_range(0..4) == 0 {
        (light, dark)
    } else {
        (dark, light)
    };
    for (modules, shade) in [(4.5, light), (3.5, dark), (2.5, light), (1.5, dark)] {
        let half = reach * modules / 3.5;
        canvas.rounded(at, half, corner * half, shade);
    }
}

pub(super) fn target(canvas: &mut Canvas, at: (f32, f32), reach: f32, dice: &mut ChaCha8Rng) {
    let rings = dice.random_range(2..9);
    for ring in (0..rings).rev() {
        let far = reach * (ring as f32 + 1.0) / rings as f32;
        let shade = if ring % 2 == 0 { 0.08 } else { 0.92 };
        canvas.rounded(at, far, far, shade);
    }
}

pub(super) fn coin(canvas: &mut Canvas, at: (f32, f32), reach: f32, dice: &mut ChaCha8Rng) {
    let metal = dice.random_range(0.4..0.75);
    for (far, shade) in [
        (1.0, metal - 0.3),
        (0.93, metal),
        (0.8, metal - 0.2),
        (0.76, metal + 0.1),
    ] {
        canvas.rounded(at, reach * far, reach * far, shade);
    }
    // The portrait, or the number.
    let half = reach * dice.random_range(0.2..0.5);
    canvas.rounded(at, half, half * dice.random_range(0.0..1.0), metal - 0.25);
}

pub(super) fn button(canvas: &mut Canvas, at: (f32, f32), reach: f32, dice: &mut ChaCha8Rng) {
    let shade = dice.random_range(0.05..0.9);
    let rim = if shade > 0.5 {
        shade - 0.4
    } else {
        shade + 0.4
    };
    for (far, shade) in [(1.0, rim), (0.9, shade), (0.6, rim), (0.55, shade)] {
        canvas.rounded(at, reach * far, reach * far, shade);
    }
    let holes: &[(f32, f32)] = if dice.random() {
        &[(-0.2, 0.0), (0.2, 0.0)]
    } else {
        &[(-0.2, -0.2), (0.2, -0.2), (-0.2, 0.2), (0.2, 0.2)]
    };
    for (dx, dy) in holes {
        let place = (at.0 + dx * reach, at.1 + dy * reach);
        canvas.rounded(place, reach * 0.11, reach * 0.11, rim);
    }
}

pub(super) fn clock(canvas: &mut Canvas, at: (f32, f32), reach: f32, dice: &mut ChaCha8Rng) {
    for (far, shade) in [(1.0, 0.1), (0.9, 0.95)] {
        canvas.rounded(at, reach * far, reach * far, shade);
    }
    for hour in 0..12 {
        let (sine, cosine) = (hour as f32 * std::f32::consts::TAU / 12.0).sin_cos();
        let place = |far: f32| (at.0 + sine * reach * far, at.1 - cosine * reach * far);
        canvas.line(place(0.7), place(0.84), reach * 0.05, 0.1);
    }
    for length in [0.45, 0.68] {
        let (sine, cosine) = dice.random_range(0.0..std::f32::consts::TAU).sin_cos();
        let end = (at.0 + sine * reach * length, at.1 - cosine * reach * length);
        canvas.line(at, end, reach * 0.06, 0.05);
    }
    canvas.rounded(at, reach * 0.12, reach * 0.12, 0.05);
}

pub(super) fn seal(canvas: &mut Canvas, at: (f32, f32), reach: f32, dice: &mut ChaCha8Rng) {
    let ink = dice.random_range(0.1..0.5);
    for (far, shade) in [(1.0, ink), (0.92, 0.95), (0.7, ink), (0.66, 0.95)] {
        canvas.rounded(at, reach * far, reach * far, shade);
    }
    let rays = dice.random_range(12..40);
    for ray in 0..rays {
        let (sine, cosine) = (ray as f32 * std::f32::consts::TAU / rays as f32).sin_cos();
        let place = |far: f32| (at.0 + sine * reach * far, at.1 + cosine * reach * far);
        canvas.line(place(0.74), place(0.88), reach * 0.06, ink);
    }
    let half = reach * dice.random_range(0.2..0.45);
    canvas.rounded(at, half, half * dice.random_range(0.0..1.0), ink);
}

/// Three targets or finder patterns in an L, a grid's cells between them, and often a code's timing patterns.
pub(super) fn three(canvas: &mut Canvas, is_round: bool, dice: &mut ChaCha8Rng) {
    let side = 17 + 4 * dice.random_range(1..9);
    let most = canvas.height as f32 * 0.9 / side as f32;
    let module = dice.random_range(2.5..9.0_f32).min(most);
    let whole = side as f32 * module;
    let left = dice.random_range(0.0..=(canvas.width as f32 - whole).max(0.0));
    let top = dice.random_range(0.0..=(canvas.height as f32 - whole).max(0.0));
    canvas.square((left - module, top - module), whole + 2.0 * module, 0.95);
    let share = dice.random_range(0.3..0.7);
    let has_timing: bool = dice.random();
    for row in 0..side {
        for column in 0..side {
            let timing = has_timing && (row == 6 || column == 6);
            let dark = if timing {
                (row + column) % 2 == 0
            } else {
                dice.random_range(0.0..1.0) < share
            };
            if dark {
                let place = (left + column as f32 * module, top + row as f32 * module);
                canvas.square(place, module, 0.08);
            }
        }
    }
    let corner = if is_round { 1.0 } else { 0.0 };
    let far = (side - 4) as f32 + 0.5;
    for (u, v) in [(3.5, 3.5), (far, 3.5), (3.5, far)] {
        let place = (left + u * module, top + v * module);
        for (modules, shade) in [(4.5, 0.95), (3.5, 0.08), (2.5, 0.95), (1.5, 0.08)] {
            let half = module * modules;
            let corner = if modules > 4.0 { 0.0 } else { corner };
            canvas.rounded(place, half, half * corner, shade);
        }
    }
}

/// Rows of letters: strokes by chance, in cells.
pub(super) fn text(canvas: &mut Canvas, dice: &mut ChaCha8Rng) {
    let size = dice.random_range(6.0..30.0_f32);
    let (width, height) = (canvas.width as f32, canvas.height as f32);
    let mut row = size;
    while row < height {
        let mut at = size;
        while at < width - size {
            let letter = dice.random_range(0..6) > 0;
            for _ in 0..if letter { 3 } else { 0 } {
                let mut end = || {
                    (
                        at + dice.random_range(0.0..size * 0.6),
                        row - dice.random_range(0.0..size),
                    )
                };
                let (from, to) = (end(), end());
                canvas.line(from, to, size * 0.12, 0.1);
            }
            at += size * 0.75;
        }
        row += size * 1.6;
    }
}

pub(super) fn barcode(canvas: &mut Canvas, (left, top): (f32, f32), dice: &mut ChaCha8Rng) {
    let (module, height) = (
        dice.random_range(1.0..4.0_f32),
        dice.random_range(30.0..120.0),
    );
    let mut at = left;
    for bar in 0..60 {
        let wide = module * dice.random_range(1..5) as f32;
        if bar % 2 == 0 {
            canvas.rectangle((at, top), (wide, height), 0.08);
        }
        at += wide;
    }
}
