//! From a wish to a transaction in the pool.

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Address, Timestamp, Transaction};
use vibecoin_rpc::ApiError;
use vibecoin_rpc::types::HexBytes;

use super::{Backing, WalletService};
use crate::error::WalletError;
use crate::keystore::AccountInfo;
use crate::lookalike;
use crate::offline;
use crate::outbox::{Delivery, IN_FLIGHT_MAX, Outbox, Sent};
use crate::payment::{self, FeeChoice, PaymentRequest, Purpose, Review, Standing, Warning};

impl WalletService {
    /// Works out what a payment would do. Nothing is signed, kept or sent.
    ///
    /// # Errors
    /// [`WalletError::Payment`] above all; [`crate::keystore::KeystoreError::NoAccount`], and what the node answers.
    pub async fn prepare(&self, request: &PaymentRequest) -> Result<Review, WalletError> {
        let account = self.vault.account(request.from)?;
        self.review(&account, |standing| payment::plan(request, standing)).await
    }

    /// Works out the same payment for a higher price.
    ///
    /// # Errors
    /// [`WalletError::NoPayment`], [`WalletError::NotWaiting`], and as [`prepare`](Self::prepare).
    pub async fn speed_up(&self, txid: &Hash, fee: FeeChoice) -> Result<Review, WalletError> {
        let (account, old) = self.replaceable(txid).await?;
        self.review(&account, |standing| payment::speed_up(&old, fee, standing)).await
    }

    /// Works out a transaction that does nothing and takes the place of a payment.
    ///
    /// # Errors
    /// As [`speed_up`](Self::speed_up).
    pub async fn cancel(&self, txid: &Hash, fee: FeeChoice) -> Result<Review, WalletError> {
        let (account, old) = self.replaceable(txid).await?;
        self.review(&account, |standing| payment::cancel(&old, fee, standing)).await
    }

    /// Signs what was reviewed, keeps it and gives it to the node.
    ///
    /// It is kept before it is given away. If the node refuses it, it is forgotten again; if the node does not
    /// answer, it stays, and is sent again when the node does.
    ///
    /// # Errors
    /// [`WalletError::Locked`], [`WalletError::Uncertain`] when nobody knows whether it was sent, else what the
    /// node answers.
    pub async fn send(&self, review: &Review, now: Timestamp) -> Result<Sent, WalletError> {
        let (vault, review) = (self.vault.clone(), review.clone());
        let sent = self
            .update_outbox(move |outbox| {
                let mut body = review.body.clone();
                place(outbox, &review, &mut body.nonce)?;
                let transaction = vault.sign(body, now)?;
                let (account, purpose) = (review.account, review.purpose);
                let delivery = Delivery::Waiting;
                let sent = Sent { account, transaction, time: now, purpose, delivery, settled: false };
                outbox.push(sent.clone());
                Ok(sent)
            })
            .await?;
        self.deliver(sent).await
    }

    /// Gives the node a transaction that was signed elsewhere. If it is one of the open wallet's, it is tracked
    /// like any other.
    ///
    /// # Errors
    /// [`WalletError::Offline`] when it is no transaction of this network with a good signature, and as
    /// [`send`](Self::send).
    pub async fn broadcast(&self, signed: &str, now: Timestamp) -> Result<Hash, WalletError> {
        let transaction = offline::decode_signed(signed, self.vault.network())?;
        let txid = transaction.id();
        let sender = transaction.body.sender();
        let ours = self.vault.opened().ok().and_then(|opened| {
            opened.accounts.into_iter().find(|account| account.address == sender).map(|account| account.index)
        });
        let Some(account) = ours else {
            self.node.tx_submit(HexBytes::from(transaction.encode())).await?;
            return Ok(txid);
        };
        let purpose = Purpose::Payment;
        let delivery = Delivery::Waiting;
        let sent = Sent { account, transaction, time: now, purpose, delivery, settled: false };
        let kept = sent.clone();
        self.update_outbox(move |outbox| {
            if outbox.find(&txid).is_none() {
                outbox.push(kept);
            }
            Ok(())
        })
        .await?;
        self.deliver(sent).await.map(|_| txid)
    }

