//! What light clients ask: `light_tip`, `light_prove`, `light_headers`, `light_ancestor`, `light_poh_fault`.
//!
//! Nothing here is believed by whoever asks: an answer is an encoding that the client verifies. Any block whose header
//! stood the rules can be the tip of a proof, so that a fork is no reason to refuse one.
//!
//! Deliberately absent: a cache of proofs. Each answers a seed that nobody else has.

mod desk;

use std::sync::Arc;

use vibecoin_chain::{Commitment, Standing, View};
use vibecoin_consensus::light::ancestor::{self, PathError};
use vibecoin_consensus::light::{self, Params, ProveError, Record};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Height, encoding};
use vibecoin_rpc::types::*;
use vibecoin_rpc::{ApiError, Subject};
use vibecoin_storage::StoreError;

use super::{Core, convert};
pub use desk::ProofDesk;

/// Headers of one answer.
const HEADERS_MAX: u32 = 2_000;

/// The block that the node stands by, by default the tip.
pub(super) fn tip(view: &View, id: Option<Hash>) -> Result<LightTip, ApiError> {
    let tip = commitment(view, &id.unwrap_or_else(|| view.tip().id()))?;
    let peaks: Vec<u8> = tip.below.nodes().iter().flat_map(encoding::encode).collect();
    Ok(LightTip {
        id: tip.id,
        height: tip.header.height,
        work: WorkText(tip.total_work),
        header: HexBytes::from(tip.header.to_bytes().to_vec()),
        content: HexBytes::from(encoding::encode(&tip.content)),
        peaks: HexBytes::from(peaks),
    })
}

impl Core {
    /// The proof that a tip's chain has its work. The place at the desk is kept by the thread that makes it: whoever
    /// asks and goes away makes no room for the next one.
    pub(super) async fn light_proof(
        self: &Arc<Self>,
        tip_id: Hash,
        seed: Hash,
        last: u32,
        draws: u32,
    ) -> Result<LightProof, ApiError> {
        let params = Params::new(last, draws)
            .map_err(|error| ApiError::InvalidParams { reason: error.to_string() })?;
        let turn = self.proof_desk.turn().await?;
        self.read(move |_, view| {
            let _turn = turn;
            let tip = commitment(view, &tip_id)?;
            let proof = light::prove(&view.history(), &tip.below, &seed.to_bytes(), &params);
            Ok(LightProof { proof: HexBytes::from(proof.map_err(unproven)?) })
        })
        .await
    }

    /// What speaks against the segment of a block, if this node has seen it.
    pub(super) fn poh_fault(&self, block: &Hash) -> LightPohFault {
        let fault = self.chain.reader().faults().get(block);
        LightPohFault { fault: fault.map(|fault| HexBytes::from(fault.to_vec())) }
    }
}

/// What came to the active chain after the chain of a block left it.
pub(super) fn headers(view: &View, from: Hash, limit: Option<u32>) -> Result<LightHeaders, ApiError> {
    let limit = limit.unwrap_or(HEADERS_MAX);
    if limit > HEADERS_MAX {
        return Err(ApiError::InvalidParams { reason: format!("at most {HEADERS_MAX} headers at once") });
    }
    let run = view.continuation(&from, limit as usize).map_err(convert::store)?;
    let run = run.ok_or_else(|| ApiError::not_found(Subject::Block, from))?;
    let records: Vec<u8> =
        run.headers.iter().flat_map(|header| encoding::encode(&Record::of(header))).collect();
    let tip = view.tip();
    Ok(LightHeaders {
        fork_id: run.fork_id,
        fork_height: run.fork_height,
        records: HexBytes::from(records),
        tip_id: tip.id(),
        tip_height: tip.height(),
        tip_work: WorkText(tip.block.total_work()),
    })
}

/// An old header with its path under a tip.
pub(super) fn ancestor(view: &View, tip_id: Hash, height: Height) -> Result<LightAncestor, ApiError> {
    let tip = commitment(view, &tip_id)?;
    let (id, path) = ancestor::prove(&view.history(), &tip.below, height).map_err(pathless)?;
    let (header, content) = view.header(&id).map_err(convert::store)?.ok_or_else(|| damaged(&id))?;
    Ok(LightAncestor {
        record: HexBytes::from(encoding::encode(&Record::of(&header))),
        id,
        content: HexBytes::from(encoding::encode(&content)),
        path: HexBytes::from(path.to_bytes()),
    })
}

/// A block that the node stands by. One that breaks a rule is refused with the rule.
fn commitment(view: &View, id: &Hash) -> Result<Commitment, ApiError> {
    match view.commitment(id).map_err(convert::store)? {
        Standing::Sound(block) => Ok(*block),
        Standing::Unknown => Err(ApiError::not_found(Subject::Block, id)),
        Standing::Invalid { reason } => {
            let rule = reason.split(':').next().unwrap_or_default().to_owned();
            Err(ApiError::BlockRefused { reason: convert::without_rule(&rule, &reason), rule })
        }
    }
}

fn unproven(error: ProveError<StoreError>) -> ApiError {
    match error {
        ProveError::Octaves(_) | ProveError::TooLong => ApiError::OverLimit { reason: error.to_string() },
        ProveError::Missing(hash) => damaged(&hash),
        ProveError::Read(error) => convert::store(error),
    }
}

fn pathless(error: PathError<StoreError>) -> ApiError {
    match error {
        PathError::NotBelow { .. } => ApiError::InvalidParams { reason: error.to_string() },
        PathError::Missing(hash) => damaged(&hash),
        PathError::Read(error) => convert::store(error),
    }
}

/// Every header that is stored was stored with the nodes that it completed.
fn damaged(hash: &Hash) -> ApiError {
    convert::store(StoreError::Corrupt { detail: format!("the history has no node or header {hash}") })
}
