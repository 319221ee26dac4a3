//! The same roots as the crate whose hashing the protocol names.

use jmt::{KeyHash, Sha256Jmt, mock::MockTreeStore, storage::TreeWriter as _};

use super::*;

#[test]
fn our_pure_root_is_the_crate_s() {
    let entries: Entries =
        (0..300_u32).map(|n| (sha256(&n.to_le_bytes()), n.to_le_bytes().to_vec())).collect();
    let store = MockTreeStore::default();
    let values = entries.iter().map(|(key, value)| (KeyHash(key.to_bytes()), Some(value.clone())));
    let (root, _) = Sha256Jmt::new(&store).put_value_set(values, 0).unwrap();
    assert_eq!(Hash::new(root.0), pure_root(&entries));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn updates_and_removals_lead_to_the_crate_s_roots(batches in collection::vec(changes(24), 1..8)) {
        let theirs = MockTreeStore::default();
        let (store, tree) = (MemoryStore::new(), StateTree::new(CACHE_BYTES, None));
        let (mut entries, mut base) = (Entries::new(), None);
        let mut version = 0;
        for changes in &batches {
            let update = commit(&tree, &store, base, changes);
            base = Some(update.version());
            apply_to(&mut entries, changes);
            prop_assert_eq!(update.root(), pure_root(&entries));
            if changes.is_empty() {
                continue;
            }
            let values = changes.iter().map(|(key, value)| (KeyHash(key.to_bytes()), value.clone()));
            let (root, batch) = Sha256Jmt::new(&theirs).put_value_set(values, version).unwrap();
            theirs.write_node_batch(&batch.node_batch).unwrap();
            version += 1;
            prop_assert_eq!(Hash::new(root.0), update.root());
        }
    }
}
