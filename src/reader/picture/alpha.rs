//! Transparent pictures: how they look upon a light or a dark ground.
//!
//! A code may be black upon a transparent ground, and the colour of a transparent pixel says nothing.
//! Such a code can only be seen once something is behind it. A camera's frame has no transparent pixels.

use super::rgba::luma_from_rgba;

/// The alpha of a pixel that hides what is behind it.
const OPAQUE: u8 = 255;

/// Whether every pixel of an RGBA picture hides what is behind it.
#[must_use]
pub fn is_opaque(rgba: &[u8]) -> bool {
    let (pixels, _) = rgba.as_chunks::<4>();
    // All words at once: the compiler vectorises this, and not a search for the first one.
    let all = |all: u32, pixel: &[u8; 4]| all & u32::from_le_bytes(*pixel);
    let [.., alpha] = pixels.iter().fold(u32::MAX, all).to_le_bytes();
    alpha == OPAQUE
}

/// Converts an RGBA picture to grey, as it looks upon a ground of this grey.
#[must_use]
pub fn luma_upon(rgba: &[u8], ground: u8) -> Vec<u8> {
    let (pixels, _) = rgba.as_chunks::<4>();
    let mut luma = luma_from_rgba(rgba);
    for (grey, [.., alpha]) in luma.iter_mut().zip(pixels) {
        let (own, behind) = (u32::from(*alpha), u32::from(OPAQUE - alpha));
        let mixed = u32::from(*grey) * own + u32::from(ground) * behind;
        *grey = (mixed / u32::from(OPAQUE)) as u8;
    }
    luma
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transparent_pixel_shows_the_ground_and_an_opaque_one_itself() {
        let rgba = [0, 0, 0, 255, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 102];
        let own = luma_from_rgba(&rgba);
        assert_eq!(luma_upon(&rgba, 255), [own[0], own[1], 255, 153]);
        assert_eq!(luma_upon(&rgba, 0), [own[0], own[1], 0, 0]);
    }

    #[test]
    fn a_single_transparent_pixel_is_noticed() {
        let mut rgba = vec![255; 4 * 1_000];
        assert!(is_opaque(&rgba));
        for at in [0, 499, 999] {
            rgba[at * 4 + 3] = 254;
            assert!(!is_opaque(&rgba), "pixel {at}");
            rgba[at * 4 + 3] = 255;
        }
    }
}
