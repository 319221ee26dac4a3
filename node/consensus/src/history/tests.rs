#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use serde_json::Value;
use vibecoin_crypto::sha256;
use vibecoin_primitives::{Bits, Network};

use super::*;
use crate::difficulty::bits_at;
use crate::testing::{bits, bytes, cases, hash, header, height, number, time, vectors, wide};

fn node(value: &Value, key: &str) -> Node {
    encoding::decode(&bytes(value, key)).unwrap()
}

/// The synthetic headers of the vectors: `count` leaves by the recipe that stands in them.
fn leaves(count: u64) -> Vec<Node> {
    let spec = Network::Mainnet.spec();
    let mut previous = spec.genesis_time;
    (0..count)
        .map(|h| {
            let digest = |label: &[u8]| sha256(&[label, &h.to_le_bytes()].concat());
            let jitter = digest(b"dt").to_bytes();
            let delta = 50 + u64::from(u16::from_le_bytes([jitter[0], jitter[1]]));
            let t1 = if h == 0 { previous } else { previous.checked_add(delta).unwrap() };
            let work = pow::work(bits_at(&spec, Height::new(h), previous)).unwrap();
            let leaf = Node { hash: digest(b"id"), work, t0: previous, t1 };
            previous = t1;
            leaf
        })
        .collect()
}

fn range(leaves: &[Node]) -> Peaks {
    let mut peaks = Peaks::new();
    leaves.iter().for_each(|leaf| drop(peaks.append(*leaf).unwrap()));
    peaks
}

#[test]
fn leaves_follow_the_vectors() {
    for (leaf, case) in leaves(64).iter().zip(cases("history", "leaves")) {
        assert_eq!(leaf.hash, hash(&case, "id"));
        assert_eq!(leaf.work.get(), wide(&case, "work"), "{case}");
        assert_eq!((leaf.t0, leaf.t1), (time(&case, "prev_time"), time(&case, "time")), "{case}");
        let mut header = header(bits(&case, "bits").get());
        (header.prev_time, header.time) = (leaf.t0, leaf.t1);
        assert_eq!(Node::leaf(&header, leaf.hash), Ok(*leaf), "{case}");
    }
}

#[test]
fn roots_and_peaks_follow_the_vectors() {
    for case in cases("history", "cases") {
        let n = number(&case, "n");
        let peaks = range(&leaves(n));
        assert_eq!(peaks.count(), n);
        assert_eq!(peaks.root(), hash(&case, "history_root"), "n = {n}");
        assert_eq!(peaks.work().get(), wide(&case, "work"), "n = {n}");
        let expected = case["peaks"].as_array().unwrap();
        assert_eq!(peaks.nodes().len(), expected.len());
        for (peak, expected) in peaks.nodes().iter().zip(expected) {
            let node = Node {
                hash: hash(expected, "hash"),
                work: Work::new(wide(expected, "work")),
                t0: time(expected, "t0"),
                t1: time(expected, "t1"),
            };
            assert_eq!(*peak, node, "n = {n}");
        }
    }
    let empty = &cases("history", "cases")[0];
    assert_eq!(empty_root(), hash(empty, "history_root"));
}

#[test]
fn parents_follow_the_vectors() {
    let file = vectors("history");
    let case = &file["parent"];
    let (left, right) = (node(case, "left"), node(case, "right"));
    let parent = Node::parent(height(case, "start"), number(case, "level") as u8, &left, &right);
    assert_eq!(parent, Ok(node(case, "node")));
    for case in cases("history", "reject") {
        let error = Node::parent(Height::GENESIS, 1, &node(&case, "left"), &node(&case, "right"));
        match case["error"].as_str().unwrap() {
            "times do not join" => assert!(matches!(error, Err(HistoryError::TimesDoNotJoin { .. }))),
            "work overflow" => assert_eq!(error, Err(HistoryError::WorkOverflow)),
            other => panic!("unknown reason {other}"),
        }
    }
}

#[test]
fn a_refused_leaf_changes_nothing() {
    let leaves = leaves(7);
    let mut peaks = range(&leaves);
    let before = peaks.clone();
    let mut gap = leaves[6];
    gap.t0 = gap.t1.checked_add(1).unwrap();
    assert!(matches!(peaks.append(gap), Err(HistoryError::TimesDoNotJoin { .. })));
    let heavy = Node { work: Work::new(u128::MAX), t0: leaves[6].t1, ..leaves[6] };
    assert_eq!(peaks.append(heavy), Err(HistoryError::WorkOverflow));
    assert_eq!(peaks, before);
}

#[test]
fn a_leaf_needs_bits_that_have_a_work() {
    assert!(Node::leaf(&header(0x1200_ffff), Hash::ZERO).is_err());
    assert!(Node::leaf(&header(0), Hash::ZERO).is_err());
}

