//! What every piece of work on the chain stands on.

use std::sync::Arc;

use vibecoin_primitives::ChainSpec;
use vibecoin_storage::state::StateTree;
use vibecoin_storage::{KeyValueStore, Overlay, StoreError, meta};

use crate::error::corrupt;
use crate::faults::Faults;
use crate::policy::Policy;
use crate::segments::Segments;
use crate::timing::StageTimes;

/// The store with its readers and rules. Cheap to clone, so that work on it borrows nothing of the chain.
#[derive(Clone)]
pub(crate) struct Ground {
    pub(crate) store: Arc<dyn KeyValueStore>,
    pub(crate) spec: Arc<ChainSpec>,
    pub(crate) state: StateTree,
    pub(crate) segments: Segments,
    pub(crate) faults: Faults,
    pub(crate) times: Arc<StageTimes>,
    pub(crate) policy: Policy,
}

impl Ground {
    /// Rows to be gathered over what is committed.
    pub(crate) fn rows(&self) -> Overlay<'_> {
        Overlay::new(&*self.store)
    }

    /// The supply after the tip.
    pub(crate) fn supply(&self) -> Result<meta::Supply, StoreError> {
        meta::supply(&*self.store)?.ok_or_else(|| corrupt("the supply is missing"))
    }
}
