//! Behind remote servers: what each figure rests on, and the servers' tab.

use unicode_width::UnicodeWidthStr;
use vibecoin_tui::action::Action;
use vibecoin_tui::backend::{Event, Request};
use vibecoin_tui::keymap::Command;
use vibecoin_tui::model::*;
use vibecoin_tui::safe::SafeText;
use vibecoin_tui::{Theme, unavailable};

use crate::support::*;

const SMALL: (u16, u16) = (80, 24);
const SIZES: [(u16, u16); 3] = [SMALL, (120, 40), (200, 60)];

#[test]
fn an_own_node_is_not_cluttered_with_marks() {
    for (name, seat) in gallery(SMALL) {
        for words in ["proven at", "unconfirmed, at", "reported by", "Servers", "servers"] {
            assert!(!seat.shows(words), "{name} shows {words}:\n{}", seat.screen());
        }
    }
    let mut seat = Seat::open((80, 60));
    seat.key("?");
    assert!(!seat.shows("What stands beside a figure"));
}

#[test]
fn every_figure_of_money_carries_its_mark() {
    for size in SIZES {
        let mut seat = Seat::remote_open(size);
        seat.expect("✓ proven at 12,402");
        seat.expect("– only a node tells");
        seat.key("2");
        seat.expect("✓ proven at 12,402");
        fill_send(&mut seat);
        seat.expect("has 104.500 000 000 VIBE ✓");
        seat.expect("21,256 gas × 18 ? bounded by proof");
        seat.key("enter");
        seat.expect("now  ✓ proven at 12,402");
        seat.expect("held against what proven blocks show");
    }
}

#[test]
fn a_price_of_ones_own_is_nobody_elses_word() {
    let mut seat = Seat::remote_open(SMALL);
    fill_send(&mut seat);
    seat.keys(&["f3", "f3"]);
    assert!(!seat.shows("bounded by proof"), "{}", seat.screen());
}

#[test]
fn blocks_near_the_tip_look_different_from_proven_ones_without_colours() {
    for size in SIZES {
        let mut seat = Seat::remote_open(size);
        seat.theme = Theme::built_in("plain").unwrap();
        seat.key("3");
        for text in ["12,408~", "12,403~", "12,402✓", "12,395✓"] {
            seat.expect(text);
        }
        seat.key("enter");
        seat.expect("~ unconfirmed, at 12,408");
        seat.key("esc");
        seat.keys(&["down", "down", "down", "down", "down", "down", "down", "enter"]);
        seat.expect("✓ proven at 12,401");
    }
}

#[test]
fn the_explorer_says_what_a_transaction_and_an_account_rest_on() {
    for (name, seat) in remote_gallery(SMALL) {
        match name {
            "r32-transaction" => {
                seat.expect("~ unconfirmed, at 12,406");
                seat.expect("21,256 gas × 16  ?");
            }
            "r33-account" => seat.expect("✓ proven at 12,402"),
            _ => {}
        }
    }
}

#[test]
fn the_pool_is_a_servers_word() {
    let mut seat = Seat::remote_open(SMALL);
    seat.key("4");
    seat.expect("Waiting · 1,204 ?");
    seat.expect("beats per gas ?");
    seat.expect("? reported by a server");
}

#[test]
fn a_history_says_whether_it_is_complete() {
    let mut seat = Seat::remote_open(SMALL);
    seat.key("h");
    seat.expect("✓ proven at 12,402, older entries are not read yet");
    seat.expect("✓ 93");
    seat.expect("~ 1");
    for _ in 0..4 {
        seat.key("G");
    }
    seat.expect("✓ proven at 12,402, complete");
}

