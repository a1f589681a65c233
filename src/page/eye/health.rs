//! Decides whether a camera still shows what is in front of it. Its own flags are wrong after a phone call or a lock
//! screen, so its pictures count. Time is an argument.

use kaunter_core::policy::Ms;

use crate::page::camera::Camera;

/// A camera that shows nothing new for this long is restarted.
const FROZEN_MS: Ms = 3_000;
/// iOS mutes a track for a second at its start ([274211](https://bugs.webkit.org/show_bug.cgi?id=274211)), and a track
/// that a call has taken for good ([213853](https://bugs.webkit.org/show_bug.cgi?id=213853),
/// [259884](https://bugs.webkit.org/show_bug.cgi?id=259884)). A shorter time would restart a camera that only starts.
const MUTED_MS: Ms = 2_000;
/// A camera that worked for this long may be restarted again.
const WELL_MS: Ms = 30_000;

/// What is observed of a camera now.
#[derive(Clone, Copy, Debug)]
pub(super) struct HealthSample {
    /// It showed a new picture.
    pub(super) fresh: bool,
    /// The system withholds its pictures.
    pub(super) muted: bool,
    /// It was not unplugged.
    pub(super) live: bool,
}

impl HealthSample {
    /// It was unplugged.
    pub(super) const GONE: Self = Self {
        fresh: false,
        muted: false,
        live: false,
    };

    /// What its track says now, and whether it showed anything new.
    pub(super) fn of(camera: &Camera, fresh: bool) -> Self {
        Self {
            fresh,
            muted: camera.is_muted(),
            live: camera.is_live(),
        }
    }
}

/// What to do about a camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RecoveryAction {
    /// Nothing.
    None,
    /// Drop the stream, and open a new one.
    Restart,
    /// A restart did not help: a person has to press a button.
    GiveUp,
}

/// The health of the camera during one scan.
#[derive(Clone, Copy, Debug)]
pub(super) struct Health {
    fresh_ms: Ms,
    muted_ms: Option<Ms>,
    /// When the camera was restarted.
    restarted_ms: Option<Ms>,
}

impl Health {
    pub(super) fn new(now_ms: Ms) -> Self {
        Self {
            fresh_ms: now_ms,
            muted_ms: None,
            restarted_ms: None,
        }
    }

    /// Decides what to do.
    pub(super) fn see(&mut self, sample: HealthSample, now_ms: Ms) -> RecoveryAction {
        if sample.fresh {
            self.fresh_ms = now_ms;
        }
        self.muted_ms = match self.muted_ms {
            _ if !sample.muted => None,
            None => Some(now_ms),
            since => since,
        };
        let muted = self
            .muted_ms
            .is_some_and(|since| now_ms - since >= MUTED_MS);
        let frozen = now_ms - self.fresh_ms >= FROZEN_MS;
        if sample.live && !muted && !frozen {
            return RecoveryAction::None;
        }
        let recent = self
            .restarted_ms
            .is_some_and(|restarted_ms| now_ms - restarted_ms < WELL_MS);
        if recent {
            return RecoveryAction::GiveUp;
        }
        self.restarted_ms = Some(now_ms);
        RecoveryAction::Restart
    }

    /// Restarts the timers after the camera was started or the page became visible.
    pub(super) fn rested(&mut self, now_ms: Ms) {
        self.fresh_ms = now_ms;
        self.muted_ms = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WELL: HealthSample = HealthSample {
        fresh: true,
        muted: false,
        live: true,
    };
    const STILL: HealthSample = HealthSample {
        fresh: false,
        ..WELL
    };

    #[test]
    fn a_frozen_picture_is_restarted_once_and_then_given_up() {
        let mut health = Health::new(0);
        assert_eq!(health.see(WELL, 1_000), RecoveryAction::None);
        assert_eq!(health.see(STILL, 3_900), RecoveryAction::None);
        assert_eq!(health.see(STILL, 4_000), RecoveryAction::Restart);
        health.rested(4_500);
        assert_eq!(health.see(STILL, 7_400), RecoveryAction::None);
        assert_eq!(health.see(STILL, 7_500), RecoveryAction::GiveUp);
    }

    #[test]
    fn a_camera_that_was_well_again_may_be_restarted_again() {
        let mut health = Health::new(0);
        assert_eq!(health.see(STILL, 3_000), RecoveryAction::Restart);
        health.rested(3_100);
        for second in 4..40 {
            assert_eq!(health.see(WELL, second * 1_000), RecoveryAction::None);
        }
        assert_eq!(health.see(STILL, 42_500), RecoveryAction::Restart);
    }

    #[test]
    fn a_mute_of_two_seconds_counts_and_a_shorter_one_does_not() {
        let muted = HealthSample {
            muted: true,
            ..WELL
        };
        let mut health = Health::new(0);
        assert_eq!(health.see(muted, 100), RecoveryAction::None);
        assert_eq!(health.see(muted, 2_000), RecoveryAction::None);
        assert_eq!(health.see(WELL, 2_050), RecoveryAction::None);
        assert_eq!(health.see(muted, 2_100), RecoveryAction::None);
        assert_eq!(health.see(muted, 4_100), RecoveryAction::Restart);
    }

    #[test]
    fn a_camera_that_is_gone_is_not_waited_for() {
        let gone = HealthSample {
            live: false,
            ..STILL
        };
        assert_eq!(Health::new(0).see(gone, 1), RecoveryAction::Restart);
    }

    #[test]
    fn a_page_that_was_hidden_for_an_hour_finds_its_camera_well() {
        let mut health = Health::new(0);
        health.rested(3_600_000);
        assert_eq!(health.see(STILL, 3_600_100), RecoveryAction::None);
    }
}
