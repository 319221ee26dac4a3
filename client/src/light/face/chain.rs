//! The chain as a node's API shows it, out of proven blocks.

use vibecoin_consensus::emission;
use vibecoin_primitives::{AddressPrefix, Amount, Block, Transaction};
use vibecoin_rpc::types::{
    AddressText, BitsText, BlockInfo, BlockPlace, BlockStatus, HeaderInfo, HexBytes, Tip, TxInfo, WorkText,
};

use crate::light::values::block::ProvenBlock;

/// A proven block as the end of the chain.
pub(super) fn tip(block: &ProvenBlock, prefix: AddressPrefix) -> Tip {
    let (header, content) = (&block.linked.header, &block.content);
    Tip {
        height: header.height,
        id: block.linked.id,
        parent_id: content.parent_id,
        time: header.time,
        work: WorkText(block.work),
        bits: BitsText(header.bits),
        tx_count: content.tx_count,
        gas_used: content.gas_used,
        beneficiary: AddressText::new(&content.beneficiary, prefix),
    }
}

/// Where a proven block stands.
pub(super) const fn place(block: &ProvenBlock) -> BlockPlace {
    let header = &block.linked.header;
    BlockPlace { height: header.height, id: block.linked.id, time: header.time }
}

/// Header and content of a proven block.
pub(super) fn header(block: &ProvenBlock, prefix: AddressPrefix) -> HeaderInfo {
    let (header, content) = (&block.linked.header, &block.content);
    HeaderInfo {
        id: block.linked.id,
        height: header.height,
        version: header.version,
        parent_id: content.parent_id,
        prev_time: header.prev_time,
        time: header.time,
        bits: BitsText(header.bits),
        nonce: header.nonce,
        work: WorkText(block.work),
        history_root: header.history_root,
        content_root: header.content_root,
        state_root: content.state_root,
        tx_root: content.tx_root,
        receipts_root: content.receipts_root,
        poh_root: content.poh_root,
        poh_hash: content.poh_hash,
        beneficiary: AddressText::new(&content.beneficiary, prefix),
        gas_used: content.gas_used,
        tx_count: content.tx_count,
        header: HexBytes::from(header.to_bytes().to_vec()),
        content: HexBytes::from(vibecoin_primitives::encoding::encode(content)),
        // Its work is proven, and it is on the proven chain; that it was executed well is for depth to say.
        status: BlockStatus::Valid,
        active: true,
        confirmations: block.confirmations,
    }
}

/// A proven block with its transactions.
pub(super) fn block(proven: &ProvenBlock, block: &Block, prefix: AddressPrefix) -> BlockInfo {
    let content = &proven.content;
    BlockInfo {
        header: header(proven, prefix),
        bytes: block.encode().len() as u64,
        subsidy: emission::subsidy(proven.linked.header.height),
        tips: tips(&block.transactions),
        // One beat for every gas that was used, and the content commits to that.
        burned: Amount::from_beats(content.gas_used),
        transactions: block.transactions.iter().map(|inner| transaction(inner, prefix)).collect(),
    }
}

/// What the transactions give the miner, if each used the gas of a plain transfer: more is for receipts to say, which
/// nothing here proves.
fn tips(transactions: &[Transaction]) -> Amount {
    let tip = |transaction: &Transaction| {
        let body = &transaction.body;
        let above_base = body.gas_price.saturating_sub(1);
        Amount::from_beats(body.intrinsic_gas()).checked_mul(above_base).unwrap_or(Amount::MAX)
    };
    Amount::checked_sum(transactions.iter().map(tip)).unwrap_or(Amount::MAX)
}

/// A transaction, field by field.
pub(super) fn transaction(transaction: &Transaction, prefix: AddressPrefix) -> TxInfo {
    let body = &transaction.body;
    TxInfo {
        txid: transaction.id(),
        leaf_hash: transaction.leaf_hash(),
        from: AddressText::new(&body.sender(), prefix),
        to: body.to.map(|to| AddressText::new(&to, prefix)),
        value: body.value,
        fee_max: body.max_fee().unwrap_or(Amount::MAX),
        nonce: body.nonce,
        gas_limit: body.gas_limit,
        gas_price: body.gas_price,
        valid_until: body.valid_until,
        data: HexBytes::from(body.data.clone()),
        bytes: transaction.encoded_len() as u64,
    }
}
