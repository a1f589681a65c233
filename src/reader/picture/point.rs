//! A point in a picture, and its arithmetic.

use std::ops::{Add, Sub};

/// A point in the picture, in its pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// From the left.
    pub x: f32,
    /// From the top.
    pub y: f32,
}

impl Point {
    pub(crate) const fn new(x: f32, y: f32) -> Self {
        Self { x, y }
    }

    pub(crate) fn dot(self, other: Self) -> f32 {
        self.x * other.x + self.y * other.y
    }

    /// Positive where `other` lies clockwise of this, as pictures are drawn: y grows downwards.
    pub(crate) fn cross(self, other: Self) -> f32 {
        self.x * other.y - self.y * other.x
    }

    pub(crate) fn length(self) -> f32 {
        self.dot(self).sqrt()
    }

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

/// Where two lines meet, each a point and a direction; none where they are parallel, or nearly.
pub(crate) fn meeting(first: (Point, Point), second: (Point, Point), least: f32) -> Option<Point> {
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
        let at = meeting((origin, right), down, 0.1).unwrap();
        assert!((at - Point::new(3.0, 0.0)).length() < 0.05);
        assert!(meeting((origin, right), (Point::new(0.0, 4.0), right), 0.1).is_none());
    }
}
