//! A node in a few lines: accounts, a pool, blocks that hold everything, and faults on demand.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use futures_util::StreamExt;
use tokio::sync::watch;
use vibecoin_crypto::Hash;
use vibecoin_primitives::{
    Account, Address, AddressPrefix, Amount, Bits, Entry, EntryKind, Height, Timestamp, Transaction, Work,
};
use vibecoin_rpc::types::*;
use vibecoin_rpc::{ApiError, ApiStream, NodeApi};

use crate::keystore::AccountInfo as OwnAccount;

pub const PREFIX: AddressPrefix = AddressPrefix::DEVNET;
pub const CHAIN_ID: u32 = 84_232;

#[derive(Clone, Default)]
pub struct Ledger {
    pub height: u64,
    pub accounts: HashMap<Address, Account>,
    pub entries: HashMap<Address, Vec<Entry>>,
    pub mined: HashMap<Hash, (u64, Transaction)>,
}

#[derive(Default)]
pub struct State {
    pub ledger: Ledger,
    pub pool: BTreeMap<(Address, u64), Transaction>,
    pub replaced: HashMap<Hash, Hash>,
    pub expired: Vec<Hash>,
    /// Takes what is submitted and then does not answer.
    pub answer_lost: bool,
    /// Refuses what is submitted.
    pub refuses: Option<ApiError>,
    /// Alters this entry of every history.
    pub lies_about: Option<u64>,
    pub pages: usize,
}

pub struct FakeNode {
    state: Mutex<State>,
    tip: watch::Sender<u64>,
}

impl Ledger {
    fn record(
        &mut self,
        whose: Address,
        kind: EntryKind,
        other: Address,
        amount: Amount,
        fee: u64,
        txid: Hash,
    ) {
        let entry = Entry {
            index: 0,
            height: Height::new(self.height),
            tx_index: if txid.is_zero() { u32::MAX } else { 0 },
            kind,
            counterparty: other,
            amount,
            fee: Amount::from_beats(fee),
            txid,
        };
        let entry = self.accounts.entry(whose).or_default().record(entry);
        self.entries.entry(whose).or_default().push(entry);
    }

    fn add(&mut self, whose: Address, amount: Amount) {
        let account = self.accounts.entry(whose).or_default();
        account.balance = account.balance.checked_add(amount).unwrap();
    }

    pub fn reward(&mut self, whose: Address, beats: u64) {
        let amount = Amount::from_beats(beats);
        self.add(whose, amount);
        self.record(whose, EntryKind::MinedReward, Address::ZERO, amount, 0, Hash::ZERO);
    }

    fn apply(&mut self, transaction: Transaction) {
        let (body, txid) = (&transaction.body, transaction.id());
        let (from, to) = (body.sender(), body.to.unwrap());
        let account = self.accounts.get_mut(&from).unwrap();
        account.nonce += 1;
        account.balance = account.balance.checked_sub(body.max_cost().unwrap()).unwrap();
        self.record(from, EntryKind::Sent, to, body.value, body.max_fee().unwrap().beats(), txid);
        if !body.value.is_zero() {
            self.add(to, body.value);
            self.record(to, EntryKind::Received, from, body.value, 0, txid);
        }
        self.mined.insert(txid, (self.height, transaction));
    }
}

impl FakeNode {
    pub fn new() -> Self {
        Self { state: Mutex::default(), tip: watch::Sender::new(0) }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub fn fund(&self, account: &OwnAccount, beats: u64) {
        self.state().ledger.reward(account.address, beats);
    }

    pub fn mine(&self, blocks: u64) {
        let mut state = self.state();
        for _ in 0..blocks {
            state.ledger.height += 1;
            let height = Height::new(state.ledger.height);
            for transaction in std::mem::take(&mut state.pool).into_values() {
                if transaction.body.is_expired_at(height) {
                    state.expired.push(transaction.id());
                } else {
                    state.ledger.apply(transaction);
                }
            }
        }
        self.tip.send_replace(state.ledger.height);
    }
}

impl State {
    fn submit(&mut self, transaction: Transaction) -> Result<TxAccepted, ApiError> {
        if let Some(refusal) = &self.refuses {
            return Err(refusal.clone());
        }
        let (body, txid) = (&transaction.body, transaction.id());
        let from = body.sender();
        assert!(transaction.claim(txid).verify() && body.chain_id == CHAIN_ID);
        let account = self.ledger.accounts.get(&from).copied().unwrap_or_default();
        let next = account.nonce + self.pool.keys().filter(|(sender, _)| *sender == from).count() as u64;
        let rule = "TEST-1".to_owned();
        if body.nonce < account.nonce {
            return Err(ApiError::NonceUsed { rule, nonce: body.nonce, expected: account.nonce });
        }
        if body.nonce > next {
            return Err(ApiError::NonceGap { rule, nonce: body.nonce, expected: next });
        }
        let old = self.pool.get(&(from, body.nonce)).cloned();
        let known = old.as_ref() == Some(&transaction);
        if let Some(old) = old.as_ref().filter(|_| !known) {
            let minimum = old.body.gas_price * 11 / 10;
            if body.gas_price < minimum {
                return Err(ApiError::FeeTooLow { rule, offered: body.gas_price, minimum });
            }
            self.replaced.insert(old.id(), txid);
        }
        let replaced = old.filter(|_| !known).map(|old| old.id());
        self.replaced.remove(&txid);
        self.pool.insert((from, body.nonce), transaction.clone());
        Ok(TxAccepted { txid, leaf_hash: transaction.leaf_hash(), known, replaced })
    }

