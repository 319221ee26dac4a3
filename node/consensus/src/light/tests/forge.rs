//! Proofs taken apart, to be put together wrong.

use vibecoin_primitives::Height;

use super::chain::{Chain, Dice};
use crate::history::Node;
use crate::light::wire::{Closed, Reader, Writer};
use crate::light::{LightError, Params, Proven, Range, Record, prove};

/// One node of a proof, in its order.
#[derive(Clone, Copy)]
pub(crate) enum Item {
    /// An inner node that is open.
    Open,
    /// A closed node.
    Closed(Closed),
    /// A header.
    Leaf(Record),
}

/// A node with its place.
#[derive(Clone, Copy)]
pub(crate) struct Placed {
    pub(crate) start: u64,
    pub(crate) level: u8,
    pub(crate) item: Item,
}

/// A proof, taken apart.
#[derive(Clone)]
pub(crate) struct Forge(pub(crate) Vec<Placed>);

impl Forge {
    /// The nodes of a proof for a tip of this height.
    pub(crate) fn of(height: u64, proof: &[u8]) -> Self {
        let mut wire = Reader::new(proof).unwrap();
        let (mut items, mut start) = (Vec::new(), 0);
        let mut todo: Vec<u8> = (0..64).filter(|level| height >> level & 1 == 1).collect();
        while let Some(level) = todo.pop() {
            let item = match (wire.bit().unwrap(), level) {
                (false, _) => Item::Closed(wire.record().unwrap()),
                (true, 0) => Item::Leaf(wire.record().unwrap()),
                (true, _) => Item::Open,
            };
            items.push(Placed { start, level, item });
            match item {
                Item::Open => todo.extend([level - 1; 2]),
                Item::Closed(_) | Item::Leaf(_) => start += 1 << level,
            }
        }
        wire.finish().unwrap();
        Self(items)
    }

    /// The bytes.
    pub(crate) fn proof(&self) -> Vec<u8> {
        let mut out = Writer::default();
        for placed in &self.0 {
            out.bit(!matches!(placed.item, Item::Closed(_)));
            match &placed.item {
                Item::Open => {}
                Item::Closed(closed) => out.record(closed),
                Item::Leaf(record) => out.record(record),
            }
        }
        out.finish()
    }

    /// Changes the record of the header at a height, which is shown.
    pub(crate) fn change_leaf(&mut self, height: u64, change: impl FnOnce(&mut Record)) {
        let leaf = self.0.iter_mut().find_map(|placed| match &mut placed.item {
            Item::Leaf(record) if placed.start == height => Some(record),
            Item::Leaf(_) | Item::Open | Item::Closed(_) => None,
        });
        change(leaf.unwrap());
    }

    /// The places of closed nodes, in the list.
    pub(crate) fn closed(&self) -> Vec<usize> {
        let closed = |at: &usize| matches!(self.0[*at].item, Item::Closed(_));
        (0..self.0.len()).filter(closed).collect()
    }

    /// Changes the closed node at a place of the list.
    pub(crate) fn change_closed(&mut self, at: usize, change: impl FnOnce(&mut Closed)) {
        match &mut self.0[at].item {
            Item::Closed(closed) => change(closed),
            Item::Open | Item::Leaf(_) => panic!("{at} is not closed"),
        }
    }

    /// The heights that are shown.
    pub(crate) fn shown(&self) -> Vec<u64> {
        let leaf = |placed: &Placed| matches!(placed.item, Item::Leaf(_)).then_some(placed.start);
        self.0.iter().filter_map(leaf).collect()
    }
}

/// A chain, a question, and the true answer.
pub(crate) struct Case {
    pub(crate) chain: Chain,
    pub(crate) seed: [u8; 32],
    pub(crate) params: Params,
    pub(crate) proof: Vec<u8>,
}

impl Case {
    pub(crate) fn new(chain: Chain, last: u32, draws: u32) -> Self {
        let (seed, params) = (Dice(1).seed(), Params::new(last, draws).unwrap());
        let proof = chain.prove(&seed, &params);
        Self { chain, seed, params, proof }
    }

    /// The first seed for which the chain's own prover can answer, though it invented some of its nodes.
    pub(crate) fn lucky(chain: Chain, last: u32, draws: u32) -> Self {
        let params = Params::new(last, draws).unwrap();
        let mut dice = Dice(1);
        let mut tries = std::iter::repeat_with(|| dice.seed()).take(20_000);
        let found =
            tries.find_map(|seed| Some((seed, prove(&chain.store, &chain.peaks, &seed, &params).ok()?)));
        let (seed, proof) = found.unwrap();
        Self { chain, seed, params, proof }
    }

    pub(crate) fn height(&self) -> u64 {
        self.chain.tip.height.get()
    }

    pub(crate) fn forge(&self) -> Forge {
        Forge::of(self.height(), &self.proof)
    }

    pub(crate) fn judge(&self, proof: &[u8]) -> Result<Proven, LightError> {
        self.chain.verify(&self.seed, &self.params, proof)
    }

    /// Why the chain's own proof is refused.
    pub(crate) fn refusal(&self) -> LightError {
        self.judge(&self.proof).unwrap_err()
    }

    /// The verdict on the proof after a change.
    pub(crate) fn changed(&self, change: impl FnOnce(&mut Forge)) -> LightError {
        let mut forge = self.forge();
        change(&mut forge);
        let proof = forge.proof();
        assert_ne!(proof, self.proof, "nothing was changed");
        self.judge(&proof).unwrap_err()
    }
}

/// A header that is shown does not have its work.
pub(crate) fn lacks_work(error: &LightError, at: u64) -> bool {
    let no_work = |error: &crate::HeaderError| matches!(error, crate::HeaderError::Work { .. });
    matches!(error, LightError::Leaf { height, source } if *height == Height::new(at) && no_work(source))
}

/// A proof that answers no draw: open are the genesis and the last headers only.
pub(crate) fn skeleton(chain: &Chain, last: u64) -> Forge {
    let count = chain.peaks.count();
    let levels = (0..64_u8).rev().filter(|level| count >> level & 1 == 1);
    let mut todo: Vec<(u8, Node)> = levels.zip(chain.peaks.nodes().iter().copied()).collect();
    todo.reverse();
    let (mut items, mut start) = (Vec::new(), 0);
    while let Some((level, node)) = todo.pop() {
        let end = start + (1 << level);
        let item = match (start == 0 || end > count - last, level) {
            (false, _) => Item::Closed(Closed::of(&node)),
            (true, 0) => Item::Leaf(Record::of(&chain.store.stored(&node.hash).unwrap())),
            (true, _) => Item::Open,
        };
        items.push(Placed { start, level, item });
        match item {
            Item::Open => {
                let (left, right) = chain.store.children(&node.hash).unwrap().unwrap();
                todo.extend([(level - 1, right), (level - 1, left)]);
            }
            Item::Closed(_) | Item::Leaf(_) => start = end,
        }
    }
    Forge(items)
}
