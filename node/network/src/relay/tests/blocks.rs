use super::*;
use crate::score::Fault;
use crate::turn::Output;
use crate::wire::{Kind, RawBlock};
use crate::world::{Claim, Holding};

fn asked_compact(messages: &[Message], id: Hash) -> bool {
    messages.iter().any(|message| matches!(message, Message::GetCompact(asked) if *asked == id))
}

fn asked_missing(messages: &[Message]) -> Option<(crate::wire::RequestId, Vec<u32>)> {
    messages.iter().find_map(|message| match message {
        Message::GetBlockTransactions { request, indexes, .. } => Some((*request, indexes.clone())),
        _ => None,
    })
}

fn asked_whole(messages: &[Message]) -> Option<crate::wire::RequestId> {
    messages.iter().find_map(|message| match message {
        Message::GetBlocks { request, .. } => Some(*request),
        _ => None,
    })
}

/// The node answers look-ups, and leaves judgements open.
fn look_only(bench: &mut Bench) -> Vec<Output> {
    let mut judgements = Vec::new();
    while let Some(question) = bench.questions.pop_front() {
        match question {
            Output::Look { .. } => bench.answer_to(question),
            other => judgements.push(other),
        }
    }
    judgements
}

#[test]
fn a_pushed_block_goes_on_before_it_is_judged_and_is_announced_after() {
    let mut bench = Bench::new();
    let (from, wants, other) = (bench.connect(1, OUT), bench.connect(2, IN), bench.connect(3, IN));
    bench.receive(wants, Message::PushCompact(true));
    fill_pool(&mut bench, 0..20);
    let block = next(&bench, 1, 0..20);

    bench.receive(from, push(&block));
    let judgements = look_only(&mut bench);
    assert!(matches!(judgements.as_slice(), [Output::Judge { claim: Claim::Assembled(_), .. }]));
    assert_eq!(compacts(&bench.sent(wants), block.id()).len(), 1, "passed on before the verdict");
    assert!(bench.sent(other).is_empty());

    for judgement in judgements {
        bench.answer_to(judgement);
    }
    assert_eq!(bench.world.tip().id, block.id());
    assert!(has_tip(&bench.sent(other), block.id()), "announced after the verdict");
    assert!(compacts(&bench.sent(wants), block.id()).is_empty(), "told once");
    assert!(!has_tip(&bench.sent(from), block.id()), "never back");
    assert_eq!(bench.peer(from).map(|peer| peer.tip.id), Some(block.id()), "its tip is known to be there");
}

#[test]
fn what_the_pool_lacks_is_asked_for_and_passed_on_with_the_block() {
    let mut bench = Bench::new();
    let (from, wants) = (bench.connect(1, OUT), bench.connect(2, IN));
    bench.receive(wants, Message::PushCompact(true));
    fill_pool(&mut bench, 0..18);
    let block = next(&bench, 1, 0..20);
    bench.receive(from, push(&block));
    bench.answer();
    let (request, indexes) = asked_missing(&bench.sent(from)).expect("two are missing");
    assert_eq!(indexes, [18, 19]);
    let transactions = vec![forge::transaction(18), forge::transaction(19)];
    bench.receive(from, Message::BlockTransactions { request, transactions });
    look_only(&mut bench);
    let passed = compacts(&bench.sent(wants), block.id());
    let prefilled: Vec<u32> = passed[0].prefilled.iter().map(|prefilled| prefilled.index).collect();
    assert_eq!(prefilled, [18, 19], "what was missing here is sent along");

    // Whoever got it can ask for the rest while the node still judges.
    let request = crate::wire::RequestId(9);
    bench.receive(wants, Message::GetBlockTransactions { request, block: block.id(), indexes: vec![0, 5] });
    let expected = vec![forge::transaction(0), forge::transaction(5)];
    assert_eq!(bench.sent(wants), [Message::BlockTransactions { request, transactions: expected }]);
}

#[test]
fn a_prefilled_block_is_put_together_in_its_order() {
    let mut bench = Bench::new();
    let from = bench.connect(1, OUT);
    fill_pool(&mut bench, 0..10);
    let block = next(&bench, 1, 0..13);
    // Places 2 and 11 are sent along, 10 and 12 are missing.
    bench.receive(from, Message::Compact(Arc::new(compact(&block, 3, &[2, 11], true))));
    bench.answer();
    let (request, indexes) = asked_missing(&bench.sent(from)).expect("two are missing");
    assert_eq!(indexes, [10, 12]);
    let transactions = vec![forge::transaction(10), forge::transaction(12)];
    bench.receive(from, Message::BlockTransactions { request, transactions });
    bench.answer();
    assert_eq!(bench.world.tip().id, block.id());
}

