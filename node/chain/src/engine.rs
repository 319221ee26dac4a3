//! The chain: import through stages, branches, the tip. The single writer of the store.

mod adoption;
mod bounds;
mod choice;
mod group;
mod headers;
mod history;
mod intake;
#[cfg(test)]
pub(crate) mod lab;
mod opening;
#[cfg(test)]
mod orders;
mod rebuild;
mod replay;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use arc_swap::ArcSwap;
use vibecoin_consensus::genesis;
use vibecoin_consensus::rules::header::MAX_DRIFT_MS;
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Block, ChainSpec, Content, Header, Height, Timestamp};
use vibecoin_storage::meta::{Assumed, ForgedHistory};
use vibecoin_storage::state::StateTree;
use vibecoin_storage::{Durability, KeyValueStore, StoreError, blocks, meta};

pub use rebuild::Repair;

use crate::error::OpenError;
use crate::faults::Faults;
use crate::ground::Ground;
use crate::orphans::{OrphanPool, Source};
use crate::outcome::{Report, StateStep, Verdict};
use crate::policy::Policy;
use crate::segments::Segments;
use crate::sides::Sides;
use crate::tip::Tip;
use crate::view::ChainReader;

/// Is told how far a long piece of work at the opening is: the height reached, and the one to reach.
pub type Progress<'a> = &'a mut dyn FnMut(Height, Height);

/// The chain over a store.
pub struct Chain {
    ground: Ground,
    tip: Arc<Tip>,
    published: Arc<ArcSwap<Tip>>,
    orphans: OrphanPool,
    held: BTreeMap<(Timestamp, Hash), (Source, Arc<Block>)>,
    sides: Sides,
    /// Stored blocks of which only the header is.
    headers_only: u64,
    arrivals: u64,
    /// What random draws follow from: nobody else can know which ticks are looked at, and in which order.
    secret: [u8; 32],
    /// The time that was handed in last.
    now: Timestamp,
    repair: Option<Repair>,
    /// What of the active chain was taken without its history.
    assumed: Option<Assumed>,
    /// The last branch that was refused because it leaves the chain where its history is missing.
    refused: Option<Hash>,
    /// The execution of that history, once it has begun.
    replay: Option<history::Replay>,
    /// What was found wrong with it.
    forged: Option<ForgedHistory>,
}

impl Chain {
    /// Opens the chain that a store holds; a new store gets the genesis. A store whose derived rows are damaged is
    /// repaired from its blocks, down to the last good one; [`Chain::repair`] tells.
    ///
    /// # Errors
    /// [`OpenError`] when the store is of another network, contradicts itself beyond repair, or fails.
    pub fn open(store: Arc<dyn KeyValueStore>, spec: ChainSpec, policy: Policy) -> Result<Self, OpenError> {
        Self::open_watched(store, spec, policy, &mut |_, _| {})
    }

    /// [`Chain::open`], with an eye on a repair that may take long.
    ///
    /// # Errors
    /// Those of [`Chain::open`].
    pub fn open_watched(
        store: Arc<dyn KeyValueStore>,
        spec: ChainSpec,
        policy: Policy,
        progress: Progress<'_>,
    ) -> Result<Self, OpenError> {
        let genesis = genesis(&spec);
        opening::check_network(&*store, &genesis)?;
        if let Some(forged) = opening::readable(meta::forged_history(&*store))? {
            return Err(OpenError::ForgedHistory(forged));
        }
        let damage = match opening::sound_tip(&*store) {
            Ok(_) if meta::rebuilding(&*store)?.is_some() => Some("a rebuild was interrupted".to_owned()),
            Ok(_) => None,
            Err(OpenError::Inconsistent { what }) => Some(what),
            Err(OpenError::Store(error)) if error.is_damage() => Some(error.to_string()),
            Err(error) => return Err(error),
        };
        match damage {
            None => Self::open_sound(store, spec, policy, progress),
            Some(what) => Self::rebuild(store, spec, policy, what, progress),
        }
    }

