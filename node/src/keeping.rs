//! What a node keeps and verifies, what it takes up, and what had to be mended when it started: told to whoever asks.

use std::cmp::Reverse;
use std::sync::Arc;

use vibecoin_chain::{Policy, Repair, VerifyPoh, View};
use vibecoin_primitives::Height;
use vibecoin_rpc::types::{RepairInfo, StorageInfo, StoredKind};
use vibecoin_storage::directory::Recovered;
use vibecoin_storage::{KeyValueStore, StoreError, meta};

/// What was decided and found at the start.
pub struct Keeping {
    policy: Policy,
    repair: Option<Repair>,
    recovered: Option<Recovered>,
    store: Arc<dyn KeyValueStore>,
}

impl Keeping {
    /// Takes down what was decided and found, and tells the log what had to be mended.
    pub fn new(
        policy: Policy,
        repair: Option<Repair>,
        recovered: Option<Recovered>,
        store: Arc<dyn KeyValueStore>,
    ) -> Self {
        let keeping = Self { policy, repair, recovered, store };
        for sentence in keeping.warnings() {
            tracing::warn!("{sentence}");
        }
        if let Some(found) = keeping.recovered.as_ref().filter(|found| !found.is_clean() && !is_grave(found))
        {
            tracing::info!("{found}");
        }
        keeping
    }

    /// What somebody should know who relies on this node, in words.
    pub fn warnings(&self) -> Vec<String> {
        let found = self.recovered.iter().filter(|found| is_grave(found)).map(ToString::to_string);
        found.chain(self.repair.iter().map(in_words)).collect()
    }

    /// All of it.
    pub fn describe(&self, view: &View) -> Result<StorageInfo, StoreError> {
        let sizes = self.store.sizes()?;
        let mut kinds: Vec<StoredKind> = sizes
            .columns
            .iter()
            .map(|size| StoredKind {
                kind: size.column.name().to_owned(),
                disk_bytes: size.files_bytes,
                memory_bytes: size.memory_bytes,
                rows: size.rows,
            })
            .collect();
        kinds.sort_by_key(|kind| Reverse((kind.disk_bytes, kind.memory_bytes)));
        Ok(StorageInfo {
            disk_bytes: sizes.disk_bytes(),
            log_bytes: sizes.log_bytes,
            memory_bytes: sizes.memory_bytes(),
            kinds,
            history_missing_below: view.assumed()?.map(|assumed| assumed.height),
            archive: self.policy.state_window.is_none(),
            states_from: states_from(view)?,
            undo_from: meta::undo_pruned_to(view.rows())?.unwrap_or(Height::GENESIS),
            prune_ticks: self.policy.ticks_window.is_some(),
            ticks_from: meta::ticks_pruned_to(view.rows())?.unwrap_or(Height::GENESIS),
            verify_poh_depth: match self.policy.verify_poh {
                VerifyPoh::Full => None,
                VerifyPoh::Recent { full_depth } => Some(full_depth),
            },
            repair: self.repair.as_ref().map(|repair| RepairInfo {
                reason: repair.reason.clone(),
                tip_before: repair.before.map(|(id, _)| id),
                height: repair.height,
                shortened_by: repair.shortened_by(),
                bodies_lost: repair.bodies_lost,
                headers_lost: repair.headers_lost,
            }),
            recovered: self.recovered.as_ref().filter(|found| !found.is_clean()).map(ToString::to_string),
        })
    }
}

/// Whether something was lost, and not only torn.
fn is_grave(found: &Recovered) -> bool {
    found.lost_commits.is_some() || found.log_end.as_ref().is_some_and(|end| end.is_damage)
}

fn in_words(repair: &Repair) -> String {
    let lost = match (repair.bodies_lost, repair.headers_lost) {
        (0, 0) => "no block was lost".to_owned(),
        (bodies, headers) => {
            format!("{bodies} bodies and {headers} headers of blocks were damaged and dropped")
        }
    };
    let shorter = match repair.shortened_by() {
        0 => String::new(),
        blocks => format!(", {blocks} blocks lower than before"),
    };
    let Repair { reason, height, .. } = repair;
    format!(
        "the chain was repaired from its blocks, since {reason}; {lost}; it stands at block {height} now{shorter}"
    )
}

/// The lowest active block whose state is kept. Older ones go first, so it is found by halving.
fn states_from(view: &View) -> Result<Height, StoreError> {
    if meta::state_pruned_to(view.rows())?.is_none() {
        return Ok(Height::GENESIS);
    }
    let (mut lowest, mut kept) = (0, view.tip().height().get());
    while lowest < kept {
        let middle = lowest + (kept - lowest) / 2;
        if view.state_at(Height::new(middle))?.is_some() {
            kept = middle;
        } else {
            lowest = middle + 1;
        }
    }
    Ok(Height::new(kept))
}
