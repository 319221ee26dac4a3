use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;

mod answers;
mod choice;
mod file;
mod model;
mod trials;

const SECRET: [u8; 32] = [9; 32];
const NOW_MS: u64 = 1_800_000_000_000;
const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;
const NODE: NodeId = NodeId::new([1; 32]);

fn rng() -> StdRng {
    StdRng::seed_from_u64(1)
}

/// A public address: the number's bytes, in front of them something that is public for sure.
fn at(range: u16, number: u16) -> Endpoint {
    let [a, b] = range.to_be_bytes();
    let [c, d] = number.to_be_bytes();
    format!("/ip6/2a00:{a:02x}{b:02x}::{c:02x}{d:02x}/tcp/8423").parse().unwrap()
}

fn local(number: u8) -> Endpoint {
    format!("/ip4/10.0.0.{number}/tcp/8423").parse().unwrap()
}

fn source(range: u16) -> Group {
    at(range, 0).group()
}

fn book() -> AddressBook {
    AddressBook::new(&SECRET, BookSettings::PUBLIC)
}

fn without(take: fn(&mut Defences)) -> AddressBook {
    let mut defences = Defences::ALL;
    take(&mut defences);
    AddressBook::new(&SECRET, BookSettings { locals: false, defences })
}

/// A book with so many places that were told of, each by its own range, and so many that answered.
fn filled(new: u16, tried: u16) -> AddressBook {
    let mut book = book();
    for number in 0..new + tried {
        let endpoint = at(number, number);
        book.add(&endpoint, &endpoint.group(), NOW_MS, &mut rng());
        if number >= new {
            book.good(&endpoint, NODE, NOW_MS);
        }
    }
    book
}

/// Whether tables, index and entries tell the same story.
fn check(book: &AddressBook) {
    let mut new_places = 0;
    let mut tried = 0;
    for (endpoint, &id) in &book.index {
        let entry = book.entry(id);
        assert_eq!(entry.endpoint, *endpoint);
        assert!(book.wants(endpoint));
        match &entry.standing {
            Standing::New(places) => {
                assert!((1..=PLACES_MAX).contains(&places.len()), "{places:?}");
                assert_eq!(entry.proven_ms, 0);
                for &place in places {
                    assert_eq!(book.new.get(place), Some(id));
                    assert!(book.key.is_new_slot(endpoint, place));
                }
                new_places += places.len();
            }
            Standing::Tried(slot) => {
                assert_eq!(book.tried.get(*slot), Some(id));
                assert_eq!(book.key.tried_slot(endpoint), *slot);
                tried += 1;
            }
        }
    }
    assert_eq!(new_places, book.new.entries().count());
    assert_eq!(tried, book.tried.entries().count());
    assert_eq!(tried, book.tried_len());
    assert_eq!(book.entries.iter().flatten().count(), book.len());
    assert_eq!(book.entries.len(), book.len() + book.vacant.len());
    assert!(book.waiting.len() <= trials_max());
    for &id in &book.waiting {
        assert!(!book.entry(id).is_tried());
    }
    assert!(book.anchors.len() <= ANCHORS_MAX && book.anchors_due.len() <= ANCHORS_MAX);
}

const fn trials_max() -> usize {
    super::trials::WAITING_MAX
}

#[test]
fn names_and_what_strangers_cannot_reach_stay_out() {
    let name: Endpoint = "/dns4/seed.example.org/tcp/1".parse().unwrap();
    let mut public = book();
    let mut home = AddressBook::new(&SECRET, BookSettings::LOCAL);
    for book in [&mut public, &mut home] {
        assert_eq!(book.add(&name, &source(1), NOW_MS, &mut rng()), Added::Unwanted);
        assert_eq!(book.add(&at(1, 1), &source(1), NOW_MS, &mut rng()), Added::New);
    }
    assert_eq!(public.add(&local(1), &source(1), NOW_MS, &mut rng()), Added::Unwanted);
    assert_eq!(home.add(&local(1), &source(1), NOW_MS, &mut rng()), Added::New);
}

#[test]
fn one_teller_reaches_a_sixteenth_of_what_was_told() {
    let reached = |mut book: AddressBook| {
        for range in 0..20_000 {
            book.add(&at(range, 1), &source(7), NOW_MS, &mut rng());
        }
        check(&book);
        book.len()
    };
    let share = usize::from(buckets::NEW_BUCKETS_PER_SOURCE * buckets::SLOTS);
    assert!((share / 2..=share).contains(&reached(book())));
    assert!(reached(without(|defences| defences.source_keys = false)) > 8 * share);
}

#[test]
fn one_range_reaches_a_sixteenth_of_what_answered() {
    let reached = |mut book: AddressBook| {
        for number in 0..10_000 {
            // Many tellers help.
            book.add(&at(7, number), &source(number % 100), NOW_MS, &mut rng());
            book.good(&at(7, number), NODE, NOW_MS);
        }
        check(&book);
        book.tried_len()
    };
    let share = usize::from(buckets::TRIED_BUCKETS_PER_GROUP * buckets::SLOTS);
    assert!((share / 2..=share).contains(&reached(book())));
    assert!(reached(without(|defences| defences.source_keys = false)) > 4 * share);
}

