use std::sync::Arc;

use super::*;
use crate::peers::Direction;
use crate::wire::Message;
use crate::world::{BlockFate, Have};

#[test]
fn the_tip_follows_the_most_work() {
    let mut world = FakeWorld::new();
    let genesis = world.tip_header();
    let light = forge::chain(&genesis, 1, 3);
    for block in &light {
        assert_eq!(world.take(Arc::new(block.clone())), BlockFate::Taken);
    }
    let heavy = forge::child_with_work(&genesis, 2, vec![forge::transaction(1)], 9);
    assert_eq!(world.take(Arc::new(heavy.clone())), BlockFate::Taken);
    assert_eq!(world.active(), [genesis.id(), heavy.id()]);
    let bad = forge::without_work(forge::child(&forge::head(&heavy), 0, Vec::new()));
    assert!(matches!(world.take(Arc::new(bad)), BlockFate::Broken(broken) if !broken.condemns_block));
}

#[test]
fn the_bench_introduces_both_sides() {
    let mut bench = Bench::new();
    let node = bench.connect(1, Direction::Outbound);
    assert!(bench.peer(node).is_some_and(crate::peers::Peer::is_ready));
    bench.receive(
        node,
        Message::GetBlocks { request: crate::wire::RequestId(1), ids: bench.world.active().to_vec() },
    );
    bench.answer();
    assert!(matches!(bench.sent(node).as_slice(), [Message::Block { .. }]));
}
