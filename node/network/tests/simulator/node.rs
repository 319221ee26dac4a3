//! One node: the machine, its made-up chain, and the questions that it has not answered itself yet.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use vibecoin_crypto::Hash;
use vibecoin_network::endpoint::{Endpoint, NodeId, Transport};
use vibecoin_network::testing::{Bench, FakeWorld, forge};
use vibecoin_network::world::{Claim, Found, Have, Judgement, Query, TransactionFate};
use vibecoin_network::{Config, Machine};

/// See the module.
pub struct Node {
    pub machine: Machine,
    pub world: FakeWorld,
    pub is_up: bool,
    /// Counts its lives: what was meant for an earlier one is dropped.
    pub life: u32,
    /// Whom it is connected to, with the number of the connection.
    pub links: BTreeSet<(usize, u64)>,
    /// Until when it works on what it was asked, in ms.
    pub busy_until_ms: u64,
}

/// The id of a node.
pub const fn id_of(node: usize) -> NodeId {
    NodeId::new([node as u8 + 1; 32])
}

/// Which node has an id.
pub fn node_of(id: &NodeId) -> usize {
    usize::from(id.as_bytes()[0]) - 1
}

/// Where a node is: each in a range of its own.
pub fn endpoint_of(node: usize) -> Endpoint {
    let address = SocketAddr::from((Ipv4Addr::new(20 + node as u8, node as u8, 1, 1), 8_423));
    Endpoint::of_socket(address, Transport::Tcp).expect("it is an address")
}

fn config(world: &FakeWorld, node: usize) -> Config {
    Config {
        node: id_of(node),
        secret: [node as u8; 32],
        outbound_target: 3,
        bootstrap: vec![endpoint_of(0).into(), endpoint_of(1).into()],
        ..Bench::config(world)
    }
}

impl Node {
    pub fn new(node: usize, seed: u64) -> Self {
        let world = FakeWorld::new();
        Self {
            machine: Machine::new(config(&world, node), seed),
            world,
            is_up: true,
            life: 0,
            links: BTreeSet::new(),
            busy_until_ms: 0,
        }
    }

    /// Begins a new life, with what it had or with nothing.
    pub fn restart(&mut self, node: usize, seed: u64, is_empty: bool) {
        if is_empty {
            self.world = FakeWorld::new();
        }
        self.machine = Machine::new(config(&self.world, node), seed);
        self.is_up = true;
        self.life += 1;
        self.links.clear();
    }

    /// Finds a block on the tip, with what waits.
    pub fn mine(&mut self, salt: u64) -> Hash {
        let Found::Waiting(ids) = self.world.look(&Query::Waiting { limit: 20 }) else { unreachable!() };
        let Found::Transactions(transactions) = self.world.look(&Query::Transactions(ids)) else {
            unreachable!()
        };
        let block = forge::child(&self.world.tip_header(), salt, transactions);
        let id = block.id();
        self.world.take(Arc::new(block));
        id
    }

    /// Judges, and says whether the tip has moved and which transactions are new.
    pub fn judge(&mut self, claim: Claim) -> (Judgement, bool, Vec<Hash>) {
        let (before, pool) = (self.world.tip().id, self.world.waiting());
        let judgement = self.world.judge(claim);
        let mut added = match &judgement {
            Judgement::Transactions(fates) => {
                let new = fates.iter().filter(|(_, fate)| *fate == TransactionFate::New);
                new.map(|(leaf_hash, _)| *leaf_hash).collect()
            }
            _ => Vec::new(),
        };
        let has_moved = self.world.tip().id != before;
        if has_moved && self.world.waiting() > pool {
            // A reorganisation gave some back.
            let Found::Waiting(ids) = self.world.look(&Query::Waiting { limit: usize::MAX }) else {
                unreachable!()
            };
            added = ids;
        }
        (judgement, has_moved, added)
    }
}
