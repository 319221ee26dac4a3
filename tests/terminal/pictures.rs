//! The pictures of the README, from the real program. Without `VIBECOIN_PICTURES=FOLDER` they are drawn and thrown
//! away: what is asserted is that each screen shows what its picture is to show.

use std::path::PathBuf;

use super::{Home, Key, Terminal, addresses, create_wallet, picture};

#[test]
fn pictures_of_the_screens() {
    let home = Home::new();
    let terminal = Terminal::start(&home, (100, 30), &[]);
    terminal.wait_for("Welcome to VibeCoin");
    draw(&terminal, "first-start", "VibeCoin · first start");
    create_wallet(&terminal);

    terminal.write("2").wait_for("Accounts").write("a").wait_for("account");
    terminal.write("tea").press(Key::Enter);
    let theirs = terminal.wait_until("two accounts", |screen| addresses(screen).get(1).cloned());
    terminal.press(Key::Up).press(Key::Up).write("s").wait_for("▸ to");
    terminal.write(&theirs).press(Key::Tab).write("1.5").press(Key::Tab).press(Key::Tab).write("for the tea");
    terminal.press(Key::Enter).wait_for("sign and send");
    draw(&terminal, "review", "VibeCoin · review of a payment");
    terminal.write("y").wait_for("2 confirmations");
    draw(&terminal, "payment", "VibeCoin · a payment under way");
    terminal.write("o").wait_for("Explorer").wait_for("for the tea");
    draw(&terminal, "explorer", "VibeCoin · explorer");
    terminal.write("4").wait_for("Mining").wait_for("paced");
    draw(&terminal, "mining", "VibeCoin · mining");
    terminal.write("2").press(Key::Escape).wait_for("Accounts").write("r").wait_for("payment URI");
    draw(&terminal, "receive", "VibeCoin · receive");
    terminal.write("1").wait_for("Balance");
    terminal.wait_until("the payment on Home", |screen| screen.contains("1.5").then_some(()));
    draw(&terminal, "home", "VibeCoin · home");
    terminal.press(Key::Control('c'));
    terminal.exit_code();
}

fn draw(terminal: &Terminal, name: &str, title: &str) {
    // What has just arrived may still be on its way to the screen.
    std::thread::sleep(std::time::Duration::from_millis(300));
    let svg = picture::svg(&terminal.screen(), title);
    assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
    if let Some(folder) = std::env::var_os("VIBECOIN_PICTURES") {
        std::fs::write(PathBuf::from(folder).join(name).with_extension("svg"), svg).unwrap();
    }
}
