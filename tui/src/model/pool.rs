//! What waits, as the screens show it.

use vibecoin_primitives::Amount;

use super::Mark;
use crate::safe::SafeText;

/// The pool at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolView {
    /// Transactions in it.
    pub transactions: u64,
    /// Their senders.
    pub senders: u64,
    /// Their encodings together.
    pub bytes: u64,
    /// The memory they take, and the most that they may.
    pub memory: (u64, u64),
    /// The least price that is taken, beats per gas.
    pub price_min: u64,
    /// Gas of a block.
    pub block_gas: u64,
    /// Bytes of a block.
    pub block_bytes: u64,
    /// The first of them, in the order in which they would be mined.
    pub rows: Vec<PoolRow>,
    /// What all of this rests on.
    pub mark: Mark,
}

/// A waiting transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolRow {
    /// Its id in hex.
    pub txid: SafeText,
    /// The sender.
    pub from: SafeText,
    /// The recipient; `None` creates a contract.
    pub to: Option<SafeText>,
    /// What moves.
    pub value: Amount,
    /// Beats per gas.
    pub price: u64,
    /// The most gas it may use.
    pub gas: u64,
    /// Encoded size in bytes.
    pub size_bytes: u64,
    /// Since when it waits, Unix milliseconds.
    pub since_ms: u64,
    /// Whether the open wallet sends it or is paid by it.
    pub own: bool,
    /// The block that has room for it, when all pay for the gas they ask for: 0 is the next.
    pub block: u32,
}

/// Transactions of about one price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceBand {
    /// The lowest price of the band, beats per gas.
    pub from: u64,
    /// The highest.
    pub to: u64,
    /// Transactions in it.
    pub count: u64,
    /// The gas that they may use.
    pub gas: u64,
}

impl PoolView {
    /// The listed transactions by price, the highest first: bands that double.
    #[must_use]
    pub fn bands(&self) -> Vec<PriceBand> {
        let mut bands: Vec<PriceBand> = Vec::new();
        let mut rows: Vec<&PoolRow> = self.rows.iter().collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.price));
        for row in rows {
            // 16 to 31, 32 to 63, …; what is free stands by itself.
            let from = if row.price == 0 { 0 } else { 1 << row.price.ilog2() };
            match bands.last_mut() {
                Some(band) if band.from == from => {
                    band.count += 1;
                    band.gas = band.gas.saturating_add(row.gas);
                }
                _ => {
                    let to = from.saturating_mul(2).saturating_sub(1).max(from);
                    bands.push(PriceBand { from, to, count: 1, gas: row.gas });
                }
            }
        }
        bands
    }

    /// Listed transactions that the next block has room for, their gas and their bytes.
    #[must_use]
    pub fn next_block(&self) -> (usize, u64, u64) {
        let next = self.rows.iter().filter(|row| row.block == 0);
        next.fold((0, 0, 0), |(count, gas, bytes), row| (count + 1, gas + row.gas, bytes + row.size_bytes))
    }
}
