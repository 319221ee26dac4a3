//! Somebody with 2,000 addresses in 500 ranges wants every connection that a node makes.
//!
//! The node has lived for ten days among 200 to 500 honest ones, four fifths of which are up at a time. Then attackers
//! connect from 20 ranges and tell of their addresses every day; whoever is dialled there answers, and never leaves. At
//! last the node starts again. Eclipsed is who then has no honest one among its eight outbound connections.
//!
//! `ECLIPSE_SEED=17` runs one seed only.

use std::collections::BTreeSet;

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use vibecoin_network::book::{AddressBook, BookSettings, Defences, Outbound};
use vibecoin_network::endpoint::{Endpoint, Group, Host, NodeId, Transport};

const SEEDS: u64 = 100;
const OUTBOUND: usize = 8;
const ATTACKERS: usize = 2_000;
const ATTACKER_RANGES: usize = 500;
const ATTACKER_PEERS: usize = 20;
const MADE_UP: usize = 20_000;

const MINUTE_MS: u64 = 60 * 1_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;
/// The simulated node is switched on.
const START_MS: u64 = 1_800_000_000_000;
const PEACE_MS: u64 = 10 * DAY_MS;
/// Whether an honest node is up is drawn anew twice a day.
const SHIFT_MS: u64 = 12 * HOUR_MS;
const FEELER_MS: u64 = 2 * MINUTE_MS;

/// How the attackers go about it.
#[derive(Clone, Copy)]
struct Attack {
    days: u64,
    /// How many addresses they make up beside their own.
    made_up: usize,
}

/// The network around the node.
struct World {
    honest: Vec<Endpoint>,
    attackers: Vec<Endpoint>,
    made_up: Vec<Endpoint>,
    is_honest: BTreeSet<Endpoint>,
    is_attacker: BTreeSet<Endpoint>,
    seed: u64,
}

impl World {
    fn new(seed: u64, rng: &mut StdRng) -> Self {
        let mut ranges: Vec<[u8; 2]> = (1..=223).flat_map(|a| (0..=255).map(move |b| [a, b])).collect();
        ranges.retain(|&[a, b]| public([a, b, 1, 1]).is_global());
        ranges.shuffle(rng);
        let (attacked, others) = ranges.split_at(ATTACKER_RANGES);
        let count = rng.random_range(200..=500);
        let honest_ranges = &others[..count * 2 / 3];
        let honest: Vec<Endpoint> = (0..count).map(|_| place(honest_ranges, rng)).collect();
        let attackers: Vec<Endpoint> =
            (0..ATTACKERS).map(|number| place(&attacked[number % ATTACKER_RANGES..][..1], rng)).collect();
        let made_up = (0..MADE_UP).map(|_| place(others, rng)).collect();
        Self {
            is_honest: honest.iter().cloned().collect(),
            is_attacker: attackers.iter().cloned().collect(),
            honest,
            attackers,
            made_up,
            seed,
        }
    }

    /// Attackers always answer, honest nodes are up four shifts of five.
    fn answers(&self, endpoint: &Endpoint, now_ms: u64) -> bool {
        if self.is_attacker.contains(endpoint) {
            return true;
        }
        let number = u64::from(endpoint.port()) << 32 | hash_of(endpoint);
        let shift = (now_ms + number % SHIFT_MS) / SHIFT_MS;
        let mut draw = StdRng::seed_from_u64(self.seed ^ number.wrapping_mul(0x9e37_79b9) ^ shift << 20);
        self.is_honest.contains(endpoint) && draw.random_range(0..10) < 8
    }
}

fn hash_of(endpoint: &Endpoint) -> u64 {
    match endpoint.host() {
        Host::Ip4(ip) => u64::from(u32::from_be_bytes(*ip)),
        Host::Ip6(_) | Host::Dns(_) => unreachable!("the simulation has IPv4 addresses"),
    }
}

fn public(ip: [u8; 4]) -> Endpoint {
    Endpoint::new(Host::Ip4(ip), 8423, Transport::Tcp).expect("a port")
}

fn place(ranges: &[[u8; 2]], rng: &mut StdRng) -> Endpoint {
    let [a, b] = *ranges.choose(rng).expect("there are ranges");
    public([a, b, rng.random(), rng.random()])
}

/// The node: a book and its outbound connections.
struct Node<'a> {
    world: &'a World,
    book: AddressBook,
    outbound: Vec<Outbound>,
}

