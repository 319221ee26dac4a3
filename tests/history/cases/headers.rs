//! Headers that lie about their place, their time, their work or their past.

use vibecoin_consensus::difficulty::bits_of_child;
use vibecoin_consensus::pow::Target;
use vibecoin_consensus::{Node, Peaks, genesis};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Bits, Block, Header, Height, Timestamp};

use crate::history::case::{Case, Expected, Sent, held, refused, refused_for_ever};
use crate::history::place::{INTERVAL_MS, Place, TRUNK};

pub fn cases() -> Vec<Case> {
    vec![
        refused("HDR-1", "a version with signal bits", "version rolling (BIP-9 bits)", |place| {
            place.with_header(|header| header.version = 0x2000_0000).into()
        }),
        refused("HDR-1", "version nought", "a rule that only old versions escape", |place| {
            place.with_header(|header| header.version = 0).into()
        }),
        refused("HDR-2", "the height of the parent", "a height that nobody compares", |place| {
            place.with_header(|header| header.height = Height::new(TRUNK)).into()
        }),
        refused("HDR-2", "a height left out", "a reward of a later era", |place| {
            place.with_header(|header| header.height = Height::new(TRUNK + 2)).into()
        }),
        refused("HDR-2", "the greatest height", "a height that wraps when one is added", |place| {
            place.with_header(|header| header.height = Height::new(u64::MAX)).into()
        }),
        refused("HDR-2", "on the grandparent", "a parent of another height", |place| {
            let grandparent = place.trunk[place.trunk.len() - 2].id();
            place.with_content(|block| block.content.parent_id = grandparent).into()
        }),
        refused("HDR-3", "an earlier parent's time", "time warp: a late chain is easier", |place| {
            let lie = place.trunk.last().unwrap().header.time.checked_sub(600_000).unwrap();
            parents_time(place, lie)
        }),
        refused("HDR-3", "a later parent's time", "time warp: the gap swallowed", |place| {
            let lie = place.trunk.last().unwrap().header.time.checked_add(500).unwrap();
            parents_time(place, lie)
        }),
        refused("HDR-4", "the easiest bits", "the exception for slow blocks of Bitcoin's testnet", |place| {
            let easiest = place.forge.spec().easiest_bits;
            bits(place, easiest)
        }),
        refused("HDR-4", "bits a little easier", "difficulty that is taken on trust", |place| {
            bits(place, Bits::new(place.honest.header.bits.get() + 0x100))
        }),
        refused("HDR-4", "bits harder than asked", "difficulty that only has a lower bound", |place| {
            bits(place, Bits::new(0x2001_ffff))
        }),
        refused("HDR-4", "negative bits", "the sign bit of compact targets", |place| {
            bits(place, Bits::new(place.honest.header.bits.get() | 0x0080_0000))
        }),
        refused("HDR-4", "bits of nought", "a target that nothing meets, work without bound", |place| {
            bits(place, Bits::new(0))
        }),
        refused("HDR-4", "bits above 256 bits", "an overflow of compact targets", |place| {
            bits(place, Bits::new(0xff7f_ffff))
        }),
        refused("HDR-5", "no work", "work that is not looked at", without_work),
        refused("HDR-5", "a sixteenth of the work", "a share of a pool, passed off as a block", with_a_share),
        refused_for_ever("HDR-6", "the parent's time again", "time that stands still", |place| {
            delay(place, 0)
        }),
        refused_for_ever("HDR-6", "a millisecond too soon", "the bound itself", |place| {
            let least = place.forge.spec().min_delta_ms;
            delay(place, least - 1)
        }),
        refused_for_ever(
            "HDR-6",
            "before its parent",
            "time warp: clocks that run backwards (Verge, 2018)",
            |place| {
                let time = place.trunk.last().unwrap().header.time.checked_sub(30_000).unwrap();
                at(place, time)
            },
        ),
        refused_for_ever("HDR-6", "at the beginning of time", "time nought", |place| {
            at(place, Timestamp::new(0))
        }),
        held("a millisecond too far ahead", "timejacking (Boverman, 2011)", |place| {
            let time = place.now.checked_add(15_001).unwrap();
            at(place, time)
        }),
        held("an hour ahead", "time warp: clocks that run ahead", |place| {
            let time = place.now.checked_add(3_600_000).unwrap();
            at(place, time)
        }),
        held("at the end of time", "a time that wraps when one is added", |place| {
            at(place, Timestamp::new(u64::MAX))
        }),
        refused_for_ever("HDR-8", "the history of the parent", "a root that is a block behind", |place| {
            let before = place.trunk.last().unwrap().header.history_root;
            history(place, before)
        }),
        refused_for_ever("HDR-8", "no history", "a commitment that nobody checks", |place| {
            history(place, Hash::ZERO)
        }),
        refused_for_ever("HDR-8", "a history with more work", "work that was never done", |place| {
            let root = retold(place, |leaf| leaf.work = leaf.work.checked_add(leaf.work).unwrap());
            history(place, root)
        }),
        refused_for_ever(
            "HDR-8",
            "a history with another last block",
            "a chain that was never there",
            |place| {
                let root = retold(place, |leaf| leaf.hash = Hash::new([0x5a; 32]));
                history(place, root)
            },
        ),
        Case {
            name: "a parent that nobody knows",
            follows: "floods of orphans",
            make: |place| place.with_content(|block| block.content.parent_id = Hash::new([0xee; 32])).into(),
            expected: Expected::Stray,
        },
    ]
}