#[test]
fn what_is_not_proven_yet_is_never_shown_as_nothing() {
    for size in SIZES {
        let mut seat = Seat::remote(size, 1);
        seat.fake.overview = unproven(overview());
        seat.fake.remote = None;
        seat.text(PASSWORD);
        seat.key("enter");
        seat.expect("… VIBE");
        seat.expect("… not proven yet");
        assert!(!seat.shows("0.000"), "{}", seat.screen());
        seat.key("2");
        assert!(!seat.shows("0.000"), "{}", seat.screen());
        seat.expect(address(1).as_str());
        // As soon as it is proven, everything is asked again.
        seat.fake.overview = overview();
        seat.fake.remote = Some(TIP);
        seat.servers(remote_view());
        seat.expect("104.500");
    }
}

#[test]
fn the_legend_is_in_the_help() {
    let mut seat = Seat::remote_open(SMALL);
    seat.key("?");
    seat.expect("What stands beside a figure");
    for (mark, words) in Mark::LEGEND {
        seat.expect(mark.sign());
        let start: String = words.chars().take(50).collect();
        seat.expect(&start);
    }
}

#[test]
fn the_servers_are_listed_with_what_is_thought_of_them() {
    for size in SIZES {
        let mut seat = Seat::remote_open(size);
        seat.key("6");
        for text in [
            "✓ 12,408",
            "states believed up to 12,402, 6 below",
            "312 kB in 0.84 s, from the genesis, checked in 110 ms",
            "4.1 MB a day",
            "what is proven is kept for the next start",
            "received 824 kB · sent 188 kB",
            "nothing odd",
            "https://one.ex",
            "followed",
            "distrusted",
            "no answer",
            "1,012,415",
            "Disagreements · 2",
            "the balance of an account at block 12,390",
        ] {
            seat.expect(text);
        }
    }
}

#[test]
fn all_of_a_server_and_of_a_disagreement_is_shown() {
    for size in SIZES {
        let mut seat = Seat::remote_open(size);
        seat.keys(&["6", "down", "down", "enter"]);
        for text in [
            "http://expyuzz4wqqyqhjn.onion:8424",
            "not asked again until",
            "2 things that were false or odd",
            "a header of its proof has no work",
            "none of your addresses",
            "claims 1,012,415, has proven –",
        ] {
            seat.expect(text);
        }
        seat.key("esc");
        seat.keys(&["v", "enter"]);
        for text in [
            "104.500 VIBE, proven",
            "one server's proof does not lead to the root",
            &hash(91).as_str()[..40],
            "evidence",
        ] {
            seat.expect(text);
        }
        seat.key("y");
        let copied = seat.copied.last().unwrap();
        assert!(copied.contains(hash(90).as_str()) && copied.lines().count() >= 6, "{copied}");
        seat.key("enter");
        assert!(seat.state.overlays.is_empty());
    }
}

#[test]
fn a_servers_url_is_copied_as_it_was_written() {
    let mut seat = Seat::remote_open(SMALL);
    seat.keys(&["6", "down", "y"]);
    assert_eq!(seat.copied, ["https://two.example.org:8424"]);
}

#[test]
fn who_is_chosen_stays_chosen_when_disagreements_come() {
    let mut seat = Seat::remote_open(SMALL);
    seat.keys(&["6", "v", "down"]);
    let mut view = remote_view();
    let newer = DisagreementRow {
        time_ms: NOW_MS,
        about: "the tip again".into(),
        outcome: "it is not settled".into(),
        verdict: Verdict::Open,
        ..disagreements()[1].clone()
    };
    view.disagreements.insert(0, newer);
    seat.servers(view);
    assert_eq!(seat.state.remote.chosen_disagreement().unwrap().about.as_str(), "the tip");
    seat.expect("the tip again: it is not settled");
}

