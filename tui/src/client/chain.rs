//! The chain and the miner, translated.

use std::collections::HashMap;

use futures_util::StreamExt;
use futures_util::stream;
use vibecoin_client::api::{self, AddressText, HeaderInfo, SearchHit, TxInfo, TxStatus};
use vibecoin_client::{WalletError, WalletService};
use vibecoin_primitives::{Address, AddressPrefix, Height};

use super::marks::Marks;
use super::{ClientBackend, hash, rewards, wallet, words};
use crate::model::*;
use crate::safe::SafeText;

/// Blocks after which a reward is credited (chapter 9 of the specification).
pub(super) const MATURITY_BLOCKS: u64 = 100;
/// Headers asked for at the same time.
const AT_ONCE: usize = 32;

/// Who is who: the open wallet's accounts and the contacts.
pub(super) struct Names {
    prefix: AddressPrefix,
    own: HashMap<Address, SafeText>,
    contacts: HashMap<Address, SafeText>,
}

impl Names {
    /// As the wallet knows them now; nobody while none is open.
    pub(super) fn of(service: &WalletService) -> Self {
        let vault = service.vault();
        let accounts = vault.opened().map(|o| o.accounts).unwrap_or_default();
        let book = vault.book().unwrap_or_default();
        Self {
            prefix: vault.network().prefix,
            own: accounts.iter().map(|a| (a.address, wallet::account_name(a.index, &a.label))).collect(),
            contacts: book.contacts().map(|(name, address)| (*address, SafeText::new(name))).collect(),
        }
    }

    pub(super) fn is_own(&self, address: &Address) -> bool {
        self.own.contains_key(address)
    }

    pub(super) fn name(&self, address: &Address) -> Option<SafeText> {
        self.own.get(address).or_else(|| self.contacts.get(address)).cloned()
    }

    pub(super) fn text(&self, address: &Address) -> SafeText {
        SafeText::new(&address.encode(self.prefix))
    }

    fn owns_text(&self, text: &AddressText) -> bool {
        Address::decode(text.as_str(), self.prefix).is_ok_and(|address| self.is_own(&address))
    }
}

fn text(value: impl std::fmt::Display) -> SafeText {
    SafeText::new(&value.to_string())
}

pub(super) fn status(status: &TxStatus) -> PaymentStatus {
    match status {
        TxStatus::Unknown => PaymentStatus::Unknown,
        TxStatus::Pending { place, .. } => PaymentStatus::Pending { place: Some(*place) },
        TxStatus::Mined { height, confirmations, succeeded, .. } => {
            PaymentStatus::Mined { height: height.get(), confirmations: *confirmations, done: *succeeded }
        }
        TxStatus::Expired { dead: true } => PaymentStatus::Expired,
        // Dropped for its age, and still valid: it can be sent again, and is.
        TxStatus::Expired { dead: false } => PaymentStatus::Unknown,
        TxStatus::Replaced { .. } => PaymentStatus::Replaced,
    }
}

/// Expected hashes behind a compact target, `2²⁵⁶ / (target + 1)`, as a figure to be shown.
pub(super) fn work(bits: vibecoin_primitives::Bits) -> f64 {
    let compact = bits.get();
    let mantissa = f64::from(compact & 0x007f_ffff);
    let exponent = i32::try_from(compact >> 24).unwrap_or(0);
    if mantissa == 0.0 { 0.0 } else { 2f64.powi(256 - 8 * (exponent - 3)) / mantissa }
}

fn row(header: &HeaderInfo, block_gas: u64, names: &Names, marks: Marks) -> BlockRow {
    BlockRow {
        height: header.height.get(),
        id: text(header.id),
        time_ms: header.time.get(),
        interval_ms: header.time.saturating_since(header.prev_time),
        tx_count: u64::from(header.tx_count),
        gas_used: header.gas_used,
        gas_limit: block_gas,
        miner: text(&header.beneficiary),
        own: names.owns_text(&header.beneficiary),
        work: work(header.bits.0),
        mark: marks.at(header.height.get()),
    }
}

