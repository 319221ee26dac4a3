//! Random trees, delivered in random orders to the real chain and to the model, which must say and hold the same
//! after every single delivery.
//!
//! `VIBECOIN_SEED` repeats a run, and `VIBECOIN_MODEL_BLOCKS` asks for that many blocks instead of the few of an
//! ordinary test run; both print what they did with `--nocapture`.

use std::collections::BTreeMap;
use std::fmt;

use super::catalogue;
use super::chain::{Model, Policy};
use super::random::Random;
use super::real::Real;
use super::trees::{Delivery, Tree, grow};

/// Blocks of a tree above its trunk.
const BRANCHES: usize = 100;
/// The clock of a node that waits for nothing.
const FAR: u64 = u64::MAX / 2;

/// What was done.
#[derive(Default)]
struct Totals {
    trees: u64,
    trunks: usize,
    blocks: usize,
    orders: u64,
    deliveries: usize,
    restarts: u64,
    deepest: u64,
    invalid: BTreeMap<&'static str, usize>,
    told: BTreeMap<String, usize>,
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { trees, trunks, blocks, orders, deliveries, restarts, deepest, .. } = self;
        let invalid: usize = self.invalid.values().sum();
        writeln!(f, "{trees} trees on trunks of {trunks} blocks together")?;
        writeln!(f, "{blocks} blocks, {invalid} of them invalid in {} ways", self.invalid.len())?;
        writeln!(f, "{deliveries} deliveries in {orders} orders, {restarts} restarts")?;
        writeln!(f, "the deepest reorganisation left {deepest} blocks")?;
        writeln!(f, "what was told:")?;
        self.told.iter().try_for_each(|(told, count)| writeln!(f, "{count:>8}  {told}"))?;
        writeln!(f, "invalid blocks by their fault:")?;
        self.invalid.iter().try_for_each(|(fault, count)| writeln!(f, "{count:>8}  {fault}"))
    }
}

/// One way to run a tree.
#[derive(Clone, Copy, Debug)]
struct Manner {
    policy: Policy,
    on_disk: bool,
    /// The clock starts at the trunk's end and goes on with the deliveries, so that blocks are held.
    clock: bool,
    /// Now and then the chain is closed and opened again.
    restarts: bool,
}

/// The numbers of the tree's blocks, in some order, some of them twice.
fn order(random: &mut Random, count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for _ in 0..count / 6 {
        order.insert(random.index(order.len() + 1), random.index(count));
    }
    match random.below(4) {
        // As they were made.
        0 => {}
        // Children first.
        1 => order.reverse(),
        // Nearly as they were made.
        2 => order.chunks_mut(5).for_each(|few| random.shuffle(few)),
        _ => random.shuffle(&mut order),
    }
    order
}

/// A chain and the model of it, side by side.
struct Pair<'a> {
    real: Real,
    model: Model,
    random: &'a mut Random,
    totals: &'a mut Totals,
    now: u64,
}

impl Pair<'_> {
    fn deliver(&mut self, block: &Delivery) {
        let before = self.model.tip();
        let expected = self.model.deliver(&block.bytes, self.now);
        let found = self.real.deliver(&block.bytes, self.now);
        assert_eq!(found, expected, "what the chain tells (left) of a block: {:?}", block.fault);
        self.totals.deliveries += 1;
        let all = expected.settled.iter().map(|(_, told)| told).chain([&expected.told]);
        for told in all {
            let (word, depth) = told.split_once(' ').unwrap_or((told, "0"));
            *self.totals.told.entry(word.to_owned()).or_default() += 1;
            self.totals.deepest = self.totals.deepest.max(depth.parse().unwrap());
        }
        self.assert_tip(before);
    }

    fn tick(&mut self) {
        let before = self.model.tip();
        assert_eq!(self.real.tick(self.now), self.model.tick(self.now), "what becomes of the held blocks");
        self.assert_tip(before);
    }

    fn assert_tip(&self, before: [u8; 32]) {
        assert_eq!(self.real.tip(), self.model.tip(), "the tip");
        assert_eq!(self.real.tip_work(), self.model.tip_work().0, "the work of the tip");
        if self.model.tip() != before {
            self.real.assert_money(&self.model.ledger());
        }
    }

    fn restart(&mut self) {
        self.real.restart();
        self.model.restart();
        self.totals.restarts += 1;
        assert_eq!(self.real.tip(), self.model.tip(), "the tip after a restart");
    }

    /// The whole tree in one order, and then once more as it was made, so that nothing is left waiting.
    fn run(&mut self, tree: &Tree, manner: Manner) {
        for bytes in &tree.trunk {
            let expected = self.model.deliver(bytes, FAR);
            assert_eq!(expected.told, "extended");
            assert_eq!(self.real.deliver(bytes, FAR), expected);
        }
        self.real.assert_state(&self.model.ledger());
        for at in order(self.random, tree.branches.len()) {
            self.deliver(&tree.branches[at]);
            if manner.clock {
                self.now += self.random.below(700);
                if self.random.once_in(4) {
                    self.tick();
                }
            }
            if manner.restarts && self.random.once_in(40) {
                self.restart();
            }
        }
        self.now = FAR;
        self.tick();
        tree.branches.iter().for_each(|block| self.deliver(block));
        self.real.assert_state(&self.model.ledger());
        // Whatever the order, nothing valid that is here whole is ahead of the tip by more than the reserve.
        let (total, own) = self.model.tip_work();
        let ahead = self.model.most_work().saturating_sub(total);
        assert!(2 * ahead <= own, "a branch is ahead by {ahead} and a block has {own}");
    }
}

