//! How much memory this process took at most, from the system.

use std::fs;

/// The process at one moment.
pub struct Memory {
    before_kib: u64,
}

impl Memory {
    /// Begins to watch: the system forgets the highest mark so far.
    pub fn begin() -> Self {
        fs::write("/proc/self/clear_refs", "5").expect("a process may reset its own marks");
        Self { before_kib: field("VmRSS:") }
    }

    /// The highest mark since, above what there was, in KiB.
    pub fn grown_kib(&self) -> u64 {
        field("VmHWM:").saturating_sub(self.before_kib)
    }
}

fn field(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("the system says so");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("every process has it");
    line.trim().trim_end_matches(" kB").parse().expect("a number of KiB")
}