#[test]
fn impossible_peaks_are_not_decoded() {
    let bytes = encoding::encode(&range(&leaves(5)));
    assert_eq!(bytes.len(), 8 + 2 * Node::BYTES);
    assert!(encoding::decode::<Peaks>(&bytes).is_ok());
    assert!(encoding::decode::<Peaks>(&bytes[..bytes.len() - 1]).is_err());
    let changed = |at: usize, to: u8| {
        let mut bytes = bytes.clone();
        bytes[at] = to;
        encoding::decode::<Peaks>(&bytes)
    };
    assert!(changed(0, 7).is_err(), "three peaks announced, two there");
    assert!(changed(8 + 56, 0xee).is_err(), "times do not join");
    let mut heavy = bytes.clone();
    heavy[8 + 32..8 + 48].fill(0xff);
    assert!(encoding::decode::<Peaks>(&heavy).is_err(), "work overflow");
}

/// The root of the perfect tree over some leaves, from scratch.
fn tree(start: u64, leaves: &[Node]) -> Node {
    if let [leaf] = leaves {
        return *leaf;
    }
    let half = leaves.len() / 2;
    let (left, right) = (tree(start, &leaves[..half]), tree(start + half as u64, &leaves[half..]));
    Node::parent(Height::new(start), leaves.len().ilog2() as u8, &left, &right).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn appending_is_the_same_as_building_from_scratch(count in 0_u64..300) {
        let leaves = leaves(count);
        let mut expected = Vec::new();
        let mut start = 0;
        for level in (0..64).rev().filter(|level| count >> level & 1 == 1) {
            let size = 1 << level;
            expected.push(tree(start as u64, &leaves[start..start + size]));
            start += size;
        }
        let peaks = range(&leaves);
        prop_assert_eq!(peaks.nodes(), expected);
        let sum = leaves.iter().map(|leaf| leaf.work.get()).sum::<u128>();
        prop_assert_eq!(peaks.work().get(), sum);
        prop_assert_eq!(encoding::decode::<Peaks>(&encoding::encode(&peaks)), Ok(peaks));
    }

    #[test]
    fn appending_hands_out_every_inner_node_once(count in 1_u64..200) {
        let leaves = leaves(count);
        let mut peaks = Peaks::new();
        let mut handed_out = 0;
        for leaf in &leaves {
            for inner in peaks.append(*leaf).unwrap() {
                let (start, size) = (inner.start.get() as usize, 1 << inner.level);
                prop_assert_eq!(inner.node, tree(start as u64, &leaves[start..start + size]));
                let again = Node::parent(inner.start, inner.level, &inner.left, &inner.right);
                prop_assert_eq!(again, Ok(inner.node));
                handed_out += 1;
            }
        }
        prop_assert_eq!(handed_out, count - u64::from(count.count_ones()));
    }

    #[test]
    fn the_root_depends_on_every_part_of_every_leaf(
        count in 1_u64..40,
        which: prop::sample::Index,
        part in 0_usize..3,
    ) {
        let mut leaves = leaves(count);
        let root = range(&leaves).root();
        let at = which.index(leaves.len());
        let later = |time: Timestamp| time.checked_add(1).unwrap();
        match part {
            0 => leaves[at].hash = Hash::ZERO,
            1 => leaves[at].work = Work::new(leaves[at].work.get() + 1),
            _ => {
                leaves[at].t1 = later(leaves[at].t1);
                if let Some(next) = leaves.get_mut(at + 1) {
                    next.t0 = later(next.t0);
                }
            }
        }
        prop_assert_ne!(range(&leaves).root(), root);
    }
}

proptest! {
    #[test]
    fn peaks_and_their_encodings_are_one_to_one(
        count in 0_u64..16,
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        nodes in prop::collection::vec((any::<[u8; 32]>(), any::<u64>(), any::<u64>()), 4),
    ) {
        // Any bytes, and as many joined nodes as the count asks for.
        let mut joined = encoding::encode(&count);
        let mut t0 = 0;
        for (hash, work, t1) in nodes.into_iter().take(count.count_ones() as usize) {
            let (hash, work) = (Hash::new(hash), Work::new(u128::from(work)));
            let node = Node { hash, work, t0: Timestamp::new(t0), t1: Timestamp::new(t1) };
            joined.extend(encoding::encode(&node));
            prop_assert_eq!(encoding::decode::<Node>(&encoding::encode(&node)), Ok(node));
            t0 = t1;
        }
        let peaks = encoding::decode::<Peaks>(&joined).unwrap();
        prop_assert_eq!((peaks.count(), peaks.nodes().len()), (count, count.count_ones() as usize));
        for bytes in [[encoding::encode(&count), bytes.clone()].concat(), bytes, joined] {
            if let Ok(peaks) = encoding::decode::<Peaks>(&bytes) {
                prop_assert_eq!(encoding::encode(&peaks), bytes);
            }
        }
    }
}

#[test]
fn easy_bits_weigh_two() {
    let leaf = Node::leaf(&header(0x207f_ffff), Hash::ZERO).unwrap();
    assert_eq!(leaf.work, pow::work(Bits::new(0x207f_ffff)).unwrap());
    assert_eq!(leaf.work.get(), 2);
}
