//! Miners who keep their blocks to themselves until it pays to show them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use vibecoin_crypto::Hash;
use vibecoin_primitives::Block;

use super::strategy::{Step, Strategy};

/// When hidden blocks are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// As Eyal and Sirer describe it: shown as soon as the lead has shrunk to one, which wins by a whole block.
    Lead,
    /// For a rule under which a back-dated branch wins against one of equal height: shown only when the others have
    /// drawn level, and never given up while one block behind.
    Level,
}

/// A miner who withholds. Its machine sees of the public chain only what the miner has given in to, so that it goes
/// on with the private branch.
pub struct Withholding {
    plan: Plan,
    backdated: bool,
    /// Everything found or heard.
    known: HashMap<Hash, Arc<Block>>,
    private_tip: Hash,
    public_tip: Hash,
    shown: HashSet<Hash>,
}

/// Blocks above a fork, the lowest first.
type Branch = Vec<Arc<Block>>;

impl Withholding {
    pub fn new(plan: Plan, backdated: bool) -> Self {
        Self {
            plan,
            backdated,
            known: HashMap::new(),
            private_tip: Hash::ZERO,
            public_tip: Hash::ZERO,
            shown: HashSet::new(),
        }
    }

    /// Height and parent; whatever is below all known blocks is the genesis.
    fn place(&self, id: &Hash) -> (u64, Hash) {
        self.known
            .get(id)
            .map_or((0, Hash::ZERO), |block| (block.header.height.get(), block.content.parent_id))
    }

    /// The private and the public branch above their fork.
    fn branches(&self) -> (Branch, Branch) {
        let (mut private, mut public) = (Branch::new(), Branch::new());
        let (mut ours, mut theirs) = (self.private_tip, self.public_tip);
        loop {
            let ((our_height, our_parent), (their_height, their_parent)) =
                (self.place(&ours), self.place(&theirs));
            if ours == theirs || (our_height == 0 && their_height == 0) {
                break;
            }
            if our_height >= their_height {
                private.push(Arc::clone(&self.known[&ours]));
                ours = our_parent;
            } else {
                public.push(Arc::clone(&self.known[&theirs]));
                theirs = their_parent;
            }
        }
        private.reverse();
        public.reverse();
        (private, public)
    }

    fn give_in(&mut self, public: Branch) -> Step {
        self.private_tip = self.public_tip;
        Step { take: public, publish: Vec::new() }
    }

    /// Shows the lowest blocks of the private branch. `wins`: the others will take them.
    fn show(&mut self, private: &[Arc<Block>], wins: bool) -> Step {
        let publish = private.iter().filter(|block| self.shown.insert(block.id())).cloned().collect();
        if let (true, Some(last)) = (wins, private.last()) {
            self.public_tip = last.id();
        }
        Step { take: Vec::new(), publish }
    }

    fn act(&mut self, own: bool) -> Step {
        let (private, public) = self.branches();
        let (ours, theirs) = (private.len(), public.len());
        match self.plan {
            Plan::Lead if own => match (ours, theirs) {
                // A race that he has just decided.
                (2, 1) => self.show(&private, true),
                _ => Step::default(),
            },
            Plan::Lead if ours < theirs => self.give_in(public),
            Plan::Lead if ours == theirs => self.show(&private, false),
            Plan::Lead if ours == theirs + 1 => self.show(&private, true),
            Plan::Lead => self.show(&private[..theirs], false),
            // The first blocks of both branches have the same work; from the second on the back-dated are heavier.
            Plan::Level if ours == theirs && ours >= 2 => self.show(&private, true),
            Plan::Level if !own && (ours == 0 || ours + 1 < theirs) => self.give_in(public),
            Plan::Level => Step::default(),
        }
    }
}

impl Strategy for Withholding {
    fn stamp(&mut self, now: i64, earliest: i64) -> i64 {
        if self.backdated { earliest } else { now.max(earliest) }
    }

    fn found(&mut self, block: &Arc<Block>) -> Step {
        self.known.insert(block.id(), Arc::clone(block));
        self.private_tip = block.id();
        self.act(true)
    }

    fn heard(&mut self, block: &Arc<Block>) -> Step {
        self.known.insert(block.id(), Arc::clone(block));
        if block.header.height.get() <= self.place(&self.public_tip).0 {
            return Step::default();
        }
        self.public_tip = block.id();
        self.act(false)
    }
}
