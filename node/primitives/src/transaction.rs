//! Transactions: what an account asks the ledger to do, signed.

use borsh::{BorshDeserialize, BorshSerialize};
use vibecoin_crypto::signature::Claim;
use vibecoin_crypto::{Hash, PublicKey, SecretKey, Signature, Tag, merkle};

use crate::address::Address;
use crate::amount::Amount;
use crate::encoding::{self, DecodeError};
use crate::units::Height;

#[cfg(test)]
mod tests;

static TRANSACTION: Tag = Tag::new("vibe/tx/v1");

/// The longest transaction, encoded, in bytes.
pub const TRANSACTION_BYTES_MAX: usize = 131_072;
/// The longest data of a contract creation, in bytes.
pub const CREATE_DATA_BYTES_MAX: usize = 49_152;
/// The greatest gas limit of one transaction on any network: 2²⁴.
pub const TRANSACTION_GAS_MAX: u64 = 1 << 24;
/// Gas of any transaction, before its data.
pub const TRANSFER_GAS: u64 = 21_000;
/// Gas of one byte of data, whatever its value.
pub const DATA_BYTE_GAS: u64 = 16;
/// Gas of creating a contract, on top.
pub const CREATE_GAS: u64 = 32_000;
/// The version every transaction has.
pub const TRANSACTION_VERSION: u8 = 1;

/// What is signed, field by field in the order of its encoding.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct TransactionBody {
    /// Always [`TRANSACTION_VERSION`].
    pub version: u8,
    /// The network it is for.
    pub chain_id: u32,
    /// How many transactions the sender has had in blocks before.
    pub nonce: u64,
    /// The last height at which it may be in a block; 0: no limit.
    pub valid_until: u64,
    /// The most gas it may use.
    pub gas_limit: u64,
    /// Beats paid per gas, at least 1: one is burned, the rest is the miner's.
    pub gas_price: u64,
    /// Who receives, or `None` to create a contract.
    pub to: Option<Address>,
    /// What is moved.
    pub value: Amount,
    /// The input of a contract; on a plain transfer, a memo.
    pub data: Vec<u8>,
    /// The sender's key.
    pub public_key: PublicKey,
}

impl TransactionBody {
    /// The transaction id: the tagged hash of the encoded body, and what the signature signs.
    #[must_use]
    pub fn id(&self) -> Hash {
        TRANSACTION.hash(&[&encoding::encode(self)])
    }

    /// Gas used before anything runs. Data is bounded by memory, so this cannot overflow.
    #[must_use]
    pub fn intrinsic_gas(&self) -> u64 {
        let create = if self.to.is_none() { CREATE_GAS } else { 0 };
        TRANSFER_GAS + create + DATA_BYTE_GAS * self.data.len() as u64
    }

    /// The most that may leave the sender's balance: `value + gas_limit · gas_price`. `None` above `u64`.
    #[must_use]
    pub fn max_cost(&self) -> Option<Amount> {
        self.max_fee()?.checked_add(self.value)
    }

    /// The most that may be paid as a fee: `gas_limit · gas_price`. `None` above `u64`.
    #[must_use]
    pub fn max_fee(&self) -> Option<Amount> {
        Amount::from_beats(self.gas_limit).checked_mul(self.gas_price)
    }

    /// The account that pays.
    #[must_use]
    pub fn sender(&self) -> Address {
        Address::of(&self.public_key)
    }

    /// True when its last height lies below `height`.
    #[must_use]
    pub const fn is_expired_at(&self, height: Height) -> bool {
        self.valid_until != 0 && height.get() > self.valid_until
    }

    /// The signed transaction. The key should be that of `public_key`, else nobody will accept it.
    #[must_use]
    pub fn sign(self, key: &SecretKey) -> Transaction {
        let signature = key.sign(&self.id());
        Transaction { body: self, signature }
    }
}

/// A signed transaction.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Transaction {
    /// What is signed.
    pub body: TransactionBody,
    /// The signature of the transaction id.
    pub signature: Signature,
}

impl Transaction {
    /// Reads one transaction and nothing else.
    ///
    /// # Errors
    /// [`DecodeError`] unless the bytes are its whole encoding. The length limit is a rule of consensus.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        encoding::decode(bytes)
    }

    /// Body, then signature.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encoding::encode(self)
    }

    /// The length of the encoding, in bytes: 166 with a recipient or 146 without, and the data.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        self.body.data.len() + if self.body.to.is_some() { 166 } else { 146 }
    }

    /// The transaction id, which the signature is not part of.
    #[must_use]
    pub fn id(&self) -> Hash {
        self.body.id()
    }

    /// The Merkle leaf: the hash of the whole encoding, signature included. Relay and pool go by it.
    #[must_use]
    pub fn leaf_hash(&self) -> Hash {
        merkle::leaf_hash(&self.encode())
    }

    /// What its signature claims about `id`, which is this transaction's.
    #[must_use]
    pub fn claim(&self, id: Hash) -> Claim {
        Claim { key: self.body.public_key, hash: id, signature: self.signature }
    }
}