#[test]
fn what_stands_is_not_pushed_out_by_what_is_told() {
    let known = |mut book: AddressBook| {
        let honest: Vec<Endpoint> = (0..500).map(|range| at(range, 1)).collect();
        honest.iter().for_each(|endpoint| {
            book.add(endpoint, &endpoint.group(), NOW_MS, &mut rng());
        });
        let before = book.len();
        for range in 1_000..60_000 {
            book.add(&at(range, 1), &source(1_000 + range % 200), NOW_MS, &mut rng());
        }
        check(&book);
        (before, honest.iter().filter(|endpoint| book.get(endpoint).is_some()).count())
    };
    let (before, after) = known(book());
    assert_eq!(before, after);
    let (before, after) = known(without(|defences| defences.first_come = false));
    assert!(after < before / 2, "{after} of {before}");
}

#[test]
fn what_is_hopeless_makes_room() {
    let mut book = filled(1, 0);
    let old = at(0, 0);
    let slot = book.new.entries().next().map(|id| book.entry(id).standing.clone());
    let Some(Standing::New(places)) = slot else { panic!("it was only told of") };
    let rival = (1..u16::MAX)
        .map(|range| at(range, 3))
        .find(|rival| book.key.new_slot(rival, &source(0)) == places[0])
        .expect("one teller reaches 1,024 slots");
    assert_eq!(book.add(&rival, &source(0), NOW_MS, &mut rng()), Added::Full);
    let later_ms = NOW_MS + 31 * DAY_MS;
    assert_eq!(book.add(&rival, &source(0), later_ms, &mut rng()), Added::New);
    assert_eq!(book.get(&old), None);
    check(&book);
}

#[test]
fn telling_again_and_again_wins_little() {
    let mut book = book();
    let mut rng = rng();
    for _ in 0..1_000 {
        book.add(&at(1, 1), &source(1), NOW_MS, &mut rng);
    }
    assert_eq!(book.new.entries().count(), 1);
    for teller in 0..5_000 {
        book.add(&at(1, 1), &source(teller), NOW_MS, &mut rng);
    }
    assert_eq!(book.len(), 1);
    assert!((4..=PLACES_MAX).contains(&book.new.entries().count()));
    check(&book);
}

#[test]
fn a_place_is_given_up_by_rule() {
    let mut entry = filled(0, 1).entry(0).clone();
    entry.dialled_ms = 0;
    let judged = |heard_ms, answered_ms, dialled_ms, failures| {
        let entry = Entry { heard_ms, answered_ms, dialled_ms, failures, ..entry.clone() };
        entry.is_hopeless(NOW_MS)
    };
    let (old, week, now) = (NOW_MS - 31 * DAY_MS, NOW_MS - 8 * DAY_MS, NOW_MS);
    assert!(!judged(now, 0, 0, 0));
    assert!(judged(old, 0, 0, 0), "nobody has spoken of it for a month");
    assert!(judged(old, old, 0, 0));
    assert!(!judged(old, week, 0, 0), "it answered since");
    assert!(!judged(now, 0, 0, 2));
    assert!(judged(now, 0, 0, 3), "it never answered");
    assert!(!judged(now, 0, now - 30_000, 3), "it is just being dialled");
    assert!(!judged(now, week, 0, 9));
    assert!(judged(now, week, 0, 10), "it has not answered for a week");
    assert!(!judged(now, now - 6 * DAY_MS, 0, 100));
    let chances: Vec<u32> =
        (0..10).map(|failures| Entry { failures, ..entry.clone() }.chance(NOW_MS)).collect();
    assert!(chances.windows(2).all(|pair| pair[1] <= pair[0]) && chances[9] > 0 && chances[8] == chances[9]);
    assert!(Entry { dialled_ms: now - MINUTE_MS, ..entry.clone() }.chance(NOW_MS) * 50 < chances[0]);
}

#[test]
fn a_node_without_a_network_gives_nothing_up() {
    let mut book = filled(2, 1);
    for minute in 1..100 {
        book.dialled(&at(0, 0), NOW_MS + minute * MINUTE_MS);
        book.failed(&at(0, 0), NOW_MS + minute * MINUTE_MS);
    }
    assert_eq!(book.get(&at(0, 0)).map(|known| known.failures), Some(1));
    // Something answers: the network is back, and failures count again.
    book.good(&at(2, 2), NODE, NOW_MS + DAY_MS);
    book.failed(&at(0, 0), NOW_MS + DAY_MS + MINUTE_MS);
    assert_eq!(book.get(&at(0, 0)).map(|known| known.failures), Some(2));
}

#[test]
fn only_a_handshake_says_who_lives_where() {
    let mut book = book();
    assert_eq!(book.good(&at(1, 1), NODE, NOW_MS), Proven::Unknown);
    book.add(&at(1, 1), &source(1), NOW_MS, &mut rng());
    assert_eq!(book.get(&at(1, 1)).and_then(|known| known.contact.node), None);
    assert_eq!(book.good(&at(1, 1), NODE, NOW_MS), Proven::Promoted);
    assert_eq!(book.good(&at(1, 1), NODE, NOW_MS), Proven::Already);
    assert_eq!(book.get(&at(1, 1)).and_then(|known| known.contact.node), Some(NODE));
    book.forget(&at(1, 1));
    assert!(book.is_empty());
    check(&book);
}

#[test]
fn the_memory_is_as_small_as_promised() {
    // The entry, the key in the index with what a B-tree node wastes, and the heap of the places.
    let each = size_of::<Option<Entry>>() + 2 * size_of::<(Endpoint, u32)>() + PLACES_MAX * 2;
    let places = usize::from(NEW_BUCKETS + TRIED_BUCKETS) * usize::from(buckets::SLOTS);
    let notes = NOTES_MAX * ANSWER_MAX * size_of::<Contact>();
    let bytes = places * (each + size_of::<Option<u32>>()) + notes;
    assert!(bytes < 8 << 20, "{bytes} bytes, {each} each");
}
