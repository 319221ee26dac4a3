//! The ledger of the model: accounts in a map, each with the whole list of what ever happened to it, from which its
//! chain is hashed anew whenever it is asked for; and the state root from all leaves at once.
//!
//! Deliberately absent: contracts, because no block that creates or calls one is valid yet.

use std::collections::BTreeMap;

use vibecoin_primitives::ChainSpec;

use super::bytes::{Address, Block, Hash, Transaction, sha256, tagged};
use super::rules::Rule;

/// Blocks until a reward may be spent.
const MATURITY: u64 = 100;
const SENT: u8 = 0;
const RECEIVED: u8 = 1;
const MINED: u8 = 2;

/// One thing that happened to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub height: u64,
    pub tx_index: u32,
    pub kind: u8,
    pub counterparty: Address,
    pub amount: u64,
    pub fee: u64,
    pub txid: Hash,
}

impl Entry {
    pub fn bytes(&self, index: u64) -> Vec<u8> {
        let mut bytes = index.to_le_bytes().to_vec();
        bytes.extend(self.height.to_le_bytes());
        bytes.extend(self.tx_index.to_le_bytes());
        bytes.push(self.kind);
        bytes.extend(self.counterparty);
        bytes.extend(self.amount.to_le_bytes());
        bytes.extend(self.fee.to_le_bytes());
        bytes.extend(self.txid);
        bytes
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    pub nonce: u64,
    pub balance: u64,
    pub entries: Vec<Entry>,
}

impl Account {
    /// The head of its chain, hashed from the beginning.
    pub fn head(&self) -> Hash {
        (0..)
            .zip(&self.entries)
            .fold([0; 32], |head, (index, entry)| tagged("vibe/activity/v1", &[&head, &entry.bytes(index)]))
    }

    /// The height of its newest entry.
    pub fn height(&self) -> u64 {
        self.entries.last().map_or(0, |entry| entry.height)
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.nonce.to_le_bytes().to_vec();
        bytes.extend(self.balance.to_le_bytes());
        bytes.extend([0; 32]); // No code.
        bytes.extend((self.entries.len() as u64).to_le_bytes());
        bytes.extend(self.head());
        bytes.extend(self.height().to_le_bytes());
        bytes
    }
}

/// What a block earned, until it matures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reward {
    pub height: u64,
    pub beneficiary: Address,
    pub amount: u64,
}

/// What a block claims about its execution.
#[derive(Debug)]
pub struct Results {
    pub gas_used: u64,
    pub receipts: Vec<Vec<u8>>,
}

/// Everything that the state holds after a block, and where all money is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    pub accounts: BTreeMap<Address, Account>,
    /// By place, the height of the block modulo 100.
    pub ring: BTreeMap<u64, Reward>,
    pub allocated: u128,
    pub minted: u128,
    pub burned: u128,
}

impl Ledger {
    pub fn genesis(spec: &ChainSpec) -> Self {
        let rows = spec.genesis_allocation.iter();
        let accounts: BTreeMap<Address, Account> = rows
            .map(|row| {
                let account = Account { balance: row.amount.beats(), ..Account::default() };
                (*row.address.as_bytes(), account)
            })
            .collect();
        let allocated = accounts.values().map(|account| u128::from(account.balance)).sum();
        Self { accounts, ring: BTreeMap::new(), allocated, minted: 0, burned: 0 }
    }

    /// The ledger after a block on this one.
    pub fn after(&self, spec: &ChainSpec, block: &Block) -> Result<(Self, Results), Rule> {
        let mut next = self.clone();
        let height = block.header.height;
        next.credit_matured(height);
        let (mut gas_used, mut tips, mut receipts) = (0, 0, Vec::new());
        for (index, transaction) in (0..).zip(&block.transactions) {
            let gas = next.pay(spec, height, index, transaction, spec.block_gas - gas_used)?;
            gas_used += gas;
            tips += gas * (transaction.gas_price - 1);
            // Done, the gas, no contract, no logs.
            receipts.push([&[1][..], &gas.to_le_bytes(), &[0], &[0; 4]].concat());
        }
        next.burned += u128::from(gas_used);
        let minted = subsidy(height);
        next.minted += u128::from(minted);
        let reward = Reward { height, beneficiary: block.content.beneficiary, amount: minted + tips };
        next.ring.insert(height % MATURITY, reward);
        assert!(next.is_balanced(), "the model has lost money at {height}");
        Ok((next, Results { gas_used, receipts }))
    }

