//! Proof of History, checked on the spot: ticks of the newest blocks, a few of them hashed again, and proofs against
//! false segments that any one honest server can send.
//!
//! A proof of work says nothing of the segments, and to hash all of them again would take longer than making them. So
//! a few ticks of the tip are drawn and followed, and every server is asked whether it knows a segment near the tip to
//! be false. One such proof is enough to know that the tip's makers broke the rules, whatever work they did.

use vibecoin_consensus::light::Linked;
use vibecoin_consensus::light::poh_fault::PohFault;
use vibecoin_consensus::poh::{self, Params, SegmentError};
use vibecoin_crypto::Hash;
use vibecoin_primitives::block::poh_root;
use vibecoin_primitives::{Content, Height};
use vibecoin_rpc::types::{BlockRef, LightPohFault, PohSegment};

use super::failure::Failure;
use super::journal::Evidence;
use super::servers::{Judged, Route, ServerId, Verdict};
use super::values::{NoValue, block::ProvenBlock};
use super::{LightClient, ask};

/// Blocks below the tip that servers are asked about.
const ASKED: u64 = 6;

/// A segment that was proven false.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FalseSegment {
    /// The block.
    pub id: Hash,
    /// Its height.
    pub height: Height,
    /// The tick that does not follow, from 0.
    pub tick: u32,
    /// Who proved it.
    pub by: ServerId,
}

impl LightClient {
    /// The segment of a proven block: its ticks are the committed ones, and a few of them, drawn anew each time, were
    /// hashed again.
    ///
    /// # Errors
    /// [`NoValue`].
    pub async fn segment(&self, which: BlockRef) -> Result<(ProvenBlock, PohSegment), NoValue> {
        let block = self.block(which).await?;
        let (linked, content) = (block.linked, block.content);
        let asked = self.value(Route::Any, linked.header.height, |server| async move {
            let segment: PohSegment = ask::call(&server, "chain_poh", &(BlockRef::Id(linked.id),)).await?;
            self.check_segment(&linked, &content, &segment.ticks)?;
            Ok(segment)
        });
        let said = match asked.await {
            Ok(answered) => answered.value,
            Err(none) => {
                for (by, failure) in &none.failures {
                    if let Failure::Segment { tick, .. } = failure {
                        self.is_false(*by, &linked, *tick);
                    }
                }
                return Err(none);
            }
        };
        let segment = PohSegment {
            height: linked.header.height,
            id: linked.id,
            parent_id: content.parent_id,
            seed: poh::seed(&content.parent_id),
            hashes_per_tick: self.spec.poh_hashes_per_tick,
            ticks: said.ticks,
            poh_root: content.poh_root,
            tx_root: content.tx_root,
            poh_hash: content.poh_hash,
        };
        Ok((block, segment))
    }

    /// Ticks that are the committed ones, of which some are followed.
    fn check_segment(&self, linked: &Linked, content: &Content, ticks: &[Hash]) -> Result<(), Failure> {
        if linked.header.height == Height::GENESIS {
            return if ticks.is_empty() { Ok(()) } else { Err(Failure::Contradiction) };
        }
        if poh_root(ticks) != content.poh_root {
            return Err(Failure::Content(linked.header.height));
        }
        let params = Params::of(&self.spec);
        let mut chance = [0; 8];
        getrandom::fill(&mut chance).map_err(|_| Failure::NoChance)?;
        let sample = poh::sample(params, u64::from_le_bytes(chance));
        match poh::verify_sample(params, &content.parent_id, ticks, &sample) {
            Ok(()) => Ok(()),
            Err(SegmentError::TickCount { found: tick, .. } | SegmentError::Tick { tick }) => {
                let tick = u32::try_from(tick).unwrap_or(u32::MAX);
                Err(Failure::Segment { id: linked.id, tick })
            }
        }
    }

    /// Asks every server for proofs against the segments of the newest blocks, and checks those that come.
    pub async fn false_segments(&self) -> Vec<FalseSegment> {
        let Some(head) = self.head() else { return Vec::new() };
        let lowest = head.height().get().saturating_sub(ASKED);
        let heights = lowest.max(1)..=head.height().get();
        let blocks: Vec<Linked> = heights.filter_map(|height| self.header_at(Height::new(height))).collect();
        let mut found = Vec::new();
        for id in self.servers.order(Route::Any) {
            for linked in &blocks {
                match self.fault_by(id, linked).await {
                    Ok(Some(tick)) => {
                        self.is_false(id, linked, tick);
                        let (block, height) = (linked.id, linked.header.height);
                        found.push(FalseSegment { id: block, height, tick, by: id });
                    }
                    Ok(None) => {}
                    Err(failure) => {
                        if failure.verdict() == Verdict::False {
                            self.note(Some(id), Evidence::FalseChain { error: failure.to_string() });
                        }
                        break;
                    }
                }
            }
        }
        found
    }

    /// Looks at the segment of the block whose state is believed: its ticks, and some of them hashed again. That nobody
    /// has them tells nothing.
    pub async fn spot_check(&self) {
        if let Some(believed) = self.believed()
            && let Err(none) = self.segment(believed.id.into()).await
        {
            tracing::debug!("no segment to look at: {none}");
        }
    }

    /// Remembers that a block near the tip breaks the rules.
    fn is_false(&self, by: ServerId, block: &Linked, tick: u32) {
        let (id, height) = (block.id, block.header.height);
        self.note(Some(by), Evidence::PohFault { id, height, tick });
        let lowest = &mut self.opinions.lock().false_segment;
        *lowest = Some(lowest.map_or(height, |known| known.min(height)));
    }

    /// The tick of a block that a server proves false; `None` if it knows of none.
    async fn fault_by(&self, id: ServerId, linked: &Linked) -> Result<Option<u32>, Failure> {
        let linked = *linked;
        self.ask_one(id, |_, server| async move {
            let answer: LightPohFault = match ask::call(&server, "light_poh_fault", &(linked.id,)).await {
                Err(Failure::NotThere) => return Ok(None),
                answer => answer?,
            };
            let Some(bytes) = answer.fault else { return Ok(None) };
            let fault = PohFault::decode(bytes.as_bytes()).map_err(Failure::Fault)?;
            fault.verify(&self.spec, &linked.header).map_err(Failure::Fault)?;
            Ok(Some(fault.index()))
        })
        .await
    }
}
