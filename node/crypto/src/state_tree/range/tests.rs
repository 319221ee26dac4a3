#![allow(clippy::unwrap_used)]

use proptest::{collection, prelude::*};

use super::*;
use crate::hash::sha256;
use crate::state_tree::tests::{keys, prove};
use crate::state_tree::{Terminal, root_of};

const FIRST: Hash = Hash::new([0; 32]);
const LAST: Hash = Hash::new([0xff; 32]);

/// The true leaves of a range.
fn truth(entries: &[Leaf], start: &Hash, end: &Hash) -> Vec<Leaf> {
    entries.iter().filter(|(key, _)| key >= start && key <= end).cloned().collect()
}

/// A chunk of at most `leaves_max` leaves, made the slow way from all entries.
fn chunk(entries: &[Leaf], start: &Hash, end: &Hash, leaves_max: usize) -> StateChunk {
    let mut leaves = truth(entries, start, end);
    let is_cut = leaves.len() > leaves_max;
    leaves.truncate(leaves_max);
    let last = if is_cut { leaves.last().unwrap().0 } else { *end };
    StateChunk::new(
        leaves,
        is_cut,
        Edge::new(Side::Left, start, &prove(entries, start)),
        Edge::new(Side::Right, &last, &prove(entries, &last)),
    )
}

fn many(count: u32) -> Vec<Leaf> {
    let mut entries: Vec<Leaf> =
        (0..count).map(|n| (sha256(&n.to_le_bytes()), n.to_le_bytes().to_vec())).collect();
    entries.sort();
    entries
}

#[test]
fn chunk_after_chunk_gives_the_whole_state() {
    for count in [0, 1, 2, 3, 100] {
        let entries = many(count);
        let root = root_of(&entries).unwrap();
        for leaves_max in [1, 7, 1_000] {
            let (mut start, mut found) = (Some(FIRST), Vec::new());
            while let Some(from) = start {
                let verified = chunk(&entries, &from, &LAST, leaves_max).verify(&root, &from, &LAST).unwrap();
                assert_eq!((verified.root(), verified.start()), (root, from));
                found.extend_from_slice(verified.leaves());
                start = verified.next();
                assert_eq!(start, if start.is_some() { successor(&verified.last()) } else { None });
            }
            assert_eq!(found, entries);
        }
    }
}

