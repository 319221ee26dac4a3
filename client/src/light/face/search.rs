//! What a text may mean.

use vibecoin_crypto::Hash;
use vibecoin_primitives::Address;
use vibecoin_rpc::ApiError;
use vibecoin_rpc::types::{AddressText, BlockRef, SearchHit};

use super::LightFace;

impl LightFace {
    pub(super) async fn search(&self, text: &str) -> Result<Vec<SearchHit>, ApiError> {
        let text = text.trim();
        if let Ok(address) = Address::decode(text, self.prefix()) {
            let text = AddressText::new(&address, self.prefix());
            let known = self.client.account(&address).await.map_err(|none| self.client.to_api(&none))?;
            return Ok(vec![SearchHit::Account { address: text, known: !known.value.is_absent() }]);
        }
        match text.replace([',', '_', ' '], "").parse() {
            Ok(BlockRef::Height(height)) => Ok(self.block_hit(BlockRef::Height(height)).await),
            Ok(BlockRef::Id(id)) => {
                let (mut hits, transactions) =
                    tokio::join!(self.block_hit(BlockRef::Id(id)), self.transaction_hit(id));
                hits.extend(transactions);
                Ok(hits)
            }
            Err(_) => Ok(Vec::new()),
        }
    }

    async fn block_hit(&self, block: BlockRef) -> Vec<SearchHit> {
        let found = self.client.block(block).await.ok();
        let hit =
            found.map(|block| SearchHit::Block { height: block.linked.header.height, id: block.linked.id });
        hit.into_iter().collect()
    }

    async fn transaction_hit(&self, txid: Hash) -> Option<SearchHit> {
        self.client.transaction(&txid, None).await.ok().map(|_| SearchHit::Transaction { txid })
    }
}
