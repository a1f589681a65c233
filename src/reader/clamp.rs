//! Keeps a value within bounds.

/// The value, or the bound that it lies beyond. In place of the standard clamp, which panics in words with floats in them:
/// their formatting alone is a thirtieth of the module; and of `max` and `min`, which are calls in WebAssembly. What is not
/// a number becomes `least`.
#[inline(always)]
pub(crate) fn within(value: f32, least: f32, most: f32) -> f32 {
    let value = if value > least { value } else { least };
    if value < most { value } else { most }
}
