//! The chain as a whole: `chain_search`, `chain_stats`, `chain_forks`, `chain_supply`.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use vibecoin_chain::View;
use vibecoin_consensus::fork_choice::is_alarming;
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Address, Height, Work};
use vibecoin_rpc::ApiError;
use vibecoin_rpc::types::*;
use vibecoin_storage::{StateReader, StoreError, blocks, meta, transactions};

use super::{Core, convert};

/// Blocks over which averages are taken, unless told otherwise.
const WINDOW: u64 = 100;
/// The most blocks over which averages are taken.
const WINDOW_MAX: u64 = 10_000;
/// Branches of one answer.
const BRANCHES_MAX: usize = 200;
/// Reorganisations of one answer.
pub(super) const REORGANISATIONS: usize = 100;

impl Core {
    pub(super) async fn search(self: &Arc<Self>, text: String) -> Result<Vec<SearchHit>, ApiError> {
        let text = text.trim().to_owned();
        let waiting = match text.parse() {
            Ok(txid) => self.waiting(txid).await?.is_some(),
            Err(_) => false,
        };
        self.read(move |core, view| core.search_stored(view, &text, waiting)).await
    }

    fn search_stored(&self, view: &View, text: &str, waiting: bool) -> Result<Vec<SearchHit>, ApiError> {
        let mut hits = Vec::new();
        match text.replace([',', '_', ' '], "").parse() {
            Ok(BlockRef::Height(height)) => {
                let id = view.id_at(height).map_err(convert::store)?;
                hits.extend(id.map(|id| SearchHit::Block { height, id }));
            }
            Ok(BlockRef::Id(hash)) => {
                if let Some(found) = blocks::meta(view.rows(), &hash).map_err(convert::store)? {
                    hits.push(SearchHit::Block { height: found.height, id: hash });
                }
                if waiting || transactions::find(view.rows(), &hash).map_err(convert::store)?.is_some() {
                    hits.push(SearchHit::Transaction { txid: hash });
                }
            }
            Err(_) => {}
        }
        if let Ok(address) = Address::decode(text, self.prefix()) {
            let account = view.state().and_then(|state| state.account(&address)).map_err(convert::store)?;
            hits.push(SearchHit::Account { address: self.text(&address), known: !account.is_absent() });
        }
        Ok(hits)
    }

    pub(super) fn stats(&self, view: &View, window: Option<u64>) -> Result<ChainStats, ApiError> {
        let tip = view.tip();
        let window = window.unwrap_or(WINDOW).clamp(1, WINDOW_MAX).min(tip.height().get());
        let first = Height::new(tip.height().get() - window + u64::from(window > 0));
        let (mut transactions, mut gas_used, mut work) = (0_u64, 0_u64, 0_u128);
        let (mut miners, mut began) = (BTreeSet::new(), tip.time());
        for (height, block) in
            vibecoin_storage::active::range(view.rows(), first, usize::try_from(window).unwrap_or(usize::MAX))
                .map_err(convert::store)?
        {
            let missing = || ApiError::internal(format!("block {} is not whole", block.id));
            let header =
                blocks::header(view.rows(), &block.id).map_err(convert::store)?.ok_or_else(missing)?;
            let content =
                blocks::content(view.rows(), &block.id).map_err(convert::store)?.ok_or_else(missing)?;
            if height == first {
                began = header.prev_time;
            }
            transactions = transactions.saturating_add(u64::from(content.tx_count));
            gas_used = gas_used.saturating_add(content.gas_used);
            miners.insert(content.beneficiary);
            let own = vibecoin_consensus::pow::work(header.bits).map_err(ApiError::internal)?;
            work = work.saturating_add(own.get());
        }
        let span_ms = tip.time().saturating_since(began) as f64;
        let per = |amount: f64, of: f64| if of > 0.0 { amount / of } else { 0.0 };
        Ok(ChainStats {
            from_height: first,
            to_height: tip.height(),
            blocks: window,
            transactions,
            interval_ms: per(span_ms, window as f64),
            transactions_per_s: per(transactions as f64 * 1_000.0, span_ms),
            gas_used,
            fullness: per(gas_used as f64, self.spec().block_gas as f64 * window as f64),
            work: WorkText(Work::new(work)),
            hashes_per_s: per(work as f64 * 1_000.0, span_ms),
            bits: BitsText(tip.block.header.bits),
            miners: u32::try_from(miners.len()).unwrap_or(u32::MAX),
        })
    }

