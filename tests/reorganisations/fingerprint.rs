//! One hash over everything that a chain has worked out of its blocks: what must be the same however it got there.
//!
//! Left out is what may differ between two nodes of one mind: side branches, numbers of state versions, arrivals.

use vibecoin_chain::Tip;
use vibecoin_crypto::{Hash, sha256};
use vibecoin_primitives::{Height, encoding};
use vibecoin_storage::{Column, KeyValueRead, Scan, StateTree, active, blocks, meta};

/// What a store has worked out, part by part, so that a difference has a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    pub height: u64,
    pub tip: Hash,
    /// The root of the newest state in the tree, which is not merely what the tip claims.
    pub state: Hash,
    pub supply: Hash,
    pub activity: Hash,
    pub transactions: Hash,
    /// Every active header, and the history after the tip.
    pub history: Hash,
}

impl Fingerprint {
    pub fn of(store: &dyn KeyValueRead) -> Self {
        let tip = Tip::load(store).unwrap().unwrap();
        let mut headers = Vec::new();
        for number in 0..=tip.height().get() {
            let id = active::at(store, Height::new(number)).unwrap().unwrap().id;
            headers.extend(encoding::encode(&blocks::header(store, &id).unwrap().unwrap()));
        }
        headers.extend(encoding::encode(&tip.block.history));
        let index = [Column::Transactions, Column::TransactionsBySender, Column::TransactionsByRecipient];
        let index: Vec<u8> = index.into_iter().flat_map(|column| rows(store, column)).collect();
        Self {
            height: tip.height().get(),
            tip: tip.id(),
            state: StateTree::root(store, tip.state_version).unwrap().unwrap(),
            supply: sha256(&encoding::encode(&meta::supply(store).unwrap().unwrap())),
            activity: sha256(&rows(store, Column::Activity)),
            transactions: sha256(&index),
            history: sha256(&headers),
        }
    }

    /// All of it in one hash.
    pub fn hash(&self) -> Hash {
        let Self { height, tip, state, supply, activity, transactions, history } = self;
        let parts = [tip, state, supply, activity, transactions, history];
        let mut bytes = height.to_le_bytes().to_vec();
        parts.iter().for_each(|part| bytes.extend(part.as_bytes()));
        sha256(&bytes)
    }
}

/// Every row of a column, keys and values behind their lengths.
fn rows(store: &dyn KeyValueRead, column: Column) -> Vec<u8> {
    let mut bytes = Vec::new();
    for row in store.iterate(column, Scan::all()) {
        let (key, value) = row.unwrap();
        for part in [key, value] {
            bytes.extend((part.len() as u64).to_le_bytes());
            bytes.extend(part);
        }
    }
    bytes
}
