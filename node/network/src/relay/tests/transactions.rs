use super::*;
use crate::Input;
use crate::score::Fault;
use crate::wire::{Kind, RequestId};

fn ids(numbers: std::ops::Range<u64>) -> Vec<Hash> {
    numbers.map(|number| forge::transaction(number).leaf_hash()).collect()
}

fn requests(messages: Vec<Message>) -> Vec<(RequestId, Vec<Hash>)> {
    let of = |message| match message {
        Message::GetTransactions { request, ids } => Some((request, ids)),
        _ => None,
    };
    messages.into_iter().filter_map(of).collect()
}

fn announced(messages: Vec<Message>) -> Vec<Hash> {
    let of = |message| match message {
        Message::AnnounceTransactions(ids) => ids,
        _ => Vec::new(),
    };
    let mut all: Vec<Hash> = messages.into_iter().flat_map(of).collect();
    all.sort();
    all
}

fn sorted(mut ids: Vec<Hash>) -> Vec<Hash> {
    ids.sort();
    ids
}

#[test]
fn announced_then_fetched_then_announced_to_others_and_never_back() {
    let mut bench = Bench::new();
    let (from, other) = (bench.connect(1, OUT), bench.connect(2, IN));
    bench.receive(from, Message::AnnounceTransactions(ids(0..3)));
    let asked = requests(bench.sent(from));
    assert_eq!(asked.len(), 1, "in one batch");
    assert_eq!(sorted(asked[0].1.clone()), sorted(ids(0..3)));
    let transactions = (0..3).map(forge::transaction).collect();
    bench.receive(from, Message::Transactions { request: asked[0].0, transactions });
    bench.answer();
    assert_eq!(bench.world.waiting(), 3);
    assert!(bench.sent(other).is_empty(), "not at once");
    bench.pass(2_000);
    assert_eq!(announced(bench.sent(other)), sorted(ids(0..3)));
    assert!(announced(bench.sent(from)).is_empty());
    bench.pass(5_000);
    assert!(announced(bench.sent(other)).is_empty(), "once");
}

#[test]
fn peers_that_this_node_chose_are_asked_first() {
    let mut bench = Bench::new();
    let (stranger, chosen) = (bench.connect(1, IN), bench.connect(2, OUT));
    bench.receive(stranger, Message::AnnounceTransactions(ids(0..2)));
    assert!(requests(bench.sent(stranger)).is_empty());
    bench.receive(chosen, Message::AnnounceTransactions(ids(0..1)));
    assert_eq!(requests(bench.sent(chosen))[0].1, ids(0..1));
    bench.pass(500);
    assert_eq!(requests(bench.sent(stranger))[0].1, ids(1..2), "what nobody else has");
}

#[test]
fn whoever_stalls_is_passed_over_and_pays_when_it_never_answers() {
    let mut bench = Bench::new();
    let (staller, other) = (bench.connect(1, OUT), bench.connect(2, OUT));
    bench.receive(staller, Message::AnnounceTransactions(ids(0..2)));
    bench.receive(other, Message::AnnounceTransactions(ids(0..1)));
    assert!(requests(bench.sent(other)).is_empty(), "one peer at a time");
    bench.pass(2_300);
    let asked = requests(bench.sent(other));
    assert_eq!(asked[0].1, ids(0..1));
    let transactions = vec![forge::transaction(0)];
    bench.receive(other, Message::Transactions { request: asked[0].0, transactions });
    bench.answer();
    assert_eq!(bench.world.waiting(), 1);
    bench.pass(20_000);
    assert_eq!(bench.faults(staller), [Fault::Withheld(Kind::GetTransactions)]);
    assert!(is_blameless(&bench, other));
}

