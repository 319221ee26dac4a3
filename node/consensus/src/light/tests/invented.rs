//! Chains with a part that nobody made: a node out of thin air, and honest blocks on top that commit to it. Only the range
//! check, the times and the sums can tell, as long as no draw falls on it.

use vibecoin_crypto::{Hash, sha256};
use vibecoin_primitives::{ChainSpec, Height, Timestamp, Work};

use super::chain::{Chain, after, network};
use super::forge::{Case, Item, skeleton};
use crate::difficulty::bits_at;
use crate::history::{HistoryError, Node};
use crate::light::verify::{Asked, verify_tip};
use crate::light::{LightError, Params, ProveError, RangeError, TooManyOctaves, prove, range};
use crate::{pow, testing};

/// A network whose schedule moves within some blocks.
fn lab() -> ChainSpec {
    network(30_000, 0x207f_ffff, 0x2003_ffff)
}

/// A chain of honest blocks up to the height where a tree of this level may begin.
fn base(level: u8) -> Chain {
    Chain::steady(&lab(), 1 << level)
}

/// The node that would be honest if its headers came at the interval.
fn on_schedule(chain: &Chain, level: u8) -> Node {
    let spec = &chain.spec;
    let (start, count) = (chain.peaks.count(), 1_u64 << level);
    let t0 = chain.peaks.end().unwrap();
    let times = (0..count).map(|i| after(t0, i * spec.interval_ms));
    let works = times
        .zip(start..)
        .map(|(time, height)| pow::work(bits_at(spec, Height::new(height), time)).unwrap().get());
    Node {
        hash: sha256(b"thin air"),
        work: Work::new(works.sum()),
        t0,
        t1: after(t0, count * spec.interval_ms),
    }
}

/// The verdict on a chain with this node in it and sixty honest blocks on top, for a seed that does not draw it.
fn verdict(level: u8, change: impl FnOnce(&mut Node, &ChainSpec)) -> Result<Hash, LightError> {
    let mut chain = base(level);
    let mut node = on_schedule(&chain, level);
    change(&mut node, &chain.spec);
    chain.invent(level, node, chain.spec.interval_ms);
    (0..60).for_each(|_| chain.extend(chain.spec.interval_ms));
    let tip = chain.tip.id();
    let case = Case::lucky(chain, 55, 1);
    let invented = |item: &Item| matches!(item, Item::Closed(closed) if closed.hash == node.hash);
    assert!(case.forge().0.iter().any(|placed| invented(&placed.item)), "it is shown");
    assert_eq!(case.chain.tip.id(), tip);
    case.judge(&case.proof).map(|proven| proven.id())
}

fn out_of_bounds(verdict: &Result<Hash, LightError>) -> bool {
    matches!(verdict, Err(LightError::Range(RangeError::OutOfBounds { .. })))
}

#[test]
fn what_could_be_honest_is_caught_by_draws_alone() {
    assert!(verdict(5, |_, _| ()).is_ok());
    assert!(verdict(0, |_, _| ()).is_ok());
}

#[test]
fn an_inflated_node_is_found() {
    assert!(out_of_bounds(&verdict(5, |node, _| node.work = Work::new(2 * node.work.get()))));
    // By little: the bounds leave room for every honest time, so beyond the upper one.
    let chain = base(5);
    let node = on_schedule(&chain, 5);
    let (start, end) = (Height::new(32), Height::new(63));
    let bounds = range::bounds(&chain.spec, start, end, node.t0, node.t1);
    let over = |node: &mut Node| node.work = Work::new((bounds.upper * 1.002) as u128 + 33);
    assert!(out_of_bounds(&verdict(5, |node, _| over(node))));
}

#[test]
fn a_weightless_node_is_found() {
    for work in [0, 1, 32, 64] {
        let verdict = verdict(5, |node, _| node.work = Work::new(work));
        assert!(out_of_bounds(&verdict), "{verdict:?}");
    }
}

#[test]
fn a_ramp_of_weightless_blocks_is_found() {
    // As fast as the rules allow, so that the blocks on top weigh much, and without any weight of its own.
    let verdict = verdict(5, |node, spec| {
        node.t1 = after(node.t0, 32 * spec.min_delta_ms);
        node.work = Work::new(64);
    });
    assert!(out_of_bounds(&verdict), "{verdict:?}");
}

#[test]
fn a_closed_block_has_exactly_its_work() {
    for change in [1, -1_i128] {
        let verdict = verdict(0, |node, _| node.work = Work::new(node.work.get().strict_add_signed(change)));
        assert!(matches!(verdict, Err(LightError::Range(RangeError::NotExact { .. }))), "{verdict:?}");
    }
}

#[test]
fn a_node_faster_than_the_rules_allow_is_found() {
    let least = |spec: &ChainSpec| 32 * spec.min_delta_ms;
    let early = verdict(5, |node, spec| node.t1 = after(node.t0, least(spec) - 1));
    assert!(matches!(early, Err(LightError::Range(RangeError::TooFast { .. }))), "{early:?}");
    // At the border its work is what is judged.
    assert!(out_of_bounds(&verdict(5, |node, spec| {
        node.t1 = after(node.t0, least(spec));
        node.work = Work::new(1);
    })));
}

