//! The shapes in which five nodes are taken apart.

use crate::support::cluster::Way;

/// Nodes of the network. All but the first were told of the first alone.
pub const NODES: usize = 5;

/// One way of falling apart.
pub struct Shape {
    pub name: &'static str,
    /// The ways that are held so many ms after the beginning.
    pub held: fn(u64) -> Vec<Way>,
    /// Who mines.
    pub miners: &'static [usize],
    /// True if connections over held ways break at once. Else they are silent, and whoever waits must find out.
    pub cut: bool,
    /// Who is killed and started again in the middle.
    pub restarted: Option<usize>,
    /// What stays held when it is over, until there is one tip.
    pub left: &'static [Way],
}

/// Held for good, connections silent, whole afterwards.
const fn shape(name: &'static str, held: fn(u64) -> Vec<Way>, miners: &'static [usize]) -> Shape {
    Shape { name, held, miners, cut: false, restarted: None, left: &[] }
}

const fn cut(shape: Shape) -> Shape {
    Shape { cut: true, ..shape }
}

/// Two, of whom one is the bootstrap node, and three.
const TWO: &[usize] = &[0, 1];
const THREE: &[usize] = &[2, 3, 4];

pub const SHAPES: [Shape; 20] = [
    shape("2\\|3, both sides mine", |_| two_three(), &[1, 3]),
    shape("2\\|3, the large side mines", |_| two_three(), &[3]),
    shape("2\\|3, the small side mines", |_| two_three(), &[0]),
    cut(shape("2\\|3, connections break, both mine", |_| two_three(), &[0, 4])),
    cut(shape("2\\|3, connections break, all mine", |_| two_three(), &[0, 1, 2, 3, 4])),
    shape("1\\|4, the four mine", |_| apart(&[&[4], &[0, 1, 2, 3]]), &[1, 2]),
    shape("1\\|4, the one mines", |_| apart(&[&[4], &[0, 1, 2, 3]]), &[4]),
    shape("1\\|4, both sides mine", |_| apart(&[&[2], &[0, 1, 3, 4]]), &[2, 3]),
    cut(shape("1\\|4, the bootstrap node is alone, both mine", |_| apart(&[&[0], &[1, 2, 3, 4]]), &[0, 2])),
    shape("one way: the two are not heard, both mine", |_| from_to(TWO, THREE), &[1, 2]),
    shape("one way: the two hear nothing, both mine", |_| from_to(THREE, TWO), &[1, 2]),
    shape("one way: one is not heard, it mines", |_| from_to(&[3], &[0, 1, 2, 4]), &[3, 0]),
    shape("one way round: each hears the next only", |_| ring(), &[0, 2]),
    shape("flapping 2\\|3 every second, both mine", |ms| every(1_000, ms, two_three()), &[1, 3]),
    shape(
        "flapping 1\\|4 every 300 ms, the one mines",
        |ms| every(300, ms, apart(&[&[4], &[0, 1, 2, 3]])),
        &[4],
    ),
    cut(shape("2\\|2\\|1, all sides mine", |_| apart(&[&[0, 1], &[2, 3], &[4]]), &[0, 2, 4])),
    cut(shape("everybody alone, two mine", |_| apart(&[&[0], &[1], &[2], &[3], &[4]]), &[1, 4])),
    shape("2\\|3, then others 2\\|3, both mine", moving, &[0, 3]),
    Shape {
        restarted: Some(1),
        ..cut(shape("2\\|3, one is killed and comes back, both mine", |_| two_three(), &[0, 2]))
    },
    Shape {
        left: &BUT_ONE_LINK,
        ..shape("2\\|3, one link alone comes back, both mine", |_| two_three(), &[0, 4])
    },
];

/// All ways between the two and the three, but those between 1 and 2.
const BUT_ONE_LINK: [Way; 10] =
    [(0, 2), (2, 0), (0, 3), (3, 0), (0, 4), (4, 0), (1, 3), (3, 1), (1, 4), (4, 1)];

fn two_three() -> Vec<Way> {
    apart(&[TWO, THREE])
}

/// All ways between nodes of different groups.
fn apart(groups: &[&[usize]]) -> Vec<Way> {
    let mut held = Vec::new();
    for from in groups {
        for to in groups.iter().filter(|to| *to != from) {
            held.extend(from_to(from, to));
        }
    }
    held
}

/// The ways from each of these to each of those.
fn from_to(these: &[usize], those: &[usize]) -> Vec<Way> {
    these.iter().flat_map(|from| those.iter().map(move |to| (*from, *to))).collect()
}

/// The ways from each node to all but the next.
fn ring() -> Vec<Way> {
    let all = (0..NODES).flat_map(|from| (0..NODES).map(move |to| (from, to)));
    all.filter(|(from, to)| from != to && (from + 1) % NODES != *to).collect()
}

/// Held and open in turn, each for so long.
fn every(period_ms: u64, ms: u64, held: Vec<Way>) -> Vec<Way> {
    if (ms / period_ms).is_multiple_of(2) { held } else { Vec::new() }
}

/// After two seconds, some nodes change the side.
fn moving(ms: u64) -> Vec<Way> {
    if ms < 2_000 { two_three() } else { apart(&[&[0, 3], &[1, 2, 4]]) }
}