impl Node<'_> {
    fn dial(&mut self, endpoint: &Endpoint, now_ms: u64) -> bool {
        self.book.dialled(endpoint, now_ms);
        let answered = self.world.answers(endpoint, now_ms);
        if answered {
            self.book.good(endpoint, NodeId::new([7; 32]), now_ms);
        } else {
            self.book.failed(endpoint, now_ms);
        }
        answered
    }

    fn connect(&mut self, now_ms: u64, rng: &mut StdRng) {
        for _ in 0..100 {
            if self.outbound.len() == OUTBOUND {
                return;
            }
            let Some(next) = self.book.next_outbound(&self.outbound, now_ms, |_| true, rng) else { return };
            if self.dial(&next.contact.endpoint, now_ms) {
                self.outbound.push(next);
            }
        }
    }

    /// Half an hour: what is gone is gone, connections are made, feelers go out.
    fn live(&mut self, now_ms: u64, feelers: u64, rng: &mut StdRng) {
        let world = self.world;
        self.outbound.retain(|outbound| world.answers(&outbound.contact.endpoint, now_ms));
        for outbound in &self.outbound {
            self.book.seen(&outbound.contact.endpoint, now_ms);
        }
        self.connect(now_ms, rng);
        for feeler in 0..feelers {
            let now_ms = now_ms + feeler * FEELER_MS;
            let Some(contact) = self.book.select_feeler(now_ms, |_| true, rng) else { return };
            self.dial(&contact.endpoint, now_ms);
        }
    }

    fn hear(&mut self, told: &[Endpoint], source: &Group, now_ms: u64, rng: &mut StdRng) {
        for endpoint in told {
            self.book.add(endpoint, source, now_ms, rng);
        }
    }

    /// Every honest connection tells of some of the honest nodes that it knows.
    fn hear_honest(&mut self, now_ms: u64, rng: &mut StdRng) {
        let honest: Vec<Group> = self
            .outbound
            .iter()
            .map(|outbound| &outbound.contact.endpoint)
            .filter(|endpoint| self.world.is_honest.contains(*endpoint))
            .map(Endpoint::group)
            .collect();
        for source in honest {
            let told: Vec<Endpoint> = self.world.honest.sample(rng, 64).cloned().collect();
            self.hear(&told, &source, now_ms, rng);
        }
    }

    fn honest(&self) -> usize {
        self.outbound
            .iter()
            .filter(|outbound| self.world.is_honest.contains(&outbound.contact.endpoint))
            .count()
    }
}

/// How a run ended.
struct End {
    honest_before: usize,
    honest_after: usize,
    honest_tried: usize,
    tried: usize,
}

fn run(seed: u64, attack: Attack, defences: Defences) -> End {
    let mut rng = StdRng::seed_from_u64(seed);
    let world = World::new(seed, &mut rng);
    let secret: [u8; 32] = rng.random();
    let settings = BookSettings { locals: false, defences };
    let book = AddressBook::new(&secret, settings);
    let mut node = Node { world: &world, book, outbound: Vec::new() };

    let seeds: Vec<Endpoint> = world.honest.sample(&mut rng, 20).cloned().collect();
    seeds.iter().for_each(|seed| node.hear(std::slice::from_ref(seed), &seed.group(), START_MS, &mut rng));
    let mut now_ms = START_MS;
    while now_ms < START_MS + PEACE_MS {
        if (now_ms - START_MS).is_multiple_of(6 * HOUR_MS) {
            node.hear_honest(now_ms, &mut rng);
        }
        node.live(now_ms, 2, &mut rng);
        now_ms += HOUR_MS / 2;
    }

    let made_up = &world.made_up[..attack.made_up];
    let share = attack.made_up / ATTACKER_PEERS;
    let peers: Vec<Group> = world.attackers.sample(&mut rng, ATTACKER_PEERS).map(Endpoint::group).collect();
    while now_ms < START_MS + PEACE_MS + attack.days * DAY_MS {
        if (now_ms - START_MS).is_multiple_of(DAY_MS) {
            for (number, source) in peers.iter().enumerate() {
                node.hear(&world.attackers, source, now_ms, &mut rng);
                node.hear(&made_up[number * share..][..share], source, now_ms, &mut rng);
            }
        }
        if (now_ms - START_MS).is_multiple_of(6 * HOUR_MS) {
            node.hear_honest(now_ms, &mut rng);
        }
        node.live(now_ms, HOUR_MS / 2 / FEELER_MS, &mut rng);
        now_ms += HOUR_MS / 2;
    }

    let honest_before = node.honest();
    node.book.keep_anchors(node.outbound.iter().map(|outbound| outbound.contact.clone()));
    let bytes = node.book.to_bytes();
    let restored = AddressBook::from_bytes(&bytes, &secret, settings, now_ms).expect("it was just written");
    assert_eq!(restored.dropped, 0);
    node.book = restored.book;
    node.outbound.clear();
    now_ms += MINUTE_MS;
    node.connect(now_ms, &mut rng);
    assert_eq!(node.outbound.len(), OUTBOUND, "seed {seed}: attackers always answer");
    let ranges: BTreeSet<Group> =
        node.outbound.iter().map(|outbound| outbound.contact.endpoint.group()).collect();
    assert_eq!(ranges.len(), OUTBOUND, "seed {seed}: two connections into one range");
    let honest_tried =
        world.honest.iter().filter(|endpoint| node.book.get(endpoint).is_some_and(|known| known.tried));
    End {
        honest_before,
        honest_after: node.honest(),
        honest_tried: honest_tried.count(),
        tried: node.book.tried_len(),
    }
}

