//! What the eye sees: a camera's frames on their way to the reader, and what is read of them.
//!
//! The worker takes the frames by itself where the browser allows it. Elsewhere the page hands them over one by one: the
//! newest, and the next only when the last is read.

use std::rc::Rc;

use kaunter_core::policy::Ms;

use crate::page::camera::Camera;
use crate::page::clock;
use crate::page::frames::Frames;
use crate::page::reader::{Failure, ReaderHost, Report, RunningReader};
use crate::types::code::Reading;
use crate::types::error::Fail;
use crate::types::event::Hint;

/// Time for the browser to have a picture again, where one could not be had.
const RETRY_MS: Ms = 250;

/// A camera before a reader.
pub(super) struct Sight<'a> {
    host: &'a ReaderHost,
    reader: Rc<RunningReader>,
    route: Route,
}

/// How the frames reach the reader.
enum Route {
    /// By themselves; so many have arrived.
    Followed { frames: u32 },
    /// One by one; the next is due at this time of [`clock::exact_ms`].
    Handed { frames: Frames, due_ms: f64 },
}

/// What was seen in a moment.
pub(super) struct Seen {
    /// What the gate believes.
    pub(super) readings: Vec<Reading>,
    pub(super) hint: Option<Hint>,
    /// Whether the camera showed anything new.
    pub(super) fresh: bool,
}

impl<'a> Sight<'a> {
    /// This camera before this reader.
    pub(super) fn new(host: &'a ReaderHost, reader: Rc<RunningReader>, camera: &Camera) -> Self {
        let follows = camera.track().is_some_and(|track| reader.follows(&track));
        let route = if follows {
            Route::Followed { frames: 0 }
        } else {
            handed(camera)
        };
        Self {
            host,
            reader,
            route,
        }
    }

    /// Waits a moment for something to be seen.
    ///
    /// # Errors
    /// `worker_failed`: the reader has failed, and is ended.
    pub(super) async fn next(&mut self, camera: &Camera) -> Result<Seen, Fail> {
        let (report, fresh) = match &mut self.route {
            Route::Followed { frames } => {
                let report = self.reader.report().await;
                let now = report.as_ref().map_or(*frames, |report| report.frames);
                (report, std::mem::replace(frames, now) != now)
            }
            Route::Handed { frames, due_ms } => {
                let fresh = frames.next().await;
                let began_ms = clock::exact_ms();
                if !fresh || began_ms < *due_ms {
                    return Ok(Seen::nothing(fresh));
                }
                let Ok(frame) = frames.grab(self.reader.takes_frames()) else {
                    clock::sleep(RETRY_MS).await;
                    return Ok(Seen::nothing(false));
                };
                let report = self.reader.read(frame).await;
                // The reader knows what reading costs here, and how often the caller wants it.
                *due_ms = began_ms + report.as_ref().map_or(0.0, |report| report.pause_ms);
                (report, fresh)
            }
        };
        match report {
            Ok(Report { readings, hint, .. }) => Ok(Seen {
                readings: self.host.believed(readings),
                hint,
                fresh,
            }),
            Err(Failure::Stopped(cause)) => Err(self.host.retire(&self.reader, cause)),
            Err(Failure::Unable) => {
                if matches!(self.route, Route::Followed { .. }) {
                    self.route = handed(camera);
                }
                Ok(Seen::nothing(fresh))
            }
        }
    }
}

fn handed(camera: &Camera) -> Route {
    Route::Handed {
        frames: Frames::new(camera.video()),
        due_ms: 0.0,
    }
}

impl Seen {
    fn nothing(fresh: bool) -> Self {
        Self {
            readings: Vec::new(),
            hint: None,
            fresh,
        }
    }
}
