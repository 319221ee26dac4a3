//! All the money of a state, counted leaf by leaf.
//!
//! The store keeps a running count of the supply. Here it is checked against the emission schedule, and against a
//! count of every account and every place of the ring; that none was forgotten is shown by the state root, made anew
//! from just those leaves.

use std::collections::BTreeSet;

use vibecoin_consensus::emission;
use vibecoin_crypto::state_tree;
use vibecoin_primitives::state_key::{self, REWARD_RING};
use vibecoin_primitives::{Account, Address, Amount, Block, ChainSpec, Height, Reward, encoding};
use vibecoin_storage::meta::Supply;
use vibecoin_storage::{StateReader, active, undo};

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
    assert_sum(follower, &follower.supply(), follower.chain.tip().height());
}

/// The same after every block of the active chain, from the counts that each block keeps for being undone.
pub fn assert_every_block_adds_up(follower: &Follower) {
    let store = &*follower.store;
    for below in 0..follower.chain.tip().height().get() {
        let block = active::at(store, Height::new(below + 1)).unwrap().unwrap();
        let before = undo::get(store, &block.id).unwrap().unwrap().supply;
        assert_sum(follower, &before, Height::new(below));
    }
}

fn assert_sum(follower: &Follower, supply: &Supply, height: Height) {
    let sum = |amounts: &[Amount]| amounts.iter().map(|amount| u128::from(amount.beats())).sum::<u128>();
    let there = sum(&[supply.balances, supply.ring, supply.burned]);
    let reader = follower.chain.reader();
    let allocated: Vec<Amount> = reader.spec().genesis_allocation.iter().map(|row| row.amount).collect();
    assert_eq!(
        there,
        sum(&allocated) + emission::subsidies_beats(height),
        "after block {height}: {supply:?}"
    );
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
