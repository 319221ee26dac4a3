//! Proofs with a lie in them, one kind after the other. The chain under them is a true one.

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Address, Allocation, Amount, Bits, Height, Timestamp, Work};

use super::chain::{Chain, Dice, after, mined, network};
use super::forge::{Case, Forge, Item, Placed, lacks_work};
use crate::light::verify::{Asked, verify_tip};
use crate::light::wire::Closed;
use crate::light::{LightError, PROOF_BYTES_MAX, Params, RangeError, Record, WireError, verify};
use crate::rules::HeaderError;
use crate::{pow, testing};

/// Hardly any id has the work by chance.
const HARD: u32 = 0x1f7f_ffff;

fn case() -> Case {
    Case::new(Chain::steady(&network(0, HARD, HARD), 150), 8, 3)
}

#[test]
fn the_truth_is_accepted() {
    let case = case();
    assert_eq!(case.judge(&case.proof).map(|proven| proven.id()), Ok(case.chain.tip.id()));
    assert_eq!(case.forge().proof(), case.proof);
}

#[test]
fn a_header_among_the_last_without_its_work_is_found() {
    for below in [1, 2, 5, 8] {
        let mut chain = Chain::steady(&network(0, HARD, HARD), 100 - below);
        chain.extend_unworked(1_000);
        (0..below).for_each(|_| chain.extend(1_000));
        let error = Case::new(chain, 8, 3).refusal();
        assert!(lacks_work(&error, 101 - below), "{error}");
    }
}

#[test]
fn a_drawn_header_without_its_work_is_found() {
    let mut chain = Chain::steady(&network(0, HARD, HARD), 3);
    (0..60).for_each(|_| chain.extend_unworked(1_000));
    (0..8).for_each(|_| chain.extend(1_000));
    let case = Case::new(chain, 4, 3);
    let first_bad = case.forge().shown().into_iter().find(|height| (4..64).contains(height)).unwrap();
    assert!(lacks_work(&case.refusal(), first_bad));
}

#[test]
fn every_field_of_a_shown_header_is_bound() {
    let case = case();
    for height in case.forge().shown() {
        let lies: [fn(&mut Record); 3] = [
            |record| record.nonce ^= 1,
            |record| record.content_root = Hash::ZERO,
            |record| record.time = after(record.time, 1),
        ];
        for lie in lies {
            let error = case.changed(|forge| forge.change_leaf(height, lie));
            let expected = match height {
                0 => matches!(error, LightError::Genesis { .. }),
                _ => lacks_work(&error, height),
            };
            assert!(expected, "{height}: {error}");
        }
        let error = case.changed(|forge| forge.change_leaf(height, |record| record.version = 2));
        let rule = |error| match error {
            LightError::Leaf { source, .. } => source.rule(),
            other => other.rule(),
        };
        assert_eq!(rule(error), if height == 0 { "LGT-12" } else { "HDR-1" });
    }
}

#[test]
fn every_field_of_a_closed_node_is_bound() {
    let case = case();
    for at in case.forge().closed() {
        // The next header that is shown commits to it.
        let next =
            case.forge().0[at..].iter().find(|placed| matches!(placed.item, Item::Leaf(_))).unwrap().start;
        let error = case.changed(|forge| forge.change_closed(at, |closed| closed.hash = Hash::ZERO));
        assert!(lacks_work(&error, next), "{error}");
        let error = case.changed(|forge| forge.change_closed(at, |closed| closed.t1 = after(closed.t1, 1)));
        assert!(lacks_work(&error, next), "{error}");
        for wrong in [0, 1, u128::MAX] {
            let error = case.changed(|forge| {
                forge.change_closed(at, |closed| closed.work = Work::new(wrong));
            });
            assert!(matches!(error, LightError::Range(RangeError::NotExact { .. })), "{error}");
        }
        let error = case.changed(|forge| forge.change_closed(at, |closed| closed.t1 = Timestamp::new(0)));
        assert!(matches!(error, LightError::Range(RangeError::TooFast { .. })), "{error}");
    }
}

