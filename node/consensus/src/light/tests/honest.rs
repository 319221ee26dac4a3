//! Honest chains are never refused, however their hash rate behaves.

use vibecoin_crypto::sha256;
use vibecoin_primitives::{Bits, ChainSpec, Height, Network};

use super::chain::{Chain, Dice, after, network};
use crate::difficulty::bits_at;
use crate::history::{Node, Peaks};
use crate::light::{Params, range};
use crate::{pow, testing};

/// Above this work a block would take too long to make here, so the miners pause.
const WORK_MAX: u128 = 1 << 10;

/// Chains of a quick run and of a whole one.
const QUICK: u64 = 1_000;
const WHOLE: u64 = 10_000;

/// Networks whose work can be done: from hectic to like mainnet, with the easiest target at several places, and without
/// retargeting.
fn easy_networks() -> Vec<ChainSpec> {
    let mainnet = Network::Mainnet.spec();
    vec![
        testing::lab(),
        Network::Devnet.spec(),
        network(0, 0x2003_ffff, 0x2003_ffff),
        network(3_000, 0x207f_ffff, 0x2007_ffff),
        network(300_000, 0x2003_ffff, 0x2001_ffff),
        network(10_000_000, 0x2000_ffff, 0x2000_ffff),
        ChainSpec { genesis_bits: Bits::new(0x2001_ffff), easiest_bits: Bits::new(0x207f_ffff), ..mainnet },
    ]
}

/// When blocks come: a hash rate that changes in steps, with outages, and now and then a miner who lies about the time as
/// far as the rules let him.
pub(super) struct Weather {
    dice: Dice,
    /// Hashes in an interval.
    rate: f64,
    /// An outage comes once in so many blocks, a step ten times as often; at 200 the chain stays behind its schedule
    /// for good.
    calm: u64,
}

impl Weather {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let calm = [200, 2_000, 20_000][dice.below(3) as usize];
        Self::with_outages(dice.roll(), calm)
    }

    pub(super) fn with_outages(seed: u64, calm: u64) -> Self {
        let mut weather = Self { dice: Dice(seed), rate: 1.0, calm };
        weather.step();
        weather
    }

    fn step(&mut self) {
        self.rate = 2_f64.powf(self.dice.share() * 9.0);
    }

    /// The time from a block to the next, whose work this is, in ms.
    pub(super) fn delta_ms(&mut self, spec: &ChainSpec, work: f64) -> u64 {
        if self.dice.below(self.calm / 10) == 0 {
            self.step();
        }
        let interval = spec.interval_ms as f64;
        let outage = self.dice.below(self.calm) == 0;
        let delta = match self.dice.below(20) {
            _ if outage => interval * 2_f64.powf(self.dice.share() * 14.0),
            0 => 0.0,
            _ => -(1.0 - self.dice.share()).ln() * work / self.rate * interval,
        };
        (delta as u64).clamp(spec.min_delta_ms, 1 << 40)
    }
}

/// A length: very short ones, lengths around powers of two, and others.
fn length(dice: &mut Dice) -> u64 {
    match dice.below(4) {
        0 => dice.below(6),
        1 => (1 << dice.below(10)) + dice.below(3),
        2 => dice.below(120),
        _ => dice.below(1_000),
    }
}

fn chain(spec: &ChainSpec, height: u64, seed: u64) -> Chain {
    let (mut chain, mut weather) = (Chain::new(spec), Weather::new(seed));
    for _ in 0..height {
        let work = pow::work(chain.next_bits()).unwrap().get();
        let mut delta = weather.delta_ms(spec, work as f64);
        if work > WORK_MAX {
            delta = delta.max(spec.half_life_ms);
        }
        chain.extend(delta);
    }
    chain
}

fn honest_chains_are_proven(seeds: std::ops::Range<u64>) {
    let networks = easy_networks();
    for seed in seeds {
        let mut dice = Dice(seed);
        let spec = &networks[dice.below(networks.len() as u64) as usize];
        let chain = chain(spec, length(&mut dice), dice.roll());
        let last = [1, 2, 8, 40, 256][dice.below(5) as usize];
        let draws = [1, 3, 25][dice.below(3) as usize];
        let params = Params::new(last, draws).unwrap();
        let proven = chain.judged(&dice.seed(), &params);
        let proven = proven.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert_eq!(proven.header(), &chain.tip, "seed {seed}");
        assert_eq!(proven.peaks(), &chain.peaks, "seed {seed}");
        assert_eq!(proven.work(), chain.answer().work, "seed {seed}");
        let height = chain.tip.height.get();
        let mut replayed = proven.before_recent().clone();
        for linked in proven.recent() {
            assert_eq!(chain.store.stored(&linked.id), Some(linked.header), "seed {seed}");
            replayed.append(linked.leaf).unwrap();
        }
        assert_eq!(&replayed, proven.peaks(), "seed {seed}");
        assert_eq!(proven.recent().len() as u64, height.min(u64::from(last)), "seed {seed}");
    }
}

