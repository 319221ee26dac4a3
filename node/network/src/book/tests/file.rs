//! The book over restarts.

use proptest::prelude::*;

use super::super::file::BookFileError;
use super::*;
use crate::sealed::{Seal, SealError};

fn read(bytes: &[u8], secret: &[u8; 32], now_ms: u64) -> Result<Restored, BookFileError> {
    AddressBook::from_bytes(bytes, secret, BookSettings::PUBLIC, now_ms)
}

#[test]
fn a_book_comes_back_as_it_was() {
    let mut book = filled(1_000, 500);
    for teller in 0..200 {
        book.add(&at(teller % 5, teller % 5), &source(3_000 + teller), NOW_MS, &mut rng());
    }
    book.keep_anchors((1_000..1_010).map(|number| Contact::from(at(number, number))));
    let restored = read(&book.to_bytes(), &SECRET, NOW_MS).unwrap();
    assert_eq!(restored.dropped, 0);
    check(&restored.book);
    assert_eq!(restored.book.to_bytes(), book.to_bytes());
    assert_eq!(restored.book.anchors(), book.anchors());
}

#[test]
fn another_secret_moves_everything_and_loses_what_it_counts() {
    let book = filled(1_000, 500);
    let restored = read(&book.to_bytes(), &[8; 32], NOW_MS).unwrap();
    check(&restored.book);
    assert_eq!(restored.book.len() + restored.dropped, book.len());
    assert!(restored.dropped < book.len() / 10, "{} dropped", restored.dropped);
}

#[test]
fn local_addresses_do_not_come_back_into_the_public() {
    let mut home = AddressBook::new(&SECRET, BookSettings::LOCAL);
    home.add(&local(1), &source(1), NOW_MS, &mut rng());
    home.add(&at(1, 1), &source(1), NOW_MS, &mut rng());
    home.keep_anchors([Contact::from(local(1))]);
    let restored = read(&home.to_bytes(), &SECRET, NOW_MS).unwrap();
    assert_eq!((restored.book.len(), restored.dropped), (1, 1));
    assert!(restored.book.anchors().is_empty());
}

#[test]
fn times_ahead_of_the_clock_are_taken_for_now() {
    let book = filled(10, 10);
    let restored = read(&book.to_bytes(), &SECRET, NOW_MS - DAY_MS).unwrap();
    for number in 0..20 {
        let known = restored.book.get(&at(number, number)).unwrap();
        assert_eq!(known.heard_ms, NOW_MS - DAY_MS);
        assert!(known.answered_ms.is_none_or(|answered_ms| answered_ms == NOW_MS - DAY_MS));
    }
}

#[test]
fn damage_is_told_apart() {
    let bytes = filled(3, 3).to_bytes();
    let error = |bytes: &[u8]| read(bytes, &SECRET, NOW_MS).unwrap_err();
    assert!(matches!(error(&bytes[..20]), BookFileError::Seal(SealError::Length { .. })));
    assert_eq!(error(&Seal::new(*b"vibebans", 1).close(&[])), BookFileError::Seal(SealError::Name));
    let old = Seal::new(*b"vibebook", 0).close(&[]);
    assert_eq!(error(&old), BookFileError::Seal(SealError::Version { found: 0, expected: 1 }));
    let mut flipped = bytes.clone();
    flipped[100] ^= 1;
    assert_eq!(error(&flipped), BookFileError::Seal(SealError::Checksum));
    let short = Seal::new(*b"vibebook", 1).close(&[0; 5]);
    assert!(matches!(error(&short), BookFileError::Body(_)));
}

#[test]
fn a_full_book_fits_into_what_was_promised() {
    let mut book = book();
    for range in 0..=u16::MAX {
        book.add(&at(range, 1), &source(range % 5_000), NOW_MS, &mut rng());
        if range % 4 == 0 {
            book.good(&at(range, 1), NODE, NOW_MS);
        }
    }
    assert!(book.len() > 15_000, "{}", book.len());
    let bytes = book.to_bytes();
    assert!(bytes.len() * 20_480 / book.len() < 3 << 20, "{} bytes", bytes.len());
    check(&book);
}

proptest! {
    #[test]
    fn no_bytes_are_too_strange(body in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(read(&body, &SECRET, NOW_MS).is_err());
        if let Ok(restored) = read(&Seal::new(*b"vibebook", 1).close(&body), &SECRET, NOW_MS) {
            check(&restored.book);
        }
    }

    #[test]
    fn a_forged_body_breaks_nothing(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), locals in any::<bool>(),
    ) {
        let mut book = filled(20, 20);
        book.keep_anchors((20..25).map(|number| Contact::from(at(number, number))));
        let seal = Seal::new(*b"vibebook", 1);
        let mut body = seal.open(&book.to_bytes()).unwrap().to_vec();
        for (place, byte) in changes {
            let place = place.index(body.len());
            body[place] = byte;
        }
        let settings = BookSettings { locals, defences: Defences::ALL };
        if let Ok(mut restored) = AddressBook::from_bytes(&seal.close(&body), &SECRET, settings, NOW_MS) {
            check(&restored.book);
            restored.book.settle_trials(NOW_MS);
            restored.book.next_outbound(&[], NOW_MS, |_| true, &mut rng());
            restored.book.answer(local(1).host(), NOW_MS, &mut rng());
        }
    }
}
