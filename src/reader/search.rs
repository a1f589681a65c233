//! Searches one picture for codes, pass by pass over its levels, with the finders of all passes in one pool.

use crate::code::charset::text;
use crate::code::codewords::{Orientation, prove};
use crate::code::decode::{Payload, decode, decode_with_erasures};
use crate::code::segments::Reading;
use crate::finders::finder::find;
use crate::finders::missing::{complete_pairs, complete_singles};
use crate::finders::ring::Rays;
use crate::finders::triples::{Finder, Pool, Triple, is_inside};
use crate::found::Found;
use crate::modules::glare::under_glare;
use crate::modules::modules::Modules;
use crate::modules::sample::{Deblur, Greys};
use crate::picture::bits::Bits;
use crate::picture::level::Level;
use crate::picture::luma::Luma;
use crate::picture::point::Point;
use crate::picture::polarity::Polarity;
use crate::picture::stretch::Axis;
use crate::picture::threshold::Thresholds;
use crate::plane::climb::Pattern;
use crate::plane::geometry::Homography;
use crate::plane::layout::Version;
use crate::plane::locate::{Hypothesis, locate, timing};
use crate::plane::mesh::Mesh;
use crate::plane::relax::relaxed;
use crate::sum::{Sighting, Sums};

/// The budget of a pass. Sampling a candidate costs one; a hill climb or a mesh before it costs `CLIMB` more.
///
/// Larger: textured pictures take more time. Smaller: the triple of a code may not be tried.
const GRIDS: i32 = 6;
/// The cost of a hill climb or a mesh, compared with that of sampling a whole grid.
const CLIMB: i32 = 2;
/// The least correlation of the function patterns with the picture for a plane to be sampled.
///
/// Chosen on the till set. Larger: blurred codes are lost. Smaller: chance planes use up the budget.
const MIN_CORRELATION: f32 = 0.45;
/// The least correlation for deblurring. Below it, something other than blur hides the modules.
///
/// Larger: blurred codes are lost. Smaller: time is spent on chance planes.
const MIN_DEBLUR_CORRELATION: f32 = 0.5;
/// Sharpening strengths to try when the plain samples do not decode: the share of the difference to the neighbours
/// that is added.
///
/// Chosen on the till set. Larger: noise flips modules. Smaller: defocus hides single modules.
const SHARPEN: [f32; 2] = [0.6, 1.4];
/// The strength from which deblurring starts.
const SHARPEN_MOST: f32 = SHARPEN[1];
/// The least score of the timing patterns of a finder and two near it.
///
/// Finders of different codes fit the function patterns nearly as well as those of one, except these.
/// Larger: blurred codes are lost. Smaller: most of the work is for triples across codes.
const MIN_NEAR_TIMING: f32 = 0.4;
/// Offsets in modules at which every module is sampled again, to confirm a reading.
///
/// An equal reading at either offset confirms it: if the plane is slightly off, one of them leads out of the modules.
/// Larger: the samples see the neighbours. Smaller: they see the same pixels, and confirm nothing.
const CONFIRM_OFFSETS: [Point; 2] = [Point::new(0.15, -0.15), Point::new(-0.15, 0.15)];
/// The blur that is assumed for a first guess where sharpening fails: see [`Deblur::Deconvolve`].
const HEAVY_BLUR: f32 = 0.54;
/// Rounds of the equaliser, starting from that guess.
///
/// Chosen on the till set. More rounds cost time; with fewer, the guess has not settled.
const ROUNDS: usize = 8;
/// The budget of all equaliser rounds in a picture, in modules, and the fixed cost of a round.
///
/// Larger: hostile pictures take more time. Smaller: a large blurred code gets no round.
const EQUALISER_MODULES: usize = 15_000;
const ROUND_COST: usize = 500;
/// More unread finders than this come from a textured background; then missing ones are not searched.
///
/// Sensor noise makes about 24. Larger: more time on textured pictures. Smaller: noisy codes are lost.
const MAX_FINDERS_TO_COMPLETE: usize = 32;
/// The unread planes that are deblurred: those with the best correlation. More of them cost time.
const MAX_UNREAD: usize = 3;
/// Candidates that show texture: at a quarter of the size and less, without a triple of finders, they end the search.
/// With those at half the size and no finder, they leave out sharpening; from the second bound on, closing gaps too.
///
/// Half the size alone does not end it: the ground behind a code that is seen from the side has as many.
///
/// Noise is averaged away on these levels. Measured on drawn codes and on photos: those that only a later pass reads have
/// at most 16, 11 and 47 candidates; a photo of leaves or cloth has dozens.
/// Larger: such pictures take longer. Smaller: codes among ornaments are lost.
const TEXTURE: usize = 24;
const TEXTURE_OF_DOTS: usize = 60;
/// Finders of a code.
pub(crate) const FINDERS: usize = 3;
/// The ratio of a finder's height to its width, or the reverse, that shows a code from the side.
///
/// Larger: slanted codes are not stretched. Smaller: time for codes that are not read for another reason.
const SIDE_VIEW: f32 = 1.8;
/// The unread planes of a picture that are followed where they bend: if all codes are wanted, and if one is.
///
/// The planes that fit best come first. More of them cost time; fewer lose bent codes.
const MAX_BENT: usize = 6;
const MAX_BENT_OF_ONE: usize = 2;

