//! Sends a code that stays in front of the camera only as often as the gate needs it.
//!
//! The till's gate accepts a code after two equal readings, or after one that the frame confirmed. So a scan sends a
//! code twice, or once if it is confirmed: further readings would only wake the page. The gate still decides which
//! codes need two readings.

/// The number of codes that are remembered. It is the gate's number, so a code that the gate forgets is sent again.
const MAX_CODES: usize = 64;

/// The codes that a scan has sent.
#[derive(Default)]
pub(crate) struct Repeats {
    told: Vec<Reported>,
}

struct Reported {
    bytes: Vec<u8>,
    /// The gate has all the readings that it needs.
    enough: bool,
}

impl std::fmt::Debug for Repeats {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Repeats({} codes)", self.told.len())
    }
}

impl Repeats {
    /// True if the gate needs this reading. It counts as sent then.
    pub(crate) fn is_news(&mut self, bytes: &[u8], confirmed: bool) -> bool {
        if let Some(told) = self.told.iter_mut().find(|told| told.bytes == bytes) {
            return !std::mem::replace(&mut told.enough, true);
        }
        if self.told.len() >= MAX_CODES {
            self.told.remove(0);
        }
        self.told.push(Reported {
            bytes: bytes.to_vec(),
            enough: confirmed,
        });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_told_twice_or_once_confirmed() {
        let mut repeats = Repeats::default();
        let told =
            |repeats: &mut Repeats, bytes: &[u8], confirmed| repeats.is_news(bytes, confirmed);
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
            assert!(repeats.is_news(&[code], true));
        }
        assert!(repeats.is_news(&[0], true), "the first was forgotten");
        assert!(!repeats.is_news(&[MAX_CODES as u8], true));
        assert!(!format!("{repeats:?}").contains("bytes"));
    }
}
