//! The network's tab: peers, bans, and what is done about them.

use vibecoin_tui::action::Action;
use vibecoin_tui::backend::{Event, Request};
use vibecoin_tui::model::*;
use vibecoin_tui::safe::SafeText;

use crate::support::*;

const SIZES: [(u16, u16); 2] = [(80, 24), (200, 60)];

fn on_network(size: (u16, u16)) -> Seat {
    let mut seat = Seat::open(size);
    seat.key("6");
    seat
}

fn asked(seat: &Seat, wanted: &Request) -> bool {
    seat.fake.asked.contains(wanted)
}

/// It is looked again within two seconds.
fn pass_two_seconds(seat: &mut Seat) {
    for _ in 0..2 {
        let now_ms = seat.state.now_ms + 1_000;
        seat.act(Action::Tick(now_ms));
    }
}

#[test]
fn peers_are_shown_with_what_is_thought_of_them() {
    for size in SIZES {
        let mut seat = on_network(size);
        for text in [
            "public: others reach this node",
            "the router has opened a port",
            "/ip4/198.51.100.7/tcp/28423",
            "3 of 10",
            "5 of 64",
            "312 good",
            "as far as its peers",
            "received 12.4 MB · sent 3.1 MB",
            "203.0.113.0:28423",
            "vibecoin/0.1.0",
        ] {
            seat.expect(text);
        }
        seat.key("down");
        for text in [
            node_id(1).as_str(),
            "/ip4/203.0.113.1/tcp/28423",
            "a short look",
            "blocks 300 kB/12.0 kB",
            "asked  16 bodies",
            "25 of 100 points to a ban",
            "a header whose target is not the",
        ] {
            seat.expect(text);
        }
    }
}

#[test]
fn catching_up_shows_rate_and_time_in_the_tab_and_in_the_title() {
    for size in SIZES {
        let mut seat = Seat::open(size);
        seat.act(Action::Event(Event::Status(Box::new(syncing()))));
        seat.fake.network.sync = sync_row();
        seat.key("6");
        for text in ["◐ syncing 62 %, 18 s peers 8", "blocks 12,408 of 20,000", "412/s", "3 serve, 1 slowly"]
        {
            seat.expect(text);
        }
    }
}

#[test]
fn a_ban_says_whom_it_hits_and_is_spoken_only_after_a_yes() {
    let mut seat = on_network((80, 24));
    seat.keys(&["down", "b"]);
    seat.expect(node_id(1).as_str());
    seat.expect("at 203.0.113.1:28423 is disconnected now, and for a day");
    seat.key("n");
    let request = Request::Ban { who: node_id(1), seconds: 86_400 };
    assert!(!asked(&seat, &request));
    seat.keys(&["b", "y"]);
    assert!(asked(&seat, &request));
    assert!(!seat.shows("203.0.113.1:28423"), "it is still there");
    seat.key("v");
    seat.expect("Banned · 3");
    seat.expect("by you");
}

#[test]
fn a_whole_address_is_banned_by_itself_and_never_a_relay_s() {
    let mut seat = on_network((80, 24));
    seat.key("B");
    seat.expect("Everybody at 203.0.113.0:");
    seat.expect("1 connected now, disconnected at once");
    seat.key("y");
    assert!(asked(&seat, &Request::Ban { who: SafeText::new("203.0.113.0"), seconds: 86_400 }));
    seat.keys(&["down", "down", "down", "down", "B"]);
    seat.expect("this peer is behind a relay, whose address it is");
}

#[test]
fn bans_are_ended_and_goodbyes_read() {
    for size in SIZES {
        let mut seat = on_network(size);
        seat.key("u");
        seat.expect("go to the bans, and choose one");
        seat.keys(&["v", "down"]);
        for text in
            ["192.0.2.0/24", "a wrong signature", "banned this node: too many requests", "1 banned it"]
        {
            seat.expect(text);
        }
        seat.key("u");
        seat.expect("was banned: spam");
        seat.key("y");
        assert!(asked(&seat, &Request::Unban(SafeText::new("192.0.2.0/24"))));
        assert!(!seat.shows("192.0.2.0/24"));
    }
}

#[test]
fn a_peer_is_added_by_its_address() {
    let mut seat = on_network((80, 24));
    seat.key("a");
    seat.text("nonsense");
    seat.key("enter");
    seat.expect("an address begins with /ip4");
    seat.key("a");
    seat.text("/ip4/192.0.2.77/tcp/1");
    seat.key("enter");
    assert!(asked(&seat, &Request::AddPeer("/ip4/192.0.2.77/tcp/1".to_owned())));
    seat.key("G");
    seat.expect("/ip4/192.0.2.77/tcp/1");
}

#[test]
fn who_is_chosen_stays_chosen_when_the_list_moves() {
    let mut seat = on_network((80, 24));
    seat.keys(&["down", "down", "down"]);
    seat.expect(node_id(3).as_str());
    seat.fake.network.peers.remove(0);
    pass_two_seconds(&mut seat);
    seat.expect(node_id(3).as_str());
    seat.key("g");
    assert!(!seat.shows("203.0.113.0:28423"));
    seat.keys(&["down", "down"]);
    seat.expect(node_id(3).as_str());
    seat.fake.network.peers.retain(|peer| peer.id != node_id(3));
    pass_two_seconds(&mut seat);
    assert!(seat.shows(node_id(4).as_str()), "{}", seat.screen());
}

#[test]
fn it_looks_again_only_while_it_is_shown() {
    let mut seat = on_network((80, 24));
    let looks = |seat: &Seat| seat.fake.asked.iter().filter(|one| **one == Request::Network).count();
    assert_eq!(looks(&seat), 1);
    for second in 1..=4 {
        seat.act(Action::Tick(NOW_MS + second * 1_000));
    }
    assert_eq!(looks(&seat), 3);
    seat.key("1");
    for second in 5..=10 {
        seat.act(Action::Tick(NOW_MS + second * 1_000));
    }
    assert_eq!(looks(&seat), 3);
}

#[test]
fn a_node_without_a_network_says_so_and_offers_nothing() {
    let mut seat = Seat::open((80, 24));
    let absent = "this node has no network: it belongs to a wallet, or was started with --p2p off";
    seat.fake.network = NetworkView { absent: Some(absent.into()), ..NetworkView::default() };
    seat.act(Action::Event(Event::Status(Box::new(ChainStatus { peers: None, ..status() }))));
    assert!(!seat.screen().lines().next().unwrap().contains("peers"));
    seat.key("6");
    seat.expect("this node has no network");
    seat.key("a");
    assert!(seat.state.overlays.is_empty());
}

#[test]
fn who_only_looks_is_told_that_peers_are_the_operators() {
    let mut seat = Seat::open((80, 24));
    seat.fake.network = NetworkView {
        unavailable: Some("peers and bans are the operator's".into()),
        peers: Vec::new(),
        ..network()
    };
    seat.key("6");
    seat.expect("public: others reach this node");
    seat.key("a");
    assert!(seat.state.overlays.is_empty());
    seat.expect("peers and bans are the operator's");
}
