//! Making blocks: a template from a view of the chain and waiting transactions, and the search for its nonce.
//!
//! Nothing here writes. A block that was found goes through the same import as anybody's.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use vibecoin_consensus::difficulty::{bits_of_child, version_at};
use vibecoin_consensus::pow::Search;
use vibecoin_consensus::rules::check_unsigned;
use vibecoin_consensus::{TargetError, emission};
use vibecoin_crypto::Hash;
use vibecoin_execution::{BlockEnv, BlockExecutor, ExecutionError, TxRef};
use vibecoin_primitives::block::{poh_record, poh_root, receipts_root, tx_root};
use vibecoin_primitives::{Address, Amount, Block, Content, Header, Timestamp, Transaction};
use vibecoin_storage::StoreError;

use crate::error::{corrupt, state_failure};
use crate::view::{ChainReader, View};

#[cfg(test)]
mod tests;

/// Nonces tried between two looks at whether to stop: a few milliseconds.
const STRIDE: u64 = 1 << 15;

/// Why no block can be made.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ProductionError {
    /// The tip is the last block there can be.
    #[error("no height is left")]
    NoHeight,
    /// The times are exhausted.
    #[error("no time is left")]
    NoTime,
    /// The schedule gives bits that are no target.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The state could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A block that lacks its nonce.
#[derive(Clone, Debug)]
pub struct Template {
    /// The header, its nonce 0.
    pub header: Header,
    /// What it commits to.
    pub content: Content,
    /// The segment that starts from its parent.
    pub ticks: Arc<[Hash]>,
    /// The transactions that were taken, in order.
    pub transactions: Vec<Transaction>,
    /// What its miner earns: subsidy and tips.
    pub reward: Amount,
}

impl Template {
    /// Puts a block together on the tip of `view`: takes of `candidates`, in their order, those that can be executed
    /// and still fit.
    ///
    /// The candidates' signatures have been verified. Makes the tip's segment if nobody has, which takes
    /// `ChainSpec::poh_hashes` sequential hashes: call it where that may block.
    ///
    /// # Errors
    /// [`ProductionError`]
    pub fn build<'t>(
        reader: &ChainReader,
        view: &View,
        beneficiary: Address,
        candidates: impl IntoIterator<Item = &'t Transaction>,
        now: Timestamp,
    ) -> Result<Self, ProductionError> {
        let (spec, tip) = (reader.spec(), view.tip());
        let parent = &tip.block.header;
        let height = parent.height.next().ok_or(ProductionError::NoHeight)?;
        let earliest = parent.time.checked_add(spec.min_delta_ms).ok_or(ProductionError::NoTime)?;
        let ticks = reader.segments().make(spec, &tip.id());

        let env = BlockEnv { height, beneficiary, subsidy: emission::subsidy(height) };
        let state = view.state()?;
        let mut executor = BlockExecutor::new(&state, spec, env).map_err(ours)?;
        let mut transactions = Vec::new();
        let mut bytes_left = spec.block_bytes;
        for candidate in candidates {
            let bytes = candidate.encoded_len() as u64;
            if bytes > bytes_left || check_unsigned(spec, height, &candidate.body).is_err() {
                continue;
            }
            match executor.apply(TxRef::new(candidate)) {
                Ok(_) => {
                    bytes_left -= bytes;
                    transactions.push(candidate.clone());
                }
                Err(error) if error.rule().is_some() => {}
                Err(error) => return Err(ours(error).into()),
            }
        }
        let outcome = executor.finish().map_err(ours)?;
        let update = view
            .state_tree()
            .update(view.rows(), Some(tip.state_version), &outcome.changes)
            .map_err(state_failure)?;

        let tx_root = tx_root(&transactions);
        let last_tick = ticks.last().copied().unwrap_or_default();
        let content = Content {
            parent_id: tip.id(),
            state_root: update.root(),
            tx_root,
            receipts_root: receipts_root(&outcome.receipts),
            poh_root: poh_root(&ticks),
            poh_hash: poh_record(&last_tick, &tx_root),
            beneficiary,
            gas_used: outcome.gas_used,
            tx_count: u32::try_from(transactions.len())
                .map_err(|_| corrupt("more than 2^32 transactions"))?,
        };
        let header = Header {
            history_root: tip.block.history.root(),
            content_root: content.root(),
            version: version_at(height),
            height,
            prev_time: parent.time,
            time: now.max(earliest),
            bits: bits_of_child(spec, parent.height, parent.time),
            nonce: 0,
        };
        Ok(Self { header, content, ticks, transactions, reward: outcome.reward.amount })
    }

    /// The block with this nonce.
    #[must_use]
    pub fn into_block(self, nonce: u64) -> Block {
        let header = Header { nonce, ..self.header };
        Block { header, content: self.content, ticks: self.ticks.to_vec(), transactions: self.transactions }
    }

    /// Moves the time on, never back and never below what the parent allows.
    pub fn refresh_time(&mut self, now: Timestamp) {
        self.header.time = self.header.time.max(now);
    }

    /// Searches a nonce on `threads` threads, each with its share of the nonces, until one is found, `stop` is set,
    /// or none is left. Every try is counted in `tried`.
    ///
    /// # Errors
    /// [`TargetError`] when the bits are no target.
    pub fn search(
        &self,
        threads: usize,
        stop: &AtomicBool,
        tried: &AtomicU64,
    ) -> Result<Option<u64>, TargetError> {
        let search = Search::new(&self.header)?;
        let found = AtomicBool::new(false);
        let threads = threads.max(1) as u64;
        let nonce = thread::scope(|scope| {
            let share = |thread: u64| {
                let (search, found) = (&search, &found);
                scope.spawn(move || {
                    let mut start = thread * STRIDE;
                    while !stop.load(Ordering::Relaxed) && !found.load(Ordering::Relaxed) {
                        let end = start.checked_add(STRIDE)?;
                        let nonce = search.run(start..end);
                        tried.fetch_add(nonce.map_or(STRIDE, |nonce| nonce - start + 1), Ordering::Relaxed);
                        if nonce.is_some() {
                            found.store(true, Ordering::Relaxed);
                            return nonce;
                        }
                        start = start.checked_add(threads * STRIDE)?;
                    }
                    None
                })
            };
            let searchers: Vec<_> = (0..threads).map(share).collect();
            searchers.into_iter().filter_map(|searcher| searcher.join().ok().flatten()).min()
        });
        Ok(nonce)
    }
}

/// An execution that fails without a rule has found a damaged state.
fn ours(error: ExecutionError) -> StoreError {
    match error {
        ExecutionError::Store(error) => error,
        error => corrupt(&error.to_string()),
    }
}
