use serde_json::Value;

use super::*;
use crate::testing::{address, bytes, cases, hash, number};

fn entry(value: &Value) -> Entry {
    let kind = number(value, "kind") as u8;
    Entry {
        index: number(value, "index"),
        height: Height::new(number(value, "height")),
        tx_index: number(value, "tx_index") as u32,
        kind: encoding::decode(&[kind]).unwrap(),
        counterparty: address(value, "counterparty"),
        amount: Amount::from_beats(number(value, "amount")),
        fee: Amount::from_beats(number(value, "fee")),
        txid: hash(value, "txid"),
    }
}

#[test]
fn chains_follow_the_vectors() {
    for case in cases("activity", "cases") {
        let mut account = Account::default();
        let mut entries = Vec::new();
        for row in case["entries"].as_array().unwrap() {
            let expected = entry(row);
            assert_eq!(encoding::encode(&expected), bytes(row, "borsh"));
            let recorded = account.record(Entry { index: u64::MAX, ..expected });
            assert_eq!(recorded, expected);
            assert_eq!(account.activity_head, hash(row, "head"));
            assert_eq!(account.activity_height, expected.height);
            entries.push(recorded);
        }
        let head = (number(&case, "count"), hash(&case, "head"));
        assert_eq!((account.activity_count, account.activity_head), head);
        assert!(is_complete((0, Hash::ZERO), &entries, head));
        for i in 0..entries.len() {
            let mut missing = entries.clone();
            missing.remove(i);
            assert!(!is_complete((0, Hash::ZERO), &missing, head));
            let mut altered = entries.clone();
            altered[i].amount = Amount::from_beats(altered[i].amount.beats() ^ 1);
            assert!(!is_complete((0, Hash::ZERO), &altered, head));
        }
    }
}

#[test]
fn unknown_kinds_are_refused() {
    assert!(encoding::decode::<EntryKind>(&[7]).is_ok());
    assert!(encoding::decode::<EntryKind>(&[8]).is_err());
}
