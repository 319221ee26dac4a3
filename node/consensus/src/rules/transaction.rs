//! Stage 4: transactions alone, without any state. Blocks, pool and wallet ask the same functions.
//!
//! Only one rule depends on the height, the expiry, and it only ever goes from kept to broken: a transaction
//! that is valid at height h alone is what the pool may keep for a block at h or above.

#[cfg(test)]
mod tests;

use rayon::prelude::*;
use vibecoin_crypto::{Hash, signature};
use vibecoin_primitives::transaction::{
    CREATE_DATA_BYTES_MAX, TRANSACTION_BYTES_MAX, TRANSACTION_GAS_MAX, TRANSACTION_VERSION,
};
use vibecoin_primitives::{Address, ChainSpec, DecodeError, Height, Transaction, TransactionBody};

use super::Blame;

/// Why a transaction is refused alone. One variant per rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransactionError {
    /// Not the encoding of a transaction, or more than it.
    #[error("TX-1: {0}")]
    Encoding(#[from] DecodeError),
    /// Longer than 131,072 bytes.
    #[error("TX-2: {bytes} bytes, more than {TRANSACTION_BYTES_MAX}")]
    TooLarge {
        /// The length.
        bytes: usize,
    },
    /// Not version 1.
    #[error("TX-3: version {version}, there is only {TRANSACTION_VERSION}")]
    Version {
        /// The version.
        version: u8,
    },
    /// Made for another network.
    #[error("TX-4: made for the chain id {found}, this network has {expected}")]
    ChainId {
        /// The chain id.
        found: u32,
        /// That of this network.
        expected: u32,
    },
    /// Its last height is past.
    #[error("TX-5: expired: valid until height {valid_until}, not at {height}")]
    Expired {
        /// Its last height.
        valid_until: u64,
        /// The block's.
        height: Height,
    },
    /// A price of 0.
    #[error("TX-6: a gas price of 0, at least 1 is burned")]
    GasPrice,
    /// The limit does not pay for what any such transaction uses.
    #[error("TX-7: a gas limit of {gas_limit} is less than the intrinsic gas {intrinsic}")]
    IntrinsicGas {
        /// The limit.
        gas_limit: u64,
        /// The least.
        intrinsic: u64,
    },
    /// The limit is above what one transaction may use.
    #[error("TX-8: a gas limit of {gas_limit} is above the cap of {cap}")]
    GasCap {
        /// The limit.
        gas_limit: u64,
        /// The most.
        cap: u64,
    },
    /// The nonce after which the account could not count on.
    #[error("TX-9: the nonce 2^64 - 1 is never used")]
    GreatestNonce,
    /// A create with more than 49,152 bytes.
    #[error("TX-10: a create with {bytes} bytes of data, more than {CREATE_DATA_BYTES_MAX}")]
    CreateData {
        /// The length of the data.
        bytes: usize,
    },
    /// No balance can pay it.
    #[error("TX-11: value and fee together do not fit 64 bits")]
    Cost,
    /// It creates a contract, and contracts are not carried out yet.
    #[error("TX-12: this version carries out no contracts, so none can be created")]
    CreateUnsupported,
    /// The signature is not valid by ZIP-215.
    #[error("TX-13: the signature is not valid")]
    Signature,
}

impl TransactionError {
    /// The number of the broken rule.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Encoding(_) => "TX-1",
            Self::TooLarge { .. } => "TX-2",
            Self::Version { .. } => "TX-3",
            Self::ChainId { .. } => "TX-4",
            Self::Expired { .. } => "TX-5",
            Self::GasPrice => "TX-6",
            Self::IntrinsicGas { .. } => "TX-7",
            Self::GasCap { .. } => "TX-8",
            Self::GreatestNonce => "TX-9",
            Self::CreateData { .. } => "TX-10",
            Self::Cost => "TX-11",
            Self::CreateUnsupported => "TX-12",
            Self::Signature => "TX-13",
        }
    }

    /// Whom it blames when it comes alone. No `_` arm: every new rule must take a stand.
    #[must_use]
    pub const fn blame(&self) -> Blame {
        match self {
            Self::Encoding(_)
            | Self::TooLarge { .. }
            | Self::Version { .. }
            | Self::ChainId { .. }
            | Self::GasPrice
            | Self::IntrinsicGas { .. }
            | Self::GasCap { .. }
            | Self::GreatestNonce
            | Self::CreateData { .. }
            | Self::Cost
            | Self::Signature => Blame::Peer,
            // Its sender's tip may be lower, or its sender's version newer.
            Self::Expired { .. } | Self::CreateUnsupported => Blame::Nobody,
        }
    }
}

/// A transaction of a block that is refused, by its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("transaction {index}: {error}")]
pub struct InvalidTransaction {
    /// The first place where something is wrong.
    pub index: usize,
    /// What is.
    pub error: TransactionError,
}

