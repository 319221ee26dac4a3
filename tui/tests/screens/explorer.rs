//! The explorer, the miner and the log.

use vibecoin_tui::action::{Action, Effect};
use vibecoin_tui::backend::{Event, Request};
use vibecoin_tui::model::*;

use crate::support::*;

const SMALL: (u16, u16) = (80, 24);

#[test]
fn from_blocks_to_a_block_a_transaction_an_account_and_back() {
    let mut seat = Seat::open(SMALL);
    seat.key("3");
    seat.keys(&["down", "down", "enter"]);
    seat.expect("block 12,406");
    seat.expect(hash(TIP - 2).as_str());
    seat.keys(&["down", "down", "enter"]);
    seat.expect(hash((TIP - 2) * 1_000).as_str());
    seat.expect("checked by this node");
    seat.keys(&["down", "enter"]);
    seat.expect(address(7).as_str());
    seat.expect("1,204 entries of activity");
    seat.key("esc");
    seat.expect(hash((TIP - 2) * 1_000).as_str());
    seat.keys(&["esc", "esc"]);
    seat.expect("12,408");
    assert_eq!(seat.state.explorer.pages.len(), 1);
    assert_eq!(seat.state.explorer.page().selected, 2, "the place in the list is kept");
}

#[test]
fn one_search_finds_heights_and_says_when_there_is_nothing() {
    let mut seat = Seat::open(SMALL);
    seat.key("/");
    seat.text("12400");
    seat.key("enter");
    seat.expect("block 12,400");
    seat.key("/");
    seat.text("\u{202e}nobody");
    seat.key("enter");
    seat.expect("nothing goes by that");
    seat.expect("\\u{202e}nobody");
    seat.key("esc");
    seat.expect("block 12,400");
}

#[test]
fn a_late_page_does_not_replace_the_one_that_was_asked_for_after_it() {
    let mut seat = Seat::open(SMALL);
    seat.key("3");
    seat.answering = false;
    seat.key("enter");
    seat.expect("looking for block");
    seat.key("esc");
    seat.keys(&["down", "enter"]);
    seat.release();
    seat.expect("block 12,407");
    assert_eq!(seat.state.explorer.pages.len(), 2);
}

#[test]
fn new_blocks_come_in_at_the_top_and_the_choice_stays() {
    let mut seat = Seat::open(SMALL);
    seat.keys(&["3", "down", "down"]);
    seat.act(Action::Event(Event::Blocks(vec![block_row(TIP + 1), block_row(TIP + 2)])));
    seat.expect("12,410");
    let page = seat.state.explorer.page();
    assert_eq!(page.selected, 4);
    seat.key("enter");
    seat.expect("block 12,406");
}

#[test]
fn a_reorganisation_replaces_the_blocks_that_it_took_back() {
    let mut seat = Seat::open(SMALL);
    let other = |height| BlockRow { id: hash(height + 500_000), tx_count: 99_999, ..block_row(height) };
    seat.act(Action::Event(Event::Blocks(vec![other(TIP - 1), other(TIP)])));
    assert_eq!(seat.state.blocks[0].id, hash(TIP + 500_000));
    assert_eq!(seat.state.blocks[1].id, hash(TIP - 1 + 500_000));
    assert_eq!(seat.state.blocks[2].id, hash(TIP - 2));
    let heights: Vec<u64> = seat.state.blocks.iter().map(|b| b.height).collect();
    assert!(heights.windows(2).all(|w| w[0] == w[1] + 1));
}

#[test]
fn older_blocks_are_fetched_at_the_end() {
    let mut seat = Seat::open(SMALL);
    seat.key("3");
    let before = seat.state.explorer.page().body.links().len();
    seat.key("end");
    assert_eq!(seat.state.explorer.page().body.links().len(), before + 100);
}

#[test]
fn forks_are_listed() {
    let mut seat = Seat::open(SMALL);
    seat.keys(&["3", "f"]);
    seat.expect("branches at");
    seat.expect("12,368");
    seat.expect("header, 2 lacking");
    seat.expect("very deep");
    // Rows of both lists can be chosen, and lead to the blocks that were the tips.
    assert_eq!(seat.state.explorer.page().body.links().len(), 5);
    seat.key("end");
    assert_eq!(seat.state.explorer.page().selected, 4);
}

