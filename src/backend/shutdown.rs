//! How a person or a supervisor ends the process.

use std::time::{Duration, Instant};

/// A signal within this time of the first one is its echo: a terminal sends Ctrl-C to npm, to the launcher of
/// `npx kaunter-backend` and to this program, and each of the others passes it on. A person who presses it again takes
/// longer.
const ECHO: Duration = Duration::from_millis(500);

/// Waits for Ctrl-C of the terminal, or SIGTERM of a supervisor.
#[derive(Debug)]
pub struct ShutdownSignals {
    #[cfg(unix)]
    term: tokio::signal::unix::Signal,
}

impl ShutdownSignals {
    /// Begins to listen: from now on the signals do not end the process.
    ///
    /// # Errors
    /// The system does not allow it.
    pub fn watch() -> std::io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            term: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?,
        })
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = self.term.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    }

    /// Waits for another one after the first.
    pub async fn again(&mut self) {
        let first = Instant::now();
        loop {
            self.next().await;
            if first.elapsed() > ECHO {
                return;
            }
        }
    }
}
