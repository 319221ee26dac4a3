//! The real screens: the program in a pseudo-terminal, its output read as a terminal would show it.

mod emulator;
mod figures;
mod journey;
mod manners;
mod picture;
mod pictures;

use emulator::{Key, Terminal};

use crate::support::Home;

/// The password of every wallet here.
const PASSWORD: &str = "correct horse battery staple";

/// Goes through the first start: creates a wallet, gives back the three words that are asked for, sets the
/// password, and waits for Home. Gives the words.
fn create_wallet(terminal: &Terminal) -> Vec<String> {
    terminal.wait_for("Welcome to VibeCoin").write("c");
    let words = terminal.wait_until("twelve words", numbered_words);
    terminal.press(Key::Enter).wait_for("Three words back");
    let asked = terminal.wait_until("the three places that are asked for", asked_places);
    for place in asked {
        terminal.write(&words[place - 1]).press(Key::Enter);
    }
    terminal.wait_for("Name and password");
    // A name may be proposed; then the password has the keys already.
    if terminal.text().contains("▸ name") {
        terminal.write("savings").press(Key::Tab).wait_for("▸ password");
    }
    terminal.write(PASSWORD).press(Key::Enter).wait_for("▸ again");
    terminal.write(PASSWORD).press(Key::Enter);
    terminal.wait_for("Balance");
    words
}

/// The words on the screen that shows them, in their order, once all twelve are there.
fn numbered_words(screen: &str) -> Option<Vec<String>> {
    let pieces: Vec<&str> = screen.split_whitespace().collect();
    let is_word = |piece: &str| piece.len() >= 3 && piece.bytes().all(|byte| byte.is_ascii_lowercase());
    let word = |number: usize| {
        let number = number.to_string();
        let pair = pieces.windows(2).find(|pair| pair[0] == number && is_word(pair[1]))?;
        Some(pair[1].to_owned())
    };
    (1..=12).map(word).collect()
}

/// The three numbers after "word" on the screen that asks for words back.
fn asked_places(screen: &str) -> Option<[usize; 3]> {
    let pieces: Vec<&str> = screen.split_whitespace().collect();
    let places: Vec<usize> =
        pieces.windows(2).filter(|pair| pair[0] == "word").filter_map(|pair| pair[1].parse().ok()).collect();
    places.try_into().ok()
}

/// Every whole devnet address on the screen, from the top.
fn addresses(screen: &str) -> Vec<String> {
    screen
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|piece| piece.starts_with("dvibe1") && piece.len() == "dvibe1".len() + 38)
        .map(ToOwned::to_owned)
        .collect()
}

/// The first amount on Home, in VIBE: what can be spent.
fn balance(screen: &str) -> Option<f64> {
    let row = screen.lines().skip_while(|line| !line.contains("Balance")).nth(1)?;
    let number: String = row
        .chars()
        .skip_while(|letter| !letter.is_ascii_digit())
        .take_while(|letter| letter.is_ascii_digit() || matches!(letter, '.' | ',' | ' '))
        .filter(|letter| !matches!(letter, ',' | ' '))
        .collect();
    number.parse().ok()
}
