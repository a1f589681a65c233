//! Sends a code that stays in front of the camera only as often as the gate needs it.
//!
//! The till's gate accepts a code after two equal readings, or after one that the frame confirmed. So a scan sends a
//! code twice, or once if it is confirmed, and then four times a second: more readings would only wake the page. The
//! gate still decides which codes need two readings.
//!
//! A code that went out of the picture and came again is sent again: the gate holds back a code of an earlier sale until
//! then (rule 48).

/// The number of codes that are remembered. It is the gate's number, so a code that the gate forgets is sent again.
const MAX_CODES: usize = 64;
/// A code that was in no frame for so long has left the picture.
///
/// Larger: a customer who pays twice with one code holds the phone away for longer. Smaller: a code that a hand or a
/// reflection hides counts as gone.
const GONE_MS: f64 = 1_000.0;
/// A code that stays in the picture is told again after so long: the gate counts on codes that are still there
/// (rule 49).
///
/// It is a quarter of the gate's `GONE_MS`. Larger: the gate takes a code for gone. Smaller: it wakes the page.
const AGAIN_MS: f64 = 250.0;
/// The most that one pause between two frames counts. Nobody watches while the page is hidden or the machine is busy.
const MAX_GAP_MS: f64 = 250.0;

/// The codes that a scan has sent.
#[derive(Default)]
pub(crate) struct Repeats {
    told: Vec<Reported>,
    /// How long this scan has watched the picture, in ms.
    watched_ms: f64,
    /// When the last frame was read.
    frame_ms: Option<f64>,
}

struct Reported {
    bytes: Vec<u8>,
    /// What `watched_ms` was when the code was last in a frame.
    seen_ms: f64,
    /// What it was when the code was last sent.
    sent_ms: f64,
    /// The gate has all the readings that it needs.
    enough: bool,
}

impl std::fmt::Debug for Repeats {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Repeats({} codes)", self.told.len())
    }
}

impl Repeats {
    /// A frame is read.
    pub(crate) fn frame(&mut self, now_ms: f64) {
        let last_ms = self.frame_ms.replace(now_ms).unwrap_or(now_ms);
        self.watched_ms += (now_ms - last_ms).clamp(0.0, MAX_GAP_MS);
    }

    /// Whether the gate needs this reading of the frame. It counts as sent then.
    ///
    /// `Some(true)`: the picture was without this code before, for so long that it had left.
    pub(crate) fn news(&mut self, bytes: &[u8], confirmed: bool) -> Option<bool> {
        let watched_ms = self.watched_ms;
        let known = self.told.iter().position(|told| told.bytes == bytes);
        let known = known.map(|at| self.told.remove(at));
        let seen_ms = known.as_ref().map_or(0.0, |told| told.seen_ms);
        let arrived = watched_ms - seen_ms >= GONE_MS;
        let is_first = arrived || known.is_none();
        let sent_ms = known.as_ref().map_or(0.0, |told| told.sent_ms);
        let had_enough = known.is_some_and(|told| told.enough);
        let is_news = is_first || !had_enough || watched_ms - sent_ms >= AGAIN_MS;
        if self.told.len() >= MAX_CODES {
            self.told.remove(0);
        }
        self.told.push(Reported {
            bytes: bytes.to_vec(),
            seen_ms: watched_ms,
            sent_ms: if is_news { watched_ms } else { sent_ms },
            enough: confirmed || !is_first,
        });
        is_news.then_some(arrived)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_told_twice_or_once_confirmed() {
        let mut repeats = Repeats::default();
        let told = |repeats: &mut Repeats, bytes: &[u8], confirmed| {
            repeats.news(bytes, confirmed).is_some()
        };
        assert_eq!(
            [0; 4].map(|_| told(&mut repeats, b"1", false)),
            [true, true, false, false]
        );
        assert_eq!(
            [0; 3].map(|_| told(&mut repeats, b"2", true)),
            [true, false, false]
        );
        assert!(told(&mut repeats, b"3", false));
        assert!(told(&mut repeats, b"3", true), "confirmed at last");
        assert!(!told(&mut repeats, b"3", true));
    }

    #[test]
    fn what_is_forgotten_is_told_again() {
        let mut repeats = Repeats::default();
        for code in 0..=MAX_CODES as u8 {
            assert!(repeats.news(&[code], true).is_some());
        }
        assert!(
            repeats.news(&[0], true).is_some(),
            "the first was forgotten"
        );
        assert!(repeats.news(&[MAX_CODES as u8], true).is_none());
        assert!(!format!("{repeats:?}").contains("bytes"));
    }

    /// Reads frames from `from_ms` on for so long, 30 in a second.
    fn watch(repeats: &mut Repeats, from_ms: u32, ms: u32) {
        for at in (from_ms..=from_ms + ms).step_by(33) {
            repeats.frame(f64::from(at));
        }
    }

    #[test]
    fn a_code_that_came_after_a_second_without_it_has_arrived() {
        let mut repeats = Repeats::default();
        watch(&mut repeats, 0, 500);
        assert_eq!(
            repeats.news(b"1", true),
            Some(false),
            "there from the start"
        );
        watch(&mut repeats, 500, 900);
        assert_eq!(repeats.news(b"1", true), Some(false), "hidden for a moment");
        watch(&mut repeats, 1_400, 1_100);
        assert_eq!(repeats.news(b"1", false), Some(true), "it came again");
        assert_eq!(repeats.news(b"1", false), Some(false), "its second reading");
        assert_eq!(repeats.news(b"1", false), None);
        assert_eq!(
            repeats.news(b"2", true),
            Some(true),
            "it was not there before"
        );
    }

    #[test]
    fn a_code_that_stays_is_told_four_times_a_second() {
        let mut repeats = Repeats::default();
        let told = (0..3_000).step_by(33).filter(|at| {
            repeats.frame(f64::from(*at));
            repeats.news(b"1", true).is_some()
        });
        assert!((10..=13).contains(&told.count()));
    }

    #[test]
    fn time_in_which_no_frame_was_read_does_not_count() {
        let mut repeats = Repeats::default();
        repeats.frame(0.0);
        assert_eq!(repeats.news(b"1", true), Some(false));
        for minutes in 1..=3 {
            repeats.frame(f64::from(minutes) * 60_000.0);
            assert_eq!(repeats.news(b"1", true), Some(false), "the page was hidden");
        }
    }
}