#[test]
fn other_transactions_than_the_missing_ones_are_a_fault_and_another_peer_helps() {
    let mut bench = Bench::new();
    let (liar, honest) = (bench.connect(1, OUT), bench.connect(2, OUT));
    let block = next(&bench, 1, 0..3);
    bench.receive(liar, push(&block));
    bench.receive(honest, push(&block));
    bench.answer();
    let (request, _) = asked_missing(&bench.sent(liar)).expect("all are missing");
    let transactions = vec![forge::transaction(7), forge::transaction(8), forge::transaction(9)];
    bench.receive(liar, Message::BlockTransactions { request, transactions });
    bench.answer();
    assert_eq!(bench.faults(liar), [Fault::WrongAnswer(Kind::GetBlockTransactions)]);
    let (request, _) = asked_missing(&bench.sent(honest)).expect("its own form is tried");
    bench.receive(honest, Message::BlockTransactions { request, transactions: block.transactions.clone() });
    bench.answer();
    assert_eq!(bench.world.tip().id, block.id());
    assert!(is_blameless(&bench, honest));
}

#[test]
fn an_announced_block_is_asked_of_the_next_peer_after_two_seconds() {
    let mut bench = Bench::new();
    let (first, second) = (bench.connect(1, OUT), bench.connect(2, OUT));
    let block = next(&bench, 1, 0..0);
    bench.receive(first, tip(&block));
    bench.receive(second, tip(&block));
    assert!(asked_compact(&bench.sent(first), block.id()));
    assert!(!asked_compact(&bench.sent(second), block.id()));
    bench.pass(1_900);
    assert!(!asked_compact(&bench.sent(second), block.id()));
    bench.pass(200);
    assert!(asked_compact(&bench.sent(second), block.id()));
    bench.receive(second, push(&block));
    bench.answer();
    assert_eq!(bench.world.tip().id, block.id());
    assert!(is_blameless(&bench, first), "slow is no fault yet");
    bench.pass(30_000);
    assert_eq!(bench.faults(first), [Fault::Withheld(Kind::GetCompact)], "never is");
    assert!(is_blameless(&bench, second));
}

#[test]
fn short_ids_that_collide_lead_to_the_whole_block_and_to_no_fault() {
    let mut bench = Bench::new();
    let from = bench.connect(1, OUT);
    fill_pool(&mut bench, 0..3);
    let block = next(&bench, 1, 0..3);
    let mut twins = compact(&block, 7, &[], true);
    twins.short_ids[1] = twins.short_ids[0];
    bench.receive(from, Message::Compact(Arc::new(twins)));
    bench.answer();
    let request = asked_whole(&bench.sent(from)).expect("the whole block");
    let raw = RawBlock::new(block.encode()).expect("a block");
    bench.receive(from, Message::Block { request, block: raw });
    bench.answer();
    assert_eq!(bench.world.tip().id, block.id());
    assert!(is_blameless(&bench, from));
}

#[test]
fn a_pool_with_a_namesake_leads_to_the_whole_block() {
    let mut bench = Bench::new();
    let from = bench.connect(1, OUT);
    fill_pool(&mut bench, 0..3);
    let block = next(&bench, 1, 0..2);
    // The short id of the wrong transaction, as if both had the same.
    let mut wrong = compact(&block, 7, &[], true);
    wrong.short_ids[1] = wrong.key().short_id(&forge::transaction(2).leaf_hash());
    bench.receive(from, Message::Compact(Arc::new(wrong)));
    bench.answer();
    assert!(asked_whole(&bench.sent(from)).is_some());
    assert!(is_blameless(&bench, from));
}

