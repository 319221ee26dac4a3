//! The few peers that push new blocks here: those that brought them first (after BIP 152).

use crate::endpoint::NodeId;
use crate::peers::Direction;

/// Peers that push at the same time. Each pushes the same block, so each costs its bytes.
pub const PUSHERS_MAX: usize = 3;

/// See the module. The one that was useful last stands last.
#[derive(Debug, Default)]
pub struct Pushers {
    nodes: Vec<(NodeId, Direction)>,
}

/// What follows from a choice.
#[derive(Debug, PartialEq, Eq)]
pub enum Choice {
    /// Nothing is to be told to anybody.
    Same,
    /// It is to push, and somebody else may have to stop.
    Starts(Option<NodeId>),
}

impl Pushers {
    /// True while there is room for one more.
    pub const fn has_room(&self) -> bool {
        self.nodes.len() < PUSHERS_MAX
    }

    /// A peer was first with a block. One that chose this node never takes the place of one that this node chose.
    pub fn prefer(&mut self, node: NodeId, direction: Direction) -> Choice {
        if let Some(at) = self.nodes.iter().position(|(pusher, _)| *pusher == node) {
            let pusher = self.nodes.remove(at);
            self.nodes.push(pusher);
            return Choice::Same;
        }
        let mut stops = None;
        if !self.has_room() {
            let inbound = self.nodes.iter().position(|(_, direction)| *direction == Direction::Inbound);
            match (inbound, direction) {
                (Some(at), _) => stops = Some(self.nodes.remove(at).0),
                (None, Direction::Outbound) => stops = Some(self.nodes.remove(0).0),
                (None, Direction::Inbound) => return Choice::Same,
            }
        }
        self.nodes.push((node, direction));
        Choice::Starts(stops)
    }

    /// A peer is gone, or is not to push any more. True if it was among them.
    pub fn remove(&mut self, node: NodeId) -> bool {
        let before = self.nodes.len();
        self.nodes.retain(|(pusher, _)| *pusher != node);
        self.nodes.len() < before
    }
}
