//! What a wallet has: to spend, on its way, and maturing.

use vibecoin_primitives::{Address, Amount, Height};
use vibecoin_rpc::types::{AccountInfo as Answer, Maturing};

use crate::keystore::AccountInfo;
use crate::outbox::Outbox;

/// The money of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountBalance {
    /// The account's number.
    pub account: u32,
    /// Its address.
    pub address: Address,
    /// What it is called.
    pub label: String,
    /// What can be spent now: what is on its way out is off already.
    pub spendable: Amount,
    /// Mined and not yet credited.
    pub maturing: Amount,
    /// The next of it.
    pub next_maturing: Option<Maturing>,
    /// On its way in, in no block yet.
    pub incoming: Amount,
    /// On its way out, with the largest fees, in no block yet.
    pub outgoing: Amount,
    /// The nonce of its next transaction.
    pub next_nonce: u64,
    /// Its transactions in blocks.
    pub nonce: u64,
    /// Entries of its activity chain.
    pub activity_count: u64,
}

/// The money of a wallet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Balances {
    /// The least height that an answer was given for.
    pub height: Height,
    /// Account by account, by number.
    pub accounts: Vec<AccountBalance>,
}

impl AccountBalance {
    /// What the node and the outbox together say of an account.
    #[must_use]
    pub fn of(account: &AccountInfo, answer: &Answer, outbox: &Outbox) -> Self {
        let pool_next = answer.pending.next_nonce.max(answer.nonce);
        let uncounted = outbox.uncounted(account.index, pool_next);
        let outgoing = answer.pending.outgoing.checked_add(uncounted).unwrap_or(Amount::MAX);
        Self {
            account: account.index,
            address: account.address,
            label: account.label.clone(),
            spendable: answer.balance.saturating_sub(outgoing),
            maturing: answer.maturing,
            next_maturing: answer.next_maturing.clone(),
            incoming: answer.pending.incoming,
            outgoing,
            next_nonce: outbox.next_nonce(account.index, pool_next),
            nonce: answer.nonce,
            activity_count: answer.activity_count,
        }
    }

    /// True if anything has ever happened to the address.
    #[must_use]
    pub fn is_used(&self) -> bool {
        let money = [self.spendable, self.maturing, self.incoming, self.outgoing];
        self.activity_count > 0 || self.nonce > 0 || money.iter().any(|amount| !amount.is_zero())
    }
}

impl Balances {
    /// What can be spent now, of all accounts.
    #[must_use]
    pub fn spendable(&self) -> Amount {
        self.sum(|account| account.spendable)
    }

    /// What is maturing, of all accounts.
    #[must_use]
    pub fn maturing(&self) -> Amount {
        self.sum(|account| account.maturing)
    }

    /// What is on its way in, of all accounts.
    #[must_use]
    pub fn incoming(&self) -> Amount {
        self.sum(|account| account.incoming)
    }

    /// What is on its way out, of all accounts.
    #[must_use]
    pub fn outgoing(&self) -> Amount {
        self.sum(|account| account.outgoing)
    }

    /// The next reward that is credited to any account.
    #[must_use]
    pub fn next_maturing(&self) -> Option<&Maturing> {
        self.accounts
            .iter()
            .filter_map(|account| account.next_maturing.as_ref())
            .min_by_key(|next| next.height)
    }

    /// The account of this number.
    #[must_use]
    pub fn account(&self, index: u32) -> Option<&AccountBalance> {
        self.accounts.iter().find(|account| account.account == index)
    }

    fn sum(&self, part: impl Fn(&AccountBalance) -> Amount) -> Amount {
        // All money there is fits one amount, so only a node that lies could make this overflow.
        Amount::checked_sum(self.accounts.iter().map(part)).unwrap_or(Amount::MAX)
    }
}
