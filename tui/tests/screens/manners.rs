//! How the screens behave: keys, footer, help, palette, mouse, size, redrawing.

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use vibecoin_tui::action::Action;
use vibecoin_tui::keymap::Command;
use vibecoin_tui::state::Tab;

use crate::support::*;

const SMALL: (u16, u16) = (80, 24);

#[test]
fn the_footer_shows_keys_that_work_here() {
    let mut seat = Seat::open(SMALL);
    for (key, footer) in [
        ("1", "s send"),
        ("3", "f forks"),
        ("4", "f yours only"),
        ("5", "m stop mining"),
        ("6", "b ban"),
        ("7", "f stop following"),
    ] {
        seat.key(key);
        let screen = seat.screen();
        assert!(screen.lines().last().unwrap().contains(footer), "{key}: {}", screen.lines().last().unwrap());
    }
}

#[test]
fn a_key_that_is_disabled_says_why() {
    let mut seat = Seat::new(SMALL, 0);
    seat.key("l");
    seat.key("r");
    seat.expect("there is no wallet open");
}

#[test]
fn help_lists_this_screens_keys_and_those_of_everywhere() {
    let mut seat = Seat::open((80, 60));
    seat.keys(&["3", "?"]);
    seat.expect("Help · Explorer");
    seat.expect("Show branches beside the active one");
    seat.expect("Everywhere");
    seat.expect("Leave at once");
    seat.key("esc");
    assert!(!seat.shows("Help · Explorer"));
}

#[test]
fn the_palette_finds_commands_by_parts_of_their_names() {
    let mut seat = Seat::open(SMALL);
    seat.key(":");
    seat.text("rcv");
    seat.expect("receive");
    seat.key("enter");
    seat.expect("amount asked for");
    seat.key(":");
    seat.text("mining");
    seat.key("enter");
    assert_eq!(seat.state.tab, Tab::Mining);
    seat.key(":");
    seat.text("zzzzq");
    seat.expect("No command goes by that");
}

#[test]
fn escape_goes_back_and_ends_at_home() {
    let mut seat = Seat::open(SMALL);
    seat.keys(&["h", "esc"]);
    seat.expect("Accounts");
    seat.key("esc");
    seat.expect("Balance");
}

#[test]
fn a_tabs_key_pressed_on_the_tab_goes_to_its_beginning() {
    let mut seat = Seat::open(SMALL);
    seat.keys(&["h", "1", "2"]);
    seat.expect("History");
    seat.key("2");
    seat.expect("Accounts");
    seat.keys(&["3", "enter", "3"]);
    assert_eq!(seat.state.explorer.pages.len(), 1);
}

#[test]
fn ctrl_c_leaves_from_anywhere_and_takes_secrets_along() {
    for (name, mut seat) in gallery(SMALL) {
        seat.key("ctrl-c");
        assert!(seat.left, "{name}");
        assert!(!seat.shows("sausage"), "{name}");
    }
}

#[test]
fn quitting_while_a_payment_is_sent_asks() {
    let mut seat = Seat::open(SMALL);
    fill_send(&mut seat);
    seat.key("enter");
    seat.answering = false;
    seat.key("y");
    seat.act(Action::Run(Command::Quit));
    seat.expect("it may or may not have gone out");
    assert!(!seat.left);
    seat.key("n");
    seat.release();
    seat.expect("pending");
}

#[test]
fn tabs_and_footer_can_be_clicked() {
    let mut seat = Seat::open(SMALL);
    let click = |seat: &mut Seat, text: &str| {
        let screen = seat.screen();
        let (row, line) = screen.lines().enumerate().filter(|(_, l)| l.contains(text)).last().unwrap();
        let column = line[..line.find(text).unwrap()].chars().count();
        seat.act(Action::Mouse(MouseEvent {
            kind: MouseEventKind::Down(MouseButton::Left),
            column: column as u16,
            row: row as u16,
            modifiers: KeyModifiers::NONE,
        }));
    };
    click(&mut seat, "Mining");
    assert_eq!(seat.state.tab, Tab::Mining);
    click(&mut seat, "m stop mining");
    seat.expect("○ stopped");
    click(&mut seat, "Wallet");
    click(&mut seat, "r receive");
    seat.expect("payment URI");
}

#[test]
fn a_small_terminal_is_told_what_is_needed_and_nothing_is_decided_in_it() {
    let mut seat = Seat::open(SMALL);
    fill_send(&mut seat);
    seat.key("enter");
    seat.act(Action::Resize(60, 20));
    seat.expect("The terminal is too small");
    seat.expect("60 × 20");
    seat.expect("80 × 24");
    seat.key("y");
    seat.act(Action::Resize(80, 24));
    seat.expect("sign and send");
    assert!(!seat.shows("pending ·"));
}

#[test]
fn no_size_however_small_or_odd_breaks_a_screen() {
    for (columns, rows) in [
        (1, 1),
        (2, 3),
        (79, 24),
        (80, 23),
        (80, 24),
        (81, 25),
        (100, 30),
        (131, 39),
        (132, 40),
        (200, 60),
        (300, 24),
        (80, 100),
    ] {
        for (name, mut seat) in gallery(SMALL) {
            seat.act(Action::Resize(columns, rows));
            let area = *seat.buffer().area();
            assert_eq!((area.width, area.height), (columns, rows), "{name}");
        }
    }
}

#[test]
fn nothing_visible_happens_without_a_change() {
    let mut seat = Seat::new(SMALL, 0);
    let revision = seat.state.revision;
    let picture = seat.screen();
    seat.wait(60);
    assert_eq!(seat.state.revision, revision, "an idle screen is not drawn again");
    assert_eq!(seat.screen(), picture);
    assert!(!seat.state.needs_ticks());
    let mut seat = Seat::open(SMALL);
    let revision = seat.state.revision;
    let now = seat.state.now_ms / 1_000 * 1_000;
    seat.act(Action::Tick(now + 100));
    assert_eq!(seat.state.revision, revision, "the same second is the same picture");
    seat.wait(1);
    assert_ne!(seat.state.revision, revision);
}

#[test]
fn the_same_state_gives_the_same_frame() {
    for (name, seat) in gallery(SMALL) {
        assert_eq!(seat.buffer(), seat.buffer(), "{name}");
    }
}
