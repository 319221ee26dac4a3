//! Series of blocks from fixed seeds, in the order in which they are delivered: reorganisations, full blocks, a
//! difficulty that moves. Everybody who makes them makes the same.

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Block, ChainSpec};

use super::branches::{Branches, Dice};
use crate::support::forge::{self, Forge, Wallet};

/// Blocks, and the tip that they lead to.
pub struct Series {
    pub name: String,
    pub spec: ChainSpec,
    pub blocks: Vec<Block>,
    pub tip: Hash,
}

impl Series {
    pub fn all() -> Vec<Self> {
        let mut all: Vec<Self> = [1, 12, 40].into_iter().map(Self::there_and_back).collect();
        all.push(Self::of_moving_difficulty());
        all.push(Self::of_crowded_blocks());
        all
    }

    /// A reorganisation of `depth` blocks and back.
    fn there_and_back(depth: u64) -> Self {
        let Branches { spec, trunk, first, second, .. } = Branches::grow(depth, 0x726f_6f74 + depth);
        let tip = first.last().unwrap().id();
        let (below, above) = first.split_at(usize::try_from(depth).unwrap());
        let blocks = [&trunk[..], below, &second[..], above].concat();
        Self { name: format!("reorganisation-{depth}"), spec, blocks, tip }
    }

    /// A chain whose miners come and go, so that every block has other bits.
    fn of_moving_difficulty() -> Self {
        let (mut forge, mut dice) = (Forge::new(forge::retargeting_spec(4)), Dice::new(0x6269_7473));
        let mut parent = forge.genesis();
        let mut blocks = Vec::new();
        for number in 0..300_u64 {
            let wallet = Wallet::number(number % 4);
            let payment =
                forge.pay(&parent, &wallet, Wallet::number(dice.roll(9)).address(), dice.roll(9_999));
            // For a while the blocks come too fast, then too slowly.
            let delay_ms = 1 + dice.roll(if number / 50 % 2 == 0 { 1_200 } else { 3_500 });
            let time = forge.after(&parent, delay_ms);
            let miner = Wallet::number(200 + number % 7).address();
            let block = forge.child_by(miner, &parent, vec![payment], time);
            parent = block.id();
            blocks.push(block);
        }
        Self { name: "difficulty-300".to_owned(), spec: forge.spec().clone(), blocks, tip: parent }
    }

    /// A few blocks of many payments, which is where work is shared out to threads.
    fn of_crowded_blocks() -> Self {
        const WALLETS: u64 = 400;
        let mut forge = Forge::new(forge::spec(WALLETS));
        let chain_id = forge.spec().chain_id;
        let mut parent = forge.genesis();
        let mut blocks = Vec::new();
        for nonce in 0..4_u64 {
            let payment = |number: u64| {
                let to = Wallet::number((number * 7 + nonce) % (2 * WALLETS)).address();
                Wallet::number(number).pay(chain_id, nonce, to, 1_000 + number)
            };
            let time = forge.after(&parent, 1_000);
            let transactions = (0..WALLETS).map(payment).collect();
            let block = forge.child_by(Wallet::number(200).address(), &parent, transactions, time);
            parent = block.id();
            blocks.push(block);
        }
        Self { name: "crowded-400".to_owned(), spec: forge.spec().clone(), blocks, tip: parent }
    }
}
