//! What is refused before the segment costs no sequential hash.
//!
//! All ticks are made up, so a check that went by what the segment says would end in POH-3. That is asked with
//! cheap segments first. Then every tick takes 2³² − 1 hashes, the most that a sound spec allows and minutes on any
//! machine: a check that hashed in vain, whatever it answers, would not come to an end.

use vibecoin_primitives::Content;
use vibecoin_primitives::block::{poh_record, poh_root, tx_root};

use super::*;

const COSTLY: u64 = u32::MAX as u64;

/// A network with these steps between ticks.
fn chain_of(poh_hashes_per_tick: u64) -> Chain {
    let mut spec = crate::testing::lab();
    spec.poh_hashes_per_tick = poh_hashes_per_tick;
    crate::spec::validate(&spec).unwrap();
    Chain::start(spec)
}

/// The first block on the genesis, with all its commitments and its work; only its ticks are made up.
struct Draft {
    block: Block,
    /// What a header's field is changed to once everything else is committed.
    header: fn(&mut Header),
    /// Whether the nonce is one that does the work.
    works: bool,
}

impl Draft {
    fn new(chain: &Chain) -> Self {
        let spec = &chain.spec;
        let parent = &chain.blocks[0].0;
        let ticks = vec![Hash::ZERO; spec.poh_ticks as usize];
        let content = Content {
            parent_id: parent.id(),
            poh_root: poh_root(&ticks),
            poh_hash: poh_record(ticks.last().unwrap(), &tx_root(&[])),
            ..parent.content
        };
        let header = Header {
            history_root: chain.blocks[0].1.root(),
            height: parent.header.height.next().unwrap(),
            prev_time: parent.header.time,
            time: parent.header.time.checked_add(spec.min_delta_ms).unwrap(),
            ..parent.header
        };
        let block = Block { header, content, ticks, transactions: Vec::new() };
        Self { block, header: |_| (), works: true }
    }

    fn commit(mut self) -> Block {
        let header = &mut self.block.header;
        header.content_root = self.block.content.root();
        (self.header)(header);
        let target = pow::Target::from_bits(header.bits).unwrap();
        let fits = |nonce: &u64| target.is_met_by(&Header { nonce: *nonce, ..*header }.id()) == self.works;
        header.nonce = (0..crate::testing::TRIES).find(fits).unwrap();
        self.block
    }
}

/// Every fault that is looked for before the segment, with the rule that it breaks.
type Fault = (&'static str, fn(&mut Draft));

const FAULTS: [Fault; 14] = [
    ("HDR-1", |draft| draft.header = |header| header.version = 2),
    ("BLK-3", |draft| draft.header = |header| header.content_root = Hash::ZERO),
    ("HDR-2", |draft| draft.header = |header| header.height = vibecoin_primitives::Height::new(2)),
    ("HDR-3", |draft| draft.header = |header| header.prev_time = Timestamp::new(1)),
    ("HDR-4", |draft| draft.header = |header| header.bits = vibecoin_primitives::Bits::new(0x207f_fffe)),
    ("HDR-5", |draft| draft.works = false),
    ("HDR-6", |draft| draft.header = |header| header.time = header.prev_time),
    ("HDR-7", |draft| draft.header = |header| header.time = Timestamp::new(u64::MAX)),
    ("HDR-8", |draft| draft.header = |header| header.history_root = Hash::ZERO),
    // Too few and too many, whether the content commits to just those or not.
    ("POH-1", |draft| draft.block.ticks.truncate(1)),
    ("POH-1", |draft| draft.block.ticks.push(Hash::ZERO)),
    ("POH-1", |draft| {
        draft.block.ticks.clear();
        draft.block.content.poh_root = poh_root(&[]);
    }),
    ("POH-1", |draft| {
        draft.block.ticks.push(Hash::ZERO);
        draft.block.content.poh_root = poh_root(&draft.block.ticks);
    }),
    ("POH-2", |draft| draft.block.ticks[0] = Hash::new([1; 32])),
];

#[test]
fn nothing_that_is_refused_before_the_segment_costs_a_sequential_hash() {
    for hashes_per_tick in [4, COSTLY] {
        let chain = chain_of(hashes_per_tick);
        let now = chain.blocks[0].0.header.time;
        for (rule, fault) in FAULTS {
            let mut draft = Draft::new(&chain);
            fault(&mut draft);
            let block = draft.commit();
            assert_eq!(chain.check(0, &block.encode(), now).unwrap_err().rule(), rule);
        }
    }
}

#[test]
fn the_segment_is_the_only_fault_of_the_draft() {
    let cheap = chain_of(4);
    let block = Draft::new(&cheap).commit();
    let verdict = cheap.check(0, &block.encode(), block.header.time);
    assert_eq!(verdict.unwrap_err().rule(), "POH-3");

    let chain = chain_of(COSTLY);
    let block = Draft::new(&chain).commit();
    assert_eq!(check_commitments(&chain.spec, &block), Ok(()));
    // Whoever knows the segment already compares.
    let known = vec![Hash::new([1; 32]); block.ticks.len()];
    let refused = check_body(&chain.spec, &block, SegmentCheck::Known(&known));
    assert_eq!(refused, Err(BodyError::Segment { tick: 0 }));
    assert_eq!(check_body(&chain.spec, &block, SegmentCheck::Known(&block.ticks)), Ok(()));
}

#[test]
fn a_header_is_judged_without_its_body() {
    let chain = chain_of(COSTLY);
    let block = Draft::new(&chain).commit();
    assert_eq!(check_sealed(&block.header, &block.content), Ok(()));
    let other = Content { gas_used: 1, ..block.content };
    let refused = check_sealed(&block.header, &other).unwrap_err();
    assert_eq!(refused, ShapeError::ContentRoot { found: other.root(), committed: block.content.root() });
    // The version is told first: nothing in the content is believed before.
    let newer = Header { version: 2, ..block.header };
    assert_eq!(check_sealed(&newer, &other).unwrap_err().rule(), "HDR-1");
    assert_eq!(check_shape(&Block { header: newer, ..block }).unwrap_err().rule(), "HDR-1");
}