    async fn deliver(&self, sent: Sent) -> Result<Sent, WalletError> {
        let txid = sent.txid();
        let encoded = HexBytes::from(sent.transaction.encode());
        let mut answer = self.node.tx_submit(encoded.clone()).await;
        if let Err(ApiError::NonceGap { .. }) = answer {
            // The node has lost an earlier payment that is still kept here.
            self.track().await?;
            answer = self.node.tx_submit(encoded).await;
        }
        match answer {
            Ok(accepted) => {
                let replaced = accepted.replaced.or(sent.purpose.replaces());
                if let Some(old) = replaced {
                    let delivery = Delivery::Replaced { by: Some(txid) };
                    self.update_outbox(move |outbox| {
                        outbox.note(&old, delivery, false);
                        Ok(())
                    })
                    .await?;
                }
                Ok(sent)
            }
            Err(source) if source.is_unreachable() => Err(WalletError::Uncertain { txid, source }),
            Err(refused) => {
                // A remote node may refuse and pass it on all the same, so what was signed is not forgotten there.
                let kept = (self.backing == Backing::Proven).then(|| refused.to_string());
                self.update_outbox(move |outbox| {
                    match kept {
                        Some(reason) => outbox.note(&txid, Delivery::Refused { reason }, false),
                        None => outbox.remove(&txid),
                    }
                    Ok(())
                })
                .await?;
                Err(refused.into())
            }
        }
    }

    async fn review(
        &self,
        account: &AccountInfo,
        plan: impl FnOnce(&Standing<'_>) -> Result<Review, payment::PaymentError>,
    ) -> Result<Review, WalletError> {
        let mut outbox = self.outbox().await?;
        if outbox.waiting(account.index).next().is_some() {
            // One that has died meanwhile gives its nonce back, and its money.
            self.track().await?;
            outbox = self.outbox().await?;
        }
        let prices = self.fees().await?;
        let ((tip, _), balance) = self.ask(account, &outbox).await?;
        let mut review = plan(&Standing {
            chain_id: self.vault.network().chain_id,
            account,
            spendable: balance.spendable,
            maturing: balance.maturing,
            nonce: balance.next_nonce,
            tip,
            prices,
        })?;
        self.recognise(&mut review, &outbox)?;
        Ok(review)
    }

    /// Says who the recipient is, or whom they resemble.
    fn recognise(&self, review: &mut Review, outbox: &Outbox) -> Result<(), WalletError> {
        let book = self.vault.book()?;
        let accounts = self.vault.opened()?.accounts;
        let own = accounts.iter().map(|account| (own_name(account), account.address));
        let contacts = book.contacts().map(|(name, address)| (name.to_owned(), *address));
        let named: Vec<(String, Address)> = contacts.chain(own).collect();
        let paid = outbox.sent().iter().filter_map(|sent| sent.transaction.body.to);
        let all: Vec<(String, Address)> = named
            .iter()
            .cloned()
            .chain(paid.map(|to| ("an address that was paid before".to_owned(), to)))
            .collect();
        review.to_name =
            named.iter().find(|(_, address)| *address == review.to).map(|(name, _)| name.clone());
        let known = all.iter().map(|(name, address)| (name.as_str(), address));
        if let Some(found) = lookalike::find(&review.to, known, self.vault.network().prefix) {
            review.warnings.insert(0, Warning::LookAlike(found));
        }
        Ok(())
    }

    /// The account and the transaction of a payment that can still be replaced.
    async fn replaceable(&self, txid: &Hash) -> Result<(AccountInfo, Transaction), WalletError> {
        self.track().await?;
        let outbox = self.outbox().await?;
        let sent = outbox.find(txid).ok_or(WalletError::NoPayment(*txid))?;
        if !sent.is_waiting() {
            return Err(WalletError::NotWaiting(*txid));
        }
        Ok((self.vault.account(sent.account)?, sent.transaction.clone()))
    }
}

/// What one of the wallet's own accounts is called in a review.
fn own_name(account: &AccountInfo) -> String {
    if account.label.is_empty() { format!("own account {}", account.index) } else { account.label.clone() }
}

/// Finds the place of a reviewed payment among those on their way. A payment moves to a free nonce if another
/// program has taken the reviewed one meanwhile; a replacement cannot move.
fn place(outbox: &Outbox, review: &Review, nonce: &mut u64) -> Result<(), WalletError> {
    match review.purpose.replaces() {
        Some(old) => {
            let sent = outbox.find(&old).ok_or(WalletError::NoPayment(old))?;
            if sent.is_waiting() { Ok(()) } else { Err(WalletError::NotWaiting(old)) }
        }
        None if outbox.waiting(review.account).count() >= IN_FLIGHT_MAX => {
            Err(WalletError::TooManyInFlight(IN_FLIGHT_MAX))
        }
        None => {
            *nonce = outbox.next_nonce(review.account, *nonce);
            Ok(())
        }
    }
}