    fn credit_matured(&mut self, height: u64) {
        let Some(reward) = self.ring.remove(&(height % MATURITY)) else { return };
        assert_eq!(reward.height + MATURITY, height, "the ring goes round once in a hundred blocks");
        let account = self.accounts.entry(reward.beneficiary).or_default();
        account.balance += reward.amount;
        account.entries.push(Entry {
            height,
            tx_index: u32::MAX,
            kind: MINED,
            counterparty: [0; 20],
            amount: reward.amount,
            fee: 0,
            txid: [0; 32],
        });
    }

    /// Carries out one payment and says what gas it used.
    fn pay(
        &mut self,
        spec: &ChainSpec,
        height: u64,
        tx_index: u32,
        transaction: &Transaction,
        gas_left: u64,
    ) -> Result<u64, Rule> {
        let from = transaction.sender();
        let sender = self.accounts.get(&from).cloned().unwrap_or_default();
        if sender.nonce != transaction.nonce {
            return Err("EXE-2");
        }
        let most = u128::from(transaction.gas_limit) * u128::from(transaction.gas_price)
            + u128::from(transaction.value);
        if u128::from(sender.balance) < most {
            return Err("EXE-3");
        }
        if transaction.gas_limit > gas_left {
            return Err("EXE-4");
        }
        let to = transaction.to.expect("creates were refused before");
        let gas = transaction.intrinsic_gas();
        assert!(gas <= spec.block_gas && gas <= transaction.gas_limit, "checked before");
        let fee = gas * transaction.gas_price;
        let entry = Entry {
            height,
            tx_index,
            kind: SENT,
            counterparty: to,
            amount: transaction.value,
            fee,
            txid: transaction.txid,
        };
        let sender = self.accounts.entry(from).or_default();
        sender.nonce += 1;
        sender.balance -= transaction.value + fee;
        sender.entries.push(entry.clone());
        if transaction.value > 0 {
            let receiver = self.accounts.entry(to).or_default();
            receiver.balance += transaction.value;
            receiver.entries.push(Entry { kind: RECEIVED, counterparty: from, fee: 0, ..entry });
        }
        Ok(gas)
    }

    pub fn balances(&self) -> u128 {
        self.accounts.values().map(|account| u128::from(account.balance)).sum()
    }

    pub fn maturing(&self) -> u128 {
        self.ring.values().map(|reward| u128::from(reward.amount)).sum()
    }

    fn is_balanced(&self) -> bool {
        self.balances() + self.maturing() + self.burned == self.allocated + self.minted
    }

    /// Every leaf of the state: its key and its value.
    pub fn leaves(&self) -> BTreeMap<Hash, Vec<u8>> {
        let accounts = self
            .accounts
            .iter()
            .filter(|(_, account)| **account != Account::default())
            .map(|(address, account)| (tagged("vibe/state/account", &[address]), account.bytes()));
        let ring = self.ring.iter().map(|(place, reward)| {
            let mut value = reward.height.to_le_bytes().to_vec();
            value.extend(reward.beneficiary);
            value.extend(reward.amount.to_le_bytes());
            (tagged("vibe/state/reward", &[&place.to_le_bytes()]), value)
        });
        accounts.chain(ring).collect()
    }

    pub fn root(&self) -> Hash {
        root_of(&self.leaves().into_iter().collect::<Vec<_>>(), 0)
    }
}

/// The root of the leaves, ascending by key, that share their first `depth` bits.
pub fn root_of(leaves: &[(Hash, Vec<u8>)], depth: usize) -> Hash {
    match leaves {
        [] => *b"SPARSE_MERKLE_PLACEHOLDER_HASH__",
        [(key, value)] => sha256(&[b"JMT::LeafNode", key, &sha256(&[value])]),
        _ => {
            let is_right = |leaf: &(Hash, Vec<u8>)| leaf.0[depth / 8] >> (7 - depth % 8) & 1 == 1;
            let split = leaves.iter().position(is_right).unwrap_or(leaves.len());
            let (left, right) = leaves.split_at(split);
            sha256(&[b"JMT::IntrnalNode", &root_of(left, depth + 1), &root_of(right, depth + 1)])
        }
    }
}

/// What a block mints, in beats.
pub fn subsidy(height: u64) -> u64 {
    match (height, height.saturating_sub(1) / 25_000_000) {
        (0, _) => 0,
        (_, era @ 0..64) => (2_000_000_000 >> era).max(62_500_000),
        _ => 62_500_000,
    }
}