#[test]
fn swapped_and_doubled_nodes_are_found() {
    let case = case();
    let (forge, closed) = (case.forge(), case.forge().closed());
    // Two neighbours of one size, under different parents: their times do not fit any more.
    let neighbours = |a: &Placed, b: &Placed| a.level == b.level && a.start + (1 << a.level) == b.start;
    let mut pairs = closed.iter().zip(&closed[1..]).map(|(a, b)| (*a, *b));
    let (a, b) = pairs.find(|(a, b)| neighbours(&forge.0[*a], &forge.0[*b])).unwrap();
    let swapped = case.changed(|forge| {
        let (first, second) = (forge.0[a].item, forge.0[b].item);
        (forge.0[a].item, forge.0[b].item) = (second, first);
    });
    let doubled = case.changed(|forge| forge.0[b].item = forge.0[a].item);
    for error in [swapped, doubled] {
        assert!(matches!(error, LightError::Range(RangeError::TooFast { .. })), "{error}");
    }
}

#[test]
fn spliced_headers_are_found() {
    let case = case();
    let shown = case.forge().shown();
    let (from, to) = (shown[shown.len() - 3], shown[shown.len() - 2]);
    let record_at = |forge: &Forge, at: u64| {
        forge.0.iter().find_map(|placed| match placed.item {
            Item::Leaf(record) if placed.start == at => Some(record),
            Item::Leaf(_) | Item::Open | Item::Closed(_) => None,
        })
    };
    // A header of the same chain in another's place.
    let error = case.changed(|forge| {
        let record = record_at(forge, to).unwrap();
        forge.change_leaf(from, |place| *place = record);
    });
    assert!(lacks_work(&error, from), "{error}");
    // The header of that height of another chain of this network, which had its work there.
    let mut other = Chain::steady(&case.chain.spec, 100);
    (0..50).for_each(|_| other.extend(1_001));
    let other = Case::new(other, 8, 3);
    let foreign = record_at(&other.forge(), from).unwrap();
    let error = case.changed(|forge| forge.change_leaf(from, |place| *place = foreign));
    assert!(lacks_work(&error, from), "{error}");
    // Everything of the other chain.
    let error = case.judge(&other.proof).unwrap_err();
    assert!(matches!(error, LightError::Tip(HeaderError::Work { .. })), "{error}");
}

#[test]
fn another_network_is_found() {
    let ours = network(0, HARD, HARD);
    let mut theirs = ours.clone();
    let rich = Allocation { address: Address::new([1; 20]), amount: Amount::from_beats(1) };
    theirs.genesis_allocation.push(rich);
    let case = Case::new(Chain::steady(&theirs, 20), 8, 3);
    let (ours, theirs) = (Chain::new(&ours).genesis_id, case.chain.genesis_id);
    let (claim, now) = (case.chain.claim(), case.chain.tip.time);
    let verdict = verify(&case.chain.spec, &ours, &claim, &case.seed, &case.params, now, &case.proof);
    assert_eq!(verdict, Err(LightError::Genesis { found: theirs, genesis: ours }));
}

#[test]
fn a_proof_for_another_seed_is_found() {
    let case = case();
    let mut dice = Dice(2);
    for _ in 0..20 {
        let error = case.chain.verify(&dice.seed(), &case.params, &case.proof).unwrap_err();
        assert!(matches!(error, LightError::DrawnClosed { .. }), "{error}");
    }
    // The true answer to fewer questions, and to more.
    let judge = |last, draws| case.chain.verify(&case.seed, &Params::new(last, draws).unwrap(), &case.proof);
    assert!(matches!(judge(8, 4), Err(LightError::DrawnClosed { .. })));
    assert!(matches!(judge(8, 2), Err(LightError::NotDrawn { .. })));
    let closed = (0..142).rev().find(|height| !case.forge().shown().contains(height)).unwrap();
    let verdict = judge(150 - closed as u32, 3);
    assert_eq!(verdict, Err(LightError::LastClosed { height: Height::new(closed) }));
    assert!(matches!(judge(2, 3), Err(LightError::DrawnClosed { .. } | LightError::NotDrawn { .. })));
}

