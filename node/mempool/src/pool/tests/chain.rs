//! The pool behind a chain that goes on, turns back, and a clock that runs.

use super::*;
use crate::Departure;

const FEE: u64 = 21_000 * 16;
const RICH: u64 = 1_000 * FEE;

fn departures(events: &[PoolEvent]) -> Vec<(u64, Departure)> {
    let departure = |event: &PoolEvent| match event {
        PoolEvent::Removed { tx, departure } => Some((tx.nonce(), *departure)),
        PoolEvent::Added(_) => None,
    };
    events.iter().filter_map(departure).collect()
}

fn paying(from: u8, nonce: u64, to: u8, beats: u64) -> Transaction {
    let mut body = body(from, nonce, 16);
    body.to = Some(address(to));
    body.value = beat(beats);
    body.sign(&key(from))
}

#[test]
fn what_is_mined_leaves_and_the_rest_stays() {
    let mut ledger = Ledger::new(&[(1, RICH), (2, RICH)]);
    let mut watched = Watched::new(&ledger, PoolConfig::default());
    for tx in [tx(1, 0, 16), tx(1, 1, 16), tx(1, 2, 16), tx(2, 0, 16)] {
        watched.submit(tx, 0).unwrap();
    }
    // The second was mined in another form.
    let other = tx(1, 1, 17);
    let events = watched.mine(&mut ledger, &[tx(1, 0, 16), other.clone()], 0);
    assert_eq!(departures(&events), [(0, Departure::Mined), (1, Departure::Replaced { by: other.id() })]);
    assert_eq!(watched.pool.len(), 2);
    assert_eq!(watched.pool.next_height(), Height::new(2));
    assert_eq!(watched.pool.departure(&tx(1, 0, 16).id()), None, "the chain knows what was mined");
    assert_eq!(watched.pool.departure(&tx(1, 1, 16).id()), Some(Departure::Replaced { by: other.id() }));
    watched.check(&ledger);
}

#[test]
fn a_balance_that_shrinks_takes_the_tail_with_it() {
    let mut ledger = Ledger::new(&[(1, 5 * FEE)]);
    let mut watched = Watched::new(&ledger, PoolConfig::default());
    for nonce in 0..5 {
        watched.submit(tx(1, nonce, 16), 0).unwrap();
    }
    // A block has the first one with a value that the pool did not know of.
    let events = watched.mine(&mut ledger, &[paying(1, 0, 9, 2 * FEE)], 0);
    let found: Vec<_> =
        departures(&events).into_iter().map(|(nonce, why)| (nonce, why == Departure::Gap)).collect();
    assert_eq!(found, [(0, false), (3, false), (4, true)]);
    assert_eq!(departures(&events)[1].1, Departure::Unfunded);
    assert_eq!(watched.pool.len(), 2);
    watched.check(&ledger);
}

#[test]
fn the_last_height_and_the_age_are_kept() {
    let mut ledger = Ledger::new(&[(1, RICH), (2, RICH)]);
    let mut watched = Watched::new(&ledger, PoolConfig { age_max_ms: 1_000, ..PoolConfig::default() });
    let mut short = body(1, 1, 16);
    short.valid_until = 2;
    let short = short.sign(&key(1));
    watched.submit(tx(1, 0, 16), 500).unwrap();
    watched.submit(short.clone(), 500).unwrap();
    watched.submit(tx(1, 2, 16), 500).unwrap();
    watched.submit(tx(2, 0, 16), 0).unwrap();
    assert_eq!(watched.mine(&mut ledger, &[], 1_000), [], "height 2 may still take it");
    let events = watched.mine(&mut ledger, &[], 1_000);
    assert_eq!(departures(&events), [(1, Departure::Expired), (2, Departure::Gap)]);
    assert_eq!(watched.pool.departure(&short.id()), Some(Departure::Expired));
    watched.check(&ledger);
    let events = watched.pool.on_time(at(1_001));
    watched.hear(&events);
    assert_eq!(departures(&events), [(0, Departure::TooOld)]);
    assert_eq!(watched.pool.of_sender(&address(2)).count(), 0);
    assert_eq!(watched.pool.len(), 1);
    // What was only old may come again, and is not remembered as gone then.
    watched.submit(tx(2, 0, 16), 1_001).unwrap();
    assert_eq!(watched.pool.departure(&tx(2, 0, 16).id()), None);
    watched.check(&ledger);
}

#[test]
fn a_reorganisation_brings_back_what_the_new_branch_does_not_have() {
    let start = Ledger::new(&[(1, RICH), (2, RICH), (3, RICH)]);
    let mut ledger = start.clone();
    let mut watched = Watched::new(&ledger, PoolConfig::default());
    for tx in [tx(1, 0, 16), tx(1, 1, 16), tx(1, 2, 16), tx(2, 0, 16), tx(3, 0, 16), tx(3, 1, 16)] {
        watched.submit(tx, 0).unwrap();
    }
    let old = [tx(1, 0, 16), tx(1, 1, 16), tx(2, 0, 16), tx(3, 0, 16)];
    watched.mine(&mut ledger, &old, 0);
    assert_eq!(watched.pool.len(), 2);

    // The other branch has one of them, and another form of holder 2's.
    let mut branch = start;
    let other = tx(2, 0, 18);
    let (mut mined, _) = branch.mine(&[tx(1, 0, 16), other]);
    mined.extend(branch.mine(&[]).0);
    let events = watched.pool.on_reorg(old.to_vec(), &mined, branch.tip(), at(5)).unwrap();
    watched.hear(&events);
    watched.check(&branch);
    let waiting = |number| watched.pool.of_sender(&address(number)).map(|tx| tx.nonce()).collect::<Vec<_>>();
    assert_eq!((waiting(1), waiting(2), waiting(3)), (vec![1, 2], vec![], vec![0, 1]));
    assert_eq!(departures(&events), []);
    assert_eq!(watched.pool.get(&old[1].id()).unwrap().arrival(), at(5));
}

