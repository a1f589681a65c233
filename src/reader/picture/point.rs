//! Points and vectors in a picture.

use std::ops::{Add, Sub};

/// A point in the picture, in pixels from its top left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Pixels from the left.
    pub x: f32,
    /// Pixels from the top.
    pub y: f32,
}

impl Point {
    /// The point at these pixels.
    pub(crate) const fn new(x: f32, y: f32) -> Self {
        Self { x, y }
    }

    /// The scalar product of two vectors.
    pub(crate) fn dot(self, other: Self) -> f32 {
        self.x * other.x + self.y * other.y
    }

    /// The z of the cross product: positive if `other` is clockwise of `self` on the screen, where y grows downwards.
    pub(crate) fn cross(self, other: Self) -> f32 {
        self.x * other.y - self.y * other.x
    }

    /// The length of a vector.
    pub(crate) fn length(self) -> f32 {
        self.dot(self).sqrt()
    }

    /// The vector scaled by a factor.
    pub(crate) fn times(self, factor: f32) -> Self {
        Self::new(self.x * factor, self.y * factor)
    }
}

impl Add for Point {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self::new(self.x + other.x, self.y + other.y)
    }
}

impl Sub for Point {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self::new(self.x - other.x, self.y - other.y)
    }
}

/// The point where two lines intersect, each given by a point and a direction.
///
/// `None` if the cross product of the directions is below `least`: the lines are parallel, or nearly.
pub(crate) fn intersection(
    first: (Point, Point),
    second: (Point, Point),
    least: f32,
) -> Option<Point> {
    let across = first.1.cross(second.1);
    if across.abs() < least {
        return None;
    }
    let along = (second.0 - first.0).cross(second.1) / across;
    Some(first.0 + first.1.times(along))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn parallels_do_not_meet() {
        let (origin, right) = (Point::new(0.0, 0.0), Point::new(1.0, 0.0));
        let down = (Point::new(3.0, -5.0), Point::new(0.0, 1.0));
        let at = intersection((origin, right), down, 0.1).unwrap();
        assert!((at - Point::new(3.0, 0.0)).length() < 0.05);
        assert!(intersection((origin, right), (Point::new(0.0, 4.0), right), 0.1).is_none());
    }
}