#[test]
fn a_proof_for_another_tip_is_found() {
    let case = case();
    let older = Case::new(Chain::steady(&case.chain.spec, 149), 8, 3);
    assert!(matches!(case.judge(&older.proof), Err(LightError::Wire(_) | LightError::LastClosed { .. })));
    // A sibling of the tip.
    let mut sibling = Chain::steady(&case.chain.spec, 149);
    sibling.extend(2_000);
    assert_eq!(sibling.peaks, case.chain.peaks);
    assert_eq!(sibling.verify(&case.seed, &case.params, &case.proof).unwrap().id(), sibling.tip.id());
}

#[test]
fn a_closed_genesis_is_found() {
    let case = Case::new(Chain::steady(&network(0, HARD, HARD), 3), 1, 1);
    let genesis =
        Closed { hash: case.chain.genesis_id, work: Work::new(512), t1: case.chain.spec.genesis_time };
    let error = case.changed(|forge| {
        let at = forge.0.iter().position(|placed| placed.level == 0).unwrap();
        forge.0[at].item = Item::Closed(genesis);
    });
    assert_eq!(error, LightError::GenesisClosed);
}

#[test]
fn missing_headers_are_found() {
    let case = case();
    let forge = case.forge();
    let close = |height: u64| {
        case.changed(|forge| {
            let at = forge.0.iter().position(|placed| {
                placed.level == 0 && placed.start == height && matches!(placed.item, Item::Leaf(_))
            });
            let at = at.unwrap();
            let header = case.chain.header_at(height);
            forge.0[at].item = Item::Closed(Closed {
                hash: header.id(),
                work: pow::work(header.bits).unwrap(),
                t1: header.time,
            });
        })
    };
    for height in 142..150 {
        assert_eq!(close(height), LightError::LastClosed { height: Height::new(height) });
    }
    let drawn: Vec<u64> = forge.shown().into_iter().filter(|height| (1..142).contains(height)).collect();
    assert!(drawn.len() > 5);
    for height in drawn {
        let error = close(height);
        // Its neighbour may be closed as well.
        let vain = matches!(error, LightError::OpenInVain { .. });
        assert!(vain || matches!(error, LightError::DrawnClosed { .. }), "{height}: {error}");
    }
}

#[test]
fn headers_that_nobody_asked_for_are_found() {
    let case = case();
    // The answer to a question with more draws, and the same with all of them closed again but one.
    let more = Params::new(8, 4).unwrap();
    let proof = case.chain.prove(&case.seed, &more);
    let error = case.judge(&proof).unwrap_err();
    let extra: Vec<u64> = Forge::of(case.height(), &proof)
        .shown()
        .into_iter()
        .filter(|height| !case.forge().shown().contains(height))
        .collect();
    assert_eq!(error, LightError::NotDrawn { height: Height::new(extra[0]) });
}

#[test]
fn a_node_that_is_open_for_nothing_is_found() {
    let case = case();
    let forge = case.forge();
    let at = forge.closed().into_iter().find(|at| forge.0[*at].level == 1).unwrap();
    let start = forge.0[at].start;
    let error = case.changed(|forge| {
        let halves = [start, start + 1].map(|height| {
            let header = case.chain.header_at(height);
            let work = pow::work(header.bits).unwrap();
            let closed = Closed { hash: header.id(), work, t1: header.time };
            Placed { start: height, level: 0, item: Item::Closed(closed) }
        });
        forge.0[at].item = Item::Open;
        forge.0.splice(at + 1..at + 1, halves);
    });
    assert_eq!(error, LightError::OpenInVain { end: Height::new(start + 2) });
}

#[test]
fn a_tail_of_low_difficulty_is_found() {
    // Easier bits than the schedule gives: every header is rebuilt with the right ones.
    let mut chain = Chain::steady(&network(0, 0x207f_ffff, HARD), 60);
    (0..8).for_each(|_| {
        chain.extend_as(1_000, |header| header.bits = Bits::new(0x207f_ffff));
    });
    chain.extend(1_000);
    let error = Case::new(chain, 8, 1).refusal();
    assert!(lacks_work(&error, 61), "{error}");
}