#[test]
fn what_another_branch_has_replaced_is_remembered_until_its_own_branch_is_back() {
    let start = Ledger::new(&[(1, RICH), (2, RICH)]);
    let (mut first, mut second) = (start.clone(), start);
    let mut watched = Watched::new(&first, PoolConfig::default());
    let (ours, theirs, both) = (tx(1, 0, 16), tx(1, 0, 18), tx(2, 0, 16));
    // Neither was ever in the pool: both were only in blocks.
    watched.mine(&mut first, &[ours.clone(), both.clone()], 0);
    let (mined, _) = second.mine(&[theirs.clone(), both.clone()]);
    let old = vec![ours.clone(), both.clone()];
    let events = watched.pool.on_reorg(old, &mined, second.tip(), at(0)).unwrap();
    assert_eq!(events, []);
    assert_eq!(watched.pool.departure(&ours.id()), Some(Departure::Replaced { by: theirs.id() }));
    assert_eq!(watched.pool.departure(&both.id()), None, "the other branch has it, too");
    let (mined, _) = first.mine(&[]);
    assert_eq!(mined, []);
    let back: Vec<_> = [&ours, &both]
        .into_iter()
        .map(|tx| MinedTx { txid: tx.id(), sender: tx.body.sender(), nonce: tx.body.nonce })
        .collect();
    let events = watched.pool.on_reorg(vec![theirs.clone(), both], &back, first.tip(), at(0)).unwrap();
    assert_eq!(events, []);
    assert_eq!(watched.pool.departure(&ours.id()), None, "the chain has it again");
    assert_eq!(watched.pool.departure(&theirs.id()), Some(Departure::Replaced { by: ours.id() }));
    watched.check(&first);
}

#[test]
fn what_does_not_follow_after_a_reorganisation_leaves() {
    let start = Ledger::new(&[(1, RICH)]);
    let mut ledger = start.clone();
    let mut watched = Watched::new(&ledger, PoolConfig::default());
    let mut short = body(1, 0, 16);
    short.valid_until = 1;
    let short = short.sign(&key(1));
    watched.submit(short.clone(), 0).unwrap();
    watched.submit(tx(1, 1, 16), 0).unwrap();
    watched.mine(&mut ledger, std::slice::from_ref(&short), 0);
    let mut branch = start;
    branch.mine(&[]);
    branch.mine(&[]);
    let events = watched.pool.on_reorg(vec![short], &[], branch.tip(), at(0)).unwrap();
    watched.hear(&events);
    assert_eq!(departures(&events), [(0, Departure::Expired), (1, Departure::Gap)]);
    assert!(watched.pool.is_empty());
    watched.check(&branch);
    // If nobody returns what was mined, the same.
    let mut watched = Watched::new(&ledger, PoolConfig::default());
    watched.submit(tx(1, 1, 16), 0).unwrap();
    let events = watched.pool.on_reorg(Vec::new(), &[], branch.tip(), at(0)).unwrap();
    watched.hear(&events);
    assert_eq!(departures(&events), [(1, Departure::Gap)]);
    watched.check(&branch);
}

#[test]
fn what_production_refuses_leaves_with_those_behind_it() {
    let ledger = Ledger::new(&[(1, RICH)]);
    let mut watched = Watched::new(&ledger, PoolConfig::default());
    for nonce in 0..3 {
        watched.submit(tx(1, nonce, 16), 0).unwrap();
    }
    let events = watched.pool.discard(&tx(1, 1, 16).id());
    watched.hear(&events);
    assert_eq!(departures(&events), [(1, Departure::Refused), (2, Departure::Gap)]);
    assert_eq!(watched.pool.discard(&tx(1, 1, 16).id()), []);
    watched.check(&ledger);
}

#[test]
fn a_pool_comes_back_from_its_copy() {
    let mut ledger = Ledger::new(&[(1, RICH), (2, RICH)]);
    let mut watched = Watched::new(&ledger, PoolConfig { price_min: 1, ..PoolConfig::default() });
    let mut short = body(2, 0, 16);
    short.valid_until = 1;
    let short = short.sign(&key(2));
    for (tx, now) in [(tx(1, 0, 5), 1), (tx(1, 1, 5), 3), (short.clone(), 4), (tx(1, 0, 9), 6)] {
        watched.submit(tx, now).unwrap();
    }
    let rows: Vec<_> = watched.pool.iter().map(|tx| (tx.transaction().clone(), tx.arrival())).collect();
    ledger.mine(&[]);
    let mut again = Watched::new(&ledger, PoolConfig::default());
    let mut forged = tx(2, 0, 16);
    forged.signature = vibecoin_crypto::Signature([3; 64]);
    let mut all = rows;
    all.push((forged.clone(), at(1)));
    let restored = again.pool.restore(all).unwrap();
    again.hear(&restored.events);
    again.check(&ledger);
    let back: Vec<_> = again.pool.of_sender(&address(1)).map(|tx| (tx.price(), tx.arrival())).collect();
    assert_eq!(back, [(9, at(6)), (5, at(3))], "a lower price than newcomers need is kept");
    let mut refused: Vec<_> = restored.refused.iter().map(|(leaf, error)| (*leaf, error.rule())).collect();
    refused.sort_unstable_by_key(|(_, rule)| *rule);
    assert_eq!(refused, [(forged.leaf_hash(), Some("TX-13")), (short.leaf_hash(), Some("TX-5"))]);
}
