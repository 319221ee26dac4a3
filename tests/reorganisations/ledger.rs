//! All the money of a state, counted leaf by leaf.
//!
//! The store keeps a running count of the supply. Here it is checked against the emission schedule, and against a
//! count of every account and every place of the ring; that none was forgotten is shown by the state root, made anew
//! from just those leaves.

use std::collections::BTreeSet;

use vibecoin_consensus::emission;
use vibecoin_crypto::state_tree;
use vibecoin_primitives::state_key::{self, REWARD_RING};
use vibecoin_primitives::{Account, Address, Block, ChainSpec, Height, Reward, encoding};
use vibecoin_storage::StateReader;

use super::follower::Follower;

/// Every address that a spec or a block can have put into the state.
#[derive(Clone, Default)]
pub struct Addresses(BTreeSet<Address>);

impl Addresses {
    pub fn of(spec: &ChainSpec) -> Self {
        Self(spec.genesis_allocation.iter().map(|row| row.address).collect())
    }

    pub fn add(&mut self, block: &Block) {
        self.0.insert(block.content.beneficiary);
        for transaction in &block.transactions {
            self.0.insert(transaction.body.sender());
            self.0.extend(transaction.body.to);
        }
    }
}

/// Balances + ring + burned = genesis + subsidies, by the store's own count and the schedule of emission.
pub fn assert_adds_up(follower: &Follower) {
    let (supply, height) = (follower.supply(), follower.chain.tip().height());
    let there = [supply.balances, supply.ring, supply.burned];
    let there: u128 = there.iter().map(|amount| u128::from(amount.beats())).sum();
    let allocation: u128 = follower
        .chain
        .reader()
        .spec()
        .genesis_allocation
        .iter()
        .map(|row| u128::from(row.amount.beats()))
        .sum();
    assert_eq!(there, allocation + emission::subsidies_beats(height), "at height {height}: {supply:?}");
}

/// The same over the whole state, leaf by leaf.
pub fn assert_counted(follower: &Follower, addresses: &Addresses) {
    assert_adds_up(follower);
    let view = follower.chain.reader().view().unwrap();
    let state = view.state().unwrap();
    let (mut leaves, mut balances, mut ring) = (Vec::new(), 0_u128, 0_u128);
    for address in &addresses.0 {
        let key = state_key::account(address);
        let Some(bytes) = state.get(&key).unwrap() else { continue };
        let account: Account = encoding::decode(&bytes).unwrap();
        assert!(!account.is_absent(), "an account of zeros has a leaf");
        balances += u128::from(account.balance.beats());
        leaves.push((key, bytes));
    }
    for place in 0..REWARD_RING {
        let key = state_key::reward(Height::new(place));
        let Some(bytes) = state.get(&key).unwrap() else { continue };
        let reward: Reward = encoding::decode(&bytes).unwrap();
        ring += u128::from(reward.amount.beats());
        leaves.push((key, bytes));
    }
    leaves.sort_unstable();
    assert_eq!(
        state_tree::root_of(&leaves).unwrap(),
        view.tip().content.state_root,
        "the state has leaves that nobody knows of"
    );
    let supply = follower.supply();
    assert_eq!(balances, u128::from(supply.balances.beats()));
    assert_eq!(ring, u128::from(supply.ring.beats()));
}
