//! What others are told.

use std::collections::BTreeSet;

use super::*;

fn host(range: u16) -> Host {
    at(range, 1).host().clone()
}

#[test]
fn an_answer_holds_for_a_day() {
    let mut book = filled(500, 500);
    let mut rng = rng();
    let first = book.answer(&host(1), NOW_MS, &mut rng);
    for hour in 0..21 {
        book.add(&at(2_000 + hour, 1), &source(hour), NOW_MS, &mut rng);
        let now_ms = NOW_MS + u64::from(hour) * HOUR_MS - 1;
        assert_eq!(book.answer(&at(1, 9).host().clone(), now_ms, &mut rng), first, "the same range");
    }
    assert_ne!(book.answer(&host(1), NOW_MS + 27 * HOUR_MS, &mut rng), first);
}

#[test]
fn asking_from_everywhere_tells_a_part() {
    let mut book = filled(2_000, 1_000);
    let mut rng = rng();
    let mut told = BTreeSet::new();
    for asker in 0..3_000 {
        let answer = book.answer(&host(asker), NOW_MS, &mut rng);
        assert_eq!(answer.len(), ANSWER_MAX);
        told.extend(answer);
    }
    assert!(told.len() <= NOTES_MAX * ANSWER_MAX);
}

#[test]
fn an_answer_has_a_quarter_at_most_and_a_small_book_tells_all() {
    let mut rng = rng();
    let mut book = filled(200, 200);
    assert_eq!(book.answer(&host(1), NOW_MS, &mut rng).len(), book.len() * 23 / 100);
    let mut book = filled(3, 3);
    assert_eq!(book.answer(&host(1), NOW_MS, &mut rng).len(), 6);
}

#[test]
fn a_young_book_does_not_wait_for_a_day() {
    let mut book = filled(1, 0);
    let mut rng = rng();
    assert_eq!(book.answer(&host(1), NOW_MS, &mut rng).len(), 1);
    for range in 1..4 {
        book.add(&at(range, range), &source(range), NOW_MS, &mut rng);
    }
    assert_eq!(book.answer(&host(1), NOW_MS, &mut rng).len(), 4);
}

#[test]
fn a_flood_is_not_passed_on() {
    let told = |mut book: AddressBook| {
        let told = book.answer(&host(1), NOW_MS, &mut rng());
        let is_tried = |contact: &&Contact| book.get(&contact.endpoint).is_some_and(|known| known.tried);
        (told.len(), told.iter().filter(is_tried).count())
    };
    let few = filled(10_000, 100);
    let tried = few.tried_len();
    assert_eq!(told(few), (ANSWER_MAX, tried));
    assert_eq!(told(filled(10_000, 1_000)), (ANSWER_MAX, ANSWER_MAX / 2));
}

#[test]
fn local_addresses_are_told_at_home_and_hopeless_ones_nowhere() {
    let mut book = AddressBook::new(&SECRET, BookSettings::LOCAL);
    let mut rng = rng();
    book.add(&local(1), &source(1), NOW_MS, &mut rng);
    book.add(&at(1, 1), &source(1), NOW_MS, &mut rng);
    book.add(&at(2, 1), &source(2), NOW_MS - 40 * DAY_MS, &mut rng);
    let endpoints = |told: Vec<Contact>| -> BTreeSet<Endpoint> {
        told.into_iter().map(|contact| contact.endpoint).collect()
    };
    assert_eq!(endpoints(book.answer(&host(1), NOW_MS, &mut rng)), BTreeSet::from([at(1, 1)]));
    let home = endpoints(book.answer(local(7).host(), NOW_MS, &mut rng));
    assert_eq!(home, BTreeSet::from([at(1, 1), local(1)]));
}
