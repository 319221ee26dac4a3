#![allow(clippy::unwrap_used)]

use vibecoin_crypto::{Hash, sha256};

use super::*;
use crate::{
    kv::{MemoryStore, Overlay},
    meta,
    state::{StateTree, StateVersion},
};

#[test]
fn a_replay_has_its_own_chain_and_state_and_enters_what_belongs_to_all() {
    let store = Arc::new(MemoryStore::new());
    let id = |n: u8| sha256(&[n]);
    let mut rows = Overlay::new(&*store);
    meta::set_tip(&mut rows, &id(9));
    let at_top = ActiveBlock { id: id(3), state_version: StateVersion::new(40) };
    active::connect(&mut rows, Height::new(3), &at_top);
    let batch = rows.into_batch();
    store.write(batch, Durability::Synced).unwrap();
    assert_eq!(height(&*store).unwrap(), None);

    let replay = ReplayStore::new(store.clone(), Height::new(3));
    assert!(meta::tip(&replay).unwrap().is_none() && active::tip(&replay).unwrap().is_none());
    let tree = StateTree::new(1 << 20, None);
    let update = tree.update(&replay, None, &[(id(1), Some(vec![1]))]).unwrap();
    let mut rows = Overlay::new(&replay);
    update.write(&mut rows);
    for n in 0..4 {
        let block = ActiveBlock { id: id(n), state_version: StateVersion::new(u64::from(n)) };
        active::connect(&mut rows, Height::new(u64::from(n)), &block);
    }
    meta::set_tip(&mut rows, &id(3));
    rows.put(Column::Undo, vec![1], vec![2]);
    let batch = rows.into_batch();
    replay.write(batch, Durability::Synced).unwrap();

    assert_eq!(meta::tip(&*store).unwrap(), Some(id(9)));
    assert_eq!(meta::tip(&replay).unwrap(), Some(id(3)));
    assert_eq!(meta::tip(&*replay.snapshot()).unwrap(), Some(id(3)));
    assert_eq!(height(&*store).unwrap(), Some(Height::new(3)));
    assert_eq!(StateTree::root(&*store, StateVersion::FIRST).unwrap(), None);
    assert_eq!(StateTree::root(&replay, StateVersion::FIRST).unwrap(), Some(update.root()));
    assert_eq!(store.get(Column::Undo, &[1]).unwrap(), Some(vec![2]));
    let entered = |n: u8| active::at(&*store, Height::new(u64::from(n))).unwrap().unwrap();
    assert!((0..3).all(|n| entered(n) == ActiveBlock::without_state(id(n))));
    assert_eq!(entered(3), at_top, "that one keeps its state");

    let mut rows = Overlay::new(&*store);
    ReplayStore::forget(&mut rows);
    let batch = rows.into_batch();
    store.write(batch, Durability::Synced).unwrap();
    assert_eq!(height(&*store).unwrap(), None);
    assert_eq!(entered(0).id, id(0));
    assert_eq!(store.get(Column::Undo, &[1]).unwrap(), Some(vec![2]));
    assert_ne!(entered(1).id, Hash::ZERO);
}