#[test]
fn a_deep_reorganisation_is_shown_until_it_is_old() {
    for size in [SMALL, (200, 60)] {
        let mut seat = Seat::open(size);
        let words = "the chain reorganised 75 blocks deep: find out why";
        let status = ChainStatus { alarm: Some(75), warnings: vec![words.into()], ..status() };
        seat.act(Action::Event(Event::Status(Box::new(status.clone()))));
        seat.expect("▲ 75 reorganised");
        seat.expect(words);
        // The sentence goes, the mark stays.
        seat.act(Action::Tick(NOW_MS + 60_000));
        assert!(!seat.shows(words));
        seat.expect("▲ 75 reorganised");
        seat.act(Action::Event(Event::Status(Box::new(ChainStatus {
            warnings: Vec::new(),
            alarm: None,
            ..status
        }))));
        assert!(!seat.shows("▲"));
    }
}

#[test]
fn what_is_kept_is_on_home() {
    let seat = Seat::open((200, 60));
    seat.expect("store");
    seat.expect("48.3 MB");
    seat.expect("from block 11,896");
}

#[test]
fn mining_is_stopped_started_and_given_threads() {
    let mut seat = Seat::open(SMALL);
    seat.key("5");
    seat.expect("paced: a block every 1.00 s");
    assert!(!seat.shows("MH/s"), "no hash rate where it would mean nothing");
    seat.key("m");
    seat.expect("○ stopped");
    seat.keys(&["+", "+"]);
    seat.expect("3 of 8");
    seat.key("enter");
    seat.expect("● mining");
    assert!(seat.fake.asked.contains(&Request::StartMiner { threads: 3, account: 0 }));
    seat.expect(address(1).as_str());
    seat.keys(&["-", "-", "-"]);
    seat.expect("one thread is the least");
}

#[test]
fn who_may_not_mine_is_told_why() {
    let mut seat = Seat::open(SMALL);
    let words = "this program only looks at the node: it may not run its miner";
    let status = MinerStatus { unavailable: Some(words.into()), ..miner(false) };
    seat.key("5");
    seat.act(Action::Event(Event::Miner(Box::new(status))));
    seat.key("m");
    seat.expect(words);
    assert!(!seat.fake.asked.iter().any(|r| matches!(r, Request::StartMiner { .. })));
}

#[test]
fn the_log_follows_stands_still_and_filters() {
    let mut seat = Seat::open(SMALL);
    seat.key("7");
    add_logs(&mut seat);
    seat.expect("following");
    seat.expect("block 12406");
    seat.key("up");
    seat.expect("standing still");
    let still = seat.screen();
    add_logs(&mut seat);
    assert_eq!(seat.screen(), still, "what is being read stays where it is");
    seat.key("f");
    seat.key("v");
    seat.expect("warnings and errors");
    assert!(!seat.shows("extended the tip"));
    seat.key("/");
    seat.text("space");
    seat.expect("no space left on device");
    assert!(!seat.shows("peer sent"));
}

#[test]
fn blocks_that_come_while_others_are_fetched_hide_none_of_them() {
    let mut seat = Seat::new(SMALL, 1);
    seat.text(PASSWORD);
    seat.answering = false;
    seat.key("enter");
    // The wallet opens; what is asked then is still on its way when a block comes.
    for effect in std::mem::take(&mut seat.held) {
        let Effect::Ask { slot, generation, request } = effect else { continue };
        let result = seat.fake.answer(request);
        seat.act(Action::Answer { slot, generation, result });
    }
    seat.act(Action::Event(Event::Blocks(vec![block_row(TIP + 1)])));
    seat.release();
    seat.expect("12,409");
    seat.expect("12,408");
    seat.expect("12,400");
}

#[test]
fn what_waits_is_shown_by_price_and_with_its_block() {
    for size in [(80, 24), (200, 60)] {
        let mut seat = Seat::open(size);
        seat.key("4");
        for text in [
            "Waiting · 1,204",
            "128–255",
            "64–127",
            "20 of 1,204 transactions",
            "2, mined in about 1 s",
            "next",
        ] {
            seat.expect(text);
        }
        seat.key("G");
        seat.expect("in 2 blocks");
        seat.key("f");
        seat.expect("yours only");
        assert!(!seat.shows("in 2 blocks"));
        seat.keys(&["down", "enter"]);
        seat.expect(hash(5_012).as_str());
    }
}

#[test]
fn a_chosen_transaction_stays_chosen_while_it_waits() {
    let mut seat = Seat::open((80, 24));
    seat.keys(&["4", "down", "down", "down"]);
    seat.fake.pool.rows.remove(0);
    let now_ms = seat.state.now_ms;
    for second in 1..=2 {
        seat.act(Action::Tick(now_ms + second * 1_000));
    }
    assert_eq!(seat.state.pool.chosen().map(|row| row.txid.clone()), Some(hash(5_003)));
    seat.key("y");
    assert_eq!(seat.copied, [hash(5_003).to_string()]);
}
