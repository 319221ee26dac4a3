use std::time::Duration;

use super::*;

#[test]
fn a_bucket_holds_its_burst_and_leaks_at_its_rate() {
    let start = Instant::now();
    let mut bucket = Bucket::new(Rate { burst: 100, per_second: 10 }, start);
    assert!(!bucket.add(100, start));
    assert!(bucket.add(1, start));
    assert!(!bucket.add(9, start + Duration::from_secs(1)), "ten have leaked");
    assert!(bucket.add(1, start + Duration::from_secs(1)));
    assert!(!bucket.add(100, start + Duration::from_secs(60)), "it is empty, and not emptier");
    assert!(bucket.add(1, start + Duration::from_secs(60)));
}

#[test]
fn credit_for_what_comes_later_does_not_leak_away() {
    let start = Instant::now();
    let mut bucket = Bucket::new(Rate { burst: 100, per_second: 10 }, start);
    bucket.take_back(50);
    assert!(!bucket.add(150, start + Duration::from_millis(1)));
    assert!(bucket.add(1, start + Duration::from_millis(1)));
}

#[test]
fn messages_are_no_noise() {
    let meter = Meter::new(false);
    for _ in 0..10_000 {
        meter.on_wire(16 << 10);
        meter.on_stream(16 << 10);
        meter.credit(16 << 10);
    }
    assert!(!meter.is_tripped(), "156 MiB of messages");
    let noisy = Meter::new(false);
    for _ in 0..100 {
        noisy.on_wire(16 << 10);
        noisy.on_stream(16 << 10);
    }
    assert!(noisy.is_tripped());
}

#[test]
fn frames_of_no_stream_are_noise() {
    let meter = Meter::new(false);
    for _ in 0..2_000_000 {
        meter.on_wire(12);
    }
    assert!(meter.is_tripped());
}

#[test]
fn floods_of_streams_are_noise() {
    let many_at_once = Meter::new(false);
    for _ in 0..=STREAMS_OPEN_MAX {
        assert!(!many_at_once.is_tripped());
        many_at_once.on_stream_opened();
    }
    assert!(many_at_once.is_tripped());
    let many_in_a_row = Meter::new(false);
    for _ in 0..200 {
        many_in_a_row.on_stream_opened();
        many_in_a_row.on_stream_closed();
    }
    assert!(many_in_a_row.is_tripped());
}

#[test]
fn a_peer_has_one_meter_for_all_its_connections() {
    let meters = Meters::new(false);
    let (peer, other) = (PeerId::random(), PeerId::random());
    let first = meters.of(peer);
    meters.of(peer).trip();
    assert!(first.is_tripped());
    assert!(!meters.of(other).is_tripped());
    drop(first);
    assert!(!meters.of(peer).is_tripped(), "it is forgotten with the last connection");
    assert!(meters.by_peer.lock().len() <= 2);
}
