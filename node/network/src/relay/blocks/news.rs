//! News of a block, announced or pushed: what is to be thought of its header, and whether to fetch it.

use std::sync::Arc;

use vibecoin_crypto::Hash;
use vibecoin_primitives::Work;

use super::fetch::Fetch;
use super::{Blocks, form};
use crate::endpoint::NodeId;
use crate::peers::Peer;
use crate::score::Fault;
use crate::turn::Turn;
use crate::wire::{CompactBlock, HeaderRecord, Kind, TipClaim};
use crate::world::{Broken, Holding};

/// Blocks that are on their way here at the same time.
const FETCHES_MAX: usize = 16;
/// Forks that start so many blocks below the tip or less are fetched at once; deeper ones go by their headers first.
const FORK_DEPTH_MAX: u64 = 8;
/// News that is kept for a moment.
const LATER_MAX: usize = 16;
/// A time of a header further ahead than this is not waited for, in ms.
const AHEAD_MAX_MS: u64 = 60_000;
/// Time that a header may be ahead of the clock (HDR-7), in ms.
const DRIFT_MS: u64 = 15_000;
/// Pause before news is considered again that waits for its parent, in ms.
const PARENT_MS: u64 = 100;
/// How often that is done.
const TRIES_MAX: u32 = 50;

#[derive(Clone, Debug)]
enum News {
    Tip(Box<HeaderRecord>),
    Compact(Arc<CompactBlock>),
}

impl News {
    fn head(&self) -> HeaderRecord {
        match self {
            Self::Tip(head) => **head,
            Self::Compact(compact) => compact.head,
        }
    }
}

/// News that cannot be judged yet: its time is ahead of the clock, or its parent is still on its way.
#[derive(Debug)]
pub struct Later {
    /// Who brought it.
    pub node: NodeId,
    news: News,
    due_ms: u64,
    tries: u32,
}

/// Where a header stands.
enum Place {
    /// On the tip.
    Tip,
    /// Beside it, on a block that is here and not long past.
    Near,
    /// On a block that is on its way here.
    OnFetch,
    /// Not yet: its time has to come first, so many ms from now.
    Early(u64),
    /// Nowhere: it breaks a rule.
    Broken(Broken),
    /// On a block that is not known here, or long past.
    Elsewhere,
}

impl Blocks {
    /// A peer has executed a block and announces it.
    pub fn on_tip(&mut self, turn: &mut Turn<'_>, node: NodeId, head: Box<HeaderRecord>, work: Work) {
        let id = head.id();
        let Some(standing) = self.standings.get_mut(&node) else { return };
        if !standing.says(Kind::Tip, id) {
            turn.fault(node, Fault::Repeated(Kind::Tip));
            return;
        }
        if !head.is_sealed() {
            turn.fault(node, Fault::BrokenHeader { rule: "BLK-3".to_owned() });
            return;
        }
        standing.has.insert(id);
        if let Some(peer) = turn.peers.get_mut(&node)
            && peer.tip.work < work
        {
            peer.tip = TipClaim { id, height: head.header.height, work };
        }
        self.hear(turn, node, News::Tip(head), 0);
    }

    /// A peer sends a block in its compact form, asked or not.
    pub fn on_compact(&mut self, turn: &mut Turn<'_>, node: NodeId, compact: Arc<CompactBlock>) {
        let id = compact.head.id();
        let asked = self.asked_compact.remove(&(node, id)).is_some();
        let hears_ms = turn.peers.get(&node).map_or(0, Peer::hears_ms);
        let Some(standing) = self.standings.get_mut(&node) else { return };
        if !asked && !standing.may_push(hears_ms) {
            turn.fault(node, Fault::Pushy);
        } else if !asked && !standing.says(Kind::Compact, id) {
            turn.fault(node, Fault::Repeated(Kind::Compact));
        } else if !compact.head.is_sealed() {
            turn.fault(node, Fault::BrokenHeader { rule: "BLK-3".to_owned() });
        } else if !form::is_sound(&compact, &turn.config.limits) {
            turn.fault(node, Fault::BrokenCompact);
        } else {
            standing.has.insert(id);
            self.hear(turn, node, News::Compact(compact), 0);
        }
    }

