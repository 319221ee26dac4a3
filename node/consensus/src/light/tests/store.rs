//! A history in memory, to prove from.

use std::collections::HashMap;
use std::convert::Infallible;

use vibecoin_crypto::Hash;
use vibecoin_primitives::{ChainSpec, Header};

use crate::history::{Inner, Node, Peaks};
use crate::light::wire::{Closed, Reader};
use crate::light::{Place, Range, Record};

/// Inner nodes and headers by hash.
#[derive(Clone, Default)]
pub(crate) struct Store {
    inner: HashMap<Hash, (Node, Node)>,
    headers: HashMap<Hash, Header>,
}

impl Store {
    pub(crate) fn keep_inner(&mut self, inner: &[Inner]) {
        self.inner.extend(inner.iter().map(|inner| (inner.node.hash, (inner.left, inner.right))));
    }

    pub(crate) fn keep_header(&mut self, id: Hash, header: Header) {
        self.headers.insert(id, header);
    }

    /// The header with this id.
    pub(crate) fn stored(&self, id: &Hash) -> Option<Header> {
        self.headers.get(id).copied()
    }

    pub(crate) fn headers(&self) -> impl Iterator<Item = Header> {
        self.headers.values().copied()
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.inner.extend(other.inner);
        self.headers.extend(other.headers);
    }

    /// What a proof for a tip of height `count` shows, and the peaks that it leads to; every record is believed.
    pub(crate) fn shown_by(spec: &ChainSpec, count: u64, proof: &[u8]) -> (Self, Peaks) {
        let mut wire = Reader::new(proof).unwrap();
        let (mut store, mut peaks) = (Self::default(), Peaks::new());
        let mut todo: Vec<u8> = (0..64).filter(|level| count >> level & 1 == 1).collect();
        while let Some(level) = todo.pop() {
            let node = if !wire.bit().unwrap() {
                wire.record::<Closed>().unwrap().starting_at(peaks.end().unwrap())
            } else if level == 0 {
                let header = wire.record::<Record>().unwrap().header(spec, &Place::on(&peaks, spec));
                store.keep_header(header.id(), header);
                Node::leaf(&header, header.id()).unwrap()
            } else {
                todo.extend([level - 1; 2]);
                continue;
            };
            store.keep_inner(&peaks.append_tree(level, node).unwrap());
        }
        wire.finish().unwrap();
        (store, peaks)
    }
}

impl Range for Store {
    type Error = Infallible;

    fn children(&self, hash: &Hash) -> Result<Option<(Node, Node)>, Infallible> {
        Ok(self.inner.get(hash).copied())
    }

    fn header(&self, id: &Hash) -> Result<Option<Header>, Infallible> {
        Ok(self.headers.get(id).copied())
    }
}
