//! The block that the active chain ends in, with all that its child needs.

use std::sync::Arc;

use vibecoin_consensus::fork_choice::ActiveTip;
use vibecoin_consensus::{Node, Peaks};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Content, Header, Height, Timestamp, Work, encoding};
use vibecoin_storage::blocks::{BlockMeta, HistoryNodeBytes};
use vibecoin_storage::state::StateVersion;
use vibecoin_storage::{KeyValueRead, StoreError, active, blocks};

use crate::error::corrupt;

/// A block as its children see it.
#[derive(Clone, Debug)]
pub struct Parent {
    /// Its id.
    pub id: Hash,
    /// Its header.
    pub header: Header,
    /// The history up to and including it: what its child commits to.
    pub history: Peaks,
    /// The nodes that its own leaf completed, for the store.
    pub completed: Vec<vibecoin_consensus::Inner>,
}

impl Parent {
    /// Reads a stored block.
    pub(crate) fn load(rows: &dyn KeyValueRead, id: &Hash, meta: &BlockMeta) -> Result<Self, StoreError> {
        let header = blocks::header(rows, id)?.ok_or_else(|| damaged(id, "its header is missing"))?;
        let mut history =
            peaks(header.height, &meta.history_peaks).ok_or_else(|| damaged(id, "its peaks"))?;
        let leaf = Node::leaf(&header, *id).map_err(|error| damaged(id, &error.to_string()))?;
        let completed = history.append(leaf).map_err(|error| damaged(id, &error.to_string()))?;
        Ok(Self { id: *id, header, history, completed })
    }

    /// Work of the chain up to and including this block.
    #[must_use]
    pub const fn total_work(&self) -> Work {
        self.history.work()
    }
}

/// The tip of the active chain.
#[derive(Clone, Debug)]
pub struct Tip {
    /// The block.
    pub block: Arc<Parent>,
    /// What it commits to; its state root is the state that the next block stands on.
    pub content: Content,
    /// Its own work.
    pub own_work: Work,
    /// Where the state after it is found.
    pub state_version: StateVersion,
}

impl Tip {
    /// Reads the tip that a store has committed; `None` before the genesis.
    ///
    /// # Errors
    /// [`StoreError`] when rows are missing or damaged.
    pub fn load(rows: &dyn KeyValueRead) -> Result<Option<Self>, StoreError> {
        let Some((_, active)) = active::tip(rows)? else { return Ok(None) };
        let id = active.id;
        let meta = blocks::meta(rows, &id)?.ok_or_else(|| damaged(&id, "its record is missing"))?;
        let content = blocks::content(rows, &id)?.ok_or_else(|| damaged(&id, "its content is missing"))?;
        let block = Arc::new(Parent::load(rows, &id, &meta)?);
        let own_work = vibecoin_consensus::pow::work(block.header.bits)
            .map_err(|error| damaged(&id, &error.to_string()))?;
        Ok(Some(Self { block, content, own_work, state_version: active.state_version }))
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> Hash {
        self.block.id
    }

    /// Its height.
    #[must_use]
    pub fn height(&self) -> Height {
        self.block.header.height
    }

    /// Its time.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.block.header.time
    }

    /// As fork choice sees it.
    #[must_use]
    pub fn for_choice(&self) -> ActiveTip {
        ActiveTip { height: self.height(), total_work: self.block.total_work(), own_work: self.own_work }
    }
}

/// The stored form of the peaks that a header commits to.
pub(crate) fn peak_bytes(history: &Peaks) -> Vec<HistoryNodeBytes> {
    let bytes = |node: &Node| encoding::encode(node).try_into().expect("a node has 64 bytes");
    history.nodes().iter().map(bytes).collect()
}

/// The peaks of the headers below `height`, from their stored form.
pub(crate) fn peaks(height: Height, stored: &[HistoryNodeBytes]) -> Option<Peaks> {
    let mut bytes = encoding::encode(&height);
    stored.iter().for_each(|node| bytes.extend_from_slice(node));
    encoding::decode(&bytes).ok()
}

fn damaged(id: &Hash, what: &str) -> StoreError {
    corrupt(&format!("block {id}: {what}"))
}