#[test]
fn a_payment_is_pending_until_it_is_proven() {
    for size in SIZES {
        let mut seat = Seat::remote_open(size);
        fill_send(&mut seat);
        seat.fake.payment = Payment {
            status: PaymentStatus::Pending { place: None },
            mark: Mark::Reported,
            handed: Some(Handed { servers: 2, withheld: false }),
        };
        seat.keys(&["enter", "y"]);
        seat.expect("pending · until it is in a block that is proven");
        seat.expect("submitted to 2 servers, pending until proven");
        for (confirmations, words) in [
            (1, "~ in block 12,409 · 1 of 7 confirmations until it is proven"),
            (6, "~ in block 12,409 · 6 of 7 confirmations until it is proven"),
            (7, "✓ proven · 7 confirmations"),
        ] {
            let tip = TIP + confirmations;
            seat.fake.payment = Payment {
                status: PaymentStatus::Mined { height: TIP + 1, confirmations, done: true },
                mark: Mark::at(TIP + 1, tip, DEPTH),
                handed: None,
            };
            seat.act(Action::Event(Event::Blocks(vec![block_row(tip)])));
            seat.expect(words);
            assert_eq!(seat.shows("submitted to 2 servers"), confirmations < 7, "{}", seat.screen());
        }
        seat.expect("the payment has 7 confirmations");
    }
}

#[test]
fn a_payment_that_nobody_passes_on_is_a_warning() {
    let mut seat = Seat::remote_open(SMALL);
    fill_send(&mut seat);
    seat.fake.payment = Payment {
        status: PaymentStatus::Unknown,
        mark: Mark::Reported,
        handed: Some(Handed { servers: 1, withheld: true }),
    };
    seat.keys(&["enter", "y"]);
    seat.expect("! submitted to 1 server, but never passed on");
    seat.expect("a server has taken the payment, but no other has seen it");
}

#[test]
fn what_needs_a_node_says_so() {
    let mut seat = Seat::remote_open(SMALL);
    seat.key("m");
    seat.expect("mining needs the whole chain");
    seat.key("5");
    seat.expect("Nothing is mined here");
    seat.key("enter");
    seat.expect("mining needs the whole chain");
    seat.key("7");
    seat.expect("Log of the light client");
    for command in [Command::ToggleMining, Command::AddPeer, Command::BanPeer, Command::Unban] {
        assert!(unavailable(&seat.state, command).is_some(), "{command:?}");
    }
    let asked = |request: &Request| matches!(request, Request::Network | Request::StartMiner { .. });
    seat.key("6");
    assert!(!seat.fake.asked.iter().any(asked));
    assert!(unavailable(&Seat::open(SMALL).state, Command::ShowDisagreements).is_some());
}

#[test]
fn every_screen_before_servers_has_its_frame_at_every_size() {
    for size in [SMALL, (100, 30), (120, 40), (132, 43), (200, 60)] {
        for (name, seat) in remote_gallery(size) {
            let screen = seat.screen();
            let title = screen.lines().next().unwrap();
            assert!(title.contains("VibeCoin") && title.contains("devnet"), "{name}: {title}");
            assert!(title.contains("proven") || title.contains("unverified"), "{name}: {title}");
            assert!(!screen.lines().last().unwrap().trim().is_empty(), "{name} has a footer");
            for line in screen.lines() {
                assert_eq!(line.width(), usize::from(size.0), "{name}: {line}");
            }
            assert_eq!(seat.buffer(), seat.buffer(), "{name}");
        }
    }
}

#[test]
fn hostile_text_behind_servers_is_escaped() {
    let evil = || SafeText::new("\u{1b}[2J\u{202e}http://\u{200b}evil\u{e0041}\r\n");
    for size in SIZES {
        for (name, mut seat) in remote_gallery(size) {
            let mut view = remote_view();
            for server in &mut view.servers {
                server.url = evil();
                server.faults = vec![ServerFault { time_ms: NOW_MS, words: evil() }; 40];
            }
            for row in &mut view.disagreements {
                (row.about, row.outcome) = (evil(), evil());
                row.said = vec![(evil(), evil()); 9];
                row.evidence = vec![evil(); 90];
            }
            view.cautions = vec![Caution { words: evil(), grave: true }; 4];
            seat.servers(view);
            let hostile = |c: char| {
                c.is_control() || matches!(c as u32, 0x200b..=0x200f | 0x202a..=0x202e | 0xe0000..=0xe0fff)
            };
            for cell in seat.buffer().content() {
                assert!(!cell.symbol().chars().any(hostile), "{name}: {:?}", cell.symbol());
            }
        }
    }
}
