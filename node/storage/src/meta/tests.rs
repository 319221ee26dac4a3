#![allow(clippy::unwrap_used)]

use super::*;
use crate::{Batch, Durability, KeyValueStore, MemoryStore, undo};

fn supply(allocation: u64, subsidies: u64, balances: u64, ring: u64, burned: u64) -> Supply {
    let [allocation, subsidies, balances, ring, burned] =
        [allocation, subsidies, balances, ring, burned].map(Amount::from_beats);
    Supply { allocation, subsidies, balances, ring, burned }
}

#[test]
fn a_supply_balances_to_the_beat() {
    assert!(supply(100, 20, 90, 20, 10).is_balanced());
    assert!(!supply(100, 20, 90, 20, 11).is_balanced());
    // Sums above u64 are sums, not remainders.
    assert!(!supply(u64::MAX, 2, 1, 0, 0).is_balanced());
    assert!(supply(u64::MAX, 2, u64::MAX, 1, 1).is_balanced());
}

#[test]
fn fields_are_apart_and_absent_at_first() {
    let store = MemoryStore::new();
    assert_eq!(
        (tip(&store).unwrap(), genesis_id(&store).unwrap(), arrivals(&store).unwrap()),
        (None, None, None)
    );
    let mut batch = Batch::new();
    set_tip(&mut batch, &Hash::new([1; 32]));
    set_genesis_id(&mut batch, &Hash::new([2; 32]));
    set_state_version(&mut batch, &StateVersion::new(3));
    set_arrivals(&mut batch, &4);
    set_supply(&mut batch, &supply(5, 6, 7, 8, 9));
    store.write(batch, Durability::Synced).unwrap();
    assert_eq!(tip(&store).unwrap(), Some(Hash::new([1; 32])));
    assert_eq!(genesis_id(&store).unwrap(), Some(Hash::new([2; 32])));
    assert_eq!(state_version(&store).unwrap(), Some(StateVersion::new(3)));
    assert_eq!(arrivals(&store).unwrap(), Some(4));
    assert_eq!(supply_of(&store), Some(supply(5, 6, 7, 8, 9)));
    assert_eq!(format_version(&store).unwrap(), None);
}

fn supply_of(store: &MemoryStore) -> Option<Supply> {
    super::supply(store).unwrap()
}

#[test]
fn a_rebuild_is_noted_while_it_lasts() {
    let store = MemoryStore::new();
    let tip = Hash::new([3; 32]);
    let mut batch = Batch::new();
    set_rebuilding(&mut batch, &tip);
    set_undo_pruned_to(&mut batch, &Height::new(7));
    set_ticks_pruned_to(&mut batch, &Height::new(8));
    store.write(batch, Durability::Synced).unwrap();
    assert_eq!(rebuilding(&store).unwrap(), Some(tip));
    let mut batch = Batch::new();
    clear_rebuilding(&mut batch);
    store.write(batch, Durability::Synced).unwrap();
    assert_eq!(rebuilding(&store).unwrap(), None);
    assert_eq!(undo_pruned_to(&store).unwrap(), Some(Height::new(7)));
    assert_eq!(ticks_pruned_to(&store).unwrap(), Some(Height::new(8)));
}

#[test]
fn undo_records_come_back_and_go() {
    let store = MemoryStore::new();
    let record = undo::Undo {
        state: vec![(Hash::new([1; 32]), None), (Hash::new([2; 32]), Some(vec![7]))],
        activity: vec![(crate::testing::address(1), 3, 5)],
        supply: supply(1, 2, 3, 4, 5),
    };
    let id = Hash::new([8; 32]);
    let mut batch = Batch::new();
    undo::put(&mut batch, &id, &record);
    store.write(batch, Durability::Synced).unwrap();
    assert_eq!(undo::get(&store, &id).unwrap(), Some(record));
    let mut batch = Batch::new();
    undo::remove(&mut batch, &id);
    store.write(batch, Durability::Synced).unwrap();
    assert_eq!(undo::get(&store, &id).unwrap(), None);
}
