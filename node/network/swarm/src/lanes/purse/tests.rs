use futures_util::FutureExt;

use super::*;

const LIMITS: WireLimits = WireLimits { block_bytes: 1 << 20, ticks: 64 };

#[test]
fn a_peer_fills_its_places_and_no_more() {
    let purses = Purses::new(&LIMITS);
    let (busy, other) = (purses.of_peer(Direction::Inbound), purses.of_peer(Direction::Inbound));
    let mut rooms: Vec<_> = (0..PLACES_MAX).map(|_| busy.room(10).now_or_never().unwrap()).collect();
    assert!(busy.room(10).now_or_never().is_none());
    assert!(other.room(10).now_or_never().is_some());
    rooms.pop();
    assert!(busy.room(10).now_or_never().is_some());
}

#[test]
fn who_came_by_itself_cannot_take_the_room_of_those_that_were_chosen() {
    let purses = Purses::new(&LIMITS);
    let long = 1 << 20;
    let rooms: Vec<_> =
        std::iter::from_fn(|| purses.of_peer(Direction::Inbound).room(long).now_or_never()).collect();
    assert_eq!(rooms.len(), PURSE_BYTES / long);
    assert!(purses.of_peer(Direction::Inbound).room(SHORT_BYTES_MAX).now_or_never().is_some());
    assert!(purses.of_peer(Direction::Outbound).room(long).now_or_never().is_some());
}

#[test]
fn the_longest_message_of_any_network_has_room() {
    let limits = WireLimits { block_bytes: 64 << 20, ticks: 1_024 };
    let longest = Kind::ALL.iter().map(|kind| kind.bytes_max(&limits)).max().unwrap();
    assert!(longest > PURSE_BYTES);
    assert!(Purses::new(&limits).of_peer(Direction::Inbound).room(longest).now_or_never().is_some());
}