/// The search of one picture.
pub(crate) struct Search<'a> {
    picture: Luma<'a>,
    rays: Rays,
    pub(crate) pool: Pool,
    max: usize,
    /// How many times the bounds of a search for one code may be used. More than one: all codes are wanted.
    many: usize,
    /// What is left of the pass's budget of grids.
    grids: i32,
    /// What is left of the picture's budget of equaliser rounds.
    equaliser_modules: usize,
    /// Finders that are seen from the side: those higher than wide, less those wider than high.
    higher: i32,
    /// Finder candidates at a quarter of the size and less, and at half size.
    seen: [usize; 2],
    /// How many more codes may be followed where they bend.
    bent: usize,
    /// Sorted by correlation, the best first.
    unread: Vec<Unread>,
    /// Grids that were not decoded by any means.
    missed: Vec<Sighting>,
    work: u64,
    pub(crate) found: Vec<Found>,
}

/// A plane that fits the function patterns of a code which was not decoded.
struct Unread {
    correlation: f32,
    version: Version,
    polarity: Polarity,
    plane: Homography,
}

/// A grid to sample: function patterns that fit the picture on a plane, or on a mesh that bends it.
struct Candidate<'p> {
    pattern: &'p Pattern,
    plane: Homography,
    mesh: Option<Mesh>,
    /// The correlation of function patterns and picture, before a climb or a mesh.
    correlation: f32,
}

impl Candidate<'_> {
    fn sample(&self, picture: &Luma<'_>) -> Greys {
        self.sample_on(picture, &self.plane)
    }

    /// Samples on another plane, with the same mesh.
    fn sample_on(&self, picture: &Luma<'_>, plane: &Homography) -> Greys {
        let (version, polarity) = (self.pattern.version(), self.pattern.polarity());
        Greys::sample(picture, plane, self.mesh.as_ref(), version, polarity)
    }
}

impl<'a> Search<'a> {
    /// A search for at most `max` codes. `many`: how often it may use the bounds of a search for one.
    pub(crate) fn new(picture: Luma<'a>, max: usize, many: usize) -> Self {
        Self {
            picture,
            rays: Rays::new(),
            pool: Pool::new(many),
            max,
            many,
            grids: 0,
            equaliser_modules: EQUALISER_MODULES,
            higher: 0,
            seen: [0; 2],
            bent: 0,
            unread: Vec::new(),
            missed: Vec::new(),
            work: 0,
            found: Vec::new(),
        }
    }

    /// Lets the search look for bent codes too, which costs more than all before.
    pub(crate) fn allow_bent(&mut self) {
        self.bent = if self.many > 1 {
            MAX_BENT
        } else {
            MAX_BENT_OF_ONE
        };
    }

    /// Whether as many codes are found as are asked for.
    pub(crate) fn is_over(&self) -> bool {
        self.found.len() >= self.max
    }

    /// Whether the searches that cost most may end: one code is enough where no more are searched for.
    fn is_enough(&self) -> bool {
        self.is_over() || self.many == 1 && !self.found.is_empty()
    }

