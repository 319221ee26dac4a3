//! Faults of the bytes, the version and the header.

use vibecoin_consensus::Target;
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Address, Bits, Height, Timestamp};

use super::{Case, Fault};

pub const FAULTS: &[Fault] = &[
    Fault { name: "bytes behind the block", rule: "BLK-1", make: trailing },
    Fault { name: "a block cut short", rule: "BLK-1", make: cut },
    Fault { name: "an option that is neither", rule: "BLK-1", make: bad_option },
    Fault { name: "more transactions counted than sent", rule: "BLK-1", make: counted },
    Fault { name: "a block longer than any", rule: "BLK-2", make: too_long },
    Fault { name: "version 0", rule: "HDR-1", make: |case| case.header(|block| block.header.version = 0) },
    Fault { name: "version 2", rule: "HDR-1", make: |case| case.header(|block| block.header.version = 2) },
    Fault { name: "another's reward under the same header", rule: "BLK-3", make: stolen },
    Fault { name: "another state under the same header", rule: "BLK-3", make: other_state },
    Fault { name: "another parent under the same header", rule: "BLK-3", make: other_parent },
    Fault { name: "a height left out", rule: "HDR-2", make: |case| height(case, |height| height + 1) },
    Fault { name: "the parent's height", rule: "HDR-2", make: |case| height(case, |height| height - 1) },
    Fault { name: "the greatest height", rule: "HDR-2", make: |case| height(case, |_| u64::MAX) },
    Fault {
        name: "the parent's time and a bit",
        rule: "HDR-3",
        make: |case| prev_time(case, |time| time + 1),
    },
    Fault {
        name: "the parent's time less a bit",
        rule: "HDR-3",
        make: |case| prev_time(case, |time| time - 1),
    },
    Fault { name: "no parent's time", rule: "HDR-3", make: |case| prev_time(case, |_| 0) },
    Fault { name: "the next easier bits", rule: "HDR-4", make: |case| bits(case, |bits| bits + 1) },
    Fault { name: "the next harder bits", rule: "HDR-4", make: |case| bits(case, |bits| bits - 1) },
    Fault { name: "no bits", rule: "HDR-4", make: |case| bits(case, |_| 0) },
    Fault { name: "negative bits", rule: "HDR-4", make: |case| bits(case, |bits| bits | 0x0080_0000) },
    Fault { name: "bits above 256 bits", rule: "HDR-4", make: |case| bits(case, |_| 0x2300_ffff) },
    Fault { name: "the bits of the genesis or the easiest", rule: "HDR-4", make: known_bits },
    Fault { name: "no work", rule: "HDR-5", make: no_work },
    Fault { name: "a little sooner than allowed", rule: "HDR-6", make: |case| time(case, |least| least - 1) },
    Fault { name: "the time of the parent again", rule: "HDR-6", make: parent_time },
    Fault { name: "a time before the genesis", rule: "HDR-6", make: |case| time(case, |_| 1) },
    Fault { name: "a bit of the history", rule: "HDR-8", make: history_bit },
    Fault { name: "the history of the parent", rule: "HDR-8", make: history_of_parent },
    Fault { name: "no history", rule: "HDR-8", make: |case| history(case, Hash::ZERO) },
];

fn trailing(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let mut bytes = case.good.encode();
    bytes.extend(vec![0; 1 + case.random.index(40)]);
    Some(bytes)
}

fn cut(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let mut bytes = case.good.encode();
    bytes.truncate(case.random.index(bytes.len()));
    Some(bytes)
}

fn bad_option(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let mut bytes = case.good.encode();
    // Behind header, content, ticks, both counts, and the numbers of the first transaction.
    let at = 104 + 224 + 4 + 32 * case.good.ticks.len() + 4 + 1 + 4 + 4 * 8;
    assert_eq!(bytes[at], 1);
    bytes[at] = 2 + case.random.below(254) as u8;
    Some(bytes)
}

fn counted(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let mut bytes = case.good.encode();
    let at = 104 + 224 + 4 + 32 * case.good.ticks.len();
    let more = [1, 2, 1_000, u32::MAX - 1_000][case.random.index(4)];
    bytes[at..at + 4].copy_from_slice(&(case.good.transactions.len() as u32 + more).to_le_bytes());
    Some(bytes)
}

fn too_long(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let spec = case.forge.spec();
    let mut bytes = case.good.encode();
    bytes.resize(336 + spec.block_bytes as usize + 131_072 + 32 * spec.poh_ticks as usize + 1, 0);
    Some(bytes)
}

fn stolen(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let thief = Address::new([case.random.below(256) as u8; 20]);
    case.body(|block| block.content.beneficiary = thief)
}

fn other_state(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let parent = case.parent();
    case.body(|block| block.content.state_root = parent)
}

fn other_parent(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let genesis = case.forge.genesis();
    case.body(|block| block.content.parent_id = genesis)
}

fn height(case: &mut Case<'_>, change: impl FnOnce(u64) -> u64) -> Option<Vec<u8>> {
    let height = Height::new(change(case.height()));
    case.header(|block| block.header.height = height)
}

fn prev_time(case: &mut Case<'_>, change: impl FnOnce(u64) -> u64) -> Option<Vec<u8>> {
    let time = Timestamp::new(change(case.good.header.prev_time.get()));
    case.header(|block| block.header.prev_time = time)
}

fn bits(case: &mut Case<'_>, change: impl FnOnce(u32) -> u32) -> Option<Vec<u8>> {
    let bits = Bits::new(change(case.good.header.bits.get()));
    case.header(|block| block.header.bits = bits)
}

fn known_bits(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let spec = case.forge.spec();
    let known = [spec.genesis_bits, spec.easiest_bits, Bits::new(0x2001_ffff)];
    let other = known.into_iter().find(|bits| *bits != case.good.header.bits)?;
    case.header(|block| block.header.bits = other)
}

fn no_work(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let target = Target::from_bits(case.good.header.bits).unwrap();
    case.body(|block| {
        while target.is_met_by(&block.id()) {
            block.header.nonce += 1;
        }
    })
}

/// A time that is given by the least that the parent allows.
fn time(case: &mut Case<'_>, change: impl FnOnce(u64) -> u64) -> Option<Vec<u8>> {
    let least = case.good.header.prev_time.get() + case.forge.spec().min_delta_ms;
    case.header(|block| block.header.time = Timestamp::new(change(least)))
}

fn parent_time(case: &mut Case<'_>) -> Option<Vec<u8>> {
    case.header(|block| block.header.time = block.header.prev_time)
}

fn history(case: &mut Case<'_>, root: Hash) -> Option<Vec<u8>> {
    case.header(|block| block.header.history_root = root)
}

fn history_bit(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let mut root = case.good.header.history_root.to_bytes();
    root[case.random.index(32)] ^= 1 << case.random.below(8);
    history(case, Hash::new(root))
}

fn history_of_parent(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let root = case.forge.block(&case.parent()).header.history_root;
    history(case, root)
}