/// Grows trees until there are so many blocks, and runs each in some manners.
fn run(name: &str, blocks: usize, manners: &[Manner]) -> Totals {
    let number = |name| std::env::var(name).ok().map(|text| text.parse().unwrap());
    let blocks = number("VIBECOIN_MODEL_BLOCKS").unwrap_or(blocks as u64) as usize;
    let mut totals = Totals::default();
    for tree_number in 0.. {
        if totals.blocks >= blocks {
            break;
        }
        // A seed names one tree.
        let seed = number("VIBECOIN_SEED").unwrap_or(0x5eed_0000 + tree_number);
        println!("{name}: VIBECOIN_SEED={seed}");
        let random = &mut Random::new(seed);
        // Half of them past the height where the first reward matures.
        let trunk = [0, 7, 40, 96, 103][random.index(5)];
        let tree = grow(random, 31 * seed as usize, trunk, BRANCHES);
        totals.trees += 1;
        totals.trunks += tree.trunk.len();
        totals.blocks += tree.branches.len();
        for fault in tree.branches.iter().filter_map(|block| block.fault) {
            *totals.invalid.entry(fault).or_default() += 1;
        }
        for manner in manners {
            println!("{name}: {manner:?}");
            let mut pair = Pair {
                real: Real::open(&tree.spec, manner.policy, manner.on_disk),
                model: Model::new(&tree.spec, manner.policy),
                random,
                totals: &mut totals,
                now: if manner.clock { tree.trunk_time - 20_000 } else { FAR },
            };
            pair.run(&tree, *manner);
            totals.orders += 1;
        }
        if number("VIBECOIN_SEED").is_some() {
            break;
        }
    }
    println!("{name}: {totals}");
    totals
}

/// The reading of a file.
const FILE: Manner =
    Manner { policy: Policy { lazy: true, bounded: false }, on_disk: false, clock: false, restarts: false };
/// The same, when every verdict is to be final at once.
const FULL: Manner = Manner { policy: Policy { lazy: false, bounded: false }, ..FILE };
/// A node among others.
const NODE: Manner = Manner { policy: Policy { lazy: true, bounded: true }, ..FILE };

#[test]
fn the_chain_does_what_the_model_does() {
    let manners =
        [FILE, NODE, Manner { clock: true, ..FULL }, Manner { clock: true, restarts: true, ..NODE }];
    let totals = run("in memory", 2_000, &manners);
    if std::env::var_os("VIBECOIN_SEED").is_none() {
        let never: Vec<_> =
            catalogue::all().filter(|fault| !totals.invalid.contains_key(fault.name)).collect();
        assert!(never.is_empty(), "{:?}", never.iter().map(|fault| fault.name).collect::<Vec<_>>());
        let invalid: usize = totals.invalid.values().sum();
        assert!(10 * invalid >= 3 * totals.blocks, "{invalid} of {} are too few", totals.blocks);
        for told in ["extended", "reorganised", "side", "known", "held", "orphan", "header", "HDR-10"] {
            assert!(totals.told.get(told).is_some_and(|count| *count >= 20), "{told}");
        }
    }
}

#[test]
fn the_chain_does_so_on_the_disk() {
    let manner = Manner { on_disk: true, restarts: true, ..NODE };
    let eager = Policy { lazy: false, bounded: true };
    run("on disk", 300, &[manner, Manner { policy: eager, clock: true, ..manner }]);
}
