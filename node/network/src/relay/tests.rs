use std::sync::Arc;

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Block, Work};

use super::blocks::compact;
use crate::endpoint::NodeId;
use crate::peers::Direction;
use crate::testing::{Bench, forge};
use crate::wire::{CompactBlock, Message};
use crate::world::Have;

mod blocks;
mod invalid;
mod segments;
mod transactions;

const OUT: Direction = Direction::Outbound;
const IN: Direction = Direction::Inbound;

/// A block on the tip of a bench's world.
fn next(bench: &Bench, salt: u64, numbers: std::ops::Range<u64>) -> Arc<Block> {
    let transactions = numbers.map(forge::transaction).collect();
    Arc::new(forge::child(&bench.world.tip_header(), salt, transactions))
}

fn tip(block: &Block) -> Message {
    Message::Tip {
        head: Box::new(forge::head(block)),
        work: Work::new(u128::from(block.header.height.get())),
    }
}

fn compact_of(block: &Block) -> Arc<CompactBlock> {
    Arc::new(compact(block, 7, &[], true))
}

fn push(block: &Block) -> Message {
    Message::Compact(compact_of(block))
}

/// Makes the node's own pool hold these.
fn fill_pool(bench: &mut Bench, numbers: std::ops::Range<u64>) {
    for number in numbers {
        bench.world.put(forge::transaction(number));
    }
}

fn compacts(messages: &[Message], id: Hash) -> Vec<Arc<CompactBlock>> {
    let of = |message: &Message| match message {
        Message::Compact(compact) if compact.head.id() == id => Some(compact.clone()),
        _ => None,
    };
    messages.iter().filter_map(of).collect()
}

fn has_tip(messages: &[Message], id: Hash) -> bool {
    messages.iter().any(|message| matches!(message, Message::Tip { head, .. } if head.id() == id))
}

fn is_blameless(bench: &Bench, node: NodeId) -> bool {
    bench.faults(node).is_empty() && !bench.closed.contains_key(&node)
}