    fn status(&self, txid: &Hash) -> TxStatus {
        if let Some((height, _)) = self.ledger.mined.get(txid) {
            let confirmations = self.ledger.height - height + 1;
            let height = Height::new(*height);
            return TxStatus::Mined { height, id: Hash::ZERO, position: 0, confirmations, succeeded: true };
        }
        if self.pool.values().any(|waiting| waiting.id() == *txid) {
            let of = self.pool.len() as u64;
            return TxStatus::Pending { place: 1, of, since: Timestamp::new(0), valid_until: 0 };
        }
        match self.replaced.get(txid) {
            Some(by) => TxStatus::Replaced { by: *by },
            None if self.expired.contains(txid) => TxStatus::Expired { dead: true },
            None => TxStatus::Unknown,
        }
    }

    fn account(&self, address: &AddressText) -> AccountInfo {
        let whose = address.decode(PREFIX).unwrap();
        let account = self.ledger.accounts.get(&whose).copied().unwrap_or_default();
        let own: Vec<_> = self.pool.values().filter(|t| t.body.sender() == whose).collect();
        let incoming = self.pool.values().filter(|t| t.body.to == Some(whose)).map(|t| t.body.value);
        AccountInfo {
            address: address.clone(),
            height: Height::new(self.ledger.height),
            block_id: Hash::ZERO,
            balance: account.balance,
            nonce: account.nonce,
            code_hash: None,
            activity_count: account.activity_count,
            activity_head: account.activity_head,
            activity_height: account.activity_height,
            maturing: Amount::ZERO,
            next_maturing: None,
            pending: Pending {
                count: own.len() as u64,
                outgoing: Amount::checked_sum(own.iter().map(|t| t.body.max_cost().unwrap())).unwrap(),
                incoming: Amount::checked_sum(incoming).unwrap(),
                next_nonce: account.nonce + own.len() as u64,
            },
        }
    }

    fn page(&mut self, address: &AddressText, before: Option<u64>, limit: Option<u32>) -> HistoryPage {
        self.pages += 1;
        let whose = address.decode(PREFIX).unwrap();
        let account = self.ledger.accounts.get(&whose).copied().unwrap_or_default();
        let mut all = self.ledger.entries.get(&whose).cloned().unwrap_or_default();
        if let Some(entry) = self.lies_about.and_then(|index| all.get_mut(index as usize)) {
            entry.amount = Amount::from_beats(1);
        }
        let before = before.unwrap_or(u64::MAX);
        let wanted = all.iter().rev().filter(|entry| entry.index < before).take(limit.unwrap_or(50) as usize);
        let time = Some(Timestamp::new(1_767_225_600_000));
        let entries: Vec<EntryInfo> = wanted
            .map(|entry| {
                let transaction = self.ledger.mined.get(&entry.txid).map(|(_, t)| t.body.data.clone());
                EntryInfo::new(entry, PREFIX, time, transaction.filter(|data| !data.is_empty()))
            })
            .collect();
        HistoryPage {
            height: Height::new(self.ledger.height),
            block_id: Hash::ZERO,
            count: account.activity_count,
            head: account.activity_head,
            next_before: entries.last().map(|entry| entry.index).filter(|index| *index > 0),
            entries,
        }
    }
}

fn tip_at(height: u64) -> Tip {
    Tip {
        height: Height::new(height),
        id: Hash::ZERO,
        parent_id: Hash::ZERO,
        time: Timestamp::new(0),
        work: WorkText(Work::new(1)),
        bits: BitsText(Bits::new(0x207f_ffff)),
        tx_count: 0,
        gas_used: 0,
        beneficiary: AddressText::new(&Address::ZERO, PREFIX),
    }
}

/// Methods that no wallet calls.
macro_rules! absent {
    ($($name:ident($($arg:ty),*) -> $answer:ty;)*) => { $(
        fn $name<'a, 'b>(&'a self, $(_: $arg),*)
            -> std::pin::Pin<Box<dyn Future<Output = Result<$answer, ApiError>> + Send + 'b>>
        where 'a: 'b, Self: 'b {
            Box::pin(async { Err(ApiError::NotAvailable { reason: stringify!($name).to_owned() }) })
        }
    )* };
}

#[async_trait]
impl NodeApi for FakeNode {
    async fn state_account(&self, address: AddressText, _: Option<Height>) -> Result<AccountInfo, ApiError> {
        Ok(self.state().account(&address))
    }

