//! Random trees of blocks in random orders, against a naive model of the choice.

use std::collections::HashMap;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::Index;
use vibecoin_consensus::pow;
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Address, Block, ChainSpec};
use vibecoin_storage::MemoryStore;

use super::lab::{LATE, fast_spec, open_lazy};
use crate::policy::SideBranches;
use crate::production::Template;

/// The block number `number` on top of the path, `delay_ms` after its parent.
fn child(spec: &ChainSpec, path: &[Block], number: u64, delay_ms: u64) -> Block {
    let mut chain = open_lazy(spec, SideBranches::Lazy);
    for block in path {
        chain.import(block.clone(), LATE).unwrap();
    }
    let reader = chain.reader();
    let time = chain.tip().time().checked_add(delay_ms).unwrap();
    let mut beneficiary = [0; 20];
    beneficiary[..8].copy_from_slice(&number.to_le_bytes());
    let view = reader.view().unwrap();
    let template = Template::build(&reader, &view, Address::new(beneficiary), [], time).unwrap();
    let nonce = template.search(1, &false.into(), &0.into()).unwrap().unwrap();
    template.into_block(nonce)
}

/// A tree: every block stands on an earlier one or on the genesis.
fn tree(spec: &ChainSpec, shape: &[(Index, u64)]) -> Vec<Block> {
    let mut paths: Vec<Vec<Block>> = vec![Vec::new()];
    for (number, (parent, delay_ms)) in (1..).zip(shape) {
        let mut path = parent.get(&paths).clone();
        path.push(child(spec, &path, number, *delay_ms));
        paths.push(path);
    }
    paths.into_iter().skip(1).map(|mut path| path.pop().unwrap()).collect()
}

/// The rules of the choice over a map, found anew at every step.
struct Model {
    /// Id → parent, cumulative work, own work, order of acceptance.
    known: HashMap<Hash, (Hash, u128, u128, usize)>,
    waiting: Vec<Block>,
    tip: Hash,
}

impl Model {
    fn new(genesis: Hash, work: u128) -> Self {
        Self {
            known: HashMap::from([(genesis, (Hash::ZERO, work, work, 0))]),
            waiting: Vec::new(),
            tip: genesis,
        }
    }

    fn deliver(&mut self, block: &Block) {
        let mut arrived = std::collections::VecDeque::from([block.clone()]);
        while let Some(block) = arrived.pop_front() {
            let id = block.id();
            if self.known.contains_key(&id) {
                continue;
            }
            if !self.known.contains_key(&block.content.parent_id) {
                // A stranger must show a sixteenth of the tip's own work to be kept.
                let worthy = pow::work(block.header.bits).unwrap().get() * 16 >= self.known[&self.tip].2;
                if worthy && self.waiting.iter().all(|other| other.id() != id) {
                    self.waiting.push(block);
                }
                continue;
            }
            self.accept(id, &block);
            let (children, rest) =
                self.waiting.drain(..).partition(|other: &Block| other.content.parent_id == id);
            self.waiting = rest;
            arrived.extend::<Vec<Block>>(children);
        }
    }

    fn accept(&mut self, id: Hash, block: &Block) {
        let parent = block.content.parent_id;
        let own = pow::work(block.header.bits).unwrap().get();
        let total = self.known[&parent].1 + own;
        self.known.insert(id, (parent, total, own, self.known.len()));
        if parent == self.tip {
            self.tip = id;
        }
        loop {
            let (_, active, own, _) = self.known[&self.tip];
            let ahead = self
                .known
                .iter()
                .filter(|(_, (_, total, _, _))| *total > active && 2 * (total - active) > own);
            match ahead.max_by_key(|(_, (_, total, _, at))| (*total, std::cmp::Reverse(*at))) {
                Some((winner, _)) => self.tip = *winner,
                None => return,
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn the_tip_is_the_one_of_the_model_in_every_order(
        shape in prop::collection::vec((any::<Index>(), 1_u64..9_000), 1..16),
        order in prop::collection::vec(any::<Index>(), 1..60),
        full: bool,
    ) {
        let spec = fast_spec();
        let blocks = tree(&spec, &shape);
        let mut chain = open_lazy(&spec, if full { SideBranches::Execute } else { SideBranches::Lazy });
        let genesis = chain.tip().id();
        let mut model = Model::new(genesis, pow::work(spec.genesis_bits).unwrap().get());
        // Some twice, some late: whatever the order has left out comes at the end.
        for block in order.iter().map(|index| index.get(&blocks)).chain(&blocks) {
            chain.import(block.clone(), LATE).unwrap();
            model.deliver(block);
            prop_assert_eq!(chain.tip().id(), model.tip);
        }
        prop_assert_eq!(chain.orphan_count(), 0);
        let scratch = Arc::new(MemoryStore::default());
        let verified = crate::verify::verify(&*chain.ground.store, &spec, scratch, |_, _| {}).unwrap();
        prop_assert_eq!(verified.tip, model.tip);
    }
}

/// A network on which the work of neighbouring blocks differs by little, as on every real one.
fn mild_spec() -> ChainSpec {
    ChainSpec { half_life_ms: 120_000, ..fast_spec() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// Two nodes that saw the same blocks in different orders stand at the same tip, or at rivals of which neither is
    /// ahead by more than the reserve; and then the next block on the heavier one settles it for both.
    #[test]
    fn orders_matter_only_within_the_reserve_and_one_more_block_settles_that(
        shape in prop::collection::vec((any::<Index>(), 1_u64..3_000), 1..16),
        orders in prop::array::uniform2(prop::collection::vec(any::<Index>(), 0..60)),
    ) {
        let spec = mild_spec();
        let blocks = tree(&spec, &shape);
        let mut nodes = orders.map(|order| {
            let mut chain = open_lazy(&spec, SideBranches::Lazy);
            for block in order.iter().map(|index| index.get(&blocks)).chain(&blocks) {
                chain.import(block.clone(), LATE).unwrap();
            }
            chain
        });
        let tips = nodes.each_ref().map(|chain| chain.tip().for_choice());
        for (one, other) in [(0, 1), (1, 0)] {
            prop_assert!(!tips[one].is_outweighed_by(tips[other].total_work));
        }
        let heavier = usize::from(tips[1].total_work > tips[0].total_work);
        let mut path = Vec::new();
        let mut at = nodes[heavier].tip().id();
        while let Some(block) = blocks.iter().find(|block| block.id() == at) {
            at = block.content.parent_id;
            path.push(block.clone());
        }
        path.reverse();
        let next = child(&spec, &path, 1_000, 1_000);
        for node in &mut nodes {
            node.import(next.clone(), LATE).unwrap();
            prop_assert_eq!(node.tip().id(), next.id());
        }
    }
}
