use proptest::prelude::*;
use vibecoin_crypto::sha256;
use vibecoin_primitives::Network;

use super::*;

/// A block that differs from others only by its number and its parent.
fn block(number: u64, parent: u64) -> (Hash, Arc<Block>) {
    let mut block = vibecoin_consensus::genesis::genesis(&Network::Devnet.spec());
    block.header.nonce = number;
    block.content.parent_id = sha256(&parent.to_le_bytes());
    (sha256(&number.to_le_bytes()), Arc::new(block))
}

const AT: Timestamp = Timestamp::new(1_000);

#[test]
fn children_come_back_in_order_of_arrival() {
    let mut pool = OrphanPool::new(OrphanLimits::NODE);
    for number in [7, 3, 5] {
        let (id, block) = block(number, 1);
        pool.insert(id, Arc::clone(&block), Source::Local, 100, AT);
        pool.insert(id, block, Source::Peer(3), 100, AT);
    }
    assert_eq!(pool.len(), 3);
    let children = pool.take_children(&sha256(&1u64.to_le_bytes()));
    assert_eq!(children.iter().map(|(_, block, _)| block.header.nonce).collect::<Vec<_>>(), [7, 3, 5]);
    assert_eq!((pool.len(), pool.bytes), (0, 0));
}

#[test]
fn the_old_are_forgotten() {
    let mut pool = OrphanPool::new(OrphanLimits::NODE);
    let (id, first) = block(1, 0);
    pool.insert(id, first, Source::Local, 100, AT);
    let (id, second) = block(2, 0);
    pool.insert(id, second, Source::Local, 100, Timestamp::new(2_000));
    pool.expire(Timestamp::new(121_000));
    assert_eq!(pool.len(), 2);
    pool.expire(Timestamp::new(121_001));
    assert_eq!(pool.len(), 1);
}

#[test]
fn one_peer_cannot_push_out_what_others_sent() {
    let mut pool = OrphanPool::new(OrphanLimits::NODE);
    let (id, first) = block(0, 1);
    pool.insert(id, first, Source::Peer(1), 100, AT);
    for number in 1..1_000 {
        let (id, block) = block(number, 2);
        pool.insert(id, block, Source::Peer(2), 100, AT);
    }
    assert_eq!(pool.len(), 1 + OrphanLimits::NODE.per_peer_max);
    assert!(pool.is_awaited(&sha256(&1u64.to_le_bytes())));
    let kept = pool.take_children(&sha256(&2u64.to_le_bytes()));
    let numbers: Vec<u64> = kept.iter().map(|(_, block, _)| block.header.nonce).collect();
    assert_eq!(numbers, (992..1_000).collect::<Vec<_>>(), "the newest of its own");
    assert_eq!(pool.by_peer.len(), 1);
}

proptest! {
    #[test]
    fn a_flood_stays_within_the_limits(
        blocks in prop::collection::vec((0u64..40, 0u64..8, 1usize..60, 0u64..4), 1..200),
    ) {
        let limits =
            OrphanLimits { blocks_max: 10, per_peer_max: 3, bytes_max: 200, age_max_ms: 50, light: false };
        let mut pool = OrphanPool::new(limits);
        for (at, (number, parent, bytes, peer)) in blocks.into_iter().enumerate() {
            let (id, block) = block(number, parent);
            let source = if peer == 0 { Source::Local } else { Source::Peer(peer) };
            pool.insert(id, block, source, bytes, Timestamp::new(at as u64));
            if at % 7 == 0 {
                pool.take_children(&sha256(&(at as u64 % 8).to_le_bytes()));
            }
            prop_assert!(pool.len() <= limits.blocks_max && pool.bytes <= limits.bytes_max);
            prop_assert_eq!(pool.by_id.len(), pool.len());
            prop_assert!(pool.by_peer.values().all(|places| places.len() <= limits.per_peer_max));
            prop_assert_eq!(pool.by_parent.values().map(Vec::len).sum::<usize>(), pool.len());
            prop_assert_eq!(pool.waiting.values().map(|orphan| orphan.bytes).sum::<usize>(), pool.bytes);
        }
    }
}