#[test]
fn honest_chains_with_real_work_are_proven() {
    honest_chains_are_proven(0..QUICK);
}

#[test]
#[ignore = "takes a minute; the quick form is above"]
fn ten_thousand_honest_chains_with_real_work_are_proven() {
    honest_chains_are_proven(0..WHOLE);
}

#[test]
fn the_shortest_chains_are_proven_by_every_parameter() {
    for spec in easy_networks() {
        for height in 0..10 {
            let chain = chain(&spec, height, height);
            for (last, draws) in [(1, 1), (1, 64), (2, 3), (9, 1), (10, 1), (2_048, 64)] {
                let params = Params::new(last, draws).unwrap();
                let verdict = chain.judged(&[7; 32], &params);
                assert_eq!(verdict.map(|proven| proven.id()), Ok(chain.tip.id()), "{height} {last} {draws}");
            }
        }
    }
}

/// Networks whose work nobody can do here, from the easiest target to the hardest within a chain.
fn hard_networks() -> Vec<ChainSpec> {
    let mut specs: Vec<ChainSpec> = Network::ALL.into_iter().map(Network::spec).collect();
    specs.push(testing::lab());
    for half_life in [1_500, 3_000, 10_000, 100_000] {
        specs.push(network(half_life, 0x207f_ffff, 0x2000_ffff));
        specs.push(network(half_life, 0x1d00_ffff, 0x1300_ffff));
        specs.push(network(half_life, 0x1210_0000, 0x1202_0000));
    }
    specs
}

/// Every node of the history of a chain whose work is not done, and what can be closed at once before each height.
fn nodes(spec: &ChainSpec, height: u64, seed: u64) -> Vec<(Height, u8, Node)> {
    let mut weather = Weather::new(seed);
    let (mut peaks, mut nodes, mut t0) = (Peaks::new(), Vec::new(), spec.genesis_time);
    // Half of the chains never slow down, so that they reach the hardest target.
    let hurried = weather.dice.below(2) == 0;
    for start in (0..height).map(Height::new) {
        let work = pow::work(bits_at(spec, start, t0)).unwrap();
        let nominal = pow::work(spec.genesis_bits).unwrap().get() as f64;
        let delta = match start {
            Height::GENESIS => 0,
            _ if hurried && weather.dice.below(500) > 0 => spec.min_delta_ms,
            _ => weather.delta_ms(spec, work.get() as f64 * 20.0 / nominal),
        };
        let leaf = Node { hash: sha256(&start.get().to_le_bytes()), work, t0, t1: after(t0, delta) };
        // The hardest headers are so many hashes that no chain has more than 256 of them.
        let Ok(inner) = peaks.append(leaf) else { break };
        nodes.push((start, 0, leaf));
        nodes.extend(inner.iter().map(|inner| (inner.start, inner.level, inner.node)));
        t0 = leaf.t1;
    }
    nodes.retain(|(start, ..)| *start != Height::GENESIS);
    nodes
}

fn honest_nodes_fit(seeds: std::ops::Range<u64>) {
    let networks = hard_networks();
    let (lowest, mut easiest_seen, mut lowest_seen) = (pow::Target::LOWEST.work().unwrap(), 0, 0);
    for seed in seeds {
        let mut dice = Dice(seed);
        let spec = &networks[dice.below(networks.len() as u64) as usize];
        let easiest = pow::work(spec.easiest_bits).unwrap();
        for (start, level, node) in nodes(spec, 4 * length(&mut dice), dice.roll()) {
            let verdict = range::check(spec, start, 1 << level, &node);
            assert_eq!(verdict, Ok(()), "seed {seed}, level {level} from height {start}");
            easiest_seen += u64::from(level == 0 && node.work == easiest);
            lowest_seen += u64::from(level == 0 && node.work == lowest);
        }
    }
    assert!(easiest_seen > 100 && lowest_seen > 100, "{easiest_seen} {lowest_seen}");
}

#[test]
fn nodes_of_honest_chains_of_any_difficulty_fit() {
    honest_nodes_fit(0..QUICK);
}

#[test]
#[ignore = "takes a minute; the quick form is above"]
fn nodes_of_ten_thousand_honest_chains_of_any_difficulty_fit() {
    honest_nodes_fit(0..WHOLE);
}

#[test]
fn weather_is_the_same_on_every_run() {
    let spec = testing::lab();
    let chains = [1, 1, 2].map(|seed| chain(&spec, 60, seed).tip.id());
    assert_eq!(chains[0], chains[1]);
    assert_ne!(chains[0], chains[2]);
}
