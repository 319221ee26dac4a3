//! The whole chain once more, from the genesis, by the full rules.

use std::sync::Arc;

use vibecoin_consensus::poh::{self, Params};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{ChainSpec, Height, Timestamp, encoding};
use vibecoin_storage::{KeyValueStore, StoreError, active, blocks, meta};

use crate::engine::Chain;
use crate::error::OpenError;
use crate::outcome::Verdict;
use crate::policy::Policy;
use crate::tip::Tip;

/// What does not agree with what is stored.
#[derive(Clone, Debug, thiserror::Error)]
pub enum VerifyError {
    /// A stored block of the active chain breaks a rule.
    #[error("block {height} ({id}) does not stand the full rules: {reason}")]
    Block {
        /// Its height.
        height: Height,
        /// Its id.
        id: Hash,
        /// What became of it.
        reason: String,
    },
    /// The rows of a height are missing.
    #[error("block {height} is missing")]
    Missing {
        /// The height.
        height: Height,
    },
    /// The state of a later block was taken over, and this one has not come yet.
    #[error("block {height} is not here yet: the state of block {pivot} was taken over without its history")]
    History {
        /// The first height that is missing.
        height: Height,
        /// The height of the block whose state was taken over.
        pivot: Height,
    },
    /// What is stored beside the blocks is not what they give.
    #[error("{what} in the store is not what the blocks give")]
    Derived {
        /// Which part.
        what: &'static str,
    },
    /// The chain could not be opened or made again.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What was found right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The height of the tip.
    pub height: Height,
    /// The tip.
    pub tip: Hash,
    /// The state after it.
    pub state_root: Hash,
    /// Transactions of the chain.
    pub transactions: u64,
}

/// Imports every block of the active chain of `store` into `scratch`, an empty store, and compares what comes out:
/// tip, state root, supply, activity and transactions.
///
/// `progress` is told the height that was reached and the height of the tip.
///
/// # Errors
/// [`VerifyError`] with the first thing that is wrong.
pub fn verify(
    store: &dyn KeyValueStore,
    spec: &ChainSpec,
    scratch: Arc<dyn KeyValueStore>,
    mut progress: impl FnMut(Height, Height),
) -> Result<Verified, VerifyError> {
    let tip = Tip::load(store)?.ok_or(VerifyError::Missing { height: Height::GENESIS })?;
    let mut chain = Chain::open(Arc::clone(&scratch), spec.clone(), Policy::FILE)?;
    let mut transactions = 0;
    let mut height = Height::GENESIS;
    while let Some(next) = height.next().filter(|next| *next <= tip.height()) {
        height = next;
        let missing = || VerifyError::Missing { height };
        let id = active::at(store, height)?.ok_or_else(missing)?.id;
        if let Some(assumed) = meta::assumed(store)?
            && height <= assumed.height
            && !blocks::meta(store, &id)?.is_some_and(|record| record.status.has_body())
        {
            return Err(VerifyError::History { height, pivot: assumed.height });
        }
        let mut block = blocks::kept(store, &id)?.ok_or_else(missing)?;
        if block.ticks.is_empty() {
            // Dropped on purpose: made again, they are held against what the block commits to.
            block.ticks = poh::generate(Params::of(spec), &block.content.parent_id);
        }
        transactions += block.transactions.len() as u64;
        if block.id() != id {
            return Err(VerifyError::Block { height, id, reason: "its header has another id".to_owned() });
        }
        // A block that was accepted once is not from the future now.
        let report = chain.import(block, Timestamp::new(u64::MAX))?;
        match report.verdict {
            Verdict::Extended => {}
            Verdict::Invalid(reason) => {
                return Err(VerifyError::Block { height, id, reason: reason.to_string() });
            }
            other => return Err(VerifyError::Block { height, id, reason: other.name().to_owned() }),
        }
        progress(height, tip.height());
    }
    compare(store, &*scratch, &tip)?;
    Ok(Verified { height, tip: tip.id(), state_root: tip.content.state_root, transactions })
}

/// The derived parts of two stores that hold the same chain.
fn compare(store: &dyn KeyValueStore, again: &dyn KeyValueStore, tip: &Tip) -> Result<(), VerifyError> {
    use vibecoin_storage::{Column, Scan};
    if meta::supply(store)? != meta::supply(again)? {
        return Err(VerifyError::Derived { what: "the supply" });
    }
    if Tip::load(again)?.map(|other| encoding::encode(&other.block.history))
        != Some(encoding::encode(&tip.block.history))
    {
        return Err(VerifyError::Derived { what: "the history" });
    }
    let columns = [
        (Column::Activity, "the activity of accounts"),
        (Column::Transactions, "the index of transactions"),
        (Column::TransactionsBySender, "the index by sender"),
        (Column::TransactionsByRecipient, "the index by recipient"),
    ];
    for (column, what) in columns {
        let (mut left, mut right) = (store.iterate(column, Scan::all()), again.iterate(column, Scan::all()));
        loop {
            match (left.next().transpose()?, right.next().transpose()?) {
                (None, None) => break,
                (left, right) if left == right => {}
                _ => return Err(VerifyError::Derived { what }),
            }
        }
    }
    Ok(())
}
