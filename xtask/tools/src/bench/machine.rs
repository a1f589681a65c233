//! Runs the measured programs: release builds, each in a process of its own, with their memory and processor time.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context as _, bail};

/// A program that prints its address. Dropping it kills it.
pub(super) struct Program {
    child: Child,
    /// Held open: the program ends when its standard input closes.
    _said: BufReader<ChildStdout>,
    pub(super) address: String,
}

impl Program {
    pub(super) fn start(mut command: Command, log: &Path) -> anyhow::Result<Self> {
        let log = std::fs::File::create(log)?;
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()?;
        let mut said = BufReader::new(child.stdout.take().context("no output")?);
        let mut line = String::new();
        said.read_line(&mut line)?;
        let Some(address) = line.trim().strip_prefix("listening on ") else {
            let _ = child.kill();
            bail!("{command:?} does not listen: {line}");
        };
        Ok(Self {
            child,
            _said: said,
            address: address.to_owned(),
        })
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }
}

/// The memory of a process, in KiB.
pub(super) fn memory_kib(pid: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|rest| rest.split_whitespace().next());
    Ok(kib.context("no VmRSS")?.parse()?)
}

/// Processor time that a process has used, in milliseconds.
pub(super) fn cpu_ms(pid: u32) -> anyhow::Result<u64> {
    // User and system time are in hundredths of a second.
    Ok((stat(pid, 14)? + stat(pid, 15)?) * 10)
}

/// Processor time of a process and of its children, in milliseconds: PostgreSQL has one for each connection.
pub(super) fn family_cpu_ms(pid: u32) -> anyhow::Result<u64> {
    // Of children that have ended, the system knows the sum.
    let mut all = cpu_ms(pid)? + (stat(pid, 16)? + stat(pid, 17)?) * 10;
    for entry in std::fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let child = name.to_str().and_then(|name| name.parse().ok());
        // A process may end while it is looked at.
        if let Some(child) = child
            && stat(child, 4).is_ok_and(|parent| parent == u64::from(pid))
        {
            all += cpu_ms(child).unwrap_or(0);
        }
    }
    Ok(all)
}

/// A field of a process's line: <https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>.
fn stat(pid: u32, field: usize) -> anyhow::Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The second field is the name, in brackets, and may hold spaces.
    let (_, rest) = text.rsplit_once(')').context("no name in stat")?;
    let found = rest.split_whitespace().nth(field - 3);
    Ok(found.context("a short stat")?.parse()?)
}

/// Which processors the programs of a bench use: the backend one of its own, all else the rest.
#[derive(Clone, Debug)]
pub(super) struct Pins {
    pub(super) backend: String,
    pub(super) others: String,
}

impl Pins {
    /// On a machine with one processor there is nothing to share out.
    pub(super) fn of_this_machine() -> Self {
        let last = std::thread::available_parallelism().map_or(0, |count| count.get() - 1);
        Self {
            backend: "0".to_owned(),
            others: format!("{}-{last}", last.min(1)),
        }
    }
}

/// A command that runs on these processors only, from util-linux.
pub(super) fn pinned(processors: &str, program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", processors]).arg(program);
    command
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
