//! Fork choice as it would be without the reserve: the most work wins, by however little.
//!
//! Nothing is changed in the chain. After every import the branches are weighed here, too, and where the real rule
//! stays and this one would not, the blocks down to the fork are taken off the chain for good, so that it goes over.
//! That is exact as long as nobody comes back to what was left, which holds in the scenarios that use it: all honest
//! power is one machine, and a withholding miner never mines on the blocks that he has displaced.

use std::collections::HashMap;

use vibecoin_consensus::pow;
use vibecoin_crypto::Hash;
use vibecoin_primitives::Block;

use super::node::Node;

/// Blocks that are looked at for a fork.
const PATH_MAX: usize = 200;

/// What was stored, with its parent and its cumulative work.
#[derive(Default)]
pub struct WithoutReserve(HashMap<Hash, (Hash, u128)>);

impl WithoutReserve {
    /// Weighs a block that the machine has just got, and moves the machine if this rule would: then it gives the depth
    /// of the move and the blocks that joined the chain.
    pub fn apply(&mut self, node: &mut Node, block: &Block) -> Option<(u64, Vec<Hash>)> {
        let (id, parent) = (block.id(), block.content.parent_id);
        if !node.has(&id) || self.0.contains_key(&id) {
            return None;
        }
        let below = self.0.get(&parent).map_or(0, |(_, total)| *total);
        let own = pow::work(block.header.bits).unwrap().get();
        self.0.insert(id, (parent, below + own));
        let tip = node.tip();
        let active = self.0.get(&tip).map_or(0, |(_, total)| *total);
        if tip == id || below + own <= active {
            return None;
        }
        let (old, new): (Vec<Hash>, Vec<Hash>) = (self.path(tip).collect(), self.path(id).collect());
        let depth = old.iter().take_while(|id| !new.contains(id)).count();
        let joined = new.iter().copied().take_while(|id| !old.contains(id)).collect();
        node.rewind(depth as u64);
        assert_eq!(node.tip(), id, "a branch with more work was not followed");
        Some((depth as u64, joined))
    }

    /// A block and those below it, down to the genesis; forks as deep as this do not occur here.
    fn path(&self, from: Hash) -> impl Iterator<Item = Hash> {
        std::iter::successors(Some(from), |id| self.0.get(id).map(|(parent, _)| *parent)).take(PATH_MAX)
    }
}
