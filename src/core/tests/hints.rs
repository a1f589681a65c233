//! Question: where a code can't be read, does the reader say what would help, and nothing where there is no code?
#![allow(clippy::unwrap_used, missing_docs)]

use kaunter_core::scan::{Effort, Hint, Luma, Reader};
use kaunter_scenes::{CATEGORIES, Scene, TROUBLES, Trouble, nothing, scene, spoilt};

const SEED: u64 = 20_261_124;
const SCENES: u64 = 12;
/// Of the unread scenes of a trouble, so many say what would help; of a lamp over two finders some say to hold still.
fn least_told(trouble: Trouble) -> f64 {
    match trouble {
        Trouble::Lamp => 0.6,
        Trouble::Far
        | Trouble::Near
        | Trouble::Dimmed
        | Trouble::Black
        | Trouble::Defocused
        | Trouble::Shaken => 0.8,
    }
}

/// What a scene says after its frames were seen twice; none too where it is read.
fn said(scene: &Scene) -> (bool, Option<Hint>) {
    let mut reader = Reader::new();
    let mut read = false;
    for frame in scene.frames.iter().cycle().take(6) {
        let luma = Luma::new(frame, scene.width, scene.height, scene.width).unwrap();
        read |= !reader.read(&luma, Effort::Live, 1).is_empty();
    }
    (read, reader.hint())
}

fn helps(trouble: Trouble) -> Hint {
    match trouble {
        Trouble::Far => Hint::Closer,
        Trouble::Near => Hint::Farther,
        Trouble::Lamp => Hint::Glare,
        Trouble::Dimmed | Trouble::Black => Hint::Dark,
        Trouble::Defocused | Trouble::Shaken => Hint::HoldStill,
    }
}

#[test]
fn what_spoils_a_scene_is_told() {
    let mut low = Vec::new();
    for trouble in TROUBLES {
        let scenes = (0..SCENES).map(|number| said(&spoilt(SEED, trouble, number)));
        let hints: Vec<_> = scenes
            .filter(|(read, _)| !read)
            .map(|(_, hint)| hint)
            .collect();
        let right = hints
            .iter()
            .filter(|hint| **hint == Some(helps(trouble)))
            .count();
        println!("{trouble:?}: {right} of {} unread: {hints:?}", hints.len());
        if hints.len() < 4 || (right as f64) < least_told(trouble) * hints.len() as f64 {
            low.push(trouble);
        }
    }
    assert!(low.is_empty(), "not told: {low:?}");
}

#[test]
fn a_scene_that_is_read_and_a_counter_without_a_phone_say_nothing() {
    for category in CATEGORIES {
        let (read, hint) = said(&scene(SEED, category, 0));
        assert!(
            !read || hint.is_none(),
            "{category:?} was read, and says {hint:?}"
        );
    }
    for number in 0..24 {
        let scene = nothing(SEED, number);
        assert_eq!(said(&scene), (false, None), "picture {number}");
    }
    for grey in [60, 128, 230] {
        let scene = Scene {
            text: String::new(),
            width: 640,
            height: 480,
            frames: vec![vec![grey; 640 * 480]],
        };
        assert_eq!(said(&scene), (false, None), "all of grey {grey}");
    }
}
