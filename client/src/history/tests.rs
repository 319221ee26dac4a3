#![allow(clippy::unwrap_used)]

use vibecoin_primitives::{Amount, Height};

use super::*;

fn item(account: u32, height: u64, tx_index: u32, kind: EntryKind, amount: u64, fee: u64) -> HistoryItem {
    let entry = Entry {
        index: 0,
        height: Height::new(height),
        tx_index,
        kind,
        counterparty: Address::new([2; 20]),
        amount: Amount::from_beats(amount),
        fee: Amount::from_beats(fee),
        txid: Hash::new([3; 32]),
    };
    HistoryItem { account, entry, time: None, memo: None }
}

#[test]
fn accounts_are_put_into_one_order() {
    let reward = item(0, 5, u32::MAX, EntryKind::MinedReward, 1, 0);
    let first = item(1, 5, 0, EntryKind::Received, 2, 0);
    let second = item(0, 5, 1, EntryKind::Sent, 3, 0);
    let earlier = item(1, 4, 9, EntryKind::Received, 4, 0);
    let merged = merge(vec![earlier.clone(), second.clone(), reward.clone(), first.clone()]);
    assert_eq!(merged, [second, first, reward, earlier]);
}

#[test]
fn only_a_reward_has_no_other_side() {
    let mut burned = item(0, 5, 0, EntryKind::Sent, 1, 0);
    burned.entry.counterparty = Address::ZERO;
    assert_eq!(burned.counterparty(), Some(&Address::ZERO));
    let mut reward = item(0, 5, u32::MAX, EntryKind::MinedReward, 1, 0);
    reward.entry.counterparty = Address::ZERO;
    assert_eq!(reward.counterparty(), None);
}

#[test]
fn entries_must_follow_each_other() {
    let mut chain = chain::CheckedChain::default();
    let mut next = item(0, 1, 0, EntryKind::Received, 1, 0);
    chain.push(next.clone()).unwrap();
    assert_eq!(chain.push(next.clone()), Err(1));
    next.entry.index = 1;
    let head = next.entry.fold(&item(0, 1, 0, EntryKind::Received, 1, 0).entry.fold(&Hash::ZERO));
    chain.push(next).unwrap();
    assert!(chain.ends_at(2, &head) && !chain.ends_at(2, &Hash::ZERO) && !chain.ends_at(3, &head));
    assert!(chain.is_whole());
}

#[test]
fn times_are_written_in_utc() {
    for (ms, text) in [
        (0, "1970-01-01T00:00:00.000Z"),
        (951_782_399_999, "2000-02-28T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (1_767_225_600_000, "2026-01-01T00:00:00.000Z"),
        (4_107_542_399_000, "2100-02-28T23:59:59.000Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
    ] {
        assert_eq!(csv::utc(Timestamp::new(ms)), text);
    }
}
