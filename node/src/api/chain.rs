//! Blocks: `chain_tip`, `chain_header`, `chain_block`, `chain_raw_block`, `chain_poh`, `chain_submit`.

use vibecoin_chain::{Verdict as ChainVerdict, View};
use vibecoin_consensus::poh;
use vibecoin_consensus::rules::shape;
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Amount, Block, Height, encoding};
use vibecoin_rpc::types::*;
use vibecoin_rpc::{ApiError, Subject};
use vibecoin_storage::blocks;

use super::{Core, convert};

impl Core {
    pub(super) fn tip(&self) -> Tip {
        convert::tip(&self.chain.reader().tip(), self.prefix())
    }

    /// The id of a block that is stored.
    pub(super) fn find(&self, view: &View, block: BlockRef) -> Result<Hash, ApiError> {
        let missing = || ApiError::not_found(Subject::Block, block);
        let id = match block {
            BlockRef::Height(height) => view.id_at(height).map_err(convert::store)?,
            BlockRef::Id(id) => blocks::contains(view.rows(), &id).map_err(convert::store)?.then_some(id),
        };
        id.ok_or_else(missing)
    }

    pub(super) fn header(&self, view: &View, block: BlockRef) -> Result<HeaderInfo, ApiError> {
        let id = self.find(view, block)?;
        let missing = || ApiError::not_found(Subject::Block, block);
        let rows = view.rows();
        let header = blocks::header(rows, &id).map_err(convert::store)?.ok_or_else(missing)?;
        let content = blocks::content(rows, &id).map_err(convert::store)?.ok_or_else(missing)?;
        let meta = blocks::meta(rows, &id).map_err(convert::store)?.ok_or_else(missing)?;
        let active = view.id_at(header.height).map_err(convert::store)? == Some(id);
        Ok(HeaderInfo {
            id,
            height: header.height,
            version: header.version,
            parent_id: content.parent_id,
            prev_time: header.prev_time,
            time: header.time,
            bits: BitsText(header.bits),
            nonce: header.nonce,
            work: WorkText(meta.work),
            history_root: header.history_root,
            content_root: header.content_root,
            state_root: content.state_root,
            tx_root: content.tx_root,
            receipts_root: content.receipts_root,
            poh_root: content.poh_root,
            poh_hash: content.poh_hash,
            beneficiary: self.text(&content.beneficiary),
            gas_used: content.gas_used,
            tx_count: content.tx_count,
            header: HexBytes::from(header.to_bytes().to_vec()),
            content: HexBytes::from(encoding::encode(&content)),
            status: convert::status(&meta.status),
            active,
            confirmations: if active { confirmations(view, header.height) } else { 0 },
        })
    }

    pub(super) fn block(&self, view: &View, block: BlockRef) -> Result<BlockInfo, ApiError> {
        let header = self.header(view, block)?;
        let transactions = blocks::transactions(view.rows(), &header.id).map_err(convert::store)?;
        // No transactions and none known are not the same.
        let transactions = transactions.ok_or_else(|| no_body(&header.id, header.status))?;
        // Every transaction that there is uses exactly its intrinsic gas: contracts do not run yet.
        let mut tips = transactions.iter().map(|tx| {
            Amount::from_beats(tx.body.intrinsic_gas()).checked_mul(tx.body.gas_price.saturating_sub(1))
        });
        let tips = tips.try_fold(Amount::ZERO, |sum, tip| sum.checked_add(tip?)).unwrap_or(Amount::MAX);
        let bytes: usize = transactions.iter().map(|tx| tx.encoded_len()).sum();
        let ticks = if header.height == Height::GENESIS { 0 } else { u64::from(self.spec().poh_ticks) };
        Ok(BlockInfo {
            bytes: 336 + 32 * ticks + bytes as u64,
            subsidy: vibecoin_consensus::emission::subsidy(header.height),
            tips,
            burned: Amount::from_beats(header.gas_used),
            transactions: transactions.iter().map(|tx| convert::transaction(tx, self.prefix())).collect(),
            header,
        })
    }

    pub(super) fn raw_block(&self, view: &View, block: BlockRef) -> Result<HexBytes, ApiError> {
        let id = self.find(view, block)?;
        Ok(HexBytes::from(whole(view, &id)?.encode()))
    }

    pub(super) fn segment(&self, view: &View, block: BlockRef) -> Result<PohSegment, ApiError> {
        let header = self.header(view, block)?;
        if header.height == Height::GENESIS {
            let key = format!("of the genesis ({}), which carries none", header.id);
            return Err(ApiError::not_found(Subject::Ticks, key));
        }
        Ok(PohSegment {
            height: header.height,
            id: header.id,
            parent_id: header.parent_id,
            seed: poh::seed(&header.parent_id),
            hashes_per_tick: self.spec().poh_hashes_per_tick,
            ticks: whole(view, &header.id)?.ticks,
            poh_root: header.poh_root,
            tx_root: header.tx_root,
            poh_hash: header.poh_hash,
        })
    }

    pub(super) async fn submit_block(&self, bytes: HexBytes) -> Result<Submitted, ApiError> {
        let block = shape::decode(self.spec(), bytes.as_bytes()).map_err(|error| ApiError::BlockRefused {
            rule: error.rule().to_owned(),
            reason: convert::without_rule(error.rule(), &error.to_string()),
        })?;
        self.hand_in(block).await
    }

    /// Hands a block in and puts its verdict into the API's words.
    pub(super) async fn hand_in(&self, block: Block) -> Result<Submitted, ApiError> {
        let height = block.header.height;
        let report = self.door.import(block).await.map_err(convert::service)?;
        let verdict = match &report.verdict {
            ChainVerdict::Extended => Verdict::Extended,
            ChainVerdict::Reorganised { .. } => Verdict::Reorganised,
            ChainVerdict::Side => Verdict::Side,
            ChainVerdict::Header => Verdict::Header,
            ChainVerdict::Known => Verdict::Known,
            ChainVerdict::Held { .. } => Verdict::Held,
            ChainVerdict::Orphan { .. } => Verdict::Orphan,
            ChainVerdict::Invalid(reason) => return Err(convert::refused(reason)),
        };
        Ok(Submitted { verdict, id: report.id, height })
    }
}

/// A whole block. Ticks that were dropped are made again.
fn whole(view: &View, id: &Hash) -> Result<Block, ApiError> {
    if let Some(block) = view.block(id).map_err(convert::store)? {
        return Ok(block);
    }
    let record = blocks::meta(view.rows(), id).map_err(convert::store)?;
    Err(no_body(id, record.map_or(BlockStatus::Header, |record| convert::status(&record.status))))
}

fn no_body(id: &Hash, status: BlockStatus) -> ApiError {
    let why = if status == BlockStatus::Invalid {
        "which breaks a rule"
    } else {
        "of which only the header is known"
    };
    ApiError::not_found(Subject::Body, format!("{id}, {why},"))
}

/// 1 at the tip, one more for every block on top.
pub(super) fn confirmations(view: &View, height: Height) -> u64 {
    view.tip().height().saturating_since(height).saturating_add(1)
}
