//! Decides how often a frame is read. Reading takes at most a third of its thread's time, and fewer frames are read
//! while no customer is there, to save a tablet's battery. Time is an argument: milliseconds of one clock.

/// The largest share of the time that reading takes. The rest is for the page, which may share a core with the reader.
const SHARE: f64 = 1.0 / 3.0;
/// After this time without a code, no customer is there, and fewer frames are read.
const IDLE_AFTER_MS: f64 = 60_000.0;
/// The interval between frames while no customer is there. A customer who holds up a phone does not notice it.
const IDLE_INTERVAL_MS: f64 = 200.0;
/// A frame that is early by at most this much is read too. Cameras are two or three milliseconds early or late, and a
/// skipped frame costs 33 ms.
const MAX_EARLY_MS: f64 = 8.0;
/// The weight of the newest frame in the mean time of a reading, so that one slow frame changes it little.
const COST_WEIGHT: f64 = 0.25;

/// The pace of one scan.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    min_ms: f64,
    cost_ms: f64,
    awake_ms: f64,
    last_ms: Option<f64>,
}

impl Pace {
    /// A scan that begins now, with at most this many frames per second.
    pub(crate) fn new(scans_per_second: f64, now_ms: f64) -> Self {
        Self {
            min_ms: 1_000.0 / scans_per_second,
            cost_ms: 0.0,
            awake_ms: now_ms,
            last_ms: None,
        }
    }

    /// Begins the next scan. Keeps the measured time of a reading.
    pub(crate) fn again(self, scans_per_second: f64, now_ms: f64) -> Self {
        Self {
            cost_ms: self.cost_ms,
            ..Self::new(scans_per_second, now_ms)
        }
    }

    /// True if a frame that comes now should be read. It counts as read then.
    pub(crate) fn takes(&mut self, now_ms: f64) -> bool {
        let pause_ms = self.pause_ms(now_ms);
        let due = self
            .last_ms
            .is_none_or(|last_ms| now_ms - last_ms >= pause_ms);
        if due {
            self.last_ms = Some(now_ms);
        }
        due
    }

    /// Notes the time that a frame took, in ms.
    pub(crate) fn took(&mut self, ms: f64) {
        self.cost_ms += (ms - self.cost_ms) * COST_WEIGHT;
    }

    /// Notes that a code was seen, so a customer is there.
    pub(crate) fn wake(&mut self, now_ms: f64) {
        self.awake_ms = now_ms;
    }

    /// The time from the start of one reading to the first frame that may be read next. A page that sends frames waits
    /// that long.
    pub(crate) fn pause_ms(&self, now_ms: f64) -> f64 {
        let interval_ms = self.interval_ms(now_ms);
        interval_ms - MAX_EARLY_MS.min(interval_ms / 4.0)
    }

    /// The interval between frames.
    fn interval_ms(&self, now_ms: f64) -> f64 {
        let interval_ms = self.min_ms.max(self.cost_ms / SHARE);
        if now_ms - self.awake_ms > IDLE_AFTER_MS {
            interval_ms.max(IDLE_INTERVAL_MS)
        } else {
            interval_ms
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many frames are read in a second of a camera with 30 per second, if each takes `cost_ms`, from `from_ms` on.
    fn read_in_a_second(pace: &mut Pace, cost_ms: f64, from_ms: f64) -> u32 {
        let mut read = 0;
        for frame in 0..30 {
            // The camera's frames are two milliseconds early and late in turn.
            let jitter_ms = if frame % 2 == 0 { 2.0 } else { -2.0 };
            if pace.takes(from_ms + f64::from(frame) * 1_000.0 / 30.0 + jitter_ms) {
                pace.took(cost_ms);
                read += 1;
            }
        }
        read
    }

    #[test]
    fn a_fast_machine_reads_every_frame_though_the_camera_is_unpunctual() {
        let mut pace = Pace::new(30.0, 0.0);
        assert_eq!(read_in_a_second(&mut pace, 1.0, 0.0), 30);
    }

    #[test]
    fn reading_takes_a_third_of_the_time_at_most() {
        for cost_ms in [12.0, 20.0, 50.0, 100.0] {
            let mut pace = Pace::new(30.0, 0.0);
            for second in 0..4 {
                read_in_a_second(&mut pace, cost_ms, f64::from(second) * 1_000.0);
            }
            let read = read_in_a_second(&mut pace, cost_ms, 4_000.0);
            let busy = f64::from(read) * cost_ms / 1_000.0;
            assert!(busy <= 0.4, "{read} frames of {cost_ms} ms: {busy}");
            assert!(read > 0, "and some are read");
        }
    }

    #[test]
    fn the_caller_has_the_last_word() {
        let mut pace = Pace::new(5.0, 0.0);
        assert_eq!(read_in_a_second(&mut pace, 1.0, 0.0), 5);
    }

    #[test]
    fn a_counter_that_waits_is_read_slowly_until_somebody_comes() {
        let mut pace = Pace::new(30.0, 0.0);
        assert_eq!(read_in_a_second(&mut pace, 1.0, 61_000.0), 5);
        pace.wake(62_000.0);
        assert_eq!(read_in_a_second(&mut pace, 1.0, 62_100.0), 30);
    }

    #[test]
    fn one_hiccup_is_forgotten_and_the_next_look_knows_the_machine() {
        let mut pace = Pace::new(30.0, 0.0);
        pace.took(400.0);
        assert!(pace.interval_ms(0.0) > 100.0);
        for _ in 0..16 {
            pace.took(1.0);
        }
        assert!(pace.interval_ms(0.0) < 34.0);
        pace.took(200.0);
        assert!(pace.again(30.0, 9.0).interval_ms(9.0) > 100.0);
    }
}
