//! Clamps a number to bounds.

/// The value, or the bound that it exceeds. NaN becomes `least`.
///
/// It replaces `f32::clamp`, whose panic formats floats: that code alone is a thirtieth of the module.
/// It also replaces `max` and `min`, which are function calls in WebAssembly.
#[inline(always)]
pub(crate) fn within(value: f32, least: f32, most: f32) -> f32 {
    let value = if value > least { value } else { least };
    if value < most { value } else { most }
}