#[test]
fn a_chunk_of_another_truth_is_refused_by_name() {
    let entries = many(60);
    let root = root_of(&entries).unwrap();
    let (start, end) = (entries[10].0, successor(&entries[40].0).unwrap());
    let honest = chunk(&entries, &start, &end, 1_000);
    assert_eq!(honest.clone().verify(&root, &start, &end).unwrap().leaves(), &entries[10..=40]);
    let forged = |change: &dyn Fn(&mut StateChunk)| {
        let mut forged = honest.clone();
        change(&mut forged);
        forged.verify(&root, &start, &end).unwrap_err()
    };
    let is_wrong_root = |error| matches!(error, RangeError::WrongRoot { expected, .. } if expected == root);
    for at in [0, 1, 15, 30] {
        assert!(is_wrong_root(forged(&|chunk| drop(chunk.leaves.remove(at)))), "dropped");
        assert!(is_wrong_root(forged(&|chunk| chunk.leaves[at].1.push(0))), "changed");
        assert!(is_wrong_root(forged(&|chunk| {
            let added = successor(&chunk.leaves[at].0).unwrap();
            chunk.leaves.insert(at + 1, (added, vec![1]));
        })));
    }
    assert!(matches!(forged(&|chunk| chunk.leaves.swap(3, 4)), RangeError::NotAscending { .. }));
    assert!(matches!(
        forged(&|chunk| chunk.leaves.push(chunk.leaves[30].clone())),
        RangeError::NotAscending { .. }
    ));
    assert_eq!(
        forged(&|chunk| chunk.leaves.insert(0, entries[9].clone())),
        RangeError::Outside { key: entries[9].0 }
    );
    assert_eq!(
        forged(&|chunk| chunk.leaves.push(entries[41].clone())),
        RangeError::Outside { key: entries[41].0 }
    );
    assert!(is_wrong_root(forged(&|chunk| chunk.leaves.truncate(20))), "truncated");
    assert!(is_wrong_root(forged(&|chunk| {
        chunk.leaves.truncate(20);
        chunk.is_cut = true;
    })));
    assert_eq!(
        forged(&|chunk| {
            chunk.leaves.clear();
            chunk.is_cut = true;
        }),
        RangeError::CutToNothing
    );
    assert!(is_wrong_root(forged(&|chunk| chunk.leaves.clear())), "nothing at all");
    assert!(is_wrong_root(forged(&|chunk| chunk.left = Edge::default())));
    assert!(is_wrong_root(forged(&|chunk| chunk.right = chunk.left.clone())));
    let other_edge = Edge::new(Side::Left, &entries[11].0, &prove(&entries, &entries[11].0));
    assert!(is_wrong_root(forged(&|chunk| chunk.left = other_edge.clone())));

    // The same chunk as the answer to another question.
    for (start, end) in [(FIRST, end), (entries[5].0, end), (start, LAST), (start, entries[45].0)] {
        assert!(honest.clone().verify(&root, &start, &end).is_err());
    }
    assert!(matches!(honest.clone().verify(&root, &entries[11].0, &end), Err(RangeError::Outside { .. })));
    assert!(matches!(honest.clone().verify(&root, &end, &start), Err(RangeError::Reversed { .. })));
    assert!(is_wrong_root(honest.clone().verify(&FIRST, &start, &end).unwrap_err().with_expected(root)));
}

impl RangeError {
    /// For a comparison that does not care about the root.
    fn with_expected(self, expected: Hash) -> Self {
        match self {
            Self::WrongRoot { found, .. } => Self::WrongRoot { found, expected },
            other => other,
        }
    }
}

#[test]
fn leaves_cannot_be_hidden_behind_a_leaf_that_is_none() {
    // Two leaves in one half. Whoever hides the one inside must show the half as one leaf outside, whose hash is that
    // of an inner node: no key and value hash lead to it.
    let low = Hash::new([0x10; 32]);
    let high = Hash::new([0x20; 32]);
    let far = Hash::new([0x90; 32]);
    let entries = vec![(low, vec![1]), (high, vec![2]), (far, vec![3])];
    let root = root_of(&entries).unwrap();
    let start = Hash::new([0x18; 32]);
    let honest = chunk(&entries, &start, &LAST, 9);
    assert_eq!(honest.clone().verify(&root, &start, &LAST).unwrap().leaves(), &entries[1..]);
    for key in [low, Hash::new([0x11; 32]), FIRST] {
        for value in [value_hash(&[1]), value_hash(&[2])] {
            let mut forged = honest.clone();
            forged.leaves.remove(0);
            forged.left = Edge::of_parts(Vec::new(), Some(edge::Beside { key, value_hash: value }));
            assert!(matches!(forged.verify(&root, &start, &LAST), Err(RangeError::WrongRoot { .. })));
        }
    }
    // And a leaf beside the range that is inside it is refused before it is hashed.
    let inside = edge::Beside { key: high, value_hash: value_hash(&[2]) };
    let mut forged = honest.clone();
    forged.left = Edge::of_parts(Vec::new(), Some(inside));
    let refused = forged.verify(&root, &start, &LAST);
    assert_eq!(refused, Err(RangeError::Edge(EdgeError::NotBeside { key: high })));
    let behind = edge::Beside { key: low, value_hash: value_hash(&[1]) };
    let mut forged = honest;
    forged.left = Edge::of_parts(vec![low; 2], Some(behind));
    assert_eq!(
        forged.clone().verify(&root, &start, &LAST),
        Err(RangeError::Edge(EdgeError::BehindTheLeaf { key: low }))
    );
    forged.left = Edge::of_parts(vec![low; 65], None);
    assert_eq!(
        forged.verify(&root, &start, &LAST),
        Err(RangeError::Edge(EdgeError::TooLong { found: 65, max: 64 }))
    );
}