/// What checking a transaction alone has worked out. Only a check makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckedTransaction {
    id: Hash,
    sender: Address,
}

impl CheckedTransaction {
    /// Its id.
    #[must_use]
    pub const fn id(&self) -> Hash {
        self.id
    }

    /// The account that pays.
    #[must_use]
    pub const fn sender(&self) -> Address {
        self.sender
    }
}

/// Reads one transaction and nothing else (TX-1, TX-2).
///
/// # Errors
/// [`TransactionError::TooLarge`] unread, [`TransactionError::Encoding`].
pub fn decode_transaction(bytes: &[u8]) -> Result<Transaction, TransactionError> {
    check_size(bytes.len())?;
    Ok(Transaction::decode(bytes)?)
}

/// Everything that can be said of one transaction for a block at `height` without the state (TX-2 to TX-13).
///
/// # Errors
/// [`TransactionError`] with the first rule that is broken.
pub fn check_transaction(
    spec: &ChainSpec,
    height: Height,
    transaction: &Transaction,
) -> Result<CheckedTransaction, TransactionError> {
    check_size(transaction.encoded_len())?;
    check_unsigned(spec, height, &transaction.body)?;
    let id = transaction.id();
    if !transaction.claim(id).verify() {
        return Err(TransactionError::Signature);
    }
    Ok(CheckedTransaction { id, sender: transaction.body.sender() })
}

/// All transactions of a block at `height`, in parallel, signatures in batches: the same verdict as that of
/// [`check_transaction`] for one after the other.
///
/// # Errors
/// [`InvalidTransaction`] with the first bad transaction and its error.
pub fn check_transactions(
    spec: &ChainSpec,
    height: Height,
    transactions: &[Transaction],
) -> Result<Vec<CheckedTransaction>, InvalidTransaction> {
    let bad = transactions.par_iter().with_min_len(64).enumerate().find_map_first(|(index, transaction)| {
        let size = check_size(transaction.encoded_len());
        let result = size.and_then(|()| check_unsigned(spec, height, &transaction.body));
        result.err().map(|error| InvalidTransaction { index, error })
    });
    // Behind the first bad one no signature matters any more.
    let in_question = &transactions[..bad.as_ref().map_or(transactions.len(), |bad| bad.index)];
    let (checked, claims): (Vec<_>, Vec<_>) = in_question
        .par_iter()
        .with_min_len(64)
        .map(|transaction| {
            let id = transaction.id();
            (CheckedTransaction { id, sender: transaction.body.sender() }, transaction.claim(id))
        })
        .unzip();
    match (signature::first_invalid(&claims), bad) {
        (Some(index), _) => Err(InvalidTransaction { index, error: TransactionError::Signature }),
        (None, Some(bad)) => Err(bad),
        (None, None) => Ok(checked),
    }
}

/// The rules of what is signed (TX-3 to TX-12): what a wallet asks before it signs.
///
/// # Errors
/// [`TransactionError`] with the first rule that is broken.
pub fn check_unsigned(
    spec: &ChainSpec,
    height: Height,
    body: &TransactionBody,
) -> Result<(), TransactionError> {
    if body.version != TRANSACTION_VERSION {
        return Err(TransactionError::Version { version: body.version });
    }
    if body.chain_id != spec.chain_id {
        return Err(TransactionError::ChainId { found: body.chain_id, expected: spec.chain_id });
    }
    if body.is_expired_at(height) {
        return Err(TransactionError::Expired { valid_until: body.valid_until, height });
    }
    check_gas(spec, body)?;
    if body.nonce == u64::MAX {
        return Err(TransactionError::GreatestNonce);
    }
    let creates = body.to.is_none();
    if creates && body.data.len() > CREATE_DATA_BYTES_MAX {
        return Err(TransactionError::CreateData { bytes: body.data.len() });
    }
    if body.max_cost().is_none() {
        return Err(TransactionError::Cost);
    }
    if creates { Err(TransactionError::CreateUnsupported) } else { Ok(()) }
}

/// TX-6 to TX-8: a price, and `intrinsic ≤ limit ≤ min(block gas, 2²⁴)`.
fn check_gas(spec: &ChainSpec, body: &TransactionBody) -> Result<(), TransactionError> {
    if body.gas_price == 0 {
        return Err(TransactionError::GasPrice);
    }
    let (gas_limit, intrinsic) = (body.gas_limit, body.intrinsic_gas());
    if gas_limit < intrinsic {
        return Err(TransactionError::IntrinsicGas { gas_limit, intrinsic });
    }
    let cap = spec.block_gas.min(TRANSACTION_GAS_MAX);
    if gas_limit > cap { Err(TransactionError::GasCap { gas_limit, cap }) } else { Ok(()) }
}

/// TX-2.
fn check_size(bytes: usize) -> Result<(), TransactionError> {
    if bytes > TRANSACTION_BYTES_MAX { Err(TransactionError::TooLarge { bytes }) } else { Ok(()) }
}