#[test]
fn three_peers_push_and_outbound_ones_are_not_displaced() {
    let mut bench = Bench::new();
    let pushes = |bench: &mut Bench, node| {
        bench.sent(node).into_iter().rev().find_map(|message| match message {
            Message::PushCompact(push) => Some(push),
            _ => None,
        })
    };
    let inbound = bench.connect(9, IN);
    let block = next(&bench, 1, 0..0);
    bench.receive(inbound, tip(&block));
    bench.receive(inbound, push(&block));
    bench.answer();
    assert_eq!(pushes(&mut bench, inbound), Some(true), "the first to bring a block pushes");

    let nodes: Vec<_> = (1..=4).map(|number| bench.connect(number, OUT)).collect();
    assert_eq!(pushes(&mut bench, inbound), None);
    let block = next(&bench, 2, 0..0);
    bench.receive(nodes[3], tip(&block));
    bench.receive(nodes[3], push(&block));
    bench.answer();
    assert_eq!(pushes(&mut bench, nodes[3]), Some(true));
    assert_eq!(pushes(&mut bench, inbound), Some(false), "the inbound one gives way");
    let block = next(&bench, 3, 0..0);
    bench.receive(inbound, push(&block));
    bench.answer();
    assert_eq!(bench.world.tip().id, block.id(), "it may finish what it had begun");
    assert_eq!(pushes(&mut bench, inbound), None);
    assert!(is_blameless(&bench, inbound));
    bench.pass(11_000);
    let block = next(&bench, 4, 0..0);
    bench.receive(inbound, push(&block));
    bench.answer();
    assert_eq!(bench.faults(inbound), [Fault::Pushy]);
    assert_ne!(bench.world.tip().id, block.id());
}

#[test]
fn a_miners_own_block_is_pushed_or_announced() {
    let mut bench = Bench::new();
    let (wants, other) = (bench.connect(1, OUT), bench.connect(2, IN));
    bench.receive(wants, Message::PushCompact(true));
    let block = next(&bench, 1, 0..5);
    bench.world.take(block.clone());
    bench.input(crate::Input::Moved);
    bench.answer();
    let sent = bench.sent(wants);
    assert_eq!(compacts(&sent, block.id()).len(), 1);
    assert!(!has_tip(&sent, block.id()));
    assert!(has_tip(&bench.sent(other), block.id()));
    bench.pass(1_000);
    assert!(compacts(&bench.sent(wants), block.id()).is_empty());
}

#[test]
fn a_rival_of_the_tip_is_fetched_and_not_passed_on() {
    let mut bench = Bench::new();
    let (from, wants) = (bench.connect(1, OUT), bench.connect(2, IN));
    bench.receive(wants, Message::PushCompact(true));
    let rival = next(&bench, 2, 0..0);
    let block = next(&bench, 1, 0..0);
    bench.receive(from, push(&block));
    bench.answer();
    bench.sent(wants);
    bench.receive(from, push(&rival));
    bench.answer();
    assert_eq!(bench.world.block(&rival.id()), Holding::Body);
    assert_eq!(bench.world.tip().id, block.id());
    assert!(bench.sent(wants).is_empty());
}

#[test]
fn a_rival_that_grows_is_fetched_like_the_tip() {
    let mut bench = Bench::new();
    let (from, wants) = (bench.connect(1, OUT), bench.connect(2, IN));
    bench.receive(wants, Message::PushCompact(true));
    let rival = next(&bench, 2, 0..0);
    let block = next(&bench, 1, 0..0);
    let child = forge::child(&forge::head(&rival), 3, Vec::new());
    for block in [&*block, &*rival, &child] {
        bench.receive(from, push(block));
        bench.answer();
    }
    assert_eq!(bench.world.tip().id, child.id());
    assert_eq!(compacts(&bench.sent(wants), child.id()).len(), 1);
}

#[test]
fn a_child_waits_for_its_parent() {
    let mut bench = Bench::new();
    let from = bench.connect(1, OUT);
    let parent = next(&bench, 1, 0..0);
    let child = forge::child(&forge::head(&parent), 1, Vec::new());
    bench.receive(from, push(&parent));
    let judgements = look_only(&mut bench);
    bench.receive(from, push(&child));
    for judgement in judgements {
        bench.answer_to(judgement);
    }
    assert_eq!(bench.world.tip().id, parent.id());
    bench.pass(300);
    assert_eq!(bench.world.tip().id, child.id());
}

#[test]
fn whoever_leaves_is_replaced() {
    let mut bench = Bench::new();
    let (first, second) = (bench.connect(1, OUT), bench.connect(2, OUT));
    let block = next(&bench, 1, 0..0);
    bench.receive(first, tip(&block));
    bench.receive(second, tip(&block));
    bench.sent(second);
    bench.disconnect(first);
    assert!(asked_compact(&bench.sent(second), block.id()));
}
