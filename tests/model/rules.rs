//! What the model says of one block, rule after rule in the order of validation. A rule is its number, and the first
//! one that is broken is the verdict.

use vibecoin_crypto::signature::Claim;
use vibecoin_crypto::{PublicKey, Signature};
use vibecoin_primitives::ChainSpec;

use super::bytes::{Block, Hash, Header, Transaction, read, sha256, tagged, tree};
use super::difficulty::{is_met, schedule};
use super::history::{self, Run};
use super::ledger::Ledger;

/// The number of a rule.
pub type Rule = &'static str;

/// How far ahead of the clock a block may be, in ms.
pub const DRIFT_MS: u64 = 15_000;
/// The longest transaction.
const TRANSACTION_BYTES: usize = 131_072;

/// The rule unless it is kept.
fn must(kept: bool, rule: Rule) -> Result<(), Rule> {
    if kept { Ok(()) } else { Err(rule) }
}

/// The bytes, the version, and that the content is the committed one.
pub fn shape(spec: &ChainSpec, bytes: &[u8]) -> Result<Block, Rule> {
    let longest =
        spec.block_bytes as usize + TRANSACTION_BYTES + 104 + 224 + 4 + 32 * spec.poh_ticks as usize + 4;
    must(bytes.len() <= longest, "BLK-2")?;
    let block = read(bytes).ok_or("BLK-1")?;
    must(block.header.version == 1, "HDR-1")?;
    must(block.content.root == block.header.content_root, "BLK-3")?;
    Ok(block)
}

/// The header on its parent, `headers` being all up to and including that. Whether it is too early is said apart: that
/// is no fault.
pub fn header(
    spec: &ChainSpec,
    header: &Header,
    parent: &Header,
    headers: &[Run],
    now: u64,
) -> Result<(), Rule> {
    must(parent.height.checked_add(1) == Some(header.height), "HDR-2")?;
    must(header.prev_time == parent.time, "HDR-3")?;
    must(header.bits == schedule(spec, parent.height, parent.time), "HDR-4")?;
    must(is_met(header.bits, &header.id), "HDR-5")?;
    let earliest = parent.time.checked_add(spec.min_delta_ms);
    must(earliest.is_some_and(|earliest| header.time >= earliest), "HDR-6")?;
    must(header.time <= now.saturating_add(DRIFT_MS), "HDR-7")?;
    must(header.history_root == history::root(headers), "HDR-8")
}

/// That the body is the committed one: what a block needs to be kept unjudged.
pub fn commitments(spec: &ChainSpec, block: &Block) -> Result<(), Rule> {
    must(block.ticks.len() == spec.poh_ticks as usize, "POH-1")?;
    must(tree(&block.ticks) == block.content.poh_root, "POH-2")?;
    must(transactions_root(block) == block.content.tx_root, "BLK-4")
}

/// Ticks, segment, lists, limits, record, and every transaction alone.
pub fn body(spec: &ChainSpec, block: &Block) -> Result<(), Rule> {
    let content = &block.content;
    must(block.ticks.len() == spec.poh_ticks as usize, "POH-1")?;
    must(tree(&block.ticks) == content.poh_root, "POH-2")?;
    must(block.ticks == segment(spec, &content.parent_id), "POH-3")?;
    must(transactions_root(block) == content.tx_root, "BLK-4")?;
    must(block.transactions.len() == content.tx_count as usize, "BLK-5")?;
    must(block.transactions.iter().all(|transaction| transaction.whole.len() <= TRANSACTION_BYTES), "TX-2")?;
    let bytes: usize = block.transactions.iter().map(|transaction| transaction.whole.len()).sum();
    must(bytes as u64 <= spec.block_bytes, "BLK-6")?;
    let last = block.ticks.last().copied().unwrap_or_default();
    must(content.poh_hash == tagged("vibe/poh-record/v1", &[&last, &content.tx_root]), "POH-4")?;
    block.transactions.iter().try_for_each(|transaction| alone(spec, block.header.height, transaction))
}

/// The ticks of a parent's children, hash after hash.
pub fn segment(spec: &ChainSpec, parent: &Hash) -> Vec<Hash> {
    let mut hash = tagged("vibe/poh/v1", &[parent]);
    let mut ticks = Vec::new();
    for _ in 0..spec.poh_ticks {
        for _ in 0..spec.poh_hashes_per_tick {
            hash = sha256(&[&hash]);
        }
        ticks.push(hash);
    }
    ticks
}

pub fn transactions_root(block: &Block) -> Hash {
    tree(&block.transactions.iter().map(|transaction| &transaction.whole).collect::<Vec<_>>())
}

/// A transaction without any state.
fn alone(spec: &ChainSpec, height: u64, transaction: &Transaction) -> Result<(), Rule> {
    must(transaction.version == 1, "TX-3")?;
    must(transaction.chain_id == spec.chain_id, "TX-4")?;
    must(transaction.valid_until == 0 || transaction.valid_until >= height, "TX-5")?;
    must(transaction.gas_price >= 1, "TX-6")?;
    must(transaction.gas_limit >= transaction.intrinsic_gas(), "TX-7")?;
    must(transaction.gas_limit <= spec.block_gas.min(1 << 24), "TX-8")?;
    must(transaction.nonce != u64::MAX, "TX-9")?;
    must(transaction.to.is_some() || transaction.data <= 49_152, "TX-10")?;
    let most =
        u128::from(transaction.gas_limit) * u128::from(transaction.gas_price) + u128::from(transaction.value);
    must(most <= u128::from(u64::MAX), "TX-11")?;
    must(transaction.to.is_some(), "TX-12")?;
    let claim = Claim {
        key: PublicKey(transaction.key),
        hash: transaction.txid.into(),
        signature: Signature(transaction.signature),
    };
    must(claim.verify(), "TX-13")
}

/// The block on the ledger of its parent, and the ledger after it.
pub fn execution(spec: &ChainSpec, block: &Block, before: &Ledger) -> Result<Ledger, Rule> {
    let (after, results) = before.after(spec, block)?;
    must(block.content.gas_used == results.gas_used, "EXE-6")?;
    must(block.content.receipts_root == tree(&results.receipts), "EXE-7")?;
    must(block.content.state_root == after.root(), "EXE-8")?;
    Ok(after)
}

/// Whether breaking this rule is remembered: only what the header commits to, once its work is known to be done.
pub fn is_remembered(rule: Rule) -> bool {
    let marked = ["HDR-6", "HDR-8", "HDR-9", "POH-3", "POH-4", "BLK-5", "BLK-6"];
    marked.contains(&rule) || rule.starts_with("TX-") || rule.starts_with("EXE-")
}
