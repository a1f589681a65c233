//! Chooses the hint for a picture that stays blurred. A shaking hand is soon still; a lens with a fixed focus never
//! gets sharp at this distance.

use kaunter_core::policy::Ms;

use crate::types::event::Hint;

/// If the picture is blurred for longer, the reason is not the hand.
const BLURRED_MS: Ms = 3_000;

/// The advice during one scan.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Advice {
    blurred_ms: Option<Ms>,
}

impl Advice {
    /// The hint to show. `fixed`: this camera's focus can't be set, as with most webcams.
    pub(super) fn of(&mut self, hint: Option<Hint>, fixed: bool, now_ms: Ms) -> Option<Hint> {
        if hint != Some(Hint::HoldStill) {
            self.blurred_ms = None;
            return hint;
        }
        let since_ms = *self.blurred_ms.get_or_insert(now_ms);
        let lens = fixed && now_ms - since_ms >= BLURRED_MS;
        Some(if lens { Hint::Farther } else { Hint::HoldStill })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STILL: Option<Hint> = Some(Hint::HoldStill);

    #[test]
    fn a_webcam_that_stays_blurred_wants_the_phone_farther_away() {
        let mut advice = Advice::default();
        assert_eq!(advice.of(STILL, true, 0), STILL);
        assert_eq!(advice.of(STILL, true, 2_999), STILL);
        assert_eq!(advice.of(STILL, true, 3_000), Some(Hint::Farther));
        assert_eq!(advice.of(None, true, 3_100), None);
        assert_eq!(advice.of(STILL, true, 3_200), STILL, "another hand");
    }

    #[test]
    fn a_camera_that_can_focus_is_given_the_time() {
        let mut advice = Advice::default();
        assert_eq!(advice.of(STILL, false, 0), STILL);
        assert_eq!(advice.of(STILL, false, 60_000), STILL);
        assert_eq!(
            advice.of(Some(Hint::Glare), false, 60_001),
            Some(Hint::Glare)
        );
    }
}
