//! Everything that follows from the blocks, made anew from them: the repair of a damaged store, and `reindex`.
//!
//! Blocks prove themselves: a header by its id, a content by the header, ticks and transactions by the content. So
//! what is read back wrong is known to be wrong, is dropped, and counts as a body that is missing; the chain then
//! ends at the last good block until the rest is had again. All other rows are thrown away and made again.
//!
//! Until the new order is committed a marker stands in the store, so that an interrupted rebuild is begun again.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use vibecoin_consensus::genesis;
use vibecoin_consensus::rules::body::check_lists;
use vibecoin_consensus::rules::{ParentView, check_commitments, check_header, check_sealed};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Block, ChainSpec, Height, Timestamp};
use vibecoin_storage::blocks::{BlockMeta, BlockStatus};
use vibecoin_storage::branches::{self, BranchEnd, EndKind};
use vibecoin_storage::state::StateTree;
use vibecoin_storage::{
    Column, Durability, KeyValueRead, KeyValueStore, KeyValueWrite as _, Overlay, StoreError, blocks, meta,
    poh,
};

use super::opening::readable;
use super::{Chain, Progress, opening};
use crate::branch::{put_history, record_of};
use crate::error::OpenError;
use crate::policy::Policy;
use crate::tip::Parent;

/// Blocks whose rows are written at once.
const BATCH_BLOCKS: usize = 500;

/// Columns that follow from the headers, and are made again while their order is found.
const ORDER: [Column; 3] = [Column::Children, Column::BlocksByHeight, Column::HistoryNodes];

/// Columns that follow from the blocks, and are made again as the chain is executed.
const DERIVED: [Column; 17] = [
    Column::ActiveChain,
    Column::Undo,
    Column::Transactions,
    Column::TransactionsBySender,
    Column::TransactionsByRecipient,
    Column::Activity,
    Column::StateNodes,
    Column::StateRoots,
    Column::StateStale,
    Column::BranchEnds,
    Column::StagedLeaves,
    Column::StagedRanges,
    Column::ReplayMeta,
    Column::ReplayChain,
    Column::ReplayNodes,
    Column::ReplayRoots,
    Column::ReplayStale,
];

/// What a repair did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    /// Why it was done.
    pub reason: String,
    /// The tip that the store named before, if it could be read, and its height.
    pub before: Option<(Hash, Height)>,
    /// The height of the tip now.
    pub height: Height,
    /// Blocks whose bodies were damaged; their headers are kept.
    pub bodies_lost: u64,
    /// Headers that were damaged, or stood on damaged ones.
    pub headers_lost: u64,
}

impl Repair {
    /// Blocks by which the chain is shorter than before.
    #[must_use]
    pub fn shortened_by(&self) -> u64 {
        self.before.map_or(0, |(_, height)| height.saturating_since(self.height))
    }
}

/// What was found among the stored blocks.
#[derive(Default)]
struct Found {
    headers_only: u64,
    bodies_lost: u64,
    headers_lost: u64,
    arrivals: u64,
    standing: HashMap<Hash, BlockStatus>,
}

impl Chain {
    /// Makes everything but the blocks anew, from them.
    ///
    /// # Errors
    /// [`OpenError`] when the store is of another network, lacks blocks of its chain, cannot be read far enough, or fails.
    pub fn reindex(
        store: Arc<dyn KeyValueStore>,
        spec: ChainSpec,
        policy: Policy,
        progress: Progress<'_>,
    ) -> Result<Self, OpenError> {
        opening::check_network(&*store, &genesis(&spec))?;
        // A history that is known to be forged is left for what can be proven.
        let is_forged = readable(meta::forged_history(&*store))?.is_some();
        if let Some(assumed) = readable(meta::assumed(&*store))?.filter(|_| !is_forged) {
            return Err(OpenError::HistoryMissing { below: assumed.height });
        }
        Self::rebuild(store, spec, policy, "it was asked for".to_owned(), progress)
    }

