//! The search for codes in one picture: pass by pass over its copies, with the finders of all passes pooled.

use super::found::Found;
use crate::code::decode::{Payload, decode, decode_in_doubt, text};
use crate::finders::finder::find;
use crate::finders::missing::{completed, completed_alone};
use crate::finders::ring::Rays;
use crate::finders::triples::{Finder, Pool, Triple};
use crate::modules::modules::Modules;
use crate::modules::sample::{Greys, Unblur};
use crate::picture::bits::Bits;
use crate::picture::luma::Luma;
use crate::picture::point::Point;
use crate::picture::threshold::Thresholds;
use crate::plane::climb::Pattern;
use crate::plane::geometry::Homography;
use crate::plane::layout::Version;
use crate::plane::locate::{Place, locate};
use crate::plane::mesh::Mesh;

/// Grids that a pass samples: a place costs one, a place after its climb three.
const GRIDS: i32 = 6;
/// What a climb costs of them.
const CLIMB: i32 = 2;
/// Planes that suit the known modules worse lie somewhere else.
const LEAST_CORRELATION: f32 = 0.45;
/// Below this correlation no blur is measured: what hides the modules is something else.
const LEAST_CLEAR: f32 = 0.5;
/// What is tried on greys that are no code as they are: so much of a module's distance from its neighbours.
const SHARPER: [f32; 2] = [0.6, 1.4];
/// So far from its first place, in modules, is each module sampled again to confirm what was read: on one side, or on the
/// other where the plane is a little off.
const BESIDE: [Point; 2] = [Point::new(0.15, -0.15), Point::new(-0.15, 0.15)];
/// A heavy blur, for a first guess where sharpening finds none.
const SOLVED: f32 = 0.54;
/// Turns of the search for what a blur has mixed, from either guess, and how many modules a picture has for all of them.
const TURNS_SHARP: usize = 1;
const TURNS_SOLVED: usize = 5;
const MODULES_OF_TURNS: usize = 10_000;
/// What a turn costs beside its modules, in modules.
const TURN: usize = 500;
/// Where more than so many finders belong to no code they are what the ground is made of, and none is looked for beside them.
const MOST_OF_ONE_CODE: usize = 32;
/// Planes that are tried harder.
const MOST_KEPT: usize = 3;

/// What is known about one picture.
pub(crate) struct Search<'a> {
    picture: Luma<'a>,
    rays: Rays,
    pool: Pool,
    most: usize,
    grids: i32,
    turns: usize,
    /// Planes of codes that were seen and not read, those that suit the known modules best.
    kept: Vec<(f32, Version, bool, Homography)>,
    work: u64,
    pub(crate) found: Vec<Found>,
}

/// A copy of the picture, and how it is scanned.
pub(crate) struct Copy<'a> {
    pub(crate) luma: Luma<'a>,
    /// Pixels of the picture for one of the copy.
    pub(crate) scale: f32,
    /// Every so many rows.
    pub(crate) step: usize,
    /// Pixels of a finder's middle, across, from so many on.
    pub(crate) least_core: i32,
    /// So many sightings are looked at, the most seen first.
    pub(crate) most: usize,
}

impl<'a> Search<'a> {
    /// A search for at most `most` codes.
    pub(crate) fn new(picture: Luma<'a>, most: usize) -> Self {
        Self {
            picture,
            rays: Rays::new(),
            pool: Pool::default(),
            most,
            grids: 0,
            turns: MODULES_OF_TURNS,
            kept: Vec::new(),
            work: 0,
            found: Vec::new(),
        }
    }

    /// Whether nothing is left to do.
    pub(crate) fn is_over(&self) -> bool {
        self.found.len() >= self.most
    }

    /// Whether a finder was seen that belongs to no code so far.
    pub(crate) fn sees_finders(&self) -> bool {
        !self.pool.is_empty()
    }

    /// Pixels that were told dark from light, and modules that were sampled.
    pub(crate) fn work(&self) -> u64 {
        self.work
    }

    /// The finders that belong to no code so far.
    pub(crate) fn finders(&self) -> &[Finder] {
        self.pool.finders()
    }

