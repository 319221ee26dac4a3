#![allow(clippy::unwrap_used)]

use super::*;
use crate::{Batch, Durability, KeyValueStore as _, MemoryStore};

#[test]
fn ends_are_kept_by_kind() {
    let store = MemoryStore::new();
    let end = |arrival| BranchEnd { height: Height::new(7), work: Work::new(9), arrival };
    let id = |byte| Hash::new([byte; 32]);
    let mut batch = Batch::new();
    put(&mut batch, EndKind::Linked, &id(2), &end(1));
    put(&mut batch, EndKind::Linked, &id(1), &end(2));
    put(&mut batch, EndKind::Headers, &id(1), &end(3));
    store.write(batch, Durability::Synced).unwrap();
    assert_eq!(all(&store, EndKind::Linked).unwrap(), [(id(1), end(2)), (id(2), end(1))]);
    assert_eq!(all(&store, EndKind::Headers).unwrap(), [(id(1), end(3))]);
    let mut batch = Batch::new();
    remove(&mut batch, EndKind::Linked, &id(1));
    store.write(batch, Durability::Synced).unwrap();
    assert_eq!(all(&store, EndKind::Linked).unwrap(), [(id(2), end(1))]);
    assert_eq!(all(&store, EndKind::Headers).unwrap(), [(id(1), end(3))]);
}
