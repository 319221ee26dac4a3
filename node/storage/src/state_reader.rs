//! Reading of the state, whatever holds it: what execution needs, and no more.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Account, Address, Height, Reward, state_key};

use crate::{columns::Column, error::StoreError, row};

/// A state at one moment. Many threads may read at once.
pub trait StateReader: Send + Sync {
    /// The value of a state key, or `None`.
    fn get(&self, key: &Hash) -> Result<Option<Vec<u8>>, StoreError>;

    /// The account of an address; one of only zeros if there is none.
    fn account(&self, address: &Address) -> Result<Account, StoreError> {
        let key = state_key::account(address);
        Ok(decode(&key, self.get(&key)?)?.unwrap_or_default())
    }

    /// The slot of a contract, big-endian; zeros if it was never set.
    fn slot(&self, address: &Address, slot: &Hash) -> Result<Hash, StoreError> {
        let key = state_key::slot(address, slot);
        Ok(decode(&key, self.get(&key)?)?.unwrap_or_default())
    }

    /// The code with this Keccak-256 hash.
    fn code(&self, code_hash: &Hash) -> Result<Option<Vec<u8>>, StoreError> {
        self.get(&state_key::code(code_hash))
    }

    /// What stands in the place of the reward ring that `height` writes: the reward of block `height`, or of
    /// one a multiple of the ring before it.
    fn reward(&self, height: Height) -> Result<Option<Reward>, StoreError> {
        let key = state_key::reward(height);
        decode(&key, self.get(&key)?)
    }
}

fn decode<T: borsh::BorshDeserialize>(key: &Hash, value: Option<Vec<u8>>) -> Result<Option<T>, StoreError> {
    value.map(|bytes| row::decode(Column::StateNodes, key.as_bytes(), &bytes)).transpose()
}

/// A state held in a map, for a genesis and for tests.
impl StateReader for BTreeMap<Hash, Vec<u8>> {
    fn get(&self, key: &Hash) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(BTreeMap::get(self, key).cloned())
    }
}

impl<T: StateReader + ?Sized> StateReader for &T {
    fn get(&self, key: &Hash) -> Result<Option<Vec<u8>>, StoreError> {
        (**self).get(key)
    }
}

impl<T: StateReader + ?Sized> StateReader for std::sync::Arc<T> {
    fn get(&self, key: &Hash) -> Result<Option<Vec<u8>>, StoreError> {
        (**self).get(key)
    }
}
