//! The thread that owns the pool and its diary.

use std::sync::Arc;

use tokio::sync::{broadcast, mpsc, oneshot, watch};
use vibecoin_chain::{ChainReader, Clock, ConnectedBlock, Tip as ChainTip, TipChange, View};
use vibecoin_crypto::Hash;
use vibecoin_mempool::{Checked, Mempool, MinedTx, PoolConfig, PoolError, PoolEvent, Tip};
use vibecoin_primitives::state_key::REWARD_RING;
use vibecoin_primitives::{Account, Address, Height, Timestamp, Transaction};
use vibecoin_storage::blocks::{self, BlockStatus};
use vibecoin_storage::pool::{self as diary, PooledTransaction};
use vibecoin_storage::{Batch, Durability, KeyValueRead, StateError, StateReader, StoreError};

use super::{Question, Taken};
use crate::clock::NodeClock;

/// Submissions that share one sync of the disk.
const TOGETHER: usize = 128;
/// How far below the tip branches are searched, after a start, for transactions that had just been taken back.
const LEFT_BEHIND_DEPTH: u64 = 64;

type Answer = oneshot::Sender<Result<Taken, PoolError>>;

/// Where the keeper tells what happens.
pub(super) struct News {
    /// Every change.
    pub(super) events: broadcast::Sender<PoolEvent>,
    /// Rises with every change.
    pub(super) revision: watch::Sender<u64>,
    /// The tip that the pool has heard of.
    pub(super) stands_on: watch::Sender<Hash>,
}

/// See the module.
pub(super) struct Keeper {
    pool: Mempool,
    chain: ChainReader,
    clock: NodeClock,
    news: News,
}

impl Keeper {
    /// Makes the pool again from its diary.
    pub(super) fn open(
        config: PoolConfig,
        chain: ChainReader,
        clock: NodeClock,
        news: News,
    ) -> Result<Self, StoreError> {
        let view = chain.view()?;
        let mut pool = Mempool::new(Arc::clone(chain.spec()), config, present(&view)?);
        let mut unreadable = Batch::new();
        let mut waiting: Vec<(Transaction, Timestamp)> = Vec::new();
        for (leaf_hash, row) in diary::all(view.rows())? {
            match Transaction::decode(&row.bytes) {
                Ok(transaction) => waiting.push((transaction, Timestamp::new(row.arrival_ms))),
                Err(_) => diary::remove(&mut unreadable, &leaf_hash),
            }
        }
        let now = clock.now();
        waiting.extend(left_behind(&view)?.into_iter().map(|transaction| (transaction, now)));
        let restored = pool.restore(waiting)?;
        if !pool.is_empty() {
            tracing::info!("{} transactions wait from the last run", pool.len());
        }
        chain.store().write(unreadable, Durability::Buffered)?;
        let keeper = Self { pool, chain, clock, news };
        let refused: Vec<Hash> = restored.refused.iter().map(|(leaf_hash, _)| *leaf_hash).collect();
        keeper.keep(restored.events, &refused)?;
        keeper.news.stands_on.send_replace(view.tip().id());
        Ok(keeper)
    }

    /// Answers until it is told to stop or the disk fails.
    pub(super) fn run(mut self, mut inbox: mpsc::Receiver<Question>) -> Result<(), StoreError> {
        let mut held = None;
        while let Some(question) = held.take().or_else(|| inbox.blocking_recv()) {
            match question {
                Question::Submit(checked, answer) => {
                    let mut together = vec![(*checked, answer)];
                    while together.len() < TOGETHER {
                        match inbox.try_recv() {
                            Ok(Question::Submit(checked, answer)) => together.push((*checked, answer)),
                            Ok(other) => {
                                held = Some(other);
                                break;
                            }
                            Err(_) => break,
                        }
                    }
                    self.submit(together)?;
                }
                Question::Read(reading) => reading(&self.pool),
                Question::Moved(change) => self.moved(&change)?,
                Question::Resync => self.resync()?,
                Question::Time => {
                    let events = self.pool.on_time(self.clock.now());
                    self.keep(events, &[])?;
                }
                Question::Stop => break,
            }
        }
        Ok(())
    }

    fn submit(&mut self, together: Vec<(Checked, Answer)>) -> Result<(), StoreError> {
        let now = self.clock.now();
        let (mut answers, mut events) = (Vec::with_capacity(together.len()), Vec::new());
        for (checked, answer) in together {
            let (txid, leaf_hash) = (checked.txid(), checked.leaf_hash());
            let result = match self.pool.admit(checked, now) {
                Ok(accepted) => {
                    events.extend(accepted.events);
                    Ok(Taken { txid, leaf_hash, known: false, replaced: accepted.replaced })
                }
                // Said again, it is still true: it waits and it is on the disk, or will be with this very batch.
                Err(PoolError::Known { .. }) => Ok(Taken { txid, leaf_hash, known: true, replaced: None }),
                Err(error) => Err(error),
            };
            answers.push((answer, result));
        }
        let kept = self.keep(events, &[]);
        for (answer, result) in answers {
            let result = match &kept {
                Ok(()) => result,
                Err(error) => Err(PoolError::Store(error.clone())),
            };
            // Whoever asked may have gone.
            let _ = answer.send(result);
        }
        kept
    }

