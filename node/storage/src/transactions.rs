//! Transactions of the active chain: where each is and what it did, and lists by sender and by recipient.
//!
//! A transaction's bytes are stored once, in its block. A transaction that is not found here is not on the
//! active chain; whether it waits is known by the pool.

#[cfg(test)]
mod tests;

use borsh::{BorshDeserialize, BorshSerialize};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Address, Height, Receipt, Transaction};

use crate::{
    blocks,
    columns::Column,
    error::StoreError,
    kv::{KeyValueRead, KeyValueWrite, Overlay, Scan},
    row::{self, address_key},
};

/// A transaction's place and what it did.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct TransactionRecord {
    /// The block it is in.
    pub block: Hash,
    /// The height of that block.
    pub height: Height,
    /// Its index in the block.
    pub index: u32,
    /// What it did.
    pub receipt: Receipt,
}

/// A place on the active chain. Later places are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The height of the block.
    pub height: Height,
    /// The index in the block.
    pub index: u32,
}

impl Position {
    fn to_key(self) -> [u8; 12] {
        let mut key = [0; 12];
        key[..8].copy_from_slice(&row::height_key(self.height));
        key[8..].copy_from_slice(&self.index.to_be_bytes());
        key
    }

    fn from_key(column: Column, key: &[u8]) -> Result<Self, StoreError> {
        let short = || StoreError::undecodable(column, key, "a short key");
        let (rest, index) = key.split_last_chunk::<4>().ok_or_else(short)?;
        let height = rest.last_chunk::<8>().ok_or_else(short)?;
        Ok(Self { height: Height::new(u64::from_be_bytes(*height)), index: u32::from_be_bytes(*index) })
    }
}

/// Which end of a transaction an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// It sent.
    Sender,
    /// It was sent to, or is the contract that was created.
    Recipient,
}

impl Side {
    const fn column(self) -> Column {
        match self {
            Self::Sender => Column::TransactionsBySender,
            Self::Recipient => Column::TransactionsByRecipient,
        }
    }
}

/// Where a transaction is on the active chain; `None` if it is not there.
pub fn find(reader: &dyn KeyValueRead, txid: &Hash) -> Result<Option<TransactionRecord>, StoreError> {
    row::read(reader, Column::Transactions, txid.as_bytes())
}

/// A transaction of the active chain, with its place.
///
/// # Errors
/// [`StoreError::Missing`] if its block has no such transaction.
pub fn load(
    reader: &dyn KeyValueRead,
    txid: &Hash,
) -> Result<Option<(Transaction, TransactionRecord)>, StoreError> {
    let Some(record) = find(reader, txid)? else { return Ok(None) };
    let mut all = blocks::transactions(reader, &record.block)?.unwrap_or_default();
    let index = record.index as usize;
    if index >= all.len() {
        return Err(StoreError::missing(Column::Bodies, record.block.as_bytes()));
    }
    Ok(Some((all.swap_remove(index), record)))
}

/// At most `limit` transactions of an address, newest first; `before` is the last place of the page before.
pub fn list(
    reader: &dyn KeyValueRead,
    side: Side,
    address: &Address,
    before: Option<Position>,
    limit: usize,
) -> Result<Vec<(Position, Hash)>, StoreError> {
    let column = side.column();
    let scan = Scan::prefix(*address.as_bytes()).reversed().limit(limit);
    let scan = match before {
        Some(before) => scan.after(address_key(address, &before.to_key())),
        None => scan,
    };
    let place = |(key, value): (Vec<u8>, Vec<u8>)| {
        Ok((Position::from_key(column, &key)?, row::decode(column, &key, &value)?))
    };
    reader.iterate(column, scan).map(|row| place(row?)).collect()
}

/// Enters the transactions of a block that becomes part of the active chain.
///
/// `transactions`, their `txids` and `receipts` are in the order of the block.
pub fn connect(
    writer: &mut dyn KeyValueWrite,
    block: &Hash,
    height: Height,
    transactions: &[Transaction],
    txids: &[Hash],
    receipts: &[Receipt],
) {
    for (index, ((transaction, txid), receipt)) in (0..).zip(transactions.iter().zip(txids).zip(receipts)) {
        let record = TransactionRecord { block: *block, height, index, receipt: receipt.clone() };
        row::write(writer, Column::Transactions, *txid.as_bytes(), &record);
        for (side, address) in ends(transaction, receipt) {
            row::write(
                writer,
                side.column(),
                address_key(&address, &Position { height, index }.to_key()),
                txid,
            );
        }
    }
}

/// Removes what [`connect`] entered for a block that leaves the active chain.
///
/// # Errors
/// [`StoreError::Missing`] if a transaction was not entered.
pub fn disconnect(
    overlay: &mut Overlay<'_>,
    height: Height,
    transactions: &[Transaction],
    txids: &[Hash],
) -> Result<(), StoreError> {
    for (index, (transaction, txid)) in (0..).zip(transactions.iter().zip(txids)) {
        let record: TransactionRecord = row::require(overlay, Column::Transactions, txid.as_bytes())?;
        for (side, address) in ends(transaction, &record.receipt) {
            overlay.delete(side.column(), address_key(&address, &Position { height, index }.to_key()));
        }
        overlay.delete(Column::Transactions, txid.as_bytes().to_vec());
    }
    Ok(())
}

/// The addresses under which a transaction is listed.
fn ends(transaction: &Transaction, receipt: &Receipt) -> impl Iterator<Item = (Side, Address)> {
    let recipient = transaction.body.to.or(receipt.contract);
    [(Side::Sender, transaction.body.sender())].into_iter().chain(recipient.map(|to| (Side::Recipient, to)))
}