#[test]
fn a_tail_made_easy_by_times_to_come_is_found() {
    // The schedule makes blocks easy that are late; nobody is late yet when the clock says otherwise.
    let spec = network(30_000, 0x207f_ffff, 0x2003_ffff);
    let mut chain = Chain::steady(&spec, 40);
    let now = chain.tip.time;
    chain.extend(300_000);
    (0..8).for_each(|_| chain.extend(1_000));
    let case = Case::new(chain, 8, 1);
    let (claim, genesis) = (case.chain.claim(), case.chain.genesis_id);
    let verdict = verify(&spec, &genesis, &claim, &case.seed, &case.params, now, &case.proof);
    let Err(LightError::Leaf { height, source: HeaderError::FromTheFuture { .. } }) = verdict else {
        panic!("{verdict:?}")
    };
    assert_eq!(height, Height::new(41));
}

#[test]
fn headers_too_close_to_their_parents_are_found() {
    let mut chain = Chain::steady(&network(0, HARD, HARD), 20);
    chain.extend_as(1_000, |header| header.time = after(header.prev_time, 1));
    chain.extend(1_000);
    let error = Case::new(chain, 8, 1).refusal();
    let too_soon =
        |error: &LightError| matches!(error, LightError::Leaf { source: HeaderError::TooSoon { .. }, .. });
    assert!(too_soon(&error), "{error}");
    // Before its parent even.
    let mut chain = Chain::steady(&network(0, HARD, HARD), 20);
    let (mut header, content, _) = chain.draft(1_000);
    header.time = Timestamp::new(1);
    let tip = mined(header);
    chain.push(tip, content);
    let params = Params::new(8, 1).unwrap();
    let asked = Asked {
        spec: &chain.spec,
        genesis_id: &chain.genesis_id,
        seed: &[0; 32],
        params: &params,
        now: Timestamp::new(u64::MAX),
    };
    let proof = chain.prove(&[0; 32], &params);
    let verdict = verify_tip(&asked, &tip, &tip.id(), &proof);
    assert!(matches!(verdict, Err(LightError::Tip(HeaderError::TooSoon { .. }))), "{verdict:?}");
}

#[test]
fn the_bytes_are_exactly_the_proof() {
    let case = case();
    let count = u32::from_le_bytes(*case.proof.first_chunk().unwrap());
    let with_count = |count: u32| [&count.to_le_bytes(), &case.proof[4..]].concat();
    let judge = |proof: &[u8]| match case.judge(proof) {
        Err(LightError::Wire(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(judge(&[case.proof.as_slice(), &[0]].concat()), WireError::BytesLeft(1));
    assert_eq!(judge(&[case.proof.as_slice(), &[0; 52]].concat()), WireError::BytesLeft(52));
    assert_eq!(judge(&with_count(count + 1)), WireError::BitsLeft(1));
    assert_eq!(judge(&with_count(u32::MAX)), WireError::Truncated);
    assert_eq!(judge(&[]), WireError::Truncated);
    assert_eq!(judge(&[0; 3]), WireError::Truncated);
    assert_eq!(judge(&[0; 4]), WireError::BitsShort);
    for end in 4..case.proof.len() {
        let found = judge(&case.proof[..end]);
        assert!(matches!(found, WireError::Truncated), "{end}: {found}");
    }
    assert_ne!(count % 8, 0, "the padding is what is tried here");
    let mut padded = case.proof.clone();
    padded[4 + count as usize / 8] |= 0x80;
    assert_eq!(judge(&padded), WireError::Padding);
    let long = vec![0; PROOF_BYTES_MAX + 1];
    assert_eq!(judge(&long), WireError::TooLong(long.len()));
    assert_eq!(judge(&long[1..]), WireError::BitsShort);
}

#[test]
fn errors_begin_with_their_rule() {
    let case = Case::new(Chain::steady(&testing::lab(), 30), 4, 2);
    for (at, byte) in case.proof.iter().enumerate() {
        let mut proof = case.proof.clone();
        proof[at] = byte ^ 0x55;
        let error = case.judge(&proof).unwrap_err();
        assert!(error.to_string().starts_with(error.rule()), "{error}");
    }
}
