#![allow(clippy::unwrap_used)]

use super::*;
use crate::{
    kv::{Durability, KeyValueStore, MemoryStore, Overlay},
    meta::{Assumed, Supply},
    testing,
};

#[test]
fn below_a_state_that_was_taken_over_the_headers_say_which_blocks_are_active() {
    let store = MemoryStore::new();
    let mut rows = Overlay::new(&store);
    let mut ids: Vec<Hash> = Vec::new();
    for height in 0..40_u64 {
        let block = testing::block(height, ids.last().copied().unwrap_or_default(), 1, Vec::new());
        let skip = ids.get(blocks::skip_height(Height::new(height)).get() as usize).copied();
        let record = blocks::BlockMeta { skip: skip.unwrap_or_default(), ..testing::meta(&block, height) };
        blocks::put_header(&mut rows, &block.id(), &block.header, &block.content, &record);
        ids.push(block.id());
    }
    let active = |height: usize| (Height::new(height as u64), ActiveBlock::without_state(ids[height]));
    for height in [0, 30, 31, 32] {
        let state_version = StateVersion::new(height as u64);
        connect(&mut rows, active(height).0, &ActiveBlock { id: ids[height], state_version });
    }
    assert_eq!(at(&rows, Height::new(7)).unwrap(), None, "nothing is assumed");
    let assumed = Assumed { pivot: ids[30], height: Height::new(30), supply: Supply::default() };
    meta::set_assumed(&mut rows, &assumed);
    store.write(rows.into_batch(), Durability::Synced).unwrap();

    for height in 0..40 {
        let found = at(&store, active(height).0).unwrap().map(|block| block.id);
        assert_eq!(found, (height <= 32).then_some(ids[height]));
        assert_eq!(height_of(&store, &ids[height]).unwrap().is_some(), height <= 32);
        for limit in [0, 1, 5, 100] {
            let found: Vec<_> = range(&store, active(height).0, limit).unwrap();
            let expected: Vec<_> = (height..=32).take(limit).map(|at| (active(at).0, ids[at])).collect();
            assert_eq!(found.iter().map(|(at, block)| (*at, block.id)).collect::<Vec<_>>(), expected);
        }
    }
    assert_eq!(at(&store, Height::new(32)).unwrap().unwrap().state_version.get(), 32);
    assert_eq!(tip(&store).unwrap().unwrap().0.get(), 32);
}
