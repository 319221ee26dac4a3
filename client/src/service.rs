//! A wallet at work: the vault's keys, a node's answers, and the payments in between.
//!
//! A [`WalletService`] is made of a [`Vault`] and any face of a node ([`NodeApi`], in the same process or behind a
//! wire). All that screens and command line do with money goes through it. What it says about money is marked with
//! what stands behind it: the user's own node, or the proven block at which the light client's face answered.
//!
//! Deliberately absent: a clock (the time comes with every call that needs one) and a loop of its own (whoever
//! shows something asks when a tip changes).

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::try_join_all;
use tokio::sync::Mutex;
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Address, Height, Timestamp};
use vibecoin_rpc::NodeApi;
use vibecoin_rpc::types::FeePrices;

use crate::balance::{AccountBalance, Balances};
use crate::error::WalletError;
use crate::history::chain::CheckedChain;
use crate::keystore::{AccountInfo, KeystoreError};
use crate::light::face::LightFace;
use crate::outbox::Outbox;
use crate::trusted::{Trusted, TrustedBy};
use crate::vault::{Vault, blocking};

mod history;
mod send;
mod track;

#[cfg(test)]
mod tests;

/// Accounts in a row without any activity, after which a restored wallet looks no further.
pub const DISCOVERY_GAP: u32 = 20;

/// What stands behind the answers of a wallet's node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Backing {
    /// It is the user's own.
    Own,
    /// It is the face of a light client: each answer names the proven block that it was held against.
    Proven,
}

/// See the module. Shared by reference: every method takes `&self`.
pub struct WalletService {
    vault: Arc<Vault>,
    node: Arc<dyn NodeApi>,
    backing: Backing,
    /// Checked histories by address.
    chains: Mutex<HashMap<Address, CheckedChain>>,
}

impl WalletService {
    /// The wallets of a vault over the user's own node.
    #[must_use]
    pub fn new(vault: Arc<Vault>, node: Arc<dyn NodeApi>) -> Self {
        Self { vault, node, backing: Backing::Own, chains: Mutex::new(HashMap::new()) }
    }

    /// The wallets of a vault over a light client.
    #[must_use]
    pub fn light(vault: Arc<Vault>, face: Arc<LightFace>) -> Self {
        Self { vault, node: face, backing: Backing::Proven, chains: Mutex::new(HashMap::new()) }
    }

    /// A value with what stands behind it, if it was answered for this block.
    const fn marked<T>(&self, value: T, height: Height, id: Hash) -> Trusted<T> {
        match self.backing {
            Backing::Own => Trusted::own(value),
            Backing::Proven => Trusted { value, by: TrustedBy::Proven { height, id } },
        }
    }

    /// The keys' owner.
    #[must_use]
    pub const fn vault(&self) -> &Arc<Vault> {
        &self.vault
    }

    /// The node.
    #[must_use]
    pub const fn node(&self) -> &Arc<dyn NodeApi> {
        &self.node
    }

    /// Asks the node whether it is of the wallet's network. Once after attaching is enough.
    ///
    /// # Errors
    /// [`WalletError::AnotherNetwork`], and what the node answers.
    pub async fn check_network(&self) -> Result<(), WalletError> {
        let found = self.node.node_info().await?.chain_id;
        let expected = self.vault.network().chain_id;
        if found == expected { Ok(()) } else { Err(WalletError::AnotherNetwork { found, expected }) }
    }

    /// The prices that the node's pool suggests.
    ///
    /// # Errors
    /// What the node answers.
    pub async fn fees(&self) -> Result<FeePrices, WalletError> {
        Ok(self.node.tx_fees().await?)
    }

    /// What every account of the open wallet has.
    ///
    /// # Errors
    /// [`WalletError::NotOpen`], and what the node answers.
    pub async fn balances(&self) -> Result<Trusted<Balances>, WalletError> {
        let opened = self.vault.opened()?;
        let outbox = self.outbox().await?;
        let answers = try_join_all(opened.accounts.iter().map(|account| self.ask(account, &outbox))).await?;
        let (height, id) = answers.iter().map(|(at, _)| *at).min().unwrap_or_default();
        let accounts = answers.into_iter().map(|(_, balance)| balance).collect();
        Ok(self.marked(Balances { height, accounts }, height, id))
    }

    /// Looks for accounts that were used before, and adds them: the first account without any activity for
    /// `gap` numbers ends the search. Answers those that were added.
    ///
    /// # Errors
    /// [`WalletError::Locked`], and what the node answers; what was found before stays added.
    pub async fn discover(&self, gap: u32, now: Timestamp) -> Result<Vec<AccountInfo>, WalletError> {
        let known: Vec<u32> = self.vault.opened()?.accounts.iter().map(|account| account.index).collect();
        let nothing = Outbox::default();
        let (mut added, mut unused, mut index) = (Vec::new(), 0_u32, 0_u32);
        while unused < gap {
            let account = self.candidate(index, now)?;
            if self.ask(&account, &nothing).await?.1.is_used() {
                unused = 0;
                if !known.contains(&index) {
                    added.push(self.vault.add_account(Some(index), "", now).await?);
                }
            } else {
                unused = unused.saturating_add(1);
            }
            index = index.checked_add(1).ok_or(KeystoreError::TooManyAccounts)?;
        }
        Ok(added)
    }

    fn candidate(&self, index: u32, now: Timestamp) -> Result<AccountInfo, WalletError> {
        let key = self.vault.public_key(index, now)?;
        let address = Address::of(&key);
        Ok(AccountInfo { index, address, public_key: Some(key), label: String::new() })
    }

    /// What the node says of one account, and after which block.
    async fn ask(
        &self,
        account: &AccountInfo,
        outbox: &Outbox,
    ) -> Result<((Height, Hash), AccountBalance), WalletError> {
        let text = self.vault.network().text(&account.address);
        let answer = self.node.state_account(text, None).await?;
        Ok(((answer.height, answer.block_id), AccountBalance::of(account, &answer, outbox)))
    }

    /// The sent payments of the open wallet, as the file has them.
    ///
    /// # Errors
    /// [`WalletError::NotOpen`], and as [`Outbox::load`].
    pub async fn outbox(&self) -> Result<Outbox, WalletError> {
        let (wallets, name) = (self.vault.wallets().clone(), self.vault.opened()?.name);
        blocking(move || Outbox::load(&wallets, &name)).await
    }

    /// Changes the sent payments of the open wallet in their file.
    async fn update_outbox<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Outbox) -> Result<T, WalletError> + Send + 'static,
    ) -> Result<T, WalletError> {
        let (wallets, name) = (self.vault.wallets().clone(), self.vault.opened()?.name);
        Ok(blocking(move || Outbox::update(&wallets, &name, change)).await?.0)
    }
}
