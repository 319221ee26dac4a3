//! What machines tell each other: blocks as they are published, and headers before bodies for who lacks many.

use std::sync::Arc;

use vibecoin_crypto::Hash;
use vibecoin_primitives::Block;

use super::{Event, Network};
use crate::simulation::node::Fate;
use crate::simulation::strategy::Step;

/// What is missing is asked for again after so long.
const ASK_AGAIN_MS: i64 = 60_000;

/// What can be asked for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    Header,
    Body,
}

impl Network {
    pub(super) fn arrive(&mut self, to: usize, from: usize, block: &Arc<Block>, asked: bool) {
        let before = self.members[to].node.tip();
        let step = self.members[to].strategy.heard(block);
        for block in &step.take {
            match self.take(to, from, block) {
                Fate::Orphan if !asked => self.ask_headers(to, from, block),
                Fate::Header => self.ask_bodies(to, from),
                _ => {}
            }
        }
        self.follow(to, Step { take: Vec::new(), ..step });
        self.moved(to, before);
    }

    pub(super) fn headers(&mut self, to: usize, from: usize, blocks: &[Arc<Block>]) {
        let before = self.members[to].node.tip();
        for block in blocks {
            let now = self.clock(to);
            let taken = self.members[to].node.take_header(block, now);
            self.note(to, &taken);
        }
        self.moved(to, before);
        self.ask_bodies(to, from);
    }

    /// Asks the sender of a block for the headers below it, the lowest first, but for those asked for just now.
    fn ask_headers(&mut self, to: usize, from: usize, block: &Arc<Block>) {
        let mut blocks = Vec::new();
        let mut at = block.content.parent_id;
        while !self.members[to].node.has(&at) {
            let Some(found) = self.found.get(&at) else { return };
            let block = Arc::clone(&found.block);
            if self.may_ask(to, at, Part::Header) {
                blocks.push(Arc::clone(&block));
            }
            at = block.content.parent_id;
        }
        blocks.reverse();
        if !blocks.is_empty() {
            self.push(self.there_and_back(to, from), Event::Headers { to, from, blocks });
        }
    }

    /// Asks for the bodies that the headers make worth having.
    fn ask_bodies(&mut self, to: usize, from: usize) {
        for id in self.members[to].node.wanted_bodies() {
            let Some(found) = self.found.get(&id) else { continue };
            let block = Arc::clone(&found.block);
            if self.may_ask(to, id, Part::Body) {
                self.push(self.there_and_back(to, from), Event::Arrive { to, from, block, asked: true });
            }
        }
    }

    /// Whether enough time has passed since the last question; it counts as asked now.
    fn may_ask(&mut self, who: usize, id: Hash, part: Part) -> bool {
        let asked = self.asked.entry((who, id, part)).or_insert(i64::MIN);
        let may = self.now.saturating_sub(*asked) >= ASK_AGAIN_MS;
        if may {
            *asked = self.now;
        }
        may
    }

    fn there_and_back(&self, one: usize, other: usize) -> i64 {
        (self.latency)(one, other) + (self.latency)(other, one)
    }

    pub(super) fn follow(&mut self, who: usize, step: Step) {
        for block in &step.take {
            self.take(who, who, block);
        }
        for block in &step.publish {
            for to in (0..self.members.len()).filter(|to| *to != who) {
                self.send(who, to, block);
            }
        }
    }

    pub(super) fn send(&mut self, from: usize, to: usize, block: &Arc<Block>) {
        if self.members[from].group == self.members[to].group {
            let block = Arc::clone(block);
            self.push((self.latency)(from, to), Event::Arrive { to, from, block, asked: false });
        }
    }
}