    /// Looks for finders in a copy, and tries what they make with those of earlier passes.
    pub(crate) fn pass(&mut self, copy: &Copy<'_>, thresholds: &Thresholds) {
        self.work += (copy.luma.width() * copy.luma.height()) as u64;
        let bits = Bits::of(&copy.luma, thresholds);
        let mut sightings = find(&bits, copy.step, copy.least_core);
        sightings.truncate(copy.most);
        sightings.retain(|sighting| !self.pool.knows(sighting, copy.scale, copy.step));
        let rings = sightings.iter().filter_map(|sighting| {
            let ring = self.rays.ring(&copy.luma, &bits, sighting)?;
            Some(Finder::new(sighting, &ring, copy.scale, copy.step))
        });
        self.pool.add(rings);
        self.grids = GRIDS;
        while self.read_one() && !self.is_over() {}
    }

    /// Tries what was seen of a code's finders with those that were not.
    pub(crate) fn complete(&mut self) {
        if self.pool.finders().len() > MOST_OF_ONE_CODE {
            return;
        }
        for complete in [completed, completed_alone] {
            self.grids = GRIDS;
            for triple in complete(&self.picture, self.pool.finders()) {
                if self.grids <= 0 {
                    break;
                }
                if let Some(found) = self.read(&triple) {
                    self.found.push(found);
                    return;
                }
            }
        }
    }

    /// Whether one of the likeliest triples was a code.
    fn read_one(&mut self) -> bool {
        for triple in self.pool.triples() {
            if self.grids <= 0 {
                break;
            }
            if let Some(found) = self.read(&triple) {
                self.pool.forget_inside(&found.corners);
                if self.found.iter().all(|known| known.bytes != found.bytes) {
                    self.found.push(found);
                }
                return true;
            }
        }
        false
    }

    fn read(&mut self, triple: &Triple) -> Option<Found> {
        let places = locate(&self.picture, triple);
        places.iter().find_map(|place| self.read_place(place))
    }

    fn read_place(&mut self, place: &Place) -> Option<Found> {
        let pattern = Pattern::new(place.version, place.inverted);
        let fit = |plane: &Homography| pattern.correlation(&self.picture, plane);
        let planes = place.planes.iter().map(|plane| (fit(plane), plane));
        let (correlation, plane) = planes.max_by(|a, b| a.0.total_cmp(&b.0))?;
        let suits = correlation >= LEAST_CORRELATION;
        if suits {
            self.grids -= 1;
            if let Some(found) = self.read_plane(place, plane, None, correlation) {
                return Some(found);
            }
        }
        // A large code may lie on no plane at all.
        if (suits || place.said)
            && let Some(mesh) = Mesh::find(&self.picture, plane, place.version, place.inverted)
        {
            self.grids -= CLIMB;
            return self.read_plane(place, plane, Some(&mesh), correlation);
        }
        if !suits {
            return None;
        }
        self.grids -= CLIMB;
        let climbed = pattern.climb(&self.picture, plane);
        self.read_plane(place, &climbed, None, correlation)
    }

    fn read_plane(
        &mut self,
        place: &Place,
        plane: &Homography,
        mesh: Option<&Mesh>,
        correlation: f32,
    ) -> Option<Found> {
        let side = place.version.side();
        self.work += (side * side) as u64;
        let greys = Greys::sample(&self.picture, plane, mesh, place.version, place.inverted);
        let read = clearest(&greys);
        if read.is_none() && mesh.is_none() && correlation >= LEAST_CLEAR {
            let at = self.kept.partition_point(|kept| kept.0 > correlation);
            self.kept
                .insert(at, (correlation, place.version, place.inverted, *plane));
            self.kept.truncate(MOST_KEPT);
        }
        let payload = read?;
        let confirmed = payload.reading.bytes.iter().all(u8::is_ascii_digit)
            && self.confirms(&payload, place, plane, mesh);
        let found = found(payload, plane, place.version);
        Some(Found { confirmed, ..found })
    }

