//! `vibecoin chain reindex`: everything but the blocks, made again from the blocks.

use serde_json::json;
use vibecoin_chain::Chain;
use vibecoin_primitives::Height;

use super::store::{self, OpenStore};
use crate::context::{Context, exit_on_interrupt};
use crate::failure::{Failure, Outcome};
use crate::output::Tint;
use crate::progress;

/// Makes the derived rows of this network's directory again. Interrupted, it is begun again at the next opening.
///
/// # Errors
/// [`Failure::NotFound`] without a chain; what the chain or the disk answers.
pub(super) fn run(context: &Context) -> Outcome {
    exit_on_interrupt(context.out)?;
    let open = OpenStore::existing(context)?;
    let bar = progress::bar(&context.out, "reindexing", "blocks", 0);
    let mut watch = |height: Height, end: Height| {
        bar.set_length(end.get());
        bar.set_position(height.get());
    };
    let spec = (**context.config.network().spec()).clone();
    let chain = Chain::reindex(open.store.clone(), spec, store::file_policy(context)?, &mut watch)?;
    chain.flush()?;
    bar.finish_and_clear();
    let tip = chain.tip();
    let repair = chain.repair().ok_or_else(|| Failure::Wrong("nothing was made again".to_owned()))?;
    let answer = json!({
        "height": tip.height(),
        "id": tip.id(),
        "state_root": tip.content.state_root,
        "height_before": repair.before.map(|(_, height)| height),
        "shortened_by": repair.shortened_by(),
        "bodies_lost": repair.bodies_lost,
        "headers_lost": repair.headers_lost,
    });
    context.out.answer(&answer, |paper| {
        paper.fact("height", tip.height()).fact("tip", tip.id()).fact("state root", tip.content.state_root);
        if repair.shortened_by() + repair.bodies_lost + repair.headers_lost == 0 {
            paper.tinted(Tint::Good, "All that follows from the blocks is made again.");
        } else {
            paper.tinted(Tint::Caution, store::in_words(repair));
        }
    })
}