    pub(super) fn supply(&self, view: &View) -> Result<Supply, ApiError> {
        let missing = || ApiError::internal("the supply is not stored");
        let supply = meta::supply(view.rows()).map_err(convert::store)?.ok_or_else(missing)?;
        Ok(Supply {
            height: view.tip().height(),
            id: view.tip().id(),
            allocated: supply.allocation,
            issued: supply.subsidies,
            balances: supply.balances,
            maturing: supply.ring,
            burned: supply.burned,
            balanced: supply.is_balanced(),
        })
    }
}

/// What stands beside the active chain, and when it was changed over.
pub(super) fn forks(view: &View) -> Result<ForksReport, ApiError> {
    let mut forks = view.forks(u64::MAX).map_err(convert::store)?;
    forks.retain(|fork| !matches!(fork.status, blocks::BlockStatus::Invalid { .. }));
    forks.sort_by_key(|fork| std::cmp::Reverse(fork.work));
    forks.truncate(BRANCHES_MAX);
    let mut missing = Missing::default();
    let mut branch = |fork: vibecoin_chain::Fork| {
        let (bodies_missing, missing_from) = missing.of(view, &fork)?;
        Ok(Branch {
            id: fork.id,
            height: fork.height,
            work: WorkText(fork.work),
            fork_height: fork.fork_height,
            length: fork.height.saturating_since(fork.fork_height),
            status: convert::status(&fork.status),
            bodies_missing,
            missing_from,
        })
    };
    Ok(ForksReport {
        branches: forks
            .into_iter()
            .map(&mut branch)
            .collect::<Result<_, StoreError>>()
            .map_err(convert::store)?,
        reorganisations: reorganisations(view, REORGANISATIONS)?,
    })
}

/// At most `limit` reorganisations, newest first.
pub(super) fn reorganisations(view: &View, limit: usize) -> Result<Vec<Reorganisation>, ApiError> {
    let list = vibecoin_storage::reorganisations::list(view.rows(), limit).map_err(convert::store)?;
    let shown = |(number, record): (u64, vibecoin_storage::reorganisations::Reorganisation)| Reorganisation {
        number,
        time: record.time,
        fork_height: record.fork_height,
        from: record.from,
        to: record.to,
        reverted: record.reverted,
        connected: record.connected,
        alarming: is_alarming(record.reverted),
    };
    Ok(list.into_iter().map(shown).collect())
}

/// Bodies that branches lack: of each block off the active chain, how many down to there and which is the lowest.
/// Branches share most of their way, and each block is looked at once.
#[derive(Default)]
struct Missing(HashMap<Hash, (u64, Option<Height>)>);

impl Missing {
    fn of(&mut self, view: &View, fork: &vibecoin_chain::Fork) -> Result<(u64, Option<Height>), StoreError> {
        if fork.status.is_linked() {
            return Ok((0, None));
        }
        let (mut way, mut next) = (Vec::new(), fork.id);
        let (mut count, mut lowest) = loop {
            if let Some(known) = self.0.get(&next) {
                break *known;
            }
            let record = blocks::meta(view.rows(), &next)?.filter(|record| record.height > fork.fork_height);
            let Some(record) = record else { break (0, None) };
            way.push((next, record.status == blocks::BlockStatus::HeaderOnly, record.height));
            next = record.parent;
        };
        for (id, is_missing, height) in way.into_iter().rev() {
            count += u64::from(is_missing);
            lowest = lowest.or(is_missing.then_some(height));
            self.0.insert(id, (count, lowest));
        }
        Ok((count, lowest))
    }
}