    /// Whether there are finders that belong to no code.
    pub(crate) fn sees_finders(&self) -> bool {
        !self.pool.is_empty()
    }

    /// Whether all candidates are chance, and so many that no pass will read a code; no sharp one; and no closed one.
    ///
    /// A pattern with dozens of candidates has one or two rings by chance. Noise has none at a quarter of the size.
    pub(crate) fn sees_texture(&self) -> [bool; 3] {
        let [small, half] = self.seen;
        let all = small + half;
        let finders = self.pool.finders().len() + FINDERS * self.found.len();
        let is_above = |most: usize| finders == 0 && all > most;
        let is_hopeless = finders < FINDERS && small > TEXTURE;
        [is_hopeless, is_above(TEXTURE), is_above(TEXTURE_OF_DOTS)]
    }

    /// Begins a new pool, and returns the one before.
    pub(crate) fn put_finders_aside(&mut self) -> Pool {
        std::mem::replace(&mut self.pool, Pool::new(self.many))
    }

    /// Whether there are candidates at a quarter of the size and less, but no finder on any level.
    ///
    /// A code that only the full size shows when it is sharpened is blurred: no small level has a candidate, or one of
    /// its finders is known by then.
    pub(crate) fn sees_chance(&self) -> bool {
        self.pool.is_empty() && self.seen[0] > 0
    }

    /// The axis along which the picture shows codes too narrow, if it shows them from the side.
    pub(crate) fn narrow(&self) -> Option<Axis> {
        match self.higher {
            _ if self.sees_texture()[0] => None,
            0 => None,
            1.. => Some(Axis::Width),
            _ => Some(Axis::Height),
        }
    }

    /// Pixels that were binarised, plus modules that were sampled.
    pub(crate) fn work(&self) -> u64 {
        self.work
    }

    /// The finders that belong to no code.
    pub(crate) fn finders(&self) -> &[Finder] {
        self.pool.finders()
    }

    /// Scans a level for finders, and reads the codes that they form with those of earlier passes.
    pub(crate) fn pass(&mut self, level: &Level<'_>, thresholds: &Thresholds) {
        self.scan(level, &Bits::of(&level.luma, thresholds));
    }

    /// The same for a level that is binarised already.
    pub(crate) fn scan(&mut self, level: &Level<'_>, bits: &Bits) {
        self.work += (level.luma.width() * level.luma.height()) as u64;
        let mut candidates = find(bits, level.step, level.min_core, self.many);
        candidates.retain(|candidate| !self.is_read(candidate.center.times(level.scale)));
        if level.scale > 1.0 {
            self.seen[usize::from(level.scale < 4.0)] += candidates.len();
        }
        candidates.truncate(level.max_candidates * self.many);
        candidates.retain(|candidate| !self.pool.knows(candidate, level.scale, level.step));
        let higher = &mut self.higher;
        let finders = candidates.iter().filter_map(|candidate| {
            let ring = self.rays.ring(&level.luma, bits, candidate)?;
            if candidate.is_side_view(SIDE_VIEW) {
                *higher += if candidate.stretch > 1.0 { 1 } else { -1 };
            }
            Some(Finder::new(candidate, &ring, level.scale, level.step))
        });
        self.pool.add(finders);
        self.grids = GRIDS;
        while self.read_next() && !self.is_over() {}
        if self.many > 1 && !self.is_over() {
            self.read_neighbours();
        }
    }

    /// Whether a place lies in a code that was read. No other code can be there.
    fn is_read(&self, at: Point) -> bool {
        self.found.iter().any(|found| is_inside(&found.corners, at))
    }

    /// Searches the finders that no pass has found beside those in the pool, and reads the codes that they form.
    pub(crate) fn complete_finders(&mut self) {
        if self.pool.finders().len() > MAX_FINDERS_TO_COMPLETE {
            return;
        }
        for complete in [complete_pairs, complete_singles] {
            self.grids = GRIDS;
            for triple in complete(&self.picture, self.pool.finders()) {
                if self.grids <= 0 {
                    break;
                }
                if let Some(found) = self.read_triple(&triple) {
                    self.keep(found);
                    if self.is_enough() {
                        return;
                    }
                }
            }
        }
    }

