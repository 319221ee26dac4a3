//! The slow look-ups: rows and pool, read for peers and for the synchronisation, away from the machine's task.

use std::sync::Arc;

use tokio::sync::Semaphore;
use vibecoin_chain::{ChainHandle, ServiceError, View};
use vibecoin_crypto::{Hash, state_tree};
use vibecoin_mempool::Mempool;
use vibecoin_network::SyncMode;
use vibecoin_network::wire::{HeaderRecord, RawBlock, TRANSACTIONS_BYTES_MAX};
use vibecoin_network::world::{Found, KeyRange, Query, StatePlan};
use vibecoin_primitives::{Height, Transaction, Work, encoding};
use vibecoin_storage::{StoreError, active, blocks};

use crate::pool::PoolHandle;

/// Look-ups at the same time. They read rows and send them to others; the chain's own work comes first.
const AT_ONCE: usize = 4;

/// The greatest key of a state: chunks reach to it, or are cut.
pub const LAST_KEY: Hash = Hash::new([0xff; 32]);
/// Room in a message for the two edges of a chunk beside its leaves, in bytes.
const EDGES_BYTES: usize = 20 << 10;

/// Why something could not be looked up. Nobody is to blame for it but this node.
#[derive(Debug, thiserror::Error)]
enum LookError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Chain(#[from] ServiceError),
    #[error("a stored block cannot be read")]
    Unreadable,
    #[error("the node is stopping")]
    Stopping,
}

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Library {
    chain: ChainHandle,
    pool: PoolHandle,
    sync: SyncMode,
    places: Arc<Semaphore>,
}

