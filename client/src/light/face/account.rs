//! Accounts and their proofs.

use vibecoin_consensus::light::Linked;
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Account, AddressPrefix, Amount, Height};
use vibecoin_rpc::ApiError;
use vibecoin_rpc::types::{AccountInfo, AddressText, Pending, StateProof};

use super::{LightFace, no_state};
use crate::light::Failure;
use crate::light::values::account::SLOTS_MAX;

impl LightFace {
    pub(super) fn prefix(&self) -> AddressPrefix {
        self.client.spec().address_prefix
    }

    /// The block whose state is asked for: the one that is believed, or one below it that is kept.
    fn state_block(&self, height: Option<Height>) -> Result<Linked, ApiError> {
        let unsynced = || ApiError::NotAvailable { reason: Failure::Unsynced.to_string() };
        let believed = self.client.believed().ok_or_else(unsynced)?;
        match height {
            None => Ok(believed),
            Some(height) if height > believed.header.height => Err(no_state(height)),
            Some(height) => self.client.header_at(height).ok_or_else(|| no_state(height)),
        }
    }

    pub(super) async fn account(
        &self,
        text: &AddressText,
        height: Option<Height>,
    ) -> Result<AccountInfo, ApiError> {
        let address = text.decode(self.prefix())?;
        let block = self.state_block(height)?;
        let (proven, newer) = tokio::join!(self.client.account_at(&block, &address, &[]), async {
            match height {
                None => self.client.account_unconfirmed(&address).await.ok(),
                Some(_) => None,
            }
        });
        let account = proven.map_err(|none| self.client.to_api(&none))?.account;
        let newer = newer.map_or(account, |(_, newer)| newer);
        Ok(AccountInfo {
            address: AddressText::new(&address, self.prefix()),
            height: block.header.height,
            block_id: block.id,
            balance: account.balance,
            nonce: account.nonce,
            code_hash: account.has_code().then_some(account.code_hash),
            activity_count: account.activity_count,
            activity_head: account.activity_head,
            activity_height: account.activity_height,
            // The reward ring is proven to nobody yet.
            maturing: Amount::ZERO,
            next_maturing: None,
            pending: pending(&account, &newer),
        })
    }

    pub(super) async fn proof(
        &self,
        text: &AddressText,
        slots: &[Hash],
        height: Option<Height>,
    ) -> Result<StateProof, ApiError> {
        if slots.len() > SLOTS_MAX {
            return Err(ApiError::InvalidParams { reason: format!("at most {SLOTS_MAX} slots at once") });
        }
        let address = text.decode(self.prefix())?;
        let block = self.state_block(height)?;
        let proven = self.client.account_at(&block, &address, slots).await;
        Ok(proven.map_err(|none| self.client.to_api(&none))?.answer)
    }
}

/// What the blocks above the believed one changed. It is not to be believed yet, so money that went is off already,
/// and money that came does not count.
fn pending(account: &Account, newer: &Account) -> Pending {
    Pending {
        count: newer.nonce.saturating_sub(account.nonce),
        outgoing: account.balance.saturating_sub(newer.balance),
        incoming: newer.balance.saturating_sub(account.balance),
        next_nonce: newer.nonce.max(account.nonce),
    }
}