    /// Reads a code from the likeliest triples. True if there was one, and then there may be another.
    fn read_next(&mut self) -> bool {
        for triple in self.pool.triples() {
            if self.grids <= 0 {
                break;
            }
            if let Some(found) = self.read_triple(&triple) {
                self.keep(found);
                return true;
            }
        }
        false
    }

    /// Reads codes from every finder and those near it. The budget grows with the finders: a code has three.
    fn read_neighbours(&mut self) {
        self.grids = GRIDS * (self.pool.finders().len() / 3) as i32;
        for triple in self.pool.neighbours() {
            if self.grids <= 0 || self.is_over() {
                break;
            }
            let finders = [&triple.corner, &triple.right, &triple.down];
            if finders.iter().any(|finder| self.is_read(finder.center))
                || timing(&self.picture, &triple) < MIN_NEAR_TIMING
            {
                continue;
            }
            if let Some(found) = self.read_triple(&triple) {
                self.keep(found);
            }
        }
    }

    /// Keeps a code and takes its area out of the search. A code pays for the next one: chance triples cannot.
    fn keep(&mut self, found: Found) {
        self.pool.forget_inside(&found.corners);
        self.grids = self.grids.max(GRIDS);
        self.found.push(found);
    }

    fn read_triple(&mut self, triple: &Triple) -> Option<Found> {
        let hypotheses = locate(&self.picture, triple);
        hypotheses
            .iter()
            .find_map(|hypothesis| self.read_hypothesis(hypothesis))
    }

    /// Samples the best plane of a hypothesis as it is, then with a mesh, or else after a hill climb.
    fn read_hypothesis(&mut self, hypothesis: &Hypothesis) -> Option<Found> {
        let pattern = &hypothesis.pattern;
        let fit = |plane: &Homography| pattern.correlation(&self.picture, plane);
        let planes = hypothesis.planes.iter().map(|plane| (fit(plane), plane));
        let (correlation, plane) = planes.max_by(|a, b| a.0.total_cmp(&b.0))?;
        let mut candidate = Candidate {
            pattern,
            plane: *plane,
            mesh: None,
            correlation,
        };
        let fits = correlation >= MIN_CORRELATION;
        if fits {
            self.grids -= 1;
            if let Some(found) = self.read_candidate(&candidate) {
                return Some(found);
            }
        }
        // A large code may be bent, so that no plane fits it well.
        if fits || hypothesis.is_version_read {
            let (version, polarity) = (pattern.version(), pattern.polarity());
            candidate.mesh = Mesh::find(&self.picture, plane, version, polarity);
        }
        if candidate.mesh.is_some() {
            self.grids -= CLIMB;
            return self.read_candidate(&candidate);
        }
        if !fits {
            return None;
        }
        self.grids -= CLIMB;
        candidate.plane = pattern.climb(&self.picture, plane);
        self.read_candidate(&candidate)
    }

    /// Samples and decodes a candidate. One that is not decoded is remembered for deblurring.
    fn read_candidate(&mut self, candidate: &Candidate<'_>) -> Option<Found> {
        let version = candidate.pattern.version();
        self.work += (version.side() * version.side()) as u64;
        let greys = candidate.sample(&self.picture);
        let payload = first_sharpened(&greys, decode)
            .or_else(|| decode(&greys.modules_by_quartiles()))
            .or_else(|| self.read_cores(candidate));
        if payload.is_none() {
            self.remember(candidate);
        }
        let payload = payload?;
        let confirmed = payload.reading.bytes.iter().all(u8::is_ascii_digit)
            && self.confirms(&payload, candidate);
        let found = found(payload, &candidate.plane, version);
        Some(Found { confirmed, ..found })
    }

    /// Decodes the middle of each module: codes of dots upon a picture have no more of a module.
    fn read_cores(&mut self, candidate: &Candidate<'_>) -> Option<Payload> {
        if candidate.correlation < MIN_DEBLUR_CORRELATION {
            return None;
        }
        let (version, polarity) = (candidate.pattern.version(), candidate.pattern.polarity());
        let (plane, mesh) = (&candidate.plane, candidate.mesh.as_ref());
        let greys = Greys::sample_cores(&self.picture, plane, mesh, version, polarity)?;
        self.work += (version.side() * version.side()) as u64;
        decode(&greys.modules())
    }