#[test]
fn keys_that_were_made_to_be_costly_are_refused_before_they_are_hashed() {
    let pairs = |count: u32| {
        let mut leaves = Vec::new();
        for n in 0..count {
            let mut key = [0; 32];
            key[..4].copy_from_slice(&n.to_be_bytes());
            leaves.push((Hash::new(key), Vec::new()));
            key[31] = 1;
            leaves.push((Hash::new(key), Vec::new()));
        }
        StateChunk::new(leaves, false, Edge::default(), Edge::default())
    };
    let refused = pairs(2_000).verify(&FIRST, &FIRST, &LAST).unwrap_err();
    assert!(matches!(refused, RangeError::TooDeep { leaves: 4_000, nodes } if nodes > 400_000), "{refused}");
    let refused = pairs(20).verify(&FIRST, &FIRST, &LAST).unwrap_err();
    assert!(matches!(refused, RangeError::WrongRoot { .. }), "few may be odd: {refused}");
}

#[test]
fn more_than_a_chunk_may_hold_is_refused_before_it_is_read() {
    let too_many = (CHUNK_BYTES_MAX / LEAF_FIXED_BYTES + 1) as u32;
    let refused = borsh::from_slice::<StateChunk>(&too_many.to_le_bytes()).unwrap_err();
    assert!(refused.to_string().contains("more leaves"), "{refused}");
    let mut long = 1_u32.to_le_bytes().to_vec();
    long.extend([7; 32]);
    long.extend(((CHUNK_BYTES_MAX - LEAF_FIXED_BYTES + 1) as u32).to_le_bytes());
    let refused = borsh::from_slice::<StateChunk>(&long).unwrap_err();
    assert!(refused.to_string().contains("more bytes"), "{refused}");
    let whole = vec![(FIRST, vec![9; CHUNK_BYTES_MAX - LEAF_FIXED_BYTES])];
    let whole = StateChunk::new(whole, true, Edge::default(), Edge::default());
    assert_eq!(borsh::from_slice::<StateChunk>(&borsh::to_vec(&whole).unwrap()).unwrap(), whole);
}

/// An alteration of a chunk, or of the question that it answers.
#[derive(Clone, Debug)]
enum Lie {
    Drop(prop::sample::Index),
    Change(prop::sample::Index),
    Add(Hash),
    Cut(prop::sample::Index),
    Uncut,
    LeftOf(Hash),
    RightOf(Hash),
    Start(Hash),
    End(Hash),
    Byte(prop::sample::Index, u8),
}

fn lie() -> impl Strategy<Value = Lie> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        index().prop_map(Lie::Drop),
        index().prop_map(Lie::Change),
        keys().prop_map(Lie::Add),
        index().prop_map(Lie::Cut),
        Just(Lie::Uncut),
        keys().prop_map(Lie::LeftOf),
        keys().prop_map(Lie::RightOf),
        keys().prop_map(Lie::Start),
        keys().prop_map(Lie::End),
        (index(), 1..=255_u8).prop_map(|(at, flip)| Lie::Byte(at, flip)),
    ]
}

