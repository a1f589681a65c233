//! Converts colours to grey.

/// The weights of red, green and blue of ITU-R BT.601 (0.299, 0.587, 0.114), times 256.
///
/// See <https://www.itu.int/rec/R-REC-BT.601>.
const BT601: [u32; 3] = [77, 150, 29];

/// Converts RGBA pixels to grey, by the weights of ITU-R BT.601. Alpha is ignored.
#[must_use]
pub fn luma_from_rgba(rgba: &[u8]) -> Vec<u8> {
    let mut grey = Vec::new();
    add_luma_from_rgba(rgba, &mut grey);
    grey
}

/// The same for a part of a picture, whose grey pixels are appended. True if each pixel hides what is behind it.
///
/// Both in one loop: a second one over the colours takes as long as half of this one.
pub fn add_luma_from_rgba(rgba: &[u8], grey: &mut Vec<u8>) -> bool {
    let (pixels, _) = rgba.as_chunks::<4>();
    // Shifts of whole words: the compiler vectorises them, and not the indexing of single bytes.
    let [red_weight, green_weight, blue_weight] = BT601;
    let both = red_weight << 16 | blue_weight;
    let mut all = u32::MAX;
    let luma = |pixel: &[u8; 4]| {
        let word = u32::from_le_bytes(*pixel);
        all &= word;
        // One product for two colours: its upper half is the weighted sum of red and blue.
        let ends = (word & 0x00ff_00ff).wrapping_mul(both) >> 16;
        ((ends + green_weight * (word >> 8 & 0xff)) >> 8) as u8
    };
    grey.extend(pixels.iter().map(luma));
    let [.., alpha] = all.to_le_bytes();
    alpha == u8::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grey_is_the_weighted_mean_of_three_colours_at_any_length() {
        let colours = [
            [0, 0, 0, 255],
            [255, 255, 255, 0],
            [255, 0, 0, 255],
            [0, 255, 0, 255],
            [0, 0, 255, 9],
            [200, 100, 50, 255],
        ];
        let greys = [0, 255, 76, 149, 28, 124];
        let rgba: Vec<u8> = (0..37).flat_map(|at| colours[at % 6]).collect();
        let expected: Vec<u8> = (0..37).map(|at| greys[at % 6]).collect();
        assert_eq!(luma_from_rgba(&rgba), expected);
        let mut grey = vec![7];
        add_luma_from_rgba(&rgba[..8], &mut grey);
        assert_eq!(grey, [7, 0, 255]);
    }

    #[test]
    fn a_single_transparent_pixel_is_noticed() {
        let mut rgba = vec![255; 4 * 1_000];
        let is_opaque = |rgba: &[u8]| add_luma_from_rgba(rgba, &mut Vec::new());
        assert!(is_opaque(&rgba));
        for at in [0, 499, 999] {
            rgba[at * 4 + 3] = 254;
            assert!(!is_opaque(&rgba), "pixel {at}");
            rgba[at * 4 + 3] = 255;
        }
    }
}