    /// Whether two samplings say this, with correction to spare: here and beside, or after a climb, where three finders
    /// alone have told the plane.
    fn confirms(
        &self,
        payload: &Payload,
        place: &Place,
        plane: &Homography,
        mesh: Option<&Mesh>,
    ) -> bool {
        let says_so = |plane: &Homography| {
            let greys = Greys::sample(&self.picture, plane, mesh, place.version, place.inverted);
            clearest(&greys)
                .is_some_and(|read| read.spare && read.reading.bytes == payload.reading.bytes)
        };
        let beside = |plane: &Homography| BESIDE.iter().any(|by| says_so(&plane.moved(*by)));
        if payload.spare && beside(plane) {
            return true;
        }
        if mesh.is_some() {
            return false;
        }
        let climbed = Pattern::new(place.version, place.inverted).climb(&self.picture, plane);
        says_so(&climbed) && beside(&climbed)
    }

    /// Tries harder where the known modules of a code were seen best, and the others were none: behind a blur, and with
    /// codewords in doubt taken for unknown.
    pub(crate) fn try_harder(&mut self) {
        for (_, version, inverted, plane) in std::mem::take(&mut self.kept) {
            let greys = Greys::sample(&self.picture, &plane, None, version, inverted);
            let sharp = greys.clearer(Unblur::Sharpen(SHARPER[1]));
            let modules = sharp.modules();
            let read = self
                .equalise(&greys, version, &modules, TURNS_SHARP)
                .or_else(|| {
                    let solved = greys.clearer(Unblur::Solve(SOLVED)).modules();
                    decode(&solved)
                        .or_else(|| self.equalise(&greys, version, &solved, TURNS_SOLVED))
                })
                .or_else(|| decode_in_doubt(&modules, &sharp.certain()));
            if let Some(payload) = read {
                self.found.push(found(payload, &plane, version));
                return;
            }
        }
    }

    /// What is read behind a blur that is measured, from a first guess of the modules.
    fn equalise(
        &mut self,
        greys: &Greys,
        version: Version,
        guess: &Modules,
        turns: usize,
    ) -> Option<Payload> {
        let mut equaliser = greys.equaliser(version, guess);
        let cost = version.side() * version.side() + TURN;
        for _ in 0..turns {
            if self.turns < cost {
                return None;
            }
            self.turns -= cost;
            self.work += cost as u64;
            let modules = equaliser.turn()?;
            let read = decode(&modules);
            if read.is_some() {
                return read;
            }
        }
        None
    }
}

/// What greys say, as they are or sharpened.
fn clearest(greys: &Greys) -> Option<Payload> {
    let mut read = decode(&greys.modules());
    for amount in SHARPER {
        read = read.or_else(|| decode(&greys.clearer(Unblur::Sharpen(amount)).modules()));
    }
    read
}

