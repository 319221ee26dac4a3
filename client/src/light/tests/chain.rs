//! A chain with a ledger, mined at a difficulty that costs nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use vibecoin_consensus::light::{Linked, Record};
use vibecoin_consensus::poh::{self, Params};
use vibecoin_consensus::{Peaks, difficulty, genesis, pow};
use vibecoin_crypto::state_tree::{self, PLACEHOLDER, StateProof, Terminal};
use vibecoin_crypto::{Hash, SecretKey};
use vibecoin_primitives::block::{poh_record, poh_root, tx_root};
use vibecoin_primitives::*;

/// A fast private network that retargets.
pub(super) fn spec() -> ChainSpec {
    ChainSpec {
        chain_id: 999_999,
        half_life_ms: 30_000,
        easiest_bits: Bits::new(0x207f_ffff),
        genesis_bits: Bits::new(0x2001_ffff),
        min_delta_ms: 2,
        poh_ticks: 4,
        poh_hashes_per_tick: 4,
        genesis_time: Timestamp::new(1_700_000_000_000),
        genesis_allocation: (0..4)
            .map(|n| Allocation { address: address(n), amount: Amount::from_beats(1_000_000_000_000) })
            // Those of the mnemonic that everybody knows.
            .chain(Network::Devnet.spec().genesis_allocation)
            .collect(),
        ..Network::Devnet.spec()
    }
}

pub(super) fn key(n: u8) -> SecretKey {
    SecretKey::from_bytes(&[n + 1; 32])
}

pub(super) fn address(n: u8) -> Address {
    Address::of(&key(n).public_key())
}

/// A payment, signed.
pub(super) fn payment(from: u8, nonce: u64, to: Address, beats: u64, memo: &[u8]) -> Transaction {
    let mut body = TransactionBody {
        version: transaction::TRANSACTION_VERSION,
        chain_id: spec().chain_id,
        nonce,
        valid_until: 0,
        gas_limit: 0,
        gas_price: 20,
        to: Some(to),
        value: Amount::from_beats(beats),
        data: memo.to_vec(),
        public_key: key(from).public_key(),
    };
    body.gas_limit = body.intrinsic_gas();
    body.sign(&key(from))
}

/// What everybody has after a block.
#[derive(Clone, Default)]
pub(super) struct Ledger {
    pub(super) accounts: BTreeMap<Address, Account>,
    pub(super) entries: BTreeMap<Address, Vec<Entry>>,
    /// A slot of a contract, to be proven.
    pub(super) slots: BTreeMap<(Address, Hash), Hash>,
}

impl Ledger {
    fn rows(&self) -> Vec<(Hash, Vec<u8>)> {
        let accounts = self.accounts.iter().filter(|(_, account)| !account.is_absent());
        let accounts =
            accounts.map(|(address, account)| (state_key::account(address), encoding::encode(account)));
        let slots = self.slots.iter();
        let slots =
            slots.map(|((owner, slot), value)| (state_key::slot(owner, slot), value.as_bytes().to_vec()));
        let mut rows: Vec<_> = accounts.chain(slots).collect();
        rows.sort();
        rows
    }

    pub(super) fn root(&self) -> Hash {
        state_tree::root_of(&self.rows()).unwrap()
    }

    /// The proof for a key, as a node makes it.
    pub(super) fn prove(&self, key: &Hash) -> StateProof {
        let rows = self.rows();
        let leaf = |(key, value): &(Hash, Vec<u8>)| (*key, state_tree::value_hash(value));
        let leaves: Vec<(Hash, Hash)> = rows.iter().map(leaf).collect();
        let (mut part, mut siblings) = (leaves.as_slice(), Vec::new());
        while part.len() > 1 {
            let depth = siblings.len();
            let at = part.partition_point(|(key, _)| !state_tree::key_bit(key, depth));
            let (left, right) = part.split_at(at);
            let (mine, other) = if state_tree::key_bit(key, depth) { (right, left) } else { (left, right) };
            siblings.push(subtree(other, depth + 1));
            part = mine;
        }
        let terminal = match part {
            [] => Terminal::Empty,
            [(found, _)] if found == key => {
                Terminal::Value(rows.iter().find(|(known, _)| known == key).unwrap().1.clone())
            }
            [(other, value_hash), ..] => Terminal::Other { key: *other, value_hash: *value_hash },
        };
        StateProof::new(terminal, siblings).unwrap()
    }

