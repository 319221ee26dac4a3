//! Reading the chain beside its writer.

use std::sync::Arc;

use arc_swap::ArcSwap;
use vibecoin_crypto::Hash;
use vibecoin_primitives::{ChainSpec, Height, Work};
use vibecoin_storage::blocks::BlockStatus;
use vibecoin_storage::state::{StateTree, StateView};
use vibecoin_storage::{KeyValueRead, KeyValueStore, StoreError, active, blocks};

use crate::branch::path_from_active;
use crate::error::{corrupt, state_failure};
use crate::segments::Segments;
use crate::timing::StageTimes;
use crate::tip::Tip;

/// Reads the chain without asking its writer. Cheap to clone.
#[derive(Clone)]
pub struct ChainReader {
    store: Arc<dyn KeyValueStore>,
    spec: Arc<ChainSpec>,
    state: StateTree,
    segments: Segments,
    tip: Arc<ArcSwap<Tip>>,
    times: Arc<StageTimes>,
}

impl ChainReader {
    pub(crate) const fn new(
        store: Arc<dyn KeyValueStore>,
        spec: Arc<ChainSpec>,
        state: StateTree,
        segments: Segments,
        tip: Arc<ArcSwap<Tip>>,
        times: Arc<StageTimes>,
    ) -> Self {
        Self { store, spec, state, segments, tip, times }
    }

    /// The tip that was committed last.
    #[must_use]
    pub fn tip(&self) -> Arc<Tip> {
        self.tip.load_full()
    }

    /// The rules of the network.
    #[must_use]
    pub const fn spec(&self) -> &Arc<ChainSpec> {
        &self.spec
    }

    /// The store, for what stands beside the chain in it.
    #[must_use]
    pub const fn store(&self) -> &Arc<dyn KeyValueStore> {
        &self.store
    }

    /// Known Proof of History segments.
    #[must_use]
    pub const fn segments(&self) -> &Segments {
        &self.segments
    }

    /// Where the time of imports went.
    #[must_use]
    pub fn times(&self) -> &StageTimes {
        &self.times
    }

    /// Everything as it is at this moment, and stays while the view lives. Hold it shortly.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn view(&self) -> Result<View, StoreError> {
        let rows = self.store.snapshot();
        let cached = self.tip();
        let tip = match active::tip(&rows)? {
            Some((_, block)) if block.id == cached.id() && block.state_version == cached.state_version => {
                cached
            }
            _ => Arc::new(Tip::load(&rows)?.ok_or_else(|| corrupt("the chain has no tip"))?),
        };
        Ok(View { rows, tip, state: self.state.clone() })
    }
}

/// The chain at one moment: no reader sees half a block.
#[derive(Clone)]
pub struct View {
    rows: Arc<dyn KeyValueRead>,
    tip: Arc<Tip>,
    state: StateTree,
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
        &self.state
    }

    /// The state after the tip.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn state(&self) -> Result<StateView<Arc<dyn KeyValueRead>>, StoreError> {
        self.state.at(Arc::clone(&self.rows), self.tip.state_version).map_err(state_failure)
    }

    /// The state after the active block of a height; `None` above the tip, and where the state is not kept any more.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn state_at(&self, height: Height) -> Result<Option<StateView<Arc<dyn KeyValueRead>>>, StoreError> {
        use vibecoin_storage::state::StateError;
        let Some(block) = active::at(&*self.rows, height)? else { return Ok(None) };
        match self.state.at(Arc::clone(&self.rows), block.state_version) {
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

    /// The ends of stored branches that are not active, at most `depth` below the tip, the highest first.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn forks(&self, depth: u64) -> Result<Vec<Fork>, StoreError> {
        let Some(top) = blocks::greatest_height(&*self.rows)? else { return Ok(Vec::new()) };
        let mut forks = Vec::new();
        for number in (self.tip.height().get().saturating_sub(depth)..=top.get()).rev() {
            let height = Height::new(number);
            let active = self.id_at(height)?;
            for id in blocks::at_height(&*self.rows, height)?.into_iter().filter(|id| Some(*id) != active) {
                if !blocks::children(&*self.rows, &id)?.is_empty() {
                    continue;
                }
                let Some(record) = blocks::meta(&*self.rows, &id)? else { continue };
                let (fork_height, _) = path_from_active(&*self.rows, &id)?;
                forks.push(Fork { id, height, fork_height, work: record.work, status: record.status });
            }
        }
        Ok(forks)
    }
}