/// The active blocks from `low` to `high`, newest first. A height that has just been taken back is left out.
pub(super) async fn range(
    backend: &ClientBackend,
    low: u64,
    high: u64,
) -> Result<Vec<BlockRow>, WalletError> {
    let (names, marks) = (backend.names(), backend.marks());
    let block_gas = backend.node().node_info().await?.block_gas;
    let headers: Vec<_> = stream::iter((low..=high).rev())
        .map(|height| backend.node().chain_header(Height::new(height).into()))
        .buffered(AT_ONCE)
        .collect()
        .await;
    let mut rows = Vec::with_capacity(headers.len());
    for header in headers {
        match header {
            Ok(header) => rows.push(row(&header, block_gas, &names, marks)),
            Err(api::ApiError::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(rows)
}

pub(super) async fn blocks(
    backend: &ClientBackend,
    below: Option<u64>,
    limit: usize,
) -> Result<Vec<BlockRow>, WalletError> {
    let high = match below {
        Some(0) => return Ok(Vec::new()),
        Some(below) => below - 1,
        None => backend.node().chain_tip().await?.height.get(),
    };
    let low = high.saturating_sub((limit as u64).saturating_sub(1));
    range(backend, low, high).await
}

pub(super) async fn block(backend: &ClientBackend, which: BlockRef) -> Result<BlockDetail, WalletError> {
    let which: api::BlockRef = match which {
        BlockRef::Height(height) => Height::new(height).into(),
        BlockRef::Id(id) => hash(&id)?.into(),
    };
    let info = backend.node().chain_block(which).await?;
    let block_gas = backend.node().node_info().await?.block_gas;
    let header = &info.header;
    Ok(BlockDetail {
        row: row(header, block_gas, &backend.names(), backend.marks()),
        parent: text(header.parent_id),
        state_root: text(header.state_root),
        tx_root: text(header.tx_root),
        receipts_root: text(header.receipts_root),
        poh_hash: text(header.poh_hash),
        history_root: text(header.history_root),
        bits: text(header.bits),
        nonce: header.nonce,
        size_bytes: info.bytes,
        reward: info.subsidy.checked_add(info.tips).unwrap_or(info.subsidy),
        reward_at: header.height.get().saturating_add(MATURITY_BLOCKS),
        confirmations: header.confirmations,
        transactions: info.transactions.iter().map(tx_row).collect(),
    })
}

/// A transaction without its receipt: a plain transfer uses all of its gas.
fn tx_row(tx: &TxInfo) -> TxRow {
    TxRow {
        txid: text(tx.txid),
        from: text(&tx.from),
        to: tx.to.as_ref().map(text),
        value: tx.value,
        fee: tx.fee_max,
        done: true,
    }
}

pub(super) async fn transaction(backend: &ClientBackend, txid: SafeText) -> Result<TxDetail, WalletError> {
    let txid = hash(&txid)?;
    let detail = backend.node().chain_tx(txid).await?;
    let tx = &detail.transaction;
    let standing = match (&detail.block, &detail.receipt) {
        (Some(block), receipt) => PaymentStatus::Mined {
            height: block.height.get(),
            confirmations: detail.confirmations,
            done: receipt.as_ref().is_none_or(|r| r.succeeded),
        },
        (None, _) => status(&backend.node().tx_status(txid).await?),
    };
    let mut row = tx_row(tx);
    if let Some(receipt) = &detail.receipt {
        row.fee = receipt.fee;
        row.done = receipt.succeeded;
    }
    let memo = std::str::from_utf8(tx.data.as_bytes()).ok().filter(|t| !t.is_empty()).map(SafeText::new);
    Ok(TxDetail {
        row,
        status: standing,
        block: detail.block.as_ref().map(|b| text(b.id)),
        time_ms: detail.block.as_ref().map(|b| b.time.get()),
        position: detail.position,
        nonce: tx.nonce,
        valid_until: tx.valid_until,
        gas_limit: tx.gas_limit,
        gas_used: detail.receipt.as_ref().map(|r| r.gas_used),
        gas_price: tx.gas_price,
        size_bytes: tx.bytes,
        memo,
        mark: match &detail.block {
            Some(block) => backend.marks().at(block.height.get()),
            None => backend.marks().reported(),
        },
        receipt: backend.marks().reported(),
    })
}

pub(super) async fn account(
    backend: &ClientBackend,
    address: SafeText,
) -> Result<AccountDetail, WalletError> {
    let decoded = Address::decode(address.as_str(), backend.facts().prefix).map_err(words::address)?;
    let asked = backend.facts().text(&decoded);
    let info = backend.node().state_account(asked.clone(), None).await?;
    let page = backend.node().account_history(asked, None, Some(200)).await?;
    let names = backend.names();
    Ok(AccountDetail {
        address: names.text(&decoded),
        name: names.name(&decoded),
        own: names.is_own(&decoded),
        balance: info.balance,
        nonce: info.nonce,
        activity_count: info.activity_count,
        has_code: info.code_hash.is_some(),
        mark: backend.marks().at(info.height.get()),
        entries: wallet::entries(backend, &page)?,
    })
}

pub(super) async fn forks(backend: &ClientBackend) -> Result<Forks, WalletError> {
    let report = backend.node().chain_forks().await?;
    let replaced = |id| report.reorganisations.iter().any(|r| r.from == id);
    let branches = report
        .branches
        .iter()
        .map(|branch| ForkRow {
            tip: text(branch.id),
            height: branch.height.get(),
            branches_at: branch.fork_height.get(),
            length: branch.length,
            status: if replaced(branch.id) { "replaced".into() } else { branch.status.name().into() },
            missing: branch.bodies_missing,
        })
        .collect();
    let reorganisations = report
        .reorganisations
        .iter()
        .map(|event| ReorganisationRow {
            time_ms: event.time.get(),
            branches_at: event.fork_height.get(),
            reverted: event.reverted,
            connected: event.connected,
            from: text(event.from),
            alarming: event.alarming,
        })
        .collect();
    Ok(Forks { branches, reorganisations, mark: backend.marks().reported() })
}

/// The transaction with this note.
fn noted(backend: &ClientBackend, wanted: &str) -> Option<SafeText> {
    let book = backend.wallet.vault().book().ok()?;
    book.labels().find(|(_, note)| note.eq_ignore_ascii_case(wanted)).map(|(txid, _)| text(txid))
}

pub(super) async fn search(backend: &ClientBackend, wanted: String) -> Result<Found, WalletError> {
    // What goes by a name is found by it, too.
    let names = backend.names();
    let named = |map: &HashMap<Address, SafeText>| {
        map.iter().find(|(_, name)| name.as_str().eq_ignore_ascii_case(&wanted)).map(|(a, _)| names.text(a))
    };
    if let Some(address) = named(&names.contacts).or_else(|| named(&names.own)) {
        return Ok(Found::Account(Box::new(account(backend, address).await?)));
    }
    if let Some(txid) = noted(backend, &wanted) {
        return Ok(Found::Transaction(Box::new(transaction(backend, txid).await?)));
    }
    let hits = backend.node().chain_search(wanted).await?;
    Ok(match hits.into_iter().next() {
        None => Found::Nothing,
        Some(SearchHit::Block { id, .. }) => {
            Found::Block(Box::new(block(backend, BlockRef::Id(text(id))).await?))
        }
        Some(SearchHit::Transaction { txid }) => {
            Found::Transaction(Box::new(transaction(backend, text(txid)).await?))
        }
        Some(SearchHit::Account { address, .. }) => {
            Found::Account(Box::new(account(backend, text(&address)).await?))
        }
    })
}

/// The Proof of History of this node, once it has made a segment.
pub(super) async fn poh(backend: &ClientBackend) -> Option<Poh> {
    let status = backend.node().poh_status().await.ok()?;
    Some(Poh {
        hashes_per_second: status.hashes_per_s?,
        segment_ms: status.segment_ms?.max(0.0),
        segment_hashes: u64::from(status.ticks).saturating_mul(status.hashes_per_tick),
    })
}

/// The miner, with the rewards that the wallet waits for.
pub(super) async fn miner(
    backend: &ClientBackend,
    known: Option<api::MinerStatus>,
) -> Result<MinerStatus, WalletError> {
    let status = match known {
        Some(status) => status,
        None => backend.node().miner_status().await?,
    };
    let unavailable = backend
        .operator
        .is_none()
        .then(|| SafeText::from("this program only looks at the node: it may not run its miner"));
    Ok(MinerStatus {
        running: status.running,
        threads: status.threads.max(1),
        threads_max: status.threads_max.max(1),
        hash_rate: (!status.paced).then_some(status.hashes_per_s),
        beneficiary: status.beneficiary.as_ref().map(text),
        blocks_found: status.blocks_found,
        last_found: status.last_found.as_ref().map(|b| (b.height.get(), b.time.get())),
        poh: poh(backend).await,
        maturing: rewards::maturing(backend).await.unwrap_or_default(),
        unavailable,
    })
}
