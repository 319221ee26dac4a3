//! How long and how large an answer may be.

use std::time::Duration;

use super::error::{Absence, ServerError, Stage};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// The way to the server: name, proxy, TCP and TLS.
    pub connect: Duration,
    /// From the question to the head of the answer, the way included: how long a server may think.
    pub head: Duration,
    /// From the question to the last byte of the answer.
    pub whole: Duration,
    /// While a body is under way, in every such stretch of time at least [`Deadlines::stretch_bytes_min`] arrive.
    pub stretch: Duration,
    /// See [`Deadlines::stretch`].
    pub stretch_bytes_min: u64,
    /// How long an unused connection is kept open.
    pub idle: Duration,
}

impl Default for Deadlines {
    /// Wide enough for Tor and for a telephone at the edge of its cell: a kilobyte in four seconds is progress.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            head: Duration::from_secs(20),
            whole: Duration::from_secs(60),
            stretch: Duration::from_secs(4),
            stretch_bytes_min: 1024,
            idle: Duration::from_secs(90),
        }
    }
}

impl Deadlines {
    /// The deadline of a stage.
    #[must_use]
    pub const fn of(&self, stage: Stage) -> Duration {
        match stage {
            Stage::Connect => self.connect,
            Stage::Head => self.head,
            Stage::Body => self.whole,
        }
    }

    /// That a stage took longer than it may.
    pub(super) fn exceeded(&self, stage: Stage) -> ServerError {
        let after_ms = u64::try_from(self.of(stage).as_millis()).unwrap_or(u64::MAX);
        ServerError::Absent(Absence::TimedOut { stage, after_ms })
    }
}

/// The most bytes that an answer to a method may have, as JSON. Each is what the protocol allows for it, in hex, and
/// some room for the names of the fields.
#[must_use]
pub fn answer_bytes_max(method: &str) -> usize {
    match method {
        // Header, content, and at most 64 peaks of 64 bytes.
        "light_tip" => 16 * KIB,
        // 4 MiB of proof.
        "light_prove" => 8 * MIB + 4 * KIB,
        // 2,000 records of 52 bytes.
        "light_headers" => 256 * KIB,
        // A path of at most 64 nodes, or two of ticks.
        "light_ancestor" | "light_poh_fault" => 32 * KIB,
        // The account and at most 256 slots, each with a path of at most 256 siblings.
        "state_proof" => 6 * MIB,
        // At most 1,000 entries, of which few have long memos: a memo may have 256 KiB in hex, and whoever finds a page
        // too large asks for a shorter one.
        "account_history" => 4 * MIB,
        // The encoding twice, and a path.
        "chain_tx" => MIB,
        // A block of 8 MiB, the most of a built-in network's: as JSON plain transfers are about four times as long as
        // encoded, and in hex everything is twice as long.
        "chain_block" => 48 * MIB,
        "chain_raw_block" => 20 * MIB,
        "chain_poh" => MIB,
        // A thousand of what waits, and as many branches.
        "mempool_list" | "chain_forks" => MIB,
        // The method that describes all others.
        "rpc.discover" => MIB,
        // A few numbers and hashes: tips, headers, accounts, statistics, prices, verdicts.
        _ => 64 * KIB,
    }
}

/// True if a question may be put again when the connection broke before anything was answered. Not a proof's: a
/// server that has seen the seed and falls silent has failed to prove.
pub(super) fn may_repeat(method: &str) -> bool {
    method != "light_prove"
}
