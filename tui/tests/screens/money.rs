//! Sending, receiving, and what becomes of payments.

use vibecoin_tui::action::Action;
use vibecoin_tui::backend::{Event, Request};
use vibecoin_tui::model::*;
use vibecoin_tui::safe::SafeText;

use crate::support::*;

const SMALL: (u16, u16) = (80, 24);

fn tip(seat: &mut Seat, height: u64) {
    seat.act(Action::Event(Event::Blocks(vec![block_row(height)])));
}

#[test]
fn a_payment_from_the_form_to_three_confirmations() {
    let mut seat = Seat::open(SMALL);
    fill_send(&mut seat);
    seat.expect("✓ Ada");
    seat.expect("= 1.500 000 000 VIBE");
    seat.key("enter");
    for text in [
        "everyday",
        address(1).as_str(),
        "Ada",
        address(7).as_str(),
        "1.500 000 000 VIBE",
        "0.000 340 096 VIBE",
        "1.500 340 096 VIBE",
        "104.500 000 000 VIBE",
        "102.999 659 904 VIBE",
        "lunch on Tuesday",
        "block 13,128",
    ] {
        seat.expect(text);
    }
    seat.key("y");
    seat.expect("pending · place 3");
    seat.expect(hash(77).as_str());
    for confirmations in 1..=3 {
        seat.fake.payment.status = PaymentStatus::Mined { height: TIP + 1, confirmations, done: true };
        tip(&mut seat, TIP + confirmations);
        let word = if confirmations == 1 {
            "1 confirmation".to_owned()
        } else {
            format!("{confirmations} confirmations")
        };
        seat.expect(&word);
    }
    seat.expect("the payment has 3 confirmations");
    seat.key("o");
    seat.expect("Explorer");
    seat.expect(hash(77).as_str());
}

#[test]
fn a_long_memo_is_whole_in_the_review() {
    let mut seat = Seat::open(SMALL);
    fill_send(&mut seat);
    seat.text(&" and supper".repeat(44));
    seat.text(" THE END");
    seat.key("enter");
    seat.expect("lunch on Tuesday");
    seat.expect("↑ ↓ show the rest");
    assert!(!seat.shows("THE END"));
    for _ in 0..12 {
        seat.key("down");
    }
    seat.expect("THE END");
    seat.expect("Sign this and send it?");
}

#[test]
fn nothing_is_signed_without_y() {
    let mut seat = Seat::open(SMALL);
    fill_send(&mut seat);
    seat.keys(&["enter", "enter", "space", "n"]);
    seat.expect("▸ memo");
    assert!(!seat.fake.asked.iter().any(|r| matches!(r, Request::Send(_))));
    assert!(seat.shows("lunch on Tuesday"), "the form is as it was");
}

#[test]
fn one_y_sends_once_however_often_it_is_pressed() {
    let mut seat = Seat::open(SMALL);
    fill_send(&mut seat);
    seat.key("enter");
    seat.answering = false;
    seat.keys(&["y", "y", "y", "esc"]);
    seat.expect("signing and sending");
    seat.release();
    seat.expect("pending");
    assert_eq!(seat.fake.asked.iter().filter(|r| matches!(r, Request::Send(_))).count(), 1);
}

#[test]
fn every_field_says_what_is_wrong_with_it() {
    let mut seat = Seat::open(SMALL);
    seat.key("s");
    seat.key("enter");
    seat.expect("enter the recipient's address");
    let mut wrong = address(7).to_string();
    wrong.replace_range(10..11, if wrong[10..].starts_with('q') { "p" } else { "q" });
    seat.text(&wrong);
    seat.expect("the checksum does not fit");
    seat.key("ctrl-u");
    seat.text(address(7).as_str());
    seat.key("enter");
    seat.expect("▸ amount");
    for (typed, said) in [
        ("1.5.5", "not a decimal number"),
        ("0", "at least"),
        ("0.0000000001", "more than nine decimals"),
        ("99999999999999", "more than"),
    ] {
        seat.key("ctrl-u");
        seat.text(typed);
        seat.key("enter");
        seat.expect(said);
    }
    seat.key("ctrl-u");
    seat.text("1");
    seat.keys(&["f3", "f3", "tab", "tab"]);
    seat.expect("beats for one gas, at least 16");
    seat.text("3");
    seat.key("enter");
    seat.expect("the pool takes nothing below 16");
    seat.key("ctrl-u");
    seat.text("20");
    seat.keys(&["tab", "tab"]);
    seat.key("ctrl-u");
    seat.text("soon");
    seat.key("enter");
    seat.expect("a number of blocks");
    seat.key("ctrl-u");
    seat.key("enter");
    seat.expect("no limit");
    seat.expect("Review");
}