/// Invented nodes of levels 0 to `levels − 1`, each with the least work that fits; then nothing.
fn invented(spec: &ChainSpec, levels: u8) -> Chain {
    let mut chain = Chain::steady(spec, 1);
    for level in 0..levels {
        let node = on_the_lower_bound(&chain, level);
        chain.invent(level, node, spec.interval_ms);
    }
    chain
}

fn on_the_lower_bound(chain: &Chain, level: u8) -> Node {
    let spec = &chain.spec;
    let (start, t0) = (chain.peaks.count(), chain.peaks.end().unwrap());
    let t1 = after(t0, (1 << level) * spec.interval_ms);
    let (start, end) = (Height::new(start), Height::new(start + (1 << level) - 1));
    let exact = pow::work(bits_at(spec, start, t0)).unwrap().get();
    let work = if level == 0 { exact } else { range::bounds(spec, start, end, t0, t1).lower as u128 };
    Node { hash: sha256(&[level]), work: Work::new(work), t0, t1 }
}

/// A node of this level with as much work as can be written, which its bounds allow when it is long.
fn heaviest(chain: &Chain, level: u8) -> Node {
    Node { work: Work::new(u128::MAX), ..on_the_lower_bound(chain, level) }
}

#[test]
fn work_beyond_all_bounds_does_not_overflow() {
    let spec = testing::lab();
    let mut chain = invented(&spec, 20);
    let node = heaviest(&chain, 20);
    assert_eq!(range::check(&spec, Height::new(1 << 20), 1 << 20, &node), Ok(()));
    // No chain can be built on it, so the proof is put together by hand: everything before it, and then the node.
    chain.invent(20, on_the_lower_bound(&chain, 20), 1_000);
    chain.extend(1_000);
    let mut forge = skeleton(&chain, 1);
    let at = forge.closed().into_iter().next_back().unwrap();
    forge.change_closed(at, |closed| closed.work = node.work);
    let verdict = chain.verify(&[0; 32], &Params::new(1, 1).unwrap(), &forge.proof());
    assert_eq!(verdict, Err(LightError::History(HistoryError::WorkOverflow)));
}

#[test]
fn a_light_tail_on_an_invented_mountain_has_too_many_octaves() {
    let spec = testing::lab();
    let mut chain = invented(&spec, 20);
    let mut node = on_the_lower_bound(&chain, 20);
    node.work = Work::new(1 << 100);
    // So late that the blocks on top are as easy as can be.
    node.t1 = after(node.t1, 1 << 40);
    assert_eq!(range::check(&spec, Height::new(1 << 20), 1 << 20, &node), Ok(()));
    chain.invent(20, node, spec.interval_ms);
    (0..4).for_each(|_| chain.extend(spec.interval_ms));
    let last = Work::new(4 * 2);
    let expected = TooManyOctaves { all: chain.peaks.work(), last };
    // Its prover has nothing to say either, so the bare skeleton is shown: the genesis and the last.
    let params = Params::new(4, 1).unwrap();
    let refused = prove(&chain.store, &chain.peaks, &[0; 32], &params);
    assert_eq!(refused, Err(ProveError::Octaves(expected)));
    let proof = skeleton(&chain, 4).proof();
    assert_eq!(chain.verify(&[0; 32], &params, &proof), Err(LightError::Octaves(expected)));
}

#[test]
fn heights_at_the_end_of_numbers_do_not_overflow() {
    let spec = lab();
    let node = Node {
        hash: Hash::ZERO,
        work: Work::new(1),
        t0: Timestamp::new(u64::MAX),
        t1: Timestamp::new(u64::MAX),
    };
    let check = |start: u64, count: u64| range::check(&spec, Height::new(start), count, &node);
    for (start, count) in [(u64::MAX, 2), (2, u64::MAX), (1, 0)] {
        let start_at = Height::new(start);
        assert_eq!(check(start, count), Err(RangeError::Heights { start: start_at, count }));
    }
    for (start, count) in [(u64::MAX, 1), (1, u64::MAX), (1 << 63, 1 << 63)] {
        assert!(matches!(check(start, count), Err(RangeError::TooFast { .. })), "{start} {count}");
    }
    let whole = Node { t0: Timestamp::new(0), ..node };
    for (start, count) in [(1, 1 << 62), (1 << 62, 1 << 62), (u64::MAX, 1), (1, u64::MAX >> 2)] {
        assert!(range::check(&spec, Height::new(start), count, &whole).is_err());
    }
    // A tip of the greatest height, mined: nothing to show for it but the genesis.
    let mut chain = Chain::steady(&spec, 1);
    chain.tip.height = Height::new(u64::MAX);
    let params = Params::DEFAULT;
    let asked = Asked {
        spec: &spec,
        genesis_id: &chain.genesis_id,
        seed: &[0; 32],
        params: &params,
        now: Timestamp::new(u64::MAX),
    };
    for proof in [&[0_u8; 4][..], &[64, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]] {
        let verdict = verify_tip(&asked, &chain.tip, &chain.tip.id(), proof);
        assert!(matches!(verdict, Err(LightError::Wire(_))), "{verdict:?}");
    }
}
