//! The accounts that a block touches: each read once, changed in memory, compared at the end.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Place;

use rayon::prelude::*;
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Account, Address, encoding, state_key};
use vibecoin_storage::StateReader;

use crate::error::ExecutionError;

/// Below this many reads, spreading them over the cores costs more than it saves.
const PARALLEL_READS_MIN: usize = 32;

/// An account before the block and now.
#[derive(Clone, Copy)]
pub(crate) struct Touched {
    pub(crate) key: Hash,
    pub(crate) before: Account,
    pub(crate) now: Account,
}

/// Accounts by address over a reader.
pub(crate) struct Accounts<'a> {
    reader: &'a dyn StateReader,
    touched: HashMap<Address, Touched>,
}

impl<'a> Accounts<'a> {
    pub(crate) fn new(reader: &'a dyn StateReader) -> Self {
        Self { reader, touched: HashMap::new() }
    }

    /// The account as it is now, read from the state if it is asked for the first time.
    pub(crate) fn get(&mut self, address: Address) -> Result<&mut Account, ExecutionError> {
        let touched = match self.touched.entry(address) {
            Place::Occupied(place) => place.into_mut(),
            Place::Vacant(place) => place.insert(read(self.reader, &address)?),
        };
        Ok(&mut touched.now)
    }

    /// Reads accounts ahead, in parallel. Changes nothing but the time that later reads take.
    pub(crate) fn prefetch(
        &mut self,
        addresses: impl Iterator<Item = Address>,
    ) -> Result<(), ExecutionError> {
        let mut missing: Vec<Address> =
            addresses.filter(|address| !self.touched.contains_key(address)).collect();
        missing.sort_unstable();
        missing.dedup();
        if missing.len() < PARALLEL_READS_MIN {
            return Ok(()); // They are read when they are needed.
        }
        let reader = self.reader;
        let read: Vec<Touched> =
            missing.par_iter().map(|address| read(reader, address)).collect::<Result<_, _>>()?;
        self.touched.extend(missing.into_iter().zip(read));
        Ok(())
    }

    /// What really changed, ascending by key.
    pub(crate) fn into_changed(self) -> Vec<(Address, Touched)> {
        let mut changed: Vec<_> =
            self.touched.into_iter().filter(|(_, touched)| touched.before != touched.now).collect();
        changed.sort_unstable_by_key(|(_, touched)| touched.key);
        changed
    }
}

fn read(reader: &dyn StateReader, address: &Address) -> Result<Touched, ExecutionError> {
    let key = state_key::account(address);
    let account = match reader.get(&key)? {
        Some(bytes) => encoding::decode(&bytes)
            .map_err(|_| ExecutionError::Damaged { key, what: "not the encoding of an account" })?,
        None => Account::default(),
    };
    Ok(Touched { key, before: account, now: account })
}

/// The leaf of an account: none for one of only zeros.
pub(crate) fn leaf(account: &Account) -> Option<Vec<u8>> {
    (!account.is_absent()).then(|| encoding::encode(account))
}