    fn hear(&mut self, turn: &mut Turn<'_>, node: NodeId, news: News, tries: u32) {
        let head = news.head();
        let id = head.id();
        let vouches = matches!(news, News::Tip(_));
        match turn.world.block(&id) {
            Holding::Body => return,
            Holding::Invalid if vouches => {
                turn.fault(node, Fault::InvalidChain { rule: "HDR-10".to_owned() });
                return;
            }
            Holding::Invalid => return self.mute(turn, node),
            Holding::Unknown | Holding::Header => {}
        }
        if turn.catching_up {
            return;
        }
        if !self.fetches.contains_key(&id) {
            let early = match self.place(turn, &head) {
                Place::Tip => true,
                Place::Near => false,
                Place::OnFetch => return self.put_off(turn, node, news, PARENT_MS, tries),
                Place::Early(wait_ms) => return self.put_off(turn, node, news, wait_ms, tries),
                Place::Broken(broken) => {
                    return turn.fault(node, Fault::BrokenHeader { rule: broken.rule });
                }
                Place::Elsewhere => return turn.behind(node),
            };
            if self.fetches.len() == FETCHES_MAX {
                return turn.behind(node);
            }
            self.fetches.insert(id, Fetch::new(head, node, early));
        }
        let Some(fetch) = self.fetches.get_mut(&id) else { return };
        fetch.add(node, vouches);
        match news {
            News::Compact(compact) => self.take_compact(turn, id, node, compact),
            News::Tip(_) if fetch.is_late(turn.now.ms) => self.ask_next(turn, id),
            News::Tip(_) => {}
        }
    }

    fn place(&self, turn: &Turn<'_>, head: &HeaderRecord) -> Place {
        if let Some(verdict) = turn.world.on_tip(head) {
            return verdict.map_or_else(|broken| refused(turn, head, broken), |()| Place::Tip);
        }
        let parent_id: Hash = head.content.parent_id;
        let on = |parent: &HeaderRecord, place: Place| {
            turn.world.header(parent, head).map_or_else(|broken| refused(turn, head, broken), |_| place)
        };
        if let Some(parent) = self.fetches.get(&parent_id) {
            return on(&parent.head, Place::OnFetch);
        }
        let remembered = || self.heads.iter().find(|(id, _)| *id == parent_id).map(|(_, head)| *head);
        let here = |_: &HeaderRecord| turn.world.block(&parent_id) == Holding::Body;
        let parent = turn.world.active_header(&parent_id).or_else(remembered).filter(here);
        let tip = turn.world.tip().height;
        match parent {
            Some(parent) if tip.saturating_since(parent.header.height) <= FORK_DEPTH_MAX => {
                on(&parent, Place::Near)
            }
            _ => Place::Elsewhere,
        }
    }

    fn put_off(&mut self, turn: &mut Turn<'_>, node: NodeId, news: News, wait_ms: u64, tries: u32) {
        if tries == TRIES_MAX || self.later.len() == LATER_MAX || wait_ms > AHEAD_MAX_MS {
            return turn.behind(node);
        }
        self.later.push(Later { node, news, due_ms: turn.now.ms + wait_ms, tries: tries + 1 });
    }

    /// Considers again what has waited long enough.
    pub(super) fn hear_again(&mut self, turn: &mut Turn<'_>) {
        let now_ms = turn.now.ms;
        let (due, later) =
            std::mem::take(&mut self.later).into_iter().partition(|later| later.due_ms <= now_ms);
        self.later = later;
        for Later { node, news, tries, .. } in due {
            self.hear(turn, node, news, tries);
        }
    }
}

/// What follows when a header is not accepted. Nobody is blamed for a time ahead of the clock: it will come.
fn refused(turn: &Turn<'_>, head: &HeaderRecord, broken: Broken) -> Place {
    if broken.blames_sender {
        return Place::Broken(broken);
    }
    let ahead_ms = head.header.time.get().saturating_sub(turn.now.unix_ms);
    Place::Early(ahead_ms.saturating_sub(DRIFT_MS).max(PARENT_MS))
}
