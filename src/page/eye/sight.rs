//! What the eye sees: a camera's frames on their way to whoever reads, and what is read of them.
//!
//! The worker takes the frames by itself where the browser allows it; elsewhere the page hands them over one by one, the
//! newest, and the next only when the last is read.

use std::rc::Rc;

use kaunter_core::policy::Ms;

use crate::page::camera::Camera;
use crate::page::clock;
use crate::page::decoder::{Decoder, Living, News, Trouble};
use crate::page::frames::Frames;
use crate::page::pace::Pace;
use crate::types::code::DecodedCode;
use crate::types::error::Fail;
use crate::types::event::Hint;

/// After a picture that can't be had there is one that can.
const PAUSE_MS: Ms = 250;

/// A camera before a reader.
pub(super) struct Sight<'a> {
    decoder: &'a Decoder,
    living: Rc<Living>,
    route: Route,
}

/// How the frames go.
enum Route {
    /// By themselves; so many have arrived.
    Followed { frames: u32 },
    /// One by one, at this pace.
    Handed { frames: Frames, pace: Pace },
}

/// What was seen in a moment.
pub(super) struct Seen {
    pub(super) codes: Vec<DecodedCode>,
    pub(super) hint: Option<Hint>,
    /// Whether the camera showed anything new.
    pub(super) fresh: bool,
}

impl<'a> Sight<'a> {
    /// This camera before this reader.
    pub(super) fn new(
        decoder: &'a Decoder,
        living: Rc<Living>,
        camera: &Camera,
        most: f64,
    ) -> Self {
        let follows = camera.track().is_some_and(|track| living.follows(&track));
        let route = if follows {
            Route::Followed { frames: 0 }
        } else {
            handed(camera, most)
        };
        Self {
            decoder,
            living,
            route,
        }
    }

    /// Waits a moment for something to be seen.
    ///
    /// # Errors
    /// `worker_failed`: the reader is dead, and ended.
    pub(super) async fn next(&mut self, camera: &Camera, most: f64) -> Result<Seen, Fail> {
        let (news, fresh) = match &mut self.route {
            Route::Followed { frames } => {
                let news = self.living.hear().await;
                let now = news.as_ref().map_or(*frames, |news| news.frames);
                (news, std::mem::replace(frames, now) != now)
            }
            Route::Handed { frames, pace } => {
                let fresh = frames.next().await;
                if !fresh || !pace.takes(clock::exact_ms()) {
                    return Ok(Seen::nothing(fresh));
                }
                let Ok(frame) = frames.grab(self.living.takes_frames()) else {
                    clock::sleep(PAUSE_MS).await;
                    return Ok(Seen::nothing(false));
                };
                let began_ms = clock::exact_ms();
                let news = self.living.read(frame).await;
                pace.took(clock::exact_ms() - began_ms);
                (news, fresh)
            }
        };
        match news {
            Ok(News { codes, hint, .. }) => Ok(Seen { codes, hint, fresh }),
            Err(Trouble::Dead(cause)) => Err(self.decoder.bury(&self.living, cause)),
            Err(Trouble::Unfit) => {
                if matches!(self.route, Route::Followed { .. }) {
                    self.route = handed(camera, most);
                }
                Ok(Seen::nothing(fresh))
            }
        }
    }
}

fn handed(camera: &Camera, most: f64) -> Route {
    Route::Handed {
        frames: Frames::new(camera.video()),
        pace: Pace::new(most, clock::exact_ms()),
    }
}

impl Seen {
    fn nothing(fresh: bool) -> Self {
        Self {
            codes: Vec::new(),
            hint: None,
            fresh,
        }
    }
}