    fn remember(&mut self, candidate: &Candidate<'_>) {
        let correlation = candidate.correlation;
        if candidate.mesh.is_some() || correlation.is_nan() || correlation < MIN_DEBLUR_CORRELATION
        {
            return;
        }
        let at = self
            .unread
            .partition_point(|unread| unread.correlation > correlation);
        let unread = Unread {
            correlation,
            version: candidate.pattern.version(),
            polarity: candidate.pattern.polarity(),
            plane: candidate.plane,
        };
        self.unread.insert(at, unread);
        self.unread.truncate(MAX_UNREAD);
    }

    /// Whether a second sampling, at other places of each module, gives the same reading. Both need spare correction.
    ///
    /// If it does not, both samplings are repeated after a hill climb: three finders alone give a rough plane.
    fn confirms(&self, payload: &Payload, candidate: &Candidate<'_>) -> bool {
        let agrees = |plane: &Homography| {
            // Equal data codewords are an equal reading, without a second run of the decoder.
            let again = candidate.sample_on(&self.picture, plane);
            let again = first_sharpened(&again, prove);
            again.is_some_and(|again| again.has_spare && again.data == payload.data)
        };
        let agrees_beside = |plane: &Homography| {
            let mut offsets = CONFIRM_OFFSETS.iter();
            offsets.any(|by| agrees(&plane.moved(*by)))
        };
        if payload.has_spare && agrees_beside(&candidate.plane) {
            return true;
        }
        if candidate.mesh.is_some() {
            return false;
        }
        let climbed = candidate.pattern.climb(&self.picture, &candidate.plane);
        agrees(&climbed) && agrees_beside(&climbed)
    }

    /// Decodes the remembered planes with more effort: equalised, with erasures, then bent.
    pub(crate) fn retry_deblurred(&mut self) {
        for unread in std::mem::take(&mut self.unread) {
            let Unread {
                version,
                polarity,
                plane,
                ..
            } = unread;
            let middle = version.side() as f32 * 0.5;
            if self.is_enough() || self.is_read(plane.map(Point::new(middle, middle))) {
                continue;
            }
            let greys = Greys::sample_blurred(&self.picture, &plane, version, polarity);
            let payload = self.decode_deblurred(&greys, version);
            let payload = payload.or_else(|| self.decode_bent(&plane, version, polarity));
            if let Some(payload) = payload {
                self.keep(found(payload, &plane, version));
            } else {
                self.missed.push(Sighting {
                    version,
                    polarity,
                    plane,
                    greys,
                });
            }
        }
    }

    /// Decodes greys whose blur is removed in several ways, then with erasures.
    fn decode_deblurred(&mut self, greys: &Greys, version: Version) -> Option<Payload> {
        let sharp = greys.deblurred(Deblur::Sharpen(SHARPEN_MOST));
        let modules = sharp.modules();
        let guess = greys.deblurred(Deblur::Deconvolve(HEAVY_BLUR)).modules();
        decode(&guess)
            .or_else(|| self.equalise(greys, version, &guess))
            .or_else(|| decode_with_erasures(&modules, &sharp.confidence()))
            .or_else(|| {
                let (modules, confidence) = under_glare(greys)?;
                decode_with_erasures(&modules, &confidence)
            })
    }

    /// Adds the grids that were not decoded to those of earlier frames, and decodes the sums.
    ///
    /// A sum is one reading, so the next one begins without its frames.
    pub(crate) fn read_sums(&mut self, sums: &mut Sums) {
        sums.next_frame();
        for seen in std::mem::take(&mut self.missed) {
            let Some(greys) = sums.add(&seen) else {
                continue;
            };
            let payload = first_sharpened(&greys, decode)
                .or_else(|| self.decode_deblurred(&greys, seen.version));
            if let Some(payload) = payload {
                self.keep(found(payload, &seen.plane, seen.version));
                *sums = Sums::default();
                return;
            }
        }
    }

