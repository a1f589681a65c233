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

    /// The memory that it uses, in MiB.
    pub(super) fn memory_mib(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|rest| rest.split_whitespace().next());
        Ok(kib.context("no VmRSS")?.parse::<u64>()? / 1024)
    }

    /// Processor time that it has used, in milliseconds.
    pub(super) fn cpu_ms(&self) -> anyhow::Result<u64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The fields after the name, which is in brackets: user and system time are the 12th and 13th, in hundredths.
        let (_, rest) = stat.rsplit_once(')').context("no name in stat")?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let at = |nth: usize| fields.get(nth).and_then(|text| text.parse::<u64>().ok());
        Ok((at(11).context("utime")? + at(12).context("stime")?) * 10)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
