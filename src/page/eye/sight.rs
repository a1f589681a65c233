//! Moves a camera's frames to the reader, and returns what was read.
//!
//! The worker takes the frames by itself if the browser allows it. Otherwise the page hands over the newest frame, and
//! the next one only after that was read.

use std::rc::Rc;

use kaunter_core::policy::Ms;

use crate::page::camera::Camera;
use crate::page::clock;
use crate::page::frames::Frames;
use crate::page::reader::{Failure, ReaderHost, Report, RunningReader};
use crate::types::code::Reading;
use crate::types::error::Fail;
use crate::types::event::Hint;

/// The pause after the browser had no picture.
const RETRY_MS: Ms = 250;

/// A camera whose frames go to a reader.
pub(super) struct Sight<'a> {
    host: &'a ReaderHost,
    reader: Rc<RunningReader>,
    route: Route,
}

/// How the frames reach the reader.
enum Route {
    /// The worker takes them; this many have arrived.
    Followed { frames: u32 },
    /// The page hands them over; the next one at this time of [`clock::exact_ms`].
    Handed { frames: Frames, due_ms: f64 },
}

/// What was observed in one step.
pub(super) struct Seen {
    /// The code that the gate accepts.
    pub(super) reading: Option<Reading>,
    pub(super) hint: Option<Hint>,
    /// True if the camera showed anything new.
    pub(super) fresh: bool,
}

impl<'a> Sight<'a> {
    /// Connects this camera to this reader.
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

    /// Waits for one step, and returns what was observed.
    ///
    /// # Errors
    /// `worker_failed`: the reader failed, and is ended.
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
                // The reader knows how long a frame takes here, and how often the caller wants one.
                *due_ms = began_ms + report.as_ref().map_or(0.0, |report| report.pause_ms);
                (report, fresh)
            }
        };
        match report {
            Ok(Report { readings, hint, .. }) => Ok(Seen {
                reading: self.host.accepted(readings),
                hint: if self.host.sees_several() {
                    Some(Hint::SeveralCodes)
                } else {
                    hint
                },
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
            reading: None,
            hint: None,
            fresh,
        }
    }
}
