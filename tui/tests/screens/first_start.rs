//! First start, and opening a wallet again.

use vibecoin_tui::backend::Request;
use vibecoin_tui::model::*;
use vibecoin_tui::safe::SafeText;
use vibecoin_tui::state::{FirstStart, Session};

use crate::support::*;

const SMALL: (u16, u16) = (80, 24);

#[test]
fn a_wallet_is_created_in_three_steps() {
    let mut seat = Seat::new(SMALL, 0);
    seat.expect("Welcome to VibeCoin");
    seat.key("c");
    for (n, word) in WORDS.split(' ').enumerate() {
        seat.expect(&format!("{:>3}  {word}", n + 1));
    }
    seat.key("enter");
    seat.expect("Three words back");
    assert!(
        !WORDS.split(' ').any(|w| seat.screen().split_whitespace().any(|s| s == w)),
        "the words are gone"
    );
    answer_check(&mut seat);
    seat.expect("Name and password");
    seat.text(PASSWORD);
    assert!(!seat.shows("correct"), "a password is dots");
    seat.key("enter");
    seat.expect("▸ again");
    seat.text(PASSWORD);
    seat.key("enter");
    seat.expect("Balance");
    let made = seat.fake.asked.iter().find_map(|r| match r {
        Request::CreateWallet(new) => Some(new.clone()),
        _ => None,
    });
    let made = made.unwrap();
    assert_eq!(made.words.joined().expose(), WORDS);
    assert_eq!(made.password.expose(), PASSWORD);
    assert!(!made.restored);
}

#[test]
fn a_wrong_word_is_named_and_the_words_can_be_seen_again() {
    let mut seat = Seat::new(SMALL, 0);
    seat.keys(&["c", "enter"]);
    seat.text("nonsense");
    seat.key("enter");
    seat.expect("this is not word");
    seat.key("esc");
    seat.expect("Your words");
    seat.expect("sausage");
    seat.key("enter");
    answer_check(&mut seat);
    seat.expect("Name and password");
}

#[test]
fn going_back_and_forth_keeps_the_words_until_they_are_given_up() {
    let mut seat = Seat::new(SMALL, 0);
    seat.keys(&["c", "enter", "esc", "esc"]);
    seat.expect("Give these words up?");
    seat.key("n");
    seat.expect("sausage");
    seat.keys(&["esc", "y"]);
    seat.expect("Welcome");
    let drawn = seat.fake.asked.iter().filter(|r| matches!(r, Request::FreshWords(_))).count();
    seat.key("c");
    let again = seat.fake.asked.iter().filter(|r| matches!(r, Request::FreshWords(_))).count();
    assert_eq!((drawn, again), (1, 2), "others are drawn");
}

#[test]
fn different_passwords_and_empty_ones_are_refused() {
    let mut seat = Seat::new(SMALL, 0);
    to_password(&mut seat);
    seat.key("enter");
    seat.expect("enter a password");
    seat.text("one thing");
    seat.key("enter");
    seat.text("another");
    seat.key("enter");
    seat.expect("this is not the same password");
    assert!(!seat.fake.asked.iter().any(|r| matches!(r, Request::CreateWallet(_))));
}

#[test]
fn a_weak_password_is_called_weak() {
    let mut seat = Seat::new(SMALL, 0);
    to_password(&mut seat);
    seat.text("password");
    seat.expect("very weak");
    seat.text("kx7!Tq9z#mP2vL0r");
    seat.expect("strong");
}

#[test]
fn restoring_says_which_word_is_wrong_and_completes_typed_ones() {
    let mut seat = Seat::new(SMALL, 0);
    seat.key("r");
    seat.text("legal winner thnak ");
    seat.expect("word 3, “thnak”, is not in the list");
    seat.expect("thank");
    seat.key("backspace");
    for _ in 0..5 {
        seat.key("backspace");
    }
    seat.text("thank year wave saus");
    seat.key("tab");
    seat.expect("wave sausage");
    seat.text("worth useful legal winner thank legal");
    seat.key("enter");
    seat.expect("every word exists, but not together");
    for _ in 0..5 {
        seat.key("backspace");
    }
    seat.text("yellow");
    seat.key("enter");
    seat.expect("Name and password");
    seat.expect("step 2 of 2");
}

