//! The pictures of the README, from the real program. Without `VIBECOIN_PICTURES=FOLDER` they are drawn and thrown
//! away: what is asserted is that each screen shows what its picture is to show.

use std::path::PathBuf;

use super::{Home, Key, PASSWORD, Terminal, addresses, balance, create_wallet, picture};

/// Somebody else, and what is paid to them while the picture of Home is taken: a chain with nothing on it would be a
/// dull one.
const STRANGER: &str = "dvibe1js488sjywz7eu793kccswh9xnhgvx9pw2qh800";
const ERRANDS: &[(&str, &str)] = &[
    ("0.8", "bread"),
    ("2.25", "a book"),
    ("0.125", "newspaper"),
    ("4", "share of the dinner"),
    ("0.5", "tip for the band"),
    ("1.75", "bus tickets"),
    ("3.2", "seeds for the garden"),
    ("0.9", "coffee"),
];

#[test]
fn pictures_of_the_screens() {
    let home = Home::new();
    let terminal = Terminal::start(&home, (100, 30), &[]);
    terminal.wait_for("Welcome to VibeCoin");
    draw(&terminal, "first-start", "VibeCoin · first start");
    create_wallet(&terminal);
    terminal.wait_until("20 spendable VIBE", |screen| (balance(screen)? >= 20.0).then_some(()));

    terminal.write("2").wait_for("Accounts").write("a").wait_for("account");
    terminal.write("tea").press(Key::Enter);
    let theirs = terminal.wait_until("two accounts", |screen| addresses(screen).get(1).cloned());
    if folder().is_some() {
        // What was said about the account has no place in the pictures that follow.
        terminal.wait_until("no notice", |screen| (!screen.contains("the account is open")).then_some(()));
    }
    terminal.press(Key::Up).press(Key::Up).write("s").wait_for("▸ to");
    terminal.write(&theirs).press(Key::Tab).write("1.5").press(Key::Tab).press(Key::Tab).write("for the tea");
    terminal.press(Key::Enter).wait_for("sign and send");
    draw(&terminal, "review", "VibeCoin · review of a payment");
    terminal.write("y").wait_for("2 confirmations");
    draw(&terminal, "payment", "VibeCoin · a payment under way");
    terminal.write("o").wait_for("Explorer").wait_for("for the tea");
    draw(&terminal, "explorer", "VibeCoin · explorer");
    terminal.write("5").wait_for("Mining").wait_for("paced");
    draw(&terminal, "mining", "VibeCoin · mining");
    terminal.write("2").press(Key::Escape).wait_for("Accounts").write("r").wait_for("payment URI");
    draw(&terminal, "receive", "VibeCoin · receive");
    terminal.press(Key::Escape).wait_for("Accounts").write("1").wait_for("Balance");
    if folder().is_some() {
        run_errands(&home);
    }
    terminal.must_show(&["Blocks", "Activity"]);
    draw(&terminal, "home", "VibeCoin · home");
    terminal.press(Key::Control('c'));
    terminal.exit_code();
}

/// The folder that pictures go to, if they are wanted.
fn folder() -> Option<PathBuf> {
    std::env::var_os("VIBECOIN_PICTURES").map(PathBuf::from)
}

fn run_errands(home: &Home) {
    let password = home.write("password", PASSWORD).display().to_string();
    for (amount, memo) in ERRANDS {
        home.json(&["wallet", "--password-file", &password, "send", STRANGER, amount, "--memo", memo]);
        std::thread::sleep(std::time::Duration::from_millis(1_300));
    }
}

fn draw(terminal: &Terminal, name: &str, title: &str) {
    // What has just arrived may still be on its way to the screen.
    std::thread::sleep(std::time::Duration::from_millis(300));
    let svg = picture::svg(&terminal.screen(), title);
    assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
    if let Some(folder) = folder() {
        std::fs::write(folder.join(name).with_extension("svg"), svg).unwrap();
    }
}
