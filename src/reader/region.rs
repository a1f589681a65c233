//! The part of the picture in which a code was read: a hand moves little from frame to frame, and looking there first
//! is the cheapest second reading. The finders' own places are not carried: to find them anew in a region is three eighths
//! of its reading, and they would have to be told from their ground there all the same.

use super::clamp::within;
use super::found::Found;
use crate::picture::luma::Luma;
use crate::picture::point::Point;

/// How far beyond a code's corners the next frame's may be, as a part of its longer side.
const MOVES: f32 = 0.25;
/// A code that moves by its own size is another's; but a small one still moves by so many pixels.
const LEAST_MOVE: f32 = 24.0;
/// A region of more of the picture than this saves nothing.
const MOST_SHARE: f32 = 0.7;

/// A rectangle of a picture, and the size of the picture it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Region {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
    of: (usize, usize),
}

impl Region {
    /// The region around these codes; none where there are none, or where it is most of the picture.
    pub(crate) fn around(found: &[Found], luma: &Luma<'_>) -> Option<Self> {
        let corners = || found.iter().flat_map(|found| found.corners);
        let (width, height) = (luma.width() as f32, luma.height() as f32);
        let least = corners().fold(Point::new(width, height), |a, b| {
            Point::new(a.x.min(b.x), a.y.min(b.y))
        });
        let most = corners().fold(Point::new(0.0, 0.0), |a, b| {
            Point::new(a.x.max(b.x), a.y.max(b.y))
        });
        let size = most - least;
        let moves = (size.x.max(size.y) * MOVES).max(LEAST_MOVE);
        // What is not a number, or outside, ends at a side.
        let inside = |value: f32, end: f32| within(value, 0.0, end) as usize;
        let (left, top) = (
            inside(least.x - moves, width),
            inside(least.y - moves, height),
        );
        let right = inside((most.x + moves).ceil(), width);
        let bottom = inside((most.y + moves).ceil(), height);
        let (across, down) = (right.checked_sub(left)?, bottom.checked_sub(top)?);
        let share = (across * down) as f32 / (width * height);
        (size.x > 0.0 && size.y > 0.0 && share <= MOST_SHARE).then_some(Self {
            left,
            top,
            width: across,
            height: down,
            of: (luma.width(), luma.height()),
        })
    }

    /// What a picture shows there; none where it has another size: then it is another camera's.
    pub(crate) fn of<'a>(&self, luma: &Luma<'a>) -> Option<Luma<'a>> {
        let same = self.of == (luma.width(), luma.height());
        same.then(|| luma.window(self.left, self.top, self.width, self.height))?
    }

    /// Its top left corner.
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
