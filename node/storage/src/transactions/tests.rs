#![allow(clippy::unwrap_used)]

use proptest::{collection, prelude::*};
use vibecoin_primitives::Status;

use super::*;
use crate::{
    Durability, KeyValueStore, MemoryStore,
    testing::{self, address, transaction},
};

/// What is done to a store by taking in a block of these transactions (sender, recipient; 0: a create).
fn take_in(store: &MemoryStore, height: u64, pairs: &[(u8, u8)]) -> Vec<Transaction> {
    let make = |(index, (from, to)): (u64, &(u8, u8))| {
        transaction(*from, (*to != 0).then(|| address(*to)), height * 100 + index)
    };
    let all: Vec<_> = (0..).zip(pairs).map(make).collect();
    let block = testing::block(height, Hash::ZERO, height, all.clone());
    let mut overlay = Overlay::new(store);
    blocks::put(&mut overlay, &block.id(), &block, &testing::meta(&block, 0));
    connect(&mut overlay, &block.id(), Height::new(height), &all, &ids(&all), &receipts(&all));
    let batch = overlay.into_batch();
    store.write(batch, Durability::Synced).unwrap();
    all
}

fn ids(all: &[Transaction]) -> Vec<Hash> {
    all.iter().map(Transaction::id).collect()
}

/// A create leaves the contract at address 3.
fn receipts(all: &[Transaction]) -> Vec<Receipt> {
    let receipt = |transaction: &Transaction| match transaction.body.to {
        Some(_) => Receipt::transfer(21_000),
        None => Receipt { status: Status::Done, gas_used: 53_000, contract: Some(address(3)), logs: vec![] },
    };
    all.iter().map(receipt).collect()
}

#[test]
fn a_transaction_is_found_with_its_place_and_receipt() {
    let store = MemoryStore::new();
    let all = take_in(&store, 5, &[(1, 2), (1, 0), (2, 2)]);
    let (found, record) = load(&store, &all[1].id()).unwrap().unwrap();
    assert_eq!(found, all[1]);
    assert_eq!((record.height, record.index), (Height::new(5), 1));
    assert_eq!(record.receipt.contract, Some(address(3)));
    assert_eq!(load(&store, &Hash::ZERO).unwrap(), None);
    // A create is listed at the contract it made; a send to oneself on both sides.
    let at = |index| Position { height: Height::new(5), index };
    let list = |side, seed| list(&store, side, &address(seed), None, 10).unwrap();
    assert_eq!(list(Side::Recipient, 3), [(at(1), all[1].id())]);
    assert_eq!(list(Side::Sender, 2), [(at(2), all[2].id())]);
    assert_eq!(list(Side::Recipient, 2), [(at(2), all[2].id()), (at(0), all[0].id())]);
}

#[test]
fn leaving_twice_is_an_error() {
    let store = MemoryStore::new();
    let all = take_in(&store, 1, &[(1, 2)]);
    let mut overlay = Overlay::new(&store);
    disconnect(&mut overlay, Height::new(1), &all, &ids(&all)).unwrap();
    let again = disconnect(&mut overlay, Height::new(1), &all, &ids(&all));
    assert!(matches!(again, Err(StoreError::Missing { column: Column::Transactions, .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn lists_page_newest_first_and_leaving_undoes_entering(
        chain in collection::vec(collection::vec((1..4_u8, 0..4_u8), 0..5), 1..6),
        page in 1..4_usize,
    ) {
        let store = MemoryStore::new();
        let mut taken = Vec::new();
        for (height, pairs) in (1..).zip(&chain) {
            taken.push((height, take_in(&store, height, pairs)));
        }
        for (side, seed) in [Side::Sender, Side::Recipient].into_iter().flat_map(|s| [1, 2, 3].map(|n| (s, n))) {
            let concerns = |transaction: &Transaction| match side {
                Side::Sender => transaction.body.sender() == address(seed),
                Side::Recipient => transaction.body.to.unwrap_or(address(3)) == address(seed),
            };
            let expected: Vec<_> = taken.iter().rev()
                .flat_map(|(_, all)| all.iter().rev().filter(|t| concerns(t)).map(Transaction::id)).collect();
            let mut found: Vec<(Position, Hash)> = Vec::new();
            loop {
                let next = list(&store, side, &address(seed), found.last().map(|(p, _)| *p), page).unwrap();
                if next.is_empty() {
                    break;
                }
                found.extend(next);
            }
            prop_assert_eq!(found.into_iter().map(|(_, id)| id).collect::<Vec<_>>(), expected);
        }
        for (height, all) in taken.iter().rev() {
            let mut overlay = Overlay::new(&store);
            disconnect(&mut overlay, Height::new(*height), all, &ids(all)).unwrap();
            let batch = overlay.into_batch();
            store.write(batch, Durability::Synced).unwrap();
        }
        for column in [Column::Transactions, Column::TransactionsBySender, Column::TransactionsByRecipient] {
            prop_assert_eq!(store.count(column), 0);
        }
    }
}
