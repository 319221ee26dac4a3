//! Accounts: `state_account`, `state_proof`, `account_history`.

use std::sync::Arc;
use std::time::Duration;

use vibecoin_chain::View;
use vibecoin_crypto::Hash;
use vibecoin_primitives::state_key::{self, REWARD_RING};
use vibecoin_primitives::{
    Account, Address, Amount, Entry, Height, Reward, Timestamp, Transaction, encoding,
};
use vibecoin_rpc::types::*;
use vibecoin_rpc::{ApiError, Subject};
use vibecoin_storage::state::StateView;
use vibecoin_storage::{KeyValueRead, StateReader, StoreError, activity, blocks};

use super::{Core, convert};

/// Entries of one page, unless told otherwise.
const PAGE: u32 = 50;
/// The most entries of one page.
const PAGE_MAX: u32 = 1_000;
/// How often the pool is asked again when it stands on another block than the chain.
const PATIENCE: u32 = 20;
/// How long to wait in between.
const PAUSE: Duration = Duration::from_millis(2);
/// The most slots of one proof.
const SLOTS_MAX: usize = 256;

type State = StateView<Arc<dyn KeyValueRead>>;

impl Core {
    pub(super) async fn account(
        self: &Arc<Self>,
        address: AddressText,
        height: Option<Height>,
    ) -> Result<AccountInfo, ApiError> {
        let address = address.decode(self.prefix())?;
        if height.is_some() {
            return self
                .read(move |core, view| core.account_in(view, &address, height, Pending::default()))
                .await;
        }
        let mut patience = PATIENCE;
        loop {
            let (pending, next) = self.pending(address).await?;
            let account = self.read(move |core, view| core.account_in(view, &address, None, pending)).await?;
            // A block is on the disk a moment before the pool hears of it. Money that moved would count twice then.
            if patience == 0 || account.height.next() == Some(next) {
                return Ok(account);
            }
            patience -= 1;
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn account_in(
        &self,
        view: &View,
        address: &Address,
        height: Option<Height>,
        mut pending: Pending,
    ) -> Result<AccountInfo, ApiError> {
        let (height, block_id, state) = self.state(view, height)?;
        let account = state.account(address).map_err(convert::store)?;
        let (maturing, next_maturing) = maturing(&state, address, height)?;
        pending.next_nonce = pending.next_nonce.max(account.nonce);
        Ok(AccountInfo {
            address: self.text(address),
            height,
            block_id,
            balance: account.balance,
            nonce: account.nonce,
            code_hash: account.has_code().then_some(account.code_hash),
            activity_count: account.activity_count,
            activity_head: account.activity_head,
            activity_height: account.activity_height,
            maturing,
            next_maturing,
            pending,
        })
    }

    /// What the pool holds for an account, and the height of the block that it is for.
    async fn pending(&self, address: Address) -> Result<(Pending, Height), ApiError> {
        let tip = self.tip_height();
        let reading = move |pool: &vibecoin_mempool::Mempool| {
            let incoming = pool
                .iter()
                .filter(|tx| tx.sender() != address && tx.transaction().body.to == Some(address))
                .map(|tx| tx.transaction().body.value);
            let pending = Pending {
                count: pool.of_sender(&address).count() as u64,
                outgoing: pool.pending_cost(&address),
                incoming: Amount::checked_sum(incoming).unwrap_or(Amount::MAX),
                next_nonce: pool.next_nonce(&address).unwrap_or_default(),
            };
            (pending, pool.next_height())
        };
        self.pool.read(reading).await.map_err(|error| convert::submit(error, tip))
    }

    /// The state after the tip, or after the active block at `height`.
    fn state(&self, view: &View, height: Option<Height>) -> Result<(Height, Hash, State), ApiError> {
        let tip = view.tip();
        let Some(height) = height.filter(|height| *height != tip.height()) else {
            return Ok((tip.height(), tip.id(), view.state().map_err(convert::store)?));
        };
        let id = self.find(view, BlockRef::Height(height))?;
        let state = view.state_at(height).map_err(convert::store)?;
        let kept = || {
            ApiError::not_found(Subject::State, format!("after height {height}, which is not kept any more,"))
        };
        Ok((height, id, state.ok_or_else(kept)?))
    }

    pub(super) fn proof(
        &self,
        view: &View,
        address: &AddressText,
        slots: &[Hash],
        height: Option<Height>,
    ) -> Result<StateProof, ApiError> {
        if slots.len() > SLOTS_MAX {
            return Err(ApiError::InvalidParams { reason: format!("at most {SLOTS_MAX} slots at once") });
        }
        let address = address.decode(self.prefix())?;
        let (height, block_id, state) = self.state(view, height)?;
        let prove = |key| {
            let proof = state.prove(&key).map_err(convert::store)?;
            Ok::<_, ApiError>(HexBytes::from(encoding::encode(&proof)))
        };
        let account: Account = state.account(&address).map_err(convert::store)?;
        let slots = slots.iter().map(|slot| {
            let value = state.slot(&address, slot).map_err(convert::store)?;
            let proof = prove(state_key::slot(&address, slot))?;
            Ok(SlotProof { slot: *slot, value: (!value.is_zero()).then_some(value), proof })
        });
        Ok(StateProof {
            height,
            block_id,
            state_root: state.root(),
            address: self.text(&address),
            account: (!account.is_absent()).then(|| HexBytes::from(encoding::encode(&account))),
            proof: prove(state_key::account(&address))?,
            slots: slots.collect::<Result<_, ApiError>>()?,
        })
    }

    pub(super) fn history(
        &self,
        view: &View,
        address: &AddressText,
        before: Option<u64>,
        limit: Option<u32>,
    ) -> Result<HistoryPage, ApiError> {
        let address = address.decode(self.prefix())?;
        let limit = limit.unwrap_or(PAGE).clamp(1, PAGE_MAX);
        let (height, block_id, state) = self.state(view, None)?;
        let account = state.account(&address).map_err(convert::store)?;
        let found =
            activity::newest_first(view.rows(), &address, before, limit as usize).map_err(convert::store)?;
        let is_cut =
            found.is_empty() && before.unwrap_or(account.activity_count).min(account.activity_count) > 0;
        if is_cut && let Some(assumed) = view.assumed().map_err(convert::store)? {
            // What came before is not nothing: it is not here yet.
            let what = format!("1 to {}, whose history is still to come,", assumed.height);
            return Err(ApiError::not_found(Subject::Body, what));
        }
        let mut block = None;
        let entries: Vec<EntryInfo> =
            found.iter().map(|entry| self.entry(view, entry, &mut block)).collect::<Result<_, ApiError>>()?;
        let next_before = entries.last().map(|entry| entry.index).filter(|index| *index > 0);
        Ok(HistoryPage {
            height,
            block_id,
            count: account.activity_count,
            head: account.activity_head,
            entries,
            next_before,
        })
    }

    /// An entry with its block's time and its transaction's memo. `block` keeps what was read for the entry before:
    /// neighbours are often of one block.
    fn entry(
        &self,
        view: &View,
        entry: &Entry,
        block: &mut Option<ReadBlock>,
    ) -> Result<EntryInfo, ApiError> {
        if block.as_ref().is_none_or(|block| block.height != entry.height) {
            *block = ReadBlock::load(view, entry.height).map_err(convert::store)?;
        }
        let of_block = block.as_ref();
        let memo = of_block.filter(|_| !entry.txid.is_zero()).and_then(|block| {
            let transaction = block.transactions.get(entry.tx_index as usize)?;
            Some(transaction.body.data.clone()).filter(|memo| !memo.is_empty())
        });
        Ok(EntryInfo::new(entry, self.prefix(), of_block.map(|block| block.time), memo))
    }
}

/// What entries of one block have in common.
struct ReadBlock {
    height: Height,
    time: Timestamp,
    transactions: Vec<Transaction>,
}

impl ReadBlock {
    fn load(view: &View, height: Height) -> Result<Option<Self>, StoreError> {
        let Some(id) = view.id_at(height)? else { return Ok(None) };
        let Some(header) = blocks::header(view.rows(), &id)? else { return Ok(None) };
        let transactions = blocks::transactions(view.rows(), &id)?.unwrap_or_default();
        Ok(Some(Self { height, time: header.time, transactions }))
    }
}

/// What the reward ring holds for an account after the block at `tip`, and what of it comes first.
fn maturing(state: &State, address: &Address, tip: Height) -> Result<(Amount, Option<Maturing>), ApiError> {
    let mut sum = Amount::ZERO;
    let mut next: Option<Reward> = None;
    let oldest = tip.get().saturating_sub(REWARD_RING - 1).max(1);
    for earned in oldest..=tip.get() {
        let height = Height::new(earned);
        let Some(reward) = state.reward(height).map_err(convert::store)? else { continue };
        if reward.height == height && reward.beneficiary == *address {
            sum = sum.checked_add(reward.amount).unwrap_or(Amount::MAX);
            next = next.or(Some(reward));
        }
    }
    let credited = |reward: Reward| Maturing {
        height: reward.height.checked_add(REWARD_RING).unwrap_or(reward.height),
        amount: reward.amount,
    };
    Ok((sum, next.map(credited)))
}
