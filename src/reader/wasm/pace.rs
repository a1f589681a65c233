//! Decides how often a frame is read: reading takes a third of its thread's time at most, and less of a tablet's battery
//! while a counter waits. Time is an argument; the same clock is meant throughout.

/// Reading takes this share of the interval at most. The rest is for the page, which may share a core with the reader.
const SHARE: f64 = 1.0 / 3.0;
/// After so long without a code the counter is waiting, and a tablet's battery counts.
const IDLE_AFTER_MS: f64 = 60_000.0;
/// From one frame to the next while the counter waits: a customer who holds up a phone does not notice.
const IDLE_INTERVAL_MS: f64 = 200.0;
/// A frame that is early by so much is read: a camera's frames come two or three milliseconds early and late, and a frame
/// that is left out costs 33 ms.
const MAX_EARLY_MS: f64 = 8.0;
/// The weight of the newest cost in the mean: one slow frame does not make a slow machine.
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
    /// A scan that begins now, with at most so many frames a second.
    pub(crate) fn new(scans_per_second: f64, now_ms: f64) -> Self {
        Self {
            min_ms: 1_000.0 / scans_per_second,
            cost_ms: 0.0,
            awake_ms: now_ms,
            last_ms: None,
        }
    }

    /// The next scan: what reading costs on this machine stays known.
    pub(crate) fn again(self, scans_per_second: f64, now_ms: f64) -> Self {
        Self {
            cost_ms: self.cost_ms,
            ..Self::new(scans_per_second, now_ms)
        }
    }

    /// Whether a frame that comes now is to be read; it counts as read then.
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

    /// A frame was read in so many milliseconds.
    pub(crate) fn took(&mut self, ms: f64) {
        self.cost_ms += (ms - self.cost_ms) * COST_WEIGHT;
    }

    /// A code was seen, so a customer is there.
    pub(crate) fn wake(&mut self, now_ms: f64) {
        self.awake_ms = now_ms;
    }

    /// From the beginning of one reading to the first frame that may be the next. A page that hands over frames waits so
    /// long.
    pub(crate) fn pause_ms(&self, now_ms: f64) -> f64 {
        let interval_ms = self.interval_ms(now_ms);
        interval_ms - MAX_EARLY_MS.min(interval_ms / 4.0)
    }

    /// From one frame to the next.
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

    /// Frames read in a second of a camera of 30, each read in so many milliseconds; `from_ms` on its clock.
    fn read_in_a_second(pace: &mut Pace, cost_ms: f64, from_ms: f64) -> u32 {
        let mut read = 0;
        for frame in 0..30 {
            // A camera that is two milliseconds early and late by turns.
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
