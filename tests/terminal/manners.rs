//! How the screens behave as a guest of a terminal.

use std::process::Command;

use super::{Home, Key, Terminal, balance, create_wallet};
use crate::support::PROGRAM;

#[test]
fn a_terminal_that_is_too_small_is_told_so_and_may_grow() {
    let home = Home::new();
    let terminal = Terminal::start(&home, (50, 12), &["tui"]);
    terminal.wait_for("too small").must_show(&["50", "12", "80", "24"]);
    terminal.resize(80, 24).wait_for("Welcome to VibeCoin");
    terminal.resize(40, 10).wait_for("too small");
    terminal.resize(200, 60).wait_for("Welcome to VibeCoin");
    terminal.press(Key::Control('c'));
    terminal.exit_code();
    assert!(terminal.is_restored());
}

#[test]
fn control_c_and_signals_leave_the_terminal_as_it_was() {
    for signal in [None, Some("TERM"), Some("HUP"), Some("INT")] {
        let home = Home::new();
        let terminal = Terminal::start(&home, (80, 24), &["tui"]);
        terminal.wait_for("Welcome to VibeCoin");
        assert!(!terminal.is_restored(), "the screens have a screen of their own");
        match signal {
            None => {
                terminal.press(Key::Control('c'));
            }
            Some(signal) => {
                let line = format!("kill -{signal} {}", terminal.process_id());
                assert!(Command::new("/bin/sh").args(["-c", &line]).status().unwrap().success());
            }
        }
        terminal.exit_code();
        assert!(terminal.is_restored(), "after {signal:?}");
    }
}

#[test]
fn no_color_means_none() {
    let home = Home::new();
    let terminal = Terminal::start_with(&home, (80, 24), &["tui"], &[("NO_COLOR", "1")]);
    create_wallet(&terminal);
    for tab in ["1", "2", "3", "4", "5", "6", "7"] {
        terminal.write(tab);
        std::thread::sleep(std::time::Duration::from_millis(200));
        let screen = terminal.screen();
        for (row, column) in (0..24).flat_map(|row| (0..80).map(move |column| (row, column))) {
            let cell = screen.cell(row, column).unwrap();
            let colours = (cell.fgcolor(), cell.bgcolor());
            assert_eq!(
                colours,
                (vt100::Color::Default, vt100::Color::Default),
                "tab {tab}, row {row}, column {column}"
            );
        }
    }
}

#[test]
fn without_a_terminal_there_are_words_instead_of_screens() {
    let home = Home::new();
    let output = Command::new(PROGRAM).env_clear().envs(home.environment()).arg("tui").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(said.contains("terminal") && !said.contains("panicked"), "{said}");
    assert!(output.stdout.is_empty(), "no escape sequences into a pipe");
}

#[test]
fn the_screens_use_a_node_that_runs_already() {
    let home = Home::new();
    let node = home.start(&["node", "--rpc", "127.0.0.1:0"]);
    node.wait_for("address of the API", |line| line.contains("127.0.0.1:").then_some(()));
    let terminal = Terminal::start(&home, (80, 24), &["tui"]);
    terminal.wait_for("Welcome to VibeCoin").write("l").wait_for("Home");
    home.json(&["dev", "mine", "7", "--to", "dvibe1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqcdpeyw"]);
    terminal.wait_for("devnet ▸ 7");
    terminal.write("q");
    assert_eq!(terminal.exit_code(), 0);
    // It was not theirs to stop.
    home.json(&["node", "status"]);
    drop(node);
}

#[test]
fn a_shell_reaches_the_node_of_the_screens() {
    let home = Home::new();
    let terminal = Terminal::start(&home, (80, 24), &["tui"]);
    create_wallet(&terminal);
    terminal.wait_until("20 spendable VIBE", |screen| (balance(screen)? >= 20.0).then_some(()));
    let seen = home.json(&["wallet", "balance"]);
    let spendable: u64 = seen["spendable"].as_str().unwrap().parse().unwrap();
    assert!(spendable >= 20_000_000_000, "{seen}");
    // The directory has one owner: a second node is told so, a second screen looks through the first one's node.
    let said = home.fails(1, &["node", "--rpc", "127.0.0.1:0"]);
    assert!(said.contains(&terminal.process_id().to_string()), "{said}");
    let second = Terminal::start(&home, (80, 24), &["tui"]);
    second.wait_for("password").press(Key::Control('c'));
    second.exit_code();
    terminal.write("q");
    assert_eq!(terminal.exit_code(), 0);
}
