//! Accounts: `state_account`, `state_proof`, `account_history`.

use std::sync::Arc;

use vibecoin_chain::View;
use vibecoin_primitives::state_key::{self, REWARD_RING};
use vibecoin_primitives::{Account, Address, Amount, Height, Reward, encoding};
use vibecoin_rpc::types::*;
use vibecoin_rpc::{ApiError, Subject};
use vibecoin_storage::state::StateView;
use vibecoin_storage::{KeyValueRead, StateReader, activity, blocks};

use super::{Core, convert};

/// Entries of one page, unless told otherwise.
const PAGE: u32 = 50;
/// The most entries of one page.
const PAGE_MAX: u32 = 1_000;
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
        let pending = if height.is_none() { Some(self.pending(address).await?) } else { None };
        self.read(move |core, view| core.account_in(view, &address, height, pending)).await
    }

    fn account_in(
        &self,
        view: &View,
        address: &Address,
        height: Option<Height>,
        pending: Option<Pending>,
    ) -> Result<AccountInfo, ApiError> {
        let (height, block_id, state) = self.state(view, height)?;
        let account = state.account(address).map_err(convert::store)?;
        let (maturing, next_maturing) = maturing(&state, address, height)?;
        let mut pending = pending.unwrap_or_default();
        // The pool may be a block behind or ahead of this snapshot.
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

    /// What the pool holds for an account.
    async fn pending(&self, address: Address) -> Result<Pending, ApiError> {
        let next = self.tip_height();
        let reading = move |pool: &vibecoin_mempool::Mempool| {
            let incoming = pool
                .iter()
                .filter(|tx| tx.sender() != address && tx.transaction().body.to == Some(address))
                .map(|tx| tx.transaction().body.value);
            Pending {
                count: pool.of_sender(&address).count() as u64,
                outgoing: pool.pending_cost(&address),
                incoming: Amount::checked_sum(incoming).unwrap_or(Amount::MAX),
                next_nonce: pool.next_nonce(&address).unwrap_or_default(),
            }
        };
        self.pool.read(reading).await.map_err(|error| convert::submit(error, next))
    }

    /// The state after the tip, or after the active block at `height`.
    fn state(
        &self,
        view: &View,
        height: Option<Height>,
    ) -> Result<(Height, vibecoin_crypto::Hash, State), ApiError> {
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
        slots: &[vibecoin_crypto::Hash],
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
        let entries: Vec<EntryInfo> =
            found.iter().map(|entry| self.entry(view, entry)).collect::<Result<_, ApiError>>()?;
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

    /// An entry with its block's time and its transaction's memo.
    fn entry(&self, view: &View, entry: &vibecoin_primitives::Entry) -> Result<EntryInfo, ApiError> {
        let id = view.id_at(entry.height).map_err(convert::store)?;
        let time = match &id {
            Some(id) => blocks::header(view.rows(), id).map_err(convert::store)?.map(|header| header.time),
            None => None,
        };
        let memo = match &id {
            Some(id) if !entry.txid.is_zero() => {
                let all = blocks::transactions(view.rows(), id).map_err(convert::store)?.unwrap_or_default();
                all.into_iter().nth(entry.tx_index as usize).map(|transaction| transaction.body.data)
            }
            _ => None,
        };
        Ok(EntryInfo::new(entry, self.prefix(), time, memo.filter(|memo| !memo.is_empty())))
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
