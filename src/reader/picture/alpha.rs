//! Transparent pictures. A camera's frame has no transparent pixels.

/// Whether every pixel of an RGBA picture hides what is behind it.
#[must_use]
pub fn is_opaque(rgba: &[u8]) -> bool {
    let (pixels, _) = rgba.as_chunks::<4>();
    // All words at once: the compiler vectorises this, and not a search for the first one.
    let all = |all: u32, pixel: &[u8; 4]| all & u32::from_le_bytes(*pixel);
    let [.., alpha] = pixels.iter().fold(u32::MAX, all).to_le_bytes();
    alpha == u8::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

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
