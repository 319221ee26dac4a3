//! Two branches of equal height, one of them back-dated: who met which first stays on it, and one more block decides.

use std::sync::Arc;

use vibecoin_primitives::{Block, ChainSpec, Timestamp};

use super::node::{Node, spec};
use super::report::{Report, percent};

/// 16,384 hashes a block.
const GENESIS_BITS: u32 = 0x1f04_0000;
/// The clock of whoever takes blocks in: late enough for all of them.
const LATER: Timestamp = Timestamp::new(u64::MAX);
/// Blocks of the longest branches.
const LENGTH_MAX: usize = 40;

/// A branch from the genesis whose blocks come so long after one another.
fn branch(spec: &ChainSpec, miner: usize, gap_ms: u64, length: usize) -> Vec<Arc<Block>> {
    let mut node = Node::new(spec, miner);
    (0..length).map(|_| next(&mut node, gap_ms)).collect()
}

/// The next block on a machine's tip.
fn next(node: &mut Node, gap_ms: u64) -> Arc<Block> {
    let time = node.tip_time().checked_add(gap_ms).unwrap();
    let block = node.produce(time);
    node.take(0, &block, LATER);
    Arc::new(block)
}

/// A machine that met the branches in this order.
fn met(spec: &ChainSpec, branches: [&[Arc<Block>]; 2]) -> Node {
    let mut node = Node::new(spec, 9);
    for block in branches.into_iter().flatten() {
        node.take(0, block, LATER);
    }
    node
}

/// Up to which length of both branches things are so.
struct Lengths {
    /// The one met first stays, in both orders.
    first_stays: usize,
    /// One more honest block on the honest branch settles it for whoever stood on the back-dated one.
    honest_settles: usize,
    /// Two more do.
    two_settle: usize,
    /// One more back-dated block on the back-dated branch settles it for whoever stood on the honest one.
    backdated_settles: usize,
}

fn lengths(spec: &ChainSpec, gap_ms: u64) -> Lengths {
    let honest = branch(spec, 1, gap_ms, LENGTH_MAX + 2);
    let backdated = branch(spec, 2, spec.min_delta_ms, LENGTH_MAX + 1);
    let up_to = |holds: &dyn Fn(usize) -> bool| (1..=LENGTH_MAX).take_while(|length| holds(*length)).count();
    let tip_after = |first: &[Arc<Block>], second: &[Arc<Block>]| met(spec, [first, second]).tip();
    Lengths {
        first_stays: up_to(&|length| {
            let (honest, backdated) = (&honest[..length], &backdated[..length]);
            met(spec, [honest, backdated]).tip() == honest[length - 1].id()
                && met(spec, [backdated, honest]).tip() == backdated[length - 1].id()
        }),
        honest_settles: up_to(&|length| {
            tip_after(&backdated[..length], &honest[..=length]) == honest[length].id()
        }),
        two_settle: up_to(&|length| {
            tip_after(&backdated[..length], &honest[..=length + 1]) == honest[length + 1].id()
        }),
        backdated_settles: up_to(&|length| {
            tip_after(&honest[..length], &backdated[..=length]) == backdated[length].id()
        }),
    }
}

/// How long the branches may be.
pub fn report() -> Report {
    let mut report = Report::new("Rivals of equal height", 0);
    report.say(&format!(
        "Two branches from one block: an honest one whose blocks come so far apart, and one back-dated as far as the rule \
         allows. Up to how many blocks each (of {LENGTH_MAX} tried) the one met first stays, in either order; and up to how many \
         one more block on either branch brings everybody onto it. Nothing here is drawn by chance."
    ));
    report.head(&[
        "half-life",
        "honest blocks every",
        "the first stays",
        "an honest block settles",
        "a back-dated block settles",
    ]);
    let mainnet = spec(GENESIS_BITS);
    let testnet = ChainSpec { half_life_ms: 300_000, min_delta_ms: 12, ..mainnet.clone() };
    for (name, spec, gap_ms, expected) in [
        ("mainnet's", &mainnet, 2_500, None),
        ("mainnet's", &mainnet, 5_000, Some(20)),
        ("mainnet's", &mainnet, 5_200, None),
        ("mainnet's", &mainnet, 10_000, None),
        ("mainnet's", &mainnet, 50_000, None),
        ("testnet's", &testnet, 5_000, Some(9)),
    ] {
        let found = lengths(spec, gap_ms);
        let every = format!("{:.1} s", gap_ms as f64 / 1_000.0);
        if let Some(expected) = expected {
            report.claim(found.first_stays == expected, || {
                format!("{name}, every {every}: the first stays up to {} blocks", found.first_stays)
            });
        }
        for (what, settled) in
            [("an honest", found.honest_settles), ("a back-dated", found.backdated_settles)]
        {
            report.claim(settled + 1 >= found.first_stays, || {
                format!("{name}, every {every}: {what} block settles only up to {settled}")
            });
        }
        report.claim(found.two_settle >= found.first_stays, || {
            format!("{name}, every {every}: two honest blocks settle only up to {}", found.two_settle)
        });
        let shown = |length: usize| {
            if length == LENGTH_MAX { format!("{length} or more") } else { length.to_string() }
        };
        report.row(&[
            name.to_owned(),
            every,
            shown(found.first_stays),
            shown(found.honest_settles),
            shown(found.backdated_settles),
        ]);
    }
    let excess = (5_000.0_f64 / mainnet.half_life_ms as f64).exp2() - 1.0;
    report.say(&format!("A block that is 5 s earlier makes its child {} heavier.", percent(excess)));
    report
}

#[test]
fn the_first_of_equals_stays_and_one_more_block_decides() {
    report().finish();
}