    pub(super) fn rebuild(
        store: Arc<dyn KeyValueStore>,
        spec: ChainSpec,
        policy: Policy,
        reason: String,
        progress: Progress<'_>,
    ) -> Result<Self, OpenError> {
        let before = tip_before(&*store);
        let (marked, _) = before.unwrap_or_default();
        let mut rows = Overlay::new(&*store);
        meta::set_rebuilding(&mut rows, &marked);
        store.write(rows.into_batch(), Durability::Synced)?;

        let found = order_blocks(&*store, &spec)?;
        let genesis = genesis(&spec);
        let state = StateTree::new(policy.state_cache_bytes, None);
        let empty = vibecoin_storage::MemoryStore::new();
        let mut rows = Overlay::new(&*store);
        DERIVED.into_iter().for_each(|column| rows.clear(column));
        meta::forget_derived(&mut rows);
        opening::put_genesis(&mut rows, &genesis)?;
        opening::connect_genesis(&mut rows, &empty, &spec, &state, &genesis)?;
        put_ends(&mut rows, &*store, &found.standing, &genesis.id())?;
        meta::set_headers_only(&mut rows, &found.headers_only);
        meta::set_arrivals(&mut rows, &found.arrivals.max(1));
        meta::clear_rebuilding(&mut rows);
        store.write(rows.into_batch(), Durability::Synced)?;

        let mut chain = Self::open_sound(store, spec, policy, progress)?;
        chain.repair = Some(Repair {
            reason,
            before,
            height: chain.tip.height(),
            bodies_lost: found.bodies_lost,
            headers_lost: found.headers_lost,
        });
        Ok(chain)
    }
}

/// The tip that the store names, as far as it can be read.
fn tip_before(store: &dyn KeyValueStore) -> Option<(Hash, Height)> {
    let id = match meta::rebuilding(store).ok().flatten() {
        Some(id) => id,
        None => meta::tip(store).ok().flatten()?,
    };
    let header = blocks::header(store, &id).ok().flatten()?;
    Some((id, header.height))
}

/// Gives every stored block its record again, parents first, and drops what does not prove itself.
fn order_blocks(store: &dyn KeyValueStore, spec: &ChainSpec) -> Result<Found, OpenError> {
    let mut found = Found::default();
    let mut by_height: BTreeMap<Height, Vec<Hash>> = BTreeMap::new();
    let mut lost = Vec::new();
    for id in blocks::ids(store)? {
        match readable(blocks::header(store, &id))? {
            Some(header) if header.id() == id => by_height.entry(header.height).or_default().push(id),
            // The mark of a block that was refused has no header.
            None if readable(blocks::meta(store, &id))?.is_some_and(|record| record.status.is_invalid()) => {}
            _ => lost.push(id),
        }
    }
    let genesis = genesis(spec).id();
    let mut standing: HashMap<Hash, BlockStatus> = HashMap::from([(genesis, BlockStatus::Valid)]);
    let mut rows = Overlay::new(store);
    ORDER.into_iter().for_each(|column| rows.clear(column));
    opening::put_genesis(&mut rows, &vibecoin_consensus::genesis(spec))?;
    let mut unwritten = 0;
    for id in by_height.into_values().flatten().filter(|id| *id != genesis) {
        match examine(&rows, spec, &id, &standing, found.arrivals)? {
            Some((block, parent, record)) => {
                found.arrivals = found.arrivals.max(record.arrival + 1);
                found.headers_only += u64::from(record.status == BlockStatus::HeaderOnly);
                blocks::put_header(&mut rows, &id, &block.header, &block.content, &record);
                put_history(&mut rows, &parent);
                if !record.status.has_body() && !record.status.is_invalid() {
                    found.bodies_lost += u64::from(blocks::forget_body(&mut rows, &id)?);
                } else if block.ticks.is_empty() {
                    // Not there, or not readable: they are made again when they are asked for.
                    poh::prune(&mut rows, &id);
                }
                standing.insert(id, record.status);
            }
            None => lost.push(id),
        }
        unwritten += 1;
        if unwritten >= BATCH_BLOCKS {
            let batch = std::mem::replace(&mut rows, Overlay::new(store)).into_batch();
            store.write(batch, Durability::Buffered)?;
            unwritten = 0;
        }
    }
    found.headers_lost = lost.len() as u64;
    lost.iter().for_each(|id| blocks::forget(&mut rows, id));
    store.write(rows.into_batch(), Durability::Synced)?;
    found.standing = standing;
    Ok(found)
}

