//! The open wallet's rewards on their way.
//!
//! The API tells the sum and the next of them; the list is made from the last hundred blocks, each of which is read
//! once: what was read is kept until another wallet is opened or a reorganisation replaces it.

use std::collections::{BTreeMap, BTreeSet};

use vibecoin_client::{WalletError, WalletService};
use vibecoin_primitives::{Address, Amount, Height};

use super::ClientBackend;
use super::chain::{self, MATURITY_BLOCKS};
use crate::model::Maturing;
use crate::safe::SafeText;

/// Blocks below the newest one read that are looked at again: a reorganisation deeper than that is rare, and its
/// rewards are out of the list within a hundred blocks anyway.
const AGAIN: u64 = 8;

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Rewards {
    whose: BTreeSet<Address>,
    /// By height: the block's id, and what it pays the wallet.
    read: BTreeMap<u64, (SafeText, Option<Amount>)>,
}

/// The rewards of the blocks that are not yet credited, soonest first.
pub(super) async fn maturing(backend: &ClientBackend) -> Result<Vec<Maturing>, WalletError> {
    let whose = accounts(&backend.wallet);
    if whose.is_empty() {
        return Ok(Vec::new());
    }
    let tip = backend.node().chain_tip().await?.height.get();
    let low = tip.saturating_sub(MATURITY_BLOCKS - 1).max(1);
    let mut rewards = backend.rewards.lock().await;
    if rewards.whose != whose {
        *rewards = Rewards { whose, ..Rewards::default() };
    }
    rewards.read.retain(|height, _| (low..=tip).contains(height));
    let from = rewards.read.last_key_value().map_or(low, |(top, _)| top.saturating_sub(AGAIN).max(low));
    for row in chain::range(backend, from, tip).await? {
        if rewards.read.get(&row.height).is_some_and(|(id, _)| *id == row.id) {
            continue;
        }
        let amount = if row.own {
            let block = backend.node().chain_block(Height::new(row.height).into()).await?;
            Some(block.subsidy.checked_add(block.tips).unwrap_or(block.subsidy))
        } else {
            None
        };
        rewards.read.insert(row.height, (row.id, amount));
    }
    let maturing = |(height, (_, amount)): (&u64, &(SafeText, Option<Amount>))| {
        let spendable_at = height.saturating_add(MATURITY_BLOCKS);
        amount.map(|amount| Maturing { mined_at: *height, spendable_at, amount })
    };
    Ok(rewards.read.iter().filter_map(maturing).collect())
}

fn accounts(service: &WalletService) -> BTreeSet<Address> {
    let accounts = service.vault().opened().map(|opened| opened.accounts).unwrap_or_default();
    accounts.into_iter().map(|account| account.address).collect()
}
