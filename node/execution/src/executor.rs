//! Execution, transaction by transaction.

use vibecoin_crypto::Hash;
use vibecoin_primitives::activity::REWARD_INDEX;
use vibecoin_primitives::state_key::{self, REWARD_RING};
use vibecoin_primitives::{Address, Amount, ChainSpec, Entry, EntryKind, Height, Receipt, Reward, encoding};
use vibecoin_storage::StateReader;

use crate::accounts::{Accounts, leaf};
use crate::env::{BlockEnv, TxRef};
use crate::error::ExecutionError;
use crate::outcome::{BlockOutcome, SupplyDelta};

/// Executes a block: credits the reward that matures, then the transactions in order, then leaves its own reward.
///
/// The state is only read; what to write is in the outcome.
///
/// # Errors
/// The first rule that a transaction breaks, or what kept the state from being read.
pub fn execute_block(
    reader: &dyn StateReader,
    spec: &ChainSpec,
    env: BlockEnv,
    transactions: &[TxRef<'_>],
) -> Result<BlockOutcome, ExecutionError> {
    let mut executor = BlockExecutor::new(reader, spec, env)?;
    executor.prefetch(transactions)?;
    for transaction in transactions {
        executor.apply(*transaction)?;
    }
    executor.finish()
}

/// A block in the making over the state of its parent.
pub struct BlockExecutor<'a> {
    accounts: Accounts<'a>,
    env: BlockEnv,
    block_gas: u64,
    gas_used: u64,
    tips: Amount,
    receipts: Vec<Receipt>,
    entries: Vec<(Address, Entry)>,
    matured: Option<Reward>,
}

impl<'a> BlockExecutor<'a> {
    /// Begins a block: what the ring holds for this height is credited, so that the block may spend it.
    ///
    /// # Errors
    /// Only [`ExecutionError`]s that blame ourselves.
    pub fn new(reader: &'a dyn StateReader, spec: &ChainSpec, env: BlockEnv) -> Result<Self, ExecutionError> {
        let mut executor = Self {
            accounts: Accounts::new(reader),
            env,
            block_gas: spec.block_gas,
            gas_used: 0,
            tips: Amount::ZERO,
            receipts: Vec::new(),
            entries: Vec::new(),
            matured: read_reward(reader, env.height)?,
        };
        if let Some(reward) = executor.matured {
            executor.credit(reward)?;
        }
        Ok(executor)
    }

    /// Reads the accounts of many transactions at once, in parallel. Optional.
    ///
    /// # Errors
    /// Only [`ExecutionError`]s that blame ourselves.
    pub fn prefetch(&mut self, transactions: &[TxRef<'_>]) -> Result<(), ExecutionError> {
        let both = |tx: &TxRef<'_>| [Some(tx.sender), tx.body.to];
        self.accounts.prefetch(transactions.iter().flat_map(both).flatten())
    }

    /// Gas that the next transaction may ask for.
    #[must_use]
    pub const fn gas_left(&self) -> u64 {
        self.block_gas - self.gas_used
    }

    /// Transactions applied so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.receipts.len()
    }