    fn record(&mut self, whose: Address, entry: Entry) {
        let entry = self.accounts.entry(whose).or_default().record(entry);
        self.entries.entry(whose).or_default().push(entry);
    }

    fn apply(&mut self, height: Height, index: u32, transaction: &Transaction) {
        let (body, txid) = (&transaction.body, transaction.id());
        let (from, to) = (body.sender(), body.to.unwrap());
        let fee = body.max_fee().unwrap();
        let payer = self.accounts.entry(from).or_default();
        payer.nonce += 1;
        payer.balance = payer.balance.checked_sub(body.max_cost().unwrap()).unwrap();
        let entry = |kind, counterparty, fee| Entry {
            index: 0,
            height,
            tx_index: index,
            kind,
            counterparty,
            amount: body.value,
            fee,
            txid,
        };
        self.record(from, entry(EntryKind::Sent, to, fee));
        if !body.value.is_zero() {
            let payee = self.accounts.entry(to).or_default();
            payee.balance = payee.balance.checked_add(body.value).unwrap();
            self.record(to, entry(EntryKind::Received, from, Amount::ZERO));
        }
    }
}

fn subtree(leaves: &[(Hash, Hash)], depth: usize) -> Hash {
    match leaves {
        [] => PLACEHOLDER,
        [(key, value)] => state_tree::leaf_hash(key, value),
        _ => {
            let (left, right) =
                leaves.split_at(leaves.partition_point(|(key, _)| !state_tree::key_bit(key, depth)));
            state_tree::internal_hash(&subtree(left, depth + 1), &subtree(right, depth + 1))
        }
    }
}

/// A block with what it did.
pub(super) struct Made {
    pub(super) block: Block,
    pub(super) id: Hash,
    pub(super) header: Header,
    pub(super) leaf: vibecoin_consensus::Node,
    pub(super) ledger: Ledger,
}

/// A chain. Clones share their blocks.
#[derive(Clone)]
pub(super) struct Chain {
    pub(super) spec: ChainSpec,
    pub(super) made: Vec<Arc<Made>>,
}

impl Chain {
    pub(super) fn new() -> Self {
        let spec = spec();
        let block = genesis(&spec);
        let ledger = Ledger { accounts: genesis::accounts(&spec), ..Ledger::default() };
        assert_eq!(ledger.root(), block.content.state_root);
        let (header, id) = (block.header, block.id());
        let leaf = vibecoin_consensus::Node::leaf(&header, id).unwrap();
        Self { spec, made: vec![Arc::new(Made { block, id, header, leaf, ledger })] }
    }

    pub(super) fn tip(&self) -> &Made {
        self.made.last().unwrap()
    }

    pub(super) fn at(&self, height: u64) -> &Made {
        &self.made[height as usize]
    }

    pub(super) fn height(&self) -> u64 {
        self.made.len() as u64 - 1
    }

    pub(super) fn find(&self, id: &Hash) -> Option<&Made> {
        self.made.iter().find(|made| made.id == *id).map(Arc::as_ref)
    }

    pub(super) fn cut(&self, height: u64) -> Self {
        Self { spec: self.spec.clone(), made: self.made[..=height as usize].to_vec() }
    }

    /// The peaks over the headers below a height.
    pub(super) fn peaks_at(&self, height: u64) -> Peaks {
        let mut peaks = Peaks::new();
        self.made[..height as usize].iter().for_each(|made| drop(peaks.append(made.leaf).unwrap()));
        peaks
    }

