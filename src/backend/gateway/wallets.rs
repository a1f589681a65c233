//! The list of wallets, and how long it is trusted. A list that is empty or shorter than before may be a mistake of the
//! gateway or of a cache in front of it. It is fetched again soon, and the log has a warning.

use std::time::{Duration, Instant};

use kaunter_core::wire::Wallet;

/// Wallets change rarely: once a day is enough. A list that stays shorter for this long is accepted.
const TRUSTED: Duration = Duration::from_secs(24 * 3600);

/// The wallets that the gateway lists.
#[derive(Debug, Default)]
pub(super) struct Wallets {
    /// The wallets that tills may offer.
    offered: Vec<Wallet>,
    /// When the gateway last answered, and how far that list is trusted.
    answered: Option<(Instant, ListStatus)>,
    /// The longest list of the last day: its wallets with their modes, and since when.
    longest: Option<(Vec<String>, Instant)>,
}

/// How far the list of wallets is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListStatus {
    /// It has every wallet of the last day.
    Complete,
    /// It is the first one since the start: nothing shows yet whether it is complete.
    Unconfirmed,
    /// It was empty.
    Empty,
    /// A wallet of the last day is missing.
    Shorter,
}

impl Wallets {
    /// The list, unless it must be fetched again. `soon` is how long an incomplete list is kept.
    pub(super) fn current(&self, soon: Duration) -> Option<&[Wallet]> {
        let (at, list_status) = self.answered?;
        let age = if list_status == ListStatus::Complete {
            TRUSTED
        } else {
            soon
        };
        (at.elapsed() < age).then_some(self.offered.as_slice())
    }

    /// The wallets that tills may offer, however old the list is. `None` before the first answer.
    pub(super) fn offered(&self) -> Option<&[Wallet]> {
        self.answered.map(|_| self.offered.as_slice())
    }

    pub(super) fn list_status(&self) -> ListStatus {
        self.answered
            .map_or(ListStatus::Complete, |(_, list_status)| list_status)
    }

    /// Takes an answer of the gateway. An empty list removes no wallet from the tills.
    pub(super) fn answered(&mut self, list: Vec<Wallet>, now: Instant) {
        let ids: Vec<String> = list.iter().flat_map(wallet_modes).collect();
        let missing = self
            .longest
            .as_ref()
            .filter(|(_, since)| now.duration_since(*since) < TRUSTED)
            .is_some_and(|(longest, _)| longest.iter().any(|id| !ids.contains(id)));
        let list_status = match (list.is_empty(), missing, self.longest.is_none()) {
            (true, _, _) => ListStatus::Empty,
            (false, true, _) => ListStatus::Shorter,
            (false, false, true) => ListStatus::Unconfirmed,
            (false, false, false) => ListStatus::Complete,
        };
        if !missing && !list.is_empty() {
            self.longest = Some((ids, now));
        }
        if list_status != ListStatus::Empty {
            self.offered = list;
        }
        self.answered = Some((now, list_status));
    }
}

/// A wallet with each of its modes: a wallet that lost a mode counts as missing.
fn wallet_modes(wallet: &Wallet) -> Vec<String> {
    let wallet_modes = wallet
        .modes
        .iter()
        .map(|way| format!("{} {way:?}", wallet.wallet_id));
    std::iter::once(wallet.wallet_id.clone())
        .chain(wallet_modes)
        .collect()
}

#[cfg(test)]
mod tests {
    use kaunter_core::wire::CodeMode;

    use super::*;

    const SOON: Duration = Duration::from_secs(20);

    fn list(ids: &[&str]) -> Vec<Wallet> {
        let wallet = |id: &&str| Wallet {
            wallet_id: (*id).to_owned(),
            name: (*id).to_owned(),
            logo: None,
            test: false,
            modes: Vec::new(),
            min_amount: None,
            max_amount: None,
        };
        ids.iter().map(wallet).collect()
    }

    fn told(answers: &[&[&str]]) -> (usize, ListStatus) {
        let mut wallets = Wallets::default();
        for ids in answers {
            wallets.answered(list(ids), Instant::now());
        }
        (
            wallets.offered().map_or(0, <[Wallet]>::len),
            wallets.list_status(),
        )
    }

    #[test]
    fn a_list_is_believed_once_it_came_whole_twice() {
        assert_eq!(told(&[&["1", "2"]]), (2, ListStatus::Unconfirmed));
        assert_eq!(told(&[&["1", "2"], &["2", "1"]]), (2, ListStatus::Complete));
        assert_eq!(
            told(&[&["1"], &["1", "2"]]),
            (2, ListStatus::Complete),
            "an additional wallet is fine"
        );
    }

    #[test]
    fn an_empty_or_shorter_list_is_doubted_until_it_is_whole_again() {
        assert_eq!(told(&[&[]]), (0, ListStatus::Empty));
        assert_eq!(
            told(&[&["1", "2"], &[]]),
            (2, ListStatus::Empty),
            "tills keep what they had"
        );
        assert_eq!(
            told(&[&["1", "2"], &["1"], &["1"]]),
            (1, ListStatus::Shorter)
        );
        assert_eq!(
            told(&[&["1", "2"], &["1", "3"]]),
            (2, ListStatus::Shorter),
            "another one in its place"
        );
        assert_eq!(
            told(&[&["1", "2"], &["1"], &["1", "2"]]),
            (2, ListStatus::Complete)
        );
    }

    #[test]
    fn a_wallet_that_lost_a_way_to_pay_is_missing_too() {
        let mut both = list(&["1"]);
        both[0].modes = vec![CodeMode::ConsumerPresented, CodeMode::MerchantPresented];
        let mut one = both.clone();
        one[0].modes.pop();
        let mut wallets = Wallets::default();
        wallets.answered(both, Instant::now());
        wallets.answered(one, Instant::now());
        assert_eq!(wallets.list_status(), ListStatus::Shorter);
    }

    #[test]
    fn a_list_that_stays_shorter_for_a_day_is_the_new_one() {
        let mut wallets = Wallets::default();
        let start = Instant::now();
        wallets.answered(list(&["1", "2"]), start);
        wallets.answered(list(&["1"]), start + TRUSTED);
        assert_eq!(wallets.list_status(), ListStatus::Complete);
        assert!(wallets.current(SOON).is_some());
    }
}
