//! Blocks: a mined header, the content it commits to, the ticks of the pace, and the transactions.

use borsh::{BorshDeserialize, BorshSerialize};
use vibecoin_crypto::{Hash, Tag, merkle, sha256d};

use crate::address::Address;
use crate::encoding::{self, DecodeError};
use crate::pow::Bits;
use crate::receipt::Receipt;
use crate::transaction::Transaction;
use crate::units::{Height, Timestamp};

#[cfg(test)]
mod tests;

static CONTENT: Tag = Tag::new("vibe/content/v1");
static POH_RECORD: Tag = Tag::new("vibe/poh-record/v1");

/// What is mined, 104 bytes. The first 64 stay the same while the nonce and the time are searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Header {
    /// Commitment to all headers before this one.
    pub history_root: Hash,
    /// Commitment to the [`Content`].
    pub content_root: Hash,
    /// The header version, a function of the height.
    pub version: u32,
    /// How many blocks stand before it.
    pub height: Height,
    /// The parent's time.
    pub prev_time: Timestamp,
    /// When the miner says it was made.
    pub time: Timestamp,
    /// The target that its id must not exceed.
    pub bits: Bits,
    /// What the miner searches.
    pub nonce: u64,
}

impl Header {
    /// Length of the encoding, in bytes.
    pub const BYTES: usize = 104;
    /// Where the nonce stands in it.
    pub const NONCE_OFFSET: usize = 96;

    /// The encoding.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let mut rest = bytes.as_mut_slice();
        self.serialize(&mut rest).expect("a header fills exactly its bytes");
        bytes
    }

    /// The block's identity: the double hash of the header.
    #[must_use]
    pub fn id(&self) -> Hash {
        sha256d(&self.to_bytes())
    }
}

/// What a block commits to, 224 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Content {
    /// The id of the block before.
    pub parent_id: Hash,
    /// The state after this block.
    pub state_root: Hash,
    /// Tree over the encoded transactions.
    pub tx_root: Hash,
    /// Tree over the encoded receipts.
    pub receipts_root: Hash,
    /// Tree over the ticks.
    pub poh_root: Hash,
    /// The record that mixes the transactions into the history.
    pub poh_hash: Hash,
    /// Who is rewarded.
    pub beneficiary: Address,
    /// Gas of all transactions.
    pub gas_used: u64,
    /// Number of transactions.
    pub tx_count: u32,
}

impl Content {
    /// Length of the encoding, in bytes.
    pub const BYTES: usize = 224;

    /// What the header commits to.
    #[must_use]
    pub fn root(&self) -> Hash {
        CONTENT.hash(&[&encoding::encode(self)])
    }
}

/// A whole block.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Block {
    /// What is mined.
    pub header: Header,
    /// What the header commits to.
    pub content: Content,
    /// The waypoints of its Proof of History segment: a witness that can be made again from the parent's id.
    pub ticks: Vec<Hash>,
    /// The transactions, in order.
    pub transactions: Vec<Transaction>,
}

impl Block {
    /// The block's identity.
    #[must_use]
    pub fn id(&self) -> Hash {
        self.header.id()
    }

    /// Reads one block and nothing else.
    ///
    /// # Errors
    /// [`DecodeError`] unless the bytes are its whole encoding.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        encoding::decode(bytes)
    }

    /// Header, content, ticks and transactions, each list behind its `u32` count.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encoding::encode(self)
    }
}

/// The root over transactions.
#[must_use]
pub fn tx_root(transactions: &[Transaction]) -> Hash {
    merkle::root(&transactions.iter().map(Transaction::encode).collect::<Vec<_>>())
}

/// The root over receipts.
#[must_use]
pub fn receipts_root(receipts: &[Receipt]) -> Hash {
    merkle::root(&receipts.iter().map(encoding::encode).collect::<Vec<_>>())
}

/// The root over ticks.
#[must_use]
pub fn poh_root(ticks: &[Hash]) -> Hash {
    merkle::root(ticks)
}

/// The record of a block: the last tick of its segment with the root of its transactions.
#[must_use]
pub fn poh_record(last_tick: &Hash, tx_root: &Hash) -> Hash {
    POH_RECORD.hash(&[last_tick.as_bytes(), tx_root.as_bytes()])
}