impl Library {
    /// A library over a chain and a pool.
    pub fn new(chain: ChainHandle, pool: PoolHandle, sync: SyncMode) -> Self {
        Self { chain, pool, sync, places: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Looks something up.
    pub async fn look(&self, query: Query) -> Found {
        self.answer(query).await.unwrap_or_else(|error| {
            if !matches!(error, LookError::Stopping) {
                tracing::error!("a look-up for the network failed: {error}");
            }
            Found::Nothing
        })
    }

    async fn answer(&self, query: Query) -> Result<Found, LookError> {
        match query {
            Query::Headers { locator, limit } => {
                self.read(move |view| Ok(Found::Headers(headers(view, &locator, limit)?))).await
            }
            Query::Locator => self.read(|view| Ok(Found::Locator(view.locator()?))).await,
            Query::Block(id) => self.read(move |view| Ok(Found::Block(raw(view, &id)?))).await,
            Query::Head(id) => self.read(move |view| Ok(Found::Head(head(view, &id)?.map(Box::new)))).await,
            Query::Wanted { limit } => self.read(move |view| Ok(Found::Wanted(wanted(view, limit)?))).await,
            // Every block is fetched in its order.
            Query::BlockTransactions { block, indexes } => {
                self.read(move |view| Ok(Found::BlockTransactions(at_places(view, &block, &indexes)?))).await
            }
            Query::WholeBlock(id) => {
                self.read(move |view| Ok(Found::WholeBlock(view.block(&id)?.map(Arc::new)))).await
            }
            Query::Transactions(ids) => {
                let found = self.pool.read(move |pool| waiting(pool, &ids));
                found.await.map(Found::Transactions).map_err(|_| LookError::Stopping)
            }
            Query::Waiting { limit } => {
                let found = self.pool.read(move |pool| {
                    let mut waiting: Vec<_> = pool.iter().map(|tx| (tx.price(), tx.leaf_hash())).collect();
                    waiting.sort_unstable_by(|left, right| right.cmp(left));
                    waiting.truncate(limit);
                    waiting.into_iter().map(|(_, leaf_hash)| leaf_hash).collect()
                });
                found.await.map(Found::Waiting).map_err(|_| LookError::Stopping)
            }
            Query::ShortIds { key, ids } => {
                let found = self.pool.read(move |pool| {
                    let waiting = pool.iter().map(|tx| (key.short_id(&tx.leaf_hash()), tx.transaction()));
                    vibecoin_network::wire::match_short_ids(&ids, waiting)
                });
                found.await.map(Found::ShortIds).map_err(|_| LookError::Stopping)
            }
            Query::WantedHistory { limit } => {
                self.read(move |view| Ok(Found::Wanted(wanted_history(view, limit)?))).await
            }
            Query::StatePlan { renew } => self.plan(renew).await,
            Query::StateChunk { block, start, bytes_max } => {
                self.read(move |view| Ok(Found::StateChunk(chunk(view, &block, &start, bytes_max)?))).await
            }
        }
    }

    /// What is to be fetched of a state, if this node takes one over.
    async fn plan(&self, renew: bool) -> Result<Found, LookError> {
        if self.sync == SyncMode::Full {
            return Ok(Found::StatePlan(None));
        }
        if renew {
            self.chain.forget_state().await?;
        }
        if self.chain.choose_pivot().await?.is_none() {
            return Ok(Found::StatePlan(None));
        }
        self.read(|view| {
            let plan = view.state_wanted()?.map(|wanted| StatePlan {
                block: wanted.staged.pivot,
                height: wanted.staged.height,
                missing: wanted.missing.iter().map(key_range).collect(),
            });
            Ok(Found::StatePlan(plan))
        })
        .await
    }

    /// Reads rows on a thread for such work.
    async fn read(
        &self,
        reading: impl FnOnce(&View) -> Result<Found, LookError> + Send + 'static,
    ) -> Result<Found, LookError> {
        let place = self.places.clone().acquire_owned().await.map_err(|_| LookError::Stopping)?;
        let chain = self.chain.reader().clone();
        let look = move || {
            let found = reading(&chain.view()?);
            drop(place);
            found
        };
        tokio::task::spawn_blocking(look).await.map_err(|_| LookError::Stopping)?
    }
}

/// The first of these that wait, as many as one message holds: no more is copied than will be sent.
fn waiting(pool: &Mempool, ids: &[Hash]) -> Vec<Transaction> {
    let mut bytes = 0;
    let known = ids.iter().filter_map(|id| pool.get_by_leaf(id));
    let fit = known.map(|tx| tx.transaction()).take_while(|transaction| {
        bytes += transaction.encoded_len();
        bytes <= TRANSACTIONS_BYTES_MAX
    });
    fit.cloned().collect()
}

fn headers(view: &View, locator: &[Hash], limit: usize) -> Result<Vec<HeaderRecord>, LookError> {
    let headers = view.headers_after(locator, limit)?;
    Ok(headers.into_iter().map(|(header, content)| HeaderRecord { header, content }).collect())
}

fn head(view: &View, id: &Hash) -> Result<Option<(HeaderRecord, Work)>, LookError> {
    let Some((header, content)) = view.header(id)? else { return Ok(None) };
    let Some(record) = blocks::meta(view.rows(), id)? else { return Ok(None) };
    Ok(Some((HeaderRecord { header, content }, record.work)))
}

fn raw(view: &View, id: &Hash) -> Result<Option<RawBlock>, LookError> {
    let bytes = view.encoded_block(id)?;
    bytes.map(|bytes| RawBlock::new(bytes).map_err(|_| LookError::Unreadable)).transpose()
}

fn wanted(view: &View, limit: usize) -> Result<Vec<(Hash, Height)>, LookError> {
    with_heights(view, view.wanted_bodies(limit)?)
}

fn wanted_history(view: &View, limit: usize) -> Result<Vec<(Hash, Height)>, LookError> {
    with_heights(view, view.wanted_history(limit)?.map(|wanted| wanted.bodies).unwrap_or_default())
}

fn with_heights(view: &View, ids: Vec<Hash>) -> Result<Vec<(Hash, Height)>, LookError> {
    let mut known = Vec::with_capacity(ids.len());
    for id in ids {
        if let Some(record) = blocks::meta(view.rows(), &id)? {
            known.push((id, record.height));
        }
    }
    Ok(known)
}

/// A range of the state after an active block, as far as that state is kept.
fn chunk(view: &View, id: &Hash, start: &Hash, bytes_max: usize) -> Result<Option<Arc<[u8]>>, LookError> {
    let Some(height) = active::height_of(view.rows(), id)? else { return Ok(None) };
    let Some(state) = view.state_at(height)? else { return Ok(None) };
    let chunk = state.chunk(start, &LAST_KEY, bytes_max.saturating_sub(EDGES_BYTES))?;
    Ok(Some(encoding::encode(&chunk).into()))
}

fn key_range(range: &vibecoin_storage::staging::KeyRange) -> KeyRange {
    KeyRange { start: range.start, end: state_tree::successor(&range.end) }
}

fn at_places(view: &View, id: &Hash, indexes: &[u32]) -> Result<Option<Vec<Transaction>>, LookError> {
    let Some(block) = view.block(id)? else { return Ok(None) };
    Ok(indexes.iter().map(|index| block.transactions.get(*index as usize).cloned()).collect())
}
