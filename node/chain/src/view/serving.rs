//! What peers ask for, read at the least cost: blocks as bytes, headers in runs, the locator of one's own question.

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Content, Header, Height};
use vibecoin_storage::{StoreError, active, blocks};

use super::View;
use crate::error::corrupt;

/// Entries of a locator that follow each other without a gap.
const DENSE: usize = 10;

impl View {
    /// The encoding of a whole block, as [`vibecoin_primitives::Block::encode`] gives it, put together from its rows;
    /// `None` if it is not stored, or only its header is. Ticks that were dropped are made again, which takes
    /// [`vibecoin_primitives::ChainSpec::poh_hashes`] sequential hashes on the calling thread.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn encoded_block(&self, id: &Hash) -> Result<Option<Vec<u8>>, StoreError> {
        blocks::encoded(&*self.rows, id, |parent| {
            self.ground.segments.make(&self.ground.spec, parent).to_vec()
        })
    }

    /// A header with the content that it commits to; `None` if it is not known.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn header(&self, id: &Hash) -> Result<Option<(Header, Content)>, StoreError> {
        let Some(header) = blocks::header(&*self.rows, id)? else { return Ok(None) };
        let content = blocks::content(&*self.rows, id)?;
        Ok(Some((header, content.ok_or_else(|| corrupt("a header without a content"))?)))
    }

    /// Ids of the chain of the best header, from it down to the genesis, the closer together the higher: whoever
    /// reads them finds the last block that two chains share.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn locator(&self) -> Result<Vec<Hash>, StoreError> {
        let (mut id, mut height, _) = self.best_header()?;
        let (mut ids, mut step) = (vec![id], 1);
        while height > Height::GENESIS {
            if ids.len() >= DENSE {
                step *= 2;
            }
            height = height.checked_sub(step).unwrap_or(Height::GENESIS);
            let (below, _) = blocks::ancestor(&*self.rows, &id, height)?
                .ok_or_else(|| corrupt("an ancestor stands higher than its descendant"))?;
            id = below;
            ids.push(id);
        }
        Ok(ids)
    }

    /// At most `limit` headers of the active chain with their contents, the lowest first, from the child of the first
    /// block of a locator that is on the active chain; from the child of the genesis if none is.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn headers_after(
        &self,
        locator: &[Hash],
        limit: usize,
    ) -> Result<Vec<(Header, Content)>, StoreError> {
        let mut shared = Height::GENESIS;
        for id in locator {
            if let Some(height) = active::height_of(&*self.rows, id)? {
                shared = height;
                break;
            }
        }
        let Some(start) = shared.next() else { return Ok(Vec::new()) };
        let run = active::range(&*self.rows, start, limit)?;
        let whole = |id: &Hash| self.header(id)?.ok_or_else(|| corrupt("an active block has no header"));
        run.iter().map(|(_, block)| whole(&block.id)).collect()
    }
}
