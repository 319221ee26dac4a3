//! Looks, all the time, whether the victim is where the miner is, and how much memory it has.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::support::cluster::Member;

/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// The longest time off the honest tip, and what was being played then.
#[derive(Clone, Debug, Default)]
pub struct Lag {
    pub longest: Duration,
    pub during: String,
}

/// See the module.
#[derive(Default)]
pub struct Watch {
    over: AtomicBool,
    lag: Mutex<Lag>,
    /// What is being played now.
    playing: Mutex<String>,
}

/// Ends a watch when it is dropped, so that a test that fails does not go on for ever.
pub struct Watched<'a>(&'a Watch);

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::Relaxed);
    }
}

impl Watch {
    /// Says what is being played from now on.
    pub fn play(&self, name: &str) {
        name.clone_into(&mut self.playing.lock());
    }

    /// What was seen so far.
    pub fn lag(&self) -> Lag {
        self.lag.lock().clone()
    }

    /// To be dropped when the watch is over.
    pub const fn until_dropped(&self) -> Watched<'_> {
        Watched(self)
    }

    /// Watches until it is over.
    pub fn run(&self, victim: &Member, miner: &Member) {
        while !self.over.load(Ordering::Relaxed) {
            let tip = miner.tip();
            let began = Instant::now();
            while victim.block_at(tip.height).as_ref() != Some(&tip.id) {
                self.note(began.elapsed());
                if self.over.load(Ordering::Relaxed) || began.elapsed() > Duration::from_secs(20) {
                    break;
                }
                std::thread::sleep(LOOK_AGAIN);
            }
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    fn note(&self, off: Duration) {
        let mut lag = self.lag.lock();
        if off > lag.longest {
            *lag = Lag { longest: off, during: self.playing.lock().clone() };
        }
    }
}

/// A figure of a process' memory, in KiB: `VmRSS` or `VmHWM`.
pub fn memory_kib(process: u32, figure: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(figure)?.strip_prefix(':')).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Has the highest figure of a process' memory counted from now on.
pub fn forget_highest_memory(process: u32) {
    fs::write(format!("/proc/{process}/clear_refs"), "5").unwrap();
}
