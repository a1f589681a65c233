//! Settings of the process: who may read its files and its memory, and how many files it may open.

/// Runs first. The memory holds the gateway's keys and customers' codes, and the store the shop's sales. So core dumps
/// are off, and new files are readable by this user only.
pub fn harden() {
    #[cfg(unix)]
    {
        use nix::sys::resource::{Resource, setrlimit};
        use nix::sys::stat::{Mode, umask};

        // Lowering a limit never fails.
        let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
        umask(Mode::from_bits_truncate(0o077));
        raise_files();
    }
    // Prevents tracing, and core dumps that go to a program instead of a file:
    // <https://man7.org/linux/man-pages/man2/pr_set_dumpable.2const.html>.
    #[cfg(target_os = "linux")]
    let _ = nix::sys::prctl::set_dumpable(false);
}

/// Raises the limit of open files to the maximum. The soft limit is for programs that use `select`, and each connection
/// needs a file.
#[cfg(unix)]
fn raise_files() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};

    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        // Some systems report more than they grant; then the limit stays as it is.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}

/// How many files this process may open, if the system says so.
pub(crate) fn most_files() -> Option<usize> {
    #[cfg(unix)]
    {
        use nix::sys::resource::{Resource, getrlimit};

        let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
        usize::try_from(soft).ok()
    }
    #[cfg(not(unix))]
    None
}
