#![allow(clippy::unwrap_used)]

use vibecoin_primitives::Network;

use super::*;

#[test]
fn the_test_accounts_are_those_of_the_devnet_genesis() {
    let spec = Network::Devnet.spec();
    let derived: Vec<Address> = (0..TEST_ACCOUNTS).map(|n| Address::of(&test_key(n).public_key())).collect();
    let allocated: Vec<Address> = spec.genesis_allocation.iter().map(|row| row.address).collect();
    assert_eq!(derived, allocated);
}

#[test]
fn snapshots_are_found_forgotten_and_bounded() {
    let snapshots = Snapshots::default();
    assert_eq!(snapshots.find(None), None);
    let first = snapshots.take(Height::new(1), Hash::ZERO);
    let second = snapshots.take(Height::new(2), Hash::ZERO);
    assert_eq!(snapshots.find(None), Some(second));
    assert_eq!(snapshots.find(Some(first.number)), Some(first));
    snapshots.forget_after(first.number);
    assert_eq!(snapshots.find(Some(second.number)), None);
    for _ in 0..SNAPSHOTS_MAX {
        snapshots.take(Height::new(3), Hash::ZERO);
    }
    assert_eq!(snapshots.find(Some(first.number)), None);
    assert_ne!(snapshots.find(None).unwrap().number, second.number, "numbers are not used twice");
}
