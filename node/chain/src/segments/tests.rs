use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use vibecoin_crypto::sha256;
use vibecoin_primitives::Network;

use super::*;

fn parent(number: usize) -> Hash {
    sha256(&number.to_le_bytes())
}

#[test]
fn segments_are_made_once_and_forgotten_in_order() {
    let spec = Network::Devnet.spec();
    let segments = Segments::default();
    let first = segments.make(&spec, &parent(0));
    assert_eq!(*first, *poh::generate(Params::of(&spec), &parent(0)));
    assert!(Arc::ptr_eq(&first, &segments.make(&spec, &parent(0))));
    for number in 1..=KEPT {
        segments.insert(parent(number), Arc::clone(&first));
    }
    assert!(segments.get(&parent(0)).is_none());
    assert!(segments.get(&parent(KEPT)).is_some());
    let known = segments.0.known.lock();
    assert_eq!((known.by_parent.len(), known.order.len()), (KEPT, KEPT));
    assert_eq!(known.heartbeat.segments, 1);
}

#[test]
fn threads_share_the_making_of_a_segment() {
    let spec = ChainSpec { poh_hashes_per_tick: 2_000, ..Network::Devnet.spec() };
    let segments = Segments::default();
    let made: Vec<_> = thread::scope(|scope| {
        let makers: Vec<_> = (0..8).map(|_| scope.spawn(|| segments.make(&spec, &parent(1)))).collect();
        makers.into_iter().map(|maker| maker.join().unwrap()).collect()
    });
    assert!(made.iter().all(|ticks| Arc::ptr_eq(ticks, &made[0])));
    assert_eq!(segments.heartbeat().segments, 1);
    assert!(segments.heartbeat().hashes_per_s > 0.0);
}

#[test]
fn what_is_not_wanted_any_more_is_given_up_and_can_be_made_later() {
    let spec = Network::Devnet.spec();
    let segments = Segments::default();
    let asked = AtomicU32::new(0);
    let made = segments.make_while(&spec, &parent(2), || asked.fetch_add(1, Ordering::Relaxed) < 3);
    assert_eq!((made, asked.load(Ordering::Relaxed)), (None, 4));
    assert_eq!(segments.heartbeat(), Heartbeat::default());
    assert_eq!(segments.make(&spec, &parent(2)).len(), spec.poh_ticks as usize);
}

#[test]
fn a_segment_of_others_is_taken_only_when_every_tick_of_it_is_right() {
    let spec = Network::Devnet.spec();
    let ticks = poh::generate(Params::of(&spec), &parent(3));
    for wrong in 0..ticks.len() {
        let segments = Segments::default();
        let mut forged = ticks.clone();
        forged[wrong] = sha256(b"forged");
        assert!(segments.offer(&spec, &parent(3), &forged, 7).is_err());
        assert!(segments.get(&parent(3)).is_none());
    }
    let segments = Segments::default();
    assert!(segments.offer(&spec, &parent(3), &ticks[1..], 7).is_err());
    segments.offer(&spec, &parent(3), &ticks, 7).unwrap();
    assert_eq!(*segments.get(&parent(3)).unwrap(), *ticks);
    assert!(segments.offer(&spec, &parent(3), &ticks[1..], 7).is_err(), "known, and still another");
}
