//! What follows from the node's verdict on a block, for everybody who had to do with it.

use vibecoin_crypto::Hash;

use super::Blocks;
use crate::endpoint::NodeId;
use crate::score::Fault;
use crate::turn::Turn;
use crate::world::{BlockFate, Broken, Judgement};

impl Blocks {
    /// The node has judged the block that `node` delivered.
    pub(super) fn on_verdict(&mut self, turn: &mut Turn<'_>, id: Hash, node: NodeId, judgement: Judgement) {
        match judgement {
            Judgement::Block { fate: BlockFate::Taken, .. } => self.on_taken(turn, id, node),
            Judgement::Block { fate: BlockFate::Broken(broken), .. } => {
                self.on_broken(turn, id, node, broken);
            }
            Judgement::Block { fate: BlockFate::Unwanted, .. } => {
                self.fetches.remove(&id);
            }
            // It is kept for its time, or its parent went away meanwhile; or the node had no time.
            Judgement::Block { fate: BlockFate::Waiting, .. } | Judgement::Undecided => {
                self.fetches.remove(&id);
                turn.behind(node);
            }
            Judgement::Headers { .. }
            | Judgement::Transactions(_)
            | Judgement::Segment(_)
            | Judgement::StateChunk(_) => {
                self.fetches.remove(&id);
            }
        }
    }

    fn on_taken(&mut self, turn: &mut Turn<'_>, id: Hash, node: NodeId) {
        let Some(fetch) = self.fetches.remove(&id) else { return };
        self.remember(fetch.head);
        for useful in [fetch.first, node] {
            if let Some(peer) = turn.peers.get_mut(&useful) {
                peer.useful_block_ms = turn.now.ms;
            }
        }
        self.prefer(turn, fetch.first);
    }

    fn on_broken(&mut self, turn: &mut Turn<'_>, id: Hash, node: NodeId, broken: Broken) {
        let Broken { rule, blames_sender, condemns_block } = broken;
        if condemns_block {
            self.offers.remove(&id);
            let Some(fetch) = self.fetches.remove(&id) else { return };
            for (source, vouches) in fetch.sources() {
                if vouches {
                    turn.fault(source, Fault::InvalidChain { rule: rule.clone() });
                } else {
                    self.mute(turn, source);
                }
            }
        } else if blames_sender {
            // The body is not the header's. Somebody else may have the right one.
            self.offers.remove(&id);
            turn.fault(node, Fault::BrokenBlock { rule });
            self.turn_from(turn, id, node);
        } else {
            self.fetches.remove(&id);
        }
    }
}
