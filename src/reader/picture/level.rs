//! A level of the picture's pyramid, and how it is scanned for finders.

use super::luma::Luma;

/// The picture at one of its sizes.
pub(crate) struct Level<'a> {
    pub(crate) luma: Luma<'a>,
    /// Pixels of the picture in one pixel of the level, along a side.
    pub(crate) scale: f32,
    /// Rows from one scanned row to the next.
    pub(crate) step: usize,
    /// The narrowest finder core, in pixels.
    pub(crate) min_core: i32,
    /// Finder candidates whose rings are measured, the most seen first.
    pub(crate) max_candidates: usize,
}
