use super::*;
use crate::Input;
use crate::score::Fault;
use crate::wire::Kind;

fn segment(parent: Hash) -> Message {
    Message::Segment { parent, ticks: forge::segment(&parent) }
}

fn false_segment(parent: Hash) -> Message {
    Message::Segment { parent, ticks: vec![Hash::new([1; 32]); forge::TICKS].into() }
}

#[test]
fn an_own_segment_goes_to_everybody_once_and_blocks_then_come_without_it() {
    let mut bench = Bench::new();
    let (one, two) = (bench.connect(1, OUT), bench.connect(2, IN));
    bench.receive(one, Message::PushCompact(true));
    let parent = bench.world.tip().id;
    bench.world.learn_segment(parent);
    let made = Input::SegmentMade { parent, ticks: forge::segment(&parent) };
    bench.input(made.clone());
    assert_eq!(bench.sent(one), [segment(parent)]);
    assert_eq!(bench.sent(two), [segment(parent)]);
    bench.input(made);
    assert!(bench.sent(one).is_empty());

    let block = next(&bench, 1, 0..1);
    fill_pool(&mut bench, 0..1);
    bench.receive(two, tip(&block));
    // It leaves the ticks out, because both have the segment.
    bench.receive(two, Message::Compact(Arc::new(compact(&block, 7, &[], false))));
    bench.answer();
    assert_eq!(bench.world.tip().id, block.id());
    let passed = compacts(&bench.sent(one), block.id());
    assert!(passed[0].ticks.is_empty());
}

#[test]
fn a_segment_is_passed_on_once_it_is_found_right() {
    let mut bench = Bench::new();
    let (from, other) = (bench.connect(1, OUT), bench.connect(2, IN));
    let parent = bench.world.tip().id;
    bench.receive(from, segment(parent));
    assert!(bench.sent(other).is_empty(), "not before");
    bench.answer();
    assert_eq!(bench.sent(other), [segment(parent)]);
    assert!(bench.sent(from).is_empty(), "never back");
}

#[test]
fn a_false_segment_is_a_fault_and_does_not_keep_the_right_one_out() {
    let mut bench = Bench::new();
    let nodes: Vec<_> = (1..=3).map(|number| bench.connect(number, OUT)).collect();
    let parent = bench.world.tip().id;
    bench.receive(nodes[0], false_segment(parent));
    bench.receive(nodes[1], segment(parent));
    bench.answer();
    assert_eq!(bench.faults(nodes[0]), [Fault::BrokenSegment { rule: "POH-3".to_owned() }]);
    assert!(is_blameless(&bench, nodes[1]));
    assert!(bench.world.segment(&parent).is_some());
    bench.receive(nodes[2], false_segment(parent));
    assert_eq!(bench.faults(nodes[2]).len(), 1, "a known segment is compared");
}

#[test]
fn a_false_segment_does_not_spoil_a_block_that_came_without_ticks() {
    let mut bench = Bench::new();
    let (liar, from) = (bench.connect(1, OUT), bench.connect(2, OUT));
    let parent = bench.world.tip().id;
    bench.receive(liar, false_segment(parent));
    let block = next(&bench, 1, 0..0);
    bench.receive(from, Message::Compact(Arc::new(compact(&block, 7, &[], false))));
    bench.answer();
    let sent = bench.sent(from);
    assert!(sent.iter().any(|message| message.kind() == Kind::GetBlocks), "{sent:?}");
    assert!(is_blameless(&bench, from));
}

#[test]
fn only_segments_of_the_tip_and_of_what_may_follow_are_looked_at() {
    let mut bench = Bench::new();
    let from = bench.connect(1, OUT);
    bench.receive(from, segment(Hash::new([5; 32])));
    assert!(bench.questions.is_empty());
    let block = next(&bench, 1, 0..0);
    bench.receive(from, push(&block));
    bench.receive(from, segment(block.id()));
    bench.answer();
    assert!(bench.world.segment(&block.id()).is_some(), "judged once its block was the tip");
    bench.receive(from, Message::Segment { parent: block.id(), ticks: Vec::new().into() });
    assert_eq!(bench.faults(from), [Fault::BrokenSegment { rule: "POH-1".to_owned() }]);
}
