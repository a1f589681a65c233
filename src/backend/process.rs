//! What this process is to its system: who reads its files and its memory, and how many files it may open.

/// The first thing that the program does. Its memory holds the gateway's keys and customers' codes, and its store the shop's
/// sales: no crash writes the one to a disk, no other user of the machine reads the other.
pub fn harden() {
    #[cfg(unix)]
    {
        use nix::sys::resource::{Resource, setrlimit};
        use nix::sys::stat::{Mode, umask};

        // Nobody is refused a lower limit.
        let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
        umask(Mode::from_bits_truncate(0o077));
        raise_files();
    }
    // Nobody traces it, and a core that goes to a program, not to a file, is not made either:
    // <https://man7.org/linux/man-pages/man2/pr_set_dumpable.2const.html>.
    #[cfg(target_os = "linux")]
    let _ = nix::sys::prctl::set_dumpable(false);
}

/// As many files as the system grants: the soft limit is for programs that use `select`, and each connection is a file.
#[cfg(unix)]
fn raise_files() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};

    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        // Some systems name more than they grant; then the limit stays as it is.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}

/// How many files this process may open, where its system says so.
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