/// What became of all seeds.
struct Outcome {
    runs: usize,
    eclipsed: Vec<u64>,
    mean: f64,
    least: usize,
}

fn all(name: &str, seeds: u64, attack: Attack, defences: Defences) -> Outcome {
    let only = std::env::var("ECLIPSE_SEED").ok().map(|seed| seed.parse::<u64>().expect("a number"));
    let seeds: Vec<u64> = only.map_or_else(|| (0..seeds).collect(), |seed| vec![seed]);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let share = seeds.len().div_ceil(workers);
    let ends: Vec<(u64, End)> = std::thread::scope(|scope| {
        let parts: Vec<_> = seeds
            .chunks(share)
            .map(|part| {
                scope.spawn(move || {
                    part.iter().map(|&seed| (seed, run(seed, attack, defences))).collect::<Vec<_>>()
                })
            })
            .collect();
        parts.into_iter().flat_map(|part| part.join().expect("a run has panicked")).collect()
    });
    let mean =
        |of: fn(&End) -> usize| ends.iter().map(|(_, end)| of(end)).sum::<usize>() as f64 / ends.len() as f64;
    let outcome = Outcome {
        runs: ends.len(),
        eclipsed: ends.iter().filter(|(_, end)| end.honest_after == 0).map(|(seed, _)| *seed).collect(),
        mean: mean(|end| end.honest_after),
        least: ends.iter().map(|(_, end)| end.honest_after).min().unwrap_or(0),
    };
    println!(
        "{name:<28} {:>3} runs, eclipsed {:>3}; honest of {OUTBOUND} after the start: least {}, mean {:.2}; before it {:.2}; \
         honest in the tried table {:.0} of {:.0}",
        outcome.runs,
        outcome.eclipsed.len(),
        outcome.least,
        outcome.mean,
        mean(|end| end.honest_before),
        mean(|end| end.honest_tried),
        mean(|end| end.tried),
    );
    outcome
}

/// Three days, and most of what is told of does not exist: what honest nodes tell of finds no room.
const FLOOD: Attack = Attack { days: 3, made_up: MADE_UP };
/// Three days, and every feeler of the node finds an attacker.
const LURE: Attack = Attack { days: 3, made_up: 0 };
/// A week of the same.
const WEEK: Attack = Attack { days: 7, made_up: 0 };

#[test]
fn two_thousand_addresses_do_not_eclipse_a_node() {
    for (name, attack) in [("flood", FLOOD), ("lure", LURE)] {
        let outcome = all(name, SEEDS, attack, Defences::ALL);
        assert!(outcome.eclipsed.is_empty(), "{name}: eclipsed with the seeds {:?}", outcome.eclipsed);
    }
}

#[test]
fn without_anchors_and_elders_they_do() {
    let plain = Defences { anchors: false, elders: false, ..Defences::ALL };
    let outcome = all("lure, plain book", SEEDS / 5, LURE, plain);
    if outcome.runs > 1 {
        assert!(outcome.eclipsed.len() * 5 >= outcome.runs, "the attack is too weak to show anything");
    }
}

#[test]
#[ignore = "some minutes, to see what each defence is for"]
fn every_defence_against_every_attack() {
    let defences = [
        ("all defences", Defences::ALL),
        ("no anchors", Defences { anchors: false, ..Defences::ALL }),
        ("no elders", Defences { elders: false, ..Defences::ALL }),
        ("no anchors, no elders", Defences { anchors: false, elders: false, ..Defences::ALL }),
        ("no source keys", Defences { source_keys: false, ..Defences::ALL }),
        ("no test before evict", Defences { test_before_evict: false, ..Defences::ALL }),
        ("not first come", Defences { first_come: false, ..Defences::ALL }),
        ("none", Defences::NONE),
    ];
    for (attack_name, attack) in [("flood", FLOOD), ("lure", LURE), ("week", WEEK)] {
        for (name, defences) in defences {
            let outcome = all(&format!("{attack_name}, {name}"), SEEDS / 4, attack, defences);
            assert!(defences != Defences::ALL || outcome.eclipsed.is_empty(), "{:?}", outcome.eclipsed);
        }
    }
}
