//! Peers that claim more than anybody, and show header after header without end.

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Height, Work};

use super::helpers::{Honest, chain_with, claim, connect};
use crate::endpoint::NodeId;
use crate::testing::{Bench, forge};
use crate::wire::{HEADERS_MAX, HeaderRecord, Message, RequestId, TipClaim};
use crate::world::Have;

/// Time before each batch of an endless chain, in ms: an honest peer with a bad line is not faster.
const PAUSE_MS: u64 = 1_500;
/// A step, in ms.
const STEP_MS: u64 = 100;

/// A peer with an endless chain.
struct Endless {
    node: NodeId,
    salt: u64,
    parent: HeaderRecord,
    waiting: Option<(RequestId, u64)>,
}

impl Endless {
    fn connect(bench: &mut Bench, number: u8) -> Self {
        let salt = u64::from(number);
        let claim = TipClaim {
            id: Hash::new([number; 32]),
            height: Height::new(5_000_000),
            work: Work::new((1 << 60) + u128::from(number)),
        };
        let node = connect(bench, number, claim);
        Self { node, salt, parent: bench.world.tip_header(), waiting: None }
    }

    fn step(&mut self, bench: &mut Bench) {
        for message in bench.sent(self.node) {
            if let Message::GetHeaders { request, locator, .. } = message {
                if locator.first() != Some(&self.parent.id()) {
                    self.parent = forge::head(&forge::genesis());
                }
                self.waiting = Some((request, bench.now.ms + PAUSE_MS));
            }
        }
        let now_ms = bench.now.ms;
        if let Some((request, _)) = self.waiting.take_if(|(_, due_ms)| *due_ms <= now_ms) {
            let blocks = forge::chain(&self.parent, self.salt, HEADERS_MAX);
            let headers: Vec<_> = blocks.iter().map(forge::head).collect();
            self.parent = headers[HEADERS_MAX - 1];
            bench.receive(self.node, Message::Headers { request, headers });
        }
    }
}

/// The time until a node has the headers of an honest peer that claims less than so many with endless chains.
fn until_honest(liars: u8, most_ms: u64) -> Option<u64> {
    let mut bench = Bench::new();
    bench.world.unix_ms += 10_000_000_000;
    let mut endless: Vec<_> = (1..=liars).map(|number| Endless::connect(&mut bench, number)).collect();
    let blocks = chain_with(77, 50, 0);
    let mut honest = Honest::connect(&mut bench, 77, blocks.clone());
    let began_ms = bench.now.ms;
    while bench.now.ms < began_ms + most_ms {
        endless.iter_mut().for_each(|peer| peer.step(&mut bench));
        honest.step(&mut bench);
        bench.answer();
        bench.tick(STEP_MS);
        if bench.world.best_header().id == claim(&blocks).id {
            return Some(bench.now.ms - began_ms);
        }
    }
    None
}

#[test]
fn as_many_endless_chains_as_are_read_at_once_keep_nobody_out() {
    let took_ms = until_honest(4, 120_000).expect("the honest peer is asked");
    assert!(took_ms > 20_000, "the endless ones came first: {took_ms} ms");
    let longer_ms = until_honest(8, 240_000).expect("the honest peer is asked");
    println!("the honest chain after {took_ms} ms, with twice as many endless ones after {longer_ms} ms");
}
