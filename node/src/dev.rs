//! What only a development network has: a faucet and snapshots. Available where the chain spec does not retarget.

use std::sync::{Mutex, PoisonError};

use vibecoin_crypto::Hash;
use vibecoin_crypto::derivation::{ExtendedKey, Path};
use vibecoin_primitives::transaction::{TRANSACTION_VERSION, TRANSFER_GAS};
use vibecoin_primitives::{Address, Amount, ChainSpec, Height, Transaction, TransactionBody};

use vibecoin_crypto::SecretKey;

#[cfg(test)]
mod tests;

/// The BIP-39 seed of the public mnemonic `test test test test test test test test test test test junk` without
/// passphrase. Everybody has these keys; what they hold is worth nothing.
const TEST_SEED: [u8; 64] = [
    0x9d, 0xfc, 0x3c, 0x64, 0xc2, 0xf8, 0xbe, 0xde, 0x15, 0x33, 0xb6, 0xa7, 0x9f, 0x85, 0x70, 0xe5, 0x94,
    0x3e, 0x0b, 0x8f, 0xd1, 0xcf, 0x77, 0x10, 0x7a, 0xdf, 0x7b, 0x72, 0xce, 0xf4, 0x21, 0x85, 0xd5, 0x64,
    0xa3, 0xae, 0xe2, 0x4c, 0xab, 0x43, 0xf8, 0x0e, 0x3c, 0x45, 0x38, 0x08, 0x7d, 0x70, 0xfc, 0x82, 0x4e,
    0xab, 0xba, 0xd5, 0x96, 0xa2, 0x3c, 0x97, 0xb6, 0xee, 0x83, 0x22, 0xcc, 0xc0,
];

/// Accounts of that mnemonic.
pub const TEST_ACCOUNTS: u32 = 10;

/// Snapshots that are kept.
const SNAPSHOTS_MAX: usize = 1_000;

/// The key of a test account, below [`TEST_ACCOUNTS`].
#[must_use]
pub fn test_key(account: u32) -> SecretKey {
    Path::account(account)
        .and_then(|path| ExtendedKey::from_seed(&TEST_SEED)?.derive(&path))
        .expect("the seed has 64 bytes and the numbers are small")
        .secret_key()
}

/// A signed transfer of `amount` from a test account.
#[must_use]
pub fn transfer(
    spec: &ChainSpec,
    key: &SecretKey,
    nonce: u64,
    gas_price: u64,
    to: Address,
    amount: Amount,
) -> Transaction {
    let body = TransactionBody {
        version: TRANSACTION_VERSION,
        chain_id: spec.chain_id,
        nonce,
        valid_until: 0,
        gas_limit: TRANSFER_GAS,
        gas_price,
        to: Some(to),
        value: amount,
        data: Vec::new(),
        public_key: key.public_key(),
    };
    body.sign(key)
}

/// A remembered tip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Its number.
    pub number: u64,
    /// Its height.
    pub height: Height,
    /// Its id.
    pub id: Hash,
}

/// The remembered tips, oldest first.
#[derive(Debug, Default)]
pub struct Snapshots(Mutex<(u64, Vec<Snapshot>)>);

impl Snapshots {
    /// Remembers a tip.
    pub fn take(&self, height: Height, id: Hash) -> Snapshot {
        let mut held = self.lock();
        held.0 += 1;
        let snapshot = Snapshot { number: held.0, height, id };
        if held.1.len() == SNAPSHOTS_MAX {
            held.1.remove(0);
        }
        held.1.push(snapshot);
        snapshot
    }

    /// The snapshot of this number, or the newest.
    #[must_use]
    pub fn find(&self, number: Option<u64>) -> Option<Snapshot> {
        let held = self.lock();
        match number {
            Some(number) => held.1.iter().find(|snapshot| snapshot.number == number).copied(),
            None => held.1.last().copied(),
        }
    }

    /// Forgets what was taken after this one.
    pub fn forget_after(&self, number: u64) {
        self.lock().1.retain(|snapshot| snapshot.number <= number);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, (u64, Vec<Snapshot>)> {
        // The list is whole after every statement.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