    /// Decodes a code on paper that is bent or crumpled. Not in a camera's frames: a phone is flat.
    fn decode_bent(
        &mut self,
        plane: &Homography,
        version: Version,
        polarity: Polarity,
    ) -> Option<Payload> {
        if self.bent == 0 {
            return None;
        }
        self.bent -= 1;
        let mesh = relaxed(&self.picture, plane, version, polarity);
        let greys = Greys::sample(&self.picture, plane, Some(&mesh), version, polarity);
        first_sharpened(&greys, decode)
            .or_else(|| decode_with_erasures(&greys.modules(), &greys.confidence()))
    }

    /// Decodes after each round of the equaliser, starting from a guess of the modules.
    fn equalise(&mut self, greys: &Greys, version: Version, guess: &Modules) -> Option<Payload> {
        let mut equaliser = greys.equaliser(version, guess);
        let cost = version.side() * version.side() + ROUND_COST;
        for _ in 0..ROUNDS {
            if self.equaliser_modules < cost {
                return None;
            }
            self.equaliser_modules -= cost;
            self.work += cost as u64;
            let (modules, confidence) = equaliser.round()?;
            let payload = decode_with_erasures(&modules, &confidence);
            if payload.is_some() {
                return payload;
            }
        }
        None
    }
}

/// Reads greys as they are, or else sharpened.
fn first_sharpened<T>(greys: &Greys, read: impl Fn(&Modules) -> Option<T>) -> Option<T> {
    let sharp = |amount: f32| greys.deblurred(Deblur::Sharpen(amount)).modules();
    read(&greys.modules()).or_else(|| SHARPEN.iter().find_map(|amount| read(&sharp(*amount))))
}

/// A payload and where it was seen, not confirmed.
fn found(payload: Payload, plane: &Homography, version: Version) -> Found {
    let mut corners = plane.corners(version.side() as f32);
    if payload.orientation == Orientation::Mirrored {
        // In a mirror, the code's own top right corner is at the bottom left.
        corners.swap(1, 3);
    }
    let Reading {
        bytes, eci, parts, ..
    } = payload.reading;
    Found {
        text: text(&bytes, eci, &parts, &|_, _| None).text,
        bytes,
        eci,
        parts,
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
        let level = Level {
            luma: luma(pixels),
            scale: 1.0,
            step: 2,
            min_core: 2,
            max_candidates: 24,
        };
        search.pass(&level, &Blocks::of(&level.luma).mean_thresholds());
    }

    fn texts<'a>(search: &'a Search<'_>) -> Vec<&'a str> {
        search.found.iter().map(|found| &*found.text).collect()
    }

    #[test]
    fn a_pass_reads_a_code_says_where_and_forgets_its_finders() {
        let pixels = picture(&[("one", 40)]);
        let mut search = Search::new(luma(&pixels), 1, 1);
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
            let mut search = Search::new(luma(&pixels), 1, 1);
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
        for max in [1, 2] {
            let mut search = Search::new(luma(&pixels), max, 1);
            pass(&mut search, &pixels);
            assert_eq!(search.found.len(), max);
            assert!(search.is_over());
        }
    }

    #[test]
    fn the_same_code_at_two_places_is_two() {
        let pixels = picture(&[("one", 40), ("one", 180)]);
        let mut search = Search::new(luma(&pixels), 4, 1);
        pass(&mut search, &pixels);
        assert_eq!(texts(&search), ["one", "one"]);
        let lefts = [0, 1].map(|at| search.found[at].corners[0].x.round());
        assert_eq!(lefts, [40.0, 180.0]);
        pass(&mut search, &pixels);
        assert_eq!(search.found.len(), 2, "a place was read twice");
        assert!(!search.is_over() && !search.sees_finders());
    }

    #[test]
    fn corners_that_different_copies_show_make_one_code() {
        let pixels = picture(&[("one", 40)]);
        let last = |x: usize, y: usize| x < 40 + CODE / 3 && y > 30 + CODE / 2;
        let mut search = Search::new(luma(&pixels), 1, 1);
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
        let mut search = Search::new(luma(&alone), 1, 1);
        pass(&mut search, &alone);
        assert!(search.found.is_empty());
        assert_eq!(search.finders().len(), 3);
    }
}
