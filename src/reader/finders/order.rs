//! Sorts short lists by insertion.
//!
//! For a few dozen keys nothing is faster, and the standard library's sort adds 5 KiB of WebAssembly for each key type.

/// The indices of the keys in ascending order. Equal keys keep their order. For some hundreds of keys at most.
pub(crate) fn order(keys: impl Iterator<Item = f32>) -> Vec<usize> {
    let sorted = keys.enumerate().map(|(at, key)| (key, at));
    let mut sorted: Vec<(f32, usize)> = sorted.collect();
    insert(&mut sorted);
    sorted.into_iter().map(|(_, at)| at).collect()
}

/// The median; `None` if there are no keys. For some dozens: it counts each key against all others, without branches.
pub(crate) fn median(keys: &[f32]) -> Option<f32> {
    let middle = keys.len() as u32 / 2;
    let is_middle = |key: f32| {
        let before: u32 = keys.iter().map(|other| u32::from(*other < key)).sum();
        let up_to: u32 = keys.iter().map(|other| u32::from(*other <= key)).sum();
        (before..up_to).contains(&middle)
    };
    keys.iter().copied().find(|key| is_middle(*key))
}

/// Insertion sort.
fn insert(sorted: &mut [(f32, usize)]) {
    for end in 1..sorted.len() {
        let mut at = end;
        while at > 0 && sorted[at].0 < sorted[at - 1].0 {
            sorted.swap(at, at - 1);
            at -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_go_by_their_keys_and_equals_stay() {
        let keys = [3.0, -1.0, 3.0, 0.5, f32::INFINITY, 0.5];
        assert_eq!(order(keys.into_iter()), [1, 3, 5, 0, 2, 4]);
        assert!(order(std::iter::empty()).is_empty());
    }

    #[test]
    fn the_median_is_the_one_in_the_middle_among_equals_too() {
        assert_eq!(median(&[5.0, 1.0, 9.0, 1.0, 7.0]), Some(5.0));
        assert_eq!(median(&[4.0, 2.0, 2.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 4.0, 1.0]), Some(4.0));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn what_is_not_a_number_is_no_panic() {
        let mut places = order([f32::NAN, 1.0, f32::NAN, 0.0].into_iter());
        places.sort_unstable();
        assert_eq!(places, [0, 1, 2, 3]);
    }
}
