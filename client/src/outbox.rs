//! What a wallet has sent and is not settled yet, kept in a file beside it.
//!
//! A payment is written here *before* it goes to the node. So a program that dies in between, or starts again,
//! knows every nonce that may be in use, and sends the same transaction again rather than a second one.
//!
//! Deliberately absent: the question to the node (see [`service`](crate::service)); here is only what it means.

use serde::{Deserialize, Serialize};
use vibecoin_crypto::{Hash, sha256};
use vibecoin_primitives::{Amount, Height, Timestamp, Transaction};
use vibecoin_rpc::types::{HexBytes, TxStatus};

use crate::files::{self, FileError};
use crate::payment::Purpose;
use crate::wallets::{WalletName, Wallets, WalletsError};

#[cfg(test)]
mod tests;

/// The file has at most this many bytes.
const OUTBOX_BYTES_MAX: u64 = 32 << 20;

/// Confirmations after which nothing more is asked about a payment.
pub const SETTLED_CONFIRMATIONS: u64 = 100;

/// Payments that are over and still kept; older ones are in the history of the chain.
const OVER_KEPT: usize = 100;

/// Payments of one account that may be on their way at once.
pub const IN_FLIGHT_MAX: usize = 64;

/// Why the outbox cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// The file is not what was written; it is left alone.
    #[error("the list of sent payments {path} cannot be read: line {line}, column {column}: {problem}")]
    Unreadable {
        /// The file.
        path: String,
        /// Where, counted from 1.
        line: usize,
        /// Where in the line.
        column: usize,
        /// What is wrong there.
        problem: String,
    },
    /// A transaction in it is none.
    #[error("the list of sent payments {path} holds a transaction that is none: {txid}")]
    Transaction {
        /// The file.
        path: String,
        /// The id it is listed under.
        txid: Hash,
    },
    /// What is noted about a payment is not what was written.
    #[error("the list of sent payments {path} is damaged: the checksum of {txid} does not fit")]
    Damaged {
        /// The file.
        path: String,
        /// The payment.
        txid: Hash,
    },
    /// The directory or its lock.
    #[error(transparent)]
    Wallets(#[from] WalletsError),
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// How far a payment is, as last heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Delivery {
    /// Signed, and on its way as far as is known.
    Waiting,
    /// In a block of the active chain.
    Mined {
        /// The block.
        height: Height,
    },
    /// No block can take it any more.
    Expired,
    /// Another transaction of the same nonce took its place; which, if it is one of ours or the node says so.
    Replaced {
        /// That one.
        by: Option<Hash>,
    },
    /// The node does not take it.
    Refused {
        /// In its words.
        reason: String,
    },
}

/// One payment that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The number of the account that pays.
    pub account: u32,
    /// What was signed.
    pub transaction: Transaction,
    /// When.
    pub time: Timestamp,
    /// What for.
    pub purpose: Purpose,
    /// How far it is.
    pub delivery: Delivery,
    /// True when nothing more can happen to it.
    pub settled: bool,
}

impl Sent {
    /// Its id.
    #[must_use]
    pub fn txid(&self) -> Hash {
        self.transaction.id()
    }

    /// Its place in the account's transactions.
    #[must_use]
    pub const fn nonce(&self) -> u64 {
        self.transaction.body.nonce
    }

    /// True while it may still be mined.
    #[must_use]
    pub const fn is_waiting(&self) -> bool {
        matches!(self.delivery, Delivery::Waiting)
    }
}

/// The sent payments of one wallet, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outbox {
    sent: Vec<Sent>,
}

/// An entry as the file has it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    txid: Hash,
    account: u32,
    time: Timestamp,
    purpose: Purpose,
    delivery: Delivery,
    settled: bool,
    transaction: HexBytes,
    /// Over the rest of the entry. Lists of earlier versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    checksum: Option<Hash>,
}

impl Written {
    /// The checksum that belongs to the entry.
    fn expected_checksum(&mut self) -> Hash {
        let written = self.checksum.take();
        let bytes = serde_json::to_vec(self).expect("plain values are written as JSON");
        self.checksum = written;
        sha256(&bytes)
    }
}

