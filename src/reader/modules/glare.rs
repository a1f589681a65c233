//! Modules under a reflected lamp. Its light adds up with the code's, and the camera cuts both off at white.
//!
//! Near white, a few shades part dark modules from light ones; where both are white, a dark module counts as light.

use super::modules::Modules;
use super::sample::Greys;
use crate::work::spend;

/// The end of the shades, a little above white, so that white is finite.
///
/// Larger: shades near white are spread less. Smaller: noise parts white from white.
const END: f32 = 256.5;
/// The grey from which a module counts as white: the camera's noise hides what is between.
const WHITE: f32 = 250.0;
/// White modules, as one in so many, from which a code counts as one under glare.
///
/// Larger: codes with little parity under a small lamp are lost. Smaller: time is spent on codes without glare.
const WHITE_OF: usize = 8;
/// Modules to each side among which a dark one tells how far glare has whitened them.
///
/// Larger: glare ends within the window. Smaller: a window may hold no dark module.
const REACH: usize = 2;

/// A guess at the modules of a code under glare, with their confidence as [`prove_with_erasures`] takes it.
///
/// `None` if hardly any module is white.
///
/// [`prove_with_erasures`]: crate::code::codewords::prove_with_erasures
pub(crate) fn under_glare(greys: &Greys) -> Option<(Modules, Vec<f32>)> {
    let (side, polarity) = (greys.side(), greys.polarity());
    let seen: Vec<f32> = greys.values().map(|grey| polarity.upright(grey)).collect();
    let white = seen.iter().filter(|grey| **grey > WHITE).count();
    if white * WHITE_OF < seen.len() {
        return None;
    }
    let spread = |grey: f32| {
        let grey = polarity.upright(grey).min(255.0);
        polarity.signed((END - grey).sqrt().recip())
    };
    let modules = greys.mapped(spread).modules();
    // A module that is darker than its surroundings is no reflection. A lighter one may be, and a dark one near it tells:
    // the whiter glare has made it, the likelier this one is dark too.
    let mut confidence = vec![f32::MAX; side * side];
    for (at, confidence) in confidence.iter_mut().enumerate() {
        let (x, y) = (at % side, at / side);
        if modules.is_dark(x, y) != polarity.is_inverted() {
            continue;
        }
        let ends = |at: usize| at.saturating_sub(REACH)..(at + REACH + 1).min(side);
        let mut darkest = 255.0_f32;
        for row in ends(y) {
            for grey in &seen[row * side..][ends(x)] {
                darkest = darkest.min(*grey);
            }
        }
        spend(ends(x).len() * ends(y).len());
        *confidence = 255.0 - darkest;
    }
    Some((modules, confidence))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::code::decode::decode_with_erasures;
    use crate::modules::modules::tests::drawn;
    use crate::picture::luma::Luma;
    use crate::picture::point::Point;
    use crate::picture::polarity::Polarity;
    use crate::plane::geometry::Homography;
    use crate::plane::layout::Version;

    const TEXT: &str = "134503098230927349";
    const MODULE: usize = 5;

    /// The greys of a code of version 3 with a lamp of this width, in modules, that is as bright as its light modules.
    fn greys(lamp: f32, polarity: Polarity) -> Greys {
        let code = drawn(TEXT, 3, qrcode::EcLevel::Q);
        let side = code.side() * MODULE;
        let pixel = |at: usize| {
            let (x, y) = (at % side, at / side);
            let is_dark = code.is_dark(x / MODULE, y / MODULE) != polarity.is_inverted();
            let middle = side as f32 * 0.6;
            let far = (x as f32 - middle).hypot(y as f32 - middle) / (lamp * MODULE as f32);
            let light = if is_dark { 0.03 } else { 0.9 } + 1.1 * (-0.5 * far * far).exp();
            (255.0 * light.powf(1.0 / 2.2)) as u8
        };
        let pixels: Vec<u8> = (0..side * side).map(pixel).collect();
        let luma = Luma::new(&pixels, side, side, side).unwrap();
        let end = side as f32;
        let corners = [(0.0, 0.0), (end, 0.0), (end, end), (0.0, end)];
        let corners = corners.map(|(x, y)| Point::new(x, y));
        let plane = Homography::from_corners(&corners, code.side() as f32).unwrap();
        Greys::sample(&luma, &plane, None, Version::new(3).unwrap(), polarity)
    }

    #[test]
    fn a_lamp_leaves_shades_that_tell_the_modules_and_white_that_tells_which_are_unknown() {
        for polarity in [Polarity::DarkOnLight, Polarity::LightOnDark] {
            let greys = greys(11.5, polarity);
            let plain = decode_with_erasures(&greys.modules(), &greys.confidence());
            assert!(plain.is_none(), "too easy");
            let (modules, confidence) = under_glare(&greys).unwrap();
            let payload = decode_with_erasures(&modules, &confidence).unwrap();
            assert_eq!(payload.reading.bytes, TEXT.as_bytes(), "{polarity:?}");
        }
    }

    #[test]
    fn a_code_without_glare_costs_nothing_more() {
        assert!(under_glare(&greys(0.1, Polarity::LightOnDark)).is_none());
    }
}
