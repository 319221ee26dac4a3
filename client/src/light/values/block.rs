//! Blocks of the proven chain, near the tip and far below it.
//!
//! A block's header is known if it is one of the newest; an older one is proven under the tip by its path. Its content
//! must be the one that the header commits to, and its ticks and transactions those that the content commits to.

use std::sync::Arc;

use vibecoin_consensus::light::ancestor::{self, Path};
use vibecoin_consensus::light::{Linked, Record};
use vibecoin_crypto::Hash;
use vibecoin_primitives::block::{poh_root, tx_root};
use vibecoin_primitives::{Block, Content, Height, Work};
use vibecoin_rpc::types::{BlockRef, HeaderInfo, HexBytes, LightAncestor};

use super::{Failure, LightClient, NoValue, Route, unsynced};
use crate::light::ask;
use crate::light::server::HttpServer;

/// A block of the proven chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProvenBlock {
    /// Its header.
    pub linked: Linked,
    /// Cumulative work up to it.
    pub work: Work,
    /// What it commits to.
    pub content: Content,
    /// 1 for the tip, one more for every block on top.
    pub confirmations: u64,
}

impl LightClient {
    /// A block of the proven chain, by height or id.
    ///
    /// # Errors
    /// [`NoValue`]; [`Failure::NotThere`] if the chain has no such block, as far as servers say.
    pub async fn block(&self, which: BlockRef) -> Result<ProvenBlock, NoValue> {
        self.block_by(which, Route::Any).await
    }

    /// A block of the proven chain, asked for along a route: which blocks somebody looks at may tell whose they are.
    pub(in crate::light) async fn block_by(
        &self,
        which: BlockRef,
        route: Route<'_>,
    ) -> Result<ProvenBlock, NoValue> {
        let head = self.head().ok_or_else(unsynced)?;
        let kept = match which {
            BlockRef::Height(height) => self.header_at(height),
            BlockRef::Id(id) => self.header_of(&id),
        };
        if let Some(linked) = kept {
            let content = self.content(&linked).await?;
            let work = self.work_at(linked.header.height).ok_or_else(unsynced)?;
            let confirmations = confirmations(linked.header.height, head.height());
            return Ok(ProvenBlock { linked, work, content, confirmations });
        }
        let height = match which {
            BlockRef::Height(height) => height,
            BlockRef::Id(_) => Height::GENESIS,
        };
        let asked = self.value(route, height, |server| self.old_block(server, which));
        Ok(asked.await?.value)
    }

    /// A block below those that are kept, from one server.
    pub(super) async fn old_block(
        &self,
        server: Arc<HttpServer>,
        which: BlockRef,
    ) -> Result<ProvenBlock, Failure> {
        let height = match which {
            BlockRef::Height(height) => height,
            // Where it stands is for the server to say; whether it does stand there, is proven.
            BlockRef::Id(id) => {
                let said: HeaderInfo = ask::call(&server, "chain_header", &(BlockRef::Id(id),)).await?;
                said.height
            }
        };
        let tip = self.head().ok_or(Failure::Unsynced)?.height();
        // Proven under the block that is believed, which servers that are a little behind know, too.
        let anchor = self.believed().ok_or(Failure::Unsynced)?;
        let under = self.tail.lock().as_ref().and_then(|tail| tail.peaks_at(anchor.header.height));
        let peaks = under.ok_or(Failure::Moved)?;
        if height >= anchor.header.height {
            return Err(Failure::NotThere);
        }
        let answer: LightAncestor = ask::call(&server, "light_ancestor", &(anchor.id, height)).await?;
        let record: Record = ask::fixed(&answer.record, Record::BYTES, "record")?;
        let path = Path::from_bytes(answer.path.as_bytes()).map_err(|_| Failure::Form("path"))?;
        let found = ancestor::verify(&self.spec, &peaks, height, &record, &path)
            .map_err(|error| Failure::Ancestor { height, error })?;
        let linked = found.linked;
        match which {
            // The chain has another block there, so this one is none of its own.
            BlockRef::Id(id) if id != linked.id => return Err(Failure::NotThere),
            BlockRef::Id(_) | BlockRef::Height(_) => {}
        }
        let content: Content = ask::fixed(&answer.content, Content::BYTES, "content")?;
        if content.root() != linked.header.content_root {
            return Err(Failure::Content(height));
        }
        self.values.keep_content(linked.id, content);
        let confirmations = confirmations(height, tip);
        Ok(ProvenBlock { linked, work: found.work, content, confirmations })
    }

    /// A whole block of the proven chain: header, content, ticks and transactions are those that it commits to.
    ///
    /// # Errors
    /// [`NoValue`].
    pub async fn whole_block(&self, which: BlockRef) -> Result<(ProvenBlock, Block), NoValue> {
        let proven = self.block(which).await?;
        let asked = self.value(Route::Any, proven.linked.header.height, |server| async move {
            let question = (BlockRef::Id(proven.linked.id),);
            let raw: HexBytes = ask::call(&server, "chain_raw_block", &question).await?;
            whole(&proven, raw.as_bytes())
        });
        Ok((proven, asked.await?.value))
    }

    /// Cumulative work up to a kept header.
    pub(super) fn work_at(&self, height: Height) -> Option<Work> {
        let tail = self.tail.lock();
        Some(tail.as_ref()?.peaks_at(height.next()?)?.work())
    }

    /// The id at a height, if it is among the kept headers.
    #[must_use]
    pub fn id_at(&self, height: Height) -> Option<Hash> {
        self.header_at(height).map(|linked| linked.id)
    }
}

/// 1 for the tip, one more for every block on top.
pub(super) const fn confirmations(height: Height, tip: Height) -> u64 {
    tip.saturating_since(height).saturating_add(1)
}

/// The block of these bytes, if it is the proven one with everything that it commits to.
fn whole(proven: &ProvenBlock, bytes: &[u8]) -> Result<Block, Failure> {
    let block = Block::decode(bytes).map_err(|_| Failure::Form("block"))?;
    if block.header != proven.linked.header {
        return Err(Failure::OtherBlock(proven.linked.id));
    }
    let content = &proven.content;
    let ticks = block.header.height == Height::GENESIS || poh_root(&block.ticks) == content.poh_root;
    let counted = u64::from(content.tx_count) == block.transactions.len() as u64;
    if block.content != *content || !ticks || !counted || tx_root(&block.transactions) != content.tx_root {
        return Err(Failure::Content(block.header.height));
    }
    Ok(block)
}