impl Outbox {
    /// Reads a wallet's outbox; one that is not there is empty.
    ///
    /// # Errors
    /// [`OutboxError::Unreadable`] and [`OutboxError::Transaction`] say where it is wrong.
    pub fn load(wallets: &Wallets, name: &WalletName) -> Result<Self, OutboxError> {
        let path = wallets.outbox_path(name);
        let bytes = match files::read(&path, OUTBOX_BYTES_MAX) {
            Err(FileError::Missing { .. }) => return Ok(Self::default()),
            read => read?,
        };
        let path = path.display().to_string();
        let written: Vec<Written> =
            serde_json::from_slice(&bytes).map_err(|error| OutboxError::Unreadable {
                path: path.clone(),
                line: error.line(),
                column: error.column(),
                problem: error.to_string(),
            })?;
        let read = |mut w: Written| {
            let transaction = Transaction::decode(w.transaction.as_bytes()).ok();
            let transaction = transaction
                .filter(|transaction| transaction.id() == w.txid)
                .ok_or(OutboxError::Transaction { path: path.clone(), txid: w.txid })?;
            let expected = w.expected_checksum();
            if w.checksum.is_some_and(|found| found != expected) {
                return Err(OutboxError::Damaged { path: path.clone(), txid: w.txid });
            }
            Ok(Sent {
                account: w.account,
                transaction,
                time: w.time,
                purpose: w.purpose,
                delivery: w.delivery,
                settled: w.settled,
            })
        };
        Ok(Self { sent: written.into_iter().map(read).collect::<Result<_, OutboxError>>()? })
    }

    /// Changes the outbox in its file, under the directory's lock.
    ///
    /// # Errors
    /// As [`load`](Self::load), and what `change` answers; the file then stays as it was.
    pub fn update<T, E: From<OutboxError>>(
        wallets: &Wallets,
        name: &WalletName,
        change: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<(T, Self), E> {
        let _lock = wallets.lock().map_err(OutboxError::from)?;
        let before = Self::load(wallets, name)?;
        let mut outbox = before.clone();
        let answer = change(&mut outbox)?;
        outbox.prune();
        if outbox != before {
            outbox.store(wallets, name)?;
        }
        Ok((answer, outbox))
    }

    /// All of them, oldest first.
    #[must_use]
    pub fn sent(&self) -> &[Sent] {
        &self.sent
    }

    /// The one with this id.
    #[must_use]
    pub fn find(&self, txid: &Hash) -> Option<&Sent> {
        self.sent.iter().find(|sent| sent.txid() == *txid)
    }

    /// Those of an account that may still be mined, oldest first.
    pub fn waiting(&self, account: u32) -> impl Iterator<Item = &Sent> {
        self.sent.iter().filter(move |sent| sent.account == account && sent.is_waiting())
    }

    /// The nonce for a new transaction of an account: the first from `next` on that no payment has, be it on its
    /// way or in a block that the node had not seen when it said `next`, its pool counted. A nonce that an expired
    /// payment left free comes first.
    #[must_use]
    pub fn next_nonce(&self, account: u32, next: u64) -> u64 {
        let has_one = |sent: &&Sent| matches!(sent.delivery, Delivery::Waiting | Delivery::Mined { .. });
        let own = || self.sent.iter().filter(|sent| sent.account == account).filter(has_one);
        let taken = |nonce: &u64| own().any(|sent| sent.nonce() == *nonce);
        (next..=u64::MAX).find(|nonce| !taken(nonce)).unwrap_or(next)
    }

    /// What the payments take away that the node does not count yet, because its pool has not got them: those
    /// from the pool's next nonce on.
    #[must_use]
    pub fn uncounted(&self, account: u32, pool_next: u64) -> Amount {
        let beyond = self.waiting(account).filter(|sent| sent.nonce() >= pool_next);
        let costs = beyond.map(|sent| sent.transaction.body.max_cost().unwrap_or(Amount::MAX));
        Amount::checked_sum(costs).unwrap_or(Amount::MAX)
    }

    /// Appends what has been signed.
    pub fn push(&mut self, sent: Sent) {
        self.sent.push(sent);
    }

    /// Forgets what was never sent.
    pub fn remove(&mut self, txid: &Hash) {
        self.sent.retain(|sent| sent.txid() != *txid);
    }

    /// Notes how far a payment is. When it has a nonce for good, its rivals have lost it for good.
    pub fn note(&mut self, txid: &Hash, delivery: Delivery, settled: bool) {
        let Some(at) = self.sent.iter().position(|sent| sent.txid() == *txid) else { return };
        let Some((account, nonce)) = self.sent.get(at).map(|sent| (sent.account, sent.nonce())) else {
            return;
        };
        let mined = matches!(delivery, Delivery::Mined { .. });
        for (place, sent) in self.sent.iter_mut().enumerate() {
            if place == at {
                sent.delivery = delivery.clone();
                sent.settled |= settled;
            } else if mined && sent.account == account && sent.nonce() == nonce {
                sent.delivery = Delivery::Replaced { by: Some(*txid) };
                sent.settled |= settled;
            }
        }
    }

    /// Forgets the oldest of those that nothing is expected of any more.
    fn prune(&mut self) {
        let over = |sent: &Sent| {
            sent.settled || !matches!(sent.delivery, Delivery::Waiting | Delivery::Mined { .. })
        };
        let count = self.sent.iter().filter(|sent| over(sent)).count();
        let mut surplus = count.saturating_sub(OVER_KEPT);
        self.sent.retain(|sent| {
            let goes = over(sent) && surplus > 0;
            surplus = surplus.saturating_sub(usize::from(goes));
            !goes
        });
    }

    fn store(&self, wallets: &Wallets, name: &WalletName) -> Result<(), OutboxError> {
        let written: Vec<Written> = self
            .sent
            .iter()
            .map(|sent| {
                let mut written = Written {
                    txid: sent.txid(),
                    account: sent.account,
                    time: sent.time,
                    purpose: sent.purpose,
                    delivery: sent.delivery.clone(),
                    settled: sent.settled,
                    transaction: HexBytes::from(sent.transaction.encode()),
                    checksum: None,
                };
                written.checksum = Some(written.expected_checksum());
                written
            })
            .collect();
        let bytes = serde_json::to_vec_pretty(&written).expect("plain values are written as JSON");
        Ok(files::replace(&wallets.outbox_path(name), &bytes)?)
    }
}

/// What is to be done about a payment after the node has said where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Note this, and whether it is for good.
    Note(Delivery, bool),
    /// Send the same transaction again: it may still be mined, and the node has not got it.
    SendAgain,
}

