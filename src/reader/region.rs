//! The region of a picture in which a code was read, to be searched first in the next frame.
//!
//! A hand moves little from frame to frame, and this is the cheapest second reading.
//! The finders' own places are not kept: finding them again takes three eighths of a region's reading, and they would
//! have to be binarised and measured anyway.

use crate::clamp::within;
use crate::found::Found;
use crate::picture::luma::Luma;
use crate::picture::point::Point;

/// How far beyond a code's corners the region reaches, as a part of the code's longer side.
///
/// Larger: more pixels. Smaller: a moving code leaves its region and the whole picture is searched after all.
const MOVE: f32 = 0.25;
/// The least distance that it reaches, in pixels: a small code moves by as many pixels as a large one.
const MIN_MOVE: f32 = 24.0;
/// The largest part of the picture that a region may be. A larger one saves too little to be worth a search.
const MAX_SHARE: f32 = 0.7;

/// A rectangle of a picture, and the size of the picture that it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Region {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
    of: (usize, usize),
}

impl Region {
    /// The region around these codes; `None` if there are none, or if it would be most of the picture.
    pub(crate) fn around(found: &[Found], luma: &Luma<'_>) -> Option<Self> {
        let corners = || found.iter().flat_map(|found| found.corners);
        let (width, height) = (luma.width() as f32, luma.height() as f32);
        let first = corners().fold(Point::new(width, height), |a, b| {
            Point::new(a.x.min(b.x), a.y.min(b.y))
        });
        let last = corners().fold(Point::new(0.0, 0.0), |a, b| {
            Point::new(a.x.max(b.x), a.y.max(b.y))
        });
        let size = last - first;
        let moves = (size.x.max(size.y) * MOVE).max(MIN_MOVE);
        // Clamped to the picture; NaN becomes 0.
        let inside = |value: f32, end: f32| within(value, 0.0, end) as usize;
        let (left, top) = (
            inside(first.x - moves, width),
            inside(first.y - moves, height),
        );
        let right = inside((last.x + moves).ceil(), width);
        let bottom = inside((last.y + moves).ceil(), height);
        let (across, down) = (right.checked_sub(left)?, bottom.checked_sub(top)?);
        let share = (across * down) as f32 / (width * height);
        (size.x > 0.0 && size.y > 0.0 && share <= MAX_SHARE).then_some(Self {
            left,
            top,
            width: across,
            height: down,
            of: (luma.width(), luma.height()),
        })
    }

    /// This part of a picture; `None` if the picture has another size, because then the camera has changed.
    pub(crate) fn of<'a>(&self, luma: &Luma<'a>) -> Option<Luma<'a>> {
        let same = self.of == (luma.width(), luma.height());
        same.then(|| luma.window(self.left, self.top, self.width, self.height))?
    }

    /// The top left corner.
    pub(crate) fn origin(&self) -> Point {
        Point::new(self.left as f32, self.top as f32)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const WIDTH: usize = 640;
    const HEIGHT: usize = 480;

    fn found(left: f32, top: f32, side: f32) -> Vec<Found> {
        let corners = [(0.0, 0.0), (side, 0.0), (side, side), (0.0, side)];
        vec![Found {
            bytes: vec![1],
            eci: None,
            parts: Vec::new(),
            text: String::new(),
            corners: corners.map(|(x, y)| Point::new(left + x, top + y)),
            confirmed: false,
        }]
    }

    #[test]
    fn a_region_holds_the_code_and_where_it_may_move() {
        let pixels: Vec<u8> = (0..WIDTH * HEIGHT).map(|at| (at % 251) as u8).collect();
        let luma = Luma::new(&pixels, WIDTH, HEIGHT, WIDTH).unwrap();
        let region = Region::around(&found(200.0, 100.0, 120.0), &luma).unwrap();
        let window = region.of(&luma).unwrap();
        assert_eq!((window.width(), window.height()), (180, 180));
        assert_eq!(region.origin(), Point::new(170.0, 70.0));
        assert_eq!(window.row(3), &luma.row(73)[170..350]);
    }

    #[test]
    fn a_region_ends_at_the_sides() {
        let pixels = vec![0; WIDTH * HEIGHT];
        let luma = Luma::new(&pixels, WIDTH, HEIGHT, WIDTH).unwrap();
        let region = Region::around(&found(-5.0, 400.0, 100.0), &luma).unwrap();
        let window = region.of(&luma).unwrap();
        assert_eq!(region.origin(), Point::new(0.0, 375.0));
        assert_eq!((window.width(), window.height()), (120, 105));
    }

    #[test]
    fn nothing_most_of_a_picture_and_another_camera_s_are_no_region() {
        let pixels = vec![0; WIDTH * HEIGHT];
        let luma = Luma::new(&pixels, WIDTH, HEIGHT, WIDTH).unwrap();
        assert_eq!(Region::around(&[], &luma), None);
        assert_eq!(Region::around(&found(20.0, 20.0, 440.0), &luma), None);
        assert_eq!(Region::around(&found(f32::NAN, 20.0, 40.0), &luma), None);
        let turned = Luma::new(&pixels, HEIGHT, WIDTH, HEIGHT).unwrap();
        let region = Region::around(&found(200.0, 100.0, 120.0), &luma).unwrap();
        assert!(region.of(&turned).is_none());
    }
}
