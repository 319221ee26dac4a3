//! Reading the chain beside its writer.

mod light;
mod serving;
mod state;
#[cfg(test)]
mod tests;
mod wanted;

use std::cmp::Reverse;
use std::sync::Arc;

use arc_swap::ArcSwap;
use vibecoin_consensus::fork_choice::{self, ActiveTip};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Block, ChainSpec, Height, Work};
use vibecoin_storage::blocks::BlockStatus;
use vibecoin_storage::branches::EndKind;
use vibecoin_storage::state::{StateTree, StateView};
use vibecoin_storage::{KeyValueRead, KeyValueStore, StoreError, active, blocks, branches};

use crate::branch::fork_height;
pub use light::{Commitment, Continuation, Standing, StoredHistory};
pub use state::{HistoryWanted, StateWanted};

use crate::error::{corrupt, state_failure};
use crate::faults::Faults;
use crate::ground::Ground;
use crate::segments::Segments;
use crate::timing::StageTimes;
use crate::tip::Tip;

/// Reads the chain without asking its writer. Cheap to clone.
#[derive(Clone)]
pub struct ChainReader {
    ground: Ground,
    tip: Arc<ArcSwap<Tip>>,
}

impl ChainReader {
    pub(crate) const fn new(ground: Ground, tip: Arc<ArcSwap<Tip>>) -> Self {
        Self { ground, tip }
    }

    /// The tip that was committed last.
    #[must_use]
    pub fn tip(&self) -> Arc<Tip> {
        self.tip.load_full()
    }

    /// The rules of the network.
    #[must_use]
    pub const fn spec(&self) -> &Arc<ChainSpec> {
        &self.ground.spec
    }

    /// The store, for what stands beside the chain in it.
    #[must_use]
    pub const fn store(&self) -> &Arc<dyn KeyValueStore> {
        &self.ground.store
    }

    /// Known Proof of History segments.
    #[must_use]
    pub const fn segments(&self) -> &Segments {
        &self.ground.segments
    }

    /// What speaks against blocks whose segments were found false.
    #[must_use]
    pub const fn faults(&self) -> &Faults {
        &self.ground.faults
    }

    /// Where the time of imports went.
    #[must_use]
    pub fn times(&self) -> &StageTimes {
        &self.ground.times
    }

    /// Everything as it is at this moment, and stays while the view lives. Hold it shortly.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn view(&self) -> Result<View, StoreError> {
        let rows = self.ground.store.snapshot();
        let cached = self.tip();
        let tip = match active::tip(&rows)? {
            Some((_, block)) if block.id == cached.id() && block.state_version == cached.state_version => {
                cached
            }
            _ => Arc::new(Tip::load(&rows)?.ok_or_else(|| corrupt("the chain has no tip"))?),
        };
        Ok(View { rows, tip, ground: self.ground.clone() })
    }
}

/// The chain at one moment: no reader sees half a block.
#[derive(Clone)]
pub struct View {
    rows: Arc<dyn KeyValueRead>,
    tip: Arc<Tip>,
    ground: Ground,
}

/// The end of a branch that is not active.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fork {
    /// Its last block.
    pub id: Hash,
    /// The height of that block.
    pub height: Height,
    /// The last block that it shares with the active chain.
    pub fork_height: Height,
    /// Work of the whole branch.
    pub work: Work,
    /// How far its last block got.
    pub status: BlockStatus,
}

impl View {
    /// The rows, for the typed functions of `vibecoin_storage`.
    #[must_use]
    pub fn rows(&self) -> &dyn KeyValueRead {
        &*self.rows
    }

    /// The tip at this moment.
    #[must_use]
    pub const fn tip(&self) -> &Arc<Tip> {
        &self.tip
    }

    /// The state tree, for working out what comes next.
    #[must_use]
    pub const fn state_tree(&self) -> &StateTree {
        &self.ground.state
    }

    /// The state after the tip.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn state(&self) -> Result<StateView<Arc<dyn KeyValueRead>>, StoreError> {
        self.ground.state.at(Arc::clone(&self.rows), self.tip.state_version).map_err(state_failure)
    }

    /// The state after the active block of a height; `None` above the tip, and where the state is not kept any more.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn state_at(&self, height: Height) -> Result<Option<StateView<Arc<dyn KeyValueRead>>>, StoreError> {
        use vibecoin_storage::state::StateError;
        let Some(block) = active::at(&*self.rows, height)? else { return Ok(None) };
        match self.ground.state.at(Arc::clone(&self.rows), block.state_version) {
            Ok(view) => Ok(Some(view)),
            Err(StateError::NotKept { .. }) => Ok(None),
            Err(error) => Err(state_failure(error)),
        }
    }

    /// The active block of a height.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn id_at(&self, height: Height) -> Result<Option<Hash>, StoreError> {
        Ok(active::at(&*self.rows, height)?.map(|block| block.id))
    }

    /// A whole block; `None` if it is not stored, or only its header is. Ticks that were dropped are made again, which
    /// takes [`ChainSpec::poh_hashes`] sequential hashes on the calling thread.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn block(&self, id: &Hash) -> Result<Option<Block>, StoreError> {
        let has_body = blocks::meta(&*self.rows, id)?.is_some_and(|record| record.status.has_body());
        if !has_body {
            return Ok(None);
        }
        let Some(mut block) = blocks::kept(&*self.rows, id)? else { return Ok(None) };
        if block.ticks.is_empty() && block.header.height > Height::GENESIS {
            block.ticks = self.ground.segments.make(&self.ground.spec, &block.content.parent_id).to_vec();
        }
        Ok(Some(block))
    }

    /// The ends of stored branches that are not active and leave the active chain at most `depth` below its tip, the
    /// highest first.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn forks(&self, depth: u64) -> Result<Vec<Fork>, StoreError> {
        let lowest = self.tip.height().checked_sub(depth).unwrap_or(Height::GENESIS);
        let mut forks = Vec::new();
        for kind in [EndKind::Linked, EndKind::Headers] {
            for (id, end) in branches::all(&*self.rows, kind)? {
                let Some(record) = blocks::meta(&*self.rows, &id)? else { continue };
                let fork_height = fork_height(&*self.rows, &id)?;
                // Headers ahead of the tip that stand on it are no fork.
                if fork_height >= lowest && fork_height < self.tip.height() {
                    forks.push(Fork {
                        id,
                        height: end.height,
                        fork_height,
                        work: end.work,
                        status: record.status,
                    });
                }
            }
        }
        forks.sort_by_key(|fork| (Reverse(fork.height), fork.id));
        Ok(forks)
    }
}

/// FRK-3 for a branch whose last block stands at `height`.
pub(crate) fn keeps(
    rows: &dyn KeyValueRead,
    tip: &ActiveTip,
    branch: &fork_choice::Branch,
    height: Height,
) -> Result<bool, StoreError> {
    let beside = active::at(rows, height.min(tip.height))?
        .ok_or_else(|| corrupt("a height of the active chain is missing"))?;
    let record = blocks::meta(rows, &beside.id)?
        .ok_or_else(|| corrupt("a block of the active chain has no record"))?;
    Ok(tip.keeps(branch, record.work))
}
