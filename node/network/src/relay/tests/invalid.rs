use super::*;
use crate::score::Fault;
use crate::wire::{Kind, RawBlock};
use crate::world::Holding;

fn rules(bench: &Bench, node: NodeId) -> Vec<&'static str> {
    bench.faults(node).iter().map(Fault::name).collect()
}

#[test]
fn a_relayer_of_an_invalid_block_is_muted_and_whoever_vouches_is_banned() {
    let mut bench = Bench::new();
    let (relayer, believer, wants) = (bench.connect(1, OUT), bench.connect(2, OUT), bench.connect(3, IN));
    bench.receive(wants, Message::PushCompact(true));
    let block = next(&bench, 1, 0..2);
    fill_pool(&mut bench, 0..2);
    bench.world.condemn(block.id());
    bench.receive(relayer, push(&block));
    bench.receive(believer, tip(&block));
    bench.answer();
    assert_eq!(bench.world.block(&block.id()), Holding::Invalid);
    assert!(is_blameless(&bench, relayer), "it could not know");
    assert!(bench.sent(relayer).contains(&Message::PushCompact(false)));
    assert_eq!(rules(&bench, believer), ["invalid_chain"]);

    // It was passed on, before anybody knew, and is not given out any more.
    assert_eq!(compacts(&bench.sent(wants), block.id()).len(), 1);
    bench.receive(wants, Message::GetCompact(block.id()));
    bench.answer();
    assert!(bench.sent(wants).is_empty());

    let late = bench.connect(4, OUT);
    bench.receive(late, tip(&block));
    assert_eq!(rules(&bench, late), ["invalid_chain"]);
    let again = bench.connect(5, OUT);
    bench.receive(again, push(&block));
    assert!(is_blameless(&bench, again));
}

#[test]
fn a_wrong_body_is_its_senders_fault_and_the_block_comes_from_somebody_else() {
    let mut bench = Bench::new();
    let (liar, honest) = (bench.connect(1, OUT), bench.connect(2, OUT));
    let block = next(&bench, 1, 0..2);
    let mut twins = compact(&block, 7, &[], true);
    twins.short_ids[1] = twins.short_ids[0];
    bench.receive(liar, Message::Compact(Arc::new(twins)));
    bench.receive(honest, tip(&block));
    let whole = |bench: &mut Bench, node| {
        bench.sent(node).into_iter().find_map(|message| match message {
            Message::GetBlocks { request, .. } => Some(request),
            _ => None,
        })
    };
    let request = whole(&mut bench, liar).expect("asked for the whole block");
    let mut wrong = (*block).clone();
    wrong.transactions[0] = forge::transaction(99);
    let raw = RawBlock::new(wrong.encode()).expect("a block");
    assert_eq!(raw.id(), block.id(), "the header is the good one");
    bench.receive(liar, Message::Block { request, block: raw });
    assert_eq!(bench.faults(liar), [Fault::BrokenBlock { rule: "BLK-4".to_owned() }]);
    let request = whole(&mut bench, honest).expect("the other is asked");
    let raw = RawBlock::new(block.encode()).expect("a block");
    bench.receive(honest, Message::Block { request, block: raw });
    bench.answer();
    assert_eq!(bench.world.tip().id, block.id(), "nothing was poisoned");
    assert!(is_blameless(&bench, honest));
}

#[test]
fn every_part_of_a_body_that_is_not_committed_is_found_out() {
    type Damage = fn(&mut Block);
    let damages: [(&str, Damage); 4] = [
        ("BLK-3", |block| block.content.gas_used += 1),
        ("BLK-4", |block| block.transactions.clear()),
        ("POH-1", |block| block.ticks.truncate(1)),
        ("POH-2", |block| block.ticks[1] = Hash::new([1; 32])),
    ];
    for (rule, damage) in damages {
        let mut bench = Bench::new();
        let from = bench.connect(1, OUT);
        let block = next(&bench, 1, 0..2);
        let mut twins = compact(&block, 7, &[], true);
        twins.short_ids[1] = twins.short_ids[0];
        bench.receive(from, Message::Compact(Arc::new(twins)));
        let request = bench.sent(from).into_iter().find_map(|message| match message {
            Message::GetBlocks { request, .. } => Some(request),
            _ => None,
        });
        let mut wrong = (*block).clone();
        damage(&mut wrong);
        let block = RawBlock::new(wrong.encode()).expect("a block");
        bench.receive(from, Message::Block { request: request.expect("asked"), block });
        assert_eq!(bench.faults(from), [Fault::BrokenBlock { rule: rule.to_owned() }]);
        assert!(bench.questions.is_empty(), "{rule}: nothing is judged");
    }
}

