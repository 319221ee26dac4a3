//! What is dialled next.

use super::*;

fn outbound(endpoint: Endpoint, role: Role) -> Outbound {
    Outbound { contact: endpoint.into(), role }
}

#[test]
fn both_tables_have_half_of_the_choices() {
    let book = filled(300, 30);
    let mut rng = rng();
    let tried = (0..1_000)
        .filter_map(|_| book.select(Choice::Any, NOW_MS + DAY_MS, |_| true, &mut rng))
        .filter(|contact| contact.node.is_some())
        .count();
    assert!((430..570).contains(&tried), "{tried} of 1000");
    for _ in 0..100 {
        let contact = book.select(Choice::Untested, NOW_MS + DAY_MS, |_| true, &mut rng).unwrap();
        assert_eq!(contact.node, None);
        let contact = book.select(Choice::Elder, NOW_MS + DAY_MS, |_| true, &mut rng).unwrap();
        assert_eq!(contact.node, Some(NODE));
    }
}

#[test]
fn whatever_is_usable_is_found() {
    let book = filled(50, 50);
    for number in 0..100 {
        let wanted = at(number, number);
        let found = book.select(Choice::Any, NOW_MS, |endpoint| *endpoint == wanted, &mut rng());
        assert_eq!(found.map(|contact| contact.endpoint), Some(wanted));
    }
    assert_eq!(book.select(Choice::Any, NOW_MS, |_| false, &mut rng()), None);
    assert_eq!(super::book().select(Choice::Any, NOW_MS, |_| true, &mut rng()), None);
}

#[test]
fn what_is_hopeless_comes_last() {
    let mut book = filled(2, 0);
    for minute in 0..3 {
        book.answered_ms = NOW_MS + minute * MINUTE_MS;
        book.failed(&at(0, 0), NOW_MS + minute * MINUTE_MS);
    }
    let now_ms = NOW_MS + HOUR_MS;
    let mut rng = rng();
    for _ in 0..50 {
        let chosen = book.select(Choice::Any, now_ms, |_| true, &mut rng);
        assert_eq!(chosen.map(|contact| contact.endpoint), Some(at(1, 1)));
    }
    let chosen = book.select(Choice::Any, now_ms, |endpoint| *endpoint != at(1, 1), &mut rng);
    assert_eq!(chosen.map(|contact| contact.endpoint), Some(at(0, 0)));
}

#[test]
fn a_range_is_never_connected_twice() {
    let mut book = book();
    let mut rng = rng();
    for number in 0..1_000 {
        let endpoint = at(number % 12, number);
        book.add(&endpoint, &source(number), NOW_MS, &mut rng);
        if number % 2 == 0 {
            book.good(&endpoint, NODE, NOW_MS);
        }
    }
    let mut standing = Vec::new();
    while let Some(next) = book.next_outbound(&standing, NOW_MS + DAY_MS, |_| true, &mut rng) {
        standing.push(next);
    }
    let ranges: std::collections::BTreeSet<Group> =
        standing.iter().map(|outbound| outbound.contact.endpoint.group()).collect();
    assert_eq!((standing.len(), ranges.len()), (12, 12));
}

#[test]
fn elders_are_those_of_the_first_half() {
    let mut book = book();
    let mut rng = rng();
    let began_ms = |number: u16| NOW_MS + u64::from(number) * HOUR_MS;
    for number in 0..100 {
        book.add(&at(number, 1), &source(number), began_ms(number), &mut rng);
        book.good(&at(number, 1), NODE, began_ms(number));
    }
    let now_ms = began_ms(100);
    for _ in 0..200 {
        let elder = book.select(Choice::Elder, now_ms, |_| true, &mut rng).unwrap();
        assert!((0..=50).any(|number| at(number, 1) == elder.endpoint), "{elder:?}");
    }
    let next = book.next_outbound(&[], now_ms, |_| true, &mut rng).unwrap();
    assert_eq!(next.role, Role::Elder);
    let enough = [outbound(at(1, 1), Role::Elder), outbound(at(2, 1), Role::Elder)];
    assert_eq!(book.next_outbound(&enough, now_ms, |_| true, &mut rng).unwrap().role, Role::Ordinary);
}

#[test]
fn anchors_come_first_and_once() {
    let mut book = filled(0, 20);
    book.keep_anchors((0..10).map(|number| Contact::from(at(number, number))));
    let kept = book.anchors().to_vec();
    assert_eq!(kept.len(), ANCHORS_MAX);
    let bytes = book.to_bytes();
    let now_ms = NOW_MS + HOUR_MS;
    let mut book = AddressBook::from_bytes(&bytes, &SECRET, BookSettings::PUBLIC, now_ms).unwrap().book;
    let mut rng = rng();
    for anchor in &kept {
        let next = book.next_outbound(&[], now_ms, |_| true, &mut rng).unwrap();
        assert_eq!((&next.contact, next.role), (anchor, Role::Anchor));
    }
    assert_ne!(book.next_outbound(&[], now_ms, |_| true, &mut rng).unwrap().role, Role::Anchor);
    book.recall_anchors();
    let next = book.next_outbound(&[], now_ms, |endpoint| *endpoint != kept[0].endpoint, &mut rng).unwrap();
    assert_eq!(next.contact, kept[1]);
}

#[test]
fn anchors_are_the_oldest_and_outlive_a_lonely_hour() {
    let mut book = book();
    for number in 0..10 {
        book.add(&at(number, 1), &source(number), NOW_MS, &mut rng());
        book.good(&at(number, 1), NODE, NOW_MS + u64::from(10 - number) * HOUR_MS);
    }
    let endpoints = |book: &AddressBook| -> Vec<Endpoint> {
        book.anchors().iter().map(|anchor| anchor.endpoint.clone()).collect()
    };
    book.keep_anchors((0..10).map(|number| Contact::from(at(number, 1))));
    assert_eq!(endpoints(&book), [9, 8, 7, 6].map(|number| at(number, 1)));
    book.keep_anchors([]);
    assert_eq!(endpoints(&book), [9, 8, 7, 6].map(|number| at(number, 1)));
    // One of each range: the second of range 8 is no anchor.
    book.keep_anchors([Contact::from(at(8, 2)), Contact::from(at(3, 1))]);
    assert_eq!(endpoints(&book), [at(3, 1), at(8, 2), at(9, 1), at(7, 1)]);
    book.forget(&at(8, 2));
    assert_eq!(book.anchors().len(), 3);
}
