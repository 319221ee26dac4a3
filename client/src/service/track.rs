//! Where the payments are.

use std::collections::BTreeMap;

use futures_util::StreamExt;
use vibecoin_crypto::Hash;
use vibecoin_primitives::{EntryKind, Height};
use vibecoin_rpc::ApiError;
use vibecoin_rpc::types::{HexBytes, TxStatus};

use super::{Backing, WalletService};
use crate::error::WalletError;
use crate::history::Tracked;
use crate::outbox::{Delivery, Sent, Verdict, judge};

impl WalletService {
    /// Asks the node about every payment that is not settled, notes what it says, and sends again what it has
    /// lost. Answers those payments with what the node says of them, newest first.
    ///
    /// # Errors
    /// [`WalletError::NotOpen`], and what the node answers.
    pub async fn track(&self) -> Result<Vec<Tracked>, WalletError> {
        let outbox = self.outbox().await?;
        let mut standings: BTreeMap<u32, (u64, Height)> = BTreeMap::new();
        let mut tracked = Vec::new();
        let mut notes = Vec::new();
        for sent in outbox.sent().iter().filter(|sent| !sent.settled) {
            let txid = sent.txid();
            // The status first: if the transaction is mined in between, the account's nonce is the later one,
            // and the next call sees it in its block.
            let mut status = self.node.tx_status(txid).await?;
            let (nonce, tip) = match standings.get(&sent.account) {
                Some(known) => *known,
                None => *standings.entry(sent.account).or_insert(self.standing(sent).await?),
            };
            if nonce > sent.nonce()
                && !matches!(status, TxStatus::Mined { .. })
                && let Some(mined) = self.find_in_history(sent, tip).await?
            {
                status = mined;
            }
            let noted = match judge(sent, &status, nonce, tip) {
                Verdict::Note(delivery, settled) => (delivery, settled),
                Verdict::SendAgain => {
                    let delivery = self.send_again(sent).await?;
                    status = self.node.tx_status(txid).await?;
                    (delivery, false)
                }
            };
            let mut sent = sent.clone();
            (sent.delivery, sent.settled) = noted.clone();
            notes.push((txid, noted));
            tracked.push(Tracked { sent, status });
        }
        if !notes.is_empty() {
            self.update_outbox(move |outbox| {
                // What was mined comes last, so that it has the last word over its rivals.
                let (mined, others): (Vec<_>, Vec<_>) = notes
                    .into_iter()
                    .partition(|(_, (delivery, _))| matches!(delivery, Delivery::Mined { .. }));
                for (txid, (delivery, settled)) in others.into_iter().chain(mined) {
                    outbox.note(&txid, delivery, settled);
                }
                Ok(())
            })
            .await?;
        }
        tracked.reverse();
        Ok(tracked)
    }

    /// Waits until a transaction has that many confirmations, and answers where it is then. 0: until the node has
    /// it at all.
    ///
    /// # Errors
    /// [`WalletError::NotMined`] when it never will be, and what the node answers.
    pub async fn wait(&self, txid: &Hash, confirmations: u64) -> Result<TxStatus, WalletError> {
        let mut tips = self.node.chain_subscribe_tip().await?;
        loop {
            let status = self.node.tx_status(*txid).await?;
            let never = |reason: String| Err(WalletError::NotMined { txid: *txid, reason });
            match &status {
                TxStatus::Mined { confirmations: has, .. } if *has >= confirmations => return Ok(status),
                TxStatus::Pending { .. } if confirmations == 0 => return Ok(status),
                TxStatus::Expired { dead: true } => return never("no block may take it any more".to_owned()),
                TxStatus::Replaced { by } => return never(format!("{by} took its place")),
                TxStatus::Mined { .. }
                | TxStatus::Pending { .. }
                | TxStatus::Expired { dead: false }
                | TxStatus::Unknown => {}
            }
            if tips.next().await.is_none() {
                tips = self.node.chain_subscribe_tip().await?;
            }
        }
    }

    /// Where the account's history has a payment whose nonce is used, though the node does not show it in its block.
    /// The history is checked to be complete, so a payment that is not in it was not mined.
    async fn find_in_history(&self, sent: &Sent, tip: Height) -> Result<Option<TxStatus>, WalletError> {
        let (txid, address) = (sent.txid(), sent.transaction.body.sender());
        let mut chains = self.chains.lock().await;
        let chain = chains.entry(address).or_default();
        let whose = (sent.account, &address);
        chain.catch_up(self.node.as_ref(), self.vault.network(), whose, &mut |_| {}).await?;
        let Some(entry) = chain.recent().map(|item| item.entry).find(|entry| entry.txid == txid) else {
            return Ok(None);
        };
        let block = self.node.chain_header(entry.height.into()).await;
        Ok(Some(TxStatus::Mined {
            height: entry.height,
            id: block.map(|block| block.id).unwrap_or_default(),
            position: entry.tx_index,
            confirmations: tip.saturating_since(entry.height).saturating_add(1),
            succeeded: entry.kind != EntryKind::Failed,
        }))
    }

    /// The account's nonce in blocks, and the tip.
    async fn standing(&self, sent: &Sent) -> Result<(u64, Height), WalletError> {
        let sender = sent.transaction.body.sender();
        let answer = self.node.state_account(self.vault.network().text(&sender), None).await?;
        Ok((answer.nonce, answer.height))
    }

    /// Gives the node a payment that it has lost, or never had.
    async fn send_again(&self, sent: &Sent) -> Result<Delivery, WalletError> {
        match self.node.tx_submit(HexBytes::from(sent.transaction.encode())).await {
            Ok(_) => Ok(Delivery::Waiting),
            Err(error) if error.is_unreachable() => Err(error.into()),
            // That it is dead is for the proven chain to show: a remote node may keep back the block that has it.
            Err(_) if self.backing == Backing::Proven => Ok(Delivery::Waiting),
            Err(ApiError::NonceUsed { .. }) => Ok(Delivery::Replaced { by: None }),
            Err(ApiError::Expired { .. }) => Ok(Delivery::Expired),
            Err(refused @ ApiError::TxRefused { .. }) => {
                Ok(Delivery::Refused { reason: refused.to_string() })
            }
            // No room, too low a price for now, money that is not there yet: later it may be taken.
            Err(_) => Ok(Delivery::Waiting),
        }
    }
}
