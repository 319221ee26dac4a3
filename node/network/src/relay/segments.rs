//! Segments of the tip: whoever has made or verified one passes it on, so that the next block comes without it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use vibecoin_crypto::Hash;
use vibecoin_primitives::block;

use crate::endpoint::NodeId;
use crate::requests::Room;
use crate::score::Fault;
use crate::turn::Turn;
use crate::wire::Message;
use crate::world::{Broken, Claim, Ticket};

/// Segments that wait to be judged: of the tip, or of a block that may become the tip.
const WAITING_MAX: usize = 8;

#[derive(Debug)]
struct Waiting {
    node: NodeId,
    parent: Hash,
    ticks: Arc<[Hash]>,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Segments {
    waiting: VecDeque<Waiting>,
    judging: BTreeMap<Ticket, Waiting>,
}

impl Segments {
    /// The ticks of a segment with this root, if they are known here or wait to be judged.
    pub fn ticks(&self, turn: &Turn<'_>, parent: &Hash, poh_root: &Hash) -> Option<Arc<[Hash]>> {
        let open = self.judging.values().chain(&self.waiting);
        let open = open.filter(|waiting| waiting.parent == *parent).map(|waiting| waiting.ticks.clone());
        let mut known = turn.world.segment(parent).into_iter().chain(open);
        known.find(|ticks| block::poh_root(ticks) == *poh_root)
    }

    /// A peer sends a segment of the tip, or of a block that is on its way here (`expected`).
    pub fn on_segment(
        &mut self,
        turn: &mut Turn<'_>,
        node: NodeId,
        parent: Hash,
        ticks: Arc<[Hash]>,
        expected: bool,
    ) {
        if ticks.len() != turn.config.limits.ticks {
            turn.fault(node, Fault::BrokenSegment { rule: "POH-1".to_owned() });
            return;
        }
        if let Some(known) = turn.world.segment(&parent) {
            if known != ticks {
                turn.fault(node, Fault::BrokenSegment { rule: "POH-3".to_owned() });
            }
            return;
        }
        let of_tip = parent == turn.world.tip().id;
        let mut open = self.judging.values().chain(&self.waiting);
        if turn.catching_up
            || !(of_tip || expected)
            || open.any(|waiting| waiting.parent == parent && waiting.ticks == ticks)
        {
            return;
        }
        // Nobody has more than one place, or a crowd of forgers would keep the honest one out for longer.
        self.waiting.retain(|waiting| waiting.node != node);
        if self.waiting.len() == WAITING_MAX {
            self.waiting.pop_front();
        }
        self.waiting.push_back(Waiting { node, parent, ticks });
        self.go_on(turn);
    }

    /// Judges the next one of the tip, if none is judged now.
    pub fn go_on(&mut self, turn: &mut Turn<'_>) {
        if !self.judging.is_empty() {
            return;
        }
        let tip = turn.world.tip().id;
        while let Some(at) = self.waiting.iter().position(|waiting| waiting.parent == tip) {
            let Some(waiting) = self.waiting.remove(at) else { return };
            match turn.world.segment(&tip) {
                Some(known) if known == waiting.ticks => {}
                Some(_) => turn.fault(waiting.node, Fault::BrokenSegment { rule: "POH-3".to_owned() }),
                None => {
                    let claim = Claim::Segment { parent: tip, ticks: waiting.ticks.clone() };
                    let ticket = turn.judge(Room::Relay, waiting.node, claim);
                    self.judging.insert(ticket, waiting);
                    return;
                }
            }
        }
    }

    /// True if the question was one of these.
    pub fn asked(&self, ticket: Ticket) -> bool {
        self.judging.contains_key(&ticket)
    }

    /// The node has judged; `None` if it could not. Answers what is to be passed on.
    pub fn on_judged(
        &mut self,
        turn: &mut Turn<'_>,
        ticket: Ticket,
        verdict: Option<Result<(), Broken>>,
    ) -> Option<(Hash, Arc<[Hash]>)> {
        let Waiting { node, parent, ticks } = self.judging.remove(&ticket)?;
        match verdict {
            Some(Ok(())) => {
                self.waiting.retain(|waiting| waiting.parent != parent || waiting.ticks != ticks);
                self.go_on(turn);
                return Some((parent, ticks));
            }
            Some(Err(broken)) if broken.blames_sender => {
                turn.fault(node, Fault::BrokenSegment { rule: broken.rule });
            }
            Some(Err(_)) | None => {}
        }
        self.go_on(turn);
        None
    }

    /// The tip has moved: segments of the new one are judged now, those of blocks that are behind are forgotten.
    pub fn on_moved(&mut self, turn: &mut Turn<'_>) {
        self.waiting.retain(|waiting| turn.world.segment(&waiting.parent).is_none());
        self.go_on(turn);
    }
}

/// The message with a segment.
pub fn message(parent: Hash, ticks: &Arc<[Hash]>) -> Message {
    Message::Segment { parent, ticks: ticks.clone() }
}