    pub(super) fn work(&self) -> Work {
        self.peaks_at(self.made.len() as u64).work()
    }

    pub(super) fn records(&self, from: u64, until: u64) -> Vec<Record> {
        let range = self.made.iter().skip(from as usize).take(until.saturating_sub(from) as usize);
        range.map(|made| Record::of(&made.header)).collect()
    }

    /// Blocks at the network's pace, told apart by their miner.
    pub(super) fn grow(mut self, blocks: u64, miner: u8) -> Self {
        (0..blocks).for_each(|_| self.mine(self.spec.interval_ms, miner, &[]));
        self
    }

    pub(super) fn with(mut self, miner: u8, transactions: &[Transaction]) -> Self {
        self.mine(self.spec.interval_ms, miner, transactions);
        self
    }

    pub(super) fn mine(&mut self, delta_ms: u64, miner: u8, transactions: &[Transaction]) {
        self.mine_as(delta_ms, miner, transactions, |_, _, _| {});
    }

    /// One block more, whose ledger, content and ticks can be made false before its work is done.
    pub(super) fn mine_as(
        &mut self,
        delta_ms: u64,
        miner: u8,
        transactions: &[Transaction],
        change: impl FnOnce(&mut Ledger, &mut Content, &mut Vec<Hash>),
    ) {
        let parent = self.tip();
        let height = parent.header.height.next().unwrap();
        let mut ledger = parent.ledger.clone();
        for (index, transaction) in (0..).zip(transactions) {
            ledger.apply(height, index, transaction);
        }
        let mut ticks = poh::generate(Params::of(&self.spec), &parent.id);
        let root = tx_root(transactions);
        let gas_used = transactions.iter().map(|t| t.body.gas_limit).sum();
        let mut content = Content {
            parent_id: parent.id,
            state_root: Hash::ZERO,
            tx_root: root,
            receipts_root: block::receipts_root(&[]),
            poh_root: Hash::ZERO,
            poh_hash: poh_record(ticks.last().unwrap(), &root),
            beneficiary: Address::new([miner; 20]),
            gas_used,
            tx_count: transactions.len() as u32,
        };
        change(&mut ledger, &mut content, &mut ticks);
        if content.state_root.is_zero() {
            content.state_root = ledger.root();
        }
        content.poh_root = poh_root(&ticks);
        let before = self.peaks_at(height.get());
        let mut header = Header {
            history_root: before.root(),
            content_root: content.root(),
            version: 1,
            height,
            prev_time: parent.header.time,
            time: parent.header.time.checked_add(delta_ms).unwrap(),
            bits: difficulty::bits_at(&self.spec, height, parent.header.time),
            nonce: 0,
        };
        header.nonce = pow::search(&header, 0..1 << 24).unwrap().unwrap();
        let id = header.id();
        let leaf = vibecoin_consensus::Node::leaf(&header, id).unwrap();
        let block = Block { header, content, ticks, transactions: transactions.to_vec() };
        self.made.push(Arc::new(Made { block, id, header, leaf, ledger }));
    }

    /// The header at a height as the client knows it.
    pub(super) fn linked(&self, height: u64) -> Linked {
        let made = self.at(height);
        Linked { header: made.header, id: made.id, leaf: made.leaf }
    }
}

/// The first block of a chain.
pub(super) fn genesis_of(block: Block) -> Arc<Made> {
    let (header, id) = (block.header, block.id());
    let leaf = vibecoin_consensus::Node::leaf(&header, id).unwrap();
    Arc::new(Made { block, id, header, leaf, ledger: Ledger::default() })
}

/// The same block, said to have so many times its work.
pub(super) fn heavier(made: &Made, times: u128) -> Arc<Made> {
    let leaf = vibecoin_consensus::Node { work: Work::new(made.leaf.work.get() * times), ..made.leaf };
    let (block, ledger) = (made.block.clone(), made.ledger.clone());
    Arc::new(Made { block, id: made.id, header: made.header, leaf, ledger })
}
