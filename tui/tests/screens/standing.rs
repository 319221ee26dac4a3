//! How it stands with the servers: the title line, what is said when it changes, and what is asked again.

use vibecoin_tui::action::Action;
use vibecoin_tui::backend::{Event, Request};
use vibecoin_tui::model::*;

use crate::support::*;

const SMALL: (u16, u16) = (80, 24);
const SIZES: [(u16, u16); 3] = [SMALL, (120, 40), (200, 60)];

fn title(seat: &Seat) -> String {
    seat.screen().lines().next().unwrap().to_owned()
}

fn standing(standing: Standing) -> RemoteView {
    RemoteView { standing, ..remote_view() }
}

#[test]
fn the_title_says_what_is_trusted_at_every_moment() {
    for size in SIZES {
        let mut seat = Seat::remote(size, 1);
        assert!(title(&seat).contains("unverified · asking servers"), "{}", title(&seat));
        for (now, words) in [
            (Standing::Asking, "unverified · asking servers"),
            (Standing::Proving, "unverified · proving"),
            (Standing::Unreachable, "unverified · no server answers"),
            (Standing::NoProof, "unverified · no server proves it"),
            (Standing::AllFalse, "unverified · all servers lie"),
            (Standing::ClockWrong, "unverified · clock is wrong"),
        ] {
            seat.servers(RemoteView { proven: None, ..standing(now) });
            assert!(title(&seat).contains(words), "{size:?}: {}", title(&seat));
            assert!(title(&seat).contains("devnet"), "{}", title(&seat));
        }
        let mut seat = Seat::remote_open(size);
        for (now, words) in [
            (Standing::Following, "● following"),
            (Standing::Asking, "◐ asking"),
            (Standing::Proving, "◐ proving"),
            (Standing::Stale, "○ stale"),
            (Standing::Unreachable, "○ no server"),
            (Standing::NoProof, "○ no proof"),
            (Standing::AllFalse, "○ all servers lie"),
            (Standing::ClockWrong, "○ clock is wrong"),
        ] {
            seat.servers(standing(now));
            let title = title(&seat);
            for words in [words, "devnet ▸ 12,408", "proven", "locks"] {
                assert!(title.contains(words), "{size:?} lacks {words}: {title}");
            }
            assert!(!title.contains("unverified") && !title.contains("full node"), "{title}");
        }
    }
}

#[test]
fn what_servers_are_asked_is_in_the_title_and_peers_are_not() {
    let seat = Seat::remote_open((120, 40));
    assert!(title(&seat).contains("servers 2 of 4"), "{}", title(&seat));
    assert!(!title(&seat).contains("peers"));
    assert!(seat.screen().lines().nth(1).unwrap().contains("6 Servers"));
}

#[test]
fn what_is_new_is_said_once_in_our_words() {
    let mut seat = Seat::remote(SMALL, 1);
    seat.servers(RemoteView { proven: None, proof: None, ..standing(Standing::Asking) });
    seat.servers(remote_view());
    seat.expect("12,409 blocks proven with 312 kB in 0.84 s");
    for (now, words) in [
        (Standing::Unreachable, "no server answers; they are tried again: what is shown was proven up to"),
        (Standing::Following, "a server answers again: proven up to block 12,408"),
        (Standing::AllFalse, "every server has said something false, and none is believed"),
        (Standing::Stale, "no new block has come for long"),
        (Standing::ClockWrong, "this computer's clock and the blocks' times do not fit"),
    ] {
        seat.servers(standing(now));
        seat.expect(words);
    }
    let deep = "75 blocks were taken back: find out why before you trust a payment";
    let caution = Caution { words: deep.into(), grave: true };
    let cautious = RemoteView { cautions: vec![caution], ..standing(Standing::ClockWrong) };
    seat.servers(cautious.clone());
    seat.expect(deep);
    seat.act(Action::Tick(NOW_MS + 3_600_000));
    assert!(!seat.shows(deep));
    seat.servers(RemoteView { traffic: RemoteTraffic::default(), ..cautious });
    assert!(!seat.shows(deep), "said twice");
}

