//! What happens in a run: everything is drawn from its seed.

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

/// How rough a network is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Streams deliver everything in order, or break.
    Calm,
    /// Messages are lost, doubled and reordered one by one.
    Wild,
}

/// A defect that is put in on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// One node never hears what its own node wants.
    WantsNothing,
    /// One node serves no headers.
    LacksHeaders,
    /// One node does not take bodies.
    DropsBodies,
    /// Transactions are not told to the machine.
    KeepsQuiet,
}

impl Planted {
    pub const ALL: [Self; 4] = [Self::WantsNothing, Self::LacksHeaders, Self::DropsBodies, Self::KeepsQuiet];
}

/// Something from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A node finds a block.
    Mine(usize),
    /// A node is given a transaction.
    Pay(usize),
    /// A node goes away.
    Leave(usize),
    /// It comes back; with nothing, if so said.
    Return(usize, bool),
    /// The network falls into two: nodes whose bit is set, and the others.
    Split(u32),
    /// Nothing goes from the nodes whose bit is set to the others for a while; it arrives later.
    Stall(u32, u64),
    /// It is whole again.
    Heal,
    /// One connection of a node breaks.
    Break(usize),
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Plan {
    pub seed: u64,
    pub style: Style,
    pub nodes: usize,
    /// Latency of a connection, in ms.
    pub latency_ms: (u64, u64),
    /// Messages in 10,000 that are lost; as many are doubled, and as many overtaken.
    pub loss: u32,
    /// What happens, by time in ms.
    pub happenings: Vec<(u64, Happening)>,
    /// When the last fault is over, in ms.
    pub calm_ms: u64,
    pub planted: Option<Planted>,
}

/// Blocks of a run.
const BLOCKS: u64 = 30;
/// Blocks after the faults have ended.
const BLOCKS_AFTER: u64 = 3;

impl Plan {
    /// The plan of a seed.
    pub fn draw(seed: u64, style: Style) -> Self {
        let mut rng = SmallRng::seed_from_u64(seed.wrapping_mul(2) + u64::from(style == Style::Wild));
        let nodes = rng.random_range(4..=8);
        let slow = rng.random_range(10..300);
        let interval_ms = rng.random_range(1_500..5_000_u64);
        let calm_ms = BLOCKS * interval_ms;
        let mut happenings = Vec::new();
        for _ in 0..BLOCKS {
            happenings.push((rng.random_range(0..calm_ms), Happening::Mine(rng.random_range(0..nodes))));
        }
        for _ in 0..rng.random_range(5..40) {
            happenings.push((rng.random_range(0..calm_ms), Happening::Pay(rng.random_range(0..nodes))));
        }
        Self::draw_faults(&mut rng, nodes, calm_ms, &mut happenings);
        happenings.push((calm_ms, Happening::Heal));
        for number in 1..=BLOCKS_AFTER {
            let at_ms = calm_ms + number * interval_ms.max(4_000);
            happenings.push((at_ms, Happening::Mine(rng.random_range(0..nodes))));
        }
        // The order of what happens at the same time is part of the plan.
        happenings.sort_by_key(|(at_ms, _)| *at_ms);
        Self {
            seed,
            style,
            nodes,
            latency_ms: (5, 5 + slow),
            loss: if style == Style::Wild { rng.random_range(10..300) } else { 0 },
            happenings,
            calm_ms,
            planted: None,
        }
    }

    fn draw_faults(rng: &mut SmallRng, nodes: usize, calm_ms: u64, happenings: &mut Vec<(u64, Happening)>) {
        for _ in 0..rng.random_range(0..6) {
            let node = rng.random_range(0..nodes);
            let leaves_ms = rng.random_range(0..calm_ms);
            let returns_ms = rng.random_range(leaves_ms..calm_ms);
            happenings.push((leaves_ms, Happening::Leave(node)));
            happenings.push((returns_ms, Happening::Return(node, rng.random_ratio(1, 3))));
        }
        for _ in 0..rng.random_range(0..3) {
            let splits_ms = rng.random_range(0..calm_ms);
            let side = rng.random_range(1..(1_u32 << nodes) - 1);
            happenings.push((splits_ms, Happening::Split(side)));
            happenings.push((rng.random_range(splits_ms..calm_ms), Happening::Heal));
        }
        for _ in 0..rng.random_range(0..4) {
            let side = rng.random_range(1..(1_u32 << nodes) - 1);
            let stall = Happening::Stall(side, rng.random_range(500..6_000));
            happenings.push((rng.random_range(0..calm_ms), stall));
        }
        for _ in 0..rng.random_range(0..10) {
            let breaks = Happening::Break(rng.random_range(0..nodes));
            happenings.push((rng.random_range(0..calm_ms), breaks));
        }
    }
}