#[test]
fn too_few_words_are_counted() {
    let mut seat = Seat::new(SMALL, 0);
    seat.key("r");
    seat.text("legal winner thank");
    seat.key("enter");
    seat.expect("a wallet has 12 or 24 words; these are 3");
}

#[test]
fn another_networks_address_cannot_be_watched() {
    let mut seat = Seat::new(SMALL, 0);
    seat.key("w");
    let bytes = vibecoin_primitives::Address::new([7; 20]);
    let other = vibecoin_primitives::AddressPrefix::new("tvibe").unwrap();
    seat.text(&bytes.encode(other));
    seat.key("enter");
    seat.expect("another network");
    seat.key("esc");
    seat.keys(&["w"]);
    seat.key("ctrl-u");
    seat.text(address(5).as_str());
    seat.key("enter");
    seat.expect("watching");
    assert!(seat.state.wallet().unwrap().overview.watch_only);
    seat.key("s");
    seat.expect("only watches");
}

#[test]
fn a_wrong_password_has_its_words_and_the_right_one_opens() {
    let mut seat = Seat::new(SMALL, 2);
    seat.expect("Unlock");
    seat.expect("old phone");
    seat.text("nope");
    seat.key("enter");
    seat.expect("this is not the password of this wallet");
    seat.text(PASSWORD);
    seat.key("enter");
    seat.expect("Balance");
}

#[test]
fn a_damaged_wallet_says_so_before_any_password() {
    let mut seat = Seat::new(SMALL, 0);
    let damaged = Some(SafeText::new("the keystore is damaged: its checksum does not fit"));
    let wallets = vec![WalletInfo { name: SafeText::new("main"), watch_only: false, damaged }];
    seat.state.session = Session::Locked(Box::new(vibecoin_tui::state::Unlock::new(wallets, None)));
    seat.expect("damaged");
    seat.text("whatever");
    seat.key("enter");
    seat.expect("its checksum does not fit");
}

#[test]
fn the_wallet_locks_itself_and_forgets_what_it_showed() {
    let mut seat = Seat::open(SMALL);
    seat.wait(299);
    seat.expect("locks 0:01");
    seat.expect("1,204.500");
    seat.wait(1);
    seat.expect("The wallet locked itself");
    assert!(!seat.shows("1,204.500"));
    assert!(seat.fake.asked.iter().any(|r| matches!(r, Request::Lock)));
    seat.text(PASSWORD);
    seat.key("enter");
    seat.expect("1,204.500");
}

#[test]
fn a_key_puts_the_lock_off() {
    let mut seat = Seat::open(SMALL);
    seat.wait(200);
    seat.key("down");
    seat.wait(200);
    seat.expect("Balance");
}

#[test]
fn looking_needs_no_wallet_and_says_what_does() {
    let mut seat = Seat::new(SMALL, 0);
    seat.key("l");
    seat.expect("No wallet");
    seat.expect("12,408");
    seat.key("s");
    seat.expect("there is no wallet open");
    seat.key("3");
    seat.expect("blocks");
}

#[test]
fn from_looking_one_comes_to_the_wallets() {
    let mut seat = Seat::new(SMALL, 1);
    seat.key("f4");
    seat.expect("No wallet");
    seat.key("ctrl-l");
    seat.expect("Unlock");
    let mut seat = Seat::new(SMALL, 0);
    seat.keys(&["l", "ctrl-l"]);
    seat.expect("Welcome");
}

#[test]
fn a_passphrase_goes_with_restored_words() {
    let mut seat = Seat::new(SMALL, 0);
    seat.key("r");
    seat.text(WORDS);
    seat.key("f2");
    seat.text("TREZOR");
    seat.expect("••••••");
    seat.key("tab");
    seat.text("x");
    seat.expect("yellowx");
    seat.key("backspace");
    seat.key("enter");
    seat.text(PASSWORD);
    seat.key("enter");
    seat.text(PASSWORD);
    seat.key("enter");
    let made = seat.fake.asked.iter().find_map(|r| match r {
        Request::CreateWallet(new) => Some(new.clone()),
        _ => None,
    });
    assert_eq!(made.unwrap().passphrase.expose(), "TREZOR");
}

#[test]
fn the_three_places_differ_and_are_in_order() {
    for seed in 0..2_000 {
        for words in [12, 24] {
            let [a, b, c] = FirstStart::pick(seed, words);
            assert!(a < b && b < c && c < words);
        }
    }
}
