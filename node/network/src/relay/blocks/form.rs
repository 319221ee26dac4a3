//! The compact form of a block: made, checked by itself, and turned back into the block.

use std::collections::BTreeSet;
use std::sync::Arc;

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Block, Transaction, block};

use crate::wire::{CompactBlock, HeaderRecord, Prefilled, ShortId, ShortIdKey, WireLimits};

/// Transactions that are sent along because they were missing here, in bytes.
const PREFILLED_BYTES_MAX: usize = 16 << 10;

/// A block in its compact form. `missed` are the places of transactions that were not in the pool here, so that they
/// may be missing elsewhere: as many as are short enough are sent along.
pub fn compact(block: &Block, nonce: u64, missed: &[u32], with_ticks: bool) -> CompactBlock {
    let key = ShortIdKey::new(&block.header, nonce);
    let mut prefilled = Vec::new();
    let mut bytes = 0;
    for &index in missed {
        let Some(transaction) = block.transactions.get(index as usize) else { break };
        bytes += transaction.encoded_len();
        if bytes > PREFILLED_BYTES_MAX {
            break;
        }
        prefilled.push(Prefilled { index, transaction: transaction.clone() });
    }
    let sent: BTreeSet<usize> = prefilled.iter().map(|prefilled| prefilled.index as usize).collect();
    let named = block.transactions.iter().enumerate().filter(|(index, _)| !sent.contains(index));
    CompactBlock {
        head: HeaderRecord { header: block.header, content: block.content },
        ticks: if with_ticks { block.ticks.clone() } else { Vec::new() },
        nonce,
        short_ids: named.map(|(_, transaction)| key.short_id(&transaction.leaf_hash())).collect(),
        prefilled,
    }
}

/// True if a compact block can be right at all, whatever the pool holds: its transactions are as many as the header
/// commits to, each has its place, and the ticks, if there are any, are the committed ones. An honest node sees to
/// that before it passes a block on.
pub fn is_sound(compact: &CompactBlock, limits: &WireLimits) -> bool {
    let count = compact.short_ids.len() + compact.prefilled.len();
    let ascending = compact.prefilled.windows(2).all(|pair| pair[0].index < pair[1].index);
    let inside = compact.prefilled.last().is_none_or(|last| (last.index as usize) < count);
    let ticks = compact.ticks.is_empty()
        || (compact.ticks.len() == limits.ticks
            && block::poh_root(&compact.ticks) == compact.head.content.poh_root);
    count == compact.head.content.tx_count as usize
        && count <= limits.transactions_max()
        && ascending
        && inside
        && ticks
}

/// True if two of its short ids are the same: it cannot be put together by them.
pub fn has_twins(compact: &CompactBlock) -> bool {
    let ids: BTreeSet<&ShortId> = compact.short_ids.iter().collect();
    ids.len() < compact.short_ids.len()
}

/// A compact block that some transactions are still missing from.
#[derive(Clone, Debug)]
pub struct Partial {
    /// What was sent.
    pub compact: Arc<CompactBlock>,
    slots: Vec<Option<Transaction>>,
    /// The places of what is missing, ascending.
    pub missing: Vec<u32>,
}

impl Partial {
    /// Puts together what was sent and what the pool has, one for each short id.
    pub fn new(compact: Arc<CompactBlock>, pool: Vec<Option<Transaction>>) -> Self {
        let count = compact.short_ids.len() + compact.prefilled.len();
        let mut slots: Vec<Option<Transaction>> = vec![None; count];
        for prefilled in &compact.prefilled {
            slots[prefilled.index as usize] = Some(prefilled.transaction.clone());
        }
        let mut sent = compact.prefilled.iter().map(|prefilled| prefilled.index as usize).peekable();
        let mut pool = pool.into_iter();
        let mut missing = Vec::new();
        for (place, slot) in slots.iter_mut().enumerate() {
            if sent.next_if_eq(&place).is_some() {
                continue;
            }
            *slot = pool.next().flatten();
            if slot.is_none() {
                missing.push(u32::try_from(place).expect("places were sent as such numbers"));
            }
        }
        Self { compact, slots, missing }
    }

    /// Fills in what was missing. False if these are others than the short ids name.
    pub fn fill(&mut self, transactions: Vec<Transaction>) -> bool {
        if transactions.len() != self.missing.len() {
            return false;
        }
        let key = self.compact.key();
        let named = self.short_ids_of_missing();
        let fits =
            |(transaction, id): (&Transaction, &ShortId)| key.short_id(&transaction.leaf_hash()) == *id;
        if !transactions.iter().zip(&named).all(fits) {
            return false;
        }
        for (place, transaction) in std::mem::take(&mut self.missing).into_iter().zip(transactions) {
            self.slots[place as usize] = Some(transaction);
        }
        true
    }

    fn short_ids_of_missing(&self) -> Vec<ShortId> {
        // Every prefilled one before a place moves its short id forward by one.
        let mut prefilled = self.compact.prefilled.iter().peekable();
        let mut before = 0;
        let of_place = |&place: &u32| {
            while prefilled.next_if(|sent| sent.index < place).is_some() {
                before += 1;
            }
            self.compact.short_ids[place as usize - before]
        };
        self.missing.iter().map(of_place).collect()
    }

    /// The block, if nothing is missing.
    pub fn into_block(self, ticks: Vec<Hash>) -> Option<Block> {
        let transactions = self.slots.into_iter().collect::<Option<Vec<_>>>()?;
        let HeaderRecord { header, content } = self.compact.head;
        Some(Block { header, content, ticks, transactions })
    }
}
