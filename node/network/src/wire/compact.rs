//! A block that names its transactions by short ids (after BIP 152), and how a short id is made.

use std::collections::HashMap;
use std::hash::Hasher;

use borsh::{BorshDeserialize, BorshSerialize};
use siphasher::sip::SipHasher24;
use vibecoin_crypto::{Hash, sha256};
use vibecoin_primitives::{Header, Transaction};

use super::message::HeaderRecord;

/// Six bytes that tell a transaction from the others of a pool, for one block and one sender.
pub type ShortId = [u8; 6];

/// The key of the short ids of one compact block. It depends on the header and on a number that the sender draws, so
/// that nobody can make two transactions collide for everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShortIdKey(u64, u64);

impl ShortIdKey {
    /// The key for a header and a number of the sender's.
    #[must_use]
    pub fn new(header: &Header, nonce: u64) -> Self {
        let mut bytes = [0; Header::BYTES + 8];
        bytes[..Header::BYTES].copy_from_slice(&header.to_bytes());
        bytes[Header::BYTES..].copy_from_slice(&nonce.to_le_bytes());
        let hash = sha256(&bytes);
        let half = |at: usize| {
            u64::from_le_bytes(hash.as_bytes()[at..at + 8].try_into().expect("a hash has four such parts"))
        };
        Self(half(0), half(8))
    }

    /// The short id of the transaction with this leaf hash.
    #[must_use]
    pub fn short_id(&self, leaf_hash: &Hash) -> ShortId {
        let mut hasher = SipHasher24::new_with_keys(self.0, self.1);
        hasher.write(leaf_hash.as_bytes());
        let hash = hasher.finish().to_le_bytes();
        [hash[0], hash[1], hash[2], hash[3], hash[4], hash[5]]
    }
}

/// A transaction that the sender expects not to be in the receiver's pool.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Prefilled {
    /// Its place in the block.
    pub index: u32,
    /// It.
    pub transaction: Transaction,
}

/// A block in its compact form.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct CompactBlock {
    /// Header and content, whole.
    pub head: HeaderRecord,
    /// The segment's ticks; none when the receiver is known to have them.
    pub ticks: Vec<Hash>,
    /// The sender's number in the key of the short ids.
    pub nonce: u64,
    /// The short ids of all transactions that are not prefilled, in their order.
    pub short_ids: Vec<ShortId>,
    /// The prefilled ones, by ascending place.
    pub prefilled: Vec<Prefilled>,
}

impl CompactBlock {
    /// The key of its short ids.
    #[must_use]
    pub fn key(&self) -> ShortIdKey {
        ShortIdKey::new(&self.head.header, self.nonce)
    }
}

/// For each short id the waiting transaction that has it; `None` where nothing or more than one thing does, so that the
/// transaction is asked for. `waiting` is the pool, each with its short id.
pub fn match_short_ids<'a>(
    ids: &[ShortId],
    waiting: impl Iterator<Item = (ShortId, &'a Transaction)>,
) -> Vec<Option<Transaction>> {
    enum Match<'a> {
        None,
        One(&'a Transaction),
        Many,
    }
    let mut found: HashMap<ShortId, Match<'_>> = ids.iter().map(|id| (*id, Match::None)).collect();
    for (id, transaction) in waiting {
        if let Some(slot) = found.get_mut(&id) {
            *slot = match slot {
                Match::None => Match::One(transaction),
                Match::One(_) | Match::Many => Match::Many,
            };
        }
    }
    ids.iter()
        .map(|id| match found.get(id) {
            Some(Match::One(transaction)) => Some((*transaction).clone()),
            Some(Match::None | Match::Many) | None => None,
        })
        .collect()
}