/// What the node's answer means for a payment, given the account's nonce in blocks and the height of the tip.
#[must_use]
pub fn judge(sent: &Sent, status: &TxStatus, account_nonce: u64, tip: Height) -> Verdict {
    let body = &sent.transaction.body;
    let dead = tip.next().is_some_and(|next| body.is_expired_at(next));
    let given_up = !matches!(sent.delivery, Delivery::Waiting | Delivery::Mined { .. });
    let nonce_used = account_nonce > body.nonce;
    // Nothing more is asked once a block has its nonce, and this was seen twice: what was mined between the two
    // questions to the node is found the second time. Or once it is long past its last height.
    let long_dead = dead && tip.get() >= body.valid_until.saturating_add(SETTLED_CONFIRMATIONS);
    let over = |delivery| Verdict::Note(delivery, (given_up && nonce_used) || long_dead);
    match status {
        TxStatus::Pending { .. } => Verdict::Note(Delivery::Waiting, false),
        TxStatus::Mined { height, confirmations, .. } => {
            Verdict::Note(Delivery::Mined { height: *height }, *confirmations >= SETTLED_CONFIRMATIONS)
        }
        TxStatus::Replaced { by } => over(Delivery::Replaced { by: Some(*by) }),
        TxStatus::Expired { dead: true } => over(Delivery::Expired),
        // What was given up is not sent again.
        TxStatus::Expired { dead: false } | TxStatus::Unknown if given_up => over(sent.delivery.clone()),
        TxStatus::Expired { dead: false } | TxStatus::Unknown if dead => over(Delivery::Expired),
        // Another transaction has its nonce in a block.
        TxStatus::Expired { dead: false } | TxStatus::Unknown if nonce_used => {
            over(Delivery::Replaced { by: None })
        }
        TxStatus::Expired { dead: false } | TxStatus::Unknown => Verdict::SendAgain,
    }
}