    /// True before the first transaction.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.receipts.is_empty()
    }

    /// Executes one transaction behind those before it. After an error nothing has changed, and another one may be
    /// tried.
    ///
    /// # Errors
    /// The rule that it breaks here.
    pub fn apply(&mut self, tx: TxRef<'_>) -> Result<&Receipt, ExecutionError> {
        let body = tx.body;
        let overflow = |what| ExecutionError::Overflow { what, height: self.env.height };
        let Some(recipient) = body.to else { return Err(ExecutionError::CreateUnsupported) };
        let needed = body.max_cost().ok_or(ExecutionError::CostAboveRange)?;
        let gas_used = body.intrinsic_gas();
        if gas_used > body.gas_limit || body.gas_price == 0 {
            return Err(ExecutionError::Unchecked { gas_limit: body.gas_limit, intrinsic: gas_used });
        }

        let mut sender = *self.accounts.get(tx.sender)?;
        if sender.has_code() {
            return Err(ExecutionError::SenderHasCode { sender: tx.sender });
        }
        if sender.nonce != body.nonce {
            return Err(ExecutionError::Nonce { nonce: body.nonce, expected: sender.nonce });
        }
        if sender.balance < needed {
            return Err(ExecutionError::Balance { balance: sender.balance, needed });
        }
        let gas_left = self.gas_left();
        if body.gas_limit > gas_left {
            return Err(ExecutionError::GasLeft { gas_limit: body.gas_limit, gas_left });
        }
        if self.accounts.get(recipient)?.has_code() {
            return Err(ExecutionError::CallUnsupported { recipient });
        }

        // Smaller than the largest fee, which fits.
        let fee = Amount::from_beats(gas_used).checked_mul(body.gas_price).ok_or(overflow("a fee"))?;
        let tip = fee.checked_sub(Amount::from_beats(gas_used)).ok_or(overflow("a tip"))?;
        let tips = self.tips.checked_add(tip).ok_or(overflow("the sum of tips"))?;
        let tx_index =
            u32::try_from(self.receipts.len()).map_err(|_| overflow("the number of transactions"))?;
        let paid = fee.checked_add(body.value).ok_or(overflow("a cost"))?;
        sender.balance = sender.balance.checked_sub(paid).ok_or(overflow("a cost"))?;
        sender.nonce = sender.nonce.checked_add(1).ok_or(overflow("a nonce"))?;
        let sent = sender.record(Entry {
            index: 0,
            height: self.env.height,
            tx_index,
            kind: EntryKind::Sent,
            counterparty: recipient,
            amount: body.value,
            fee,
            txid: tx.txid,
        });
        let received = if body.value.is_zero() {
            None
        } else {
            // To oneself, the money arrives where it left, after the entry that says so.
            let mut receiver = if recipient == tx.sender { sender } else { *self.accounts.get(recipient)? };
            receiver.balance = receiver.balance.checked_add(body.value).ok_or(overflow("a balance"))?;
            let entry = receiver.record(Entry {
                kind: EntryKind::Received,
                counterparty: tx.sender,
                fee: Amount::ZERO,
                ..sent
            });
            Some((receiver, entry))
        };

        // Nothing fails from here on.
        *self.accounts.get(tx.sender)? = sender;
        self.entries.push((tx.sender, sent));
        if let Some((receiver, entry)) = received {
            *self.accounts.get(recipient)? = receiver;
            self.entries.push((recipient, entry));
        }
        self.tips = tips;
        self.gas_used += gas_used;
        self.receipts.push(Receipt::transfer(gas_used));
        Ok(self.receipts.last().expect("it was pushed one line above"))
    }

    /// Ends the block: its reward goes into the ring, and what changed is put together.
    ///
    /// # Errors
    /// Only [`ExecutionError`]s that blame ourselves.
    pub fn finish(self) -> Result<BlockOutcome, ExecutionError> {
        let height = self.env.height;
        let overflow = |what| ExecutionError::Overflow { what, height };
        let amount = self.env.subsidy.checked_add(self.tips).ok_or(overflow("the reward"))?;
        let reward = Reward { height, beneficiary: self.env.beneficiary, amount };
        let burned = Amount::from_beats(self.gas_used);

        let changed = self.accounts.into_changed();
        let balances = changed
            .iter()
            .map(|(_, touched)| beats(touched.now.balance) - beats(touched.before.balance))
            .sum();
        let credited = self.matured.map_or(0, |reward| beats(reward.amount));
        let supply = SupplyDelta { balances, ring: beats(amount) - credited, burned };

        let mut changes = Vec::with_capacity(changed.len() + 1);
        let mut previous = Vec::with_capacity(changed.len() + 1);
        let ring_key = state_key::reward(height);
        let at = changed.partition_point(|(_, touched)| touched.key < ring_key);
        let mut accounts = Vec::with_capacity(changed.len());
        for (address, touched) in changed {
            changes.push((touched.key, leaf(&touched.now)));
            previous.push((touched.key, leaf(&touched.before)));
            accounts.push((address, touched.now));
        }
        changes.insert(at, (ring_key, Some(encoding::encode(&reward))));
        previous.insert(at, (ring_key, self.matured.as_ref().map(encoding::encode)));

        Ok(BlockOutcome {
            changes,
            previous,
            accounts,
            receipts: self.receipts,
            entries: self.entries,
            gas_used: self.gas_used,
            burned,
            matured: self.matured,
            reward,
            supply,
        })
    }

    fn credit(&mut self, reward: Reward) -> Result<(), ExecutionError> {
        let height = self.env.height;
        let account = self.accounts.get(reward.beneficiary)?;
        account.balance = account
            .balance
            .checked_add(reward.amount)
            .ok_or(ExecutionError::Overflow { what: "a balance", height })?;
        let entry = account.record(Entry {
            index: 0,
            height,
            tx_index: REWARD_INDEX,
            kind: EntryKind::MinedReward,
            counterparty: Address::ZERO,
            amount: reward.amount,
            fee: Amount::ZERO,
            txid: Hash::ZERO,
        });
        self.entries.push((reward.beneficiary, entry));
        Ok(())
    }
}

/// What the place of the ring that this height writes still holds: the reward of the block a ring's length below.
fn read_reward(reader: &dyn StateReader, height: Height) -> Result<Option<Reward>, ExecutionError> {
    let key = state_key::reward(height);
    let damaged = |what| ExecutionError::Damaged { key, what };
    let Some(bytes) = reader.get(&key)? else {
        return Ok(None);
    };
    let reward: Reward = encoding::decode(&bytes).map_err(|_| damaged("not the encoding of a reward"))?;
    if Some(reward.height) != height.checked_sub(REWARD_RING) {
        return Err(damaged("not the reward of the height that matures"));
    }
    Ok(Some(reward))
}

fn beats(amount: Amount) -> i128 {
    i128::from(amount.beats())
}