#[test]
fn what_the_wallet_finds_wrong_comes_back_to_its_field() {
    let mut seat = Seat::open(SMALL);
    let words = "not enough money: 500 VIBE needed (the fee of 0.1 included), 104.5 VIBE available";
    seat.fake.refuse_plan = Some(Failure::new(words).at(FormField::Amount));
    fill_send(&mut seat);
    seat.key("enter");
    seat.expect("▸ amount");
    seat.expect("not enough money: 500 VIBE needed");
    seat.expect("104.5 VIBE available");
    // The way back and the help are in the footer at every size.
    seat.expect("esc back");
    seat.key("esc");
    seat.key("1");
    seat.expect("? help");
}

#[test]
fn max_is_asked_of_the_wallet_and_shown_as_a_figure() {
    let mut seat = Seat::open(SMALL);
    seat.key("s");
    seat.text(address(7).as_str());
    seat.keys(&["f4", "enter"]);
    let asked = seat.fake.asked.iter().any(|r| matches!(r, Request::Plan(p) if p.amount == SendAmount::Max));
    assert!(asked);
    seat.expect("104.499 664 000 VIBE");
    seat.expect("0.000 000 000 VIBE  after");
}

#[test]
fn an_answer_to_an_old_question_is_dropped() {
    let mut seat = Seat::open(SMALL);
    fill_send(&mut seat);
    seat.answering = false;
    seat.key("enter");
    seat.expect("preparing the payment");
    seat.key("esc");
    seat.release();
    assert!(!seat.shows("Review"), "the form was left before the answer came");
}

#[test]
fn a_contact_is_picked_into_the_form() {
    let mut seat = Seat::open(SMALL);
    seat.keys(&["s", "f2"]);
    seat.expect("Pay whom?");
    seat.keys(&["down", "enter"]);
    seat.expect(address(20).as_str());
    seat.expect("✓ Grace");
    seat.expect("▸ amount");
}

#[test]
fn contacts_are_added_found_and_taken_out_after_a_question() {
    let mut seat = Seat::open(SMALL);
    seat.keys(&["2", "c", "a"]);
    seat.text("dvibe1nonsense");
    seat.key("enter");
    seat.expect("✗");
    seat.key("ctrl-u");
    seat.text(address(33).as_str());
    seat.key("enter");
    seat.text("Ada");
    seat.key("enter");
    seat.expect("there is a contact of this name");
    seat.text(" the second");
    seat.key("enter");
    seat.expect("Ada the second");
    seat.key("/");
    seat.text("bak");
    assert!(!seat.shows("Hedy"));
    seat.keys(&["enter", "d"]);
    seat.expect("the bakery is taken out of the address book");
    seat.expect(address(22).as_str());
    seat.key("y");
    assert!(seat.fake.asked.iter().any(|r| *r == Request::RemoveContact(address(22))));
}

#[test]
fn only_what_waits_can_be_sped_up_or_cancelled() {
    let mut seat = Seat::open(SMALL);
    seat.key("h");
    seat.key("u");
    seat.expect("the same payment at a higher price");
    seat.expect(hash(1_000).as_str());
    seat.key("n");
    seat.keys(&["down", "x"]);
    seat.expect("only a payment that still waits can be replaced");
    seat.keys(&["up", "x"]);
    seat.expect("Cancel the waiting payment like this?");
}

#[test]
fn the_history_is_filtered_searched_and_labelled() {
    let mut seat = Seat::open(SMALL);
    seat.key("h");
    seat.expect("block reward");
    seat.key("f");
    seat.expect("show sent");
    assert!(!seat.shows("block reward"));
    seat.keys(&["f", "f"]);
    seat.expect("show mined");
    seat.keys(&["f", "f"]);
    seat.key("/");
    seat.text("bicycle");
    seat.expect("+48.000");
    assert!(!seat.shows("−1.500"));
    seat.keys(&["enter", "e"]);
    seat.text(" twice");
    seat.key("enter");
    let noted = seat
        .fake
        .asked
        .iter()
        .any(|r| matches!(r, Request::Label { label, .. } if label == "sold the old one twice"));
    assert!(noted);
}

#[test]
fn older_history_is_fetched_at_the_end_of_the_list() {
    let mut seat = Seat::open(SMALL);
    seat.keys(&["h", "end"]);
    let skips: Vec<usize> = seat
        .fake
        .asked
        .iter()
        .filter_map(|r| match r {
            Request::History(q) => Some(q.skip),
            _ => None,
        })
        .collect();
    assert_eq!(skips, [0, 100]);
    assert_eq!(seat.state.wallet().unwrap().overview.accounts.len(), 2);
}

