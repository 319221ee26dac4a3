//! `vibecoin chain verify`: every block once more, from the genesis on, and everything that follows from them.

use std::sync::Arc;

use serde_json::json;
use vibecoin_chain::verify::{VerifyError, verify};
use vibecoin_storage::KeyValueStore;
use vibecoin_storage::kv::RocksStore;

use super::grouped::Grouped;
use super::scratch::Scratch;
use super::store;
use crate::context::{Context, exit_on_interrupt};
use crate::failure::{Failure, Outcome};
use crate::output::Tint;
use crate::progress;

/// Verifies the chain of this network's directory.
pub(super) fn run(context: &Context) -> Outcome {
    exit_on_interrupt(context.out)?;
    let open = store::open_existing(context, store::file_policy(context)?)?;
    let reader = open.reader();
    let scratch = Scratch::new(context.config.network_dir().join("verify"))?;
    let tip = open.chain.tip().height().get();
    let bar = progress::bar(&context.out, "verifying", "blocks", tip);
    // Nobody relies on the scratch store, so nothing of it has to be brought to the disk.
    let again: Arc<dyn KeyValueStore> = Arc::new(Grouped::new(Arc::new(RocksStore::open(scratch.path())?)));
    let verified =
        verify(&**reader.store(), reader.spec(), again, |height, _| bar.set_position(height.get())).map_err(
            |error| match error {
                VerifyError::Open(error) => Failure::from(error),
                VerifyError::Store(error) => Failure::from(error),
                wrong @ (VerifyError::Block { .. }
                | VerifyError::Missing { .. }
                | VerifyError::History { .. }
                | VerifyError::Derived { .. }) => Failure::Wrong(wrong.to_string()),
            },
        )?;
    bar.finish_and_clear();
    let answer = json!({
        "verified": true,
        "height": verified.height,
        "id": verified.tip,
        "state_root": verified.state_root,
        "transactions": verified.transactions,
    });
    context.out.answer(&answer, |paper| {
        paper
            .fact("height", verified.height)
            .fact("tip", verified.tip)
            .fact("state root", verified.state_root)
            .fact("transactions", verified.transactions)
            .tinted(Tint::Good, "Every block stands the full rules, and everything stored agrees with them.");
    })
}