    fn moved(&mut self, change: &TipChange) -> Result<(), StoreError> {
        if change.is_jump() {
            // What lies between is not told: every account may be another.
            return self.resync();
        }
        let now = self.clock.now();
        let mined: Vec<MinedTx> = change.connected.iter().flat_map(mined).collect();
        let view = self.chain.view()?;
        let tip = after(&change.tip, &view, self.chain.store().snapshot())?;
        let events = if change.reverted.is_empty() {
            let accounts = self.touched(change, &view, &*tip.state)?;
            self.pool.on_block(&mined, &accounts, tip, now)
        } else {
            let returned =
                change.reverted.iter().flat_map(|one| one.block.transactions.iter().cloned()).collect();
            self.pool.on_reorg(returned, &mined, tip, now)?
        };
        self.keep(events, &[])?;
        self.news.stands_on.send_replace(change.tip.id());
        Ok(())
    }

    /// The accounts of waiting senders that the new blocks may have changed, as they are now.
    fn touched(
        &self,
        change: &TipChange,
        view: &View,
        state: &dyn StateReader,
    ) -> Result<Vec<(Address, Account)>, StoreError> {
        let mut addresses = Vec::new();
        for one in &change.connected {
            for transaction in &one.block.transactions {
                addresses.push(transaction.body.sender());
                addresses.extend(transaction.body.to);
            }
            let matured = one.block.header.height.checked_sub(REWARD_RING);
            if let Some(earned) = matured.filter(|height| *height != Height::GENESIS)
                && let Some(id) = view.id_at(earned)?
                && let Some(content) = blocks::content(view.rows(), &id)?
            {
                addresses.push(content.beneficiary);
            }
        }
        addresses.sort_unstable();
        addresses.dedup();
        addresses.retain(|address| self.pool.next_nonce(address).is_some());
        addresses.into_iter().map(|address| Ok((address, state.account(&address)?))).collect()
    }

    fn resync(&mut self) -> Result<(), StoreError> {
        let view = self.chain.view()?;
        let returned = left_behind(&view)?;
        let events = self.pool.on_reorg(returned, &[], present(&view)?, self.clock.now())?;
        self.keep(events, &[])?;
        self.news.stands_on.send_replace(view.tip().id());
        Ok(())
    }

    /// Writes what has changed into the diary, then tells it. What came is synced: it may have been acknowledged.
    fn keep(&self, events: Vec<PoolEvent>, refused: &[Hash]) -> Result<(), StoreError> {
        if events.is_empty() && refused.is_empty() {
            return Ok(());
        }
        let mut batch = Batch::new();
        let mut durability = Durability::Buffered;
        refused.iter().for_each(|leaf_hash| diary::remove(&mut batch, leaf_hash));
        for event in &events {
            match event {
                PoolEvent::Added(tx) => {
                    durability = Durability::Synced;
                    let row = PooledTransaction {
                        bytes: tx.transaction().encode(),
                        arrival_ms: tx.arrival().get(),
                    };
                    diary::put(&mut batch, &tx.leaf_hash(), &row);
                }
                PoolEvent::Removed { tx, .. } => diary::remove(&mut batch, &tx.leaf_hash()),
            }
        }
        self.chain.store().write(batch, durability)?;
        self.news.revision.send_modify(|revision| *revision += 1);
        for event in events {
            // Nobody listening is fine.
            let _ = self.news.events.send(event);
        }
        Ok(())
    }
}

fn next_height(tip: Height) -> Height {
    tip.next().unwrap_or(tip)
}

/// What the pool stands on when the tip is the view's.
fn present(view: &View) -> Result<Tip, StoreError> {
    Ok(Tip { next_height: next_height(view.tip().height()), state: Arc::new(view.state()?) })
}

/// What the pool stands on after a move of the tip; the present, if that state is not kept any more.
fn after(moved: &ChainTip, view: &View, rows: Arc<dyn KeyValueRead>) -> Result<Tip, StoreError> {
    match view.state_tree().at(rows, moved.state_version) {
        Ok(state) => Ok(Tip { next_height: next_height(moved.height()), state: Arc::new(state) }),
        Err(StateError::Store(error)) => Err(error),
        Err(_) => present(view),
    }
}

fn mined(block: &ConnectedBlock) -> impl Iterator<Item = MinedTx> + '_ {
    block.block.transactions.iter().map(|transaction| MinedTx {
        txid: transaction.id(),
        sender: transaction.body.sender(),
        nonce: transaction.body.nonce,
    })
}

/// Transactions of executed blocks beside the active chain: a crash right after a reorganisation may have kept the
/// pool from writing them down again. The pool itself sorts out those that are mined or do not fit.
fn left_behind(view: &View) -> Result<Vec<Transaction>, StoreError> {
    let mut found = Vec::new();
    for fork in view.forks(LEFT_BEHIND_DEPTH)? {
        let mut id = fork.id;
        // Bounded by the branch's own length; the shared part is never entered.
        for _ in fork.fork_height.get()..fork.height.get() {
            let Some(meta) = blocks::meta(view.rows(), &id)? else { break };
            if meta.status == BlockStatus::Valid {
                found.extend(blocks::transactions(view.rows(), &id)?.unwrap_or_default());
            }
            id = meta.parent;
        }
    }
    Ok(found)
}