    async fn account_history(
        &self,
        address: AddressText,
        before: Option<u64>,
        limit: Option<u32>,
    ) -> Result<HistoryPage, ApiError> {
        Ok(self.state().page(&address, before, limit))
    }

    async fn tx_submit(&self, transaction: HexBytes) -> Result<TxAccepted, ApiError> {
        let mut state = self.state();
        let answer = state.submit(Transaction::decode(transaction.as_bytes()).unwrap());
        if state.answer_lost {
            return Err(ApiError::TimedOut { url: "http://fake".to_owned(), after_ms: 1 });
        }
        answer
    }

    async fn tx_status(&self, txid: Hash) -> Result<TxStatus, ApiError> {
        Ok(self.state().status(&txid))
    }

    async fn tx_fees(&self) -> Result<FeePrices, ApiError> {
        Ok(FeePrices { blocks_1: 40, blocks_3: 20, blocks_10: 16, minimum: 16 })
    }

    async fn node_info(&self) -> Result<NodeInfo, ApiError> {
        Ok(NodeInfo {
            version: String::new(),
            network: "devnet".to_owned(),
            chain_id: CHAIN_ID,
            genesis_id: Hash::ZERO,
            genesis_time: Timestamp::new(0),
            address_prefix: PREFIX.to_string(),
            interval_ms: 1_000,
            retargets: false,
            block_gas: 0,
            block_bytes: 0,
            phase: Phase::Running,
            synced: true,
            peers: 0,
            peers_outbound: 0,
            sync: SyncProgress::default(),
            tip: tip_at(self.state().ledger.height),
            mining: false,
            time: Timestamp::new(0),
            clock_offset_ms: 0,
            uptime_ms: 0,
            best_header: BestHeader { id: Hash::ZERO, height: Height::GENESIS, work: WorkText(Work::new(0)) },
            waiting: WaitingBlocks::default(),
            storage: StorageInfo::default(),
        })
    }

    async fn chain_subscribe_tip(&self) -> Result<ApiStream<Tip>, ApiError> {
        let heights = self.tip.subscribe();
        let tips = futures_util::stream::unfold((heights, true), |(mut heights, first)| async move {
            if !first {
                heights.changed().await.ok()?;
            }
            let height = *heights.borrow_and_update();
            Some((tip_at(height), (heights, false)))
        });
        Ok(tips.boxed())
    }

    absent! {
        chain_tip() -> Tip;
        chain_header(BlockRef) -> HeaderInfo;
        chain_block(BlockRef) -> BlockInfo;
        chain_raw_block(BlockRef) -> HexBytes;
        chain_tx(Hash) -> TxDetail;
        chain_search(String) -> Vec<SearchHit>;
        chain_stats(Option<u64>) -> ChainStats;
        chain_poh(BlockRef) -> PohSegment;
        chain_forks() -> ForksReport;
        chain_supply() -> Supply;
        state_proof(AddressText, Option<Vec<Hash>>, Option<Height>) -> StateProof;
        mempool_info() -> MempoolInfo;
        mempool_list(Option<u32>) -> Vec<MempoolTx>;
        miner_status() -> MinerStatus;
        net_info() -> NetInfo;
        node_health() -> NodeHealth;
        poh_status() -> PohStatus;
        light_tip(Option<Hash>) -> LightTip;
        light_prove(Hash, Hash, u32, u32) -> LightProof;
        light_headers(Hash, Option<u32>) -> LightHeaders;
        light_ancestor(Hash, Height) -> LightAncestor;
        light_poh_fault(Hash) -> LightPohFault;
        light_subscribe(Hash) -> ApiStream<LightHeaders>;
        account_subscribe(AddressText) -> ApiStream<AccountInfo>;
        mempool_subscribe() -> ApiStream<MempoolEvent>;
    }
}