    /// Opens a store of which nothing is known to be damaged.
    fn open_sound(
        store: Arc<dyn KeyValueStore>,
        spec: ChainSpec,
        policy: Policy,
        progress: Progress<'_>,
    ) -> Result<Self, OpenError> {
        let state = StateTree::new(policy.state_cache_bytes, meta::state_version(&*store)?);
        let tip = match opening::sound_tip(&*store)? {
            Some(tip) => tip,
            None => opening::write_genesis(&*store, &spec, &state, &genesis(&spec))?,
        };
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|error| StoreError::from(std::io::Error::from(error)))?;
        let tip = Arc::new(tip);
        let mut chain = Self {
            sides: Sides::load(&*store)?,
            headers_only: meta::headers_only(&*store)?.unwrap_or_default(),
            arrivals: meta::arrivals(&*store)?.unwrap_or_default(),
            published: Arc::new(ArcSwap::new(Arc::clone(&tip))),
            orphans: OrphanPool::new(policy.orphans),
            held: BTreeMap::new(),
            secret,
            now: tip.time(),
            tip,
            repair: None,
            assumed: meta::assumed(&*store)?,
            refused: None,
            replay: None,
            forged: None,
            ground: Ground {
                store,
                spec: Arc::new(spec),
                state,
                segments: Segments::default(),
                faults: Faults::default(),
                times: Arc::default(),
                policy,
            },
        };
        // A crash may have come between the storing of a branch and its choice, or of the last piece of a state and its
        // making.
        if let Some(assumed) = &chain.assumed {
            chain.link_children(&assumed.pivot.clone())?;
        }
        chain.choose_watched(&mut Vec::new(), progress)?;
        chain.finish_state(StateStep::Known)?;
        Ok(chain)
    }

    /// A handle for reading that needs no word with the writer.
    #[must_use]
    pub fn reader(&self) -> ChainReader {
        ChainReader::new(self.ground.clone(), Arc::clone(&self.published))
    }

    /// The tip.
    #[must_use]
    pub const fn tip(&self) -> &Arc<Tip> {
        &self.tip
    }

    /// What had to be repaired when the chain was opened.
    #[must_use]
    pub const fn repair(&self) -> Option<&Repair> {
        self.repair.as_ref()
    }

    /// What of the active chain was taken without its history, until that has been replayed.
    #[must_use]
    pub const fn assumed(&self) -> Option<&Assumed> {
        self.assumed.as_ref()
    }

    /// Blocks that wait for their parents.
    #[must_use]
    pub fn orphan_count(&self) -> usize {
        self.orphans.len()
    }

    /// Blocks that wait for their time.
    #[must_use]
    pub fn held_count(&self) -> usize {
        self.held.len()
    }

    /// Stored headers whose bodies are missing.
    #[must_use]
    pub const fn header_only_count(&self) -> u64 {
        self.headers_only
    }

    /// Whether headers are known that have more work than the tip, whose bodies have not come yet.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        let work = self.tip.block.total_work();
        self.sides.headers().any(|(_, end)| end.work > work)
    }

    /// Leaves the word that the store is damaged, so that the next opening repairs it.
    pub(crate) fn ask_for_repair(&self) {
        let mut rows = self.ground.rows();
        meta::set_rebuilding(&mut rows, &self.tip.id());
        if let Err(error) = self.ground.store.write(rows.into_batch(), Durability::Synced) {
            tracing::error!("the store could not be marked for repair: {error}");
        }
    }

    /// Brings everything to the disk.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn flush(&self) -> Result<(), StoreError> {
        self.ground.store.flush()
    }

    /// Takes in a block of one's own and whatever waited for it. When this returns, the verdicts are on the disk.
    ///
    /// # Errors
    /// [`StoreError`] when this machine fails; a block that breaks a rule is a verdict.
    pub fn import(&mut self, block: Block, now: Timestamp) -> Result<Report, StoreError> {
        self.import_from(Source::Local, block, now)
    }

    /// Takes in a block of anybody's and whatever waited for it. When this returns, the verdicts are on the disk.
    ///
    /// # Errors
    /// [`StoreError`] when this machine fails; a block that breaks a rule is a verdict.
    pub fn import_from(
        &mut self,
        source: Source,
        block: Block,
        now: Timestamp,
    ) -> Result<Report, StoreError> {
        self.import_shared(source, block.id(), Arc::new(block), now)
    }

    /// Takes in a header, with the content that it commits to, ahead of its body. It is kept if its parent is known
    /// and it stands the rules of headers; what it says of a branch decides which bodies are wanted
    /// ([`crate::View::wanted_bodies`]).
    ///
    /// # Errors
    /// [`StoreError`] when this machine fails; a header that breaks a rule is a verdict.
    pub fn import_header(
        &mut self,
        header: &Header,
        content: &Content,
        now: Timestamp,
    ) -> Result<Report, StoreError> {
        self.now = now;
        let id = header.id();
        let mut report = Report { id, verdict: Verdict::Known, settled: Vec::new(), changes: Vec::new() };
        report.verdict = self.header_verdict(id, header, content, now)?;
        if matches!(report.verdict, Verdict::Header) {
            self.import_waiting(id, now, &mut report)?;
        }
        Ok(report)
    }

    /// Tries the held blocks again whose time has come.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn retry_held(&mut self, now: Timestamp) -> Result<Vec<Report>, StoreError> {
        let mut reports = Vec::new();
        while let Some(entry) = self.held.first_entry()
            && entry.key().0.saturating_since(now) <= MAX_DRIFT_MS
        {
            let ((_, id), (source, block)) = entry.remove_entry();
            reports.push(self.import_shared(source, id, block, now)?);
        }
        Ok(reports)
    }

    fn import_shared(
        &mut self,
        source: Source,
        id: Hash,
        block: Arc<Block>,
        now: Timestamp,
    ) -> Result<Report, StoreError> {
        self.now = now;
        self.orphans.expire(now);
        let mut report = Report { id, verdict: Verdict::Known, settled: Vec::new(), changes: Vec::new() };
        report.verdict = self.block_verdict(source, id, block, now, &mut report.changes)?;
        self.import_waiting(id, now, &mut report)?;
        Ok(report)
    }

    /// Takes in what waited for a block, generation by generation.
    fn import_waiting(&mut self, id: Hash, now: Timestamp, report: &mut Report) -> Result<(), StoreError> {
        let mut parents = VecDeque::from([id]);
        while let Some(parent) = parents.pop_front() {
            // Whoever waits for an invalid block is invalid, too; whoever waits for an unknown one goes on waiting.
            if !self.orphans.is_awaited(&parent) || !blocks::contains(&*self.ground.store, &parent)? {
                continue;
            }
            for (child, block, source) in self.orphans.take_children(&parent) {
                let verdict = self.block_verdict(source, child, block, now, &mut report.changes)?;
                report.settled.push((child, verdict));
                parents.push_back(child);
            }
        }
        Ok(())
    }
}
