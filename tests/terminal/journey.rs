//! The first evening with VibeCoin, in a terminal of 80 columns and 24 rows: from words to a payment that is
//! confirmed, and back on the next day.

use super::{Home, Key, PASSWORD, Terminal, addresses, balance, create_wallet};

const SMALL: (u16, u16) = (80, 24);
const MEMO: &str = "for the tea";

#[test]
fn from_seed_words_to_a_confirmed_payment_and_back_again() {
    let home = Home::new();
    let terminal = Terminal::start(&home, SMALL, &[]);
    create_wallet(&terminal);
    terminal.wait_until("20 spendable VIBE", |screen| (balance(screen)? >= 20.0).then_some(()));

    let theirs = open_second_account(&terminal);
    let txid = pay(&terminal, &theirs);

    // What was paid, in the explorer.
    terminal.write("o").wait_for("Explorer").wait_for(&txid[..32]);
    terminal.wait_for(MEMO).must_show(&[&theirs, "1.5"]);

    terminal.write("q");
    assert_eq!(terminal.exit_code(), 0);
    assert!(terminal.is_restored(), "the terminal is as it was");
    drop(terminal);

    // The next day.
    let terminal = Terminal::start(&home, SMALL, &[]);
    terminal.wait_for("password").write("something else").press(Key::Enter).wait_for("wrong password");
    unlock(&terminal);
    terminal.wait_until("what was left", |screen| (balance(screen)? >= 18.4).then_some(()));
    terminal.write("2").wait_for(&theirs);
    terminal.wait_until("1.5 on the second account", |screen| {
        let row = screen.lines().position(|line| line.contains(&theirs))?;
        screen.lines().nth(row - 1)?.contains("1.5").then_some(())
    });
    terminal.write("q");
    assert_eq!(terminal.exit_code(), 0);
}

/// Opens a second account and gives its address.
fn open_second_account(terminal: &Terminal) -> String {
    terminal.write("2").wait_for("Accounts");
    let first = terminal.wait_until("the first account's address", |screen| addresses(screen).pop());
    terminal.write("a");
    // It is asked what to call it.
    terminal.wait_for("account").write("tea").press(Key::Enter);
    terminal.wait_until("the second account's address", |screen| {
        addresses(screen).into_iter().find(|address| *address != first)
    })
}

/// Pays 1.5 VIBE with a memo from the first account, follows it to three confirmations, and gives its id.
fn pay(terminal: &Terminal, to: &str) -> String {
    terminal.press(Key::Up).press(Key::Up).write("s").wait_for("▸ to");
    terminal.write(to).press(Key::Tab).wait_for("▸ amount");
    terminal.write("1.5").press(Key::Tab).wait_for("▸ price");
    terminal.press(Key::Tab).wait_for("▸ memo").write(MEMO);
    terminal.press(Key::Enter).wait_for("Review");
    // Everything that the decision needs, and nothing of it cut off.
    terminal.must_show(&[to, "1.500 000 000 VIBE", "fee", "balance", "after", MEMO, "sign and send"]);

    // Just after a block, so that there is time to see it waiting for the next.
    let before = height(&terminal.text());
    terminal.wait_until("the next block", |screen| (height(screen) > before).then_some(()));
    terminal.forget().write("y");
    terminal.wait_for_each(&["pending", "1 confirmation", "2 confirmations", "3 confirmations"]);
    terminal.must_show(&[to, MEMO]);
    terminal.wait_until("the payment's id", |screen| {
        let is_id = |piece: &&str| piece.len() == 64 && piece.bytes().all(|byte| byte.is_ascii_hexdigit());
        screen.split_whitespace().find(is_id).map(ToOwned::to_owned)
    })
}

fn unlock(terminal: &Terminal) {
    for _ in 0.."something else".len() {
        terminal.press(Key::Backspace);
    }
    terminal.write(PASSWORD).press(Key::Enter).wait_for("Balance");
}

/// The height in the title line.
fn height(screen: &str) -> Option<u64> {
    let after = screen.lines().next()?.split('▸').nth(1)?;
    after.split_whitespace().next()?.replace(',', "").parse().ok()
}