#[test]
fn a_late_answer_is_taken() {
    let mut bench = Bench::new();
    let from = bench.connect(1, OUT);
    bench.receive(from, Message::AnnounceTransactions(ids(0..2)));
    let asked = requests(bench.sent(from));
    bench.pass(15_000);
    let transactions = (0..2).map(forge::transaction).collect();
    bench.receive(from, Message::Transactions { request: asked[0].0, transactions });
    bench.answer();
    assert_eq!(bench.world.waiting(), 2);
    assert!(is_blameless(&bench, from));
}

#[test]
fn a_broken_one_is_a_fault_and_an_unwanted_one_is_not_fetched_until_the_tip_moves() {
    let mut bench = Bench::new();
    let (liar, unlucky) = (bench.connect(1, OUT), bench.connect(2, OUT));
    let (broken, unwanted) = (forge::broken_transaction(1), forge::unwanted_transaction(2));
    bench.receive(liar, Message::AnnounceTransactions(vec![broken.leaf_hash()]));
    let (request, _) = requests(bench.sent(liar)).remove(0);
    bench.receive(liar, Message::Transactions { request, transactions: vec![broken] });
    bench.receive(unlucky, Message::AnnounceTransactions(vec![unwanted.leaf_hash()]));
    let (request, _) = requests(bench.sent(unlucky)).remove(0);
    bench.receive(unlucky, Message::Transactions { request, transactions: vec![unwanted.clone()] });
    bench.answer();
    assert_eq!(bench.faults(liar), [Fault::BrokenTransaction { rule: "TX-6".to_owned() }]);
    assert!(is_blameless(&bench, unlucky));

    let other = bench.connect(3, OUT);
    bench.receive(other, Message::AnnounceTransactions(vec![unwanted.leaf_hash()]));
    assert!(requests(bench.sent(other)).is_empty(), "refused a moment ago");
    let block = next(&bench, 1, 0..0);
    bench.world.take(block);
    bench.input(Input::Moved);
    let third = bench.connect(4, OUT);
    bench.receive(third, Message::AnnounceTransactions(vec![unwanted.leaf_hash()]));
    assert_eq!(requests(bench.sent(third)).len(), 1, "the new tip may take it");
}

#[test]
fn what_did_not_fit_to_a_branch_is_asked_for_again_when_the_branch_is_left() {
    let mut bench = Bench::new();
    let from = bench.connect(1, OUT);
    let genesis = bench.world.tip_header();
    let block = next(&bench, 1, 40..42);
    bench.world.take(block);
    bench.input(Input::Moved);
    let unwanted = forge::unwanted_transaction(2);
    bench.receive(from, Message::AnnounceTransactions(vec![unwanted.leaf_hash()]));
    let (request, _) = requests(bench.sent(from)).remove(0);
    bench.receive(from, Message::Transactions { request, transactions: vec![unwanted.clone()] });
    bench.answer();
    bench.world.take(Arc::new(forge::child_with_work(&genesis, 9, Vec::new(), 9)));
    bench.input(Input::Moved);
    bench.answer();
    bench.pass(3_000);
    let sent = bench.sent(from);
    assert_eq!(requests(sent.clone())[0].1, [unwanted.leaf_hash()]);
    assert_eq!(announced(sent), sorted(ids(40..42)), "what was reverted is told");
}

#[test]
fn a_new_peer_is_told_what_waits() {
    let mut bench = Bench::new();
    fill_pool(&mut bench, 0..3_000);
    let node = bench.connect(1, IN);
    bench.pass(10_000);
    let messages = bench.sent(node);
    assert!(messages.len() >= 3, "in batches");
    assert_eq!(announced(messages), sorted(ids(0..3_000)));
}

#[test]
fn another_transaction_than_the_one_asked_for_is_a_fault() {
    let mut bench = Bench::new();
    let (liar, honest) = (bench.connect(1, OUT), bench.connect(2, OUT));
    bench.receive(liar, Message::AnnounceTransactions(ids(0..1)));
    bench.receive(honest, Message::AnnounceTransactions(ids(0..1)));
    let (request, _) = requests(bench.sent(liar)).remove(0);
    bench.receive(liar, Message::Transactions { request, transactions: vec![forge::transaction(5)] });
    assert_eq!(bench.faults(liar), [Fault::WrongAnswer(Kind::GetTransactions)]);
    assert_eq!(requests(bench.sent(honest))[0].1, ids(0..1));
    assert!(bench.questions.is_empty());
}