#[test]
fn a_caution_stays_marked_in_the_title_until_it_is_over() {
    for size in SIZES {
        let mut seat = Seat::remote_open(size);
        let caution = |grave| Caution { words: "the chain changed its branch".into(), grave };
        seat.servers(RemoteView { cautions: vec![caution(false)], ..remote_view() });
        assert!(!title(&seat).contains('▲'), "what is only less certain is no alarm: {}", title(&seat));
        seat.servers(RemoteView { cautions: vec![caution(true)], ..remote_view() });
        assert!(title(&seat).contains("▲ warning"), "{}", title(&seat));
        seat.key("6");
        seat.expect("▲ the chain changed its branch");
        seat.servers(remote_view());
        assert!(!title(&seat).contains('▲'));
        seat.act(Action::Event(Event::Status(Box::new(ChainStatus { alarm: Some(75), ..remote_status() }))));
        assert!(title(&seat).contains("▲ 75 reorganised"));
    }
}

#[test]
fn servers_that_come_back_bring_everything_back() {
    let mut seat = Seat::remote_open(SMALL);
    seat.servers(standing(Standing::Unreachable));
    seat.fake.asked.clear();
    seat.servers(remote_view());
    for request in [Request::Overview, Request::Prices] {
        assert!(seat.fake.asked.contains(&request), "{request:?} was not asked again");
    }
    assert!(seat.fake.asked.iter().any(|request| matches!(request, Request::Blocks { .. })));
    seat.fake.asked.clear();
    seat.servers(RemoteView { traffic: RemoteTraffic::default(), ..remote_view() });
    assert!(seat.fake.asked.is_empty(), "nothing is asked because bytes were counted");
}

#[test]
fn a_first_start_works_before_any_server_answers() {
    let mut seat = Seat::remote(SMALL, 0);
    seat.servers(RemoteView { proven: None, ..standing(Standing::Unreachable) });
    seat.fake.overview = unproven(overview());
    seat.fake.remote = None;
    to_password(&mut seat);
    seat.text("correct horse battery");
    seat.key("tab");
    seat.text("correct horse battery");
    seat.key("enter");
    seat.expect("… not proven yet");
    seat.expect("unverified · no server answers");
    seat.key("r");
    seat.expect(address(1).as_str());
}

#[test]
fn a_moment_of_asking_is_no_news() {
    let mut seat = Seat::remote_open(SMALL);
    seat.act(Action::Tick(NOW_MS + 3_600_000));
    seat.servers(standing(Standing::Asking));
    seat.servers(remote_view());
    assert!(seat.state.notice.is_none(), "{}", seat.screen());
}

#[test]
fn servers_are_not_asked_with_every_block() {
    let mut seat = Seat::remote_open(SMALL);
    let looks = |seat: &Seat| seat.fake.asked.iter().filter(|one| **one == Request::Overview).count();
    seat.fake.asked.clear();
    for n in 1..=10 {
        seat.act(Action::Event(Event::Blocks(vec![block_row(TIP + n)])));
        seat.wait(1);
    }
    assert!((2..=3).contains(&looks(&seat)), "{} looks in ten seconds", looks(&seat));
    // The last block is not forgotten.
    seat.wait(10);
    seat.fake.asked.clear();
    seat.act(Action::Event(Event::Blocks(vec![block_row(TIP + 11)])));
    assert_eq!(looks(&seat), 1);
}

#[test]
fn bytes_that_are_counted_in_the_background_are_drawn_once() {
    let mut seat = Seat::remote_open(SMALL);
    let revision = seat.state.revision;
    seat.servers(remote_view());
    assert_eq!(seat.state.revision, revision, "the same news is no news");
}
