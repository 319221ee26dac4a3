//! What has to be on a screen, whole, at both sizes.

use ratatui::style::Color;
use vibecoin_tui::Theme;
use vibecoin_tui::action::Action;
use vibecoin_tui::backend::Event;
use vibecoin_tui::model::*;

use crate::support::*;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

#[test]
fn every_screen_has_its_frame() {
    for size in SIZES {
        for (name, seat) in gallery(size) {
            let screen = seat.screen();
            let title = screen.lines().next().unwrap();
            assert!(title.contains("VibeCoin") && title.contains("devnet ▸ 12,408"), "{name}: {title}");
            let sync = if name == "46-network-syncing" {
                "◐ syncing 62 %, 18 s peers 8"
            } else {
                "● synced peers 8 ↑3"
            };
            assert!(title.contains(sync), "{name}: {title}");
            let paced = name == "46-network-syncing" || title.contains("paced 1 s");
            assert!(paced && title.contains("full node"), "{name}: {title}");
            if name >= "10" {
                let tabs = screen.lines().nth(1).unwrap();
                for tab in
                    ["1 Home", "2 Wallet", "3 Explorer", "4 Mempool", "5 Mining", "6 Network", "7 Logs"]
                {
                    assert!(tabs.contains(tab), "{name}");
                }
                assert!(title.contains("locks 5:00"), "{name}: {title}");
            }
            assert!(!screen.lines().last().unwrap().trim().is_empty(), "{name} has a footer");
        }
    }
}

#[test]
fn an_address_is_whole_wherever_something_is_decided() {
    for size in SIZES {
        for (name, seat) in gallery(size) {
            let expected = match name {
                "12-send" | "14-review" => vec![address(1), address(7)],
                "15-pending" | "16-confirmed" | "32-transaction" => vec![address(7)],
                "11-wallet" => vec![address(1), address(2)],
                "17-receive" | "20-sign" | "40-mining" => vec![address(1)],
                "18-history" => vec![address(9)],
                "19-contacts" => vec![address(7), address(20), address(21), address(22)],
                "33-account" => vec![address(7)],
                _ => continue,
            };
            for address in expected {
                assert!(
                    seat.shows(address.as_str()),
                    "{name} at {size:?} cuts {address}:\n{}",
                    seat.screen()
                );
            }
        }
    }
}

#[test]
fn ids_are_whole_in_the_explorer() {
    for size in SIZES {
        for (name, seat) in gallery(size) {
            match name {
                "31-block" => {
                    seat.expect(hash(TIP - 2).as_str());
                    seat.expect(hash(TIP - 3).as_str());
                }
                "32-transaction" => seat.expect(hash((TIP - 2) * 1_000).as_str()),
                _ => {}
            }
        }
    }
}

#[test]
fn home_shows_money_blocks_pulse_and_activity_at_once() {
    for size in SIZES {
        let seat = Seat::open(size);
        for text in [
            "1,204.500 000 000 VIBE",
            "48.002 016",
            "in 4 blocks",
            "12,408",
            "interval",
            "PoH",
            "lunch",
            "pending",
        ] {
            seat.expect(text);
        }
    }
    let wide = Seat::open((200, 60));
    for text in ["Block interval", "Transactions a block", "Gas a block"] {
        wide.expect(text);
    }
}

#[test]
fn rewards_in_a_row_are_one_line_in_passing_and_all_of_them_in_the_history() {
    let mut seat = Seat::open((80, 24));
    let mined = |n: u64| HistoryRow { time_ms: Some(NOW_MS - n * 1_000), ..history_row(1) };
    let mut overview = overview();
    overview.recent = [vec![history_row(0)], (1..200).map(mined).collect(), vec![history_row(2)]].concat();
    seat.fake.overview = overview;
    seat.act(Action::Event(Event::WalletChanged));
    seat.expect("+398.066 864");
    seat.expect("199 block rewards");
    seat.expect("+48.000");
    seat.key("h");
    assert!(!seat.shows("block rewards"));
}

#[test]
fn a_wide_screen_shows_more_of_the_same() {
    let small = Seat::open((80, 24));
    let wide = Seat::open((200, 60));
    assert!(wide.shows(address(9).as_str()) && !small.shows(address(9).as_str()));
}

#[test]
fn a_plain_theme_uses_no_colour_anywhere() {
    for (name, mut seat) in gallery((80, 24)) {
        seat.theme = Theme::built_in("plain").unwrap();
        // A code that a camera is to read is the one thing that reversing has to do.
        for cell in seat.buffer().content() {
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "{name}");
        }
    }
}

#[test]
fn sixteen_colours_are_sixteen() {
    for (name, mut seat) in gallery((80, 24)) {
        seat.theme = Theme::built_in("sixteen").unwrap();
        for cell in seat.buffer().content() {
            for colour in [cell.fg, cell.bg] {
                assert!(!matches!(colour, Color::Rgb(..) | Color::Indexed(_)), "{name}: {colour:?}");
            }
        }
    }
}

#[test]
fn nothing_is_drawn_over_a_frame() {
    // Every row of a panel ends with its border: nothing ran over it.
    for size in SIZES {
        for name_and_seat in
            gallery(size).into_iter().filter(|(n, _)| *n == "14-review" || *n == "18-history")
        {
            let (name, seat) = name_and_seat;
            let screen = seat.screen();
            for line in screen.lines().skip(3).take(15) {
                let last = line.trim_end().chars().last().unwrap();
                assert!(matches!(last, '│' | '╮' | '╯'), "{name} at {size:?}: {line}");
            }
        }
    }
}