fn found(payload: Payload, plane: &Homography, version: Version) -> Found {
    let mut corners = plane.corners(version.side() as f32);
    if payload.mirrored {
        // The code's own top right is at the bottom left, as a mirror shows it.
        corners.swap(1, 3);
    }
    Found {
        text: text(&payload.reading),
        bytes: payload.reading.bytes,
        eci: payload.reading.eci,
        corners,
        confirmed: false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::modules::modules::tests::drawn;
    use crate::picture::threshold::Blocks;

    const WIDTH: usize = 320;
    const HEIGHT: usize = 160;
    const MODULE: usize = 4;
    /// Pixels of a code's side: version 2.
    const CODE: usize = 25 * MODULE;

    /// Codes of these texts on light ground, from these columns on, 30 rows from the top.
    fn picture(codes: &[(&str, usize)]) -> Vec<u8> {
        let mut pixels = vec![220; WIDTH * HEIGHT];
        for (text, left) in codes {
            let modules = drawn(text, 2, qrcode::EcLevel::M);
            for at in 0..CODE * CODE {
                let (x, y) = (at % CODE, at / CODE);
                if modules.is_dark(x / MODULE, y / MODULE) {
                    pixels[(30 + y) * WIDTH + left + x] = 30;
                }
            }
        }
        pixels
    }

    /// The same with light ground where asked.
    fn without(pixels: &[u8], hidden: impl Fn(usize, usize) -> bool) -> Vec<u8> {
        let shown = pixels.iter().enumerate();
        let shown = shown.map(|(at, grey)| {
            let hidden = hidden(at % WIDTH, at / WIDTH);
            if hidden { 220 } else { *grey }
        });
        shown.collect()
    }

    fn luma(pixels: &[u8]) -> Luma<'_> {
        Luma::new(pixels, WIDTH, HEIGHT, WIDTH).unwrap()
    }

    fn pass(search: &mut Search<'_>, pixels: &[u8]) {
        let copy = Copy {
            luma: luma(pixels),
            scale: 1.0,
            step: 2,
            least_core: 2,
            most: 24,
        };
        search.pass(&copy, &Blocks::of(&copy.luma).means());
    }

    fn texts<'a>(search: &'a Search<'_>) -> Vec<&'a str> {
        search.found.iter().map(|found| &*found.text).collect()
    }

    #[test]
    fn a_pass_reads_a_code_says_where_and_forgets_its_finders() {
        let pixels = picture(&[("one", 40)]);
        let mut search = Search::new(luma(&pixels), 1);
        assert!(!search.is_over());
        pass(&mut search, &pixels);
        assert_eq!(texts(&search), ["one"]);
        let corners = [(40.0, 30.0), (140.0, 30.0), (140.0, 130.0), (40.0, 130.0)];
        for (seen, (x, y)) in search.found[0].corners.iter().zip(corners) {
            assert!((*seen - Point::new(x, y)).length() < 2.0, "{seen:?}");
        }
        assert!(search.is_over() && !search.sees_finders());
        assert_eq!(search.work(), (WIDTH * HEIGHT + 25 * 25) as u64);
    }

    #[test]
    fn bare_digits_are_confirmed_where_correction_is_to_spare_and_letters_need_not_be() {
        let read = |text: &str, rows: usize| {
            let mut pixels = picture(&[(text, 40)]);
            // Light over data at the code's right: each row of modules spoils a codeword or two.
            for at in 0..rows * MODULE * 40 {
                pixels[(62 + at / 40) * WIDTH + 100 + at % 40] = 220;
            }
            let mut search = Search::new(luma(&pixels), 1);
            pass(&mut search, &pixels);
            let found = search.found.pop();
            found.map(|found| (found.text == text, found.confirmed))
        };
        assert_eq!(read("134503098230927349", 0), Some((true, true)));
        assert_eq!(read("134503098230927349", 6), Some((true, false)));
        assert_eq!(read("TNG-7Q2M", 0), Some((true, false)));
    }

    #[test]
    fn a_search_ends_with_as_many_codes_as_are_asked_for() {
        let pixels = picture(&[("one", 40), ("two", 180)]);
        for most in [1, 2] {
            let mut search = Search::new(luma(&pixels), most);
            pass(&mut search, &pixels);
            assert_eq!(search.found.len(), most);
            assert!(search.is_over());
        }
    }

    #[test]
    fn the_same_code_twice_is_one() {
        let pixels = picture(&[("one", 40), ("one", 180)]);
        let mut search = Search::new(luma(&pixels), 4);
        pass(&mut search, &pixels);
        assert_eq!(texts(&search), ["one"]);
        assert!(!search.is_over() && !search.sees_finders());
    }

    #[test]
    fn corners_that_different_copies_show_make_one_code() {
        let pixels = picture(&[("one", 40)]);
        let last = |x: usize, y: usize| x < 40 + CODE / 3 && y > 30 + CODE / 2;
        let mut search = Search::new(luma(&pixels), 1);
        pass(&mut search, &without(&pixels, last));
        assert_eq!((search.found.len(), search.finders().len()), (0, 2));
        pass(&mut search, &without(&pixels, |x, y| !last(x, y)));
        assert_eq!(texts(&search), ["one"]);
    }

    #[test]
    fn three_finders_with_nothing_between_them_are_no_code() {
        let pixels = picture(&[("one", 40)]);
        let finder = |at: usize| at < 8 * MODULE;
        let far = |at: usize| at >= CODE - 8 * MODULE;
        let alone = without(&pixels, |x, y| {
            let (x, y) = (x.wrapping_sub(40), y.wrapping_sub(30));
            !((finder(x) && finder(y)) || (far(x) && finder(y)) || (finder(x) && far(y)))
        });
        let mut search = Search::new(luma(&alone), 1);
        pass(&mut search, &alone);
        assert!(search.found.is_empty());
        assert_eq!(search.finders().len(), 3);
    }
}
