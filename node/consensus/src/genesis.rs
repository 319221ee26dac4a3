//! The first block of a network: a function of its spec.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use vibecoin_crypto::{Hash, state_tree};
use vibecoin_primitives::block::{poh_root, receipts_root, tx_root};
use vibecoin_primitives::{Account, Address, Block, ChainSpec, Content, Header, Height, encoding, state_key};

use crate::difficulty::version_at;
use crate::history;

/// The accounts that exist from the start, by address; an allocation of nothing makes none.
///
/// In a spec that [`crate::spec::validate`] accepts every address occurs once.
#[must_use]
pub fn accounts(spec: &ChainSpec) -> BTreeMap<Address, Account> {
    spec.genesis_allocation
        .iter()
        .map(|row| (row.address, Account { balance: row.amount, ..Account::default() }))
        .filter(|(_, account)| !account.is_absent())
        .collect()
}

/// The root of the state that a network starts with.
#[must_use]
pub fn state_root(spec: &ChainSpec) -> Hash {
    let entries: BTreeMap<Hash, Vec<u8>> = accounts(spec)
        .iter()
        .map(|(address, account)| (state_key::account(address), encoding::encode(account)))
        .collect();
    state_tree::root_of(&entries.into_iter().collect::<Vec<_>>()).expect("a map's keys ascend")
}

/// The genesis block (GEN-1): 336 bytes that commit to every rule of the network through `parent_id`. Neither
/// its work nor its history is checked.
#[must_use]
pub fn genesis(spec: &ChainSpec) -> Block {
    let content = Content {
        parent_id: spec.commitment(),
        state_root: state_root(spec),
        tx_root: tx_root(&[]),
        receipts_root: receipts_root(&[]),
        poh_root: poh_root(&[]),
        poh_hash: Hash::ZERO,
        beneficiary: Address::ZERO,
        gas_used: 0,
        tx_count: 0,
    };
    let header = Header {
        history_root: history::empty_root(),
        content_root: content.root(),
        version: version_at(Height::GENESIS),
        height: Height::GENESIS,
        prev_time: spec.genesis_time,
        time: spec.genesis_time,
        bits: spec.genesis_bits,
        nonce: 0,
    };
    Block { header, content, ticks: Vec::new(), transactions: Vec::new() }
}
