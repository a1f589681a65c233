//! Question: is anything read where there is no code, and does a wrecked code ever give another text?
//!
//! A few hundred pictures take a few seconds. `KAUNTER_FALSE_READS=all` draws thousands.
#![allow(clippy::unwrap_used, missing_docs)]

use kaunter_reader::{Effort, Luma, Reader};
use kaunter_scenes::{LOOKALIKES, Picture, lookalike, wreck};

const SEED: u64 = 20_261_129;

/// The number of pictures: a few, or all of them.
fn count(few: u64, all: u64) -> u64 {
    match std::env::var("KAUNTER_FALSE_READS") {
        Ok(word) if word == "all" => all,
        _ => few,
    }
}

/// What is read from a picture as a file, and as three live frames.
fn read(picture: &Picture) -> Vec<String> {
    let luma = Luma::new(
        &picture.pixels,
        picture.width,
        picture.height,
        picture.width,
    )
    .unwrap();
    let mut codes = Reader::new().read(&luma, Effort::Still, 4);
    let mut live = Reader::new();
    for _ in 0..3 {
        codes.extend(live.read(&luma, Effort::Live, 4));
    }
    codes.into_iter().map(|code| code.text).collect()
}

#[test]
fn seals_clocks_coins_and_other_symbologies_hold_no_code() {
    for kind in LOOKALIKES {
        for number in 0..count(4, 140) {
            let codes = read(&lookalike(SEED, kind, number));
            assert!(codes.is_empty(), "{kind:?} {number}: {codes:?}");
        }
    }
}

#[test]
fn a_wrecked_code_gives_its_own_text_or_nothing() {
    let (mut read_at_all, all) = (0, count(60, 5_000));
    for number in 0..all {
        let picture = wreck(SEED, number);
        let codes = read(&picture);
        let is_drawn = codes.iter().all(|code| picture.texts.contains(code));
        assert!(is_drawn, "wreck {number} is misread: {codes:?}");
        read_at_all += u64::from(!codes.is_empty());
    }
    println!("{read_at_all} of {all} wrecks are read");
    // If all of them are read, they are no wrecks; if no one is, they are no codes.
    assert!(
        (all / 60..all / 2).contains(&read_at_all),
        "{read_at_all} of {all}"
    );
}