#[test]
fn a_header_without_work_or_with_another_content_is_a_fault() {
    let mut bench = Bench::new();
    let nodes: Vec<_> = (1..=4).map(|number| bench.connect(number, OUT)).collect();
    let idle = forge::without_work((*next(&bench, 1, 0..0)).clone());
    bench.receive(nodes[0], tip(&idle));
    bench.receive(nodes[1], push(&idle));
    let mut unsealed = (*next(&bench, 1, 0..0)).clone();
    unsealed.content.gas_used += 1;
    bench.receive(nodes[2], tip(&unsealed));
    bench.receive(nodes[3], push(&unsealed));
    for node in nodes {
        assert_eq!(rules(&bench, node), ["broken_header"]);
    }
    assert!(bench.questions.is_empty());
}

#[test]
fn a_compact_block_that_cannot_be_right_is_a_fault() {
    let damages: [fn(&mut CompactBlock); 5] = [
        |compact| compact.short_ids.push([1; 6]),
        |compact| compact.prefilled.clear(),
        |compact| compact.prefilled[0].index = 90,
        |compact| compact.prefilled.swap(0, 1),
        |compact| compact.ticks[0] = Hash::new([1; 32]),
    ];
    for damage in damages {
        let mut bench = Bench::new();
        let from = bench.connect(1, OUT);
        let block = next(&bench, 1, 0..4);
        let mut wrong = compact(&block, 7, &[1, 2], true);
        damage(&mut wrong);
        bench.receive(from, Message::Compact(Arc::new(wrong)));
        assert_eq!(bench.faults(from), [Fault::BrokenCompact]);
    }
}

#[test]
fn a_time_ahead_blames_nobody_and_comes() {
    let mut bench = Bench::new();
    let (from, wants) = (bench.connect(1, OUT), bench.connect(2, IN));
    bench.receive(wants, Message::PushCompact(true));
    let ahead = bench.world.unix_ms + 20_000;
    let block = forge::at_time((*next(&bench, 1, 0..0)).clone(), ahead);
    bench.receive(from, push(&block));
    bench.answer();
    assert!(is_blameless(&bench, from));
    assert_ne!(bench.world.tip().id, block.id());
    bench.pass(4_000);
    assert!(bench.sent(wants).is_empty());
    bench.pass(2_000);
    assert_eq!(bench.world.tip().id, block.id());
    assert_eq!(compacts(&bench.sent(wants), block.id()).len(), 1);
}

#[test]
fn repetitions_are_a_fault_beyond_a_few() {
    let mut bench = Bench::new();
    let (tips, pushes) = (bench.connect(1, OUT), bench.connect(2, OUT));
    let block = next(&bench, 1, 0..0);
    for _ in 0..5 {
        bench.receive(tips, tip(&block));
        bench.receive(pushes, push(&block));
    }
    bench.answer();
    assert!(is_blameless(&bench, tips) && is_blameless(&bench, pushes));
    bench.receive(tips, tip(&block));
    bench.receive(pushes, push(&block));
    assert_eq!(bench.faults(tips), [Fault::Repeated(Kind::Tip)]);
    assert_eq!(bench.faults(pushes), [Fault::Repeated(Kind::Compact)]);
}

#[test]
fn a_header_on_nothing_is_no_fault_and_not_fetched() {
    let mut bench = Bench::new();
    let from = bench.connect(1, OUT);
    let parent = next(&bench, 1, 0..0);
    let orphan = forge::child(&forge::head(&parent), 1, Vec::new());
    bench.receive(from, tip(&orphan));
    let sent = bench.sent(from);
    assert!(!sent.iter().any(|message| matches!(message.kind(), Kind::GetCompact | Kind::GetBlocks)));
    assert!(is_blameless(&bench, from));
}
