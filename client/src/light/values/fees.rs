//! Prices of gas: what servers suggest, held against what the proven blocks show.
//!
//! No proof says what a pool asks for. But the blocks show what was enough: one that was not full would have taken any
//! price that is taken at all, and a full one took its cheapest transaction. A suggestion of up to twice the usual
//! minimum is passed on, since little can be lost by it. A higher one is cut down to twice what was enough in the
//! dearest of the newest blocks. So a server can make a payment late, which the user sees, and never dear.

use vibecoin_primitives::{Block, Height};
use vibecoin_rpc::types::{BlockRef, FeePrices};

use super::{LightClient, NoValue, Route, unsynced};
use crate::light::ask;
use crate::trusted::{Trusted, TrustedBy};

/// What pools and miners ask for at least, unless told otherwise, in beats per gas.
pub const PRICE_USUAL: u64 = 16;
/// The newest blocks that are looked at.
const BLOCKS: u64 = 6;
/// A block with less free gas than a plain transfer with a memo may use was full.
const ROOM_GAS: u64 = 42_000;
/// By how much a suggestion may exceed what was enough.
const FACTOR: u64 = 2;

impl LightClient {
    /// The prices that a server suggests, none above what the proven blocks bear out.
    ///
    /// # Errors
    /// [`NoValue`].
    pub async fn fees(&self) -> Result<Trusted<FeePrices>, NoValue> {
        let head = self.head().ok_or_else(unsynced)?;
        let asked = self.value(Route::Any, head.height(), |server| async move {
            ask::call::<FeePrices>(&server, "tx_fees", &[(); 0]).await
        });
        let answered = asked.await?;
        let said = answered.value;
        let dearest = said.blocks_1.max(said.blocks_3).max(said.blocks_10).max(said.minimum);
        let most = if dearest <= FACTOR * PRICE_USUAL {
            FACTOR * PRICE_USUAL
        } else {
            self.price_enough(head.height()).await?.saturating_mul(FACTOR)
        };
        let server = self.servers.server(answered.by).url().as_str().into();
        Ok(Trusted { value: bounded(said, most), by: TrustedBy::Reported { server } })
    }

    /// The price that was enough for the dearest of the newest blocks.
    async fn price_enough(&self, tip: Height) -> Result<u64, NoValue> {
        let mut enough = PRICE_USUAL;
        for back in 0..BLOCKS.min(tip.get()) {
            let height = Height::new(tip.get() - back);
            let Some(linked) = self.header_at(height) else { break };
            let content = self.content(&linked).await?;
            if content.gas_used.saturating_add(ROOM_GAS) > self.spec.block_gas {
                let (_, block) = self.whole_block(BlockRef::Id(linked.id)).await?;
                enough = enough.max(cheapest(&block));
            }
        }
        Ok(enough)
    }
}

/// The lowest price in a block.
fn cheapest(block: &Block) -> u64 {
    block.transactions.iter().map(|transaction| transaction.body.gas_price).min().unwrap_or(PRICE_USUAL)
}

/// Prices of which none is above `most` or below the usual minimum, and a sooner block is never cheaper.
fn bounded(said: FeePrices, most: u64) -> FeePrices {
    let within = |price: u64| price.clamp(PRICE_USUAL.min(most), most);
    let minimum = within(said.minimum);
    let blocks_10 = within(said.blocks_10).max(minimum);
    let blocks_3 = within(said.blocks_3).max(blocks_10);
    let blocks_1 = within(said.blocks_1).max(blocks_3);
    FeePrices { blocks_1, blocks_3, blocks_10, minimum }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn prices(blocks_1: u64, blocks_3: u64, blocks_10: u64, minimum: u64) -> FeePrices {
        FeePrices { blocks_1, blocks_3, blocks_10, minimum }
    }

    #[test]
    fn no_suggestion_exceeds_the_bound_or_falls_below_what_pools_take() {
        let dear = prices(u64::MAX, 1_000_000, 40, u64::MAX);
        assert_eq!(bounded(dear, 32), prices(32, 32, 32, 32));
        assert_eq!(bounded(prices(0, 0, 0, 0), 32), prices(16, 16, 16, 16));
        assert_eq!(bounded(prices(20, 18, 16, 16), 32), prices(20, 18, 16, 16));
        // The order is mended upwards: who pays for the next block pays not less than for a later one.
        assert_eq!(bounded(prices(16, 30, 20, 16), 32), prices(30, 30, 20, 16));
    }
}
