//! For development: `dev_mine`, `dev_faucet`, `dev_warp`, `dev_snapshot`, `dev_revert`.

use std::sync::Arc;

use vibecoin_chain::Clock;
use vibecoin_primitives::transaction::TRANSFER_GAS;
use vibecoin_primitives::{Address, Amount};
use vibecoin_rpc::types::*;
use vibecoin_rpc::{ApiError, Subject};
use vibecoin_storage::StateReader;

use super::{Core, convert};
use crate::dev::{TEST_ACCOUNTS, test_key, transfer};

/// The most blocks of one `dev_mine`.
const BLOCKS_MAX: u32 = 10_000;
/// How far ahead the clock may be moved in all: a hundred years. A block at the end of time has no child, and the
/// chain would be stuck on it for good.
const AHEAD_MAX_MS: u64 = 100 * 365 * 86_400_000;

impl Core {
    pub(super) async fn dev_mine(
        &self,
        blocks: u32,
        beneficiary: Option<AddressText>,
    ) -> Result<DevMined, ApiError> {
        self.check_dev()?;
        if blocks > BLOCKS_MAX {
            return Err(ApiError::InvalidParams { reason: format!("at most {BLOCKS_MAX} blocks at once") });
        }
        let given = self.decode(beneficiary)?.or(self.miner.view().beneficiary);
        // Somebody must be paid; an account that everybody has is as good as nobody.
        let paid = given.unwrap_or_else(|| Address::of(&test_key(0).public_key()));
        let blocks = self.miner.mine_now(Some(paid), blocks).await.map_err(convert::miner)?;
        Ok(DevMined { blocks, tip: self.tip() })
    }

    pub(super) async fn dev_faucet(
        self: &Arc<Self>,
        address: AddressText,
        amount: Amount,
    ) -> Result<TxAccepted, ApiError> {
        self.check_dev()?;
        let to = address.decode(self.prefix())?;
        // One at a time, so that no nonce is used twice.
        let _turn = self.faucet.lock().await;
        let price = self.fees().await?.blocks_1;
        let fee = Amount::from_beats(TRANSFER_GAS).checked_mul(price).unwrap_or(Amount::MAX);
        let needed = amount.checked_add(fee).unwrap_or(Amount::MAX);
        let mut richest = Amount::ZERO;
        for number in 0..TEST_ACCOUNTS {
            let key = test_key(number);
            let account = Address::of(&key.public_key());
            let (spent, next) = self
                .pool
                .read(move |pool| (pool.pending_cost(&account), pool.next_nonce(&account)))
                .await
                .map_err(|error| convert::submit(error, self.tip_height()))?;
            let held = self
                .read(move |_, view| {
                    view.state().and_then(|state| state.account(&account)).map_err(convert::store)
                })
                .await?;
            let available = held.balance.saturating_sub(spent);
            richest = richest.max(available);
            if available < needed || account == to {
                continue;
            }
            let nonce = next.unwrap_or(held.nonce).max(held.nonce);
            return self.submit(transfer(self.spec(), &key, nonce, price, to, amount)).await;
        }
        Err(ApiError::InsufficientFunds { rule: "faucet".to_owned(), needed, available: richest })
    }

    pub(super) fn dev_warp(&self, ms: u64) -> Result<DevClock, ApiError> {
        self.check_dev()?;
        if self.clock.offset_ms().saturating_add(ms) > AHEAD_MAX_MS {
            let reason = format!("the clock may be at most {AHEAD_MAX_MS} ms ahead in all");
            return Err(ApiError::InvalidParams { reason });
        }
        self.clock.warp(ms);
        tracing::info!(ms, "the clock of this process was moved");
        Ok(DevClock { offset_ms: self.clock.offset_ms(), time: self.clock.now() })
    }

    pub(super) fn dev_snapshot(&self) -> Result<DevSnapshot, ApiError> {
        self.check_dev()?;
        let tip = self.tip();
        let snapshot = self.snapshots.take(tip.height, tip.id);
        Ok(DevSnapshot { snapshot: snapshot.number, tip })
    }

    pub(super) async fn dev_revert(self: &Arc<Self>, number: Option<u64>) -> Result<Tip, ApiError> {
        self.check_dev()?;
        let key = || number.map_or_else(|| "(any)".to_owned(), |number| number.to_string());
        let snapshot =
            self.snapshots.find(number).ok_or_else(|| ApiError::not_found(Subject::Snapshot, key()))?;
        // The miner must not extend what is taken away.
        let was_running = self.miner.view().running;
        self.miner.stop().await.map_err(convert::miner)?;
        let active = self.read(move |_, view| view.id_at(snapshot.height).map_err(convert::store)).await;
        let reverted = match active {
            Ok(Some(id)) if id == snapshot.id => {
                let blocks = self.tip_height().saturating_since(snapshot.height);
                self.chain.rewind(blocks).await.map(|_| ()).map_err(convert::service)
            }
            Ok(_) => Err(ApiError::not_found(Subject::Snapshot, format!("{} on the active chain", key()))),
            Err(error) => Err(error),
        };
        if was_running {
            self.miner.start(None, None).await.map_err(convert::miner)?;
        }
        reverted?;
        self.snapshots.forget_after(snapshot.number);
        Ok(self.tip())
    }
}
