//! Every disagreement, with who said what: bounded, and kept over restarts.
//!
//! An entry holds numbers and names of rules, never a server's words. What speaks for a server is not noted here; how
//! well it answers is its [`Standing`](super::servers::Standing).

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use vibecoin_crypto::{Hash, sha256};
use vibecoin_primitives::{Height, Timestamp};

use crate::files::{self, FileError};

/// Entries that are kept; the oldest go first.
pub const ENTRIES_MAX: usize = 200;

/// The file has at most this many bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// What happened, with the figures that show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Evidence {
    /// It was asked for the proof of a tip and gave none.
    Unproven {
        /// The tip.
        id: Hash,
        /// Its claimed work.
        work: String,
        /// How often this server has done so.
        times: u32,
    },
    /// What it said of the chain is false.
    FalseChain {
        /// What was wrong, in our words.
        error: String,
    },
    /// A tip too far ahead of this machine's clock.
    FutureTip {
        /// Its time.
        time: Timestamp,
        /// The clock.
        now: Timestamp,
    },
    /// It is on another branch, which is valid and not heavier by enough.
    Fork {
        /// The last shared height.
        fork_height: Height,
        /// The end of its branch.
        id: Hash,
        /// The work of its branch.
        work: String,
        /// The tip that stays.
        ours: Hash,
    },
    /// It says that its chain leaves this one before the oldest header that is kept.
    DeepFork {
        /// The last height that it says is shared.
        fork_height: Height,
        /// The end of its chain.
        id: Hash,
        /// The work that it claims.
        work: String,
    },
    /// The chain changed its branch by so much that it is told.
    Reorganised {
        /// The last shared height; none if it lies before what is kept.
        fork_height: Option<Height>,
        /// The tip before.
        from: Hash,
        /// The tip after.
        to: Hash,
        /// Headers taken back.
        reverted: u64,
    },
    /// A value that it gave does not fit what it must be proven by.
    FalseValue {
        /// The block against which it was held.
        height: Height,
        /// What was wrong, in our words.
        error: String,
    },
    /// It took a payment, and nobody else has seen it.
    NotRelayed {
        /// The payment.
        txid: Hash,
        /// Blocks since it was handed in.
        blocks: u64,
    },
    /// It showed that the Proof of History of a block is false.
    PohFault {
        /// The block.
        id: Hash,
        /// Its height.
        height: Height,
        /// The tick that does not follow, from 0.
        tick: u32,
    },
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// When, by this machine's clock.
    pub time: Timestamp,
    /// The server, as the user names it; none where it was nobody's doing.
    pub server: Option<String>,
    /// What.
    pub evidence: Evidence,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    checksum: Hash,
    entries: VecDeque<Entry>,
}

/// The journal. See the module.
#[derive(Debug, Default)]
pub struct Journal {
    entries: VecDeque<Entry>,
    /// Counts what was noted in this run, so that a reader sees that there is more.
    noted: u64,
    path: Option<PathBuf>,
}

impl Journal {
    /// Reads the journal of a directory. One that is damaged begins anew; `true` says that.
    ///
    /// # Errors
    /// [`FileError`] when the file is there and cannot be read.
    pub fn open(directory: &Path) -> Result<(Self, bool), FileError> {
        let path = directory.join("disagreements.json");
        let read = match files::read(&path, FILE_BYTES_MAX) {
            Ok(bytes) => parse(&bytes),
            Err(FileError::Missing { .. }) => Some(VecDeque::new()),
            Err(FileError::TooLarge { .. }) => None,
            Err(error) => return Err(error),
        };
        let damaged = read.is_none();
        Ok((Self { entries: read.unwrap_or_default(), noted: 0, path: Some(path) }, damaged))
    }

    /// The same, with nothing written to the file any more.
    #[must_use]
    pub fn unkept(self) -> Self {
        Self { path: None, ..self }
    }

    /// The entries, newest first.
    pub fn newest(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().rev()
    }

    /// How many entries were noted in this run.
    #[must_use]
    pub const fn noted(&self) -> u64 {
        self.noted
    }

    /// Notes something. The same of the same server as the newest of its entries is noted once.
    pub fn note(&mut self, entry: Entry) {
        let newest = self.entries.iter().rev().find(|known| known.server == entry.server);
        if newest.is_some_and(|known| known.evidence == entry.evidence) {
            return;
        }
        if self.entries.len() == ENTRIES_MAX {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
        self.noted = self.noted.saturating_add(1);
        if let Err(error) = self.store() {
            tracing::warn!("the list of disagreements is not kept: {error}");
        }
    }

    fn store(&self) -> Result<(), FileError> {
        let Some(path) = &self.path else { return Ok(()) };
        let written = Written { checksum: checksum(&self.entries), entries: self.entries.clone() };
        let bytes = serde_json::to_vec_pretty(&written).expect("plain values are written as JSON");
        files::replace(path, &bytes)
    }
}

fn parse(bytes: &[u8]) -> Option<VecDeque<Entry>> {
    let written: Written = serde_json::from_slice(bytes).ok()?;
    let sound = written.checksum == checksum(&written.entries) && written.entries.len() <= ENTRIES_MAX;
    sound.then_some(written.entries)
}

fn checksum(entries: &VecDeque<Entry>) -> Hash {
    sha256(&serde_json::to_vec(entries).expect("plain values are written as JSON"))
}

impl std::fmt::Display for Evidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unproven { id, times, .. } => {
                write!(f, "gave no proof of its tip {id} once it was questioned ({times} times)")
            }
            Self::FalseChain { error } => write!(f, "said something false of the chain: {error}"),
            Self::FutureTip { time, now } => {
                let ahead_s = time.saturating_since(*now) / 1_000;
                write!(f, "has a tip {ahead_s} s ahead of this machine's clock, which may be wrong")
            }
            Self::Fork { fork_height, id, .. } => {
                write!(f, "is on another branch since height {fork_height}, not heavier by enough: {id}")
            }
            Self::DeepFork { fork_height, id, .. } => {
                write!(f, "says that its chain has been another one since height {fork_height}: {id}")
            }
            Self::Reorganised { fork_height: Some(height), reverted, .. } => {
                write!(
                    f,
                    "the chain changed its branch: {reverted} blocks after height {height} were taken back"
                )
            }
            Self::Reorganised { fork_height: None, to, .. } => {
                write!(f, "the chain changed its branch further back than is kept here, to {to}")
            }
            Self::FalseValue { height, error } => {
                write!(f, "gave a false value for the block at height {height}: {error}")
            }
            Self::NotRelayed { txid, blocks } => {
                write!(f, "took payment {txid} and has not passed it on for {blocks} blocks")
            }
            Self::PohFault { id, height, tick } => {
                write!(f, "proved tick {tick} of block {id} at height {height} false")
            }
        }
    }
}
