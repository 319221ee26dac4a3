//! Accounts and storage slots, proven against the state of a block.
//!
//! Whether an account is a contract, and the hash of its code, is part of the account. Deliberately absent: the code
//! itself, for which nodes have no method.

use std::sync::Arc;

use vibecoin_consensus::light::Linked;
use vibecoin_crypto::Hash;
use vibecoin_crypto::state_tree::StateProof as TreeProof;
use vibecoin_primitives::{Account, Address, Height, encoding, state_key};
use vibecoin_rpc::types::{AddressText, HexBytes, StateProof};

use super::{Failure, LightClient, NoValue, Route, unsynced};
use crate::light::ask;
use crate::light::server::HttpServer;
use crate::trusted::{Trusted, TrustedBy};

/// Slots that are asked for at once; the most that a node gives.
pub const SLOTS_MAX: usize = 256;

/// An account and slots of it, proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenAccount {
    /// The account; one that is absent is all zeros.
    pub account: Account,
    /// The values of the slots, in the order in which they were asked for; zero if absent.
    pub slots: Vec<Hash>,
    /// The answer that proves it.
    pub answer: StateProof,
}

impl LightClient {
    /// What an address has in the state that is believed.
    ///
    /// # Errors
    /// [`NoValue`].
    pub async fn account(&self, address: &Address) -> Result<Trusted<Account>, NoValue> {
        let block = self.believed_block()?;
        let proven = self.account_at(&block, address, &[]).await?;
        let by = TrustedBy::Proven { height: block.header.height, id: block.id };
        Ok(Trusted { value: proven.account, by })
    }

    /// What an address has after the newest block. Not to be believed: one made-up block could show anything.
    ///
    /// # Errors
    /// [`NoValue`].
    pub async fn account_unconfirmed(&self, address: &Address) -> Result<(Height, Account), NoValue> {
        let head = self.head().ok_or_else(unsynced)?;
        let tip = self.header_at(head.height()).ok_or_else(unsynced)?;
        Ok((head.height(), self.account_at(&tip, address, &[]).await?.account))
    }

    /// What an address has after a proven block, with slots of it (at most [`SLOTS_MAX`]).
    ///
    /// # Errors
    /// [`NoValue`].
    pub async fn account_at(
        &self,
        block: &Linked,
        address: &Address,
        slots: &[Hash],
    ) -> Result<ProvenAccount, NoValue> {
        let block = *block;
        let asked = self.value(Route::Address(address), block.header.height, |server| {
            self.prove_account(server, block, *address, slots)
        });
        Ok(asked.await?.value)
    }

    async fn prove_account(
        &self,
        server: Arc<HttpServer>,
        block: Linked,
        address: Address,
        slots: &[Hash],
    ) -> Result<ProvenAccount, Failure> {
        let text = AddressText::new(&address, self.spec.address_prefix);
        let wanted = Some(slots).filter(|slots| !slots.is_empty());
        let question = (text, wanted, block.header.height);
        // Both at once: a balance takes one round trip.
        let (content, answer) = tokio::join!(
            self.content_from(Arc::clone(&server), block),
            ask::call::<StateProof>(&server, "state_proof", &question),
        );
        let (root, answer) = (content?.state_root, answer?);
        // At this height it has another block: it is on another branch, or behind.
        if answer.block_id != block.id {
            return Err(Failure::NotThere);
        }
        let account = value_of(&answer.proof, &root, &state_key::account(&address))?;
        if account != answer.account.as_ref().map(|bytes| bytes.as_bytes().to_vec()) {
            return Err(Failure::Contradiction);
        }
        let account = match account {
            Some(bytes) => encoding::decode(&bytes).map_err(|_| Failure::Form("account"))?,
            None => Account::default(),
        };
        let values = slots_of(&answer, &root, &address, slots)?;
        Ok(ProvenAccount { account, slots: values, answer })
    }
}

/// The proven values of slots.
fn slots_of(
    answer: &StateProof,
    root: &Hash,
    address: &Address,
    slots: &[Hash],
) -> Result<Vec<Hash>, Failure> {
    if answer.slots.len() != slots.len() {
        return Err(Failure::Contradiction);
    }
    let values = answer.slots.iter().zip(slots).map(|(proof, slot)| {
        let value = value_of(&proof.proof, root, &state_key::slot(address, slot))?;
        let value = match value {
            Some(bytes) => {
                let bytes: [u8; 32] = bytes.try_into().map_err(|_| Failure::Form("slot"))?;
                Some(Hash::new(bytes))
            }
            None => None,
        };
        if value == proof.value && *slot == proof.slot {
            Ok(value.unwrap_or_default())
        } else {
            Err(Failure::Contradiction)
        }
    });
    values.collect()
}

/// What a proof shows for a key: its value, or that it has none.
fn value_of(proof: &HexBytes, root: &Hash, key: &Hash) -> Result<Option<Vec<u8>>, Failure> {
    let proof: TreeProof = encoding::decode(proof.as_bytes()).map_err(|_| Failure::Form("proof"))?;
    Ok(proof.verify(root, key)?.map(<[u8]>::to_vec))
}