/// A stored block held against its parent and its own commitments; `None` when its header does not hold.
fn examine(
    rows: &Overlay<'_>,
    spec: &ChainSpec,
    id: &Hash,
    standing: &HashMap<Hash, BlockStatus>,
    arrivals: u64,
) -> Result<Option<(Block, Parent, BlockMeta)>, StoreError> {
    let Some(header) = blocks::header(rows, id)? else { return Ok(None) };
    let Some(content) = readable(blocks::content(rows, id))? else { return Ok(None) };
    let Some(below) = standing.get(&content.parent_id) else { return Ok(None) };
    if check_sealed(&header, &content).is_err() {
        return Ok(None);
    }
    let parent_record = blocks::meta(rows, &content.parent_id)?;
    let Some(parent_record) = parent_record else { return Ok(None) };
    let parent = Parent::load(rows, &content.parent_id, &parent_record)?;
    let view = ParentView { header: &parent.header, peaks: &parent.history };
    if check_header(spec, &header, &view, Timestamp::new(u64::MAX)).is_err() {
        return Ok(None);
    }
    // What the record said is believed where it cannot be found out: the order of arrival, a mark that was set.
    let old = readable(blocks::meta(rows, id))?;
    let body = readable(blocks::transactions(rows, id))?;
    let ticks = readable(poh::ticks(rows, id))?;
    let block = Block {
        header,
        content,
        ticks: ticks.clone().unwrap_or_default(),
        transactions: body.clone().unwrap_or_default(),
    };
    let is_whole = body.is_some()
        && match ticks {
            Some(_) => check_commitments(spec, &block).is_ok(),
            // Ticks may have been dropped on purpose; they can be made again.
            None => check_lists(spec, &block).is_ok(),
        };
    let status = match (old.as_ref().map(|old| &old.status), below) {
        (Some(BlockStatus::Invalid { reason }), _) => BlockStatus::Invalid { reason: reason.clone() },
        (_, BlockStatus::Invalid { .. }) => BlockStatus::Invalid {
            reason: vibecoin_consensus::BlockError::InvalidParent { parent: content.parent_id }.to_string(),
        },
        _ if !is_whole => BlockStatus::HeaderOnly,
        (_, BlockStatus::Unexecuted | BlockStatus::Valid) => BlockStatus::Unexecuted,
        _ => BlockStatus::Unlinked,
    };
    let skip = blocks::ancestor(rows, &content.parent_id, blocks::skip_height(header.height))?;
    let skip = skip.map(|(skip, _)| skip).unwrap_or_default();
    let arrival = old.as_ref().map_or(arrivals, |old| old.arrival);
    let record = BlockMeta {
        sampled: old.is_some_and(|old| old.sampled),
        ..record_of(&header, &content, &parent, status, arrival, skip)?
    };
    Ok(Some((block, parent, record)))
}

/// The ends of all branches, seen from an active chain that is only the genesis.
fn put_ends(
    rows: &mut Overlay<'_>,
    store: &dyn KeyValueRead,
    standing: &HashMap<Hash, BlockStatus>,
    genesis: &Hash,
) -> Result<(), StoreError> {
    let mut linked: HashMap<Hash, BranchEnd> = HashMap::new();
    let mut headers: HashMap<Hash, BranchEnd> = HashMap::new();
    let mut interior: HashSet<(bool, Hash)> = HashSet::new();
    for id in standing.keys().filter(|id| *id != genesis) {
        let Some(record) = blocks::meta(store, id)?.filter(|record| !record.status.is_invalid()) else {
            continue;
        };
        let end = BranchEnd { height: record.height, work: record.work, arrival: record.arrival };
        let is_linked = record.status.is_linked();
        interior.insert((is_linked, record.parent));
        if is_linked { &mut linked } else { &mut headers }.insert(*id, end);
    }
    for (kind, is_linked, ends) in [(EndKind::Linked, true, linked), (EndKind::Headers, false, headers)] {
        for (id, end) in ends.iter().filter(|(id, _)| !interior.contains(&(is_linked, **id))) {
            branches::put(rows, kind, id, end);
        }
    }
    Ok(())
}
