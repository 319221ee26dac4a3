//! Two places for one slot of what answered.

use super::*;

/// A book where the first has answered and the second wants its slot.
fn rivals() -> (AddressBook, Endpoint, Endpoint) {
    let mut book = filled(0, 1);
    let standing = at(0, 0);
    let slot = book.key.tried_slot(&standing);
    let rival = (1..u16::MAX)
        .map(|number| at(0, number))
        .find(|rival| book.key.tried_slot(rival) == slot)
        .expect("a range has 256 slots");
    book.add(&rival, &source(9), NOW_MS, &mut rng());
    (book, standing, rival)
}

fn is_tried(book: &AddressBook, endpoint: &Endpoint) -> bool {
    book.get(endpoint).is_some_and(|known| known.tried)
}

#[test]
fn whoever_answered_lately_needs_no_dial() {
    let (mut book, standing, rival) = rivals();
    assert_eq!(book.good(&rival, NODE, NOW_MS + HOUR_MS), Proven::Waits);
    assert_eq!(book.waiting.len(), 1);
    book.settle_trials(NOW_MS + HOUR_MS);
    assert!(book.waiting.is_empty() && is_tried(&book, &standing) && !is_tried(&book, &rival));
    check(&book);
}

#[test]
fn whoever_answers_the_dial_stays() {
    let (mut book, standing, rival) = rivals();
    let now_ms = NOW_MS + DAY_MS;
    book.good(&rival, NODE, now_ms);
    let dial = book.select_feeler(now_ms, |_| true, &mut rng());
    assert_eq!(dial.map(|contact| contact.endpoint), Some(standing.clone()));
    book.dialled(&standing, now_ms);
    book.good(&standing, NODE, now_ms + 1_000);
    book.settle_trials(now_ms + 2 * MINUTE_MS);
    assert!(book.waiting.is_empty() && is_tried(&book, &standing) && !is_tried(&book, &rival));
    check(&book);
}

#[test]
fn whoever_does_not_changes_places() {
    let (mut book, standing, rival) = rivals();
    let now_ms = NOW_MS + DAY_MS;
    book.good(&rival, NODE, now_ms);
    book.dialled(&standing, now_ms);
    book.failed(&standing, now_ms + 1_000);
    book.settle_trials(now_ms + 30_000);
    assert!(is_tried(&book, &standing), "the dial may still be answered");
    book.settle_trials(now_ms + 2 * MINUTE_MS);
    assert!(book.waiting.is_empty() && !is_tried(&book, &standing) && is_tried(&book, &rival));
    assert!(book.get(&standing).is_some(), "it goes back to where it came from");
    check(&book);
}

#[test]
fn nobody_is_replaced_without_a_dial() {
    let (mut book, standing, rival) = rivals();
    let now_ms = NOW_MS + DAY_MS;
    book.good(&rival, NODE, now_ms);
    book.settle_trials(now_ms + 30 * MINUTE_MS);
    assert_eq!(book.waiting.len(), 1);
    book.settle_trials(now_ms + HOUR_MS);
    assert!(book.waiting.is_empty() && is_tried(&book, &standing) && !is_tried(&book, &rival));

    let (mut book, standing, rival) = rivals();
    book.settings.defences.test_before_evict = false;
    assert_eq!(book.good(&rival, NODE, now_ms), Proven::Promoted);
    assert!(!is_tried(&book, &standing) && is_tried(&book, &rival));
    check(&book);
}

#[test]
fn a_free_slot_is_taken_at_once() {
    let (mut book, standing, rival) = rivals();
    let now_ms = NOW_MS + DAY_MS;
    book.good(&rival, NODE, now_ms);
    book.forget(&standing);
    book.settle_trials(now_ms);
    assert!(is_tried(&book, &rival));
    check(&book);
}