/// Another time of the parent, and the bits that would follow from it.
fn parents_time(place: &Place, lie: Timestamp) -> Sent {
    let bits = bits_of_child(place.forge.spec(), Height::new(TRUNK), lie);
    place
        .with_header(|header| {
            header.prev_time = lie;
            header.bits = bits;
        })
        .into()
}

/// Other bits, with the work that they ask for.
fn bits(place: &Place, bits: Bits) -> Sent {
    assert_ne!(bits, place.honest.header.bits);
    place.with_header(|header| header.bits = bits).into()
}

/// A nonce for which `wanted` holds.
fn with_nonce(place: &Place, wanted: impl Fn(&Header) -> bool) -> Sent {
    let mut block = place.honest.clone();
    block.header.nonce = (0..).find(|nonce| wanted(&Header { nonce: *nonce, ..block.header })).unwrap();
    block.into()
}

fn without_work(place: &mut Place) -> Sent {
    let target = Target::from_bits(place.honest.header.bits).unwrap();
    with_nonce(place, |header| !target.is_met_by(&header.id()))
}

fn with_a_share(place: &mut Place) -> Sent {
    let target = Target::from_bits(place.honest.header.bits).unwrap();
    // The exponent of the trunk's bits leaves four bits above the target.
    let easier = Target::from_bits(Bits::new(0x203f_ffff)).unwrap();
    with_nonce(place, |header| {
        let id = header.id();
        easier.is_met_by(&id) && !target.is_met_by(&id)
    })
}

fn at(place: &Place, time: Timestamp) -> Sent {
    place.with_header(|header| header.time = time).into()
}

fn delay(place: &Place, delay_ms: u64) -> Sent {
    assert!(delay_ms < INTERVAL_MS);
    at(place, place.trunk.last().unwrap().header.time.checked_add(delay_ms).unwrap())
}

fn history(place: &Place, root: Hash) -> Sent {
    assert_ne!(root, place.honest.header.history_root);
    place.with_header(|header| header.history_root = root).into()
}

/// The root over all headers here, the last of them after `change`.
fn retold(place: &Place, change: impl FnOnce(&mut Node)) -> Hash {
    let genesis: Block = genesis(place.forge.spec());
    let leaf = |block: &Block| Node::leaf(&block.header, block.id()).unwrap();
    let mut leaves: Vec<Node> = [&genesis].into_iter().chain(&place.trunk).map(leaf).collect();
    let root = |leaves: &[Node]| {
        let mut peaks = Peaks::new();
        leaves.iter().for_each(|leaf| drop(peaks.append(*leaf).unwrap()));
        peaks.root()
    };
    assert_eq!(root(&leaves), place.honest.header.history_root);
    change(leaves.last_mut().unwrap());
    root(&leaves)
}
