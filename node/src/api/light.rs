//! What light clients ask: `light_tip`, `light_prove`, `light_headers`, `light_ancestor`, `light_poh_fault`.
//!
//! Nothing here is believed by whoever asks: an answer is an encoding that the client verifies.

use vibecoin_chain::{Commitment, Standing, View};
use vibecoin_crypto::Hash;
use vibecoin_primitives::encoding;
use vibecoin_rpc::types::*;
use vibecoin_rpc::{ApiError, Subject};

use super::{Core, convert};

/// Headers of one answer.
const HEADERS_MAX: u32 = 2_000;

/// The block that the node stands by, by default the tip.
pub(super) fn tip(view: &View, id: Option<Hash>) -> Result<LightTip, ApiError> {
    let tip = commitment(view, &id.unwrap_or_else(|| view.tip().id()))?;
    Ok(LightTip {
        id: tip.id,
        height: tip.header.height,
        work: WorkText(tip.total_work),
        header: HexBytes::from(tip.header.to_bytes().to_vec()),
        content: HexBytes::from(encoding::encode(&tip.content)),
        peaks: HexBytes::from(tip.below.nodes().iter().flat_map(encoding::encode).collect::<Vec<u8>>()),
    })
}

/// What came to the active chain after the chain of a block left it.
pub(super) fn headers(view: &View, from: Hash, limit: Option<u32>) -> Result<LightHeaders, ApiError> {
    let limit = limit.unwrap_or(HEADERS_MAX);
    if limit > HEADERS_MAX {
        return Err(ApiError::OverLimit { reason: format!("at most {HEADERS_MAX} headers at once") });
    }
    let run = view.continuation(&from, limit as usize).map_err(convert::store)?;
    let run = run.ok_or_else(|| ApiError::not_found(Subject::Block, from))?;
    let tip = view.tip();
    let records = run.headers.iter().flat_map(|header| {
        encoding::encode(&(header.version, header.time, header.nonce, header.content_root))
    });
    Ok(LightHeaders {
        fork_id: run.fork_id,
        fork_height: run.fork_height,
        records: HexBytes::from(records.collect::<Vec<u8>>()),
        tip_id: tip.id(),
        tip_height: tip.height(),
        tip_work: WorkText(tip.block.total_work()),
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