fn tell(lie: &Lie, entries: &[Leaf], chunk: &mut StateChunk, range: &mut (Hash, Hash)) {
    match lie {
        Lie::Drop(at) if !chunk.leaves.is_empty() => drop(chunk.leaves.remove(at.index(chunk.leaves.len()))),
        Lie::Change(at) if !chunk.leaves.is_empty() => {
            let at = at.index(chunk.leaves.len());
            chunk.leaves[at].1.push(1);
        }
        Lie::Drop(_) | Lie::Change(_) => {}
        Lie::Add(key) => {
            chunk.leaves.push((*key, vec![7]));
            chunk.leaves.sort();
        }
        Lie::Cut(at) => {
            chunk.leaves.truncate(at.index(chunk.leaves.len() + 1));
            chunk.is_cut = true;
            let last = chunk.last_key(&range.1);
            chunk.right = Edge::new(Side::Right, &last, &prove(entries, &last));
        }
        Lie::Uncut => chunk.is_cut = false,
        Lie::LeftOf(key) => chunk.left = Edge::new(Side::Left, key, &prove(entries, key)),
        Lie::RightOf(key) => chunk.right = Edge::new(Side::Right, key, &prove(entries, key)),
        Lie::Start(key) => range.0 = *key,
        Lie::End(key) => range.1 = *key,
        Lie::Byte(at, flip) => {
            let mut bytes = borsh::to_vec(chunk).unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            if let Ok(altered) = borsh::from_slice(&bytes) {
                *chunk = altered;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn what_verifies_is_the_truth_whatever_was_done_to_it(
        entries in collection::btree_map(keys(), collection::vec(any::<u8>(), 0..4), 0..24),
        mut bounds in (keys(), keys()),
        leaves_max in 1..10_usize,
        lies in collection::vec(lie(), 0..4),
    ) {
        if bounds.0 > bounds.1 {
            bounds = (bounds.1, bounds.0);
        }
        let entries: Vec<Leaf> = entries.into_iter().collect();
        let root = root_of(&entries).unwrap();
        let honest = chunk(&entries, &bounds.0, &bounds.1, leaves_max);
        let (mut told, mut range) = (honest.clone(), bounds);
        lies.iter().for_each(|lie| tell(lie, &entries, &mut told, &mut range));
        let bytes = borsh::to_vec(&told).unwrap();
        prop_assert_eq!(&borsh::from_slice::<StateChunk>(&bytes).unwrap(), &told);
        match told.clone().verify(&root, &range.0, &range.1) {
            Ok(verified) => {
                let expected = truth(&entries, &range.0, &verified.last());
                prop_assert_eq!(verified.leaves(), expected.as_slice());
                prop_assert_eq!(verified.next().is_none(), verified.last() == range.1);
                prop_assert!(verified.last() <= range.1 && verified.start() == range.0);
            }
            Err(error) => prop_assert!(told != honest || range != bounds, "the truth is refused: {error}"),
        }
    }

    #[test]
    fn whatever_decodes_as_a_chunk_encodes_back(
        bytes in prop_oneof![
            collection::vec(any::<u8>(), 0..300),
            collection::vec(0..3_u8, 0..300),
            // No leaf, then two edges of few siblings.
            (0..9_u8, collection::vec(any::<u8>(), 0..400)).prop_map(|(siblings, mut rest)| {
                let mut bytes = vec![0, 0, 0, 0, 0, siblings, 0];
                bytes.append(&mut rest);
                bytes
            }),
        ],
        range in (keys(), keys()),
    ) {
        if let Ok(chunk) = borsh::from_slice::<StateChunk>(&bytes) {
            prop_assert_eq!(borsh::to_vec(&chunk).unwrap(), bytes);
            // It must not panic, and nothing leads to a root of zeros.
            prop_assert!(chunk.verify(&FIRST, &range.0, &range.1).is_err());
        }
    }
}

#[test]
fn a_leaf_beside_both_edges_proves_an_empty_range() {
    let entries = vec![(Hash::new([0x50; 32]), vec![1])];
    let root = root_of(&entries).unwrap();
    for (start, end) in [(0x51, 0x52), (0x10, 0x4f), (0x60, 0xff), (0x00, 0x00)] {
        let (start, end) = (Hash::new([start; 32]), Hash::new([end; 32]));
        let empty = chunk(&entries, &start, &end, 9);
        assert!(matches!(prove(&entries, &start).terminal(), Terminal::Other { .. }));
        let verified = empty.verify(&root, &start, &end).unwrap();
        assert!(verified.leaves().is_empty() && verified.next().is_none());
    }
}