#[test]
fn announcements_without_data_cost_a_bounded_amount_and_points() {
    let mut bench = Bench::new();
    let (flooder, honest) = (bench.connect(1, IN), bench.connect(2, OUT));
    let mut number = 1_000_000;
    let mut told = 0;
    while bench.closed.is_empty() {
        bench.receive(flooder, Message::AnnounceTransactions(ids(number..number + 1_024)));
        number += 1_024;
        told += 1;
        assert!(told < 200, "never enough");
        bench.pass(100);
        for (request, _) in requests(bench.sent(flooder)) {
            bench.receive(flooder, Message::Transactions { request, transactions: Vec::new() });
        }
    }
    assert!(bench.closed.contains_key(&flooder));
    assert!(is_blameless(&bench, honest));
    bench.receive(honest, Message::AnnounceTransactions(ids(0..1)));
    assert_eq!(requests(bench.sent(honest))[0].1, ids(0..1), "others are heard");
}

#[test]
fn the_same_announcement_again_and_again_is_a_fault() {
    let mut bench = Bench::new();
    let node = bench.connect(1, OUT);
    for _ in 0..9 {
        bench.receive(node, Message::AnnounceTransactions(ids(0..4)));
    }
    assert!(is_blameless(&bench, node));
    bench.receive(node, Message::AnnounceTransactions(ids(0..4)));
    assert_eq!(bench.faults(node), [Fault::Repeated(Kind::AnnounceTransactions)]);
}

#[test]
fn what_was_mined_meanwhile_is_no_flood() {
    let mut bench = Bench::new();
    let node = bench.connect(1, OUT);
    bench.receive(node, Message::AnnounceTransactions(ids(0..1_024)));
    let asked = requests(bench.sent(node));
    let block = next(&bench, 1, 0..0);
    bench.world.take(block);
    bench.input(Input::Moved);
    for (request, _) in asked {
        bench.receive(node, Message::Transactions { request, transactions: Vec::new() });
    }
    bench.receive(node, Message::AnnounceTransactions(ids(5_000..5_001)));
    assert!(is_blameless(&bench, node));
}

#[test]
fn an_answer_is_no_longer_than_a_message_and_the_rest_is_asked_for_again() {
    let large = |number: u64| {
        let mut transaction = forge::transaction(number);
        transaction.body.data = vec![7; 100_000];
        transaction
    };
    let leaf_hashes: Vec<Hash> = (0..4).map(|number| large(number).leaf_hash()).collect();
    // The one that serves ...
    let mut bench = Bench::new();
    for number in 0..4 {
        bench.world.put(large(number));
    }
    let node = bench.connect(1, IN);
    let again = [leaf_hashes.clone(), leaf_hashes.clone()].concat();
    bench.receive(node, Message::GetTransactions { request: RequestId(7), ids: again });
    bench.answer();
    let served = bench.sent(node).into_iter().find_map(|message| match message {
        Message::Transactions { transactions, .. } => Some(transactions),
        _ => None,
    });
    let served = served.expect("an answer");
    assert_eq!(served.len(), 2);
    // ... and the one that asks.
    let mut bench = Bench::new();
    let node = bench.connect(1, OUT);
    bench.receive(node, Message::AnnounceTransactions(leaf_hashes));
    let (request, _) = requests(bench.sent(node)).remove(0);
    bench.receive(node, Message::Transactions { request, transactions: served });
    bench.answer();
    let (_, rest) = requests(bench.sent(node)).remove(0);
    assert_eq!(rest.len(), 2);
    assert!(is_blameless(&bench, node));
}
