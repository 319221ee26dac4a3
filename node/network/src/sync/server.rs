//! A peer that bodies are fetched from: how fast it is, and how much may be asked of it at once.

use std::collections::VecDeque;

use vibecoin_crypto::Hash;

/// Blocks asked of a peer that has not shown yet how fast it is.
const FIRST_BLOCKS: usize = 16;
/// Blocks asked of a peer that has stalled, to see whether it is back.
const PROBE_BLOCKS: usize = 2;
/// What a peer is asked for at once should take it so long, in ms.
const ASK_MS: u64 = 1_500;
/// Bytes asked of a peer at once at most.
const ASK_BYTES_MAX: u64 = 8 << 20;
/// The least and the greatest time without a block after which a peer has stalled, in ms.
const STALL_MIN_MS: u64 = 1_500;
const STALL_MAX_MS: u64 = 10_000;
/// For how long a peer that has stalled is not relied on, in ms. Twice as long each time, up to the maximum.
const PAUSE_MS: u64 = 5_000;
const PAUSE_MAX_MS: u64 = 60_000;
/// For how long a peer that is too busy, or lacks a block, is not asked, in ms.
const REFUSED_PAUSE_MS: u64 = 500;

/// A request for blocks.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    /// What has not come yet, in order.
    pub(super) ids: VecDeque<Hash>,
    /// From when on the peer could work on it.
    began_ms: u64,
    bytes: u64,
    /// Its blocks are fetched from others by now; what still comes is welcome.
    pub(super) is_given_up: bool,
}

impl Ask {
    pub(super) const fn new(ids: VecDeque<Hash>, now_ms: u64) -> Self {
        Self { ids, began_ms: now_ms, bytes: 0, is_given_up: false }
    }

    pub(super) const fn add(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Server {
    /// Blocks that may be asked for at once.
    blocks_max: usize,
    /// Bytes per s; 0 until measured.
    rate: u64,
    /// When its last block came, or the first one was asked for.
    heard_ms: u64,
    paused_until_ms: u64,
    stalls: u32,
    refusals: u32,
}

impl Default for Server {
    fn default() -> Self {
        Self { blocks_max: FIRST_BLOCKS, rate: 0, heard_ms: 0, paused_until_ms: 0, stalls: 0, refusals: 0 }
    }
}

impl Server {
    pub(super) const fn blocks_max(&self) -> usize {
        self.blocks_max
    }

    pub(super) const fn rate(&self) -> u64 {
        self.rate
    }

    pub(super) const fn is_paused(&self, now_ms: u64) -> bool {
        now_ms < self.paused_until_ms
    }

    pub(super) const fn stalls(&self) -> u32 {
        self.stalls
    }

    /// Nothing can be held against it from before this.
    pub(super) fn hear(&mut self, now_ms: u64) {
        self.heard_ms = self.heard_ms.max(now_ms);
    }

    /// This node stood still for so long; whoever seems quiet may have spoken.
    pub(super) const fn postpone(&mut self, pause_ms: u64) {
        self.heard_ms += pause_ms;
    }

    /// True if it has owed a block for too long.
    pub(super) fn has_stalled(&self, now_ms: u64, latency_ms: u64, block_bytes: u64) -> bool {
        now_ms.saturating_sub(self.heard_ms) > self.stall_ms(latency_ms, block_bytes)
    }

    /// The time without a block after which it has stalled, in ms.
    fn stall_ms(&self, latency_ms: u64, block_bytes: u64) -> u64 {
        let gap_ms = block_bytes.saturating_mul(1_000).checked_div(self.rate).unwrap_or(0);
        let typical_ms = latency_ms.saturating_mul(4).saturating_add(gap_ms.saturating_mul(8));
        typical_ms.clamp(STALL_MIN_MS, STALL_MAX_MS)
    }

    /// A request was answered to its end: what it is asked for next follows from how long this took.
    pub(super) fn on_done(&mut self, ask: &Ask, now_ms: u64, block_bytes: u64, most: usize) {
        let took_ms = now_ms.saturating_sub(ask.began_ms).max(1);
        let measured = (ask.bytes.saturating_mul(1_000) / took_ms).max(1);
        self.rate = if self.rate == 0 { measured } else { (self.rate * 7 + measured * 3) / 10 };
        let bytes = (self.rate.saturating_mul(ASK_MS) / 1_000).min(ASK_BYTES_MAX);
        let fits = usize::try_from(bytes / block_bytes.max(1)).unwrap_or(most);
        // It grows step by step: one lucky moment should not tie up half of the window.
        self.blocks_max = fits.clamp(PROBE_BLOCKS, (self.blocks_max * 2).min(most).max(PROBE_BLOCKS));
        self.stalls = self.stalls.saturating_sub(1);
        self.refusals = 0;
    }

    pub(super) fn on_stall(&mut self, now_ms: u64) {
        let pause_ms = (PAUSE_MS << self.stalls.min(4)).min(PAUSE_MAX_MS);
        self.stalls += 1;
        self.paused_until_ms = self.paused_until_ms.max(now_ms + pause_ms);
        self.blocks_max = PROBE_BLOCKS;
        self.rate /= 2;
    }

    pub(super) fn on_refused(&mut self, now_ms: u64) {
        self.refusals = self.refusals.saturating_add(1).min(16);
        self.paused_until_ms = self.paused_until_ms.max(now_ms + REFUSED_PAUSE_MS * u64::from(self.refusals));
    }
}
