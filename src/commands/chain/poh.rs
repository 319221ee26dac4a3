//! `vibecoin chain poh`: a segment of the Proof of History, and every hash of it again.

use std::time::Instant;

use serde_json::json;
use vibecoin_consensus::poh::{self, Params};
use vibecoin_primitives::block::{poh_record, poh_root};
use vibecoin_rpc::NodeApi;
use vibecoin_rpc::types::{BlockRef, PohSegment};

use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output::Tint;

/// Prints the segment of a block; verifies it if that is wanted.
pub(super) async fn run(context: &Context, node: &dyn NodeApi, block: BlockRef, verify: bool) -> Outcome {
    let segment = node.chain_poh(block).await?;
    let mut answer = serde_json::to_value(&segment).map_err(Failure::unexpected)?;
    let params = Params::of(context.config.network().spec());
    let mut took_ms = None;
    if verify {
        let started = Instant::now();
        check(params, &segment)?;
        let ms = started.elapsed().as_secs_f64() * 1e3;
        answer["verified"] = json!(true);
        answer["verify_ms"] = json!(ms);
        took_ms = Some(ms);
    }
    context.out.answer(&answer, |paper| {
        paper
            .fact("block", format!("{} {}", segment.height, segment.id))
            .fact("after", segment.parent_id)
            .fact("seed", segment.seed)
            .fact("ticks", format!("{}, {} hashes apart", segment.ticks.len(), segment.hashes_per_tick))
            .fact_if("last tick", segment.ticks.last())
            .fact("poh root", segment.poh_root)
            .fact("tx root", segment.tx_root)
            .fact("record", segment.poh_hash);
        if let Some(ms) = took_ms {
            let hashes = segment.ticks.len() as u64 * segment.hashes_per_tick;
            paper.tinted(
                Tint::Good,
                format!("All {hashes} hashes were computed again in {ms:.1} ms, and are right."),
            );
        }
    })
}

/// Holds the segment against its parent, its root and its record.
fn check(params: Params, segment: &PohSegment) -> Outcome {
    if segment.height.get() == 0 {
        return Err(Failure::Usage("the genesis has no segment".to_owned()));
    }
    poh::verify(params, &segment.parent_id, &segment.ticks)
        .map_err(|error| Failure::Wrong(format!("block {}: {error}", segment.id)))?;
    let last = segment.ticks.last().copied().unwrap_or_default();
    let root_fits = poh_root(&segment.ticks) == segment.poh_root;
    if root_fits && poh_record(&last, &segment.tx_root) == segment.poh_hash {
        return Ok(());
    }
    Err(Failure::Wrong(format!("block {}: its content does not commit to this segment", segment.id)))
}