#[test]
fn receiving_shows_the_whole_address_and_copies_own_text_only_on_a_key() {
    let mut seat = Seat::open(SMALL);
    seat.key("r");
    seat.expect(address(1).as_str());
    assert!(seat.copied.is_empty());
    seat.key("y");
    seat.key("u");
    seat.key("a");
    seat.text("2.5");
    seat.key("enter");
    seat.expect("2.500 000 000 VIBE");
    seat.key("u");
    let address = address(1);
    assert_eq!(
        seat.copied,
        [address.to_string(), format!("vibe:{address}"), format!("vibe:{address}?amount=2.5")]
    );
    seat.key("right");
    seat.expect(crate::support::address(2).as_str());
}

/// Whether the corners of a QR code are on the screen.
fn has_code(seat: &Seat) -> bool {
    seat.shows("█ ███ █")
}

#[test]
fn the_code_is_there_in_the_smallest_terminal_also_with_an_amount_and_a_notice() {
    let mut seat = Seat::open(SMALL);
    seat.key("r");
    assert!(has_code(&seat));
    seat.key("y");
    seat.expect("address copied");
    assert!(has_code(&seat), "a notice takes a row");
    seat.key("a");
    seat.text("1204.75");
    seat.key("enter");
    assert!(has_code(&seat), "an amount makes the code larger");
}

#[test]
fn a_payment_link_fills_the_form() {
    let mut seat = Seat::open(SMALL);
    seat.key("s");
    seat.text(&format!("vibe:{}?amount=2.5&memo=for%20tea", address(7)));
    seat.key("enter");
    seat.expect("▸ amount");
    seat.expect(address(7).as_str());
    seat.expect("= 2.500 000 000 VIBE");
    seat.expect("for tea");
    seat.keys(&["backtab", "ctrl-u"]);
    seat.text(&format!("vibe:{}?amount=2,5", address(7)));
    seat.key("enter");
    seat.expect("the amount of the payment link");
}

#[test]
fn expired_failed_and_replaced_payments_say_so() {
    for (status, words) in [
        (PaymentStatus::Expired, "expired: it was not mined in time"),
        (PaymentStatus::Replaced, "replaced by another payment"),
        (
            PaymentStatus::Mined { height: TIP, confirmations: 1, done: false },
            "the fee was paid, nothing moved",
        ),
    ] {
        let mut seat = Seat::open(SMALL);
        seat.fake.payment.status = status;
        fill_send(&mut seat);
        seat.keys(&["enter", "y"]);
        seat.expect(words);
    }
}

#[test]
fn a_message_is_signed_and_verified() {
    let mut seat = Seat::open(SMALL);
    seat.keys(&["2", "v"]);
    seat.text("I am here");
    seat.key("enter");
    seat.expect(&hash(1).as_str()[..40]);
    seat.key("f3");
    assert_eq!(seat.copied.len(), 1);
    seat.key("f2");
    seat.text(address(1).as_str());
    seat.key("tab");
    seat.text("I am here");
    seat.key("tab");
    seat.text("good");
    seat.key("enter");
    seat.expect("This is their signature");
    seat.text("x");
    seat.key("enter");
    seat.expect("This is not their signature");
}

#[test]
fn a_changed_wallet_is_fetched_again_after_the_answer_under_way() {
    let mut seat = Seat::open(SMALL);
    let before = seat.fake.asked.iter().filter(|r| matches!(r, Request::Overview)).count();
    seat.answering = false;
    for _ in 0..5 {
        seat.act(Action::Event(Event::WalletChanged));
    }
    assert_eq!(seat.held.len(), 1, "one question at a time");
    seat.release();
    let after = seat.fake.asked.iter().filter(|r| matches!(r, Request::Overview)).count();
    assert_eq!(after - before, 2, "and one more for what came meanwhile");
}

#[test]
fn a_notice_from_the_node_is_shown_whole_and_goes_by_itself() {
    let mut seat = Seat::open(SMALL);
    let words =
        "This devnet is new and yours alone: 110 blocks are mined to your wallet now, then one every 1.00 s.";
    seat.act(Action::Event(Event::Notice(SafeText::new(words))));
    seat.expect("110 blocks");
    seat.expect("every 1.00 s.");
    seat.wait(21);
    assert!(!seat.shows("110 blocks"));
}
