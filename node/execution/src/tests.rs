//! Shared pieces of the tests: a state in a map, keys, and the emission.
#![allow(clippy::unwrap_used)]

mod cases;
mod model;
mod vectors;

use std::collections::BTreeMap;

use vibecoin_crypto::{Hash, PublicKey, Signature, state_tree};
use vibecoin_primitives::{
    Account, Address, Amount, ChainSpec, Height, Network, Reward, Transaction, TransactionBody, encoding,
    state_key,
};
use vibecoin_storage::{StateReader, StoreError};

use crate::{BlockEnv, BlockOutcome, ExecutionError, StateChanges, TxRef, execute_block};

/// A state as a map from leaf to value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State(pub(crate) BTreeMap<Hash, Vec<u8>>);

impl StateReader for State {
    fn get(&self, key: &Hash) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.get(key).cloned())
    }
}

impl State {
    pub(crate) fn write(&mut self, changes: &StateChanges) {
        assert!(changes.windows(2).all(|pair| pair[0].0 < pair[1].0), "changes ascend");
        for (key, value) in changes {
            match value {
                Some(value) => self.0.insert(*key, value.clone()),
                None => self.0.remove(key),
            };
        }
    }

    pub(crate) fn root(&self) -> Hash {
        let leaves: Vec<_> = self.0.iter().map(|(key, value)| (*key, value)).collect();
        state_tree::root_of(&leaves).unwrap()
    }

    pub(crate) fn account(&self, address: Address) -> Account {
        let leaf = self.0.get(&state_key::account(&address));
        leaf.map_or_else(Account::default, |bytes| encoding::decode(bytes).unwrap())
    }

    pub(crate) fn set(&mut self, address: Address, account: Account) {
        self.0.insert(state_key::account(&address), encoding::encode(&account));
    }

    pub(crate) fn ring(&self) -> Vec<Reward> {
        let slots = (0..state_key::REWARD_RING).map(|slot| state_key::reward(Height::new(slot)));
        slots.filter_map(|key| self.0.get(&key)).map(|bytes| encoding::decode(bytes).unwrap()).collect()
    }
}

/// The emission, written down a second time.
pub(crate) fn subsidy(height: u64) -> Amount {
    let halvings = (height - 1) / 25_000_000;
    Amount::from_beats(
        (2_000_000_000u64.checked_shr(u32::try_from(halvings).unwrap()).unwrap_or(0)).max(62_500_000),
    )
}

pub(crate) fn env(height: u64, beneficiary: Address) -> BlockEnv {
    BlockEnv { height: Height::new(height), beneficiary, subsidy: subsidy(height) }
}

pub(crate) fn key(number: u8) -> PublicKey {
    PublicKey([number; 32])
}

pub(crate) fn holder(number: u8) -> Address {
    Address::of(&key(number))
}

/// A transfer of holder `from`; signatures are not execution's business.
pub(crate) fn transfer(from: u8, nonce: u64, to: Address, beats: u64, price: u64) -> Transaction {
    let body = TransactionBody {
        version: 1,
        chain_id: 84232,
        nonce,
        valid_until: 0,
        gas_limit: 21_000,
        gas_price: price,
        to: Some(to),
        value: Amount::from_beats(beats),
        data: Vec::new(),
        public_key: key(from),
    };
    Transaction { body, signature: Signature([0; 64]) }
}

pub(crate) fn run(
    state: &State,
    spec: &ChainSpec,
    env: BlockEnv,
    transactions: &[Transaction],
) -> Result<BlockOutcome, ExecutionError> {
    let transactions: Vec<_> = transactions.iter().map(TxRef::new).collect();
    execute_block(state, spec, env, &transactions)
}

/// A devnet without its allocation, in which each of these holders has so many beats.
pub(crate) fn world(balances: &[(u8, u64)]) -> (ChainSpec, State) {
    let mut spec = Network::Devnet.spec();
    spec.genesis_allocation = balances
        .iter()
        .map(|(number, beats)| vibecoin_primitives::Allocation {
            address: holder(*number),
            amount: Amount::from_beats(*beats),
        })
        .collect();
    let mut state = State::default();
    state.write(&crate::genesis_changes(&spec));
    (spec, state)
}
